"""Accounts of people, their sessions, and the log of who came in."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def add(
    connection: Connection, name: str, *, role: str, merchants: Sequence[str] | None, password_hash: str | None,
    created_by: str, now: datetime,
) -> bool:  # fmt: skip
    """False when there is an account of that name already."""
    row = await SQL.row(
        connection, "add", name=name, role=role, merchants=merchants, password_hash=password_hash,
        created_by=created_by, now=now,
    )  # fmt: skip
    return row is not None


async def read(connection: Connection, name: str) -> Record | None:
    return await SQL.row(connection, "read", name=name)


async def listing(connection: Connection, *, rows_max: int = 1000) -> list[Record]:
    return await SQL.rows(connection, "listing", rows_max=rows_max)


async def change(
    connection: Connection, name: str, *, now: datetime, role: str | None = None, password_hash: str | None = None,
    disabled: bool | None = None, merchants: Sequence[str] | None = None, sets_merchants: bool = False,
) -> bool:  # fmt: skip
    """Change what is given, free a locked account, and end its sessions; False when there is no such account."""
    row = await SQL.row(
        connection, "change", name=name, role=role, merchants=merchants, sets_merchants=sets_merchants,
        password_hash=password_hash, disabled=disabled, now=now,
    )  # fmt: skip
    await SQL.run(connection, "end_sessions", account=name)
    return row is not None


async def administrators(connection: Connection) -> int:
    return len(await SQL.rows(connection, "administrators"))


async def count_failure(
    connection: Connection, name: str, *, now: datetime, failures_max: int, rest: timedelta
) -> Record | None:
    return await SQL.row(connection, "count_failure", name=name, now=now, failures_max=failures_max, rest=rest)


async def forget_failures(connection: Connection, name: str) -> None:
    await SQL.run(connection, "forget_failures", name=name)


async def replace_hash(connection: Connection, name: str, password_hash: str) -> None:
    """The same password under newer parameters; sessions stay."""
    await SQL.run(connection, "replace_hash", name=name, password_hash=password_hash)


async def begin_session(
    connection: Connection, *, token_hash: bytes, account: str, csrf: str, way: str, now: datetime, expires_at: datetime
) -> None:
    await SQL.run(connection, "forget_old", now=now)
    await SQL.run(
        connection, "begin_session", token_hash=token_hash, account=account, csrf=csrf, way=way, now=now,
        expires_at=expires_at,
    )  # fmt: skip
    await SQL.run(connection, "seen", name=account, now=now)


async def session(connection: Connection, token_hash: bytes, *, now: datetime, idle_since: datetime) -> Record | None:
    return await SQL.row(connection, "session", token_hash=token_hash, now=now, idle_since=idle_since)


async def touch_session(connection: Connection, token_hash: bytes, now: datetime) -> None:
    await SQL.run(connection, "touch_session", token_hash=token_hash, now=now)


async def end_session(connection: Connection, token_hash: bytes) -> None:
    await SQL.run(connection, "end_session", token_hash=token_hash)


async def begin_openid(
    connection: Connection, *, token_hash: bytes, nonce: str, verifier: str, goes_to: str, now: datetime,
    expires_at: datetime,
) -> None:  # fmt: skip
    await SQL.run(connection, "forget_openid", now=now)
    await SQL.run(
        connection, "begin_openid", token_hash=token_hash, nonce=nonce, verifier=verifier, goes_to=goes_to,
        expires_at=expires_at,
    )  # fmt: skip


async def end_openid(connection: Connection, token_hash: bytes, now: datetime) -> Record | None:
    """What the attempt must come back with; None when there is none, or not any more."""
    row = await SQL.row(connection, "end_openid", token_hash=token_hash)
    return row if row is not None and row["expires_at"] > now else None


async def log(
    connection: Connection, *, actor: str, action: str, now: datetime, subject: str = "", merchant: str = "",
    address: str = "", detail: str = "",
) -> None:  # fmt: skip
    """Write down who did, or tried, what at the door."""
    await SQL.run(
        connection, "log", actor=actor[:200], action=action, now=now, subject=subject[:200], merchant=merchant,
        address=address[:60], detail=detail[:1000],
    )  # fmt: skip


async def logged(
    connection: Connection, *, action: str | None = None, after: int | None = None, rows_max: int
) -> list[Record]:
    """Newest first."""
    return await SQL.rows(connection, "logged", action=action, after=after, rows_max=rows_max)
