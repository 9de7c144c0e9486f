"""Merchants: who works them, under which fence, and how far each loop has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from daemon.errors import LeaseLostError
from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def ensure(connection: Connection, merchants: list[str]) -> None:
    await SQL.run(connection, "ensure", merchants=merchants)


@dataclass(frozen=True, slots=True)
class Share:
    """What one daemon holds, merchant → fence, and how many it should hold at most."""

    held: dict[str, int]
    fair: int

    @property
    def surplus(self) -> list[str]:
        """Merchants to hand over, since a daemon has joined."""
        return sorted(self.held)[self.fair :]


async def acquire(connection: Connection, merchants: list[str], *, owner: str, lease_seconds: float) -> Share:
    """Renew what is ours and take what is free, up to an equal share. The connection's session stands for the holder."""
    await SQL.run(connection, "report", owner=owner, lease_seconds=lease_seconds)
    rows = await SQL.rows(connection, "renew", owner=owner, lease_seconds=lease_seconds)
    held = {row["merchant"]: row["fence"] for row in rows}
    alive = max(int(await SQL.value(connection, "alive")), 1)
    fair = -(-len(merchants) // alive)
    if len(held) < fair:
        taken = await SQL.rows(
            connection, "take", merchants=merchants, owner=owner, lease_seconds=lease_seconds, room=fair - len(held)
        )
        held |= {row["merchant"]: row["fence"] for row in taken}
    return Share(held, fair)


async def release(connection: Connection, owner: str, merchants: list[str]) -> None:
    await SQL.run(connection, "release", owner=owner, merchants=merchants)


async def leave(connection: Connection, owner: str) -> None:
    """This daemon ends: whoever is left shares what it held."""
    await SQL.run(connection, "forget", owner=owner)


async def hold_fence(connection: Connection, merchant: str, fence: int) -> None:
    """First statement of every writing transaction of a loop. Raises LeaseLostError."""
    if await SQL.row(connection, "hold_fence", merchant=merchant, fence=fence) is None:
        raise LeaseLostError(f"merchant {merchant}: fence {fence} is no longer ours")


async def awake(connection: Connection, merchants: list[str], *, kinds: tuple[str, ...], now: datetime) -> set[str]:
    rows = await SQL.rows(connection, "awake", merchants=merchants, kinds=list(kinds), now=now)
    return {row["merchant"] for row in rows}


async def everyone(connection: Connection) -> list[Record]:
    return await SQL.rows(connection, "everyone")


async def read_cursor(connection: Connection, merchant: str, name: str) -> Any:
    return await SQL.value(connection, "read_cursor", merchant=merchant, name=name)


async def write_cursor(connection: Connection, merchant: str, name: str, value: Any) -> None:
    await SQL.run(connection, "write_cursor", merchant=merchant, name=name, value=value)
