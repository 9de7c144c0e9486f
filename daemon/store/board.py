"""The board: returns as people look for them, by any filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from daemon.filters import Condition
from daemon.store.sql import Connection, Merchants, Record, listed, statements

SQL = statements(__file__)

GROUPS = ("cause", "fingerprint", "state", "team", "assignee", "merchant")
EVERYTHING = Condition("true", ())
PLACE = "'filter' = 'filter'"


async def listing(
    connection: Connection,
    condition: Condition,
    *,
    merchants: Merchants = None,
    after: int | None = None,
    rows_max: int,
) -> list[Record]:
    """Newest first; `after` pages on: only ids below that one."""
    return await _rows(connection, "listing", condition, merchants=merchants, after=after, rows_max=rows_max)


LANES = ("late_without_clock", "by_clock", "without_clock")
"""A list by the clock: what is past its last rung, then what runs out first, then what has no clock."""


@dataclass(frozen=True, slots=True)
class After:
    """Where a list by the clock goes on: the lane and the last row of it that was seen."""

    lane: int = 0
    at: datetime | None = None
    id: int | None = None


async def by_clock(
    connection: Connection, condition: Condition, *, merchants: Merchants = None, after: After = After(), rows_max: int
) -> list[tuple[int, Record]]:
    """Each row with its lane; `after` pages on."""
    found: list[tuple[int, Record]] = []
    for lane in range(after.lane, len(LANES)):
        seen = after if lane == after.lane else After()
        more: dict[str, Any] = {"after": seen.id, "rows_max": rows_max - len(found)}
        if LANES[lane] != "without_clock":
            more["after_at"] = seen.at
        found += [(lane, row) for row in await _rows(connection, LANES[lane], condition, merchants=merchants, **more)]
        if len(found) >= rows_max:
            break
    return found


async def by_ids(connection: Connection, ids: Sequence[int], *, merchants: Sequence[str]) -> list[Record]:
    """These returns, the parts of one beside each other; those that are gone, or another merchant's, are left out."""
    return await SQL.rows(connection, "by_ids", merchants=list(merchants), ids=list(ids))


async def legs(connection: Connection, ids: Sequence[int], *, merchants: Sequence[str]) -> list[Record]:
    """Which of refund, invoice and stock are due or done."""
    return await SQL.rows(connection, "legs", merchants=list(merchants), ids=list(ids))


async def chosen(
    connection: Connection, condition: Condition, *, merchants: Merchants = None, rows_max: int
) -> list[tuple[str, int]]:
    """Merchant and id of what a bulk change is about, in the order it came in."""
    rows = await _rows(connection, "chosen", condition, merchants=merchants, rows_max=rows_max)
    return [(row["merchant"], row["id"]) for row in rows]


async def counted(
    connection: Connection, condition: Condition, *, merchants: Merchants = None, rows_max: int | None = None
) -> int:
    """How many fit; with `rows_max` not counted any further."""
    (row,) = await _rows(connection, "counted", condition, merchants=merchants, rows_max=rows_max)
    return int(row["returns"])


async def grouped(
    connection: Connection, condition: Condition, by: str, *, merchants: Merchants = None, rows_max: int
) -> list[Record]:
    """The Pareto: how many, how old, worth how much, one line for each value of `by` (one of GROUPS)."""
    assert by in GROUPS
    return await _rows(connection, f"by_{by}", condition, merchants=merchants, rows_max=rows_max)


async def _rows(
    connection: Connection, name: str, condition: Condition, *, merchants: Merchants, **own: Any
) -> list[Record]:
    """The statement with the filter in its place. The words of a condition are constants of `daemon/filters.py`."""
    own["merchants"] = listed(merchants)
    order = SQL.parameters(name)
    text = SQL.text(name).replace(PLACE, condition.numbered_from(len(order) + 1))
    return list(await connection.fetch(text, *(own[each] for each in order), *condition.values))
