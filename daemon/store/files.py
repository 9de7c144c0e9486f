"""Files that people brought for the books, row by row, and which of them were undone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from daemon.store.sql import Connection, Record, statements
from statemachine.books.payouts import Part
from statemachine.books.terms import Coverage, Span, joined

SQL = statements(__file__)


async def put(
    connection: Connection, merchant: str, *, format_name: str, covers: str, provider: str, name: str, sha256: bytes,
    rows: int, counts: Mapping[str, int], warnings: Sequence[str], first_on: date | None, last_on: date | None, actor: str,
    at: datetime,
) -> int:  # fmt: skip
    """`counts`: how many rows were accepted, replaced, repeated and rejected."""
    number = await SQL.value(
        connection, "put", merchant=merchant, format=format_name, covers=covers, provider=provider, name=name, sha256=sha256,
        rows=rows, accepted=counts["accepted"], replaced=counts["replaced"], repeated=counts["repeated"],
        rejected=counts["rejected"], warnings=list(warnings), first_on=first_on, last_on=last_on, actor=actor, at=at,
    )  # fmt: skip
    return int(number)


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


async def put_parts(connection: Connection, merchant: str, file_id: int, provider: str, parts: Sequence[Part]) -> None:
    """What the lines of a file say of payouts."""
    await SQL.run(
        connection, "put_parts", merchant=merchant, file_id=file_id, provider=provider, **_columns(parts),
        says=[each.says.value for each in parts], days=[each.on for each in parts], nets=[each.net for each in parts],
        refunds=[each.refund for each in parts], fees=[each.fee for each in parts],
    )  # fmt: skip


async def unknown_parts(connection: Connection, merchant: str, provider: str, parts: Sequence[Part]) -> int:
    """How many of these lines no file that stands has said yet."""
    return int(await SQL.value(connection, "unknown_parts", merchant=merchant, provider=provider, **_columns(parts)))


def _columns(parts: Sequence[Part]) -> dict[str, list[str]]:
    return {
        "payout_ids": [each.payout_id for each in parts], "currencies": [each.currency for each in parts],
        "lines": [each.line for each in parts],
    }  # fmt: skip


async def payouts(connection: Connection, merchant: str, names: Iterable[tuple[str, str, str]]) -> list[Record]:
    """What all files that stand say of these payouts, each by platform, number and currency."""
    wanted = list(names)
    return await SQL.rows(
        connection, "payouts", merchant=merchant, providers=[each[0] for each in wanted],
        payout_ids=[each[1] for each in wanted], currencies=[each[2] for each in wanted],
    )  # fmt: skip


async def payouts_of_file(connection: Connection, merchant: str, file_id: int) -> set[tuple[str, str, str]]:
    rows = await SQL.rows(connection, "payouts_of_file", merchant=merchant, file_id=file_id)
    return {(row["provider"], row["payout_id"], row["currency"]) for row in rows}
