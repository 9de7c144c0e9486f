"""Matching: legs in, matches out. Deterministic passes first, then suggestions; nothing is posted, nothing forgotten.

1. Exact ids: legs that share an identifier tell of the same thing.
2. Order and amount: what names the same order in the same currency, with equal amounts, or amounts within tolerance,
   inside the days allowed; where several fit equally, the earliest go with the earliest. Sums are tried last (n to n).
3. Suggestions: what may belong together by amount and day alone, with reasons and a confidence; a person decides.

Every leg is in exactly one match. A person's decisions come before all passes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from statemachine.books.checking import Check, Result, check, rows_over_credited
from statemachine.books.groups import Group, join_exact
from statemachine.books.legs import Kind, Leg
from statemachine.books.linking import link, suggest
from statemachine.books.terms import Coverage, Terms
from statemachine.books.things import Twice, paid_twice


class Status(StrEnum):
    MATCHED = "matched"
    WITHIN_TOLERANCE = "within-tolerance"
    SUGGESTED = "suggested"
    PARTIAL = "partial"
    UNMATCHED = "unmatched"
    DISPUTED = "disputed"
    WRITTEN_OFF = "written-off"
    OUT_OF_SCOPE = "out-of-scope"


SETTLED = frozenset({Status.MATCHED, Status.WITHIN_TOLERANCE, Status.WRITTEN_OFF, Status.OUT_OF_SCOPE})
"""Nothing more is expected of these."""


class Action(StrEnum):
    """What people decide about legs."""

    MATCH = "match"
    UNMATCH = "unmatch"
    DISPUTE = "dispute"
    WRITE_OFF = "write-off"
    OUT_OF_SCOPE = "out-of-scope"
    REOPEN = "reopen"


_MARKS = {
    Action.DISPUTE: Status.DISPUTED, Action.WRITE_OFF: Status.WRITTEN_OFF, Action.OUT_OF_SCOPE: Status.OUT_OF_SCOPE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about legs; a later one about the same legs goes before an earlier one."""

    action: Action
    legs: tuple[str, ...]
    on: date
    actor: str
    reason: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another match this one may belong to. `confidence` from 0 to 1."""

    other: str
    confidence: Decimal
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Legs that tell of the same thing, how they compare, and what follows.

    `key` is that of the leg it is anchored in. `opened_on` is the first leg's business date, `cleared_on` that of the
    leg or decision that settled it; None while it is open. `value` is the money at stake, tax included.
    """

    key: str
    status: Status
    reason: str
    legs: tuple[Leg, ...]
    checks: tuple[Check, ...]
    currency: str
    value: Decimal
    opened_on: date
    cleared_on: date | None
    suggestion: Suggestion | None = None
    passes: tuple[str, ...] = ()
    """How its legs came together: exact, order, sum, person."""
    decision: Decision | None = None

    def of(self, kind: Kind) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.kind is kind)

    @property
    def is_settled(self) -> bool:
        return self.status in SETTLED

    @property
    def is_return(self) -> bool:
        """Whether it is about goods and customers' money, not about a payout's way to the bank."""
        return self.legs[0].kind not in (Kind.TRANSFER, Kind.BANK)


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's decisions, folded: the last word on each leg."""

    together: tuple[tuple[str, ...], ...] = ()
    apart: frozenset[str] = frozenset()
    marks: Mapping[str, Decision] = field(default_factory=dict)


def fold(decisions: Iterable[Decision]) -> Decided:
    """The last word on each leg, from decisions in the order they were taken."""
    together: list[tuple[str, ...]] = []
    apart: set[str] = set()
    marks: dict[str, Decision] = {}
    for each in decisions:
        match each.action:
            case Action.MATCH:
                together.append(each.legs)
            case Action.UNMATCH:
                gone = set(each.legs)
                together = [kept for legs in together if len(kept := tuple(k for k in legs if k not in gone)) > 1]
                apart |= gone
            case Action.REOPEN:
                for key in each.legs:
                    marks.pop(key, None)
            case _:
                marks |= dict.fromkeys(each.legs, each)
    return Decided(tuple(together), frozenset(apart), marks)


def match(
    legs: Sequence[Leg], *, terms: Terms, coverage: Coverage, today: date, decisions: Iterable[Decision] = (),
    twice: Twice | None = None,
) -> list[Match]:  # fmt: skip
    """Every leg in exactly one match, ordered by key. The same legs, terms and day give the same matches.

    `twice`: things paid for more than once, where more legs than these tell of it.
    """
    twice = paid_twice(legs) if twice is None else twice
    decided = fold(decisions)
    groups = join_exact(sorted(legs, key=lambda leg: leg.key), together=decided.together, apart=decided.apart)
    groups = link(groups, terms=terms)
    over = rows_over_credited(legs)
    found = [_judged(group, decided.marks, terms, coverage, today, over, twice) for group in groups]
    by_key = {each.key: each for each in found}
    for key, told in suggest([g for g in groups if not by_key[g.key].is_settled], terms=terms).items():
        each = by_key[key]
        if each.status is Status.UNMATCHED:
            suggestion = Suggestion(*told)
            by_key[key] = _with(each, Status.SUGGESTED, f"may belong to {suggestion.other}", suggestion)
    return [by_key[key] for key in sorted(by_key)]


def _with(each: Match, status: Status, reason: str, suggestion: Suggestion) -> Match:
    return Match(
        each.key, status, reason, each.legs, each.checks, each.currency, each.value, each.opened_on, each.cleared_on,
        suggestion, each.passes, each.decision,
    )  # fmt: skip


def _judged(
    group: Group, marks: Mapping[str, Decision], terms: Terms, coverage: Coverage, today: date, over: frozenset[int],
    twice: Twice,
) -> Match:  # fmt: skip
    legs = group.legs
    opened_on, last_on = min(leg.on for leg in legs), max(leg.on for leg in legs)
    decision = _mark_of(legs, marks) if marks else None
    checks, nothing_due = check(group, terms, coverage, today, over, twice)
    cleared_on: date | None = None
    if decision is not None:
        status, reason = _MARKS[decision.action], decision.reason
        cleared_on = max(decision.on, opened_on) if status in SETTLED else None
    elif nothing_due:
        status, reason, cleared_on = Status.OUT_OF_SCOPE, nothing_due, opened_on
    else:
        status, reason = _status(group, checks)
        cleared_on = last_on if status in SETTLED else None
    return Match(
        group.key, status, reason, legs, checks, group.currency, group.value, opened_on, cleared_on, None,
        tuple(sorted(group.passes)), decision,
    )  # fmt: skip


def _mark_of(legs: tuple[Leg, ...], marks: Mapping[str, Decision]) -> Decision | None:
    """The last word on the match, where it was said of all of it: what came to it later is looked at anew.

    Fees and mentions that come later change nothing.
    """
    told = [marks.get(leg.key) for leg in legs if leg.kind not in (Kind.FEE, Kind.MENTION)]
    told = told or [marks.get(leg.key) for leg in legs]
    return told[-1] if all(each is not None for each in told) else None


def _status(group: Group, checks: tuple[Check, ...]) -> tuple[Status, str]:
    """By the worst of its checks; the reason is the first check that is so."""
    worst = {each.result: each for each in reversed(checks)}
    if Result.DIFFERS in worst:
        return Status.PARTIAL, worst[Result.DIFFERS].detail
    for result in (Result.MISSING, Result.WAITING):
        if result in worst:
            kinds = {leg.kind for leg in group.legs} - {Kind.FEE}
            return (Status.PARTIAL if len(kinds) > 1 else Status.UNMATCHED), worst[result].detail
    if Result.WITHIN in worst:
        return Status.WITHIN_TOLERANCE, worst[Result.WITHIN].detail
    return Status.MATCHED, "every leg that is due is there, to the penny"
