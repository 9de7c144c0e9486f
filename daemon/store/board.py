"""The board: returns as people look for them, by any filter."""

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


async def by_clock(
    connection: Connection, condition: Condition, *, merchants: Merchants = None,
    after: tuple[datetime, int] | None = None, rows_max: int,
) -> list[Record]:  # fmt: skip
    """What runs out of time first; `after` pages on: the clock and the id of the last one seen."""
    due, number = after or (None, None)
    return await _rows(
        connection, "by_clock", condition, merchants=merchants, after_due=due, after=number, rows_max=rows_max
    )


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
