"""Matching run: the legs as they are known now, matched, compared with the run before, and kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from anyio import to_thread

from daemon.finance.known import Books, books_at, uncollected
from daemon.finance.periods import events_of
from daemon.finance.postings import postings_of
from daemon.finance.standing import standing
from daemon.settings_finance import TERMS
from daemon.settings_merchant import MerchantSettings
from daemon.store import legs, matches, periods, watch
from daemon.store.database import Database
from daemon.store.matches import Change
from daemon.store.sql import plain
from statemachine.books.matching import Status
from statemachine.books.periods import Closes
from statemachine.money import zero

RATE_STEP = Decimal("0.01")  # percent
FORGOTTEN_MAX = timedelta(days=30)  # retention removes nothing younger: what is missing then was not removed


async def run_matching(
    database: Database, merchant: str, settings: MerchantSettings, *, now: datetime, actor: str
) -> tuple[Books, Change]:
    """Match what is known now and keep the result, as a whole or not at all.

    The legs are read as of one moment and the result is written at a later one: no transaction is open in between.
    What was credited in a life of the database that is lost is asked for again at Happy Returns.
    """
    terms = settings.finance.terms()
    async with database.transaction("match") as connection:
        read_at = await legs.tick(connection, merchant, now)
    with uncollected():
        async with database.reading() as connection:
            books = await books_at(connection, merchant, settings, read_at, terms=terms)
            versions = await legs.versions_at(connection, merchant, read_at)
            closes = Closes(events_of(await periods.events(connection, merchant, read_at)))
        stands = await to_thread.run_sync(
            lambda: standing(books, postings_of(versions, closes, left_out=books.left_out))
        )
        async with database.transaction("match") as connection:
            at = await legs.tick(connection, merchant, now)
            change = await matches.put_run(
                connection, merchant, books.matches, books.orphans, at=at, actor=actor, terms=plain(TERMS, terms),
                legs=len(books.legs), figures={
                    "read_at": read_at.isoformat(), "timezone": settings.calendar.timezone,
                    "horizon_days": settings.finance.horizon_days, **figures_of(books),
                    **stands,
                },
                since=books.since,
            )  # fmt: skip
            forgotten = await legs.forgotten_orders(connection, merchant, since=(now - FORGOTTEN_MAX).date())
            await watch.open_watches(connection, merchant, [watch.of_order(each, now) for each in forgotten], now)
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
        value = Decimal(told["value"].get(orphan.currency, zero(orphan.currency))) + orphan.value
        told["value"][orphan.currency] = f"{value:f}"
    return {"by_status": by_status, "auto_match_rate": str(auto_match_rate(by_status)), "orphans": by_class}


def auto_match_rate(by_status: Mapping[str, int]) -> Decimal:
    """Per cent of what is in scope and complete, or wrong, that was matched without a person."""
    done = by_status.get(Status.MATCHED, 0) + by_status.get(Status.WITHIN_TOLERANCE, 0)
    every = sum(count for status, count in by_status.items() if status not in (Status.OUT_OF_SCOPE, Status.WRITTEN_OFF))
    return (Decimal(100 * done) / every).quantize(RATE_STEP) if every else Decimal(100)
