"""Importing: a file's rows become legs, row by row, once; a preview changes nothing; an import can be undone."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from anyio import to_thread

from daemon.errors import MalformedPayloadError, NotFoundError, RejectedError
from daemon.finance.formats.catalogue import read_file
from daemon.finance.formats.reading import Context, Reading, Row
from daemon.settings_merchant import MerchantSettings
from daemon.store import files, legs
from daemon.store.database import Database
from daemon.store.legs import Told
from daemon.store.sql import Connection
from statemachine.books.legs import Leg

FILE_MAX = 50 * 1024 * 1024
ROWS_TOGETHER = 2000
SHOWN_MAX = 1000
"""Rows of each result that are kept to be shown at once. Of a file that was imported, `files.rows` has them all."""
RESULTS = ("accepted", "repeated", "rejected", "other")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became, or would become, of a file. `file_id` is None for a preview and for a file that brought nothing new."""

    file_id: int | None
    name: str
    format: str
    covers: str
    provider: str
    counts: Mapping[str, int]
    """Result → how many rows."""
    rows: list[dict[str, Any]]
    """row, result (accepted, repeated, rejected, other), detail, leg; of each result the first SHOWN_MAX."""
    already: str = ""
    """When and by whom the very same file was imported."""

    def count(self, result: str) -> int:
        return self.counts.get(result, 0)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def summary(self) -> dict[str, Any]:
        counts = {result: self.count(result) for result in RESULTS}
        return {
            "file_id": self.file_id, "name": self.name, "format": self.format, "covers": self.covers,
            "provider": self.provider, **counts, "already": self.already,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file that somebody brought. It is read twice, first to say what it comes to and then to keep it: so never more than
    ROWS_TOGETHER of its rows are held."""

    raw: bytes
    context: Context
    format: str

    async def reading(self) -> Reading:
        return await to_thread.run_sync(lambda: read_file(self.raw, self.context, given=self.format))


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of one row."""

    row: int
    result: str
    detail: str
    leg: Leg | None = None

    @property
    def stored(self) -> tuple[int, str, str, str]:
        return self.row, self.result, self.detail, self.leg.key if self.leg is not None else ""

    @property
    def shown(self) -> dict[str, Any]:
        return dict(zip(("row", "result", "detail", "leg"), self.stored, strict=True))


@dataclass(slots=True)
class Survey:
    """What a file comes to."""

    counts: Counter[str] = field(default_factory=Counter)
    shown: list[dict[str, Any]] = field(default_factory=list)
    currencies: set[str] = field(default_factory=set)

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            self.counts[result.result] += 1
            if self.counts[result.result] <= SHOWN_MAX:
                self.shown.append(result.shown)
            if result.leg is not None:
                self.currencies.add(result.leg.currency)


async def import_file(
    database: Database, merchant: str, settings: MerchantSettings, raw: bytes, *, name: str, given: str = "",
    now: datetime, actor: str, preview: bool = False,
) -> Imported:  # fmt: skip
    """Read a file and keep what is new of it. Raises MalformedPayloadError when it can be read as nothing we know."""
    if len(raw) > FILE_MAX:
        raise MalformedPayloadError(f"the file is larger than {FILE_MAX // 1024 // 1024} MB: split it")
    file = File(raw, Context(ZoneInfo(settings.calendar.timezone), settings.finance.files), given)
    digest = hashlib.sha256(raw).digest()
    reading = await file.reading()
    async with database.transaction("import") as connection:
        at = await legs.tick(connection, merchant, now)
        survey = Survey()
        async for results in _results(connection, merchant, reading, at):
            survey.add(results)
        transfers = await _fuller(connection, merchant, reading.transfers)
        before = await files.of_content(connection, merchant, digest)
        provider = reading.provider or " ".join(sorted(survey.currencies))
        already = f"{before['at']:%Y-%m-%d %H:%M} UTC by {before['actor']}" if before else ""
        done = Imported(
            None, name, reading.format, reading.covers, reading.provider, survey.counts, survey.shown, already
        )
        if preview or (before is not None and not done.count("accepted") and not transfers):
            return done
        file_id = await files.put(
            connection, merchant, format_name=reading.format, covers=reading.covers, provider=provider,
            name=name[:200], sha256=digest, rows=done.total, accepted=done.count("accepted"),
            repeated=done.count("repeated"), rejected=done.count("rejected"), first_on=reading.first_on,
            last_on=reading.last_on, actor=actor, at=at,
        )  # fmt: skip
        scope = f"file:{file_id}"
        async for results in _results(connection, merchant, await file.reading(), at):
            await files.put_rows(
                connection, merchant, file_id, [row.stored for row in results if row.result != "other"]
            )
            fresh = tuple((scope, row.leg) for row in results if row.leg is not None and row.result == "accepted")
            await legs.put(connection, merchant, Told(fresh), at)
        await legs.put(connection, merchant, Told(tuple((scope, leg) for leg in transfers)), at)
    return replace(done, file_id=file_id)


async def _fuller(connection: Connection, merchant: str, transfers: Sequence[Leg]) -> list[Leg]:
    """Payouts that are new, or of which this file has more lines than what was known: an export may cut one in two."""
    rows = await legs.of_keys(connection, merchant, [leg.key for leg in transfers])
    known = {row["key"]: int(row["facts"].get("lines", 0)) for row in rows if row["known_until"] is None}
    return [leg for leg in transfers if leg.key not in known or leg.facts["lines"] > known[leg.key]]


async def _results(
    connection: Connection, merchant: str, reading: Reading, at: datetime
) -> AsyncIterator[list[Result]]:
    """What becomes of the rows, some at a time, by what was known before `at`: the same however often it is gone through."""
    while rows := await to_thread.run_sync(lambda: list(islice(reading.rows, ROWS_TOGETHER))):
        keys = [row.leg.key for row in rows if row.leg is not None]
        known = await legs.known_keys(connection, merchant, keys, before=at)
        yield [_result(row, reading.covers, known) for row in rows]


def _result(row: Row, covers: str, known: set[str]) -> Result:
    leg = row.leg
    if row.rejected:
        return Result(row.number, "rejected", row.rejected)
    if leg is None:
        return Result(row.number, "other", "counts into its payout" if covers == "payouts" else "not booked yet")
    detail = f"{leg.kind} {leg.amount} {leg.currency} of {leg.on}" + (f", order {leg.order}" if leg.order else "")
    return Result(row.number, "repeated" if leg.key in known else "accepted", detail, leg)


async def undo(
    database: Database, merchant: str, file_id: int, *, reason: str, now: datetime, actor: str
) -> dict[str, Any]:
    """Take a file's legs out of the books again; the file and its rows stay on record.

    Raises NotFoundError, RejectedError when it was undone before.
    """
    async with database.transaction("import") as connection:
        found = await files.listing(connection, merchant, file_id=file_id)
        if not found:
            raise NotFoundError(f"there is no imported file {file_id} of {merchant}")
        at = await legs.tick(connection, merchant, now)
        if not await files.undo(connection, merchant, file_id, actor=actor, reason=reason, at=at):
            raise RejectedError(
                f"file {file_id} was undone before, by {found[0]['undone_by']}: {found[0]['undone_reason']}"
            )
        await legs.hand_over(connection, merchant, file_id)
        ended = await legs.end_scopes(connection, merchant, [f"file:{file_id}"], at)
    return {"file_id": file_id, "name": found[0]["name"], "legs_ended": ended, "undone_at": at, "undone_by": actor}
