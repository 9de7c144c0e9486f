"""Health as it is stored: how everything stands, what was said of it to whom, and what the database tells of itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from daemon.health.kinds import INSTALLATION
from daemon.health.signals import Signal
from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


@dataclass(frozen=True, slots=True)
class Told:
    """A signal, and how often somebody was told of the trouble."""

    signal: Signal
    steps: int
    since: datetime | None
    """When the trouble began that somebody was told of."""
    status: str
    """And its kind; empty when nobody was told."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing said to one team by one way."""

    merchant: str
    subject: str
    began_at: datetime
    step: int
    """1 when it began, more as it lasts, 0 when it was over."""
    team: str
    channel: str
    id: UUID
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A way to a team by which nothing arrives."""

    team: str
    channel: str
    since: datetime
    messages: int
    why: str


@dataclass(frozen=True, slots=True)
class DatabaseState:
    is_read_only: bool
    bytes: int
    at: datetime
    """By the database's own clock."""
    archives: bool
    archived_at: datetime | None
    archive_failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """When a webhook last came, and what was first learned by asking since."""

    webhook_at: datetime | None
    news: int
    first_at: datetime | None


async def read(connection: Connection, merchants: Iterable[str], *, installation: bool = True) -> list[Signal]:
    """How these merchants stand, and what concerns all."""
    wanted = [*merchants, *([INSTALLATION] if installation else [])]
    return [Signal(**dict(row)) for row in await SQL.rows(connection, "read", merchants=wanted)]


async def told(connection: Connection, merchants: Iterable[str]) -> list[Told]:
    """What is in trouble, or was and somebody still thinks so."""
    rows = await SQL.rows(connection, "told", merchants=[*merchants, INSTALLATION])
    return [
        Told(
            Signal(**{name: value for name, value in row.items() if not name.startswith("told_")}),
            row["told_steps"], row["told_since"], row["told_status"] or "",
        )
        for row in rows
    ]  # fmt: skip


async def put(connection: Connection, signals: Sequence[Signal], now: datetime) -> None:
    if signals:
        rows = [
            {
                "merchant": each.merchant, "subject": each.subject, "status": each.status, "since": each.since.isoformat(),
                "why": each.why[:1000], "setting": each.setting, "file": each.file,
                "good_at": each.good_at.isoformat() if each.good_at else None,
            }
            for each in signals
        ]  # fmt: skip
        await SQL.run(connection, "put", rows=rows, now=now)


async def step(
    connection: Connection, signal: Signal, *, before: int, steps: int, since: datetime | None
) -> bool:  # fmt: skip
    """Note that somebody is told so often of this; False when another daemon was sooner, and tells it."""
    row = await SQL.row(
        connection, "step", merchant=signal.merchant, subject=signal.subject, before=before, steps=steps, since=since,
        status=signal.status if steps else None,
    )  # fmt: skip
    return row is not None


async def put_alerts(connection: Connection, alerts: Sequence[Alert], now: datetime) -> None:
    """Each is stored once, whatever is repeated."""
    if alerts:
        rows = [
            {
                "merchant": each.merchant, "subject": each.subject, "began_at": each.began_at.isoformat(),
                "step": each.step, "team": each.team, "channel": each.channel, "id": str(each.id), "content": each.content,
            }
            for each in alerts
        ]  # fmt: skip
        await SQL.run(connection, "put_alerts", rows=rows, now=now)


async def take_alerts(connection: Connection, *, now: datetime, again_at: datetime, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "take_alerts", now=now, again_at=again_at, rows_max=rows_max)


async def settle_alert(
    connection: Connection, alert_id: UUID, *, error: str | None, due_at: datetime, now: datetime
) -> None:
    await SQL.run(connection, "settle_alert", id=alert_id, error=error, due_at=due_at, now=now)


async def unheard(connection: Connection, *, since: datetime, before: datetime) -> list[Record]:
    """Alerts made in that time of which nothing has arrived anywhere."""
    return await SQL.rows(connection, "unheard", since=since, before=before)


async def undelivered(connection: Connection, *, before: datetime) -> list[Undelivered]:
    """Ways by which what was made before then has not arrived."""
    rows = await SQL.rows(connection, "undelivered", before=before)
    return [Undelivered(row["team"], row["channel"], row["since"], row["messages"], row["why"]) for row in rows]


async def listing(connection: Connection, merchants: Iterable[str], *, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "listing", merchants=list(merchants), rows_max=rows_max)


async def forget_alerts(connection: Connection, before: datetime) -> int:
    return await SQL.run(connection, "forget_alerts", before=before)


async def webhooks(connection: Connection, merchant: str, *, rows_max: int) -> Webhooks:
    row = await SQL.row(connection, "webhooks", merchant=merchant, rows_max=rows_max)
    assert row is not None
    return Webhooks(row["webhook_at"], row["news"], row["first_at"])


async def waiting(connection: Connection, merchant: str, now: datetime, rows_max: int) -> list[Record]:
    """Returns whose credit is due and that wait for nothing else."""
    return await SQL.rows(connection, "waiting", merchant=merchant, now=now, rows_max=rows_max)


async def database_state(connection: Connection) -> DatabaseState:
    row = await SQL.row(connection, "database")
    assert row is not None
    return DatabaseState(**dict(row))
