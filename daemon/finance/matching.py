"""Matching run: the legs as they are known now, matched, compared with the run before, and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from anyio import to_thread

from daemon.settings import MerchantSettings
from daemon.settings_finance import TERMS, terms_of
from daemon.store import files, legs, matches
from daemon.store.database import Database
from daemon.store.matches import Change
from daemon.store.sql import Connection, plain
from statemachine.books.legs import Leg
from statemachine.books.matching import Decision, Match, Status, match
from statemachine.books.orphans import Orphan, find_orphans
from statemachine.books.terms import Coverage, Terms


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
    """Older business is not looked at."""


def matched(
    known: Sequence[Leg],
    *,
    terms: Terms,
    coverage: Coverage,
    decisions: Sequence[Decision],
    at: datetime,
    zone: ZoneInfo,
    since: date,
) -> Books:
    """Pure: the same legs, terms, decisions and moment give the same books."""
    today = at.astimezone(zone).date()
    found = match(known, terms=terms, coverage=coverage, today=today, decisions=decisions)
    return Books(at, today, known, coverage, terms, found, find_orphans(found, terms=terms, today=today), zone, since)


async def books_at(
    connection: Connection, merchant: str, settings: MerchantSettings, at: datetime, *, terms: Terms | None = None
) -> Books:
    """The books as they were known at a moment, by the terms of the newest run then, or by `terms`."""
    zone, horizon = ZoneInfo(settings.calendar.timezone), settings.finance.horizon_days
    if terms is None:
        run = await matches.run_at(connection, merchant, at)
        terms = terms_of(run["terms"]) if run else settings.finance.terms()
        zone = ZoneInfo(run["figures"]["timezone"]) if run else zone
        horizon = run["figures"]["horizon_days"] if run else horizon
    since = at.astimezone(zone).date() - timedelta(days=horizon)
    known = await legs.known_at(connection, merchant, at, since=since)
    coverage = await files.coverage(connection, merchant, at)
    decisions = await matches.decisions(connection, merchant, at)
    return await to_thread.run_sync(
        lambda: matched(known, terms=terms, coverage=coverage, decisions=decisions, at=at, zone=zone, since=since)
    )


async def run_matching(
    database: Database, merchant: str, settings: MerchantSettings, *, now: datetime, actor: str
) -> tuple[Books, Change]:
    """Match what is known now and keep the result, as a whole or not at all.

    The legs are read as of one moment and the result is written at a later one: no transaction is open in between.
    """
    terms = settings.finance.terms()
    async with database.transaction("match") as connection:
        read_at = await legs.tick(connection, merchant, now)
    async with database.reading() as connection:
        books = await books_at(connection, merchant, settings, read_at, terms=terms)
    async with database.transaction("match") as connection:
        at = await legs.tick(connection, merchant, now)
        change = await matches.put_run(
            connection, merchant, books.matches, books.orphans, at=at, actor=actor, terms=plain(TERMS, terms),
            legs=len(books.legs), figures={
                "read_at": read_at.isoformat(), "timezone": settings.calendar.timezone,
                "horizon_days": settings.finance.horizon_days, **figures_of(books),
            },
        )  # fmt: skip
    return books, change


def figures_of(books: Books) -> dict[str, Any]:
    """What a run is judged by: matches by status, the auto-match rate, orphans and what they are worth."""
    by_status: dict[str, int] = {}
    for each in books.matches:
        if each.is_return:
            by_status[str(each.status)] = by_status.get(str(each.status), 0) + 1
    by_class: dict[str, dict[str, Any]] = {}
    for orphan in books.orphans:
        told = by_class.setdefault(str(orphan.name), {"count": 0, "value": {}})
        told["count"] += 1
        told["value"][orphan.currency] = str(Decimal(told["value"].get(orphan.currency, 0)) + orphan.value)
    return {"by_status": by_status, "auto_match_rate": str(auto_match_rate(by_status)), "orphans": by_class}


def auto_match_rate(by_status: Mapping[str, int]) -> Decimal:
    """Per cent of what is in scope and complete, or wrong, that was matched without a person."""
    done = by_status.get(Status.MATCHED, 0) + by_status.get(Status.WITHIN_TOLERANCE, 0)
    every = sum(count for status, count in by_status.items() if status not in (Status.OUT_OF_SCOPE, Status.WRITTEN_OFF))
    return (Decimal(100 * done) / every).quantize(Decimal("0.01")) if every else Decimal(100)
