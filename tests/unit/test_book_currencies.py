"""The books in currencies of no, two, three and four decimals: files, matching, orphans, movements, exposure."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from statemachine.books.checking import rows_over_credited
from statemachine.books.legs import Kind, Leg
from statemachine.books.matching import Status, match
from statemachine.books.movement import Posting, exposure, movements
from statemachine.books.orphans import find_orphans
from statemachine.books.terms import Coverage, Terms, Tolerance
from tests import finance_files as files
from tests.unit.test_finance_files import legs, read
from tests.unit.test_matching import DAY, LATER, credit, leg, refund, stock, unit

SOLD = {"quantity": "3", "net": "1000", "tax": "100", "tax_code": "T10"}


@pytest.mark.parametrize(
    ("text", "old", "new", "amount"),
    [
        (files.SHOPIFY, "-24.00,0.00,-24.00,c2,card,,,GBP", "-24.50,0.00,-24.50,c2,card,,,JPY", None),
        (files.SHOPIFY, "-24.00,0.00,-24.00,c2,card,,,GBP", "-24.00,0.00,-24.00,c2,card,,,JPY", "24"),
        (files.SHOPIFY, "-24.00,0.00,-24.00", "-24.125,0.000,-24.125", None),
        (files.CAMT, '"GBP">24.55', '"KWD">24.555', "24.555"),
        (files.CAMT, '"GBP">24.55', '"JPY">2455', "2455"),
        (files.CAMT, '"GBP">24.55', '"JPY">2455.00', "2455"),
        (files.CAMT, '"GBP">24.55', '"JPY">24.55', None),
        (files.CAMT, '"GBP">24.55', '"XAU">24.55', None),
        (files.CAMT, '"GBP">24.55', '"GBP">999999999999.99', "999999999999.99"),
        (files.CAMT, '"GBP">24.55', '"GBP">1000000000000', None),
    ],
)
def test_a_file_is_read_with_its_currencys_decimals_or_the_line_is_refused(
    text: str, old: str, new: str, amount: str | None
) -> None:
    first = read(text.replace(old, new)).rows[0 if text is files.CAMT else 1]

    assert (str(first.leg.amount) if first.leg else None) == amount
    assert bool(first.rejected) == (amount is None)


@pytest.mark.parametrize(
    ("currency", "count", "amount"),
    [("USD", "2550", "25.50"), ("JPY", "2550", "2550"), ("HUF", "2550", "2550.00"), ("TWD", "2550", "2550.00")],
)
def test_paypal_counts_smallest_units_and_two_currencies_in_wholes(currency: str, count: str, amount: str) -> None:
    text = files.PAYPAL.replace('"USD"', f'"{currency}"').replace('"2550"', f'"{count}"')

    (told,) = legs(read(text))

    assert (str(told.amount), told.currency) == (amount, currency)


def test_a_line_in_yen_keeps_the_name_it_was_first_imported_under() -> None:
    """Of release 0.3, where the amount in it was written 2400.00: a later file that holds it again adds nothing."""
    text = files.SHOPIFY.replace("GBP", "JPY").replace(".00", "").replace(".45", "").replace(".55", "")

    former = [row.former for row in read(text.replace(",50,1,48,", ",50,2,48,")).rows if row.leg is not None]

    assert former[0] == "payout:shopify/7949a3a18f6ea7474659"


def test_a_third_of_a_yen_row_is_the_value_the_order_says() -> None:
    third = credit(amount="367", currency="JPY", sold=SOLD, order_row=9)

    (found,) = match(
        [unit(currency="JPY"), third, stock(currency="JPY"), refund(amount="367", currency="JPY")],
        terms=Terms(), coverage=Coverage(), today=LATER,
    )  # fmt: skip

    assert found.status is Status.MATCHED
    assert str(found.value) == "367"


def test_a_row_of_yen_is_over_credited_by_whole_yen_not_by_hundredths() -> None:
    near = [credit(str(n), "367", currency="JPY", sold=SOLD, order_row=9) for n in (1, 2, 3)]
    over = [credit(str(n), "372", currency="JPY", sold=SOLD, order_row=9) for n in (1, 2, 3)]

    assert rows_over_credited(near) == frozenset()
    assert rows_over_credited(over) == {9}


@pytest.mark.parametrize(
    ("currency", "amount", "third"), [("JPY", "1000", "333"), ("GBP", "10.00", "3.33"), ("KWD", "10.000", "3.333")]
)
def test_what_is_missing_of_a_credit_is_worth_whole_minor_units(currency: str, amount: str, third: str) -> None:
    made = credit(amount=amount, currency=currency, quantity=3)
    came = stock(currency=currency, quantity=2)
    matches = match(
        [*(unit(each, currency=currency) for each in "abc"), made, came],
        terms=Terms(),
        coverage=Coverage(),
        today=LATER,
    )

    orphan = next(
        each for each in find_orphans(matches, terms=Terms(), today=LATER) if each.name == "credit-without-stock"
    )
    (row,) = exposure(matches, terms=Terms(), last=LATER)

    assert str(orphan.value) == third
    assert str(row.value) == third


def test_a_share_is_tolerated_in_the_currencys_own_smallest_unit() -> None:
    tenth = Tolerance(over=Decimal(1000), over_percent=Decimal("0.1"))

    assert tenth.holds(Decimal(5500), Decimal(5506), "JPY")  # 5.5 yen are 6
    assert not tenth.holds(Decimal("55.00"), Decimal("55.07"), "GBP")
    assert tenth.holds(Decimal("5.500"), Decimal("5.506"), "KWD")


def test_sums_print_with_the_decimals_of_their_currency_however_they_were_stored() -> None:
    stored = leg(Kind.CREDIT, "1", "366.00", currency="JPY")
    fraction = leg(Kind.REFUND, "2", "366.67", currency="JPY")
    postings = [Posting(stored.key, Kind.CREDIT, "JPY", Decimal("366.00"), DAY, DAY),
                Posting("credit:3", Kind.CREDIT, "KWD", Decimal("1.5"), DAY, DAY)]  # fmt: skip

    moved = movements([], postings, terms=Terms(), first=DAY, last=DAY)

    assert str(stored.amount) == "366"
    assert str(fraction.amount) == "366.67"  # what was really recorded stays to be seen
    assert {(each.currency, str(each.new), str(each.cleared)) for each in moved} == {
        ("JPY", "366", "0"), ("KWD", "1.500", "0.000"),
    }  # fmt: skip


def test_legs_without_a_currency_or_in_one_that_was_withdrawn_are_matched_all_the_same() -> None:
    nameless = unit(currency="", amount=None)
    old = [
        unit("b", "2", currency="BGN"), credit("2", "33.33", currency="BGN", sold={**SOLD, "net": "100.00", "tax": "0.00"}),
        stock("2", currency="BGN"), refund("2", "33.33", currency="BGN"),
    ]  # fmt: skip

    found = match([nameless, *old], terms=Terms(), coverage=Coverage(), today=date(2026, 1, 5) + timedelta(days=1))

    assert {each.status for each in found if each.currency == "BGN"} == {Status.MATCHED}
    assert len(found) == 2


def test_a_leg_is_never_of_more_decimals_than_are_stored() -> None:
    odd = Leg("payment:1", Kind.REFUND, DAY, "GBP", Decimal("1.23456789"))

    assert str(odd.amount) == "1.2346"
