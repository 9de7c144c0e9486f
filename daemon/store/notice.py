"""Notices and messages: what teams are to know, and what is on its way to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from daemon.store.sql import Connection, Merchants, Record, listed, statements
from statemachine.notices import Notice

SQL = statements(__file__)
EXAMPLES = 10  # returns named for each topic of a digest


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a team has not been told yet."""

    notices: int
    since: datetime
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel of a team; its id is the same on every attempt."""

    id: UUID
    team: str
    channel: str
    content: dict[str, Any]
    attempts: int
    created_at: datetime


def notice_row(notice: Notice, *, return_id: int, version: int) -> dict[str, Any]:
    return {
        "return_id": return_id, "version": version, "topic": notice.topic, "team": notice.team,
        "severity": notice.severity.value, "level": notice.level,
    }  # fmt: skip


async def put(
    connection: Connection, merchant: str, rows: list[dict[str, Any]], topics: dict[int, str], now: datetime
) -> None:
    """Store new notices, and clear those of returns that are no longer where they were. `topics`: where each is now."""
    now_at = [{"return_id": return_id, "topic": topic} for return_id, topic in sorted(topics.items())]
    await SQL.run(connection, "clear", merchant=merchant, rows=now_at, now=now)
    if rows:
        await SQL.run(connection, "put", merchant=merchant, rows=rows, now=now)


async def is_due(connection: Connection, merchant: str, now: datetime) -> bool:
    """Whether there is anything to tell or to deliver."""
    return bool(await SQL.value(connection, "is_due", merchant=merchant, now=now))


async def untold(connection: Connection, merchant: str) -> dict[str, Waiting]:
    rows = await SQL.rows(connection, "untold", merchant=merchant)
    return {row["team"]: Waiting(row["notices"], row["since"], row["is_urgent"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Topic:
    """One line of a digest."""

    topic: str
    new: int
    open: int
    oldest_at: datetime
    is_urgent: bool
    return_ids: tuple[int, ...]
    """The first few of what is new."""


async def tell(connection: Connection, merchant: str, team: str, digest_id: UUID, now: datetime) -> list[Topic]:
    """Take everything a team was not told into this digest: a line a topic, urgent and large ones first."""
    taken: dict[str, list[Record]] = {}
    for row in await SQL.rows(connection, "tell", merchant=merchant, team=team, digest_id=digest_id, now=now):
        taken.setdefault(row["topic"], []).append(row)
    standing = await SQL.rows(connection, "open_topics", merchant=merchant, team=team, topics=sorted(taken))
    topics = [
        Topic(
            row["topic"], len(taken[row["topic"]]), row["open"], row["oldest_at"],
            any(each["severity"] == "urgent" for each in taken[row["topic"]]),
            tuple(sorted({each["return_id"] for each in taken[row["topic"]]})[:EXAMPLES]),
        )
        for row in standing
    ]  # fmt: skip
    return sorted(topics, key=lambda topic: (not topic.is_urgent, -topic.new, topic.topic))


async def over_since(connection: Connection, merchant: str, team: str, since: datetime) -> list[Record]:
    """Topics a team was told of and that nothing is open for any more."""
    return await SQL.rows(connection, "over_since", merchant=merchant, team=team, since=since)


async def names(connection: Connection, merchant: str, ids: list[int]) -> dict[int, Record]:
    return {row["id"]: row for row in await SQL.rows(connection, "names", merchant=merchant, ids=ids)}


async def put_message(connection: Connection, merchant: str, message: Message, now: datetime) -> None:
    await SQL.run(
        connection, "put_message", merchant=merchant, id=message.id, team=message.team, channel=message.channel,
        content=message.content, now=now,
    )  # fmt: skip


async def due_messages(connection: Connection, merchant: str, now: datetime, batch_max: int) -> list[Message]:
    rows = await SQL.rows(connection, "due_messages", merchant=merchant, now=now, batch_max=batch_max)
    return [Message(**dict(row)) for row in rows]


async def settle_message(
    connection: Connection, merchant: str, message: Message, *, error: str | None, due_at: datetime, now: datetime
) -> None:
    """Sent when there is no error; else to be tried again at `due_at`."""
    await SQL.run(
        connection, "settle_message", merchant=merchant, id=message.id, state="done" if error is None else "ready",
        error=error, due_at=due_at, now=now,
    )  # fmt: skip


async def listing(connection: Connection, *, merchants: Merchants, team: str | None, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "listing", merchants=listed(merchants), team=team, rows_max=rows_max)


async def messages(connection: Connection, *, merchants: Merchants, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "messages", merchants=listed(merchants), rows_max=rows_max)


async def bring_near(connection: Connection, merchant: str, *, now: datetime, at_most: datetime) -> None:
    """Undo what a clock that was wrong put off until after `at_most`."""
    await SQL.run(connection, "bring_near", merchant=merchant, now=now, at_most=at_most)
