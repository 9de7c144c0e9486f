"""The books as they are known at one moment: legs, decisions and terms of then, matched."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from anyio import to_thread

from daemon.settings_finance import terms_of
from daemon.settings_merchant import MerchantSettings
from daemon.store import files, legs, matches
from daemon.store.sql import Connection
from statemachine.books.legs import Leg
from statemachine.books.matching import Decision, Match, match
from statemachine.books.orphans import Orphan, find_orphans
from statemachine.books.terms import Coverage, Terms
from statemachine.books.things import Twice, paid_twice


@dataclass(frozen=True, slots=True)
class Books:
    """Everything known of one merchant's books at one moment, matched."""

    at: datetime
    today: date
    legs: Sequence[Leg]
    coverage: Coverage
    terms: Terms
    matches: Sequence[Match]
    orphans: Sequence[Orphan]
    zone: ZoneInfo
    since: date
    """What was settled before is not looked at."""
    left_out: frozenset[str] = frozenset()
    """Legs of what was settled before."""
    twice: Twice = field(default_factory=Twice)
    """Things paid for more than once, by every leg there is: one that was settled long ago is no less paid."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the cyclic collector rest: it would walk hundreds of thousands of legs again and again, and none is in a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def matched(
    known: Sequence[Leg],
    *,
    terms: Terms,
    coverage: Coverage,
    decisions: Sequence[Decision],
    at: datetime,
    zone: ZoneInfo,
    since: date,
    left_out: frozenset[str] = frozenset(),
    beyond: Sequence[Leg] = (),
) -> Books:
    """Pure: the same legs, terms, decisions and moment give the same books.

    `beyond`: legs of what was settled long ago; they are matched no more, and what they paid for stays paid.
    """
    today = at.astimezone(zone).date()
    twice = paid_twice([*known, *beyond])
    found = match(known, terms=terms, coverage=coverage, today=today, decisions=decisions, twice=twice)
    orphans = find_orphans(found, terms=terms, today=today)
    return Books(at, today, known, coverage, terms, found, orphans, zone, since, left_out, twice)


async def books_at(
    connection: Connection, merchant: str, settings: MerchantSettings, at: datetime, *, terms: Terms | None = None
) -> Books:
    """The books as they were known at a moment, by the terms of the newest run then, or by `terms`.

    What was settled longer ago than the horizon is left out, match by match: no leg loses its partner by age.
    """
    zone, horizon = ZoneInfo(settings.calendar.timezone), settings.finance.horizon_days
    run = await matches.run_at(connection, merchant, at)
    if terms is None:
        terms = terms_of(run["terms"]) if run else settings.finance.terms()
        zone = ZoneInfo(run["figures"]["timezone"]) if run else zone
        horizon = run["figures"]["horizon_days"] if run else horizon
    since = at.astimezone(zone).date() - timedelta(days=horizon)
    with uncollected():
        coverage = await files.coverage(connection, merchant, at)
        decisions = await matches.decisions(connection, merchant, at)
        old = await matches.old_legs(connection, merchant, run_id=run["id"], since=since) if run else set()
        old -= {key for each in decisions if run and each.at and each.at > run["at"] for key in each.legs}
        known: list[Leg] = []
        beyond: list[Leg] = []
        for leg in await legs.known_at(connection, merchant, at):
            (beyond if leg.key in old else known).append(leg)
        return await to_thread.run_sync(
            lambda: matched(
                known,
                terms=terms,
                coverage=coverage,
                decisions=decisions,
                at=at,
                zone=zone,
                since=since,
                left_out=frozenset(old),
                beyond=beyond,
            )
        )
