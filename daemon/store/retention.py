"""Retention: returns that have long been over go as a whole, in small batches that lock nothing anybody waits for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import orjson

from daemon.store import chain, privacy
from daemon.store.database import Database
from daemon.store.sql import Connection, statements

SQL = statements(__file__)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
BATCH_MAX = 200  # families, or bodies, in one transaction: a few thousand rows


async def count_over(connection: Connection, merchant: str, before: datetime) -> int:
    """Returns that were over by then, at most this many would go."""
    return int(await SQL.value(connection, "count_over", merchant=merchant, before=before))


@dataclass(frozen=True, slots=True)
class Pruned:
    """One batch: what went, and where the next begins; None when everything was looked at."""

    returns: int
    bodies: int
    after: tuple[datetime, int] | None


@contextmanager
def open_archive(file: Path) -> Iterator[BinaryIO]:
    """To append to. A new one is nobody else's to read: it holds what may name a person; its name is on disk at once."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as archive:
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        yield archive


async def prune(
    database: Database, merchant: str, before: datetime, after: tuple[datetime, int] | None, *,
    archive: BinaryIO | None = None,
) -> Pruned:  # fmt: skip
    """Take one batch of what was over before. Begin with `after` None and go on with what is answered.

    A return goes only with all parts of its family and everything that belongs to them: journal, events, effects. Into the
    archive goes one JSON line a row, on disk before anything is removed: a line may stand there twice, none is missing.
    """
    async with database.transaction("prune") as connection:
        bodies = await privacy.drop_old_bodies(connection, merchant, before, BATCH_MAX)
        await privacy.drop_old_messages(connection, merchant, before, BATCH_MAX)
        after_at, after_id = after or (BEGINNING, 0)
        page = await SQL.rows(
            connection, "over_page", merchant=merchant, before=before, after_at=after_at, after_id=after_id,
            batch_max=BATCH_MAX,
        )  # fmt: skip
        going = sorted({(row["happy_return_id"], row["order_key"]) for row in page if row["may_go"]})
        families = {"happy_return_ids": [each[0] for each in going], "order_keys": [each[1] for each in going]}
        ids = [row["id"] for row in await SQL.rows(connection, "lock_families", merchant=merchant, **families)]
        if ids and archive is not None:
            for row in await SQL.rows(connection, "going", merchant=merchant, ids=ids, **families):
                archive.write(orjson.dumps({"kind": row["kind"], "row": row["row"]}, default=str) + b"\n")
            archive.flush()
            os.fsync(archive.fileno())
        if ids:
            await chain.forget(connection, merchant, ids)
            for name in (
                "drop_attempts",
                "drop_effects",
                "drop_deadlines",
                "drop_notices",
                "drop_batch_items",
                "drop_units",
                "drop_returns",
                "drop_journal",
            ):
                await SQL.run(connection, name, merchant=merchant, ids=ids)
            await SQL.run(connection, "drop_events", merchant=merchant, **families)
            watched = families["happy_return_ids"]
            await SQL.run(connection, "drop_watches", merchant=merchant, happy_return_ids=watched)
        last = (page[-1]["updated_at"], page[-1]["id"]) if page else after
        is_done = len(page) < BATCH_MAX and bodies < BATCH_MAX
        return Pruned(len(ids), bodies, None if is_done else last or (BEGINNING, 0))
