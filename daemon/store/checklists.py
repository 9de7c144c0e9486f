"""Checklists: the figures of each item, and who did it when. What is done is never undone; doing it again is another row."""

from datetime import date, datetime, timedelta

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)
DAY = timedelta(days=1)


async def figures(connection: Connection, merchant: str, now: datetime) -> dict[str, int]:
    row = await SQL.row(
        connection, "figures", merchant=merchant, now=now, day_ago=now - DAY, day_ahead=now + DAY,
        month_ago=(now - 31 * DAY).date(),
    )  # fmt: skip
    assert row is not None
    return {name: int(value) for name, value in row.items()}


async def done(
    connection: Connection, merchant: str, *, checklist: str, period: date, item: str, found: int, note: str, actor: str,
    now: datetime,
) -> int:  # fmt: skip
    return int(
        await SQL.value(
            connection, "done", merchant=merchant, checklist=checklist, period=period, item=item, found={"count": found},
            note=note, actor=actor, now=now,
        )
    )  # fmt: skip


async def history(
    connection: Connection, merchant: str, *, checklist: str | None, since: date, rows_max: int
) -> list[Record]:
    """Newest first."""
    return await SQL.rows(connection, "history", merchant=merchant, checklist=checklist, since=since, rows_max=rows_max)
