"""The sandbox server: both vendors, their faults, a clock, a season, and a control API below /_sandbox."""

import dataclasses
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiohttp
import anyio
from aiohttp import web

from daemon.sandbox.assumptions import Assumptions
from daemon.sandbox.books import Books
from daemon.sandbox.brightpearl import Brightpearl
from daemon.sandbox.brightpearl_gateway import ACCOUNT_TOKEN, APP_REF, Gateway
from daemon.sandbox.catalogue import DECIDED_MAX
from daemon.sandbox.clock import SandboxClock
from daemon.sandbox.faults import AMBIGUOUS, BODIES, READS, Faults, Rule, identity_of, key_in
from daemon.sandbox.happy_returns import API_KEY, RETAILER, WEBHOOK_SECRET, HappyReturns
from daemon.sandbox.misreads import misread
from daemon.sandbox.scenarios import SCENARIOS, plan_season
from daemon.sandbox.season import Season

TICK_SECONDS = 0.02
LEDGER_MAX = 500_000


@dataclasses.dataclass(slots=True)
class Sandbox:
    """Everything the sandbox holds; `app` serves it."""

    clock: SandboxClock
    assumptions: Assumptions
    faults: Faults
    books: Books
    brightpearl: Brightpearl
    happy_returns: HappyReturns
    season: Season
    ledger: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    delivering: int = 0
    between: Callable[[str, str, str], Awaitable[bool]] | None = None
    """Called before a request is done ("before") and before its answer leaves ("after"), with what it is and the caller's
    name: whoever plays a world in one process lets others go on meanwhile. True: the connection is cut."""
    _answered: dict[str, dict[str, bytes]] = dataclasses.field(default_factory=dict)
    """Resource → request → what it was last answered, for answers that belong to another question."""

    @classmethod
    def open(cls, *, clock_file: Path | None = None, now: datetime | None = None, rate: float = 1.0) -> "Sandbox":
        clock, assumptions, faults = SandboxClock(clock_file, now=now, rate=rate), Assumptions(), Faults()
        books = Books(clock, assumptions)
        happy_returns = HappyReturns(clock, assumptions, faults)
        brightpearl, season = Brightpearl(books, Gateway(books), faults), Season(clock, books, happy_returns)
        return cls(clock, assumptions, faults, books, brightpearl, happy_returns, season)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._misbehave], client_max_size=32 * 1024 * 1024)
        app.add_routes(self.happy_returns.routes())
        app.add_routes(self.brightpearl.routes())
        app.add_routes([
            web.get("/_sandbox/status", self._status), web.post("/_sandbox/clock", self._move_clock),
            web.post("/_sandbox/seed", self._seed), web.post("/_sandbox/faults", self._plan_faults),
            web.post("/_sandbox/assumptions", self._assume), web.post("/_sandbox/lock", self._lock),
            web.get("/_sandbox/books", self._books), web.get("/_sandbox/truth", self._truth),
            web.get("/_sandbox/started", self._started), web.get("/_sandbox/webhooks", self._webhooks),
            web.get("/_sandbox/receipts", self._receipts), web.post("/_sandbox/webhook", self._webhook),
            web.post("/_sandbox/scenario", self._scenario), web.get("/_sandbox/ledger", self._ledger),
        ])  # fmt: skip
        return app

    # -- time ---------------------------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Let the world go on, until cancelled: the season, webhooks, their retries."""
        async with aiohttp.ClientSession() as session:
            while True:
                now = self.clock.now()
                self.season.play(now)
                self.happy_returns.flush(now)
                self.delivering = 1
                await self.happy_returns.deliver(session, now)
                self.delivering = 0
                await anyio.sleep(TICK_SECONDS)

    def next_at(self) -> datetime | None:
        """When something happens by itself next; None when the season is over."""
        moments: list[datetime | None] = [self.season.next_at]
        moments += self.happy_returns.tells_at()
        moments += [each.due_at for each in self.happy_returns.deliveries]
        moments.append(self.books.next_at())
        return min((each for each in moments if each is not None), default=None)

    # -- faults -------------------------------------------------------------------------------------------------------

    @web.middleware
    async def _misbehave(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/_sandbox"):
            return await handler(request)
        body = await request.read()
        identity = identity_of(request.method, request.path_qs, body)
        if len(self.ledger) < LEDGER_MAX:
            self.ledger.append({
                "at": self.clock.now().isoformat(), "request": f"{request.method} {request.path}",
                "body_sha256": hashlib.sha256(body).hexdigest(), "key": _key_of(body),
            })  # fmt: skip
        caller = request.headers.get("User-Agent", "")
        if self.between is not None and await self.between("before", identity, caller):
            _cut(request)
        answer = await self._answer(request, handler, body, identity)
        if self.between is not None and await self.between("after", identity, caller):
            _cut(request)
        return answer

    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], body: bytes,
        identity: str,
    ) -> web.StreamResponse:  # fmt: skip
        fault = self.faults.strike(f"{request.method} {request.path}", identity)
        if (
            fault is not None
            and fault.kind in AMBIGUOUS
            and request.method == "POST"
            and "/public-api/" in request.path
        ):
            self.faults.ambiguous += _writes_in(body)
        if fault is not None and fault.kind == "slow":
            await anyio.sleep(fault.delay_seconds)
        if fault is not None and fault.kind in _NOT_DONE:
            return _not_done(fault, request)
        if fault is not None and fault.kind == "twice":
            self.books.is_repeated = True
            await handler(request)
            self.books.is_repeated = False
        before = self.books.latest_id
        answer = await handler(request)
        if self.assumptions.clock_offset_seconds:
            told = datetime.now(UTC) + timedelta(seconds=self.assumptions.clock_offset_seconds)
            answer.headers["Date"] = format_datetime(told, usegmt=True)
        if not isinstance(answer, web.Response):
            return answer
        others = self._answered.setdefault(f"{request.method} {_resource(request)}", {})
        if request.method == "GET" or request.path == "/return":
            _keep(others, identity, answer)
        if fault is None or fault.kind in ("slow", "twice"):
            return answer
        if fault.kind == "acknowledge-only":
            self.books.forget_since(before)
            return answer
        if fault.kind in READS:
            is_payment = "payment-search" in request.path
            return misread(fault, answer, identity, others, lambda row: self.books.hide(row, is_payment=is_payment))
        return await _spoiled(fault, request, answer)

    # -- control ------------------------------------------------------------------------------------------------------

    async def _status(self, request: web.Request) -> web.Response:
        next_at = self.next_at()
        return web.json_response({
            "now": self.clock.now().isoformat(), "rate": self.clock.rate,
            "next_at": next_at.isoformat() if next_at else None, "steps_left": len(self.season.steps),
            "webhooks": {"waiting": len(self.happy_returns.deliveries) + self.delivering,
                         "sent": self.happy_returns.sent, "given_up": self.happy_returns.given_up},
            "returns": len(self.happy_returns.returns), "receipts": len(self.season.receipts),
            "calls": {"brightpearl": self.brightpearl.gateway.calls, "happy_returns": self.happy_returns.calls},
            "throttled": self.brightpearl.gateway.throttled,
            "units_used": self.brightpearl.gateway.units_used, "refused_by_bucket": self.happy_returns.refused,
            "duplicates_refused": self.books.duplicates_refused,
            "ambiguous_writes": self.faults.ambiguous,
            "faults_struck": sum(rule.struck for rule in self.faults.rules), "struck": dict(self.faults.struck),
        })  # fmt: skip

    async def _move_clock(self, request: web.Request) -> web.Response:
        told = await request.json()
        to = datetime.fromisoformat(told["to"]) if told.get("to") else None
        if told.get("by_seconds"):
            to = self.clock.now() + timedelta(seconds=float(told["by_seconds"]))
        return web.json_response({"now": self.clock.move(to=to, rate=told.get("rate")).isoformat()})

    async def _seed(self, request: web.Request) -> web.Response:
        told = await request.json()
        plan_season(
            self.season, returns=int(told["returns"]), seed=int(told.get("seed", 1)), days=int(told.get("days", 21))
        )
        return web.json_response({"orders": len(self.books.orders), "units": len(self.season.truth)})

    async def _scenario(self, request: web.Request) -> web.Response:
        """Begin one named scenario now: for training and for tests of one thing."""
        told = await request.json()
        if not self.books.products:
            self.season.open(int(told.get("seed", 1)))
        name = str(told["name"])
        if name not in SCENARIOS:
            return web.json_response({"error": f"unknown scenario; known: {sorted(SCENARIOS)}"}, status=400)
        known = len(self.season.truth)
        for _ in range(int(told.get("times", 1))):
            SCENARIOS[name][1](self.season, name, self.clock.now() + timedelta(seconds=1))
        return web.json_response({"truth": self.season.truth[known:]})

    async def _plan_faults(self, request: web.Request) -> web.Response:
        try:
            self.faults.plan(await request.json())
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"rules": len(self.faults.rules)})

    async def _assume(self, request: web.Request) -> web.Response:
        told = await request.json()
        for name, value in told.items():
            if not hasattr(self.assumptions, name):
                return web.json_response({"error": f"there is no assumption '{name}'"}, status=400)
            setattr(self.assumptions, name, value)
        return web.json_response(dataclasses.asdict(self.assumptions))

    async def _lock(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.books.locked_until = date.fromisoformat(told["until"]) if told.get("until") else None
        return web.json_response({"locked_until": told.get("until")})

    async def _books(self, request: web.Request) -> web.Response:
        return web.json_response(self.books.as_json())

    async def _truth(self, request: web.Request) -> web.Response:
        return web.json_response({"returns": self.season.truth, "parked_receipts": self.season.parked_receipts})

    async def _started(self, request: web.Request) -> web.Response:
        """What Happy Returns itself holds: every return it has begun, and which units were handed over."""
        return web.json_response(self.happy_returns.as_json())

    async def _webhooks(self, request: web.Request) -> web.Response:
        return web.json_response([body.decode() for body in self.happy_returns.bodies])

    async def _receipts(self, request: web.Request) -> web.Response:
        return web.json_response(self.season.receipts[int(request.query.get("after", "0")) :])

    async def _webhook(self, request: web.Request) -> web.Response:
        self.happy_returns.webhook_url = str((await request.json())["url"])
        return web.json_response({"url": self.happy_returns.webhook_url})

    async def _ledger(self, request: web.Request) -> web.Response:
        return web.json_response(self.ledger)


def _writes_in(body: bytes) -> int:
    """Writes of one request: the members of a multi-message, or one."""
    try:
        return max(len(json.loads(body).get("messages", ())), 1)
    except (ValueError, AttributeError, TypeError):
        return 1


_NOT_DONE = frozenset(
    {
        "refuse-connection",
        "error-before",
        "unavailable",
        "throttled",
        "refused",
        "invalid",
        "forbidden",
        "answer-before",
    }
)
OTHERS_MAX = 50


def _resource(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else request.path


def _keep(others: dict[str, bytes], identity: str, answer: web.Response) -> None:
    if answer.status < 300 and isinstance(answer.body, bytes) and (identity in others or len(others) < OTHERS_MAX):
        others[identity] = answer.body


def _not_done(fault: Rule, request: web.Request) -> web.Response:
    """What is answered in place of doing it."""
    if fault.kind == "refuse-connection":
        _cut(request)
        return web.Response(status=500)
    return _instead(fault) if fault.kind == "answer-before" else _failed(fault.kind)


async def _spoiled(fault: Rule, request: web.Request, answer: web.Response) -> web.Response:
    """What is answered, or lost, after it was done."""
    match fault.kind:
        case "late":
            await anyio.sleep(fault.delay_seconds)
            return answer
        case "wrong-type":
            answer.content_type = "text/html"
            return answer
        case "lose-answer":
            _cut(request)
            return answer
        case "error-after":
            return _failed("error-before")
        case "answer-after":
            return _instead(fault)
    raw = answer.body if isinstance(answer.body, bytes) else b"{}"
    damaged = raw[: len(raw) // 2] if fault.kind == "truncate" else b"<html>\xff\xfe not json</html>"
    return web.Response(body=damaged, status=answer.status, content_type="application/json")


def _instead(fault: Rule) -> web.Response:
    """An answer that is not the vendor's: whatever stands in between gave it."""
    media_type, text = BODIES[fault.body]
    answer = web.Response(text=text, status=fault.status or 404, content_type=media_type)
    if 300 <= answer.status < 400:
        answer.headers["Location"] = "https://elsewhere.example.test/"
    return answer


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _failed(kind: str) -> web.Response:
    if kind == "throttled":
        text = "You have sent too many requests. Please wait before sending another request"
        headers = {"brightpearl-requests-remaining": "0", "brightpearl-next-throttle-period": "5000"}
        return web.json_response({"response": text}, status=503, headers=headers)
    if kind == "invalid":
        told = {"errors": [{"code": "CMNC-018", "message": "The value cannot be parsed"}]}
        return web.json_response(told, status=500)
    if kind == "refused":
        return web.json_response({"errors": [{"code": "CMNC-404", "message": "Not available"}]}, status=404)
    if kind == "forbidden":
        return web.json_response({"errors": [{"code": "GWYB-003", "message": "Not permitted"}]}, status=403)
    if kind == "unavailable":
        return web.Response(text="Service Unavailable", status=503)
    return web.json_response({"errors": [{"code": "CMNU-003", "message": "Internal error"}]}, status=500)


def _key_of(body: bytes) -> str:
    """The natural key inside a write, if any, for whoever counts effects."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    return key_in(told)


def write_configuration(folder: Path, *, sandbox_url: str, listen: str, clock_file: Path | None) -> Path:
    """A configuration of the daemon that points at this sandbox, with its invented secrets beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    secrets = {
        "acme.happy-returns.key": API_KEY,
        "acme.happy-returns.webhook": WEBHOOK_SECRET,
        "acme.brightpearl.token": ACCOUNT_TOKEN,
    }
    for name, secret in secrets.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secret + "\n")
    clock = f'\n[clock]\nfile = "{clock_file}"\n' if clock_file else ""
    config = folder / "homeward.toml"
    config.write_text(f"""# Written by `homeward sandbox`: Homeward against the local stand-ins.
state_dir = "state"

[web]
listen = "{listen}"
{clock}
[merchants.acme.happy_returns]
base_url = "{sandbox_url}"
retailer_id = "{RETAILER}"
api_key_file = "acme.happy-returns.key"
webhook_secret_file = "acme.happy-returns.webhook"
sweep_minutes_fresh = 720
sweep_minutes_recent = 2880
sweep_minutes_old = 5760
discovery_every_minutes = 2880
discovery_repeat_hours = 480

[merchants.acme.brightpearl]
base_url = "{sandbox_url}/public-api/acme"
app_ref = "{APP_REF}"
account_token_file = "acme.brightpearl.token"
keys_held = ["credit", "payment", "goods-in"]
requests_per_minute = 140

[merchants.acme]
map_file = "acme.maps.toml"

[merchants.acme.policy]
credit_trigger = "dropped_off"
store_credit_payment_method = "GIFTCARD"
watch_orders_minutes = 180
decision_size_max = {DECIDED_MAX}
""")
    (folder / "acme.maps.toml").write_text(MAPS)
    return config


MAPS = """# What this merchant's return reasons mean in Brightpearl. Check, try and put in force:
# homeward map lint; homeward map what-if --since 30d; homeward map accept --reason "..."

[reasons.damaged]
note = "Came back damaged"
disposition = "quarantine"

[reasons.not-as-described]
status_id = 11
note = "Not as described: tell merchandising"

[reasons."*"]
"""


async def serve(sandbox: Sandbox, *, host: str, port: int, started: Callable[[int], None] | None = None) -> None:
    """Until cancelled."""
    runner = web.AppRunner(sandbox.app(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        if started is not None:
            started(runner.addresses[0][1])
        await sandbox.tick()
    finally:
        await runner.cleanup()
