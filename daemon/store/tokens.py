"""Tokens of programs, and what their writes were answered with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)

SCOPES = ("helpdesk", "read", "warehouse", "write")


async def add(
    connection: Connection, name: str, *, token_hash: bytes, scope: str, merchants: Sequence[str] | None,
    created_by: str, now: datetime, expires_at: datetime | None,
) -> bool:  # fmt: skip
    """False when there is, or was, a token of that name: names are not used twice."""
    row = await SQL.row(
        connection, "add", name=name, token_hash=token_hash, scope=scope, merchants=merchants, created_by=created_by,
        now=now, expires_at=expires_at,
    )  # fmt: skip
    return row is not None


async def in_force(connection: Connection, token_hash: bytes, now: datetime) -> Record | None:
    """At the door, as `touch`."""
    return await SQL.row(connection, "in_force", token_hash=token_hash, now=now)


async def touch(connection: Connection, token_id: int, now: datetime) -> None:
    await SQL.run(connection, "touch", id=token_id, now=now)


async def revoke(connection: Connection, name: str, now: datetime) -> bool:
    return await SQL.row(connection, "revoke", name=name, now=now) is not None


async def listing(connection: Connection, *, rows_max: int = 1000) -> list[Record]:
    return await SQL.rows(connection, "listing", rows_max=rows_max)


async def answered(connection: Connection, token_id: int, key: str) -> Record | None:
    """What this key was answered with before."""
    return await SQL.row(connection, "answered", token_id=token_id, key=key)


async def answer(
    connection: Connection, token_id: int, key: str, *, asked: bytes, status: int, body: Any, now: datetime
) -> None:
    await SQL.run(connection, "answer", token_id=token_id, key=key, asked=asked, status=status, body=body, now=now)
