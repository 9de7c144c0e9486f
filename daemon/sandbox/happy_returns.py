"""Happy Returns' HTTP face and its webhooks: returns as they evolve, shipments, leaky bucket, 60 s aggregation.

Written from the Happy Returns sheet; fields it calls UNCONFIRMED can be switched off through `Assumptions`.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import anyio
from aiohttp import web

from daemon.sandbox.assumptions import Assumptions
from daemon.sandbox.clock import SandboxClock
from daemon.sandbox.faults import Faults
from daemon.sandbox.limits import LeakyBucket

API_KEY, RETAILER, WEBHOOK_SECRET = "sandbox-api-key", "acme-apparel", "sandbox-webhook-secret"
AGGREGATE = timedelta(seconds=60)  # sheet 2.3
_ZONE_HOURS = -5  # their samples carry a US offset


@dataclass(slots=True)
class Item:
    item_id: str
    order_number: str
    order_id: str
    line_item_id: str
    sku: str | None
    upc: str
    variant_id: str
    name: str
    reason_id: str
    amount: str
    refund_type: str = "refund"
    fee: str = "0.00"
    currency: str = "GBP"
    started_at: datetime | None = None
    dropped_off_at: datetime | None = None
    approved_at: datetime | None = None
    ended: str = ""
    ended_at: datetime | None = None
    bag: str = ""
    shipment_id: str = ""
    former_id: str = ""
    """The id it had before its return was given another key."""

    def is_among(self, item_ids: Iterable[str]) -> bool:
        return self.item_id in item_ids or self.former_id in item_ids

    @property
    def is_handed_over(self) -> bool:
        return self.dropped_off_at is not None or self.approved_at is not None


@dataclass(slots=True)
class ReturnOfGoods:
    return_id: str
    express_code: str
    rma_id: str
    email: str
    method: str
    purchased_at: datetime
    items: list[Item]
    unknown_type: str = ""
    became: str = ""
    """The return this one was re-keyed to, or merged into; from then on it is shown no more."""
    history: list[tuple[datetime, str, str, tuple[str, ...]]] = field(default_factory=list)
    """(at, event, typeID, item ids), oldest first: what has not been sent as a webhook yet."""


@dataclass(slots=True)
class Shipment:
    id: str
    departed_at: datetime
    tracking: str
    item_ids: list[str]


PARALLEL_DELIVERIES = 100


@dataclass(slots=True)
class Delivery:
    body: bytes
    due_at: datetime
    attempt: int = 0


@dataclass(slots=True)
class HappyReturns:
    """One retailer's returns, as its API and webhooks show them."""

    clock: SandboxClock
    assumptions: Assumptions
    faults: Faults
    returns: dict[str, ReturnOfGoods] = field(default_factory=dict)
    _index: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    """Webhooks as sent, where they are kept."""
    spells: dict[str, dict[str, str]] = field(default_factory=dict)
    """How single returns are spelled, by assumption (`spells_reads`, …), where it is not as assumed of all."""
    _told: set[str] = field(default_factory=set)
    """Returns that have something a webhook has not told yet."""
    shipments: dict[str, Shipment] = field(default_factory=dict)
    contents: list[Any] = field(default_factory=list)
    approvals: list[Any] = field(default_factory=list)
    bucket: LeakyBucket = field(default_factory=LeakyBucket)
    webhook_url: str = ""
    deliveries: list[Delivery] = field(default_factory=list)
    sent: int = 0
    given_up: int = 0
    refused: int = 0
    calls: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> list[dict[str, Any]]:
        """Every return that was begun, with the units that were handed over: for whoever compares."""
        return [
            {
                "happy_return_id": each.return_id,
                "express_code": each.express_code,
                "items": [item.item_id for item in each.items],
                "handed_over": [item.item_id for item in each.items if item.is_handed_over],
                "units": [
                    {
                        "item_id": item.item_id, "order_number": item.order_number, "order_id": item.order_id,
                        "line_item_id": item.line_item_id, "sku": item.sku or "", "upc": item.upc,
                        "is_handed_over": item.is_handed_over,
                    }
                    for item in each.items
                ],
            }
            for each in self.returns.values()
        ]  # fmt: skip

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/return", self.get_return),
            web.get("/outbound-shipments", self.list_shipments),
            web.get("/outbound-shipment/{id}", self.get_shipment),
            web.post("/rma/{id}/approve", self.approve),
            web.post("/rma/{id}/expire", self.expire),
            web.post("/return-contents", self.post_contents),
            web.get("/webhooks", self.webhooks),
        ]

    # -- what happens to returns --------------------------------------------------------------------------------------

    def _named(self, name: str, value: str) -> list[ReturnOfGoods]:
        return self._shown(self._index.get((name, value), ()))

    def _with_items(self, item_ids: Iterable[str]) -> list[ReturnOfGoods]:
        return self._shown(dict.fromkeys(name for item in item_ids for name in self._index.get(("item", item), ())))

    def _shown(self, names: Iterable[str]) -> list[ReturnOfGoods]:
        return [self.returns[name] for name in names if not self.returns[name].became]

    def current(self, return_id: str) -> ReturnOfGoods:
        """The return as it is shown now, whatever key it was given since."""
        goods = self.returns[return_id]
        return self.current(goods.became) if goods.became else goods

    def _file(self, new: ReturnOfGoods) -> None:
        keys = [("happyReturnsExpressCode", new.express_code), ("email", new.email)]
        keys += [("orderNumber", item.order_number) for item in new.items]
        keys += [("item", item.item_id) for item in new.items]
        for key in dict.fromkeys(keys):
            self._index.setdefault(key, []).append(new.return_id)

    def record(self, new: ReturnOfGoods) -> None:
        """A return of the past, of which nobody is told."""
        self.returns[new.return_id] = new
        self._file(new)

    def start(self, new: ReturnOfGoods, at: datetime) -> None:
        self.record(new)
        for item in new.items:
            item.started_at = at
        self._tell(new, at, "return_dropoff_method_created", new.method)
        self._tell(new, at, "return_status_updated", "started")
        if new.unknown_type:
            self._tell(new, at, "return_status_updated", new.unknown_type)

    def rekey(
        self,
        return_ids: list[str],
        new_id: str,
        express_code: str,
        at: datetime,
        *,
        item_ids: dict[str, str] | None = None,
    ) -> None:
        """One or several returns go on under a new id: re-keyed, or merged. The old ones are shown no more.

        `item_ids`: units that are given a new id besides, by their old one. UNCONFIRMED that any of it ever happens.
        """
        olds = [self.current(return_id) for return_id in return_ids]
        items = [item for old in olds for item in old.items]
        for item in items:
            if item.item_id in (item_ids or {}):
                item.former_id, item.item_id = item.item_id, (item_ids or {})[item.item_id]
        first = olds[0]
        new = ReturnOfGoods(new_id, express_code, first.rma_id, first.email, first.method, first.purchased_at, items)
        for old in olds:
            old.became, old.history = new_id, []
        self.record(new)
        self._tell(new, at, "return_status_updated", "started")
        if any(item.dropped_off_at for item in items):
            self._tell(new, at, "return_status_updated", self.assumptions.type_dropped_off)
        if any(item.approved_at for item in items):
            self._tell(new, at, "return_status_updated", self.assumptions.type_approved)

    def change_method(self, return_id: str, method: str, at: datetime) -> None:
        found = self.current(return_id)
        found.method = method
        self._tell(found, at, "return_dropoff_method_created", method)

    def drop_off(self, return_id: str, item_ids: list[str], at: datetime) -> None:
        self._mark(return_id, item_ids, "dropped_off_at", at, self.assumptions.type_dropped_off)

    def approve_items(self, return_id: str, item_ids: list[str], at: datetime) -> None:
        self._mark(return_id, item_ids, "approved_at", at, self.assumptions.type_approved)

    def expire_items(self, return_id: str, item_ids: list[str], at: datetime) -> None:
        found = self.current(return_id)
        for item in found.items:
            if item.is_among(item_ids) and item.dropped_off_at is None:
                item.ended, item.ended_at = "expired", at
        self._tell(found, at, "return_status_updated", self.assumptions.type_expired)

    def _mark(self, return_id: str, item_ids: list[str], name: str, at: datetime, type_id: str) -> None:
        found = self.current(return_id)
        for item in found.items:
            if item.is_among(item_ids):
                setattr(item, name, at)
        self._tell(found, at, "return_status_updated", type_id)

    def _tell(self, found: ReturnOfGoods, at: datetime, event: str, type_id: str) -> None:
        found.history.append((at, event, type_id, ()))
        self._told.add(found.return_id)

    # -- webhooks -----------------------------------------------------------------------------------------------------

    def tells_at(self) -> list[datetime]:
        """When the next webhooks are put together."""
        waiting = (self.returns[each] for each in self._told)
        return [found.history[0][0] + AGGREGATE for found in waiting if found.history]

    def flush(self, now: datetime) -> None:
        """Turn events older than the aggregation time into one POST per order number."""
        for found in [self.returns[each] for each in sorted(self._told)]:
            if not found.history:
                self._told.discard(found.return_id)
                continue
            if now - found.history[0][0] < AGGREGATE:
                continue
            found.history.sort(key=lambda event: event[0])
            while found.history and now - (first := found.history[0][0]) >= AGGREGATE:
                batch = [event for event in found.history if event[0] - first < AGGREGATE]
                found.history = found.history[len(batch) :]
                for order_number in dict.fromkeys(item.order_number for item in found.items):
                    self._queue(self._body(found, batch, order_number, now), now)

    def _body(
        self, found: ReturnOfGoods, batch: list[tuple[datetime, str, str, tuple[str, ...]]], order: str, now: datetime
    ) -> bytes:
        newest_first = sorted(batch, key=lambda event: event[0], reverse=True)
        primary = next((e for e in newest_first if e[1] == "return_status_updated"), newest_first[0])
        others = [{"event": e[1], "typeID": e[2]} for e in newest_first if e is not primary]
        told = {
            "event": primary[1], "typeID": primary[2], "retailerID": RETAILER, "otherEvents": others,
            "items": [
                self.view(found, item, now, spelled=self._how(found, "spells_webhooks"))
                for item in found.items
                if item.order_number == order
            ],
        }  # fmt: skip
        return json.dumps(told).encode()

    def _queue(self, body: bytes, now: datetime) -> None:
        identity = hashlib.sha256(body).hexdigest()
        if self.faults.chance(self.faults.webhook_drop_share, "webhook-dropped", identity):
            return
        if self.assumptions.keep_webhooks:
            self.bodies.append(body)
        copies = 2 if self.faults.chance(self.faults.webhook_duplicate_share, "webhook-twice", identity) else 1
        is_late = self.faults.chance(self.faults.webhook_reorder_share, "webhook-late", identity)
        late = timedelta(hours=3) if is_late else timedelta(0)
        for copy in range(copies):
            self.deliveries.append(Delivery(body, now + late + timedelta(hours=copy)))

    async def deliver(self, session: aiohttp.ClientSession, now: datetime) -> int:
        """Send what is due; keep what was not taken for its next try."""
        if not self.webhook_url:
            return 0
        due = [each for each in self.deliveries if each.due_at <= now][:PARALLEL_DELIVERIES]
        if not due:
            return 0
        sending = {id(each) for each in due}
        self.deliveries = [each for each in self.deliveries if id(each) not in sending]
        taken: dict[int, bool] = {}

        async def post(number: int, body: bytes) -> None:
            taken[number] = await self._post(session, body)

        async with anyio.create_task_group() as group:
            for number, each in enumerate(due):
                group.start_soon(post, number, each.body)
        for number, each in enumerate(due):
            ok = taken[number]
            retries = self.assumptions.webhook_retry_seconds
            if ok:
                self.sent += 1
            elif each.attempt < len(retries):
                again = now + timedelta(seconds=retries[each.attempt])
                self.deliveries.append(Delivery(each.body, again, each.attempt + 1))
            else:
                self.given_up += 1
        return len(due)

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        if self.faults.chance(self.faults.webhook_bad_signature_share, "webhook-unsigned", signature):
            signature = "0" * 64
        headers = {"X-Hr-Signature": signature, "Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=self.assumptions.webhook_timeout_seconds)
        try:
            async with session.post(self.webhook_url, data=body, headers=headers, timeout=timeout) as reply:
                return reply.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    # -- the API ------------------------------------------------------------------------------------------------------

    def view(self, found: ReturnOfGoods, item: Item, now: datetime, *, spelled: str = "") -> dict[str, Any]:
        """One unit, as the return webhook and the return read both show it; `spelled`: how its ids are written."""
        told: dict[str, Any] = {
            "happyReturnsReturnID": spell(found.return_id, spelled), "purchasedAt": _stamp(found.purchased_at),
            "email": found.email, "orderNumber": item.order_number, "externalRMAID": found.rma_id, "orderID": item.order_id,
            "orderLineItemID": item.line_item_id, "sku": item.sku, "upc": item.upc,
            "productVariantID": item.variant_id, "labelBarcode": item.upc, "productName": item.name,
        }  # fmt: skip
        if self.assumptions.per_item_ids:
            told |= {
                "happyReturnsItemID": spell(item.item_id, spelled),
                "happyReturnsExpressCode": spell(found.express_code, spelled),
            }
        told |= {
            "returnReasonID": item.reason_id, "returnReason": item.reason_id.replace("-", " ").capitalize(),
            "comment": "", "refundType": item.refund_type, "oneClickExchange": item.refund_type == "exchange",
            "dropoffMethod": found.method, "location": "Example Store #12" if found.method == "return-bar" else "",
        }  # fmt: skip
        if self.assumptions.per_item_times:
            told |= {
                "startedAt": _stamp(item.started_at), "droppedOffAt": _stamp(item.dropped_off_at),
                "approvedAt": _stamp(item.approved_at),
            }  # fmt: skip
            if item.ended:
                told["status"] = item.ended
        if self.assumptions.amounts:
            told |= {
                "refundAmount": f"{item.amount} {item.currency}" if item.amount else None,
                "processingFee": f"{item.fee} {item.currency}",
            }  # fmt: skip
        return told

    def _how(self, found: ReturnOfGoods, border: str) -> str:
        """How this border spells the ids of this return."""
        return self.spells.get(found.return_id, {}).get(border) or str(getattr(self.assumptions, border))

    async def get_return(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request, "rma")) is not None:
            return refusal
        try:
            told = json.loads(await request.read())
        except ValueError:
            return _error(400, "the body is not JSON")
        criteria = [name for name in ("orderNumber", "email", "happyReturnsExpressCode") if told.get(name)]
        if told.get("happyReturnsRetailerID") != RETAILER:
            return _error(403, "retailer is not linked to this key")
        if len(criteria) != 1:
            return _error(400, "exactly one of orderNumber, email, happyReturnsExpressCode is needed")
        name, value = criteria[0], str(told[criteria[0]]).strip()
        value = value.upper() if name == "happyReturnsExpressCode" else value
        now = self.clock.now() - timedelta(seconds=self.assumptions.snapshot_lag_seconds)
        items = [
            self.view(found, item, now, spelled=self._how(found, "spells_reads"))
            for found in self._named(name, value)
            for item in found.items
            if (name == "happyReturnsExpressCode" and found.express_code == value)
            or (name == "email" and found.email == value)
            or (name == "orderNumber" and item.order_number == value)
        ]
        if not items:
            return web.Response(status=204)
        start = int(told.get("cursor") or 0)
        cursor = str(start + 50) if start + 50 < len(items) else None
        return web.json_response({"items": items[start : start + 50], "cursor": cursor})

    async def list_shipments(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request, "other")) is not None:
            return refusal
        now = self.clock.now()
        start = _moment(request.query.get("startDateTime")) or now - timedelta(hours=24)
        end = _moment(request.query.get("endDateTime")) or now
        found = [s for s in self.shipments.values() if start <= s.departed_at <= end]
        return web.json_response({
            "outboundShipments": [
                {"id": s.id, "retailerID": RETAILER, "carrier": "ups", "tracking": s.tracking,
                 "departureDate": s.departed_at.isoformat(), "destinationAddressID": "wh-main",
                 "itemCount": len(s.item_ids)}
                for s in found
            ]
        })  # fmt: skip

    async def get_shipment(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request, "other")) is not None:
            return refusal
        shipment = self.shipments.get(request.match_info["id"])
        if shipment is None:
            return _error(404, "no such shipment")
        size = min(int(request.query.get("page[size]", "50")), 1000)
        start = int(request.query.get("page[after]", "0"))
        wanted = set(shipment.item_ids[start : start + size])
        items = [
            {
                "orderNumber": item.order_number, "orderLineItemID": item.line_item_id, "sku": item.sku,
                "upc": item.upc, "returnBagBarcodes": [item.bag], "tracking": shipment.tracking, "carrier": "ups",
                "departureDate": shipment.departed_at.date().isoformat(), "destinationAddressID": "wh-main",
                "happyReturnsRetailerID": RETAILER,
                "happyReturnsExpressCode": spell(found.express_code, self._how(found, "spells_shipments")),
                "happyReturnsItemID": spell(item.item_id, self._how(found, "spells_shipments")),
            }
            for found in self._with_items(wanted)
            for item in found.items
            if item.item_id in wanted
        ]  # fmt: skip
        after = str(start + size) if start + size < len(shipment.item_ids) else None
        return web.json_response({"items": items, "page": {"after": after, "before": None}})

    async def approve(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request, "rma")) is not None:
            return refusal
        told = await request.json()
        self.approvals.append({"id": request.match_info["id"], "body": told})
        wanted = {each["happyReturnsItemID"] for each in told.get("returning", []) if each.get("approve")}
        for found in self.returns.values():
            shown, spelled = [] if found.became else found.items, self._how(found, "spells_reads")  # as they were shown
            if ids := [i.item_id for i in shown if spell(i.item_id, spelled).strip() in wanted and not i.approved_at]:
                self.approve_items(found.return_id, ids, self.clock.now())
        return web.json_response({})

    async def expire(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request, "rma")) is not None:
            return refusal
        found = next((r for r in self.returns.values() if r.express_code == request.match_info["id"]), None)
        if found is None:
            return _error(404, "no such return")
        if any(item.approved_at for item in found.items):
            return _error(409, "the return is final")
        self.expire_items(found.return_id, [item.item_id for item in found.items], self.clock.now())
        return web.json_response({})

    async def post_contents(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request, "other")) is not None:
            return refusal
        self.contents.append(await request.json())
        return web.json_response({})

    async def webhooks(self, request: web.Request) -> web.Response:
        if (refusal := self._refuse(request, "other")) is not None:
            return refusal
        return web.json_response([{"type": "return.asn", "url": self.webhook_url}])

    def _refuse(self, request: web.Request, bucket: str) -> web.Response | None:
        key = f"{request.method} {request.path.split('/')[1]}"
        self.calls[key] = self.calls.get(key, 0) + 1
        if request.headers.get("X-Hr-Apikey") != API_KEY:
            return _error(401, "unknown API key")
        rate, size = self.assumptions.bucket_rate, self.assumptions.bucket_size
        if bucket == "rma" and not self.bucket.take(self.clock.now(), rate=rate, size=size):
            self.refused += 1
            wait = 1 / rate
            return _error(429, f"too many requests: limit {rate:.6f} requests/sec, leaky bucket size {wait:g}")
        return None


def spell(name: str, how: str) -> str:
    """An id as another part of Happy Returns may write it. UNCONFIRMED that any does."""
    match how:
        case "capitals":
            return name.upper()
        case "small":
            return name.lower()
        case "swapped":
            return name.swapcase()
        case "wide":
            return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in name)
        case "padded":
            return f" {name}\u00a0"
        case _:
            return name


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"ErrorMessage": message}, status=status)


def _stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    local = moment + timedelta(hours=_ZONE_HOURS)
    return local.strftime("%Y-%m-%dT%H:%M:%S") + f"{_ZONE_HOURS:+03d}:00"


def _moment(told: str | None) -> datetime | None:
    if not told:
        return None
    parsed = datetime.fromisoformat(told)
    return parsed if parsed.tzinfo else parsed.astimezone()
