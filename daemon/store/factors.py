"""The second factor of accounts, sealed, and its recovery codes, hashed.

Of an account's own the functions are spoken to by it or at the door; an administrator only takes one away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from daemon.store.sql import Connection, statements

SQL = statements(__file__)


@dataclass(frozen=True, slots=True)
class Factor:
    """What is kept of one."""

    sealed: bytes
    last_step: int
    """The time step of the last code that was taken."""
    confirmed_at: datetime | None
    """None: begun, and asked for by no sign-in yet."""
    codes_left: int


async def of(connection: Connection, account: str) -> Factor | None:
    row = await SQL.row(connection, "of", account=account)
    return Factor(row["sealed"], row["last_step"], row["confirmed_at"], row["codes_left"]) if row is not None else None


async def begin(connection: Connection, account: str, sealed: bytes, now: datetime) -> bool:
    """One that is to be confirmed, in place of another that was not. False when one is confirmed already."""
    await SQL.run(connection, "forget_unconfirmed", account=account)
    return await SQL.row(connection, "begin", account=account, sealed=sealed, now=now) is not None


async def confirm(connection: Connection, account: str, now: datetime) -> bool:
    return await SQL.row(connection, "confirm", account=account, now=now) is not None


async def take_step(connection: Connection, account: str, step: int, sealed: bytes) -> bool:
    """A code of this step was right. False when it, or a later one, was taken before. `sealed`: under today's key."""
    return bool(await SQL.value(connection, "take_step", account=account, step=step, sealed=sealed))


async def take_recovery_code(connection: Connection, account: str, code_hash: bytes, now: datetime) -> bool:
    """False when there is no such code, or it was used before."""
    return bool(await SQL.value(connection, "take_recovery_code", account=account, code_hash=code_hash, now=now))


async def put_codes(connection: Connection, account: str, code_hashes: Sequence[bytes]) -> None:
    """Instead of those there were."""
    await SQL.run(connection, "forget_codes", account=account)
    await SQL.run(connection, "put_codes", account=account, code_hashes=list(code_hashes))


async def remove(connection: Connection, account: str) -> bool:
    """With every code of it; False when there was none."""
    return await SQL.row(connection, "remove", account=account) is not None
