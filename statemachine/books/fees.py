"""Fees: what Happy Returns should have charged by the rate card, what it charged, and the journal that would book it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from statemachine.books.legs import Kind, Leg, Stage
from statemachine.books.matching import Match, Status
from statemachine.books.terms import Coverage, Terms
from statemachine.books.things import one_each
from statemachine.money import as_stated, zero

SHOPPER_TYPES = ("return_fee",)
"""Fees the shopper bears: they lower the refund and are never the merchant's cost. Source: Happy Returns sheet 9."""


class Finding(StrEnum):
    AS_AGREED = "as-agreed"
    OVERCHARGED = "overcharged"
    UNDERCHARGED = "undercharged"
    UNCHARGED = "uncharged"
    """Due by the rate card, and in no invoice of those days."""
    TWICE = "charged-twice"
    UNKNOWN_RETURN = "unknown-return"
    NOT_DUE = "not-due"
    """Charged for a return that came to nothing."""
    NO_RATE = "no-rate"
    """Charged, and the rate card says nothing of it."""


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One expected or charged fee. `difference` is charged less expected: what would be asked back when positive."""

    finding: Finding
    match: str
    leg: str
    on: date
    invoice: str
    type: str
    method: str
    code: str
    order: str
    currency: str
    expected: Decimal
    charged: Decimal

    @property
    def difference(self) -> Decimal:
        return self.charged - self.expected


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of a proposed journal; nobody posts it but a person."""

    nominal: str
    text: str
    debit: Decimal
    credit: Decimal
    currency: str


def fee_lines(matches: Iterable[Match], *, terms: Terms, coverage: Coverage) -> list[FeeLine]:
    """Every line the merchant pays, and every one that is missing, by day."""
    found: list[FeeLine] = []
    for each in matches:
        if not each.is_return or each.status is Status.WRITTEN_OFF:
            continue
        fees = [leg for leg in each.of(Kind.FEE) if leg.facts.get("type") not in SHOPPER_TYPES]
        units = one_each(leg for leg in each.of(Kind.UNIT) if leg.facts.get("stage") == Stage.APPROVED)
        found += _charged(each, fees, units, terms)
        if terms.rates:
            found += _uncharged(each, fees, units, terms, coverage)
    return sorted(found, key=lambda line: (line.on, line.match, line.leg))


def _charged(match: Match, fees: list[Leg], units: list[Leg], terms: Terms) -> list[FeeLine]:
    found = []
    room: dict[str, int] = {}
    for fee in fees:
        method = str(fee.facts.get("method") or next((u.facts.get("method") for u in units), "") or "")
        kind = str(fee.facts.get("type") or "")
        rate = terms.rate_for(method, fee.on)
        is_item = rate is not None and kind == rate.type and rate.currency == fee.currency
        nothing = zero(fee.currency)
        expected = as_stated(rate.amount, rate.currency) if rate is not None and is_item else nothing
        room[kind] = room.get(kind, 0) + 1
        if not match.of(Kind.UNIT):
            finding, expected = Finding.UNKNOWN_RETURN, nothing
        elif not is_item:
            finding, expected = Finding.NO_RATE, fee.value
        elif not units:
            finding, expected = Finding.NOT_DUE, nothing
        elif room[kind] > len(units):
            finding, expected = Finding.TWICE, nothing
        elif fee.value > expected:
            finding = Finding.OVERCHARGED
        else:
            finding = Finding.UNDERCHARGED if fee.value < expected else Finding.AS_AGREED
        found.append(_line(finding, match, fee, method, kind, expected, fee.value))
    return found


def _uncharged(match: Match, fees: list[Leg], units: list[Leg], terms: Terms, coverage: Coverage) -> list[FeeLine]:
    found = []
    left: dict[str, int] = {}
    for fee in fees:
        kind = str(fee.facts.get("type") or "")
        left[kind] = left.get(kind, 0) + 1
    for unit in units:
        method = str(unit.facts.get("method") or "")
        served_on = date.fromisoformat(unit.facts["due_from"]) if unit.facts.get("due_from") else unit.on
        rate = terms.rate_for(method, served_on)
        if rate is None or rate.amount == 0 or not coverage.needs_fee(served_on):
            continue
        if left.get(rate.type, 0) > 0:
            left[rate.type] -= 1
            continue
        due = as_stated(rate.amount, rate.currency)
        found.append(_line(Finding.UNCHARGED, match, unit, method, rate.type, due, zero(rate.currency), rate.currency))
    return found


def _line(
    finding: Finding, match: Match, leg: Leg, method: str, kind: str, expected: Decimal, charged: Decimal,
    currency: str | None = None,
) -> FeeLine:  # fmt: skip
    code = next((str(u.facts["code"]) for u in match.legs if u.facts.get("code")), "")
    return FeeLine(
        finding, match.key, leg.key, leg.on, str(leg.facts.get("invoice") or ""), kind, method, code,
        leg.order or next((each.order for each in match.legs if each.order), ""), currency or leg.currency, expected, charged,
    )  # fmt: skip


def shopper_fees(matches: Iterable[Match], *, first: date = date.min, last: date = date.max) -> dict[str, Decimal]:
    """What shoppers bore in a span, by currency: it lowered their refunds and is no cost of the merchant's.

    By the invoice where it tells, else by what Happy Returns says of the unit.
    """
    told: dict[str, Decimal] = {}
    for each in matches:
        charged = [leg for leg in each.of(Kind.FEE) if leg.facts.get("type") in SHOPPER_TYPES]
        amounts = [(leg, leg.value) for leg in charged]
        if not charged:
            amounts = [(u, Decimal(str(u.facts["fee"]))) for u in one_each(each.of(Kind.UNIT)) if u.facts.get("fee")]
        for leg, amount in amounts:
            if first <= leg.on <= last and amount:
                told[leg.currency] = told.get(leg.currency, zero(leg.currency)) + as_stated(amount, leg.currency)
    return told


def proposed_journal(lines: Iterable[FeeLine], *, terms: Terms) -> list[JournalLine]:
    """Cost as agreed, what is disputed beside it, and the accrual of both: balanced in each currency."""
    by_currency: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    for line in lines:
        nothing = zero(line.currency)
        agreed, disputed, accrued = by_currency.get(line.currency, (nothing, nothing, nothing))
        if line.finding is Finding.UNCHARGED:
            accrued += line.expected
        else:
            agreed += min(line.charged, line.expected)
            disputed += max(line.difference, nothing)
        by_currency[line.currency] = (agreed, disputed, accrued)
    journal = []
    cost, accrual = terms.fee_nominal or "fees?", terms.accrual_nominal or "accruals?"
    for currency, (agreed, disputed, accrued) in sorted(by_currency.items()):
        nothing = zero(currency)
        if agreed + accrued:
            journal.append(JournalLine(cost, "Happy Returns fees as agreed", agreed + accrued, nothing, currency))
        if disputed:
            journal.append(JournalLine(accrual, "Happy Returns fees in dispute", disputed, nothing, currency))
        if agreed + disputed:
            journal.append(JournalLine(accrual, "Happy Returns, charged", nothing, agreed + disputed, currency))
        if accrued:
            journal.append(JournalLine(accrual, "Happy Returns, not charged yet", nothing, accrued, currency))
    return journal
