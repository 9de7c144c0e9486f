"""What an order-level discount is spread over: its own net and tax tell, and every share of it is credited exactly once."""

from dataclasses import replace
from decimal import Decimal

import pytest

from statemachine.credit.amounts import discount_base
from statemachine.credit.snapshot import ExistingCredit, Order, OrderRow, Plan
from statemachine.credit.verdicts import CreditNow, NeedsPerson
from statemachine.units import Unit
from tests.unit.orders import an_order, coming_back, credited, judge, row

COAT = row(1, "COAT", net="50.00", tax="10.00")
BOOK = row(2, "BOOK", net="50.00", tax="0.00", tax_code="T0")
COAT_UNIT, BOOK_UNIT = Unit("a", sku="COAT"), Unit("b", sku="BOOK")


def voucher(net: str, tax: str, code: str = "T20", row_id: int = 9) -> OrderRow:
    """As connectors write it: the row names the rate of its code, whatever its tax is."""
    rate = {"T20": Decimal(20), "T5": Decimal(5), "T0": Decimal(0)}[code]
    return row(row_id, "", net=net, tax=tax, tax_code=code, product_id=None, name=f"Voucher {row_id}", tax_rate=rate)


def plan_of(order: Order, *units: Unit, made: tuple[ExistingCredit, ...] = (), accepted: tuple[str, ...] = ()) -> Plan:
    verdict = judge(coming_back(*units, accepted=accepted), order, *made, known=frozenset(c.id for c in made))
    assert isinstance(verdict, CreditNow), verdict
    return verdict.plan


def test_a_voucher_whose_tax_spans_both_rates_is_shared_by_both_and_its_tax_by_the_taxed_goods_alone() -> None:
    order = an_order(COAT, BOOK, voucher("-10.00", "-1.00"))

    coat, book = plan_of(order, COAT_UNIT), plan_of(order, BOOK_UNIT)

    assert (coat.net, coat.tax) == (Decimal("45.00"), Decimal("9.00"))
    assert (book.net, book.tax) == (Decimal("45.00"), Decimal("0.00"))


def test_a_voucher_at_its_own_codes_rate_is_shared_by_the_goods_of_that_code() -> None:
    order = an_order(COAT, BOOK, voucher("-10.00", "-2.00"))

    coat, book = plan_of(order, COAT_UNIT), plan_of(order, BOOK_UNIT)

    assert (coat.net, coat.tax) == (Decimal("40.00"), Decimal("8.00"))
    assert (book.net, book.tax) == (Decimal("50.00"), Decimal("0.00"))


@pytest.mark.parametrize(
    ("discounts", "spans"),
    [
        ([voucher("-10.00", "-1.00")], [(1, 2)]),
        ([voucher("-10.00", "-2.00")], [(1,)]),
        ([voucher("-10.00", "0.00", "T0")], [(2,)]),
        ([voucher("-10.00", "-2.00"), voucher("-10.00", "0.00", "T0", 10)], [(1,), (2,)]),
        ([voucher("-60.00", "0.00", "T0")], [(1, 2)]),  # more than the books: taken off the whole sum
        ([voucher("-10.00", "0.00", "T5")], [(1, 2)]),  # no goods at that code, no tax
        ([voucher("-10.00", "-0.50", "T5")], [None]),
        ([voucher("-10.00", "-1.50")], [None]),
        ([voucher("-10.00", "0.00")], [None]),
        ([voucher("-60.00", "-12.00")], [None]),  # more than the taxed goods, at their rate
        ([voucher("-10.00", "-2.00"), voucher("-9.00", "-0.80", row_id=10)], [(1,), (1, 2)]),  # of what the first left
        ([voucher("-0.08", "-0.02")], [(1,)]),
        ([voucher("-0.08", "-0.01")], [(1, 2)]),
    ],
)
def test_the_discounts_own_sums_say_what_it_spans(
    discounts: list[OrderRow], spans: list[tuple[int, ...] | None]
) -> None:
    order = an_order(COAT, BOOK, *discounts)

    bases = [discount_base(order, each) for each in discounts]

    assert [tuple(r.id for r in base) if base is not None else None for base in bases] == spans


@pytest.mark.parametrize("units", [(COAT_UNIT,), (BOOK_UNIT,), (COAT_UNIT, BOOK_UNIT)])
def test_a_discount_that_fits_no_reading_stops_the_return_until_a_person_accepts_it(units: tuple[Unit, ...]) -> None:
    order = an_order(COAT, BOOK, voucher("-10.00", "-1.50"))

    asked = judge(coming_back(*units), order)
    accepted = plan_of(order, *units, accepted=("discount-unclear",))

    assert isinstance(asked, NeedsPerson)
    assert asked.cause == "discount-unclear"
    assert "-1.50" in asked.explanation
    assert accepted.net == sum(Decimal(45) for _ in units)


def test_many_units_whose_tax_was_rounded_one_by_one_are_no_doubt() -> None:
    goods = row(1, "MUG", 100, "333.00", "67.00")  # 3.33 and 0.67 each; a fifth of the row would be 66.60
    order = an_order(goods, BOOK, voucher("-33.30", "-6.66"))

    assert discount_base(order, order.rows[-1]) == (goods,)


def test_a_voucher_in_yen_is_read_with_whole_yen_of_rounding() -> None:
    coat, book = replace(COAT, net=Decimal(5000), tax=Decimal(1000)), replace(BOOK, net=Decimal(5000), tax=Decimal(0))
    mixed = an_order(coat, book, voucher("-917", "-92"), currency="JPY")
    own = an_order(coat, book, voucher("-917", "-183"), currency="JPY")

    assert discount_base(mixed, mixed.rows[-1]) == (coat, book)
    assert discount_base(own, own.rows[-1]) == (coat,)


@pytest.mark.parametrize("mode", ["INC", "EXC"])
def test_returns_weeks_apart_give_back_a_mixed_voucher_exactly_once(mode: str) -> None:
    three = [row(n, f"A{n}", 1, "16.67", "3.33") for n in (1, 3, 4)]
    order = an_order(*three, BOOK, voucher("-9.99", "-1.00"), price_mode=mode)
    made: tuple[ExistingCredit, ...] = ()

    for sku in ("A1", "BOOK", "A4", "A3"):
        made += (credited(plan_of(order, Unit(sku, sku=sku), made=made), 700 + len(made)),)

    shares = [line for credit in made for line in credit.rows if line.external_ref == "discount-9"]
    assert (sum(s.net for s in shares), sum(s.tax for s in shares)) == (Decimal("-9.99"), Decimal("-1.00"))
    assert all(line.net <= 0 and line.tax <= 0 for line in shares)
