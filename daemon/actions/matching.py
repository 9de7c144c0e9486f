"""What people decide about matches: put together, take apart, dispute, write off, leave out, reopen. Posts nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from daemon.errors import NotFoundError, RejectedError
from daemon.settings_merchant import MerchantSettings
from daemon.store import legs, matches
from daemon.store.database import Database
from daemon.store.sql import Connection
from statemachine.books.matching import Action

UNDO = {
    Action.MATCH: Action.UNMATCH, Action.UNMATCH: Action.MATCH, Action.DISPUTE: Action.REOPEN,
    Action.WRITE_OFF: Action.REOPEN, Action.OUT_OF_SCOPE: Action.REOPEN,
}  # fmt: skip


async def decide(
    database: Database, merchant: str, settings: MerchantSettings, action: Action, keys: Sequence[str], *, actor: str,
    reason: str, note: str = "", now: datetime, dry_run: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Keep a decision; the next run follows it. Raises NotFoundError, RejectedError."""
    if not reason.strip():
        raise RejectedError("say why: every decision on the books has a reason")
    async with database.transaction("decide") as connection:
        meant = await _legs_meant(connection, merchant, action, keys)
        told = {
            "action": str(action), "legs": meant, "reason": reason, "note": note, "actor": actor, "changed": not dry_run,
            "then": "homeward match run",
        }  # fmt: skip
        if dry_run:
            return told
        at = await legs.tick(connection, merchant, now)
        on = at.astimezone(ZoneInfo(settings.calendar.timezone)).date()
        await matches.put_decision(
            connection, merchant, action=action, legs=meant, on=on, actor=actor, reason=reason, note=note, at=at
        )
    undo = UNDO.get(action)
    moved = keys[-1:] if action is Action.MATCH else meant[:1]
    if action is Action.MATCH:
        async with database.reading() as connection:
            row = await matches.of_key(connection, merchant, keys[-1])
            moved = row["legs"] if row is not None else list(moved)
    return told | ({"undo": f"homeward match {undo} {' '.join(moved)} --reason …"} if undo else {})


async def _legs_meant(connection: Connection, merchant: str, action: Action, keys: Sequence[str]) -> list[str]:
    """Every leg of the named matches; for taking apart, only the named legs themselves."""
    found: list[str] = []
    for key in keys:
        row = await matches.of_key(connection, merchant, key)
        if row is None:
            raise NotFoundError(f"{key} is neither a match nor a leg of one: homeward match list")
        if action is Action.UNMATCH:
            if len(row["legs"]) < 2:
                raise RejectedError(f"{key} stands alone: there is nothing to take apart")
            found.append(key)
        else:
            found += row["legs"]
    meant = list(dict.fromkeys(found))
    if action is Action.MATCH and len(meant) < 2:
        raise RejectedError("name at least two matches or legs that belong together")
    return meant


async def suggested(connection: Connection, merchant: str, key: str) -> list[str]:
    """The match and the one it may belong to. Raises NotFoundError, RejectedError when nothing is suggested."""
    row = await matches.of_key(connection, merchant, key)
    if row is None:
        raise NotFoundError(f"there is no match {key}: homeward match list --status suggested")
    if not row["content"]["suggestion"]:
        raise RejectedError(f"nothing is suggested for {key}: name what it belongs to")
    return [row["key"], row["content"]["suggestion"]["other"]]
