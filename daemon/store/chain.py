"""The journal's chain: every row is linked to the one before it, per merchant, so that a change made behind our back shows.

link n = SHA-256(link n-1 ‖ digest n); digest n = SHA-256 of the row's content in one canonical form. What retention took
away leaves its digest, so the chain still closes. Whoever notes the head elsewhere can prove that no tail was cut.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from daemon.store.sql import Connection, Record, as_json, statements

SQL = statements(__file__)
BEGINNING = bytes(32)
PAGE = 5000  # rows checked at a time
CONTENT = (
    "merchant", "seq", "return_id", "version", "event", "from_state", "to_state", "actor", "facts", "inbox_id", "trace",
    "at",
)  # fmt: skip


def digest(row: Mapping[str, Any]) -> bytes:
    """The content of one journal row, the same before it is stored and after it is read."""
    return hashlib.sha256(orjson.dumps([_plain(row[name]) for name in CONTENT], option=orjson.OPT_SORT_KEYS)).digest()


def _plain(value: Any) -> Any:
    """Numbers and times as text: the database may write the same one in another way."""
    match value:
        case bool() | None | str():
            return value
        case int() | float() | Decimal():
            return f"{Decimal(str(value)).normalize():f}"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case _:
            return [_plain(each) for each in value]


def link(before: bytes, content: bytes) -> bytes:
    return hashlib.sha256(before + content).digest()


async def put(connection: Connection, merchant: str, rows: list[dict[str, Any]], now: datetime) -> None:
    """Append rows to the journal, linked to what is there. The head's lock keeps two writers from forking the chain."""
    head = await SQL.row(connection, "lock_head", merchant=merchant)
    seq, last = (head["seq"], head["link"]) if head else (0, BEGINNING)
    linked = []
    for row in rows:
        seq += 1
        content = digest(
            {**row, "merchant": merchant, "seq": seq, "at": now, "facts": orjson.loads(as_json(row["facts"]))}
        )
        last = link(last, content)
        linked.append({**row, "seq": seq, "link": last.hex()})
    await SQL.run(connection, "put", merchant=merchant, rows=linked, now=now)
    await SQL.run(connection, "move_head", merchant=merchant, seq=seq, link=last)


async def heads(connection: Connection) -> dict[str, int]:
    """Where each merchant's chain ends: it has moved when this has."""
    return {row["merchant"]: row["seq"] for row in await SQL.rows(connection, "heads")}


async def moved(connection: Connection, merchant: str, *, after: int, rows_max: int) -> list[int]:
    """The returns of the moves after this one, at most so many moves."""
    rows = await SQL.rows(connection, "moved", merchant=merchant, after=after, rows_max=rows_max)
    return [row["return_id"] for row in rows]


async def left_exception(
    connection: Connection, merchant: str, *, after: int | None, rows_max: int
) -> tuple[list[int], int]:
    """Returns that stopped being an exception after this move, and the move up to which that was asked; None: from now on."""
    head = await SQL.row(connection, "head", merchant=merchant)
    last = head["seq"] if head is not None else 0
    if after is None:
        return [], last
    rows = await SQL.rows(connection, "left_exception", merchant=merchant, after=after, rows_max=rows_max)
    return [row["return_id"] for row in rows], rows[-1]["seq"] if len(rows) == rows_max else max(last, after)


async def forget(connection: Connection, merchant: str, return_ids: list[int]) -> None:
    """Before retention takes rows away: keep what the chain needs of them."""
    rows = await SQL.rows(connection, "of_returns", merchant=merchant, return_ids=return_ids)
    digests = [{"seq": row["seq"], "digest": digest(row).hex()} for row in rows]
    await SQL.run(connection, "keep_digests", merchant=merchant, rows=digests)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a walk along the chain found. `broken_at` is the first position that does not fit, `why` says how."""

    merchant: str
    rows: int
    pruned: int
    head: int
    link: str
    broken_at: int | None = None
    return_id: int | None = None
    version: int | None = None
    why: str = ""


async def verify(connection: Connection, merchant: str, *, noted: Mapping[int, str] | None = None) -> Checked:
    """Walk the whole chain, as of one moment: on a connection of `Database.snapshot`, or in a transaction that may be
    taken for one. `noted`: heads written down earlier, position → link in hex.
    """
    noted = noted or {}
    head = await SQL.row(connection, "head", merchant=merchant)
    at, last, rows, pruned = 0, BEGINNING, 0, 0
    end = head["seq"] if head else 0

    def broken(why: str, row: Record | None = None, seq: int | None = None) -> Checked:
        return Checked(
            merchant, rows, pruned, end, last.hex(), seq or at + 1, row["return_id"] if row else None,
            row["version"] if row else None, why,
        )  # fmt: skip

    async for row in _pages(connection, merchant):
        if row["seq"] != at + 1:
            return broken("rows are missing here" if row["seq"] > at + 1 else "a position is taken twice", row)
        if row["digest"] is None:
            content, rows = digest(row), rows + 1
        else:
            content, pruned = row["digest"], pruned + 1
        last, at = link(last, content), row["seq"]
        if row["link"] is not None and row["link"] != last:
            return broken("the row, or one before it, is not what was written", row, at)
        told = noted.get(at)
        if told is not None and told != last.hex():
            return broken("the chain is another than the one that was noted", row, at)
    if at != end or (head is not None and head["link"] != last):
        return broken("the end is missing: the head names more, or something else, than there is")
    ahead = [seq for seq in noted if seq > end]
    if ahead:
        return broken("the end is missing: a later position was noted", seq=min(ahead))
    return Checked(merchant, rows, pruned, end, last.hex())


async def _pages(connection: Connection, merchant: str) -> AsyncIterator[Record]:
    """Everything on the chain in its order: rows, and digests of rows that were pruned."""
    after = -(2**62)
    while page := await SQL.rows(connection, "page", merchant=merchant, after=after, rows_max=PAGE):
        for row in page:
            yield row
        after = page[-1]["seq"]


async def between(connection: Connection, merchant: str, since: datetime, until: datetime) -> AsyncIterator[Record]:
    """Journal rows written in `since` ≤ at < `until`, in the chain's order."""
    after = -(2**62)
    while page := await SQL.rows(
        connection, "between", merchant=merchant, after=after, since=since, until=until, rows_max=PAGE
    ):
        for row in page:
            yield row
        after = page[-1]["seq"]
