"""Terms: what counts as equal, as late, and as due. Data of one merchant; every run keeps the terms it was made with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from statemachine.money import in_minor_units

Span: TypeAlias = tuple[date, date]
"""First and last day."""
GAP_DAYS = 4
AGE_BOUNDS = (1, 3, 7, 14, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """By how much the later of two amounts may lie above or below the earlier: the smaller of amount and share holds."""

    over: Decimal = Decimal(0)
    under: Decimal = Decimal(0)
    over_percent: Decimal = Decimal(100)
    under_percent: Decimal = Decimal(100)

    def holds(self, expected: Decimal, found: Decimal, currency: str) -> bool:
        """Both in `currency`; a share of an amount is rounded to that currency's smallest unit."""
        difference = found - expected
        amount, percent = (self.over, self.over_percent) if difference > 0 else (self.under, self.under_percent)
        share = in_minor_units(abs(expected) * percent / 100, currency)
        return abs(difference) <= min(amount, share)


@dataclass(frozen=True, slots=True)
class Rate:
    """What Happy Returns charges for one unit of a drop-off method from a day on. `method` empty: every method."""

    method: str
    since: date
    amount: Decimal
    currency: str
    type: str = "item_fee"


@dataclass(frozen=True, slots=True)
class Terms:
    """`tolerances` by currency, `""` for all others. Days are calendar days."""

    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: {"": Tolerance()})
    link_days_before: int = 7
    """How many days before its partner a payout or bank line may lie and still be taken for it."""
    link_days_after: int = 30
    """The same, after."""
    stock_days: int = 28
    """How long after a credit its goods may take."""
    credit_days: int = 3
    """How long after arrival or approval a credit may take."""
    refund_days: int = 5
    """How long after a credit its refund may take."""
    return_days: int = 7
    """How long a refund, fee or credit may be without a return we know."""
    payout_days: int = 7
    """How long after a refund its payout line may take."""
    payout_methods: Mapping[str, str] = field(default_factory=dict)
    """Payment method in Brightpearl → the platform whose payouts must show its refunds."""
    age_bounds: tuple[int, ...] = AGE_BOUNDS
    rates: tuple[Rate, ...] = ()
    fee_nominal: str = ""
    accrual_nominal: str = ""

    def tolerance(self, currency: str) -> Tolerance:
        return self.tolerances.get(currency) or self.tolerances.get("") or Tolerance()

    def rate_for(self, method: str, on: date) -> Rate | None:
        """The newest rate in force on a day, the method's own before the one for all."""
        told = [each for each in self.rates if each.since <= on and each.method in ("", _family(method), method)]
        return max(told, key=lambda each: (each.method == method, each.method != "", each.since), default=None)


def _family(method: str) -> str:
    """Every kind of mail is mail. Source: Happy Returns sheet 2.1."""
    return "mail" if method.startswith("mail") else "in-store" if method == "retailer-store" else method


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which days the imported files speak of: what no file covers yet is not missing."""

    payouts: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """By platform."""
    fees: tuple[Span, ...] = ()
    bank: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """By currency."""

    def needs_payout(self, provider: str, refunded_on: date, days: int) -> bool:
        return _covers(self.payouts.get(provider, ()), refunded_on, days)

    def needs_fee(self, served_on: date) -> bool:
        return _covers(self.fees, served_on, 0)

    def needs_bank(self, currency: str, paid_on: date, days: int) -> bool:
        return _covers(self.bank.get(currency, ()), paid_on, days)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans without overlap; two whose gap is no longer than a weekend are one."""
    told: list[Span] = []
    for first, last in sorted(spans):
        if told and (first - told[-1][1]).days <= GAP_DAYS:
            told[-1] = told[-1][0], max(told[-1][1], last)
        else:
            told.append((first, last))
    return tuple(told)


def _covers(spans: tuple[Span, ...], on: date, days: int) -> bool:
    """Whether a file speaks of that day, and of so many after it."""
    return any(first <= on <= last and (last - on).days >= days for first, last in spans)


def age_bucket(days: int, bounds: tuple[int, ...] = AGE_BOUNDS) -> str:
    """The bucket of an age: 0–1, 2–3, 4–7, …, 90+."""
    first = 0
    for last in bounds:
        if days <= last:
            return f"{first}–{last}"
        first = last + 1
    return f"{bounds[-1]}+"


def buckets(bounds: tuple[int, ...] = AGE_BOUNDS) -> tuple[str, ...]:
    return tuple(age_bucket(each, bounds) for each in (*bounds, bounds[-1] + 1))
