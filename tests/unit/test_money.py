"""Money: whole minor units of a currency that exists, and nothing else; what is shared sums to what there was."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.money import (
    SUM_LIMIT,
    FractionError,
    Money,
    TooLargeError,
    UnknownCurrencyError,
    currency_code,
    exponent,
    in_minor_units,
    is_currency,
    minor_unit,
    shown,
    split,
    stated,
)

EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "ISK": 0,
    "CLP": 0,
    "VND": 0,
    "XAF": 0,
    "GBP": 2,
    "EUR": 2,
    "USD": 2,
    "HUF": 2,
    "TWD": 2,
    "IDR": 2,
    "COP": 2,
    "RSD": 2,
    "XCG": 2,
    "KWD": 3,
    "BHD": 3,
    "TND": 3,
    "IQD": 3,
    "CLF": 4,
    "UYW": 4,
}
currencies = st.sampled_from(sorted(EXPONENTS))
decimals = st.decimals(min_value=-(10**12), max_value=10**12, places=6)


@pytest.mark.parametrize(("currency", "digits"), EXPONENTS.items())
def test_a_currency_has_the_decimals_of_the_standard_not_those_prices_are_written_with(
    currency: str, digits: int
) -> None:
    assert exponent(currency) == digits
    assert minor_unit(currency) == Decimal(10) ** -digits


@pytest.mark.parametrize("code", ["XXX", "XAU", "XTS", "DEM", "QQQ", "gbp", "GB", "", "GBPX", "£"])
def test_a_code_nobody_can_be_paid_in_is_no_currency(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(UnknownCurrencyError):
        Money(Decimal(1), code)


def test_a_code_in_small_letters_is_the_currency_once_it_is_read_as_one() -> None:
    assert is_currency(currency_code(" gbp "))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1000.00", "JPY", "1000"),
        ("12.3", "GBP", "12.30"),
        ("10.125", "KWD", "10.125"),
        ("1E+3", "GBP", "1000.00"),
        ("-0.00", "GBP", "0.00"),
        ("-0", "JPY", "0"),
        ("1.2000", "CLF", "1.2000"),
        ("999999999999999", "JPY", "999999999999999"),
    ],
)
def test_an_amount_is_written_with_exactly_its_currencys_decimals(amount: str, currency: str, text: str) -> None:
    money = Money(Decimal(amount), currency)

    assert (money.text, str(money)) == (text, f"{text} {currency}")
    assert not money.amount.is_signed()


@pytest.mark.parametrize(
    ("amount", "currency"), [("366.67", "JPY"), ("10.1255", "KWD"), ("0.005", "GBP"), ("1.00001", "CLF")]
)
def test_a_fraction_of_the_smallest_unit_is_no_money(amount: str, currency: str) -> None:
    with pytest.raises(FractionError, match=currency):
        Money(Decimal(amount), currency)


@pytest.mark.parametrize("amount", [SUM_LIMIT, -SUM_LIMIT, Decimal("NaN"), Decimal("Infinity"), Decimal("1E+40")])
def test_what_the_schema_cannot_hold_is_no_money(amount: Decimal) -> None:
    with pytest.raises(TooLargeError):
        Money(amount, "GBP")


def test_sums_of_different_currencies_are_neither_added_nor_compared() -> None:
    pound, yen = Money(Decimal(1), "GBP"), Money(Decimal(1), "JPY")

    assert pound != yen
    for wrong in (lambda: pound + yen, lambda: pound - yen, lambda: pound < yen, lambda: pound >= yen):
        with pytest.raises(AssertionError, match="different currencies"):
            wrong()


@given(value=decimals, currency=currencies)
def test_rounding_gives_money_no_further_away_than_half_the_smallest_unit(value: Decimal, currency: str) -> None:
    money = Money.rounded(value, currency)

    assert abs(money.amount - value) * 2 <= minor_unit(currency)
    assert money.amount == in_minor_units(money.amount, currency)


@given(
    total=decimals,
    currency=currencies,
    weights=st.dictionaries(st.integers(1, 30), st.decimals(min_value=0, max_value=10**6, places=2), max_size=12),
)
def test_parts_of_a_sum_are_whole_minor_units_and_sum_to_it(
    total: Decimal, currency: str, weights: dict[int, Decimal]
) -> None:
    whole = in_minor_units(total, currency)

    parts = split(whole, weights, currency)

    assert set(parts) == set(weights)
    assert all(part == in_minor_units(part, currency) for part in parts.values())
    assert sum(parts.values(), Decimal(0)) == (whole if sum(weights.values()) > 0 else 0)


@pytest.mark.parametrize(
    ("amount", "currency", "grouped", "text"),
    [
        ("1234.5", "GBP", False, "1234.50"),
        ("1234.5", "GBP", True, "1,234.50"),
        ("1234.5", "JPY", True, "1,235"),
        ("1.5", "KWD", False, "1.500"),
        ("1.5", "", False, "1.50"),
        ("1.5", None, False, "1.50"),
        ("1.1234", "DEM", False, "1.1234"),
        ("1e40", "GBP", False, f"1{'0' * 40}.00"),
        ("-0.001", "GBP", False, "0.00"),
    ],
)
def test_whatever_was_stored_can_be_shown(amount: str, currency: str | None, grouped: bool, text: str) -> None:
    assert shown(Decimal(amount), currency, grouped=grouped) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.50", "GBP", "1,234.50 GBP"),
        ("1234", "GBP", "1,234.00 GBP"),
        ("1234.00", "JPY", "1,234 JPY"),
        ("366.67", "JPY", "366.67 JPY"),
        ("10.125", "KWD", "10.125 KWD"),
        ("5", None, "5.00"),
        ("1e30", "JPY", f"1{',000' * 10} JPY"),
    ],
)
def test_no_digit_of_what_was_recorded_is_rounded_away_when_it_is_shown(
    amount: str, currency: str | None, text: str
) -> None:
    shown_text = stated(Decimal(amount), currency, grouped=True)

    assert shown_text == text
    assert stated(Decimal(amount), currency) == shown_text.replace(",", "")
