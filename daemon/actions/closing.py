"""Closing a month: match, check, build the pack, write down the close with the pack's digest. And building it again."""

from datetime import datetime
from typing import Any

from daemon.errors import NotFoundError
from daemon.finance import periods as rules
from daemon.finance.books_check import run_checks
from daemon.finance.matching import run_matching
from daemon.settings_merchant import MerchantSettings
from daemon.store import legs, periods
from daemon.store.database import Database
from daemon.views.close_pack import period_pack
from daemon.views.pack import Pack, as_zip


async def close(
    database: Database,
    merchant: str,
    settings: MerchantSettings,
    period: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> tuple[dict[str, Any], bytes]:
    """What was closed, and the pack. Raises RejectedError, NotPermittedError before anything is done."""
    async with database.reading() as connection:
        rules.may_close(rules.events_of(await periods.events(connection, merchant, None)), period, actor)
    await run_matching(database, merchant, settings, now=now, actor=actor)
    await run_checks(database, merchant, settings, now=now, actor=actor)
    async with database.transaction("period") as connection:
        at = await legs.tick(connection, merchant, now)
    async with database.reading() as connection:
        pack, figures = await period_pack(connection, merchant, settings, period, at)
    raw = as_zip(pack)
    async with database.transaction("period") as connection:
        closed_at = await legs.tick(connection, merchant, now)
        rules.may_close(rules.events_of(await periods.events(connection, merchant, closed_at)), period, actor)
        digest = await rules.record_close(
            connection,
            merchant,
            period,
            raw,
            {**figures, "as_of": at.isoformat()},
            actor=actor,
            reason=reason,
            at=closed_at,
        )
    return {"period": period, "state": "closed", "closed_by": actor, "as_of": at, "pack_sha256": digest.hex()}, raw


async def pack_as_of(
    database: Database, merchant: str, settings: MerchantSettings, period: str, at: datetime | None, now: datetime, *,
    is_now: bool = False,
) -> tuple[Pack, datetime]:  # fmt: skip
    """The pack of a month as it was known at a moment; left out: as of its close, else now, or with `is_now` now."""
    if at is None and not is_now:
        async with database.reading() as connection:
            events = await periods.events(connection, merchant, None, period)
        closed = next((row for row in reversed(events) if row["action"] == rules.CLOSED), None)
        if closed is not None and events[-1]["action"] == rules.CLOSED:
            at = datetime.fromisoformat(closed["figures"]["as_of"])
    if at is None or at > now:
        async with database.transaction("period") as connection:
            at = await legs.tick(connection, merchant, now)
    async with database.transaction("period") as connection:
        newest = await legs.clock(connection, merchant)
        if newest is not None and newest < at:
            await legs.tick(connection, merchant, at)  # nothing that is written from now on can have been known then
    async with database.reading() as connection:
        if newest is None:
            raise NotFoundError(f"the books of {merchant} were never read: homeward match run")
        pack, _ = await period_pack(connection, merchant, settings, period, at)
    return pack, at


async def difference(
    database: Database, merchant: str, settings: MerchantSettings, period: str, now: datetime
) -> list[dict[str, Any]]:
    """What a month's movement is now against its last close, line by line where that differs. Raises NotFoundError."""
    async with database.reading() as connection:
        events = await periods.events(connection, merchant, None, period)
    closed = next((row for row in reversed(events) if row["action"] == rules.CLOSED), None)
    if closed is None:
        raise NotFoundError(f"{period} was never closed: there is nothing to compare with")
    before, _ = await pack_as_of(
        database, merchant, settings, period, datetime.fromisoformat(closed["figures"]["as_of"]), now
    )
    after, _ = await pack_as_of(database, merchant, settings, period, None, now, is_now=True)
    found = []
    names = ("opening", "new", "cleared", "settled", "closing")
    old = {(row["account"], row["currency"]): row for row in before.sheet("movement").rows}
    new = {(row["account"], row["currency"]): row for row in after.sheet("movement").rows}
    for key in sorted(old | new):
        for name in names:
            was, now_is = old.get(key, {}).get(name, 0), new.get(key, {}).get(name, 0)
            if was != now_is:
                found.append({"account": key[0], "currency": key[1], "line": name, "closed": was, "now": now_is,
                              "difference": now_is - was})  # fmt: skip
    return found
