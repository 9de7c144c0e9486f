"""Merchants: who works them, under which fence, and how far each loop has come."""

from datetime import datetime
from typing import Any

from daemon.errors import LeaseLostError
from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def ensure(connection: Connection, merchants: list[str]) -> None:
    await SQL.run(connection, "ensure", merchants=merchants)


async def acquire(
    connection: Connection, merchants: list[str], *, owner: str, now: datetime, lease_until: datetime
) -> dict[str, int]:
    """Take or renew what can be had; answer merchant → fence. The connection's session stands for the holder."""
    rows = await SQL.rows(connection, "renew", owner=owner, lease_until=lease_until)
    rows += await SQL.rows(connection, "take", merchants=merchants, owner=owner, now=now, lease_until=lease_until)
    return {row["merchant"]: row["fence"] for row in rows}


async def release(connection: Connection, owner: str) -> None:
    await SQL.run(connection, "release", owner=owner)


async def hold_fence(connection: Connection, merchant: str, fence: int) -> None:
    """First statement of every writing transaction of a loop. Raises LeaseLostError."""
    if await SQL.row(connection, "hold_fence", merchant=merchant, fence=fence) is None:
        raise LeaseLostError(f"merchant {merchant}: fence {fence} is no longer ours")


async def everyone(connection: Connection) -> list[Record]:
    return await SQL.rows(connection, "everyone")


async def read_cursor(connection: Connection, merchant: str, name: str) -> Any:
    return await SQL.value(connection, "read_cursor", merchant=merchant, name=name)


async def write_cursor(connection: Connection, merchant: str, name: str, value: Any) -> None:
    await SQL.run(connection, "write_cursor", merchant=merchant, name=name, value=value)
