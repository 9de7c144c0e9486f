"""Reports: what people and programs read. Nothing here changes anything."""

from typing import Any

from daemon.store.sql import Connection, Record, statements
from statemachine.refs import order_key

SQL = statements(__file__)


async def find(connection: Connection, text: str, merchant: str | None = None) -> list[tuple[str, int]]:
    rows = await SQL.rows(connection, "find", text=text, order_key=order_key(text), merchant=merchant)
    exact = [row for row in rows if str(row["id"]) == text]
    return [(row["merchant"], row["id"]) for row in (exact or rows)]


async def passport(connection: Connection, merchant: str, return_id: int) -> dict[str, Any]:
    """Everything stored about one return, as rows: head, units, journal, goods-in effects."""
    head = await SQL.row(connection, "passport", merchant=merchant, return_id=return_id)
    assert head is not None
    return {
        "head": head,
        "units": [row["facts"] for row in await SQL.rows(connection, "units", merchant=merchant, return_id=return_id)],
        "journal": await SQL.rows(connection, "journal", merchant=merchant, return_id=return_id),
        "goods_in": await SQL.rows(connection, "goods_in", merchant=merchant, return_id=return_id),
    }


async def causes(connection: Connection, merchant: str | None = None) -> list[Record]:
    return await SQL.rows(connection, "causes", merchant=merchant)


async def open_states(connection: Connection, merchant: str) -> list[Record]:
    return await SQL.rows(connection, "open_states", merchant=merchant)


async def states(connection: Connection, merchant: str | None = None) -> list[Record]:
    return await SQL.rows(connection, "states", merchant=merchant)
