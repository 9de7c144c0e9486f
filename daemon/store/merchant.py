"""Merchants: who works them, under which fence, and how far each loop has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from daemon.errors import LeaseLostError
from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)
OBSERVING = "observing"
"""The cursor where the daemon that took the merchant says whether it only looks."""


async def ensure(connection: Connection, merchants: list[str]) -> None:
    await SQL.run(connection, "ensure", merchants=merchants)


@dataclass(frozen=True, slots=True)
class Share:
    """What one daemon holds, merchant → fence, and how many it should hold at most."""

    held: dict[str, int]
    fair: int
    writes_held: frozenset[str] = frozenset()
    """Of these, those to whose vendors nothing may be sent."""
    doubt_seconds: Mapping[str, float] = field(default_factory=dict)
    """Of these, those of whom this life of the database may have forgotten something; how long that is still so."""

    @property
    def surplus(self) -> list[str]:
        """Merchants to hand over, since a daemon has joined."""
        return sorted(self.held)[self.fair :]


async def acquire(
    connection: Connection, merchants: list[str], *, owner: str, lease_seconds: float, doubt_seconds: float = 0.0
) -> Share:
    """Renew what is ours and take what is free, up to an equal share. The connection's session stands for the holder.

    `doubt_seconds`: how long after a change of the database's life a write of the last one may still be on its way, or
    not yet be found at the vendor.
    """
    await SQL.run(connection, "report", owner=owner, lease_seconds=lease_seconds)
    await SQL.rows(connection, "doubt", merchants=merchants, doubt_seconds=doubt_seconds)
    rows = await SQL.rows(connection, "renew", owner=owner, lease_seconds=lease_seconds)
    alive = max(int(await SQL.value(connection, "alive")), 1)
    fair = -(-len(merchants) // alive)
    if len(rows) < fair:
        rows += await SQL.rows(
            connection, "take", merchants=merchants, owner=owner, lease_seconds=lease_seconds, room=fair - len(rows)
        )
    return Share(
        {row["merchant"]: row["fence"] for row in rows}, fair,
        frozenset(row["merchant"] for row in rows if row["is_held"]),
        {row["merchant"]: row["doubt_seconds"] for row in rows if row["doubt_seconds"] > 0},
    )  # fmt: skip


async def release(connection: Connection, owner: str, merchants: list[str]) -> None:
    await SQL.run(connection, "release", owner=owner, merchants=merchants)


async def leave(connection: Connection, owner: str) -> None:
    """This daemon ends: whoever is left shares what it held."""
    await SQL.run(connection, "forget", owner=owner)


async def hold_fence(connection: Connection, merchant: str, fence: int) -> bool:
    """First statement of every writing transaction of a loop; whether writes to the vendors are held.

    Raises LeaseLostError, also when the database has begun another life since the lease was given.
    """
    return _held(await SQL.row(connection, "hold_fence", merchant=merchant, fence=fence), merchant, fence)


async def hold(connection: Connection, merchant: str, *, actor: str, why: str, now: datetime) -> bool:
    """Let nothing leave for this merchant's vendors; False when that was so already."""
    return await SQL.row(connection, "hold", merchant=merchant, actor=actor, why=why, now=now) is not None


async def go_live(connection: Connection, merchant: str) -> bool:
    """Let writes leave again; False when nothing was held."""
    await SQL.run(connection, "release_observed", merchant=merchant, name=OBSERVING)
    return await SQL.row(connection, "go_live", merchant=merchant) is not None


async def say_restored(connection: Connection) -> list[str]:
    """What the database knows may be older than what was sent. Every lease is void; the merchants, in order."""
    return sorted(row["merchant"] for row in await SQL.rows(connection, "say_restored"))


async def awake(connection: Connection, merchants: list[str], *, kinds: tuple[str, ...], now: datetime) -> set[str]:
    rows = await SQL.rows(connection, "awake", merchants=merchants, kinds=list(kinds), now=now)
    return {row["merchant"] for row in rows}


async def everyone(connection: Connection) -> list[Record]:
    return await SQL.rows(connection, "everyone")


async def read_cursor(connection: Connection, merchant: str, name: str) -> Any:
    return await SQL.value(connection, "read_cursor", merchant=merchant, name=name)


async def keep_cursor(connection: Connection, merchant: str, fence: int, name: str, value: Any) -> bool:
    """`hold_fence` and `write_cursor` in one statement, for a loop that has nothing else to store."""
    row = await SQL.row(connection, "keep_cursor", merchant=merchant, fence=fence, name=name, value=value)
    return _held(row, merchant, fence)


def _held(row: Record | None, merchant: str, fence: int) -> bool:
    if row is None:
        raise LeaseLostError(f"merchant {merchant}: fence {fence} is no longer ours")
    return bool(row["is_held"])


async def write_cursor(connection: Connection, merchant: str, name: str, value: Any) -> None:
    await SQL.run(connection, "write_cursor", merchant=merchant, name=name, value=value)
