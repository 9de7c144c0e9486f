"""The books count physical things: a unit under two returns came back once, and is paid for once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from statemachine.books.legs import Kind, Leg, Stage
from statemachine.books.matching import Action, Decision, Status
from statemachine.books.things import one_each, paid_twice, thing_of
from tests.unit.test_matching import DAY, credit, leg, matched, refund, stock, unit


def twin(name: str, credit_name: str = "", **more: Any) -> Leg:
    """The same item as unit `a`, under another return."""
    ids = ("item:a", *((f"credit:{credit_name}",) if credit_name else ()))
    told = {
        "stage": Stage.APPROVED,
        "credit_due": True,
        "due_from": DAY.isoformat(),
        "code": "HRBBBBBB",
        "item": "a",
        **more,
    }
    return leg(Kind.UNIT, f"twin-{name}", ids=ids, **told)


FIRST = (twin("first", "1", return_id=1), credit("1"), stock("1"), refund("1"))
SECOND = (twin("second", "2", return_id=2), credit("2"), stock("2"), refund("2"))


def test_two_credits_for_one_thing_are_a_named_difference_though_every_sum_agrees() -> None:
    (found,) = matched(*FIRST, *SECOND)

    assert found.status is Status.PARTIAL
    assert found.reason == "item:a of returns 1, 2 is credited more than once, by credits 1, 2"
    assert {check.name for check in found.checks if check.result == "differs"} >= {"twice"}


def test_they_are_one_in_whatever_matches_they_were_put_apart() -> None:
    apart = Decision(Action.UNMATCH, tuple(each.key for each in SECOND), DAY, "user:x", "why not")
    together = Decision(Action.MATCH, tuple(each.key for each in SECOND), DAY, "user:x", "these")

    found = matched(*FIRST, *SECOND, decisions=(apart, together))

    assert len(found) == 2
    assert {each.status for each in found} == {Status.PARTIAL}
    assert all("credited more than once" in each.reason for each in found)


def test_a_credit_taken_away_from_its_unit_is_still_a_second_one() -> None:
    apart = Decision(Action.UNMATCH, ("credit:2",), DAY, "user:x", "why not")

    found = matched(*FIRST, *SECOND, decisions=(apart,))

    alone = next(each for each in found if [one.key for one in each.legs] == ["credit:2"])
    assert "credited more than once" in alone.reason


def test_two_refunds_of_one_thing_are_found_though_one_of_the_credits_is_gone() -> None:
    without_credit = [each for each in SECOND if each.kind is not Kind.CREDIT]

    twice = paid_twice((*FIRST, *without_credit))

    (doubled,) = twice.of("refunded")
    assert (doubled.by, doubled.value, doubled.returns) == ((1, 2), Decimal("24.00"), (1, 2))
    assert twice.of("credited") == []


def test_one_refund_recorded_twice_is_found_though_another_credit_lacks_its_own() -> None:
    other = replace(unit("b", "3"), ids=("item:b", "credit:3", "item:a"))  # in one match with the first, by a shared id
    again = replace(refund("1"), key="refund:again")

    (found,) = matched(*FIRST, again, other, credit("3"), stock("3"))

    assert any("refunded more than once, on credit 1" in check.detail for check in found.checks)
    assert found.status is Status.PARTIAL


@pytest.mark.parametrize("parts", [("10.00", "14.00"), ("24.00",)])
def test_a_refund_in_parts_is_no_second_one(parts: tuple[str, ...]) -> None:
    paid = [replace(refund("1", amount), key=f"refund:{amount}") for amount in parts]

    assert paid_twice((*FIRST[:3], *paid)).things == {}


def test_a_refund_that_failed_and_was_made_again_is_no_second_one() -> None:
    back = replace(refund("1", "-24.00"), key="refund:back")
    again = replace(refund("1"), key="refund:again")

    assert paid_twice((*FIRST, back, again)).things == {}


@pytest.mark.parametrize(
    "ended",
    [
        {"stage": Stage.OVER, "credit_due": False}, {"credit_due": False, "written_off": True},
        {"stage": Stage.HANDED_OVER}, {"stage": Stage.STARTED, "credit_due": False},
    ],
)  # fmt: skip
def test_an_unpaid_twin_changes_nothing_about_the_return_that_was_paid(ended: dict[str, Any]) -> None:
    (found,) = matched(*FIRST, twin("second", **ended))

    assert (found.status, found.reason) == (Status.MATCHED, "every leg that is due is there, to the penny")


def test_a_twin_does_not_make_room_for_a_credit_made_by_hand() -> None:
    by_hand = credit("7", claims=["HRBBBBBB"])

    (found,) = matched(*FIRST, twin("second"), by_hand)

    assert found.status is Status.PARTIAL
    assert "2 units are credited, 1 came back" in found.reason


def test_things_that_were_told_apart_are_two() -> None:
    apart = replace(twin("second", "2", thing="item:a~2"), ids=("item:a~2", "credit:2"))

    found = matched(*FIRST, apart, credit("2"), stock("2"), refund("2"))

    assert {each.status for each in found} == {Status.MATCHED}
    assert len(found) == 2


def test_a_thing_is_counted_under_the_return_that_is_credited_for_it() -> None:
    over, due, paid = twin("a", stage=Stage.OVER, credit_due=False), twin("b"), twin("c", "1")
    nameless = leg(Kind.UNIT, "z", credit_due=True)

    assert one_each([over, due, paid, nameless]) == [paid, nameless]
    assert one_each([over, due]) == [due]
    assert thing_of(nameless) == "unit:z"


def test_a_day_later_it_is_still_so() -> None:
    (found,) = matched(*FIRST, *SECOND, today=DAY + timedelta(days=1))

    assert found.status is Status.PARTIAL
