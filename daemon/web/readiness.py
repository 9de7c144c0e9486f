"""`/readyz`: whether work is possible.

Anybody learns whether it is; the addresses in `web.metrics_from` also why, in kinds and counts; a token, why not for each
merchant it may see. What concerns every merchant is told to those addresses alone.

* 200: this daemon serves, and at least one merchant can be worked; `degraded` and `why` say what is wrong all the same.
* 503: the database does not answer or takes no writes, the daemon has not begun yet, or no merchant can be worked.
* `?only=serving`: the daemon's own part alone, for a balancer that should go on sending browsers and webhooks to it while a
  vendor is out.
* `?merchant=NAME`, with a token: that one merchant alone decides.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import asyncpg
import orjson
from aiohttp import hdrs, web

from daemon.health.kinds import INSTALLATION
from daemon.store import health as health_store
from daemon.store.database import DISCONNECTED
from daemon.store.scope import of_installation
from daemon.views.health import readiness
from daemon.web import guard
from daemon.web.desk import Desk

EXPOSED = (
    "pages run as a database role that sees the rows of every merchant, whoever asks: homeward doctor says what to do"
)
READY_SECONDS = 2.0  # a database that takes longer to say one is away


def asked(desk: Desk, unready: Callable[[], str]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler. `unready`: why this daemon has not begun yet, in words without names; empty when it has."""

    async def ready(request: web.Request) -> web.Response:
        configured = sorted(desk.settings.merchants)
        try:
            with anyio.fail_after(READY_SECONDS):
                async with desk.database.reading(scope=of_installation(configured)) as connection:
                    state = await health_store.database_state(connection)
                    signals = await health_store.read(connection, configured)
                allowed = await _allowed(request)
        except (*DISCONNECTED, asyncpg.PostgresError, TimeoutError):
            return _no("the database does not answer")
        if state.is_read_only:
            return _no("the database takes no writes: it is a standby, or set to read only")
        serving = request.query.get("only") == "serving"
        if serving:
            signals = [each for each in signals if each.merchant == INSTALLATION]
        found = readiness(signals, configured, starting=unready())
        is_insider = guard.is_insider(request)
        told: dict[str, Any] = found.anonymous() if is_insider else {"ready": found.is_ready}
        if is_insider and not desk.is_kept_apart:
            told["attention"] = EXPOSED
        name = request.query.get("merchant")
        if allowed is None:
            if name is not None or hdrs.AUTHORIZATION in request.headers:
                reply = web.json_response({"why": "to see a merchant, send a token that may"}, status=401)
                reply.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="homeward"'
                return reply
            return web.json_response(told, status=200 if found.is_ready else 503)
        told["detail"] = found.detailed(allowed, with_installation=is_insider)
        if name is None:
            return web.json_response(told, status=200 if found.is_ready else 503, dumps=_dumps)
        one = next((each for each in told["detail"] if each["merchant"] == name), None)
        if one is None:
            return web.json_response({"why": "there is no such merchant, or it is not this token's to see"}, status=404)
        return web.json_response(one, status=200 if one["ready"] and not unready() else 503, dumps=_dumps)

    async def _allowed(request: web.Request) -> tuple[str, ...] | None:
        """The merchants whoever asks may see; None for nobody in particular."""
        kind, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if kind.lower() != "bearer":
            return None
        program = await desk.door.program(token.strip(), now=desk.now)
        return program[0].merchants if program is not None and program[1] in ("read", "write") else None

    return ready


def _no(why: str) -> web.Response:
    return web.json_response({"ready": False, "degraded": True, "why": why}, status=503)


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()
