"""The webhook receiver: signature over the raw body first, then stored, then answered. Nothing is decided here."""

import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import asyncpg
from aiohttp import web

from daemon.clock import Clock
from daemon.loops.receive import Taken, accept
from daemon.settings_merchant import MerchantSettings
from daemon.settings_section import SecretFile
from daemon.store.database import DISCONNECTED, Database
from daemon.store.scope import of_merchants
from daemon.telemetry import Telemetry, traceparent

log = logging.getLogger(__name__)

BODY_SECONDS = 10.0  # a body that takes longer is not waited for
TOGETHER_MAX = 50  # webhooks stored in one commit
_NOBODYS = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is needed to take one merchant's webhooks."""

    settings: MerchantSettings
    secret: SecretFile | None
    """Where the accepted signing keys are, one a line, several while one is rotated; None: webhooks are not set up."""

    @property
    def keys(self) -> tuple[bytes, ...]:
        told = self.secret.value if self.secret is not None else ""
        return tuple(line.strip().encode() for line in told.splitlines() if line.strip())


@dataclass(slots=True)
class Allowance:
    """So many a minute, evenly: a bucket that fills by itself."""

    per_minute: int
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = float(self.per_minute), time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.left = min(self.per_minute, self.left + (now - self.at) * self.per_minute / 60)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


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


class WebhookDoor:
    """Takes webhooks."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telemetry: Telemetry,
        receivers: dict[str, Receiver],
        stir: Callable[[str], None],
        *,
        per_minute: int,
    ) -> None:
        self._allowances = {merchant: Allowance(per_minute) for merchant in receivers}
        self._database, self._clock, self._telemetry = database, clock, telemetry
        self._receivers, self._stir = receivers, stir
        self._waiting: list[_Body] = []
        self._turn = anyio.Lock()

    async def receive(self, request: web.Request) -> web.Response:
        merchant = request.match_info["merchant"]
        receiver = self._receivers.get(merchant)
        try:  # read before anything is answered: who sends would otherwise wait for its body to be taken
            with anyio.fail_after(BODY_SECONDS):
                raw = await request.read()
        except TimeoutError:
            self._count(merchant if receiver else "", "slow")
            return _problem(408, "too slow", f"The body did not arrive within {BODY_SECONDS:.0f} s.")
        header = request.headers.get("X-Hr-Signature", "")
        # A merchant that is not here is answered as one whose key does not fit: nobody learns who is.
        scheme = receiver.settings.happy_returns.webhook_signature if receiver is not None else ""
        keys = receiver.keys if receiver is not None else (_NOBODYS,)
        if not is_signed(raw, header, keys, scheme=scheme) or not header or receiver is None:
            self._count(merchant if receiver is not None else "", "unsigned")
            why = "webhook refused: bad signature" if receiver is not None else "webhook refused: no such merchant"
            log.warning(why, extra={"merchant": merchant[:63], "bytes": len(raw)})
            return _problem(401, "bad signature", "X-Hr-Signature does not match the body.")
        if not self._allowances[merchant].take():
            self._count(merchant, "too-many")
            reply = _problem(429, "too many", "More webhooks came than are taken; what they say is asked for instead.")
            reply.headers["Retry-After"] = "10"
            return reply
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
        async with self._database.transaction("webhook", scope=of_merchants(sorted(by_merchant))) as connection:
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
