"""Happy Returns' announced sum against the order: explained by one reading of the same goods, or a person looks."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from statemachine.credit.announcement import tolerance
from statemachine.credit.maps import CreditMap, FeeRule
from statemachine.credit.snapshot import CreditRow, Order
from statemachine.credit.verdicts import CreditNow, NeedsPerson, Verdict
from statemachine.units import Unit
from tests.unit.orders import TEE, a_case, an_order, bundle_rows, by_hand, coming_back, judge, row

GOODS = row(1, quantity=2, net="40.00", tax="8.00")
VOUCHER = row(9, "", net="-4.00", tax="-0.80", product_id=None, name="Voucher")
ORDER = an_order(GOODS, VOUCHER)  # a unit: 20.00 + 4.00; of the voucher 2.00 + 0.40
FEE = CreditMap(fees={"processing": FeeRule("4090", "T20")})


def announced(amount: str | None, order: Order = ORDER, **told: Any) -> Verdict:
    unit = replace(TEE, refund_amount=Decimal(amount) if amount else None, refund_type=told.pop("refund_type", ""))
    return judge(coming_back(replace(unit, fee=told.pop("fee", None))), order, **told)


@pytest.mark.parametrize(
    ("amount", "is_explained"),
    [
        ("21.60", True),
        ("24.00", True),
        ("18.00", True),
        ("20.00", True),  # with and without the voucher, and tax
        ("21.65", True),
        ("21.66", False),
        ("23.94", False),
        ("48.00", False),
        ("99.00", False),
        ("0.00", False),
        ("-21.60", False),
        ("1.00", False),
        (None, True),
    ],
)
def test_what_the_order_explains_is_credited_and_what_it_does_not_is_asked_about(
    amount: str | None, is_explained: bool
) -> None:
    verdict = announced(amount)

    if is_explained:
        assert isinstance(verdict, CreditNow)
        assert verdict.plan.gross == Decimal("21.60")
    else:
        assert isinstance(verdict, NeedsPerson)
        assert (verdict.cause, verdict.about.owner) == ("amount-differs", "finance")
        assert "21.60" in verdict.evidence["readings"].values()


@pytest.mark.parametrize("amount", ["16.65", "19.05", "21.60", "13.05"])
def test_a_fee_that_was_taken_explains_the_difference_whether_it_is_booked_or_not(amount: str) -> None:
    booked = announced(amount, fee=Decimal("4.95"), on_processing_fee="deduct", maps=FEE)
    unbooked = announced(amount, fee=Decimal("4.95"), on_processing_fee="ignore")

    assert isinstance(booked, CreditNow)
    assert isinstance(unbooked, CreditNow)


def test_policy_may_hold_every_difference_or_note_it_only() -> None:
    assert isinstance(announced("24.00", amount_check="hold"), NeedsPerson)
    assert isinstance(announced("21.60", amount_check="hold"), CreditNow)
    noted = announced("99.00", amount_check="note")
    assert isinstance(noted, CreditNow)
    assert noted.evidence["happy_returns_amount"] == "99.00"


def test_an_exchange_announces_nothing_and_a_refund_of_nothing_is_asked_about() -> None:
    assert isinstance(announced("0.00", refund_type="exchange", on_exchange="credit"), CreditNow)
    assert isinstance(announced("0.00", refund_type="gift-card"), NeedsPerson)


def test_the_units_that_have_a_figure_are_compared_when_others_have_none() -> None:
    right, wrong = (replace(TEE, refund_amount=Decimal(amount)) for amount in ("21.60", "43.20"))

    assert isinstance(judge(coming_back(right, Unit("b", sku="TEE")), ORDER), CreditNow)
    assert isinstance(judge(coming_back(wrong, Unit("b", sku="TEE")), ORDER), NeedsPerson)


def test_the_orders_unit_price_explains_although_an_earlier_credit_took_another_share() -> None:
    order = an_order(row(1, quantity=2, net="40.00", tax="8.00"))
    earlier = by_hand(700, CreditRow(8, 1001, Decimal(1), Decimal("15.00"), Decimal("3.00")))

    verdict = judge(coming_back(replace(TEE, refund_amount=Decimal("24.00"))), order, earlier, known=frozenset({700}))

    assert isinstance(verdict, CreditNow)
    assert verdict.plan.gross == Decimal("30.00")


def test_parts_of_a_bundle_are_explained_by_their_share() -> None:
    order = an_order(*bundle_rows(1, "SET", 1, "20.00", "4.00", CUP=1, SAUCER=1))
    cup, saucer = (
        Unit("a", sku="CUP", refund_amount=Decimal("8.00")),
        Unit("b", sku="SAUCER", refund_amount=Decimal("16.00")),
    )

    assert isinstance(judge(coming_back(cup), order, on_bundle_part="cost"), CreditNow)
    assert isinstance(judge(coming_back(cup, saucer), order), CreditNow)


@pytest.mark.parametrize(
    ("currency", "net", "near", "far"),
    [("JPY", "1000", "1005", "1006"), ("GBP", "10.00", "10.05", "10.06"), ("KWD", "10.125", "10.130", "10.131")],
)
def test_the_tolerance_is_some_of_the_currencys_smallest_coins(currency: str, net: str, near: str, far: str) -> None:
    order = an_order(row(1, net=net, tax="0", tax_code="T0"), currency=currency)

    assert isinstance(announced(near, order), CreditNow)
    assert isinstance(announced(far, order), NeedsPerson)
    assert isinstance(
        announced(far, order, amount_tolerance=Decimal(1)), NeedsPerson if currency == "JPY" else CreditNow
    )


def test_many_units_rounded_one_by_one_are_no_contradiction() -> None:
    order = an_order(row(1, quantity=30, net="100", tax="0", tax_code="T0"), currency="JPY")  # 3 yen and a third each
    units = [Unit(f"{n:02}", sku="TEE", refund_amount=Decimal(3)) for n in range(30)]

    assert tolerance(a_case(coming_back(*units), order)) == 30
    assert isinstance(judge(coming_back(*units), order), CreditNow)
