"""Refunds that are recorded, set against the one that is due; and the method a refund goes to."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from statemachine.credit.refunds import Paid, Recorded, about_refunds, method_of
from statemachine.states import State
from statemachine.units import FormerCredit, Trouble
from tests.unit.returns import CREDIT, NOON, a_return, unit

DUE, ORDER = Decimal("24.00"), 901
OWN = Recorded(1, CREDIT.id, DUE, "GBP", CREDIT.external_ref, NOON)
BY_HAND = replace(OWN, id=2, reference="by hand")
ON_ORDER = replace(OWN, id=3, order_id=ORDER, reference="shop")
RETURN = replace(a_return(State.CREDITED), units=(replace(unit(), started_at=NOON - timedelta(days=1)),))


def judged(*recorded: Recorded, accepted: tuple[str, ...] = ()) -> Paid | Trouble | None:
    return about_refunds(replace(RETURN, accepted=accepted), recorded, reference=CREDIT.external_ref)


@pytest.mark.parametrize(
    ("recorded", "cause"),
    [
        ((OWN, replace(OWN, id=2)), "refund-twice"),
        ((OWN, BY_HAND), "refund-twice"),
        ((OWN, replace(BY_HAND, amount=Decimal("0.01"))), "refund-twice"),
        ((replace(OWN, amount=Decimal("12.00")), replace(OWN, id=2, amount=Decimal("12.00"))), "refund-twice"),
        ((replace(OWN, amount=Decimal("24.01")),), "refund-twice"),
        ((replace(OWN, amount=Decimal("23.99")),), "refund-differs"),
        ((replace(BY_HAND, amount=Decimal("10.00")),), "refund-differs"),
        ((replace(OWN, currency="EUR"),), "refund-differs"),
        ((ON_ORDER,), "refund-elsewhere"),
        ((replace(ON_ORDER, created_at=None),), "refund-elsewhere"),
    ],
)
def test_refunds_that_are_not_the_one_due_are_asked_about(recorded: tuple[Recorded, ...], cause: str) -> None:
    found = judged(*recorded)

    assert isinstance(found, Trouble), found
    assert found.cause == cause
    assert [each["id"] for each in found.evidence["payments"]] == [payment.id for payment in recorded]


@pytest.mark.parametrize("recorded", [OWN, BY_HAND, replace(OWN, reference=CREDIT.external_ref.lower())])
def test_the_refund_due_is_settled_by_the_one_that_is_there(recorded: Recorded) -> None:
    assert judged(recorded) == Paid(recorded.id, DUE)


def test_two_payments_by_hand_that_come_to_the_credit_settle_it() -> None:
    parts = (replace(BY_HAND, amount=Decimal("20.00")), replace(BY_HAND, id=4, amount=Decimal("4.00")))

    assert judged(*parts) == Paid(2, DUE)


def test_a_refund_of_the_order_from_before_the_return_is_not_this_ones() -> None:
    assert judged(replace(ON_ORDER, created_at=NOON - timedelta(days=2))) is None
    assert judged() is None


@pytest.mark.parametrize(
    ("recorded", "accepted", "settled"),
    [
        ((OWN, BY_HAND), "refund-twice", Paid(1, 2 * DUE)),
        ((replace(OWN, amount=Decimal("20.00")),), "refund-differs", Paid(1, Decimal("20.00"))),
        ((ON_ORDER,), "refund-elsewhere", None),
    ],
)
def test_a_person_may_say_that_it_is_right(recorded: tuple[Recorded, ...], accepted: str, settled: Paid | None) -> None:
    assert judged(*recorded, accepted=(accepted,)) == settled


# -- methods ----------------------------------------------------------------------------------------------------------------


def method(
    *receipts: tuple[str, str], active: tuple[str, ...] = ("CARD", "GIFT"), largest: bool = False, **mapped: str
) -> str | Trouble:
    told = [(code, Decimal(amount)) for code, amount in receipts]
    return method_of(RETURN, told, mapped, default="*", active=list(active), takes_largest=largest)


def test_a_refund_goes_where_the_order_was_paid_from() -> None:
    assert method(("CARD", "48.00")) == "CARD"
    assert method(("CARD", "24.00"), ("CARD", "24.00")) == "CARD"
    assert method(("CARD", "48.00"), ("GIFT", "0.00")) == "CARD"
    assert method(("SHOP", "48.00"), SHOP="CARD") == "CARD"


def test_an_order_paid_in_two_ways_is_asked_about() -> None:
    split = method(("CARD", "40.00"), ("GIFT", "8.00"))

    assert isinstance(split, Trouble)
    assert (split.cause, split.evidence["paid_with"]) == ("refund-split", {"CARD": "40.00", "GIFT": "8.00"})
    assert method(("CARD", "40.00"), ("GIFT", "8.00"), largest=True) == "CARD"
    assert method(("CARD", "40.00"), ("GIFT", "8.00"), GIFT="CARD") == "CARD"


def test_no_receipt_names_a_method_only_where_there_is_but_one() -> None:
    unknown = method()

    assert isinstance(unknown, Trouble)
    assert unknown.cause == "refund-method-unknown"
    assert method(active=("CARD",)) == "CARD"


@pytest.mark.parametrize(("cause", "paid"), [("refund-twice", OWN), ("refund-elsewhere", None)])
def test_what_a_person_accepted_covers_the_payments_they_saw_and_no_later_one(
    cause: str, paid: Recorded | None
) -> None:
    kind = BY_HAND if cause == "refund-twice" else ON_ORDER
    first = [*([paid] if paid else []), kind]
    found = judged(*first)
    assert isinstance(found, Trouble)
    assert found.cause == cause
    accepted = (cause, *(f"{cause}:{number}" for number in found.numbers))

    assert not isinstance(judged(*first, accepted=accepted), Trouble)
    later = judged(*first, replace(kind, id=9), accepted=accepted)
    assert isinstance(later, Trouble)
    assert later.cause == cause


def test_a_refund_on_a_credit_that_was_given_up_for_lost_is_asked_about_whenever_it_was_made() -> None:
    on_former = replace(OWN, order_id=3001, created_at=NOON - timedelta(days=9))
    instance = replace(RETURN, former_credits=(FormerCredit(3001, OWN.id),))

    found = about_refunds(instance, [on_former], reference=CREDIT.external_ref)

    assert isinstance(found, Trouble)
    assert (found.cause, found.numbers) == ("refund-elsewhere", (OWN.id,))
