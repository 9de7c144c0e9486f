"""What the daemon serves: the webhook receiver, health, readiness, metrics."""

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass

import anyio
import asyncpg
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from daemon.clock import Clock
from daemon.loops.receive import Taken, accept
from daemon.settings import MerchantSettings
from daemon.store.database import DISCONNECTED, Database
from daemon.telemetry import Telemetry, traceparent
from daemon.web.watched import Watched

log = logging.getLogger(__name__)

WEBHOOK_BODY_MAX = 1024 * 1024  # a return of a thousand units is far below
TOGETHER_MAX = 50  # webhooks stored in one commit


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is needed to take one merchant's webhooks."""

    settings: MerchantSettings
    keys: tuple[bytes, ...]
    """Accepted signing keys; several while one is rotated, none when webhooks are not set up."""


def build(
    *,
    database: Database,
    clock: Clock,
    telemetry: Telemetry,
    receivers: dict[str, Receiver],
    is_ready: Callable[[], bool],
    stir: Callable[[str], None],
    held: Callable[[], set[str]] = set,
) -> web.Application:
    app = web.Application(client_max_size=WEBHOOK_BODY_MAX)
    door = _Door(database, clock, telemetry, receivers, stir)

    async def ready(request: web.Request) -> web.Response:
        if not is_ready():
            return web.json_response({"ready": False, "why": "starting: no lease yet"}, status=503)
        try:
            async with database.reading() as connection:
                await connection.fetchval("SELECT 1", timeout=2)
        except (*DISCONNECTED, asyncpg.PostgresError, TimeoutError):
            return web.json_response({"ready": False, "why": "the database does not answer"}, status=503)
        return web.json_response({"ready": True})

    async def healthy(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    watched = Watched(database, clock, telemetry, sorted(receivers), held)

    async def metrics(request: web.Request) -> web.Response:
        await watched.refresh()
        body = generate_latest(telemetry.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthy)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)
    app.router.add_post("/webhooks/happy-returns/{merchant}", door.receive)
    return app


def is_signed(raw: bytes, header: str, keys: tuple[bytes, ...], *, scheme: str) -> bool:
    """Whether the signature over the raw body is good under any of the keys; constant time. UNCONFIRMED U-11."""
    told = header.strip().removeprefix("sha256=")
    good = False
    for key in keys:
        digest = hmac.new(key, raw, hashlib.sha256).digest()
        if scheme == "hmac-sha256-base64":
            expected, given = base64.b64encode(digest).decode(), told
        else:
            expected, given = digest.hex(), told.lower()
        good |= hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
    return good


@dataclass(slots=True, eq=False)
class _Body:
    """A webhook waiting to be stored; `taken` once it is."""

    merchant: str
    settings: MerchantSettings
    raw: bytes
    trace: str
    taken: Taken | None = None


class _Door:
    """Takes webhooks: signature first, then stored, then answered. Nothing is decided here."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telemetry: Telemetry,
        receivers: dict[str, Receiver],
        stir: Callable[[str], None],
    ) -> None:
        self._database, self._clock, self._telemetry = database, clock, telemetry
        self._receivers, self._stir = receivers, stir
        self._waiting: list[_Body] = []
        self._turn = anyio.Lock()

    async def receive(self, request: web.Request) -> web.Response:
        merchant = request.match_info["merchant"]
        receiver = self._receivers.get(merchant)
        if receiver is None:
            return _problem(404, "unknown merchant", "There is no such merchant here.")
        raw = await request.read()
        header = request.headers.get("X-Hr-Signature", "")
        scheme = receiver.settings.happy_returns.webhook_signature
        if not header or not is_signed(raw, header, receiver.keys, scheme=scheme):
            self._count(merchant, "unsigned")
            log.warning("webhook refused: bad signature", extra={"merchant": merchant, "bytes": len(raw)})
            return _problem(401, "bad signature", "X-Hr-Signature does not match the body.")
        try:
            with self._telemetry.span("webhook happy-returns", merchant=merchant) as span:
                taken = await self._store(_Body(merchant, receiver.settings, raw, traceparent(span)))
        except (*DISCONNECTED, asyncpg.PostgresError) as error:
            log.error("webhook not stored", extra={"merchant": merchant, "why": type(error).__name__})
            return _problem(503, "not stored", "The database does not answer; send it again.")
        self._count(merchant, "quarantined" if taken.reason else "accepted")
        self._stir(merchant)
        return web.Response(status=200)

    async def _store(self, body: "_Body") -> Taken:
        """Committed when this returns. Whoever comes while a commit is under way rides in the next one."""
        self._waiting.append(body)
        async with self._turn:
            if body.taken is None:
                together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
                if body not in together:  # it came late in a long queue
                    self._waiting.remove(body)
                    together.append(body)
                try:
                    await self._commit(together)
                except BaseException:
                    if len(together) == 1:
                        raise
                    # Each by itself, so that what breaks for one does not break for its neighbours.
                    self._waiting = [each for each in together if each is not body] + self._waiting
                    await self._commit([body])
        assert body.taken is not None
        return body.taken

    async def _commit(self, bodies: "list[_Body]") -> None:
        now = self._clock.now()
        by_merchant: dict[str, list[_Body]] = {}
        for body in bodies:
            by_merchant.setdefault(body.merchant, []).append(body)
        taken: list[tuple[_Body, Taken]] = []
        async with self._database.transaction("webhook") as connection:
            for merchant, mine in sorted(by_merchant.items()):
                raws = [(body.raw, body.trace) for body in mine]
                told = await accept(connection, merchant, mine[0].settings, raws, source="webhook", now=now)
                taken += zip(mine, told, strict=True)
        for body, each in taken:
            body.taken = each

    def _count(self, merchant: str, state: str) -> None:
        self._telemetry.metrics.deliveries.labels(merchant, "webhook", state).inc()


def _problem(status: int, title: str, detail: str) -> web.Response:
    body = {"title": title, "detail": detail, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")
