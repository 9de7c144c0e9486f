"""Maps as they were accepted, and what returns have really shown of what they should cover."""

from datetime import datetime
from typing import Any

from daemon.maps import NO_MAPS, from_content
from daemon.store.sql import Connection, Record, statements
from statemachine.credit.maps import CreditMap

SQL = statements(__file__)


async def latest(connection: Connection, merchant: str) -> Record | None:
    """The version in force with its content; None when none was ever accepted."""
    return await SQL.row(connection, "latest", merchant=merchant)


async def in_force(connection: Connection, merchant: str) -> CreditMap:
    """The maps that decide; none where none was ever accepted."""
    row = await latest(connection, merchant)
    return from_content(row["content"]) if row is not None else NO_MAPS


async def latest_version(connection: Connection, merchant: str) -> str:
    """Empty when none was ever accepted."""
    return await SQL.value(connection, "latest_version", merchant=merchant) or ""


async def versions(connection: Connection, merchant: str, wanted: list[str]) -> dict[str, dict[str, Any]]:
    rows = await SQL.rows(connection, "versions", merchant=merchant, versions=wanted)
    return {row["version"]: row["content"] for row in rows}


async def history(connection: Connection, merchant: str, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "history", merchant=merchant, rows_max=rows_max)


async def accept(
    connection: Connection, merchant: str, *, version: str, content: dict[str, Any], accepted_by: str, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    await SQL.run(
        connection, "accept", merchant=merchant, version=version, content=content, accepted_by=accepted_by, reason=reason,
        now=now,
    )  # fmt: skip


async def reasons_seen(connection: Connection, merchant: str, since: datetime) -> dict[str, int]:
    rows = await SQL.rows(connection, "reasons_seen", merchant=merchant, since=since)
    return {row["reason"]: row["units"] for row in rows}


async def skus_without_a_row(connection: Connection, merchant: str) -> dict[str, int]:
    return {row["sku"]: row["units"] for row in await SQL.rows(connection, "skus_without_a_row", merchant=merchant)}


async def bundles_in_parts(connection: Connection, merchant: str) -> dict[str, int]:
    rows = await SQL.rows(connection, "bundles_in_parts", merchant=merchant)
    return {row["bundle"]: row["returns"] for row in rows}


async def destinations_seen(connection: Connection, merchant: str, since: datetime) -> dict[str, int]:
    rows = await SQL.rows(connection, "destinations_seen", merchant=merchant, since=since)
    return {row["destination"]: row["units"] for row in rows}


async def decided_since(
    connection: Connection, merchant: str, *, since: datetime, after: int, batch_max: int
) -> list[int]:
    rows = await SQL.rows(connection, "decided_since", merchant=merchant, since=since, after=after, batch_max=batch_max)
    return [row["id"] for row in rows]
