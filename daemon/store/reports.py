"""Reports: what people and programs read. Nothing here changes anything."""

from typing import Any

from daemon.store.sql import Connection, Record, statements
from statemachine.causes import CAUSES
from statemachine.refs import order_key

SQL = statements(__file__)


async def returns(
    connection: Connection, *, merchant: str | None = None, state: str | None = None, cause: str | None = None,
    owner: str | None = None, order_number: str | None = None, fingerprint: str | None = None, after: int | None = None,
    rows_max: int = 1000,
) -> list[Record]:  # fmt: skip
    owned = [each.code for each in CAUSES.values() if each.owner == owner]
    return await SQL.rows(
        connection, "returns", merchant=merchant, state=state, cause=cause, owner=owner, owned=owned,
        order_key=order_key(order_number) if order_number else None, fingerprint=fingerprint, after=after,
        rows_max=rows_max,
    )  # fmt: skip


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


async def causes(
    connection: Connection, merchant: str | None = None, *, cause: str | None = None, owner: str | None = None,
    fingerprint: str | None = None,
) -> list[Record]:  # fmt: skip
    return await SQL.rows(connection, "causes", merchant=merchant, cause=cause, owner=owner, fingerprint=fingerprint)


async def fingerprints(
    connection: Connection, merchant: str | None = None, *, cause: str | None = None, owner: str | None = None,
    fingerprint: str | None = None,
) -> list[Record]:  # fmt: skip
    return await SQL.rows(
        connection, "fingerprints", merchant=merchant, cause=cause, owner=owner, fingerprint=fingerprint
    )


async def states(connection: Connection, merchant: str | None = None) -> list[Record]:
    return await SQL.rows(connection, "states", merchant=merchant)
