"""Brightpearl's resources over HTTP: envelopes, id sets, searches, everything Homeward uses; behind the gateway.

Written from the Brightpearl sheet; imports nothing of the daemon, so that the daemon is tested against the sheet and
not against itself.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from daemon.sandbox import brightpearl_views as views
from daemon.sandbox.books import API, CANCELLED_STATUS, CREDIT_STATUS, Books, Order, Refusal
from daemon.sandbox.brightpearl_gateway import THROTTLED, Gateway, Handler
from daemon.sandbox.faults import AMBIGUOUS, BODIES, Faults, Rule, draw, key_in

IDS_MAX = 200
STATUSES = (
    (1, "Draft / Quote", "SO"), (4, "Invoiced", "SO"), (CANCELLED_STATUS, "Cancelled", "SO"),
    (CREDIT_STATUS, "New credit", "SC"), (11, "Credit checked", "SC"), (12, "Credit held", "SC"),
)  # fmt: skip


@dataclass(slots=True)
class Brightpearl:
    """One account served below /public-api/{account}."""

    books: Books
    gateway: Gateway
    faults: Faults

    def routes(self) -> list[web.RouteDef]:
        base = f"/public-api/{self.books.account}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/order-service/order/{ids}", self.get_orders),
            ("OPTIONS", "/order-service/order/{ids}", self.plan_orders),
            ("GET", "/order-service/order-search{slash:/?}", self.search_orders),
            ("POST", "/order-service/sales-credit{slash:/?}", self.post_credit),
            ("GET", "/order-service/sales-credit/{ids}", self.get_credits),
            ("POST", "/order-service/sales-credit/{id}/close", self.close_credit),
            ("PUT", "/order-service/order/{id}/status", self.put_status),
            ("POST", "/order-service/order/{id}/note", self.post_note),
            ("PATCH", "/order-service/order/{id}/custom-field", self.patch_custom_fields),
            ("GET", "/order-service/order-note-search", self.search_notes),
            ("GET", "/order-service/order-status", self.get_statuses),
            ("POST", "/warehouse-service/order/{id}/goods-note/goods-in", self.post_goods_in),
            ("GET", "/warehouse-service/order/{ids}/goods-note/goods-in{rest:/?.*}", self.get_goods_in),
            ("GET", "/warehouse-service/warehouse", self.get_warehouses),
            ("GET", "/warehouse-service/warehouse/{id}/location/{kind}", self.get_location),
            ("POST", "/accounting-service/customer-payment", self.post_payment),
            ("DELETE", "/accounting-service/customer-payment/{id}", self.delete_payment),
            ("GET", "/accounting-service/customer-payment-search", self.search_payments),
            ("GET", "/accounting-service/journal-search", self.search_journals),
            ("GET", "/accounting-service/tax-code", self.get_tax_codes),
            ("GET", "/accounting-service/nominal-code-search", self.search_nominal_codes),
            ("GET", "/accounting-service/payment-method", self.get_payment_methods),
            ("GET", "/accounting-service/accounting-period", self.get_periods),
            ("GET", "/accounting-service/accounting-period-lock", self.get_lock),
            ("GET", "/integration-service/account-configuration", self.get_configuration),
            ("GET", "/product-service/product/{ids}", self.get_products),
            ("GET", "/product-service/product/{id}/bundle", self.get_bundles),
            ("GET", "/product-service/product-search", self.search_products),
            ("POST", "/multi-message", self.multi_message),
        ]
        routes = [web.route(method, base + path, self.gateway.guarded(handler)) for method, path, handler in table]
        return [*routes, web.post(f"/token/{self.books.account}", self.gateway.token)]

    # -- orders and credits -----------------------------------------------------------------------------------------

    async def get_orders(self, request: web.Request) -> web.Response:
        found = [self.books.orders[i] for i in id_set(request.match_info["ids"]) if i in self.books.orders]
        return self._list([views.order_view(self.books, order) for order in found])

    async def plan_orders(self, request: web.Request) -> web.Response:
        known = [i for i in id_set(request.match_info["ids"], limit=None) if i in self.books.orders]
        uris = [
            "/order/" + ",".join(str(i) for i in known[start : start + IDS_MAX])
            for start in range(0, len(known), IDS_MAX)
        ]
        return _response({"getUris": uris})

    async def get_credits(self, request: web.Request) -> web.Response:
        wanted = id_set(request.match_info["ids"])
        orders = [self.books.orders[i] for i in wanted if i in self.books.orders]
        found = [views.credit_view(self.books, order) for order in orders if order.type_code == "SC"]
        answer = self._list(found)
        answer.set_status(200 if len(found) == len(wanted) else 207)
        return answer

    async def search_orders(self, request: web.Request) -> web.Response:
        query = self._folded(dict(request.query))
        now = self.books.clock.now()
        orders = [o for o in self._named(query) if o.indexed_at is None or o.indexed_at <= now]
        type_ids = {"SO": 1, "PO": 2, "SC": 3, "PC": 4}
        if "orderTypeId" in query:
            kinds = id_set(query["orderTypeId"])
            orders = [o for o in orders if type_ids[o.type_code] in kinds]
        if "orderId" in query:
            wanted_ids = set(id_set(query["orderId"]))
            orders = [o for o in orders if o.id in wanted_ids]
        if "parentOrderId" in query:
            parents = set(id_set(query["parentOrderId"]))
            orders = [o for o in orders if o.parent_id in parents]
        for name, field_name in (("customerRef", "reference"), ("externalRef", "external_ref")):
            if name in query:
                orders = [o for o in orders if getattr(o, field_name) == query[name]]
            if f"{name}s" in query:
                wanted = set(query[f"{name}s"].split(","))
                orders = [o for o in orders if getattr(o, field_name) in wanted]
        for name, field_name in (("createdOn", "created_at"), ("updatedOn", "updated_at")):
            if name in query:
                start, end = _period(query[name], name)
                orders = [o for o in orders if _within(getattr(o, field_name), start, end)]
        rows = [views.order_search_row(self.books, order) for order in orders]
        return self._search(views.ORDER_COLUMNS, rows, query)

    def _folded(self, query: dict[str, str]) -> dict[str, str]:
        """A reference that is looked for, as it would have been kept: where the account's search folds it likewise."""
        is_for_credits = query.get("orderTypeId") == "3" and "externalRef" in query
        if not is_for_credits or not self.books.assumptions.reference_search_folds:
            return query
        return {**query, "externalRef": self.books.kept(query["externalRef"]) or query["externalRef"]}

    def _named(self, query: dict[str, str]) -> list[Order]:
        """The orders a filter names, or all."""
        books = self.books.orders
        if "orderId" in query:
            return [books[i] for i in sorted(set(id_set(query["orderId"]))) if i in books]
        if "parentOrderId" in query:
            return books.having("parent_id", id_set(query["parentOrderId"]))
        for name, field_name in (("customerRef", "reference"), ("externalRef", "external_ref")):
            if name in query:
                return books.having(field_name, [query[name]])
            if f"{name}s" in query:
                return books.having(field_name, query[f"{name}s"].split(","))
        return list(books.values())

    async def post_credit(self, request: web.Request) -> web.Response:
        status, told = self._create_credit(await _body(request))
        return web.json_response(told, status=status)

    def _create_credit(self, body: dict[str, Any]) -> tuple[int, Any]:
        credit_id, is_new = self.books.create_credit(body, by=API)
        if is_new:
            return self.books.assumptions.created_status, {"response": credit_id}
        return 200, {"response": credit_id if self.books.assumptions.duplicate_has_body else {}}

    async def close_credit(self, request: web.Request) -> web.Response:
        self.books.close_credit(int(request.match_info["id"]), await _body(request))
        return web.json_response({})

    async def put_status(self, request: web.Request) -> web.Response:
        self._set_status(int(request.match_info["id"]), await _body(request))
        return _response({})

    def _set_status(self, order_id: int, body: dict[str, Any]) -> None:
        order = self.books.orders.get(order_id)
        if order is None:
            raise Refusal(404, "CMNC-404", "Cannot find the order")
        kinds = {status_id: kind for status_id, _, kind in STATUSES}
        if kinds.get(int(body["orderStatusId"])) != order.type_code:
            raise Refusal(400, "ORDC-922", "The status is not one of this order type")
        order.status_id, order.updated_at = int(body["orderStatusId"]), self.books.clock.now()
        self._note(order.id, str((body.get("orderNote") or {}).get("text") or "Status changed"))

    async def patch_custom_fields(self, request: web.Request) -> web.Response:
        order = self.books.orders.get(int(request.match_info["id"]))
        ops = await request.json()
        if order is None or not isinstance(ops, list):
            raise Refusal(404, "CMNC-404", "Cannot find the order")
        for op in ops:
            code = str(op.get("path", "")).removeprefix("/")
            if op.get("op") != "add" and code not in order.custom_fields:
                raise Refusal(400, "CMNC-038", f"There is no value at {op.get('path')}")
            if not code.startswith("PCF_"):
                raise Refusal(400, "CMNC-043", f"The path {op.get('path')} is not supported")
            order.custom_fields[code] = op.get("value")
        order.updated_at = self.books.clock.now()
        return _response(order.custom_fields)

    async def post_note(self, request: web.Request) -> web.Response:
        body = await _body(request)
        return _response(self._note(int(request.match_info["id"]), str(body.get("text") or "")))

    def _note(self, order_id: int, text: str) -> int:
        note_id = self.books.new_id()
        note = {"orderId": order_id, "noteId": note_id, "noteText": text}
        lag = self.books.lag(self.books.assumptions.note_lag_seconds, f"note {order_id} {text}")
        self.books.indexed_at[note_id] = self.books.clock.now() + lag
        self.books.order_notes.append({**note, "dateAdded": self.books.clock.now().isoformat()})
        return note_id

    async def search_notes(self, request: web.Request) -> web.Response:
        wanted = id_set(request.query.get("orderId", "0"))
        rows = [
            [note[name] for name, _ in views.NOTE_COLUMNS]
            for note in self.books.order_notes
            if note["orderId"] in wanted and self.books.is_indexed(note["noteId"])
        ]
        return self._search(views.NOTE_COLUMNS, rows, dict(request.query))

    async def get_statuses(self, request: web.Request) -> web.Response:
        return _response(
            [
                {"statusId": i, "name": name, "orderTypeCode": kind, "sortOrder": 0, "disabled": False, "visible": True}
                for i, name, kind in STATUSES
            ]
        )

    async def post_goods_in(self, request: web.Request) -> web.Response:
        return _response(self.books.receive(int(request.match_info["id"]), await _body(request), by=API))

    async def get_goods_in(self, request: web.Request) -> web.Response:
        wanted = set(id_set(request.match_info["ids"]))
        found = {str(n["goodsNoteId"]): n for n in self.books.notes_of(sorted(wanted))}
        if not found:
            raise Refusal(404, "CMNC-404", "No goods in notes found within range of order IDs and goods in note IDs")
        return _response(found)

    async def get_warehouses(self, request: web.Request) -> web.Response:
        return _response([{"id": 2, "name": "Main"}, {"id": 3, "name": "Returns"}])

    async def get_location(self, request: web.Request) -> web.Response:
        kinds = {"default": 2, "quarantine": 3}
        kind, warehouse = request.match_info["kind"], int(request.match_info["id"])
        if kind not in kinds or warehouse not in (2, 3):
            raise Refusal(404, "CMNC-404", "Cannot find the location")
        return _response(warehouse * 10 + kinds[kind])

    # -- money and reference data -----------------------------------------------------------------------------------

    async def post_payment(self, request: web.Request) -> web.Response:
        return _response(self.books.pay(await _body(request), by=API))

    async def delete_payment(self, request: web.Request) -> web.Response:
        if self.books.payments.pop(int(request.match_info["id"]), None) is None:
            raise Refusal(404, "CMNC-404", "Cannot find the payment")
        return web.json_response({})

    async def search_payments(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        found = list(
            self.books.payments_of(id_set(query["orderId"])) if "orderId" in query else self.books.payments.values()
        )
        found = [each for each in found if self.books.is_indexed(each["paymentId"])]
        if "paymentType" in query:
            found = [each for each in found if each["paymentType"] == query["paymentType"]]
        if "paymentDate" in query:
            start, end = _period(query["paymentDate"], "paymentDate")
            found = [each for each in found if _within(_moment(each["paymentDate"]), start, end)]
        return self._search(views.PAYMENT_COLUMNS, [views.payment_search_row(p) for p in found], query)

    async def search_journals(self, request: web.Request) -> web.Response:
        orders = [self.books.orders[i] for i in id_set(request.query.get("orderId", "0")) if i in self.books.orders]
        rows = [row for order in orders for row in views.journal_search_rows(self.books, order)]
        return self._search(views.JOURNAL_COLUMNS, rows, dict(request.query))

    async def get_tax_codes(self, request: web.Request) -> web.Response:
        return _response(
            [
                {"id": n, "code": code, "description": code, **({"rate": float(rate)} if rate else {})}
                for n, (code, rate) in enumerate(self.books.tax_codes.items(), start=1)
            ]
        )

    async def search_nominal_codes(self, request: web.Request) -> web.Response:
        rows = [[code, name, "INCOME", False, 1, active] for code, (name, active) in self.books.nominal_codes.items()]
        return self._search(views.NOMINAL_COLUMNS, rows, dict(request.query))

    async def get_payment_methods(self, request: web.Request) -> web.Response:
        return _response(
            [
                {"name": code.title(), "code": code, "isActive": active, "bankAccounts": []}
                for code, active in self.books.payment_methods.items()
            ]
        )

    async def get_periods(self, request: web.Request) -> web.Response:
        return _response([{"id": 1, "startDate": "2025-01-01", "endDate": "2025-12-31"}])

    async def get_lock(self, request: web.Request) -> web.Response:
        if self.books.locked_until is None:
            raise Refusal(404, "CMNC-404", "No accounting period lock is set")
        return _response({"lockedBy": 206, "lockedUntil": self.books.locked_until.isoformat()})

    async def get_configuration(self, request: web.Request) -> web.Response:
        return _response(
            {"configuration": {
                "baseCurrencyCode": self.books.base_currency, "timeZone": str(self.books.zone), "taxSchemeCode": "VAT",
                "newSalesCreditStatusId": str(CREDIT_STATUS), "invoicedOrderStatusId": "4",
                "cancelledOrderStatusId": str(CANCELLED_STATUS), "salesNominalCode": "4000",
            }}
        )  # fmt: skip

    async def get_products(self, request: web.Request) -> web.Response:
        found = [self.books.products[i] for i in id_set(request.match_info["ids"]) if i in self.books.products]
        if not found:
            raise Refusal(404, "CMNC-404", "No products found")
        return self._list([views.product_view(product) for product in found])

    async def get_bundles(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["id"])
        found = [p for p in self.books.products.values() if any(c == wanted for c, _ in p.components)]
        if not found:
            raise Refusal(404, "CMNC-404", "No bundles contain the product")
        return self._list([views.product_view(product) for product in found])

    async def search_products(self, request: web.Request) -> web.Response:
        wanted = request.query.get("SKU", "")
        rows = [[p.id, p.name, p.sku, p.barcode] for p in self.books.products.values() if p.sku == wanted]
        return self._search(views.PRODUCT_COLUMNS, rows, dict(request.query))

    # -- multi-message ----------------------------------------------------------------------------------------------

    async def multi_message(self, request: web.Request) -> web.Response:
        body = await _body(request)
        messages = body.get("messages") or []
        if not 2 <= len(messages) <= 10 or len({m.get("label") for m in messages}) != len(messages):
            raise Refusal(400, "CMNC-918", "Between 2 and 10 messages with unique labels are needed")
        if body.get("processingMode") == "PARALLEL" and body.get("onFail") == "STOP":
            raise Refusal(400, "CMNC-919", "STOP is not allowed with PARALLEL")
        processed = []
        for message in messages:
            status, content = self._member(message)
            processed.append({"label": message["label"], "statusCode": status, "body": {"content": content}})
        whole = all(each["statusCode"] < 300 for each in processed)
        return _response({"processedMessages": processed, "unprocessedMessages": []}, status=200 if whole else 207)

    def _member(self, message: dict[str, Any]) -> tuple[int, str]:
        """One member's status and content; each is throttled, refused or lost by itself (sheet section 3)."""
        uri, method = str(message.get("uri")), str(message.get("httpMethod"))
        if self.gateway.is_member_throttled():
            return 503, json.dumps({"errors": [{"code": "CMNC-503", "message": THROTTLED}]})
        body = message.get("body") or {}
        what = f"MEMBER {method} {uri}"
        fault = self.faults.strike(what, f"{what} {key_in(body) or json.dumps(body, sort_keys=True)}")
        self.faults.ambiguous += fault is not None and fault.kind in AMBIGUOUS
        if fault is not None and fault.kind in ("throttled", "error-before", "unavailable"):
            told = THROTTLED if fault.kind == "throttled" else "Internal error"
            return 500, json.dumps({"errors": [{"code": "CMNU-003", "message": told}]})
        if fault is not None and fault.kind == "answer-before":
            return fault.status or 404, BODIES[fault.body][1]
        before = self.books.latest_id
        try:
            if fault is not None and fault.kind == "twice":
                self.books.is_repeated = True
                try:
                    self._do(method, uri, body)
                finally:
                    self.books.is_repeated = False
            status, told = 200, self._do(method, uri, body)
            if method == "POST" and uri == "/order-service/sales-credit":
                status, told = told
        except Refusal as refusal:
            return refusal.status, json.dumps({"errors": [{"code": refusal.code, "message": refusal.message}]})
        return self._after(fault, status, json.dumps(told), before)

    def _after(self, fault: Rule | None, status: int, content: str, before: int) -> tuple[int, str]:
        """What a member that was done is answered."""
        match fault.kind if fault is not None else "":
            case "" | "twice":
                return status, content
            case "error-after":
                return 500, json.dumps({"errors": [{"code": "CMNU-003", "message": "Internal error"}]})
            case "answer-after" if fault is not None:
                return fault.status or 404, BODIES[fault.body][1]
            case "acknowledge-only":
                self.books.forget_since(before)
                return status, content
        return status, "{"

    def _do(self, method: str, uri: str, body: dict[str, Any]) -> Any:
        parts = uri.strip("/").split("/")
        match (method, *parts):
            case ("POST", "order-service", "sales-credit"):
                return self._create_credit(body)
            case ("POST", "order-service", "sales-credit", credit_id, "close"):
                self.books.close_credit(int(credit_id), body)
                return {}
            case ("POST", "accounting-service", "customer-payment"):
                return {"response": self.books.pay(body, by=API)}
            case ("POST", "warehouse-service", "order", credit_id, "goods-note", "goods-in"):
                return {"response": self.books.receive(int(credit_id), body, by=API)}
            case ("POST", "order-service", "order", order_id, "note"):
                return {"response": self._note(int(order_id), str(body.get("text") or ""))}
            case ("PUT", "order-service", "order", order_id, "status"):
                self._set_status(int(order_id), body)
                return {}
        raise Refusal(404, "CMNC-404", f"Cannot find the resource {uri}")

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _list(self, found: list[Any]) -> web.Response:
        if self.books.assumptions.shuffle_results:
            found.sort(key=lambda each: draw("shuffle", each.get("id")))
        return _response(found)

    def _search(
        self, columns: tuple[tuple[str, str], ...], rows: list[list[Any]], query: dict[str, str]
    ) -> web.Response:
        size = min(int(query.get("pageSize", "500")), 500)
        first = max(int(query.get("firstResult", "1")), 1)
        return web.json_response(views.search_view(columns, rows, first=first, size=size))


def id_set(told: str, *, limit: int | None = IDS_MAX) -> list[int]:
    """Ascending ids and ranges; anything else is refused as Brightpearl does (sheet section 1)."""
    ids: list[int] = []
    try:
        for part in told.replace(".", ",").split(","):
            low, _, high = part.partition("-")
            run = range(int(low), int(high or low) + 1)
            if not run or int(low) <= 0:
                raise Refusal(400, "CMNC-008", f"The ID set {told[:60]} is badly formed")
            ids += run
    except ValueError as error:
        raise Refusal(400, "CMNC-008", f"The ID set {told[:60]} is badly formed") from error
    if "." not in told and ids != sorted(ids):
        raise Refusal(400, "CMNC-006", "The ID set is not in ascending order")
    if limit is not None and len(ids) > limit:
        raise Refusal(400, "CMNC-920", f"At most {limit} ids may be asked for at once")
    return ids


def _period(told: str, name: str) -> tuple[datetime | None, datetime | None]:
    try:
        start, _, end = told.partition("/")
        return _day(start), _day(end)
    except ValueError as error:
        raise Refusal(500, "CMNC-018", f"{told} cannot be parsed as PERIOD for {name}") from error


def _day(told: str) -> datetime | None:
    if not told:
        return None
    parsed = datetime.fromisoformat(told)
    return parsed if parsed.tzinfo else parsed.astimezone()


def _moment(told: Any) -> datetime | None:
    return _day(str(told)) if told else None


def _within(moment: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    return moment is not None and (start is None or moment >= start) and (end is None or moment <= end)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        told = await request.json()
    except ValueError as error:
        raise Refusal(400, "CMNC-010", "The body must be JSON") from error
    if not isinstance(told, dict):
        raise Refusal(400, "CMNC-010", "The body must be a JSON object")
    return told


def _response(value: Any, *, status: int = 200) -> web.Response:
    return web.json_response({"response": value}, status=status)
