"""Goods as the warehouse looks at them: on their way, here, odd; and which Happy Returns was told of."""

from collections.abc import Sequence
from datetime import datetime

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def bags(connection: Connection, merchant: str, *, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "bags", merchant=merchant, rows_max=rows_max)


async def odd(connection: Connection, merchant: str, *, since: datetime, rows_max: int) -> list[Record]:
    """Damaged, wrong or missing."""
    return await SQL.rows(connection, "odd", merchant=merchant, since=since, rows_max=rows_max)


async def received(connection: Connection, merchant: str, *, since: datetime, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "received", merchant=merchant, since=since, rows_max=rows_max)


async def lock_family(connection: Connection, merchant: str, happy_return_id: str) -> None:
    """Receive the units of one return one after the other, until the transaction ends."""
    await SQL.row(connection, "lock_family", merchant=merchant, happy_return_id=happy_return_id)


async def of_returns(connection: Connection, merchant: str, ids: Sequence[int]) -> list[Record]:
    return await SQL.rows(connection, "of_returns", merchant=merchant, ids=list(ids))


async def to_report(connection: Connection, merchant: str, *, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "to_report", merchant=merchant, rows_max=rows_max)


async def mark_reported(connection: Connection, merchant: str, units: Sequence[Record], now: datetime) -> None:
    rows = [{name: unit[name] for name in ("happy_return_id", "order_key", "unit_key")} for unit in units]
    await SQL.run(connection, "mark_reported", merchant=merchant, rows=rows, now=now)
