"""The board: returns as people look for them, by any filter."""

from daemon.filters import Condition
from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)

GROUPS = ("cause", "fingerprint", "state", "team", "assignee", "merchant")
EVERYTHING = Condition("true", ())
PLACE = "'filter' = 'filter'"


async def listing(
    connection: Connection,
    condition: Condition,
    *,
    merchant: str | None = None,
    after: int | None = None,
    rows_max: int,
) -> list[Record]:
    """Newest first; `after` pages on: only ids below that one."""
    return await _rows(connection, "listing", condition, merchant, after, rows_max)


async def chosen(
    connection: Connection, condition: Condition, *, merchant: str | None = None, rows_max: int
) -> list[tuple[str, int]]:
    """Merchant and id of what a bulk change is about, in the order it came in."""
    rows = await _rows(connection, "chosen", condition, merchant, None, rows_max)
    return [(row["merchant"], row["id"]) for row in rows]


async def counted(connection: Connection, condition: Condition, *, merchant: str | None = None) -> int:
    (row,) = await _rows(connection, "counted", condition, merchant, None, 1)
    return int(row["returns"])


async def grouped(
    connection: Connection, condition: Condition, by: str, *, merchant: str | None = None, rows_max: int
) -> list[Record]:
    """The Pareto: how many, how old, worth how much, one line for each value of `by` (one of GROUPS)."""
    assert by in GROUPS
    return await _rows(connection, f"by_{by}", condition, merchant, None, rows_max)


async def _rows(
    connection: Connection, name: str, condition: Condition, merchant: str | None, after: int | None, rows_max: int
) -> list[Record]:
    """The statement with the filter in its place. The words of a condition are constants of `daemon/filters.py`."""
    own = {"merchant": merchant, "after": after, "rows_max": rows_max}
    order = SQL.parameters(name)
    text = SQL.text(name).replace(PLACE, condition.numbered_from(len(order) + 1))
    return list(await connection.fetch(text, *(own[each] for each in order), *condition.values))
