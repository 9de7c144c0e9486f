"""What people did with each month, and how the books checks went."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def put(
    connection: Connection, merchant: str, *, period: str, action: str, actor: str, reason: str, at: datetime,
    pack_sha256: bytes | None = None, figures: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    return int(
        await SQL.value(
            connection,
            "put",
            merchant=merchant,
            period=period,
            action=action,
            actor=actor,
            reason=reason,
            pack_sha256=pack_sha256,
            figures=dict(figures or {}),
            at=at,
        )
    )


async def events(connection: Connection, merchant: str, at: datetime | None, period: str | None = None) -> list[Record]:
    """Everything done with periods until a moment, in order."""
    return await SQL.rows(connection, "events", merchant=merchant, at=at, period=period)


async def closed_until(connection: Connection, merchant: str) -> str | None:
    """The newest closed month as YYYY-MM."""
    return await SQL.value(connection, "closed_until", merchant=merchant)  # type: ignore[no-any-return]


async def put_check(
    connection: Connection, merchant: str, *, name: str, violations: int, detail: Any, actor: str, at: datetime
) -> None:
    await SQL.run(
        connection, "put_check", merchant=merchant, name=name, violations=violations, detail=detail, actor=actor, at=at
    )


async def checks(connection: Connection, merchant: str, at: datetime | None) -> list[Record]:
    return await SQL.rows(connection, "checks", merchant=merchant, at=at)
