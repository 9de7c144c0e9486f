"""Files that people brought for the books, row by row, and which of them were undone."""

from collections.abc import Sequence
from datetime import date, datetime

from daemon.store.sql import Connection, Record, statements
from statemachine.books.terms import Coverage, Span, joined

SQL = statements(__file__)


async def put(
    connection: Connection, merchant: str, *, format_name: str, covers: str, provider: str, name: str, sha256: bytes,
    rows: int, accepted: int, repeated: int, rejected: int, first_on: date | None, last_on: date | None, actor: str,
    at: datetime,
) -> int:  # fmt: skip
    return int(
        await SQL.value(
            connection,
            "put",
            merchant=merchant,
            format=format_name,
            covers=covers,
            provider=provider,
            name=name,
            sha256=sha256,
            rows=rows,
            accepted=accepted,
            repeated=repeated,
            rejected=rejected,
            first_on=first_on,
            last_on=last_on,
            actor=actor,
            at=at,
        )
    )


async def put_rows(
    connection: Connection, merchant: str, file_id: int, rows: Sequence[tuple[int, str, str, str]]
) -> None:
    """(row, result, detail, leg)."""
    await SQL.run(
        connection, "put_rows", merchant=merchant, file_id=file_id, rows=[r[0] for r in rows],
        results=[r[1] for r in rows], details=[r[2] for r in rows], legs=[r[3] for r in rows],
    )  # fmt: skip


async def of_content(connection: Connection, merchant: str, sha256: bytes) -> Record | None:
    """The file with this content that stands; None when there is none, or it was undone."""
    return await SQL.row(connection, "of_content", merchant=merchant, sha256=sha256)


async def listing(
    connection: Connection, merchant: str, *, file_id: int | None = None, rows_max: int = 200
) -> list[Record]:
    return await SQL.rows(connection, "listing", merchant=merchant, id=file_id, rows_max=rows_max)


async def rows(
    connection: Connection, merchant: str, file_id: int, *, result: str | None = None, rows_max: int = 100_000
) -> list[Record]:
    return await SQL.rows(connection, "rows", merchant=merchant, file_id=file_id, result=result, rows_max=rows_max)


async def undo(connection: Connection, merchant: str, file_id: int, *, actor: str, reason: str, at: datetime) -> bool:
    """False when it was undone before."""
    return await SQL.run(connection, "undo", merchant=merchant, file_id=file_id, actor=actor, reason=reason, at=at) > 0


async def coverage(connection: Connection, merchant: str, at: datetime | None) -> Coverage:
    """Which days the files speak of that stood at a moment."""
    spans: dict[str, dict[str, list[Span]]] = {"payouts": {}, "fees": {}, "bank": {}}
    for row in await SQL.rows(connection, "coverage", merchant=merchant, at=at):
        for name in row["provider"].split() if row["covers"] == "bank" else (row["provider"],):
            spans[row["covers"]].setdefault(name, []).append((row["first_on"], row["last_on"]))
    return Coverage(
        {name: joined(each) for name, each in spans["payouts"].items()},
        joined(span for each in spans["fees"].values() for span in each),
        {name: joined(each) for name, each in spans["bank"].items()},
    )
