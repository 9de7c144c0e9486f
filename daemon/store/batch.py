"""Batches: one verb on many returns, said to the machine item by item, each exactly once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from daemon.errors import RejectedError
from daemon.rights import PROGRAM_ROLES, RIGHTS, Role
from daemon.store import inbox
from daemon.store.inbox import Arrival
from daemon.store.sql import Connection, Merchants, Record, listed, statements

SQL = statements(__file__)

MINUTE = timedelta(minutes=1)
WINDOW = 2000  # items looked at for what may be said next; orders beyond it wait for their turn
ITEMS_MAX = 200

AWAITS_APPROVAL, RUNNING, PAUSED, STOPPED, DONE = "awaits-approval", "running", "paused", "stopped", "done"
STATES = (AWAITS_APPROVAL, RUNNING, PAUSED, STOPPED, DONE)


@dataclass(frozen=True, slots=True)
class Item:
    """One return of a batch. `version`: what was previewed, when that must not have changed."""

    return_id: int
    order_key: str
    event: str
    payload: dict[str, Any]
    version: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose rights a batch runs by: an account or a token of the web's. Of the command line there is none to look at."""

    account: str | None = None
    token: int | None = None
    stands_for: str = ""
    """Of a token, who made it."""


COMMAND_LINE = Asker()


async def begin(
    connection: Connection, merchant: str, items: Iterable[Item], *, batch_key: str | None, default_key: str, verb: str,
    options: dict[str, Any],
    filter_text: str, reason: str, note: str, actor: str, state: str, rate_per_minute: int | None,
    stop_after_errors: int | None, now: datetime, asker: Asker = COMMAND_LINE,
) -> Opened:  # fmt: skip
    """A batch of these returns, in this order; the one that has this key already, when there is one.

    Without a key, the same command by the same person joins its batch that is not over. Raises RejectedError when the key
    belongs to another change.
    """
    if batch_key is None:
        same = await SQL.row(
            connection, "same_command", merchant=merchant, verb=verb, options=options, filter=filter_text, actor=actor
        )
        if same is not None:
            return Opened(same["id"], is_new=False)
    items = list(items)
    rows = [
        {
            "position": number, "return_id": each.return_id, "order_key": each.order_key, "version": each.version,
            "event": each.event, "payload": each.payload,
        }
        for number, each in enumerate(items, 1)
    ]  # fmt: skip
    new = await SQL.row(
        connection, "open", merchant=merchant, batch_key=batch_key or default_key, verb=verb, options=options,
        filter=filter_text,
        reason=reason, note=note, actor=actor, account=asker.account, token_id=asker.token, stands_for=asker.stands_for,
        state=state, items=len(rows), rate_per_minute=rate_per_minute, stop_after_errors=stop_after_errors, now=now,
    )  # fmt: skip
    if new is None:
        known = await SQL.row(connection, "by_key", merchant=merchant, batch_key=batch_key or default_key)
        assert known is not None
        if batch_key is None and known["state"] in (STOPPED, DONE):  # that one is over: this is another
            return await begin(
                connection, merchant, items, batch_key=f"{default_key}:{known['id']}", default_key=default_key, verb=verb,
                options=options, filter_text=filter_text, reason=reason, note=note, actor=actor, state=state,
                rate_per_minute=rate_per_minute, stop_after_errors=stop_after_errors, now=now, asker=asker,
            )  # fmt: skip
        if (known["verb"], known["options"], known["reason"], known["note"]) != (verb, options, reason, note):
            raise RejectedError(f"the batch key {batch_key} belongs to batch {known['id']}, which does something else")
        return Opened(known["id"], is_new=False)
    await SQL.run(connection, "put_items", merchant=merchant, batch_id=new["id"], rows=rows)
    return Opened(new["id"], is_new=True)


async def running(connection: Connection, merchant: str) -> list[Record]:
    return await SQL.rows(connection, "running", merchant=merchant)


async def go_on(connection: Connection, merchant: str, batch: Record, now: datetime) -> int:
    """Take in what became of what was said, say what may be said next, end the batch when nothing is left.

    One transaction of the caller's; answers how much it did. Nothing when the batch was paused meanwhile.
    """
    held = await SQL.row(connection, "hold_batch", merchant=merchant, batch_id=batch["id"], now=now)
    if held is None:
        return 0
    settled = await _settle_said(connection, merchant, batch, now)
    if why := _may_no_longer(held):
        await SQL.run(connection, "finish", merchant=merchant, batch_id=batch["id"], state=STOPPED, why=why, now=now)
        return settled + 1
    counts = await SQL.row(connection, "counts", merchant=merchant, batch_id=batch["id"])
    assert counts is not None
    errors = counts["refused"] + counts["skipped"]
    if batch["stop_after_errors"] is not None and errors >= batch["stop_after_errors"]:
        why = f"{errors} of its returns could not be done"
        await SQL.run(connection, "finish", merchant=merchant, batch_id=batch["id"], state=STOPPED, why=why, now=now)
        return settled + 1
    if not counts["waiting"] and not counts["said"]:
        await SQL.run(connection, "finish", merchant=merchant, batch_id=batch["id"], state=DONE, why="", now=now)
        return settled + 1
    return settled + await _say_next(connection, merchant, batch, now)


def _may_no_longer(batch: Record) -> str:
    """Why whoever asked may not do this any more, in words; empty while they may. A batch has no more rights than they."""
    if batch["is_closed"]:
        return f"{batch['actor']} is closed or revoked: nothing more is done in that name"
    if not batch["sees_merchant"]:
        return f"{batch['actor']} is not for this merchant any more"
    role = PROGRAM_ROLES.get(batch["scope"]) if batch["scope"] is not None else batch["role"]
    if role is not None and batch["verb"] not in RIGHTS[Role(role)].verbs:
        return f"{batch['actor']} has a role ({role}) that may not {batch['verb']}"
    return ""


async def behind(connection: Connection, merchant: str, batch_id: int) -> set[str]:
    """Everybody who wants this batch, and so is no second person to it."""
    row = await SQL.row(connection, "behind", merchant=merchant, batch_id=batch_id)
    return {row["actor"], row["stands_for"]} - {""} if row is not None else set()


async def _settle_said(connection: Connection, merchant: str, batch: Record, now: datetime) -> int:
    found = await SQL.rows(connection, "told_of_said", merchant=merchant, batch_id=batch["id"], items_max=WINDOW)
    if found:
        rows = [dict(row) for row in found]
        await SQL.run(connection, "settle", merchant=merchant, batch_id=batch["id"], rows=rows, now=now)
    return len(found)


async def _say_next(connection: Connection, merchant: str, batch: Record, now: datetime) -> int:
    room = ITEMS_MAX
    if batch["rate_per_minute"] is not None:
        said = await SQL.value(connection, "said_since", merchant=merchant, batch_id=batch["id"], since=now - MINUTE)
        room = min(room, batch["rate_per_minute"] - int(said))
    if room <= 0:
        return 0
    items = await SQL.rows(
        connection, "next_items", merchant=merchant, batch_id=batch["id"], window=WINDOW, items_max=room
    )
    fit = [each for each in items if not _has_moved(each)]
    arrivals = [
        Arrival(
            natural_key=f"batch:{batch['id']}:{each['return_id']}",
            event=inbox.decode(each["event"], each["payload"]),
            happy_return_id=each["happy_return_id"], order_number=each["order_number"], part=each["part"],
            source=f"batch:{batch['id']}", actor=batch["actor"], reason=batch["reason"], note=batch["note"],
            trace=each["trace"], received_at=now,
        )
        for each in fit
    ]  # fmt: skip
    await inbox.put(connection, merchant, arrivals)
    marks = [
        {"position": each["position"], "state": "skipped", "outcome": "the return has moved since the preview"}
        if _has_moved(each)
        else {"position": each["position"], "state": "said", "outcome": ""}
        for each in items
    ]
    if marks:
        await SQL.run(connection, "mark", merchant=merchant, batch_id=batch["id"], rows=marks, now=now)
    return len(marks)


def _has_moved(item: Record) -> bool:
    return item["previewed"] not in (None, item["version"])


async def move(
    connection: Connection, merchant: str, batch_id: int, *, to: str, froms: tuple[str, ...], now: datetime,
    decided_by: str | None = None, why: str = "",
) -> bool:  # fmt: skip
    """Pause, resume, stop or approve; False when it is not in a state that allows it."""
    row = await SQL.row(
        connection, "move", merchant=merchant, batch_id=batch_id, state=to, froms=list(froms), decided_by=decided_by,
        why=why, now=now,
    )  # fmt: skip
    return row is not None


async def listing(
    connection: Connection, *, merchants: Merchants = None, batch_id: int | None = None, state: str | None = None,
    rows_max: int = 100,
) -> list[Record]:  # fmt: skip
    return await SQL.rows(
        connection, "listing", merchants=listed(merchants), batch_id=batch_id, state=state, rows_max=rows_max
    )


async def items(
    connection: Connection, merchant: str, batch_id: int, *, state: str | None = None, after: int = 0, rows_max: int
) -> list[Record]:
    return await SQL.rows(
        connection, "items", merchant=merchant, batch_id=batch_id, state=state, after=after, rows_max=rows_max
    )
