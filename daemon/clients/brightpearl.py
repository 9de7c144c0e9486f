"""Brightpearl over HTTP: every resource Homeward uses, reads batched at 200 ids, writes one by one or bundled.

Paths and shapes: Brightpearl sheet sections 3 to 10. Raises the errors of `brightpearl_transport`.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import aiohttp
import anyio

from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl_account import AccountReads
from daemon.clients.brightpearl_transport import Answer, Tokens, Transport, error_of
from daemon.clock import Clock
from daemon.errors import (
    HomewardError,
    LeaseLostError,
    MalformedPayloadError,
    NotPermittedError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from daemon.settings_merchant import BrightpearlSettings
from daemon.telemetry import Telemetry
from statemachine.credit.snapshot import ExistingCredit, Order

NUMBERS_LENGTH = 1500  # characters of order numbers in one search: with their forms, under four kilobytes of address
IDS_MAX = 200  # per GET and per id-set filter
BUNDLE_MAX = 10  # messages of one multi-message
PARALLEL_WRITES = 4
CALLS_AT_ONCE = 40  # before it is asked again whether to go on: ten rounds of PARALLEL_WRITES
ROOM_CALLS = 10  # writes are begun when so many calls may go: one commit for each such group, not for each write
BUNDLES_FAIL_MAX = 3
BUNDLES_PAUSE = timedelta(minutes=30)

log = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Write:
    """One write, as it can be sent alone or inside a multi-message. `label` finds its outcome."""

    label: str
    operation: str
    path: str
    body: Any
    method: str = "POST"


class BrightpearlClient(AccountReads):
    """One merchant's Brightpearl account."""

    def __init__(
        self, http: aiohttp.ClientSession, settings: BrightpearlSettings, *, merchant: str, clock: Clock,
        telemetry: Telemetry, may_write: Callable[[], None] = lambda: None, tokens: Tokens | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            Transport(
                http, settings, merchant=merchant, clock=clock, telemetry=telemetry, may_write=may_write, tokens=tokens
            )
        )
        self._settings, self._clock = settings, clock
        self._bundles_failed = 0
        self._single_until: datetime | None = None
        """Multi-messages failed again and again: writes go singly until then."""
        self._sets_refused = False
        """Whether the account refused the set filters of order-search, so that single filters are used."""
        self._note_sets_refused = False

    # -- orders -----------------------------------------------------------------------------------------------------

    async def find_orders(self, numbers: Iterable[str]) -> dict[str, list[int]]:
        """Sales-order ids by the shopper's order number; a miss is no proof of absence (search lags).

        Asks in sets first, and singly for what the set did not find or where sets are refused.
        """
        external = self._settings.order_number_field == "external_ref"
        column = "externalRef" if external else "customerRef"
        wanted = list(dict.fromkeys(numbers))
        found: dict[str, list[int]] = {number: [] for number in wanted}
        if len(wanted) > 1 and not self._sets_refused:
            for chunk in _of_length(wanted, NUMBERS_LENGTH):
                forms = [form for number in chunk for form in _forms(number)]
                try:
                    rows = await self._search_orders({"orderTypeId": "1", f"{column}s": ",".join(forms)})
                except RejectedError:
                    self._sets_refused = True
                    break
                for number in chunk:
                    found[number] = _ids_with(rows, column, number)
        for number in wanted:
            for form in _forms(number) if not found[number] else ():
                rows = await self._search_orders({"orderTypeId": "1", column: form})
                found[number] = found[number] or _ids_with(rows, column, number)
        return found

    async def orders_shipped_since(self, since: date, *, column: str) -> list[dict[str, Any]]:
        """Search rows of shipped sales orders by `createdOn` or `updatedOn` (which shipping moves) since a day."""
        rows = await self._search_orders({"orderTypeId": "1", column: f"{since.isoformat()}/"})
        return [row for row in rows if str(row.get("orderShippingStatusId")) in ("3", "4")]

    async def orders_changed(self, ids: Iterable[int], since: datetime) -> dict[int, str]:
        """Which of these orders or credits were updated since, and when: one search for 200 of them."""
        found: dict[int, str] = {}
        for chunk in _chunks(sorted(set(ids)), IDS_MAX):
            rows = await self._search_orders({"orderId": bp.id_set(chunk), "updatedOn": f"{since.date().isoformat()}/"})
            for row in rows:
                updated = wire.moment(row.get("updatedOn"), "updatedOn")
                if updated is not None and updated >= since:
                    found[int(row["orderId"])] = updated.isoformat()
        return found

    async def orders(self, ids: Iterable[int]) -> tuple[dict[int, Order], dict[int, str]]:
        """Orders by id, and why some could not be read; what does not exist is in neither."""
        return _read_each(await self._by_ids("get-orders", "/order-service/order/{}", ids), bp.read_order)

    async def order_states(self, ids: Iterable[int]) -> dict[int, bp.OrderState]:
        read = await self._by_ids("get-orders", "/order-service/order/{}", ids)
        return {state.id: state for state in (bp.read_order_state(each) for each in read)}

    async def _search_orders(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        return await self._search("order-search", "/order-service/order-search", filters)

    # -- credits ----------------------------------------------------------------------------------------------------

    async def credit_ids_of(self, order_ids: Iterable[int]) -> dict[int, list[int]]:
        """Parent order id → ids of sales credits, from the search index: may lag behind."""
        found: dict[int, list[int]] = {order_id: [] for order_id in order_ids}
        for chunk in _chunks(sorted(found), IDS_MAX):
            rows = await self._search_orders({"orderTypeId": "3", "parentOrderId": bp.id_set(chunk)})
            for row in rows:
                parent = wire.integer(row.get("parentOrderId"), "parentOrderId")
                credit = wire.integer(row.get("orderId"), "orderId")
                kind = wire.integer(row.get("orderTypeId"), "orderTypeId")
                if parent in found and credit and kind in (3, None):
                    found[parent].append(credit)
        return found

    async def credit_ids_with_ref(self, external_ref: str) -> list[int]:
        rows = await self._search_orders({"orderTypeId": "3", "externalRef": external_ref})
        return [int(row["orderId"]) for row in rows if str(row.get("externalRef")) == external_ref]

    async def credits(self, ids: Iterable[int]) -> tuple[dict[int, ExistingCredit], dict[int, str]]:
        """Credits by id, and why some could not be read; what does not exist is in neither."""
        return _read_each(await self._by_ids("get-credits", "/order-service/sales-credit/{}", ids), bp.read_credit)

    async def credits_since(self, since: date) -> set[int]:
        """Ids of credits made or updated since a day, from the search index."""
        found: set[int] = set()
        for column in ("createdOn", "updatedOn"):
            rows = await self._search_orders({"orderTypeId": "3", column: f"{since.isoformat()}/"})
            found |= {int(row["orderId"]) for row in rows if str(row.get("orderTypeId")) in ("3", "None")}
        return found

    def create_credit(self, label: str, body: dict[str, Any]) -> Write:
        return Write(label, "create-sales-credit", "/order-service/sales-credit", body)

    def close_credit(self, label: str, credit_id: int, tax_date: str | None = None) -> Write:
        body = {"taxDate": tax_date} if tax_date else {}
        return Write(label, "close-credit", f"/order-service/sales-credit/{credit_id}/close", body)

    # -- stock ------------------------------------------------------------------------------------------------------

    async def goods_in_of(self, order_ids: Iterable[int]) -> list[bp.GoodsInNote]:
        """Every goods-in note of these orders or credits; read by id, so without index lag."""
        notes: list[bp.GoodsInNote] = []
        for chunk in _chunks(sorted(set(order_ids)), IDS_MAX):
            path = f"/warehouse-service/order/{bp.id_set(chunk)}/goods-note/goods-in/"
            answer = await self._read_or_none("get-goods-in", path)
            if answer is not None and answer.response:
                notes += bp.read_goods_in(answer.response)
        return notes

    def receive_goods(self, label: str, credit_id: int, body: dict[str, Any]) -> Write:
        return Write(label, "receive-stock", f"/warehouse-service/order/{credit_id}/goods-note/goods-in", body)

    # -- money ------------------------------------------------------------------------------------------------------

    async def payments_of(self, order_ids: Iterable[int]) -> list[dict[str, Any]]:
        """Customer payments on these orders or credits, as search rows by column name."""
        rows: list[dict[str, Any]] = []
        for chunk in _chunks(sorted(set(order_ids)), IDS_MAX):
            rows += await self._search(
                "payment-search", "/accounting-service/customer-payment-search", {"orderId": bp.id_set(chunk)}
            )
        return rows

    async def refunds_since(self, since: date) -> list[dict[str, Any]]:
        """Payments to customers since a day, on whatever order they were recorded.

        That the search filters by these columns is UNCONFIRMED (they are in its results): compared again here.
        """
        path, day = "/accounting-service/customer-payment-search", {"paymentDate": f"{since.isoformat()}/"}
        try:
            rows = await self._search("payment-search", path, {"paymentType": "PAYMENT", **day})
        except NotPermittedError:
            raise
        except RejectedError:
            rows = await self._search("payment-search", path, day)
        return [
            row
            for row in rows
            if row.get("paymentType") == "PAYMENT" and str(row.get("paymentDate")) >= since.isoformat()
        ]

    async def journals_of(self, order_ids: Iterable[int]) -> list[dict[str, Any]]:
        """Journal rows of these orders or credits, by column name. Source: Brightpearl sheet 9.3."""
        rows: list[dict[str, Any]] = []
        for chunk in _chunks(sorted(set(order_ids)), IDS_MAX):
            rows += await self._search(
                "journal-search", "/accounting-service/journal-search", {"orderId": bp.id_set(chunk)}
            )
        return rows

    def record_payment(self, label: str, body: dict[str, Any]) -> Write:
        return Write(label, "record-refund", "/accounting-service/customer-payment", body)

    def delete_payment(self, label: str, payment_id: int) -> Write:
        return Write(label, "delete-payment", f"/accounting-service/customer-payment/{payment_id}", {}, "DELETE")

    # -- products and notes -----------------------------------------------------------------------------------------

    async def products(self, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """Products as Brightpearl tells them, by id."""
        read = await self._by_ids("get-products", "/product-service/product/{}", ids)
        return {int(each["id"]): each for each in read if isinstance(each, dict) and each.get("id")}

    async def bundles_with(self, product_id: int) -> list[dict[str, Any]]:
        path = f"/product-service/product/{product_id}/bundle"
        answer = await self._read_or_none("get-bundles", path)
        return list(wire.sequence(answer.response, "bundles")) if answer is not None and answer.response else []

    async def products_by_sku(self, sku: str) -> list[dict[str, Any]]:
        """Exact match, compared again here: whether the search minds case is UNCONFIRMED."""
        rows = await self._search("product-search", "/product-service/product-search", {"SKU": sku})
        return [row for row in rows if str(row.get("SKU", "")).casefold() == sku.casefold()]

    async def notes_of(self, order_ids: Iterable[int]) -> list[dict[str, Any]]:
        """Notes of these orders. Whether the search takes id sets is UNCONFIRMED: asked singly where it does not."""
        rows: list[dict[str, Any]] = []
        for chunk in _chunks(sorted(set(order_ids)), 1 if self._note_sets_refused else IDS_MAX):
            try:
                rows += await self._notes(bp.id_set(chunk))
            except RejectedError:
                if len(chunk) == 1:
                    raise
                self._note_sets_refused = True
                for order_id in chunk:
                    rows += await self._notes(str(order_id))
        return rows

    async def _notes(self, order_ids: str) -> list[dict[str, Any]]:
        return await self._search("note-search", "/order-service/order-note-search", {"orderId": order_ids})

    def add_note(self, label: str, order_id: int, text: str) -> Write:
        """Not idempotent: put the return's reference in the text and look with `notes_of` first."""
        return Write(label, "add-note", f"/order-service/order/{order_id}/note", {"text": text, "isPublic": False})

    def set_status(self, label: str, order_id: int, status_id: int) -> Write:
        """Repeatable, but every PUT adds a note of its own (sheet section 7), so ask for the state first.

        A note that matters is a POST of its own: the HTTP library repeats a PUT by itself when a kept connection breaks.
        """
        path = f"/order-service/order/{order_id}/status"
        return Write(label, "set-status", path, {"orderStatusId": status_id}, "PUT")

    def set_custom_fields(self, label: str, order_id: int, fields: Mapping[str, str]) -> Write:
        """`add` is the safe upsert (sheet 5.5): repeatable."""
        ops = [{"op": "add", "path": f"/{code}", "value": value} for code, value in sorted(fields.items())]
        return Write(label, "set-custom-fields", f"/order-service/order/{order_id}/custom-field", ops, "PATCH")

    # -- sending ----------------------------------------------------------------------------------------------------

    @property
    def sends_bundles(self) -> bool:
        """By setting, unless multi-messages are broken just now, or cost as much as single calls do."""
        if self._single_until is not None and self._clock.now() >= self._single_until:
            self._single_until, self._bundles_failed = None, BUNDLES_FAIL_MAX - 1  # one more failure closes it again
        is_dear = self._transport.bundle_cost.told == "each"  # then a bundle saves nothing and a lost answer is ten
        return self._settings.bundled_writes and self._single_until is None and not is_dear

    async def room(self, writes: int) -> int:
        """Wait until a good part of so many writes may leave; answer how many, so that what is begun is sent at once."""
        quota, calls, each = self._transport.quota, writes, 1
        if self.sends_bundles and writes > 1:
            calls, each = -(-writes // BUNDLE_MAX), BUNDLE_MAX
        units = self._transport.bundle_cost.units(min(writes, each)) if each > 1 else 1
        await quota.room(min(units * min(calls, ROOM_CALLS), max(quota.share // 2, 1)))
        return min(max(quota.free // units, 1), CALLS_AT_ONCE) * each

    async def send(self, writes: list[Write]) -> dict[str, Answer | HomewardError]:
        """Send independent writes; answer each one's outcome by label. Never raises for a single write.

        Writes to one return must not be in one call: their order is not kept. Raises LeaseLostError.
        """
        outcomes: dict[str, Answer | HomewardError] = {}
        alone = [
            each for each in writes if each.method == "PATCH" or not self.sends_bundles
        ]  # PATCH: UNCONFIRMED there
        queue = [*_chunks([each for each in writes if each not in alone], BUNDLE_MAX), *([each] for each in alone)]
        while queue and self._transport.bundle_cost.told == "unknown" and len(queue[0]) > 1:
            outcomes |= await self._bundle(queue.pop(0))  # alone, so that its cost can be measured
            queue = queue if self.sends_bundles else [[each] for chunk in queue for each in chunk]
        limit = anyio.CapacityLimiter(PARALLEL_WRITES)

        async def send_chunk(chunk: list[Write]) -> None:
            async with limit:
                outcomes.update(await self._bundle(chunk))

        async with anyio.create_task_group() as group:
            for chunk in queue:
                group.start_soon(send_chunk, chunk)
        for outcome in outcomes.values():
            if isinstance(outcome, LeaseLostError):
                raise outcome
        return outcomes

    async def _one(self, each: Write) -> Answer | HomewardError:
        try:
            return await self._transport.write(each.operation, each.method, each.path, each.body)
        except HomewardError as error:
            return error

    async def _bundle(self, writes: list[Write]) -> dict[str, Answer | HomewardError]:
        """One multi-message. Members succeed, fail, are throttled or stay unknown one by one (sheet section 3)."""
        if len(writes) == 1 or not self.sends_bundles:
            return {each.label: await self._one(each) for each in writes}
        body = {
            "processingMode": "PARALLEL",
            "onFail": "CONTINUE",
            "messages": [
                {"label": each.label, "uri": each.path, "httpMethod": each.method, "body": each.body} for each in writes
            ],
        }
        try:
            answer = await self._transport.write("multi-message", "POST", "/multi-message", body, members=len(writes))
        except (NotPermittedError, TransientError, LeaseLostError) as error:
            return dict.fromkeys((each.label for each in writes), error)
        except RejectedError:  # the message as a whole: none of its members was looked at
            self._bundle_failed()
            return {each.label: await self._one(each) for each in writes}
        except HomewardError as error:
            self._bundle_failed()
            return dict.fromkeys((each.label for each in writes), error)
        told = answer.response if isinstance(answer.response, dict) else {}
        lost = OutcomeUnknownError("multi-message: the reply does not tell what became of this member")
        outcomes: dict[str, Answer | HomewardError] = dict.fromkeys((each.label for each in writes), lost)
        for label in told.get("unprocessedMessages") or []:
            outcomes[str(label)] = TransientError("multi-message: this member was not processed")
        for member in told.get("processedMessages") or []:
            if isinstance(member, dict) and member.get("label") in outcomes:
                outcomes[member["label"]] = _member(member)
        if any(isinstance(outcome, _MemberThrottledError) for outcome in outcomes.values()):
            self._transport.bundle_cost.is_dear()
        if all(outcome is lost for outcome in outcomes.values()):
            self._bundle_failed()
        else:
            self._bundles_failed = 0
        return outcomes

    def _bundle_failed(self) -> None:
        """Multi-messages alone have been out for most of a day (sheet section 3): single calls are the way round."""
        self._bundles_failed += 1
        if self._bundles_failed >= BUNDLES_FAIL_MAX:
            self._single_until = self._clock.now() + BUNDLES_PAUSE
            log.warning("multi-messages fail: writes go singly", extra={"until": self._single_until.isoformat()})

    # -- reading ----------------------------------------------------------------------------------------------------

    async def _by_ids(self, operation: str, path: str, ids: Iterable[int]) -> list[Any]:
        found: list[Any] = []
        for chunk in _chunks(sorted(set(ids)), IDS_MAX):
            answer = await self._read_or_none(operation, path.format(bp.id_set(chunk)))
            if answer is not None and answer.response:
                found += wire.sequence(answer.response, operation)
        return found


def _read_each(told: list[Any], read: Callable[[Any], _T]) -> tuple[dict[int, _T], dict[int, str]]:
    """Read the members of a batch one by one, so that a broken one does not hide the others."""
    found: dict[int, _T] = {}
    unreadable: dict[int, str] = {}
    for each in told:
        try:
            number = wire.integer(each.get("id"), "id") if isinstance(each, dict) else None
        except MalformedPayloadError:
            number = None
        try:
            found[number or 0] = read(each)
        except MalformedPayloadError as error:
            unreadable[number or 0] = str(error)
    return found, unreadable


class _MemberThrottledError(TransientError):
    """One member was refused for the limit, so each one counts."""


def _member(member: dict[str, Any]) -> Answer | HomewardError:
    try:
        status = wire.integer(member.get("statusCode"), "statusCode") or 0
        content = str(wire.mapping(member.get("body") or {}, "body").get("content") or "{}").encode()
    except MalformedPayloadError as error:
        return OutcomeUnknownError(f"multi-message member: {error}")
    code, message = error_of(content)
    if "too many requests" in message.casefold():
        return _MemberThrottledError("multi-message member: over the request limit")
    if 200 <= status < 300 and not code:
        try:
            envelope = wire.parse_json(content)
        except MalformedPayloadError as error:
            return OutcomeUnknownError(f"multi-message member: {error}")
        return Answer(status, envelope.get("response") if isinstance(envelope, dict) else None, "")
    if status in (401, 403):
        return NotPermittedError(f"multi-message member: {status}", status=status)
    if 400 <= status < 500 or code in ("CMNC-018", "CMNC-044"):
        return RejectedError(f"multi-message member: {status} {code} {message}", status=status, code=code)
    return OutcomeUnknownError(f"multi-message member: {status} {code} {message}")


def _forms(number: str) -> list[str]:
    """How a shop may have written an order number into Brightpearl."""
    bare = number.strip().removeprefix("#")
    return list(dict.fromkeys([number.strip(), bare, f"#{bare}"]))


def _ids_with(rows: list[dict[str, Any]], column: str, number: str) -> list[int]:
    wanted = {form.casefold() for form in _forms(number)}
    hits = [row for row in rows if str(row.get(column) or "").strip().casefold() in wanted]
    return sorted({int(row["orderId"]) for row in hits if str(row.get("orderTypeId", "1")) == "1"})


def _chunks(items: list[_T], size: int) -> list[list[_T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _of_length(numbers: list[str], length: int) -> list[list[str]]:
    """Order numbers in groups of at most so many characters."""
    groups: list[list[str]] = [[]]
    size = 0
    for number in numbers:
        if groups[-1] and size + len(number) > length:
            groups.append([])
            size = 0
        groups[-1].append(number)
        size += len(number)
    return groups


def refund_method(rows: Iterable[dict[str, Any]], order_id: int) -> str | None:
    """The method an order was paid with: of its receipts, the one with the largest amount."""
    receipts = [
        row for row in rows
        if str(row.get("orderId")) == str(order_id) and row.get("paymentType") in ("RECEIPT", "CAPTURE")
    ]  # fmt: skip
    best = max(receipts, key=lambda row: Decimal(str(row.get("amountPaid") or 0)), default=None)
    return str(best["paymentMethodCode"]) if best and best.get("paymentMethodCode") else None


def payment_matches(row: dict[str, Any], *, credit_id: int, transaction_ref: str) -> bool:
    return str(row.get("orderId")) == str(credit_id) and str(row.get("transactionRef")) == transaction_ref
