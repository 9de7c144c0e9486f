"""Money: an amount of one currency, counted in that currency's smallest unit. No module but this one knows of decimals.

Inside one order, credit or leg every amount is a bare Decimal beside that thing's one currency, already at its minor
units; whatever divides such an amount rounds it with `in_minor_units` or `split`. What enters from a vendor or a file, is
sent, or is compared with what somebody else says is `Money`, which cannot be of an unknown currency, hold a fraction of
the smallest unit, or be larger than the schema holds.

Exponents are those of ISO 4217 in force, as the `iso4217` package carries the standard's own table (yen have none, dinars
of Kuwait three). CLDR's digits, which Babel has, are how people write prices, and change with its releases: they give
forints none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import TypeVar

AMOUNT_LIMIT = Decimal(10) ** 12
"""One amount as somebody else states it lies below this: a million million of any currency's main unit."""
SUM_LIMIT = Decimal(10) ** 15
"""What is summed lies below this, and so does every money column of the schema: a thousand of the largest amounts."""
ID_MAX = 2**63 - 1
"""The largest identifier the schema holds (bigint)."""
DECIMALS_MAX = 4
"""The most decimals any currency has, as the schema's columns have it."""

_LEAST_UNIT = Decimal(1).scaleb(-DECIMALS_MAX)
_CODE = re.compile(r"[A-Z]{3}")
_UNSTATED_DIGITS = 2  # of an amount whose currency nobody names, or is not in force
_K = TypeVar("_K", int, str)


class MoneyError(ValueError):
    """An amount that is no sum of money somebody could be paid. The message says why, in words."""


class UnknownCurrencyError(MoneyError):
    """No currency in force has this code: misspelt, withdrawn, or a code without a smallest unit (gold, tests)."""


class FractionError(MoneyError):
    """More decimals than the currency has, and they are not zero."""


class TooLargeError(MoneyError):
    """Beyond what is stored."""


@cache
def _exponents() -> Mapping[str, int]:
    from iso4217 import Currency  # here, since it reads its table when it is imported

    return {each.code: each.exponent for each in Currency if each.exponent is not None}


def currency_code(text: str) -> str:
    """A code as the standard writes it; whether such a currency exists is another question."""
    return text.strip().upper()


def is_currency(code: str) -> bool:
    """Whether somebody can be paid in it: a code of ISO 4217 in force that has a smallest unit."""
    return code in _exponents()


def exponent(currency: str) -> int:
    """How many decimals the currency has. Raises UnknownCurrencyError."""
    try:
        return _exponents()[currency]
    except KeyError:
        what = (
            f"'{currency[:20]}'"
            if _CODE.fullmatch(currency)
            else f"'{currency[:20]}', which is no code of three letters,"
        )
        raise UnknownCurrencyError(f"{what} is not a currency of ISO 4217 in force") from None


def minor_unit(currency: str) -> Decimal:
    """The currency's smallest unit: 0.01, 1 or 0.001.

    Of a currency that is not in force, a hundredth, as nearly all that were withdrawn had: the books of past years are
    read with it. Nothing is sent in such a currency, since no `Money` can be of it.
    """
    return Decimal(1).scaleb(-_exponents().get(currency, _UNSTATED_DIGITS))


def in_minor_units(value: Decimal, currency: str) -> Decimal:
    """Rounded half up to the currency's smallest unit; zero has no sign. Raises TooLargeError."""
    try:
        rounded = value.quantize(minor_unit(currency), ROUND_HALF_UP)
    except InvalidOperation as error:
        raise TooLargeError(f"'{str(value)[:40]}' is no amount that can be") from error
    return rounded if rounded else abs(rounded)


@cache
def zero(currency: str) -> Decimal:
    """Nothing, with the currency's decimals: what sums of it begin with, so that they print as its amounts do."""
    return in_minor_units(Decimal(0), currency)


def as_stated(amount: Decimal, currency: str) -> Decimal:
    """With exactly the currency's decimals where that changes nothing; else as it is, for whoever must see the fraction.

    For what was recorded, by anybody, and is only compared: no more decimals are kept than the schema holds.
    """
    if amount.same_quantum(minor_unit(currency)):
        return amount
    try:
        whole = in_minor_units(amount, currency)
    except TooLargeError:
        return amount
    return whole if whole == amount else amount.quantize(_LEAST_UNIT, ROUND_HALF_UP).normalize()


def split(total: Decimal, weights: Mapping[_K, Decimal], currency: str) -> dict[_K, Decimal]:
    """Share a sum by weight so that the parts sum to it exactly: largest remainder first, then lowest key."""
    weight = sum(weights.values(), Decimal(0))
    if weight <= 0:
        return dict.fromkeys(weights, in_minor_units(Decimal(0), currency))
    unit = minor_unit(currency)
    exact = {key: total * share / weight for key, share in weights.items()}
    parts = {key: share.quantize(unit, ROUND_DOWN) for key, share in exact.items()}
    step = unit if total >= 0 else -unit
    left = int((total - sum(parts.values(), Decimal(0))) / step)
    for key in sorted(parts, key=lambda each: (-abs(exact[each] - parts[each]), each))[:left]:
        parts[key] += step
    return parts


@dataclass(frozen=True, slots=True)
class Money:
    """A sum somebody can be paid. Two sums add and compare in one currency only; any other is our mistake.

    Raises UnknownCurrencyError, FractionError, TooLargeError when it is made. Zeros behind the smallest unit are dropped
    ("1000.00" yen are 1000), those before it are added.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or abs(self.amount) >= SUM_LIMIT:
            raise TooLargeError(f"'{str(self.amount)[:40]}' is no amount that can be")
        decimals = exponent(self.currency)
        whole = in_minor_units(self.amount, self.currency)
        if whole != self.amount:
            raise FractionError(f"{self.amount:f} {self.currency}: the currency has {decimals or 'no'} decimals")
        object.__setattr__(self, "amount", whole)

    @classmethod
    def rounded(cls, value: Decimal, currency: str) -> "Money":
        """Half up to the smallest unit."""
        return cls(in_minor_units(value, currency), currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(Decimal(0), currency)

    @property
    def text(self) -> str:
        """The amount alone, with exactly the currency's decimals: as bodies, rows and JSON carry it."""
        return f"{self.amount:f}"

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._amount_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._amount_of(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.amount), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._amount_of(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._amount_of(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._amount_of(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._amount_of(other)

    def _amount_of(self, other: "Money") -> Decimal:
        assert self.currency == other.currency, f"{self} and {other} are sums of different currencies"
        return other.amount


def stated(amount: Decimal, currency: str | None, *, grouped: bool = False) -> str:
    """A recorded amount as people read it, with its currency: no digit of it is rounded away. At times with thousands."""
    whole = as_stated(amount, currency or "")
    return f"{whole:,f} {currency or ''}".strip() if grouped else f"{whole:f} {currency or ''}".strip()


def shown(amount: Decimal, currency: str | None, *, grouped: bool = False) -> str:
    """An amount that was worked out, without its currency: rounded to the currency's decimals, at times with thousands.

    Never fails, since what is shown may have been stored by anybody at any time: where the currency is unknown the
    amount keeps the decimals it has, and at least two.
    """
    own = amount.as_tuple().exponent
    decimals = _exponents().get(currency or "")
    digits = decimals if decimals is not None else max(_UNSTATED_DIGITS, -own if isinstance(own, int) else 0)
    try:
        rounded = amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    except InvalidOperation:  # too large to be rounded: as it is
        rounded = amount
    rounded = rounded if rounded else abs(rounded)
    return f"{rounded:,.{digits}f}" if grouped else f"{rounded:.{digits}f}"
