"""Importing: a file's rows become legs, row by row, once; a preview changes nothing; an import can be undone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from anyio import to_thread

from daemon.errors import MalformedPayloadError, NotFoundError, RejectedError
from daemon.finance.formats.catalogue import read_file
from daemon.finance.formats.reading import Context, Reading
from daemon.settings_merchant import MerchantSettings
from daemon.store import files, legs
from daemon.store.database import Database
from daemon.store.legs import Told
from daemon.store.sql import Connection
from statemachine.books.legs import Leg

FILE_MAX = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Imported:
    """What became, or would become, of a file. `file_id` is None for a preview and for a file that brought nothing new."""

    file_id: int | None
    name: str
    format: str
    covers: str
    provider: str
    rows: list[dict[str, Any]]
    """row, result (accepted, repeated, rejected, other), detail, leg."""
    already: str = ""
    """When and by whom the very same file was imported."""

    def count(self, result: str) -> int:
        return sum(row["result"] == result for row in self.rows)

    @property
    def summary(self) -> dict[str, Any]:
        told = {result: self.count(result) for result in ("accepted", "repeated", "rejected", "other")}
        return {
            "file_id": self.file_id, "name": self.name, "format": self.format, "covers": self.covers,
            "provider": self.provider, **told, "already": self.already,
        }  # fmt: skip


async def import_file(
    database: Database, merchant: str, settings: MerchantSettings, raw: bytes, *, name: str, given: str = "",
    now: datetime, actor: str, preview: bool = False,
) -> Imported:  # fmt: skip
    """Read a file and keep what is new of it. Raises MalformedPayloadError when it can be read as nothing we know."""
    if len(raw) > FILE_MAX:
        raise MalformedPayloadError(f"the file is larger than {FILE_MAX // 1024 // 1024} MB: split it")
    context = Context(ZoneInfo(settings.calendar.timezone), settings.finance.files)
    reading = await to_thread.run_sync(lambda: read_file(raw, context, given=given))
    digest = hashlib.sha256(raw).digest()
    found = [row.leg for row in reading.rows if row.leg is not None]
    async with database.transaction("import") as connection:
        at = await legs.tick(connection, merchant, now)
        known = await legs.known_keys(connection, merchant, [leg.key for leg in (*found, *reading.transfers)])
        before = await files.of_content(connection, merchant, digest)
        rows = _results(reading, known)
        fresh = [leg for leg in found if leg.key not in known]
        fresh += await _fuller(connection, merchant, reading.transfers)
        provider = reading.provider or " ".join(sorted({leg.currency for leg in found}))
        already = f"{before['at']:%Y-%m-%d %H:%M} UTC by {before['actor']}" if before else ""
        told = Imported(None, name, reading.format, reading.covers, reading.provider, rows, already)
        if preview or (before is not None and not fresh):
            return told
        file_id = await files.put(
            connection, merchant, format_name=reading.format, covers=reading.covers, provider=provider,
            name=name[:200], sha256=digest, rows=len(rows), accepted=told.count("accepted"),
            repeated=told.count("repeated"), rejected=told.count("rejected"), first_on=reading.first_on,
            last_on=reading.last_on, actor=actor, at=at,
        )  # fmt: skip
        kept = [(r["row"], r["result"], r["detail"], r["leg"]) for r in rows if r["result"] != "other"]
        await files.put_rows(connection, merchant, file_id, kept)
        scope = f"file:{file_id}"
        await legs.put(connection, merchant, Told(tuple((scope, leg) for leg in fresh)), at)
    return Imported(file_id, name, reading.format, reading.covers, reading.provider, rows, already)


async def _fuller(connection: Connection, merchant: str, transfers: Sequence[Leg]) -> list[Leg]:
    """Payouts that are new, or of which this file has more lines than what was known: an export may cut one in two."""
    rows = await legs.of_keys(connection, merchant, [leg.key for leg in transfers])
    known = {row["key"]: int(row["facts"].get("lines", 0)) for row in rows if row["known_until"] is None}
    return [leg for leg in transfers if leg.key not in known or leg.facts["lines"] > known[leg.key]]


def _results(reading: Reading, known: set[str]) -> list[dict[str, Any]]:
    rows = []
    for row in reading.rows:
        leg = row.leg
        if row.rejected:
            result, detail = "rejected", row.rejected
        elif leg is None:
            result, detail = "other", "counts into its payout" if reading.covers == "payouts" else "not booked yet"
        else:
            result = "repeated" if leg.key in known else "accepted"
            detail = f"{leg.kind} {leg.amount} {leg.currency} of {leg.on}" + (
                f", order {leg.order}" if leg.order else ""
            )
        rows.append({"row": row.number, "result": result, "detail": detail, "leg": leg.key if leg else ""})
    return rows


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
