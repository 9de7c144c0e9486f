"""Happy Returns over HTTP: ask about returns and shipments, report contents.

Paths and parameters: Happy Returns sheet 1.4 (E1–E5, E11). Every answer is read by `happy_returns_wire`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import anyio

from daemon.clients import happy_returns_wire, wire
from daemon.clients.happy_returns_wire import Item, Shipment, ShipmentLine
from daemon.clients.sending import Sending
from daemon.clients.throttle import LeakyBucket
from daemon.clock import Clock
from daemon.errors import (
    HomewardError,
    MalformedPayloadError,
    NotPermittedError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from daemon.health.kinds import HAPPY_RETURNS
from daemon.health.vendor import VendorHealth
from daemon.settings import HTTP_TIMEOUT_SECONDS
from daemon.settings_merchant import HappyReturnsSettings
from daemon.settings_section import SecretFile
from daemon.telemetry import Telemetry
from statemachine.refs import fold_code

BODY_MAX = 16 * 1024 * 1024
SHIPMENT_PAGE = 500  # sheet 1.6; the maximum is 1000
PAGES_MAX = 200
ITEMS_MAX = 20_000  # of one answer, all its pages together
WRITES = ("approve", "post-contents")


class HappyReturnsClient:
    """One merchant's view of Happy Returns. Calls are made one at a time, as its bucket wants it."""

    def __init__(
        self, http: aiohttp.ClientSession, settings: HappyReturnsSettings, *, merchant: str, clock: Clock,
        telemetry: Telemetry, may_write: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._http, self._settings, self._merchant = http, settings, merchant
        self._may_write = may_write
        self.health = VendorHealth(
            clock, merchant=merchant, vendor=HAPPY_RETURNS, setting=f"merchants.{merchant}.happy_returns.api_key_file",
            file=str(settings.api_key_file),
        )  # fmt: skip
        self._key = SecretFile(settings.api_key_file)
        self._telemetry = telemetry
        self.bucket = LeakyBucket(clock, requests_per_second=settings.requests_per_second)
        self._turn = anyio.Lock()
        self._clock = clock
        self.server_time: datetime | None = None
        """The Date of the last answer, for comparing clocks."""

    async def get_return(
        self, *, express_code: str = "", order_number: str = ""
    ) -> tuple[list[Item], list[str]] | None:
        """E1 by exactly one criterion, all pages: usable items and faults; None when nothing was found (204)."""
        code = fold_code(express_code)
        criterion = {"happyReturnsExpressCode": code} if code else {"orderNumber": order_number}
        body: dict[str, Any] = {"happyReturnsRetailerID": self._settings.retailer_id, **criterion}
        items: list[Item] = []
        faults: list[str] = []
        for _ in range(PAGES_MAX):
            status, answer = await self._call("get-return", "POST", "/return", body=body)
            if status == 204 and not items:
                return None
            with self.health.parsing("get-return"):
                if answer is None:  # only a 204 says that there is nothing, and a page that was announced is there
                    raise MalformedPayloadError(f"POST /return: {status} with an empty answer")
                page, page_faults = happy_returns_wire.read_items(answer)
                cursor = wire.text(answer.get("cursor"), "cursor") if isinstance(answer, dict) else ""
            items += page
            faults += page_faults
            if len(items) > ITEMS_MAX:
                raise MalformedPayloadError(f"POST /return: more than {ITEMS_MAX} items under one name are not read")
            if not cursor:
                return items, faults
            body["cursor"] = cursor
        raise MalformedPayloadError(f"POST /return: more than {PAGES_MAX} pages")

    async def list_shipments(self, start: datetime, end: datetime) -> list[Shipment]:
        """E2: hub shipments that departed in the window; never relies on the 24 h default."""
        query = {
            "retailerID": self._settings.retailer_id,
            "startDateTime": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "endDateTime": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        status, answer = await self._call("list-shipments", "GET", "/outbound-shipments", query=query)
        with self.health.parsing("list-shipments"):
            if answer is None and status != 204:
                raise MalformedPayloadError(f"GET /outbound-shipments: {status} with an empty answer")
            return happy_returns_wire.read_shipments(answer) if answer is not None else []

    async def shipment_lines(self, shipment_id: str) -> tuple[list[ShipmentLine], list[str]]:
        """E3, to the end."""
        lines: list[ShipmentLine] = []
        faults: list[str] = []
        query = {"page[size]": str(SHIPMENT_PAGE)}
        for _ in range(PAGES_MAX):
            _, answer = await self._call("get-shipment", "GET", f"/outbound-shipment/{shipment_id}", query=query)
            with self.health.parsing("get-shipment"):
                if answer is None:  # a shipment that was listed has lines: an empty answer is none
                    raise MalformedPayloadError(f"GET /outbound-shipment/{shipment_id}: an empty answer")
                page, page_faults, after = happy_returns_wire.read_shipment_lines(answer)
            lines += page
            faults += page_faults
            if not after:
                break
            query = {"page[size]": str(SHIPMENT_PAGE), "page[after]": after}
        return lines, faults

    async def approve(self, return_ref: str, returning: list[dict[str, Any]]) -> None:
        """E4. Moves money and cannot be undone; called only where policy says `approve_returns`."""
        await self._call("approve", "POST", f"/rma/{return_ref}/approve", body={"returning": returning})

    async def post_contents(self, items: list[dict[str, Any]]) -> None:
        """E5: what the warehouse found in the bags, at most 1000 items. No money effect."""
        body = [{"happyReturnsRetailerID": self._settings.retailer_id, "items": items}]
        await self._call("post-contents", "POST", "/return-contents", body=body)

    def _headers(self) -> dict[str, str]:
        return {"X-Hr-Apikey": self._key.value}

    async def check(self) -> None:
        """E11 as a health check of host and key. Raises NotPermittedError, TransientError, RejectedError."""
        await self._call("check", "GET", "/webhooks")

    async def ask_for_nothing(self) -> None:
        """E1 for an order that nobody has: whether the key is linked to our retailer."""
        await self.get_return(order_number="homeward-probe")

    async def webhook_urls(self) -> list[str]:
        """E11: where Happy Returns posts to. The shape is UNCONFIRMED (U-03): every http address in it is taken."""
        _, answer = await self._call("list-webhooks", "GET", "/webhooks")
        found: list[str] = []
        waiting = [answer]
        while waiting:
            each = waiting.pop()
            if isinstance(each, dict):
                waiting += each.values()
            elif isinstance(each, list):
                waiting += each
            elif isinstance(each, str) and each.startswith(("http://", "https://")):
                found.append(each)
        return sorted(set(found))

    async def _call(
        self, operation: str, method: str, path: str, *, body: Any = None, query: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        async with self._turn:
            self.health.check(f"Happy Returns {method} {path}", credential=self._key.value)
            await self._clock.sleep(self.bucket.wait)
            with self._telemetry.span(f"happy-returns {operation}", merchant=self._merchant) as span:
                self.bucket.sent()
                try:
                    status, answer = await self._exchange(operation, method, path, body=body, query=query)
                except (TransientError, RejectedError, MalformedPayloadError) as error:
                    self._judge(operation, error)
                    raise
                span.set_attribute("http.response.status_code", status)
                self._count(operation, "ok")
                self.health.answered(operation, server_time=self.server_time)
                return status, answer

    def _judge(self, operation: str, error: HomewardError) -> None:
        """What an exchange that brought nothing says of Happy Returns."""
        self._count(operation, type(error).__name__)
        match error:
            case ThrottledError():
                self.health.throttled(operation)
            case NotPermittedError():
                self.health.refused(operation, error.status, str(error))
            case RejectedError() if error.status >= 400 and "<html" not in str(error).casefold():
                self.health.answered(operation, server_time=self.server_time)
            case RejectedError() | MalformedPayloadError():  # a redirect, a page: somebody else answers in its place
                self.health.garbled(operation, str(error))
            case _:
                self.health.failed(operation, str(error))

    async def _exchange(
        self, operation: str, method: str, path: str, *, body: Any, query: dict[str, str] | None
    ) -> tuple[int, Any]:
        url = f"{self._settings.base_url.rstrip('/')}{path}"
        try:
            with anyio.fail_after(HTTP_TIMEOUT_SECONDS):
                async with self._http.request(
                    method, url, json=body, params=query, headers=self._headers(), allow_redirects=False,
                    trace_request_ctx=Sending(
                        f"happy-returns.{operation}", self._may_write if operation in WRITES else None
                    ),
                ) as reply:  # fmt: skip
                    raw = await _bounded(reply)
                    self.server_time = wire.server_time(reply.headers)
                    status = reply.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"Happy Returns {method} {path}: {type(error).__name__}") from error
        if self.server_time is not None:
            self._clock.heard(HAPPY_RETURNS, self.server_time)
        told = raw[:300].decode("utf-8", "replace")
        if status == 429:
            pause = self.bucket.refused(told)
            raise ThrottledError(
                f"Happy Returns {method} {path}: over its limit", retry_after_seconds=pause.total_seconds()
            )
        if status in (401, 403):
            raise NotPermittedError(f"Happy Returns {method} {path}: {status}, the key is not accepted", status=status)
        if status >= 500:
            raise TransientError(f"Happy Returns {method} {path}: {status} {told}")
        if status >= 300:
            refusal = f"Happy Returns {method} {path}: {status} {told}"
            if operation in WRITES and not _is_own_refusal(raw):
                raise OutcomeUnknownError(refusal)
            raise RejectedError(refusal, status=status)
        if status == 204 or not raw.strip():
            return status, None
        try:
            return status, wire.parse_json(raw)
        except MalformedPayloadError as error:
            raise MalformedPayloadError(f"Happy Returns {method} {path}: {status}, {error}") from error

    def _count(self, operation: str, outcome: str) -> None:
        self._telemetry.count_call(self._merchant, HAPPY_RETURNS, operation, outcome)


async def _bounded(reply: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for chunk in reply.content.iter_chunked(65536):
        raw += chunk
        if len(raw) > BODY_MAX:
            raise MalformedPayloadError(f"an answer of more than {BODY_MAX} bytes")
    return bytes(raw)


def _is_own_refusal(raw: bytes) -> bool:
    """Whether Happy Returns itself says no: whatever stands in between has no such message (sheet U-04)."""
    try:
        answer = wire.parse_json(raw)
    except MalformedPayloadError:
        return False
    return isinstance(answer, dict) and isinstance(answer.get("ErrorMessage"), str)


def next_sweep(settings: HappyReturnsSettings, *, age: timedelta) -> timedelta:
    """How long until a return of this age is read again. Source: sheet 1.6."""
    if age < timedelta(hours=48):
        return timedelta(minutes=settings.sweep_minutes_fresh)
    if age < timedelta(days=14):
        return timedelta(minutes=settings.sweep_minutes_recent)
    return timedelta(minutes=settings.sweep_minutes_old)
