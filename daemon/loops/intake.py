"""Intake: ask Happy Returns what happened, and put it into the inbox. Four tiers that overlap and so prove each other.

Returns we know are read again by age; hub shipments by time window with overlap; shipped Brightpearl orders are asked
for returns nobody told us about; one return can be pulled by hand. Source: Happy Returns sheet 1.5 and 1.6.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import anyio
import orjson

from daemon.clients.happy_returns import next_sweep
from daemon.clients.happy_returns_wire import Item, ShipmentLine
from daemon.clients.results import require_whole
from daemon.clients.throttle import Lane
from daemon.clock import NO_TIME, Rest
from daemon.errors import MalformedPayloadError, NotPermittedError, RejectedError, TransientError
from daemon.health.kinds import BRIGHTPEARL, HAPPY_RETURNS
from daemon.loops.observe import KnownUnit, Seen, Understood, understand
from daemon.loops.unproven import before_credit, unproven
from daemon.loops.workplace import Workplace
from daemon.store import inbox, merchant, returns, watch
from daemon.store.inbox import Arrival
from daemon.store.sql import Connection, Record
from daemon.telemetry import traceparent
from statemachine.events import Departed
from statemachine.refs import order_key
from statemachine.units import Progress

log = logging.getLogger(__name__)

SWEEP_MAX = 50  # returns read in one round; each is one call, mostly on a slow bucket
TOGETHER_SECONDS = 0.3  # answers that come within this time are stored together
TOGETHER_MAX = 10  # answers stored in one commit: as much is asked again after a crash, and no more
NO_WAIT = timedelta(milliseconds=50)
WATCH_LEASE = timedelta(minutes=10)
MISSES_TOLD = 3  # sheet section 10: a 204 for a known return is alerted after three in a row
RECEIPTS_MAX = 200
RECEIPTS_EVERY = timedelta(minutes=1)
FIRST_SHIPMENTS = timedelta(days=14)  # how far the very first look at hub shipments reaches back


@dataclass(frozen=True, slots=True)
class _Asked:
    """One watch and what Happy Returns answered."""

    row: Record
    items: list[Item]
    faults: list[str]
    reason: str
    """Why the answer as a whole is of no use."""
    at: datetime
    trace: str


@dataclass(frozen=True, slots=True)
class _Shipped:
    """One hub shipment with its lines, and what of them was unusable."""

    id: str
    lines: list[ShipmentLine]
    faults: list[str]


class Intake:
    """One merchant's view of Happy Returns, read in small rounds."""

    name = "intake"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._bucket_known = False
        self._shipments_rest = Rest(workplace.clock)
        self._receipts_rest = Rest(workplace.clock)
        self._receipts_after = 0
        self._discovery_rest = Rest(workplace.clock)

    async def run_once(self, now: datetime) -> int:
        await self._learn_bucket()
        handled = await self._sweep(now)
        handled += await self._shipments(now)
        handled += await self._discover(now)
        return handled + await self._match_parked_receipts(now)

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: what was leased becomes due again by itself."""

    # -- tier: returns we know, and codes and orders we ask about ------------------------------------------------------

    async def _sweep(self, now: datetime) -> int:
        if self._at.happy_returns.bucket.wait > timedelta(seconds=2):
            return 0
        async with self._at.database.reading() as connection:
            if not await watch.is_due(connection, self._at.merchant, now):
                return 0
        async with self._at.writing("intake-lease") as connection:
            due = await watch.lease_due(
                connection, self._at.merchant, now=now, lease_until=now + WATCH_LEASE, batch_max=SWEEP_MAX
            )
        asked: list[_Asked] = []
        began = anyio.current_time()
        for number, row in enumerate(due):
            if asked and (
                len(asked) == TOGETHER_MAX
                or self._at.happy_returns.bucket.wait > NO_WAIT
                or anyio.current_time() - began > TOGETHER_SECONDS
            ):
                await self._store(asked)
                asked, began = [], anyio.current_time()
            try:
                asked.append(await self._ask(row))
            except (TransientError, NotPermittedError) as error:
                self._at.say(log, "happy returns not asked", HAPPY_RETURNS, error)
                pause = getattr(error, "retry_after_seconds", None) or 60.0
                again = self._at.clock.now() + timedelta(seconds=pause)
                async with self._at.writing("intake-put-off") as connection:
                    keys = [each["key"] for each in due[number:]]
                    await watch.put_off(connection, self._at.merchant, keys, again)
                await self._keep_bucket()
                due = due[:number]
                break
        await self._store(asked)
        return len(due)

    async def _ask(self, row: Record) -> "_Asked":
        """Read one return, one code, or all returns of one order."""
        prefix = self._at.settings.happy_returns.order_number_prefix
        with self._at.telemetry.span("intake read return", parent=row["trace"], merchant=self._at.merchant) as span:
            answer, reason = None, ""
            try:
                if row["express_code"]:
                    answer = await self._at.happy_returns.get_return(express_code=row["express_code"])
                else:
                    number = row["order_number"]
                    asked = number if number.startswith(prefix) else f"{prefix}{number}"
                    answer = await self._at.happy_returns.get_return(order_number=asked)
            except NotPermittedError:
                raise  # no answer about this return: nothing is concluded of it
            except (MalformedPayloadError, RejectedError) as error:
                reason = str(error)
            items, faults = answer or ([], [])
            return _Asked(row, items, faults, reason, self._at.clock.now(), row["trace"] or traceparent(span))

    async def _store(self, asked: "list[_Asked]") -> None:
        """What several reads showed, in one transaction: where answers come fast, one commit is enough for many."""
        if not asked:
            return
        now, polled = self._at.clock.now(), []
        looks = [(each, self._look(each)) for each in asked]
        async with self._at.writing("intake") as connection:
            new = [(each, look) for each, look in looks if look is not None]
            results = await store_seen(
                connection, self._at.merchant, [(look, each.at + self._pause(each)) for each, look in new], now=now
            )
            understood = {each.row["key"]: result for (each, _), result in zip(new, results, strict=True)}
            units = await before_credit(connection, self._at.merchant, [each.row for each in asked])
            for each in asked:
                mine = units.get(each.row["happy_return_id"], [])
                polled.append(await self._polled(connection, each, understood.get(each.row["key"]), mine))
            await watch.polled(connection, self._at.merchant, polled, now)

    def _look(self, asked: "_Asked") -> Seen | None:
        """What an answer shows, if it shows anything new."""
        row = asked.row
        if not asked.items or (_digest(asked.items) == row["digest"] and not row["claimed"]):
            return None
        return Seen(
            tuple(asked.items), confirmed=True, source="poll", received_at=asked.at, trace=asked.trace,
            digest=_digest(asked.items), claimed=row["claimed"], claimed_for=row["happy_return_id"],
            covers_all=self._at.settings.assumptions.status_covers_all_items,
        )  # fmt: skip

    def _pause(self, asked: "_Asked") -> timedelta:
        """How long until the same is asked again."""
        if asked.row["tier"] == "order":
            return timedelta(hours=self._at.settings.happy_returns.discovery_repeat_hours)
        return next_sweep(self._at.settings.happy_returns, age=asked.at - asked.row["opened_at"])

    async def _polled(
        self, connection: Connection, asked: "_Asked", understood: Understood | None, units: list[Record]
    ) -> dict[str, Any]:
        """What becomes of the watch; what was unusable in the answer is kept for a person.

        `units`: those of its return that have no credit yet.
        """
        row, pause = asked.row, self._pause(asked)
        misses = 0 if asked.items else row["misses"] + 1
        if misses == MISSES_TOLD and row["tier"] != "order":
            log.error(
                "happy returns does not know a return",
                extra={"merchant": self._at.merchant, "watch": row["key"], "why": asked.reason or "204"},
            )
        claimed = row["claimed"]
        if understood is not None and row["happy_return_id"] not in understood.open_claims:
            claimed = ""
        arrivals = understood.arrivals if understood is not None else ()
        waiting = unproven(row, units, arrivals, claim=claimed)
        pause = min([pause, *(entry.pause(asked.at) for entry in waiting)])
        limit = timedelta(minutes=self._at.settings.happy_returns.unclear_after_minutes)
        late = [] if asked.reason else [entry for entry in waiting if asked.at - entry.since >= limit]
        await inbox.put(connection, self._at.merchant, [entry.as_event(asked.at, asked.trace) for entry in late])
        for fault in (*asked.faults, asked.reason):
            if fault:
                body = orjson.dumps({"watch": row["key"], "fault": fault})
                await inbox.keep_delivery(
                    connection, self._at.merchant, source="poll", body=body, reason=fault, received_at=asked.at
                )
        return watch.answered(
            row, misses=misses, digest=_digest(asked.items), keep_claim=bool(claimed), next_poll_at=asked.at + pause
        )

    async def pull(self, *, express_code: str = "", order_number: str = "") -> tuple[int, list[str]]:
        """Read now, by hand: how many units Happy Returns showed, and what of its answer was unusable."""
        now = self._at.clock.now()
        answer = await self._at.happy_returns.get_return(express_code=express_code, order_number=order_number)
        if answer is None:
            return 0, []
        items, faults = answer
        with self._at.telemetry.span("intake pull return", merchant=self._at.merchant) as span:
            seen = Seen(
                tuple(items), confirmed=True, source="poll", received_at=now, trace=traceparent(span),
                digest=_digest(items), covers_all=self._at.settings.assumptions.status_covers_all_items,
            )  # fmt: skip
            async with self._at.database.transaction() as connection:
                pause = next_sweep(self._at.settings.happy_returns, age=timedelta())
                await store_seen(connection, self._at.merchant, [(seen, now + pause)], now=now)
        return len(items), faults

    # -- tier: hub shipments ------------------------------------------------------------------------------------------

    async def _shipments(self, now: datetime) -> int:
        """Read the window since the last good look, with overlap; one bad shipment does not hide the others."""
        settings = self._at.settings.happy_returns
        if not self._shipments_rest.is_over:
            return 0
        cursor = await self._cursor("shipments") or {"until": None, "read": {}}
        until = datetime.fromisoformat(cursor["until"]) if cursor["until"] else None
        every = timedelta(minutes=settings.shipments_every_minutes)
        until = min(until, now) if until is not None else None  # written down by a clock that was set since
        if until is not None and NO_TIME < now - until < every:
            return 0
        self._shipments_rest.begin(every)
        start = (until or now - FIRST_SHIPMENTS) - timedelta(hours=settings.shipments_overlap_hours)
        try:
            shipments = await self._at.happy_returns.list_shipments(start, now)
        except (TransientError, RejectedError, MalformedPayloadError) as error:
            self._at.say(log, "hub shipments not listed", HAPPY_RETURNS, error)
            return 0  # the window stays open: the next look begins where this one did
        read = {shipment.id: cursor["read"].get(shipment.id, False) for shipment in shipments}
        pending: list[_Shipped] = []
        handled = 0
        for shipment in [each for each in shipments if not read[each.id]]:
            try:
                pending.append(_Shipped(shipment.id, *await self._at.happy_returns.shipment_lines(shipment.id)))
                handled += 1
            except (TransientError, RejectedError, MalformedPayloadError) as error:
                self._at.say(log, "hub shipment not read", HAPPY_RETURNS, error, shipment=shipment.id)
            if len(pending) == TOGETHER_MAX or self._at.happy_returns.bucket.wait > NO_WAIT:
                await self._store_shipments(pending, read, cursor["until"], now)
                pending = []
        await self._store_shipments(pending, read, now.isoformat(), now)
        return handled

    async def _store_shipments(
        self, pending: "list[_Shipped]", read: dict[str, bool], until: str | None, now: datetime
    ) -> None:
        """Store the lines of some shipments and how far we are; one is read when all its returns are known."""
        told = {"until": until, "read": read}
        if not pending:
            await self._at.keep_cursor("shipments", told)
            return
        async with self._at.writing("intake-shipments") as connection:
            for each in pending:
                arrivals, unknown_codes = await self._departures(connection, each.id, each.lines, now)
                await inbox.put(connection, self._at.merchant, arrivals)
                await watch.open_watches(
                    connection, self._at.merchant, [watch.of_code(code, now) for code in unknown_codes], now
                )
                for fault in each.faults:
                    body = orjson.dumps({"shipment": each.id, "fault": fault})
                    await inbox.keep_delivery(
                        connection, self._at.merchant, source="poll", body=body, reason=fault, received_at=now
                    )
                read[each.id] = not unknown_codes
            await merchant.write_cursor(connection, self._at.merchant, "shipments", told)

    async def _departures(
        self, connection: Connection, shipment_id: str, lines: Iterable[ShipmentLine], now: datetime
    ) -> tuple[list[Arrival], list[str]]:
        arrivals: list[Arrival] = []
        unknown: list[str] = []
        for line in lines:
            if not (line.unit.happy_item_id or line.happy_return_id or line.express_code):
                continue
            found = await returns.find_units(
                connection, self._at.merchant, happy_item_id=line.unit.happy_item_id,
                happy_return_id=line.happy_return_id, express_code=line.express_code, order_number="",
                sku="" if line.unit.happy_item_id else line.unit.sku,
            )  # fmt: skip
            if not found:
                if line.express_code:
                    unknown.append(line.express_code)
                continue
            unit = replace(line.unit, key=found[0]["unit_key"])
            arrivals.append(
                Arrival(
                    natural_key=f"departed:{shipment_id}:{found[0]['happy_return_id']}:{unit.key}",
                    event=Departed(units=(unit,), confirmed=True),
                    happy_return_id=found[0]["happy_return_id"],
                    order_number=found[0]["order_number"],
                    source="poll",
                    received_at=now,
                    actor="happy-returns",
                )
            )
        return arrivals, list(dict.fromkeys(unknown))

    # -- tier: discovery over shipped orders --------------------------------------------------------------------------

    async def _discover(self, now: datetime) -> int:
        settings = self._at.settings.happy_returns
        if not settings.discovery:
            return 0
        if not self._discovery_rest.is_over:
            return 0
        cursor = await self._cursor("discovery")
        last = min(datetime.fromisoformat(cursor["at"]), now) if cursor else None
        if last is not None and NO_TIME < now - last < timedelta(minutes=settings.discovery_every_minutes):
            return 0
        window = timedelta(days=settings.discovery_days)
        whole = datetime.fromisoformat(cursor["whole_at"]) if cursor and "whole_at" in cursor else None
        repeat = timedelta(hours=settings.discovery_repeat_hours)
        # The index may leave out any order, not only the newest: now and then all of them are asked for again.
        is_whole = last is None or whole is None or not NO_TIME <= now - whole < repeat
        since = now - window if last is None or is_whole else last - timedelta(days=1)
        bp = self._at.brightpearl
        try:
            rows = require_whole(await bp.orders_shipped_since(since.date(), column="createdOn"))
            if last is not None:  # shipped long after it was placed
                changed = (last - timedelta(days=1)).date()
                rows += require_whole(await bp.orders_shipped_since(changed, column="updatedOn"))
        except (TransientError, RejectedError, MalformedPayloadError) as error:
            self._at.say(log, "shipped orders not read", BRIGHTPEARL, error)
            self._discovery_rest.begin(timedelta(minutes=5))
            return 0
        external = self._at.settings.brightpearl.order_number_field == "external_ref"
        numbers = [str(row.get("externalRef" if external else "customerRef") or "") for row in rows]
        told = {"at": now.isoformat(), "whole_at": (now if is_whole or whole is None else whole).isoformat()}
        async with self._at.writing("intake-discovery") as connection:
            opened = await watch.open_quietly(connection, self._at.merchant, [n for n in numbers if n], now)
            await watch.forget_orders(connection, self._at.merchant, now - window)
            await merchant.write_cursor(connection, self._at.merchant, "discovery", told)
        return opened

    # -- receipts that came before their return -----------------------------------------------------------------------

    async def _match_parked_receipts(self, now: datetime) -> int:
        """One page of parked receipts a minute; round and round, so that none hides behind the others."""
        if not self._receipts_rest.is_over:
            return 0
        self._receipts_rest.begin(RECEIPTS_EVERY)
        async with self._at.database.reading() as connection:
            rows = await inbox.parked_receipts(connection, self._at.merchant, self._receipts_after, RECEIPTS_MAX)
        self._receipts_after = rows[-1]["id"] if len(rows) == RECEIPTS_MAX else 0
        if not rows:
            return 0
        async with self._at.writing("intake-receipts") as connection:
            return sum([await unpark_receipt(connection, self._at.merchant, row) for row in rows])

    # -- cursors ------------------------------------------------------------------------------------------------------

    async def _cursor(self, name: str) -> Any:
        async with self._at.database.reading() as connection:
            return await merchant.read_cursor(connection, self._at.merchant, name)

    async def _learn_bucket(self) -> None:
        """After a restart: the limit Happy Returns once told us, so that it need not be met again."""
        if self._bucket_known:
            return
        self._bucket_known = True
        told = await self._cursor("happy-returns-limit")
        bucket = self._at.happy_returns.bucket
        if told and bucket.limit is None:
            bucket.restore(float(told["requests_per_second"]), float(told["size_seconds"]))

    async def _keep_bucket(self) -> None:
        limit = self._at.happy_returns.bucket.limit
        if limit is not None:
            told = {"requests_per_second": limit.requests_per_second, "size_seconds": limit.size_seconds}
            await self._at.keep_cursor("happy-returns-limit", told)


async def store_seen(
    connection: Connection, merchant_name: str, looks: Sequence[tuple[Seen, datetime]], *, now: datetime
) -> list[Understood]:
    """Put looks at Happy Returns into the inbox and onto the watch list; answer what each was understood to say.

    With each look goes when its returns are to be read again. All of them take one statement of each kind.
    """
    ids = sorted({item.happy_return_id for seen, _ in looks for item in seen.items})
    orders = await watch.orders_of(connection, merchant_name, ids)
    known: dict[str, list[KnownUnit]] = {return_id: [] for return_id in ids}
    for r in await returns.known_units(connection, merchant_name, ids):
        unit = KnownUnit(r["order_key"], r["unit_key"], r["happy_item_id"], r["line_item_id"], r["sku"], r["barcode"])
        known[r["happy_return_id"]].append(unit)
    for seen, _ in looks:
        for item in seen.items:
            orders.setdefault(item.happy_return_id, set()).add(order_key(item.order_number))
    results: list[Understood] = []
    watches: list[dict[str, Any]] = []
    for seen, next_poll_at in looks:
        results.append(understand(seen, known, orders))
        watches += watches_of(seen, results[-1].open_claims, next_poll_at=next_poll_at, now=now)
    await inbox.put(connection, merchant_name, [arrival for result in results for arrival in result.arrivals])
    await watch.open_watches(connection, merchant_name, watches, now)
    return results


def watches_of(seen: Seen, claims: Mapping[str, str], *, next_poll_at: datetime, now: datetime) -> list[dict[str, Any]]:
    """Each return of a look, to be read again: at once where a webhook claims what is yet to be proven.

    Where no code names it as a whole, order by order: a read by order number answers for that order alone.
    """
    codes = {item.happy_return_id: item.express_code for item in seen.items if item.express_code}
    begun = {item.happy_return_id for item in seen.items if item.progress > Progress.STARTED}
    watches: dict[str, dict[str, Any]] = {}
    for item in seen.items:
        return_id = item.happy_return_id
        claim = claims.get(return_id, "")
        hinted = not seen.confirmed and (claim or return_id in begun)
        row = watch.of_return(
            return_id, express_code=codes.get(return_id, ""), order_number=item.order_number, claimed=claim,
            next_poll_at=now if hinted else next_poll_at,
        )  # fmt: skip
        watches.setdefault(row["key"], row)
    return list(watches.values())


async def unpark_receipt(connection: Connection, merchant_name: str, row: Record) -> bool:
    """Let a parked receipt in once a unit is there for it that no other receipt has taken."""
    sought = row["payload"].get("sought") or {}
    found = await free_units(connection, merchant_name, sought)
    if not found or is_ambiguous(found, 1, sought):
        return False
    unit = found[0]
    event = inbox.decode("units-received", {**row["payload"], "sought": None, "unit_keys": [unit["unit_key"]]})
    await inbox.unpark(
        connection, merchant_name, row["id"], event=event, happy_return_id=unit["happy_return_id"],
        order_number=unit["order_number"],
    )  # fmt: skip
    return True


async def free_units(connection: Connection, merchant_name: str, sought: dict[str, str]) -> list[Record]:
    """Units a receipt may mean that are not in hand yet and that no waiting receipt speaks for; surest first."""
    names = ("happy_item_id", "happy_return_id", "express_code", "order_number", "sku")
    told = {name: sought.get(name, "") for name in names}
    found = await returns.find_units(connection, merchant_name, **told)
    taken = await inbox.units_on_the_way(connection, merchant_name, [unit["happy_return_id"] for unit in found])
    return [
        unit for unit in found
        if (unit["received_at"] is None or unit["condition"] == "missing")
        and (unit["happy_return_id"], unit["unit_key"]) not in taken
    ]  # fmt: skip


def is_ambiguous(found: list[Record], quantity: int, sought: dict[str, str]) -> bool:
    """Whether a receipt that names neither item nor article could mean different ones."""
    named = sought.get("happy_item_id") or sought.get("sku")
    return not named and len(found) > quantity and len({unit["sku"] for unit in found}) > 1


def _digest(items: list[Item]) -> str:
    told = orjson.dumps(sorted(repr(item) for item in items))
    return hashlib.sha256(told).hexdigest() if items else ""
