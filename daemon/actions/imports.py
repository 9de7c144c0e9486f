"""Files brought in by hand: webhook payloads, dashboard exports, warehouse receipts. Row by row, nothing lost."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from anyio import to_thread

from daemon.errors import MalformedPayloadError
from daemon.loops.intake import free_units, is_ambiguous
from daemon.loops.receive import accept
from daemon.settings_merchant import MerchantSettings
from daemon.store import inbox, returns, watch
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.store.sql import Connection, Record
from daemon.tables import csv_rows
from statemachine.events import UnitsReceived
from statemachine.refs import fold_code, fold_id
from statemachine.units import Condition

ROWS_TOGETHER = 200  # rows of a file in one commit; what was not committed is imported by the next try
CELL_MAX = 200
QUANTITY_MAX = 1000
OLDEST = timedelta(days=730)  # what is said to have come earlier is a slip
RECEIPT_COLUMNS = (
    "happy_return_id", "express_code", "order_number", "happy_item_id", "sku", "quantity", "condition", "received_at",
)  # fmt: skip
_CODE_COLUMNS = ("express_code", "express code", "confirmation code", "rma", "rma code")
_ORDER_COLUMNS = ("order_number", "order number", "order #", "order")


async def import_events(
    database: Database, merchant: str, settings: MerchantSettings, raw: bytes, now: datetime
) -> list[dict[str, Any]]:
    """Payloads or a dashboard export, told apart by content."""

    if raw.lstrip()[:1] in (b"{", b"["):
        return [await _import_payload(database, merchant, settings, n, body, now) for n, body in _payloads(raw)]
    return [await _import_export_row(database, merchant, n, row, now) for n, row in csv_rows(raw)]


def _payloads(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """One JSON object, a JSON array of objects, or one object a line; what is no JSON comes as it is."""
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        lines = (line for line in raw.splitlines() if line.strip())
        yield from enumerate(lines, start=1)
        return
    for number, each in enumerate(told if isinstance(told, list) else [told], start=1):
        yield number, orjson.dumps(each)


async def _import_payload(
    database: Database, merchant: str, settings: MerchantSettings, number: int, body: bytes, now: datetime
) -> dict[str, Any]:
    async with database.transaction() as connection:
        (taken,) = await accept(connection, merchant, settings, [(body, None)], source="import", now=now)
    if taken.reason and not taken.units:
        return {"row": number, "result": "rejected", "detail": taken.reason, "delivery_id": taken.delivery_id}
    result = "repeated" if taken.repeats else "imported"
    return {
        "row": number, "result": result, "detail": taken.reason or f"{taken.units} unit(s)",
        "delivery_id": taken.delivery_id,
    }  # fmt: skip


async def _import_export_row(
    database: Database, merchant: str, number: int, row: dict[str, str], now: datetime
) -> dict[str, Any]:
    """A line of the dashboard names a return; what is true of it is asked of Happy Returns."""
    code = fold_code(next((row[name] for name in _CODE_COLUMNS if row.get(name)), ""))
    order = next((row[name] for name in _ORDER_COLUMNS if row.get(name)), "")
    if not code and not order:
        return {"row": number, "result": "rejected", "detail": "names neither an express code nor an order number"}
    asked = watch.of_code(code, now) if code else watch.of_order(order, now)
    async with database.transaction() as connection:
        await watch.open_watches(connection, merchant, [asked], now)
    return {"row": number, "result": "imported", "detail": f"Happy Returns will be asked about {code or order}"}


async def import_receipts(
    database: Database, merchant: str, raw: bytes, now: datetime, *, actor: str
) -> list[dict[str, Any]]:
    """The rows of a warehouse's CSV file. Raises MalformedPayloadError when it is none."""
    first = await to_thread.run_sync(_first_of_sound, raw)
    if first is None:
        return []
    if not first[1].keys() & set(RECEIPT_COLUMNS):
        given = ", ".join(name for name in first[1] if name)[:200]
        raise MalformedPayloadError(f"none of its columns is known ({given}); known are: {', '.join(RECEIPT_COLUMNS)}")
    return await take_receipts(database, merchant, csv_rows(raw), now, actor=actor)


def _first_of_sound(raw: bytes) -> tuple[int, dict[str, str]] | None:
    """The first row of a file that can be read to its end: nothing is taken of one that breaks off.

    Raises MalformedPayloadError.
    """
    rows = csv_rows(raw)
    first = next(rows, None)
    for _ in rows:
        pass
    return first


def receipt_rows(raw: bytes) -> dict[int, dict[str, str]]:
    """The rows of a file by their number, as they were sent. Raises MalformedPayloadError."""
    return dict(csv_rows(raw))


async def take_receipts(
    database: Database,
    merchant: str,
    rows: Iterable[tuple[int, dict[str, str]]],
    now: datetime,
    *,
    actor: str,
    named: str = "",
) -> list[dict[str, Any]]:
    """Match each row to units and tell the machine; a repeat of a row changes nothing.

    `named`: what tells equal rows of two senders apart; rows of files are the same whoever sends them.
    """
    seen: dict[str, int] = {}
    results: list[dict[str, Any]] = []
    remaining = iter(rows)
    while together := list(islice(remaining, ROWS_TOGETHER)):
        async with database.transaction("import") as connection:
            for number, row in together:
                content = "|".join(row.get(name, "") for name in RECEIPT_COLUMNS)
                seen[content] = seen.get(content, 0) + 1
                try:
                    receipt = _read_receipt(row, now)
                except MalformedPayloadError as error:
                    results.append({"row": number, "result": "rejected", "detail": str(error)})
                    continue
                told = f"{named}|{content}|{seen[content]}" if named else f"{content}|{seen[content]}"
                digest = hashlib.sha256(told.encode()).hexdigest()[:24]
                taken = await _take_receipt(connection, merchant, receipt, digest, now, actor)
                results.append({"row": number, **taken})
    return results


def _read_receipt(row: dict[str, str], now: datetime) -> dict[str, Any]:
    identity = {
        name: row.get(name, "") for name in ("happy_return_id", "express_code", "order_number", "happy_item_id")
    }
    if not any(identity.values()):
        raise MalformedPayloadError(
            "names no return: give happy_item_id, happy_return_id, express_code or order_number"
        )
    for name, value in row.items():
        if len(value) > CELL_MAX or "\x00" in value:
            raise MalformedPayloadError(f"{name}: is too long or holds a NUL character")
    try:
        quantity = int(row.get("quantity") or 1)
    except ValueError as error:
        raise MalformedPayloadError(f"quantity: '{row['quantity']}' is not a whole number") from error
    try:
        condition = Condition((row.get("condition") or "sellable").strip().lower())
    except ValueError as error:
        raise MalformedPayloadError(f"condition: '{row['condition']}' is none of {', '.join(Condition)}") from error
    try:
        received_at = datetime.fromisoformat(row["received_at"]) if row.get("received_at") else now
    except ValueError as error:
        raise MalformedPayloadError(f"received_at: '{row['received_at']}' is no ISO 8601 time") from error
    if not 1 <= quantity <= QUANTITY_MAX:
        raise MalformedPayloadError(f"quantity: {quantity} is not between 1 and {QUANTITY_MAX}")
    received_at = received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC)
    if received_at.year < 2000 or received_at < now - OLDEST:
        raise MalformedPayloadError(f"received_at: {received_at.isoformat()} lies more than two years back")
    if received_at > now + timedelta(days=1):
        raise MalformedPayloadError(f"received_at: {received_at.isoformat()} lies in the future")
    return {
        "happy_return_id": fold_id(identity["happy_return_id"]), "express_code": fold_code(identity["express_code"]),
        "order_number": identity["order_number"], "happy_item_id": fold_id(identity["happy_item_id"]),
        "sku": row.get("sku", ""), "quantity": quantity, "condition": condition, "received_at": received_at,
    }  # fmt: skip


async def _take_receipt(
    connection: Connection, merchant: str, receipt: dict[str, Any], digest: str, now: datetime, actor: str
) -> dict[str, Any]:
    if await inbox.is_known(connection, merchant, f"receipt:{digest}:0"):
        return {"result": "repeated", "detail": "this row was imported before"}
    sought = {k: receipt[k] for k in ("happy_item_id", "happy_return_id", "express_code", "order_number", "sku")}
    free = await free_units(connection, merchant, sought)
    if not free and receipt["happy_item_id"]:
        found = await returns.find_units(connection, merchant, **sought)
        if found and found[0]["happy_item_id"] == receipt["happy_item_id"]:
            return {"result": "repeated", "detail": "this very unit was received before"}
    if is_ambiguous(free, receipt["quantity"], sought):
        skus = ", ".join(sorted({unit["sku"] for unit in free}))
        return {"result": "rejected", "detail": f"fits several articles: name the sku or the item ({skus})"}
    chosen = free[: receipt["quantity"]]
    arrivals = _arrivals(chosen, receipt, digest, now, actor)
    over = receipt["quantity"] - len(chosen)
    if over:
        why = "no unit that is still awaited matches" if not chosen else f"{over} more than the return has"
        arrivals += _parked(sought, receipt, digest, len(arrivals), over, now, actor, why)
    await inbox.put(connection, merchant, arrivals)
    if not chosen:
        return {"result": "parked", "detail": "no unit that is still awaited matches; kept, and tried again"}
    units = [row["unit_key"] for row in chosen]
    detail = f"{len(units)} unit(s) of return {chosen[0]['return_id']}"
    return {
        "result": "parked" if over else "received", "detail": detail + (f"; {over} more parked" if over else ""),
        "return_id": chosen[0]["return_id"], "units": units,
    }  # fmt: skip


def _arrivals(chosen: list[Record], receipt: dict[str, Any], digest: str, now: datetime, actor: str) -> list[Arrival]:
    """One event per family the units belong to."""
    families: dict[tuple[str, str], list[str]] = {}
    for row in chosen:
        families.setdefault((row["happy_return_id"], row["order_number"]), []).append(row["unit_key"])
    return [
        Arrival(
            natural_key=f"receipt:{digest}:{number}",
            event=UnitsReceived(tuple(keys), receipt["condition"], receipt["received_at"]),
            happy_return_id=return_id, order_number=order_number, source="warehouse", actor=actor, received_at=now,
        )
        for number, ((return_id, order_number), keys) in enumerate(families.items())
    ]  # fmt: skip


def _parked(
    sought: dict[str, str], receipt: dict[str, Any], digest: str, first: int, count: int, now: datetime, actor: str,
    why: str,
) -> list[Arrival]:  # fmt: skip
    """One parked receipt a unit, so that each can find its unit by itself later."""
    return [
        Arrival(
            natural_key=f"receipt:{digest}:{first + number}",
            event=UnitsReceived((), receipt["condition"], receipt["received_at"], sought),
            happy_return_id=sought["happy_return_id"], order_number=sought["order_number"], source="warehouse",
            actor=actor, received_at=now, parked=why,
        )
        for number in range(count)
    ]  # fmt: skip
