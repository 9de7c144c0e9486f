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
from daemon.finance import payouts as payouts_of
from daemon.finance.formats.catalogue import read_file
from daemon.finance.formats.reading import Context, Reading, Row
from daemon.settings_merchant import MerchantSettings
from daemon.store import files, legs
from daemon.store.database import Database
from daemon.store.legs import Told
from daemon.store.sql import Connection
from statemachine.books.legs import Leg
from statemachine.books.lines import Lines, account_of, ref_of
from statemachine.books.payouts import Part

FILE_MAX = 50 * 1024 * 1024
ROWS_TOGETHER = 2000
WARNINGS_MAX = 100
SHOWN_MAX = 1000
"""Rows of each result that are kept to be shown at once. Of a file that was imported, `files.rows` has them all."""
RESULTS = ("accepted", "replaced", "repeated", "rejected", "other")


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
    """row, result (one of RESULTS), detail, leg, note; of each result the first SHOWN_MAX."""
    warnings: tuple[str, ...] = ()
    """What people should know of the file although it was read."""
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
            "provider": self.provider, **counts, "warnings": list(self.warnings), "already": self.already,
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


def _repeated(reading: Reading) -> frozenset[str]:
    """References of the bank that a file uses for several lines, each under its account. Goes over the whole file."""
    seen: set[bytes] = set()
    twice: set[str] = set()
    for row in reading.rows:
        if row.leg is not None and (ref := ref_of(row.leg)):
            name = f"{account_of(row.leg)}/{ref}"
            digest = hashlib.sha256(name.encode()).digest()[:12]
            if digest in seen:
                twice.add(name)
            seen.add(digest)
    return frozenset(twice)


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of one row."""

    row: int
    result: str
    detail: str
    leg: Leg | None = None
    note: str = ""
    leg_key: str = ""
    """Of a leg that this row takes away."""
    is_taken_away: bool = False

    @property
    def stored(self) -> tuple[int, str, str, str]:
        return self.row, self.result, self.detail, self.leg.key if self.leg is not None else self.leg_key

    @property
    def shown(self) -> dict[str, Any]:
        return {**dict(zip(("row", "result", "detail", "leg"), self.stored, strict=True)), "note": self.note}


@dataclass(slots=True)
class Survey:
    """What a file comes to."""

    counts: Counter[str] = field(default_factory=Counter)
    shown: list[dict[str, Any]] = field(default_factory=list)
    currencies: set[str] = field(default_factory=set)
    fresh_parts: int = 0
    """Lines of payouts that no file has said yet."""

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
    reading, refs = await file.reading(), frozenset[str]()
    if reading.covers == "bank":
        refs = await to_thread.run_sync(_repeated, reading)
        reading = await file.reading()
    async with database.transaction("import") as connection:
        at = await legs.tick(connection, merchant, now)
        survey = Survey()
        async for results, parts in _Known(connection, merchant, at, refs).results(reading):
            survey.add(results)
            if parts:
                survey.fresh_parts += await files.unknown_parts(connection, merchant, reading.provider, parts)
        before = await files.of_content(connection, merchant, digest)
        provider = reading.provider or " ".join(sorted(survey.currencies))
        already = f"{before['at']:%Y-%m-%d %H:%M} UTC by {before['actor']}" if before else ""
        done = Imported(
            None, name, reading.format, reading.covers, reading.provider, survey.counts, survey.shown,
            tuple(reading.warnings), already,
        )  # fmt: skip
        brings = done.count("accepted") or done.count("replaced") or survey.fresh_parts
        if preview or (before is not None and not brings):
            return done
        file_id = await files.put(
            connection, merchant, format_name=reading.format, covers=reading.covers, provider=provider,
            name=name[:200], sha256=digest, rows=done.total, counts={each: done.count(each) for each in RESULTS},
            warnings=reading.warnings[:WARNINGS_MAX], first_on=reading.first_on, last_on=reading.last_on, actor=actor, at=at,
        )  # fmt: skip
        await _keep(connection, merchant, file_id, await file.reading(), _Known(connection, merchant, at, refs), at)
    return replace(done, file_id=file_id)


async def _keep(
    connection: Connection, merchant: str, file_id: int, reading: Reading, known: "_Known", at: datetime
) -> None:
    """Store rows, legs and what the lines say of payouts. Raises RejectedError where fewer legs are kept than accepted."""
    scope = f"file:{file_id}"
    payouts: set[tuple[str, str, str]] = set()
    async for results, parts in known.results(reading):
        await files.put_rows(connection, merchant, file_id, [row.stored for row in results if row.result != "other"])
        if gone := [row.leg_key for row in results if row.is_taken_away]:
            await legs.end_keys(connection, merchant, gone, at)
        said = [row.leg for row in results if row.leg is not None and row.result in ("accepted", "replaced")]
        kept = await legs.put(connection, merchant, Told(tuple((scope, leg) for leg in said)), at)
        if kept != len(said):
            raise RejectedError(
                f"{len(said)} rows say something new, and only {kept} of them would be kept: nothing was imported;"
                " please report this file's shape to the developers"
            )
        if parts:
            await files.put_parts(connection, merchant, file_id, reading.provider, parts)
            payouts |= payouts_of.names_of(reading.provider, parts)
    await payouts_of.settle(connection, merchant, payouts, at)


@dataclass(slots=True)
class _Known:
    """The rows of one file against what was known before `at`: the same however often it is gone through."""

    connection: Connection
    merchant: str
    at: datetime
    refs: frozenset[str]
    lines: Lines = field(init=False)
    keys: set[bytes] = field(default_factory=set)
    """Digests of the keys that rows of this file have."""

    def __post_init__(self) -> None:
        self.lines = Lines(self.refs)

    async def results(self, reading: Reading) -> AsyncIterator[tuple[list["Result"], list[Part]]]:
        """What becomes of the rows, and what they say of payouts, some at a time."""
        while rows := await to_thread.run_sync(lambda: list(islice(reading.rows, ROWS_TOGETHER))):
            judged = await (self._bank(rows) if reading.covers == "bank" else self._others(rows, reading.covers))
            yield judged, [row.part for row in rows if row.part is not None]

    async def _bank(self, rows: Sequence[Row]) -> list["Result"]:
        legs_of = [row.leg for row in rows if row.leg is not None]
        refs = [ref_of(leg) for leg in legs_of] + [row.corrects for row in rows if row.corrects]
        known = await legs.bank_lines(self.connection, self.merchant, legs_of, filter(None, refs), before=self.at)
        former = await legs.standing(
            self.connection, self.merchant, [row.former for row in rows if row.former], before=self.at
        )
        known += [leg for _, leg in former.values() if leg.key not in {each.key for each in known}]
        by_ref = {ref_of(leg): leg for leg in known if ref_of(leg)}
        judged = iter(self.lines.judge([(row.leg, row.former) for row in rows if row.leg is not None], known))
        results = []
        for row in rows:
            corrected = by_ref.get(row.corrects) if row.corrects else None
            if row.leg is None:
                results.append(_without_leg(row, "bank", corrected))
                continue
            each = next(judged)
            if corrected is not None and not each.is_known:
                each = replace(each, leg=replace(each.leg, key=corrected.key), is_known=True, is_changed=True)
            result = "accepted" if not each.is_known else "replaced" if each.is_changed else "repeated"
            note = "; ".join(filter(None, (row.note, each.note)))
            results.append(Result(row.number, result, _detail(each.leg, note), each.leg, note=note))
        return results

    async def _others(self, rows: Sequence[Row], covers: str) -> list["Result"]:
        """Payouts and invoices: their lines have names of their own."""
        keys = [key for row in rows if row.leg is not None for key in (row.leg.key, row.former) if key]
        known = await legs.standing(self.connection, self.merchant, keys, before=self.at)
        results = []
        for row in rows:
            if row.leg is None:
                results.append(_without_leg(row, covers, None))
                continue
            leg = row.leg
            if row.former in known and leg.key not in known:
                leg = _under(leg, row.former)
            own = hashlib.sha256(leg.key.encode()).digest()[:12]
            if own in self.keys:
                results.append(Result(row.number, "rejected", "another line of this file has the same name"))
                continue
            self.keys.add(own)
            before = known.get(leg.key)
            result = "accepted"
            if before is not None:
                is_news = before[0] != legs.digest_of(leg) and _is_later(leg, before[1])
                result = "replaced" if is_news else "repeated"
            results.append(Result(row.number, result, _detail(leg, row.note), leg, note=row.note))
        return results


def _under(leg: Leg, key: str) -> Leg:
    """The leg under the key it was first stored under."""
    name = key.rpartition("/")[2]
    ids = tuple(
        each if not each.startswith("payout-line:") else f"{each.rpartition('/')[0]}/{name}" for each in leg.ids
    )
    return replace(leg, key=key, ids=ids, facts={**leg.facts, "line": name})


def _is_later(leg: Leg, before: Leg) -> bool:
    """Whether what a line says now is later than what is known of it: an older export changes nothing."""
    paid, was = leg.facts.get("payout_id") or "", before.facts.get("payout_id") or ""
    if bool(paid) != bool(was):
        return bool(paid)
    return str(leg.facts.get("paid_on") or "") >= str(before.facts.get("paid_on") or "")


def _without_leg(row: Row, covers: str, corrected: Leg | None) -> "Result":
    if row.rejected:
        return Result(row.number, "rejected", row.rejected)
    if corrected is not None:
        detail = f"takes away bank {corrected.amount} {corrected.currency} of {corrected.on}"
        return Result(row.number, "replaced", detail, leg_key=corrected.key, is_taken_away=True)
    return Result(
        row.number,
        "other",
        row.note or ("counts into its payout" if covers == "payouts" else "not booked"),
        note=row.note,
    )


def _detail(leg: Leg, note: str) -> str:
    order = f", order {leg.order}" if leg.order else ""
    return f"{leg.kind} {leg.amount} {leg.currency} of {leg.on}{order}" + (f": {note}" if note else "")


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
        await legs.restore(connection, merchant, file_id, at)
        await payouts_of.settle(connection, merchant, await files.payouts_of_file(connection, merchant, file_id), at)
    return {"file_id": file_id, "name": found[0]["name"], "legs_ended": ended, "undone_at": at, "undone_by": actor}
