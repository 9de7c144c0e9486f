"""Brightpearl's HTTP face: authentication, throttle, envelopes, id sets, every resource Homeward uses.

Written from the Brightpearl sheet; imports nothing of the daemon, so that the daemon is tested against the sheet and
not against itself.
"""

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from daemon.sandbox import brightpearl_views as views
from daemon.sandbox.books import CANCELLED_STATUS, CREDIT_STATUS, Books, Refusal
from daemon.sandbox.limits import FixedWindow

APP_REF, ACCOUNT_TOKEN, STAFF_TOKEN = "acme_homeward", "sandbox-account-token", "sandbox-staff-token"
OAUTH_CLIENT_SECRET = "sandbox-client-secret"
FIRST_REFRESH_TOKEN = "sandbox-refresh-token"
IDS_MAX = 200
_THROTTLED = "You have sent too many requests. Please wait before sending another request"

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(slots=True)
class Brightpearl:
    """One account served below /public-api/{account}."""

    books: Books
    window: FixedWindow = field(default_factory=FixedWindow)
    refresh_tokens: set[str] = field(default_factory=lambda: {FIRST_REFRESH_TOKEN})
    access_tokens: dict[str, datetime] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    throttled: int = 0

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
            ("GET", "/order-service/order-note-search", self.search_notes),
            ("GET", "/order-service/order-status", self.get_statuses),
            ("POST", "/warehouse-service/order/{id}/goods-note/goods-in", self.post_goods_in),
            ("GET", "/warehouse-service/order/{ids}/goods-note/goods-in{rest:/?.*}", self.get_goods_in),
            ("GET", "/warehouse-service/warehouse", self.get_warehouses),
            ("GET", "/warehouse-service/warehouse/{id}/location/{kind}", self.get_location),
            ("POST", "/accounting-service/customer-payment", self.post_payment),
            ("DELETE", "/accounting-service/customer-payment/{id}", self.delete_payment),
            ("GET", "/accounting-service/customer-payment-search", self.search_payments),
            ("GET", "/accounting-service/tax-code", self.get_tax_codes),
            ("GET", "/accounting-service/payment-method", self.get_payment_methods),
            ("GET", "/accounting-service/accounting-period", self.get_periods),
            ("GET", "/accounting-service/accounting-period-lock", self.get_lock),
            ("GET", "/integration-service/account-configuration", self.get_configuration),
            ("GET", "/product-service/product/{ids}", self.get_products),
            ("GET", "/product-service/product/{id}/bundle", self.get_bundles),
            ("GET", "/product-service/product-search", self.search_products),
            ("POST", "/multi-message", self.multi_message),
        ]
        routes = [web.route(method, base + path, self._guarded(handler)) for method, path, handler in table]
        return [*routes, web.post(f"/token/{self.books.account}", self.token)]

    # -- the gateway ------------------------------------------------------------------------------------------------

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            now = self.books.clock.now()
            units = await self._units(request)
            limit = self.books.assumptions.requests_per_minute
            passes, remaining, left_ms = self.window.take(now, limit=limit, units=units)
            key = f"{request.method} {handler.__name__}"
            self.calls[key] = self.calls.get(key, 0) + 1
            headers = {
                "brightpearl-requests-remaining": str(remaining),
                "brightpearl-next-throttle-period": str(left_ms),
                "Ruid": secrets.token_hex(8),
            }
            if self.books.assumptions.instance_id is not None:
                headers["Brightpearl-Installed-Integration-Instance-Id"] = str(self.books.assumptions.instance_id)
            if not passes:
                self.throttled += 1
                return web.json_response({"response": _THROTTLED}, status=503, headers=headers)
            if (why := self._not_authenticated(request, now)) is not None:
                return web.json_response({"response": why}, status=401, headers=headers)
            self.books.settle_invoices()
            try:
                answer = await handler(request)
            except Refusal as refusal:
                answer = _errors(refusal.status, refusal.code, refusal.message)
            answer.headers.update(headers)
            return answer

        guarded.__name__ = handler.__name__
        return guarded

    async def _units(self, request: web.Request) -> int:
        if not request.path.endswith("/multi-message") or not self.books.assumptions.multi_message_costs_each:
            return 1
        try:
            return max(len((await request.json()).get("messages", [])), 1)
        except (ValueError, AttributeError):
            return 1

    def _not_authenticated(self, request: web.Request, now: datetime) -> str | None:
        headers = request.headers
        if bearer := headers.get("Authorization", ""):
            expires = self.access_tokens.get(bearer.removeprefix("Bearer "))
            if expires is None:
                return "Invalid instance token: unknown"
            return "Authorization token expired" if expires <= now else None
        if headers.get("brightpearl-app-ref") != APP_REF:
            return "Not authenticated. You must provide a valid authentication token."
        tokens = (headers.get("brightpearl-account-token"), headers.get("brightpearl-staff-token"))
        if tokens[0] == ACCOUNT_TOKEN or tokens[1] == STAFF_TOKEN:
            return None
        return "Not authenticated. You must provide a valid authentication token."

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        refresh = str(form.get("refresh_token", ""))
        if form.get("client_secret") != OAUTH_CLIENT_SECRET:
            return web.json_response({"error": "invalid_client"}, status=400)
        if form.get("grant_type") != "refresh_token" or refresh not in self.refresh_tokens:
            return web.json_response({"error": "invalid_grant", "error_description": "unknown token"}, status=400)
        if self.books.assumptions.rotate_refresh_token:
            self.refresh_tokens.discard(refresh)
            refresh = secrets.token_urlsafe(16)
            self.refresh_tokens.add(refresh)
        access = secrets.token_urlsafe(16)
        life = self.books.assumptions.token_life_seconds
        self.access_tokens[access] = self.books.clock.now() + timedelta(seconds=life)
        return web.json_response(
            {"access_token": access, "refresh_token": refresh, "api_domain": "127.0.0.1", "token_type": "Bearer",
             "expires_in": int(life)}
        )  # fmt: skip

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
        query = dict(request.query)
        now = self.books.clock.now()
        orders = [o for o in self.books.orders.values() if o.indexed_at is None or o.indexed_at <= now]
        type_ids = {"SO": 1, "PO": 2, "SC": 3, "PC": 4}
        if "orderTypeId" in query:
            kinds = id_set(query["orderTypeId"])
            orders = [o for o in orders if type_ids[o.type_code] in kinds]
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

    async def post_credit(self, request: web.Request) -> web.Response:
        credit_id, is_new = self.books.create_credit(await _body(request))
        if is_new:
            return _response(credit_id, status=self.books.assumptions.created_status)
        return _response(credit_id if self.books.assumptions.duplicate_has_body else {}, status=200)

    async def close_credit(self, request: web.Request) -> web.Response:
        self.books.close_credit(int(request.match_info["id"]), await _body(request))
        return web.json_response({})

    async def put_status(self, request: web.Request) -> web.Response:
        order = self.books.orders.get(int(request.match_info["id"]))
        body = await _body(request)
        if order is None:
            raise Refusal(404, "CMNC-404", "Cannot find the order")
        order.status_id, order.updated_at = int(body["orderStatusId"]), self.books.clock.now()
        return _response({})

    async def post_note(self, request: web.Request) -> web.Response:
        body = await _body(request)
        note = {"orderId": int(request.match_info["id"]), "noteId": self.books.new_id(), "noteText": body.get("text")}
        self.books.order_notes.append({**note, "dateAdded": self.books.clock.now().isoformat()})
        return _response(note["noteId"])

    async def search_notes(self, request: web.Request) -> web.Response:
        wanted = id_set(request.query.get("orderId", "0"))
        rows = [
            [note[name] for name, _ in views.NOTE_COLUMNS]
            for note in self.books.order_notes
            if note["orderId"] in wanted
        ]
        return self._search(views.NOTE_COLUMNS, rows, dict(request.query))

    async def get_statuses(self, request: web.Request) -> web.Response:
        known = ((1, "Draft / Quote", "SO"), (4, "Invoiced", "SO"), (CANCELLED_STATUS, "Cancelled", "SO"),
                 (CREDIT_STATUS, "New credit", "SC"), (11, "Credit checked", "SC"), (12, "Credit held", "SC"))  # fmt: skip
        return _response(
            [
                {"statusId": i, "name": name, "orderTypeCode": kind, "sortOrder": 0, "disabled": False, "visible": True}
                for i, name, kind in known
            ]
        )

    # -- stock ------------------------------------------------------------------------------------------------------

    async def post_goods_in(self, request: web.Request) -> web.Response:
        return _response(self.books.receive(int(request.match_info["id"]), await _body(request)))

    async def get_goods_in(self, request: web.Request) -> web.Response:
        wanted = set(id_set(request.match_info["ids"]))
        found = {str(n["goodsNoteId"]): n for n in self.books.notes_in.values() if n["orderId"] in wanted}
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
        return _response(self.books.pay(await _body(request)))

    async def delete_payment(self, request: web.Request) -> web.Response:
        if self.books.payments.pop(int(request.match_info["id"]), None) is None:
            raise Refusal(404, "CMNC-404", "Cannot find the payment")
        return web.json_response({})

    async def search_payments(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        wanted = set(id_set(query["orderId"])) if "orderId" in query else None
        found = [p for p in self.books.payments.values() if wanted is None or p["orderId"] in wanted]
        return self._search(views.PAYMENT_COLUMNS, [views.payment_search_row(p) for p in found], query)

    async def get_tax_codes(self, request: web.Request) -> web.Response:
        return _response(
            [
                {"id": n, "code": code, "description": code, **({"rate": float(rate)} if rate else {})}
                for n, (code, rate) in enumerate(self.books.tax_codes.items(), start=1)
            ]
        )

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
            processed.append(
                {"label": message["label"], "statusCode": status, "body": {"content": json.dumps(content)}}
            )
        whole = all(each["statusCode"] < 300 for each in processed)
        return _response({"processedMessages": processed, "unprocessedMessages": []}, status=200 if whole else 207)

    def _member(self, message: dict[str, Any]) -> tuple[int, Any]:
        uri, body = str(message.get("uri")), message.get("body") or {}
        parts = uri.strip("/").split("/")
        try:
            if uri == "/order-service/sales-credit":
                credit_id, is_new = self.books.create_credit(body)
                return (self.books.assumptions.created_status if is_new else 200), {"response": credit_id}
            if uri.startswith("/order-service/sales-credit/") and uri.endswith("/close"):
                self.books.close_credit(int(parts[2]), body)
                return 200, {}
            if uri == "/accounting-service/customer-payment":
                return 200, {"response": self.books.pay(body)}
            if uri.endswith("/goods-note/goods-in"):
                return 200, {"response": self.books.receive(int(parts[2]), body)}
        except Refusal as refusal:
            return refusal.status, {"errors": [{"code": refusal.code, "message": refusal.message}]}
        return 404, {"errors": [{"code": "CMNC-404", "message": f"Cannot find the resource {uri}"}]}

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _list(self, found: list[Any]) -> web.Response:
        if self.books.assumptions.shuffle_results:
            self.books.rng.shuffle(found)
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


def _errors(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status)
