"""The movement of a period: what was open, what came, what was cleared, what is left; it must add up in each currency.

Opening and closing are told from the matches, new and cleared from the postings of the period alone: two ways to the same
figure. What came late, after its period was closed, counts in the period that was open when it became known; so does the
correction of what was closed: the old figure stays where it was, and the difference comes later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from statemachine.books.checking import stock_due, uncredited
from statemachine.books.groups import Group
from statemachine.books.legs import Kind, Leg, Stage
from statemachine.books.matching import Match, Status
from statemachine.books.terms import Terms, age_bucket
from statemachine.books.things import one_each
from statemachine.money import as_stated, in_minor_units, zero

_NEXT_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Posting:
    """What a leg, or its correction, moved, and on which day it counts. `business_on` is the day it belongs to."""

    key: str
    kind: Kind
    currency: str
    value: Decimal
    on: date
    business_on: date

    def __post_init__(self) -> None:
        """Amounts have the decimals of their currency, however they were stored."""
        object.__setattr__(self, "value", as_stated(self.value, self.currency))

    @property
    def is_late(self) -> bool:
        return self.on != self.business_on


class Account(StrEnum):
    """What waits for what."""

    CREDITS = "credits awaiting refund"
    STOCK = "credits awaiting stock"
    PAYOUTS = "refunds awaiting payout"


_SIDES = {
    Account.CREDITS: (Kind.CREDIT, Kind.REFUND), Account.STOCK: (Kind.CREDIT, Kind.STOCK),
    Account.PAYOUTS: (Kind.REFUND, Kind.PAYOUT),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Movement:
    """One account in one currency. opening + new − cleared − settled = closing; `difference` is what is wrong with that.

    `settled` is what was cleared without its partner: tolerated differences, written off, out of scope. `awaiting` is what of
    the closing only waits for evidence: refunds by a method whose platform must show them, and no file of it has yet.
    """

    account: Account
    currency: str
    opening: Decimal
    new: Decimal
    cleared: Decimal
    settled: Decimal
    closing: Decimal
    awaiting: Decimal

    @property
    def difference(self) -> Decimal:
        return self.opening + self.new - self.cleared - self.settled - self.closing


def movements(
    matches: Sequence[Match], postings: Sequence[Posting], *, terms: Terms, first: date, last: date
) -> list[Movement]:
    """The period's movements, by account and currency. `last` is in the period; `postings` are all there are."""
    postings = _in_matched_money(matches, postings)
    by_key: dict[str, list[Posting]] = {}
    for each in postings:
        by_key.setdefault(each.key, []).append(each)
    in_matches = {leg.key for each in matches for leg in each.legs}
    gone = [told for key, told in by_key.items() if key not in in_matches]
    found = []
    for account, (left, right) in _SIDES.items():
        sums: dict[str, list[Decimal]] = {}
        for each in postings:
            if each.kind in (left, right) and first <= each.on <= last:
                sums.setdefault(each.currency, [zero(each.currency)] * 6)[1 if each.kind is left else 2] += each.value
        for match in matches:
            if match.is_return:
                told = [posting for leg in match.legs for posting in by_key.get(leg.key, ())]
                awaits = right is Kind.PAYOUT and _awaits_evidence(match, terms)
                settled_on = None if awaits else _settled_on(match, told, left, right)
                _stand(told, settled_on, left, right, first, last, sums, awaits=awaits)
        for told in gone:
            _stand(told, None, left, right, first, last, sums)
        found += [Movement(account, currency, *told) for currency, told in sorted(sums.items())]
    return found


def _in_matched_money(matches: Sequence[Match], postings: Sequence[Posting]) -> list[Posting]:
    """Payout lines count in the money in which they were matched with their refunds."""
    rates = {
        leg.key: (leg.currency, leg.value / Decimal(leg.facts["paid_out"]))
        for each in matches
        for leg in each.of(Kind.PAYOUT)
        if leg.facts.get("paid_out") and Decimal(leg.facts["paid_out"])
    }
    return [
        replace(
            each, currency=rates[each.key][0], value=in_minor_units(each.value * rates[each.key][1], rates[each.key][0])
        )
        if each.key in rates
        else each
        for each in postings
    ]


def _stand(
    postings: list[Posting], settled_on: date | None, left: Kind, right: Kind, first: date, last: date,
    sums: dict[str, list[Decimal]], *, awaits: bool = False,
) -> None:  # fmt: skip
    """What of one match was open before the period, what is open at its end, and what was settled in it."""
    for currency in {each.currency for each in postings if each.kind in (left, right)}:
        mine = [(each.value if each.kind is left else -each.value, each.on) for each in postings
                if each.kind in (left, right) and each.currency == currency]  # fmt: skip
        nothing = zero(currency)
        before = sum((value for value, on in mine if on < first), nothing)
        until = sum((value for value, on in mine if on <= last), nothing)
        told = sums.setdefault(currency, [nothing] * 6)
        was_settled, is_settled = (settled_on is not None and settled_on < day for day in (first, last + _NEXT_DAY))
        told[0] += nothing if was_settled else before
        told[4] += nothing if is_settled else until
        told[5] += until if awaits else nothing
        told[3] += (until if is_settled else nothing) - (before if was_settled else nothing)


def _awaits_evidence(match: Match, terms: Terms) -> bool:
    """Whether nothing is wrong with a refund but that no file has shown yet that it was paid out, and one must."""
    if match.decision is not None or not match.is_settled or match.of(Kind.PAYOUT):
        return False
    return any(str(leg.facts.get("method")) in terms.payout_methods for leg in match.of(Kind.REFUND))


def _settled_on(match: Match, postings: list[Posting], left: Kind, right: Kind) -> date | None:
    """When what is left of this account's difference stopped being open; None while it is."""
    if not match.is_settled or match.cleared_on is None:
        return None
    if match.decision is not None:
        return match.cleared_on
    return max((each.on for each in postings if each.kind in (left, right)), default=match.cleared_on)


@dataclass(frozen=True, slots=True)
class AgeRow:
    """Open matches of one currency in one age bucket, from the first leg's business date."""

    currency: str
    bucket: str
    count: int
    value: Decimal


def ageing(matches: Iterable[Match], *, terms: Terms, last: date) -> list[AgeRow]:
    """What is open on a day, by age."""
    told: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for each in matches:
        is_over = each.is_settled and (each.cleared_on is None or each.cleared_on <= last)
        if is_over or not each.is_return or each.opened_on > last:
            continue
        key = each.currency, age_bucket((last - each.opened_on).days, terms.age_bounds)
        count, value = told.get(key, (0, zero(each.currency)))
        told[key] = count + 1, value + each.value
    return [AgeRow(*key, *told[key]) for key in sorted(told)]


@dataclass(frozen=True, slots=True)
class StageRow:
    """Value of returns of one currency at one stage."""

    stage: str
    currency: str
    units: int
    value: Decimal


def accrual(matches: Iterable[Match], *, last: date) -> list[StageRow]:
    """Returns promised, handed over, approved or arrived by a day, and not yet credited: what to accrue."""
    told: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for each in matches:
        units = one_each(leg for leg in each.of(Kind.UNIT) if leg.on <= last)
        credits = [leg for leg in each.of(Kind.CREDIT) if leg.on <= last]
        if each.status in (Status.WRITTEN_OFF, Status.OUT_OF_SCOPE) and each.decision is not None:
            continue
        for leg in uncredited(units, credits):
            stage = _stage_of(leg, last)
            if stage:
                count, value = told.get((stage, leg.currency), (0, zero(leg.currency)))
                told[stage, leg.currency] = count + leg.quantity, value + leg.value
    return [StageRow(*key, *told[key]) for key in sorted(told)]


def _stage_of(leg: Leg, last: date) -> str:
    if leg.facts.get("stage") == Stage.OVER:
        return ""
    received = leg.facts.get("received_on")
    if received and date.fromisoformat(received) <= last:
        return "arrived"
    departed = leg.facts.get("departed_on")
    if departed and date.fromisoformat(departed) <= last:
        return "in transit"
    return {Stage.STARTED: "promised", Stage.HANDED_OVER: "handed over", Stage.APPROVED: "approved"}.get(
        Stage(leg.facts.get("stage", Stage.STARTED)), "promised"
    )


def exposure(matches: Iterable[Match], *, terms: Terms, last: date) -> list[AgeRow]:
    """Credited and not arrived on a day, by age of the credit."""
    told: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for each in matches:
        credits = [leg for leg in each.of(Kind.CREDIT) if leg.on <= last]
        if not credits or each.status in (Status.WRITTEN_OFF, Status.OUT_OF_SCOPE):
            continue
        due = stock_due(Group([*each.of(Kind.UNIT), *credits]))
        came = sum(leg.quantity for leg in each.of(Kind.STOCK) if leg.on <= last)
        if came >= due:
            continue
        credited = sum((leg.value for leg in credits), zero(each.currency))
        value = in_minor_units(credited * (due - came) / due, each.currency)
        key = each.currency, age_bucket((last - min(leg.on for leg in credits)).days, terms.age_bounds)
        count, known = told.get(key, (0, zero(each.currency)))
        told[key] = count + due - came, known + value
    return [AgeRow(*key, *told[key]) for key in sorted(told)]
