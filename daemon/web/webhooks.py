"""The webhook receiver: signature over the raw body first, then stored, then answered. Nothing is decided here."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import anyio
import asyncpg
from aiohttp import web
from anyio.lowlevel import checkpoint

from daemon.clock import Clock
from daemon.loops.receive import Taken, accept, defer
from daemon.settings_merchant import MerchantSettings
from daemon.settings_section import SecretFile
from daemon.store.database import DISCONNECTED, Database
from daemon.store.scope import of_merchants
from daemon.telemetry import Telemetry, traceparent
from daemon.web.connections import Connection
from daemon.web.guard import BODY_MAX, client_of
from daemon.web.signatures import HEADER_MAX, SMALL_BODY, Allowance, Senders, Signature

log = logging.getLogger(__name__)

HEADER = "X-Hr-Signature"
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


@dataclass(slots=True, eq=False)
class _Body:
    """A webhook waiting to be stored; `taken` once it is."""

    merchant: str
    settings: MerchantSettings
    raw: bytes
    trace: str
    is_over: bool = False
    """It came over the limit: what it names is asked for, and it is not kept."""
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
        proxies: tuple[str, ...] = (),
    ) -> None:
        self._allowances = {merchant: Allowance(per_minute) for merchant in receivers}
        self._database, self._clock, self._telemetry = database, clock, telemetry
        self._receivers, self._stir = receivers, stir
        self._senders, self._proxies = Senders(), proxies
        self._waiting: list[_Body] = []
        self._turn = anyio.Lock()

    async def expect(self, request: web.Request) -> None:
        """Whoever asks before it sends is answered so that it does not send in vain."""
        if self._refusal(request) is None:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def receive(self, request: web.Request) -> web.Response:
        merchant = request.match_info["merchant"]
        refusal = self._refusal(request)
        if refusal is not None:
            status, title, detail, state = refusal
            self._count(merchant if merchant in self._receivers else "", state)
            _leave_body(request)
            return _problem(status, title, detail)
        receiver, client = self._receivers.get(merchant), self._client_of(request)
        # A merchant that is not here is answered as one whose key does not fit: nobody learns who is.
        scheme = receiver.settings.happy_returns.webhook_signature if receiver is not None else ""
        keys = receiver.keys if receiver is not None else (_NOBODYS,)
        signature = Signature(request.headers[HEADER], keys, scheme=scheme)
        try:
            with anyio.fail_after(BODY_SECONDS), self._senders.reading(client):
                raw = await _read(request, signature)
        except TimeoutError:
            self._count(merchant, "slow")
            self._senders.was_not_signed(client, BODY_MAX)  # a place was taken all the while
            return _problem(408, "too slow", f"The body did not arrive within {BODY_SECONDS:.0f} s.")
        except web.HTTPRequestEntityTooLarge:
            self._senders.was_not_signed(client, BODY_MAX)
            raise
        if not signature.is_good or receiver is None:
            self._count(merchant if receiver is not None else "", "unsigned")
            self._senders.was_not_signed(client, len(raw))
            why = "webhook refused: bad signature" if receiver is not None else "webhook refused: no such merchant"
            log.warning(why, extra={"merchant": merchant[:63]})
            return _problem(401, "bad signature", f"{HEADER} does not match the body.")
        self._senders.was_signed(client)
        is_over = not self._allowances[merchant].take()
        try:
            with self._telemetry.span("webhook happy-returns", merchant=merchant) as span:
                taken = await self._store(_Body(merchant, receiver.settings, raw, traceparent(span), is_over=is_over))
        except (*DISCONNECTED, asyncpg.PostgresError) as error:
            log.error("webhook not stored", extra={"merchant": merchant, "why": type(error).__name__})
            return _problem(503, "not stored", "The database does not answer; send it again.")
        self._stir(merchant)
        if taken.is_deferred:
            self._count(merchant, "too-many")
            log.warning("webhooks over the limit: Happy Returns is asked instead", extra={"merchant": merchant})
            reply = _problem(429, "too many", "More webhooks came than are taken; what they say is asked for instead.")
            reply.headers["Retry-After"] = "10"
            return reply
        self._count(merchant, "quarantined" if taken.reason else "accepted")
        return web.Response(status=200)

    def _client_of(self, request: web.Request) -> str:
        return client_of(request.remote or "", request.headers.getall("X-Forwarded-For", []), self._proxies)

    def _refusal(self, request: web.Request) -> tuple[int, str, str, str] | None:
        """Why nothing of this body is read: status, title, detail and what it counts as. None: it is read."""
        if not 0 < len(request.headers.get(HEADER, "")) <= HEADER_MAX:
            return 401, "not signed", f"{HEADER} is missing, or is no signature; the body was not read.", "unsigned"
        if request.content_length is not None and request.content_length > BODY_MAX:
            return 413, "too large", f"A webhook has {BODY_MAX} bytes at most; the body was not read.", "too-large"
        if not self._senders.may_send(self._client_of(request), request.content_length):
            log.warning(
                "webhook refused: too many without a good signature",
                extra={"merchant": request.match_info["merchant"][:63]},
            )
            why = "Too much came from you, or from everybody, without a good signature; the body was not read."
            return 429, "too many bad signatures", why, "unsigned"
        return None

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
                settings = mine[0].settings
                over = [body for body in mine if body.is_over]
                asked = await defer(connection, merchant, settings, [body.raw for body in over], now=now)
                taken += [(body, each) for body, each in zip(over, asked, strict=True) if each is not None]
                kept = [*(body for body in mine if not body.is_over),
                        *(body for body, each in zip(over, asked, strict=True) if each is None)]  # fmt: skip
                raws = [(body.raw, body.trace) for body in kept]
                told = await accept(connection, merchant, settings, raws, source="webhook", now=now)
                taken += zip(kept, told, strict=True)
        for body, each in taken:
            body.taken = each

    def _count(self, merchant: str, state: str) -> None:
        self._telemetry.metrics.deliveries.labels(merchant, "webhook", state).inc()


async def _read(request: web.Request, signature: Signature) -> bytes:
    """The body, hashed as it comes. Raises HTTPRequestEntityTooLarge as soon as it is larger than one may be."""
    raw = bytearray()
    async for chunk in request.content.iter_chunked(SMALL_BODY):
        raw += chunk
        if len(raw) > BODY_MAX:
            _leave_body(request)
            raise web.HTTPRequestEntityTooLarge(BODY_MAX, len(raw))
        signature.update(chunk)
        if len(raw) > SMALL_BODY:
            await checkpoint()
    return bytes(raw)


def _leave_body(request: web.Request) -> None:
    """Answer without taking in what is still to come, where that is much."""
    is_small = request.content_length is not None and request.content_length <= SMALL_BODY
    if isinstance(request.protocol, Connection) and not is_small and request.can_read_body:
        request.protocol.leave_the_rest()


def _problem(status: int, title: str, detail: str) -> web.Response:
    body = {"title": title, "detail": detail, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")
