"""Periods: preparing, closing and reopening a month; the preparer and the reviewer are two people."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from daemon.errors import NotPermittedError, RejectedError
from daemon.settings_merchant import MerchantSettings
from daemon.store import legs, periods
from daemon.store.database import Database
from daemon.store.sql import Connection, Record
from statemachine.books.periods import Closes, PeriodEvent, following, last_day, period_of, preceding, state_of

MONTHS_SHOWN = 6
PREPARED, CLOSED, REOPENED = "prepared", "closed", "reopened"


def events_of(rows: Sequence[Record]) -> list[PeriodEvent]:
    """A month is closed from the moment its pack was made of, not from the later one when that was written down."""
    return [PeriodEvent(r["period"], r["action"], r["actor"], _moment_of(r), r["reason"]) for r in rows]


def _moment_of(row: Record) -> datetime:
    told = row["figures"].get("as_of")
    return datetime.fromisoformat(told) if told else row["at"]


async def listing(
    connection: Connection,
    merchant: str,
    settings: MerchantSettings,
    now: datetime,
    *,
    locked_until: date | None = None,
) -> list[dict[str, Any]]:
    """The newest months with their state, who did what, and whether Brightpearl's lock covers them."""
    rows: Sequence[Record] = await periods.events(connection, merchant, None)
    events = events_of(rows)
    month = period_of(now.astimezone(ZoneInfo(settings.calendar.timezone)).date())
    months = {month, *(each.period for each in events)}
    before = month
    for _ in range(MONTHS_SHOWN - 1):
        before = preceding(before)
        months.add(before)
    told = []
    through = Closes(events).through()
    for period in sorted(months, reverse=True):
        mine = [row for row in rows if row["period"] == period]
        prepared, closed, reopened = (_last(mine, action) for action in (PREPARED, CLOSED, REOPENED))
        told.append({
            "period": period, "state": state_of(period, events), "has_ended": period < month,
            "is_next": not through or period == following(through), "is_newest_closed": period == through,
            "prepared_by": prepared["actor"] if prepared else "", "prepared_at": prepared["at"] if prepared else None,
            "closed_by": closed["actor"] if closed else "", "closed_at": closed["at"] if closed else None,
            "pack_sha256": _hex(closed),
            "reopened_by": reopened["actor"] if reopened else "",
            "locked_in_brightpearl": locked_until is not None and last_day(period) <= locked_until,
        })  # fmt: skip
    return told


def _last(rows: Sequence[Record], action: str) -> Record | None:
    return next((row for row in reversed(rows) if row["action"] == action), None)


def _hex(closed: Record | None) -> str:
    return closed["pack_sha256"].hex() if closed is not None and closed["pack_sha256"] else ""


async def prepare(
    database: Database,
    merchant: str,
    settings: MerchantSettings,
    period: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> dict[str, Any]:
    """Soft close: the preparer says the month is ready to be reviewed. Raises RejectedError."""
    async with database.transaction("period") as connection:
        at = await legs.tick(connection, merchant, now)
        events = events_of(await periods.events(connection, merchant, at))
        _must_have_ended(period, at, settings)
        if state_of(period, events) == CLOSED:
            raise RejectedError(f"{period} is closed: reopen it first (homeward period reopen {period})")
        _must_be_next(events, period)
        await periods.put(connection, merchant, period=period, action=PREPARED, actor=actor, reason=reason, at=at)
    return {"period": period, "state": PREPARED, "prepared_by": actor, "at": at}


def _must_have_ended(period: str, at: datetime, settings: MerchantSettings) -> None:
    today = at.astimezone(ZoneInfo(settings.calendar.timezone)).date()
    if last_day(period) >= today:
        raise RejectedError(f"{period} has not ended: it can be prepared from {following(period)}-01")


def may_close(events: Sequence[PeriodEvent], period: str, actor: str) -> None:
    """Raises RejectedError, NotPermittedError when this person may not close this month now."""
    if state_of(period, events) == CLOSED:
        raise RejectedError(f"{period} is closed already")
    if state_of(period, events) != PREPARED:
        raise RejectedError(
            f"{period} is not prepared: homeward period prepare {period}, by somebody else than who closes it"
        )
    prepared_by = next(each.actor for each in reversed(events) if each.period == period)
    if prepared_by == actor:
        raise NotPermittedError(f"{period} was prepared by {actor}: somebody else must review and close it")
    _must_be_next(events, period)


def _must_be_next(events: Sequence[PeriodEvent], period: str) -> None:
    """Months are closed in order: what cannot be closed is not prepared either. Raises RejectedError."""
    through = Closes(events).through()
    if through and period != following(through):
        raise RejectedError(
            f"{through} is the newest closed month: {following(through)} is the next to prepare and close"
        )


async def record_close(
    connection: Connection, merchant: str, period: str, pack: bytes, figures: dict[str, Any], *, actor: str, reason: str,
    at: datetime,
) -> bytes:  # fmt: skip
    """Write down the close with the digest of its pack; answers the digest."""
    digest = hashlib.sha256(pack).digest()
    await periods.put(
        connection, merchant, period=period, action=CLOSED, actor=actor, reason=reason, at=at, pack_sha256=digest,
        figures=figures,
    )  # fmt: skip
    return digest


async def reopen(
    database: Database, merchant: str, period: str, *, actor: str, reason: str, now: datetime
) -> dict[str, Any]:
    """Only the newest closed month; what is changed then shows as the difference to its pack. Raises RejectedError."""
    async with database.transaction("period") as connection:
        at = await legs.tick(connection, merchant, now)
        events = events_of(await periods.events(connection, merchant, at))
        through = Closes(events).through()
        if state_of(period, events) != CLOSED:
            raise RejectedError(f"{period} is not closed")
        if period != through:
            raise RejectedError(f"{through} is the newest closed month: reopen that first")
        await periods.put(connection, merchant, period=period, action=REOPENED, actor=actor, reason=reason, at=at)
    return {"period": period, "state": "open", "reopened_by": actor, "at": at}
