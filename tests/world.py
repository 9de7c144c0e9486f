"""A small world to test in: the sandbox served over real HTTP, real PostgreSQL, the daemon's own loops, one moved clock."""

import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from daemon import app as application
from daemon.actions.map_changes import accept
from daemon.clock import Clock, Forward
from daemon.health.kinds import VENDORS
from daemon.loops.advance import Advance
from daemon.loops.batches import Batches
from daemon.loops.dispatch import Dispatch
from daemon.loops.expire import Expire
from daemon.loops.intake import Intake
from daemon.loops.measure_lag import MeasureLag
from daemon.loops.notify import Notify
from daemon.loops.probe import Probe
from daemon.loops.reconcile import Reconcile
from daemon.loops.reevaluate import Reevaluate
from daemon.loops.runner import Loop
from daemon.loops.verify import Verify
from daemon.loops.workplace import Lease, Workplace
from daemon.maps import from_content
from daemon.sandbox.app import Sandbox, write_configuration
from daemon.sandbox.scenarios import SCENARIOS
from daemon.settings import load
from daemon.settings_merchant import MerchantSettings
from daemon.settings_section import SecretFile
from daemon.store import board, embedded, inbox, reports
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.telemetry import Telemetry
from daemon.views.passport import passport_view
from daemon.web import server
from daemon.web.connections import Limits, Serving
from daemon.web.desk import Desk, Vendors
from daemon.web.webhooks import Receiver
from statemachine.events import Resumed
from tests.chaos.judge import Judgement, judge
from tests.command import homeward
from tests.databases import PAGES, install
from tests.due import Due, Looks, Pace, due

MERCHANT = "acme"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROUNDS_MAX = 400
STEPS_MAX = 50
BEAT = timedelta(hours=3)
"""Everything that comes round within hours has come round once by then: comparing, watched facts, hub shipments."""
COMPARING = {"reconcile", "verify", "reevaluate", "shipments"}
"""What comes round and finds what it found before, unless something has changed."""
LATER_LOOKS = (timedelta(hours=1), BEAT, 2 * BEAT, timedelta(days=1), timedelta(hours=25))
"""After a change: until then an index may hide it, or an order is looked at as a whole once more."""
PAUSE, PAUSE_MAX = timedelta(seconds=2), timedelta(minutes=10)
DISCOVERY = timedelta(days=2)  # what the sandbox's configuration says
EARLY = datetime.min.replace(tzinfo=UTC)


class MovedByHand(Clock):
    """A clock that stands still until it is moved; sleeping on it moves it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._forward = Forward(sandbox.clock.now)
        self.set_by = timedelta(0)
        """By how much somebody has set what it says; how fast time passes is not changed by that."""

    def now(self) -> datetime:
        return self._sandbox.clock.now() + self.set_by

    def monotonic(self) -> timedelta:
        return self._forward()

    async def sleep(self, delay: timedelta) -> None:
        if delay > timedelta(0):
            self._sandbox.clock.move(to=self._sandbox.clock.now() + delay)


def keep_time(sandbox: Sandbox, app: web.Application) -> None:
    """Have the vendors' answers carry the sandbox's time."""

    async def dated(request: web.Request, reply: web.StreamResponse) -> None:
        reply.headers["Date"] = format_datetime(sandbox.clock.now(), usegmt=True)

    app.on_response_prepare.append(dated)


class World:
    """Both vendors and one merchant's daemon, worked round by round."""

    def __init__(self, sandbox: Sandbox, workplace: Workplace, http: aiohttp.ClientSession, url: str) -> None:
        self.sandbox, self.workplace, self.http, self.url = sandbox, workplace, http, url
        self.config: Path
        """Configuration file of this world, for running the command against it."""
        self.desk: Desk
        """What its pages work with."""
        self.pages: Serving
        self.database = workplace.database
        self._looks = {name: Looks(self.now, LATER_LOOKS) for name in COMPARING}
        self._changed_at = self.now
        """When something last happened that what comes round may see."""
        self._pause = PAUSE
        self._rounded: dict[str, datetime] = {}
        self._seen: Due | None = None
        """What the database said at this moment, where nothing was done since."""
        self.rounds = 0
        """Times a loop had something to do."""
        self.loops: list[Loop] = [
            Advance(workplace), Dispatch(workplace), Expire(workplace), Intake(workplace), Reconcile(workplace),
            Verify(workplace), MeasureLag(workplace), Reevaluate(workplace), Notify(workplace), Batches(workplace),
            Probe(workplace),
        ]  # fmt: skip

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def begin(self, scenario: str) -> dict[str, Any]:
        """Plan one named scenario now; answer what it must end in, for its last return."""
        if not self.sandbox.books.products:
            self.sandbox.season.open(1)
        SCENARIOS[scenario][1](self.sandbox.season, scenario, self.now + timedelta(seconds=1))
        return self.sandbox.season.truth[-1]

    async def pass_time(self, delta: timedelta, *, stride: timedelta | None = None) -> None:
        """Let time go by, from one moment at which something is due to the next, and both sides work at each.

        `stride`: the least step; what comes due within it is done together. As it is, so small a part of the time that
        nothing is tried again thousands of times.
        """
        until, stride = self.now + delta, delta / STEPS_MAX if stride is None else stride
        self._change()  # whoever calls may have changed anything
        await self.settle()
        while self.now < until:
            await self._go_on(until, stride)
        await self.settle()

    async def pass_until(
        self, fact: Callable[[], Any], *, within: timedelta = timedelta(days=60), stride: timedelta = timedelta(0)
    ) -> None:
        """As `pass_time`, but only until the fact holds."""
        until = self.now + within
        self._change()
        while not fact():
            assert self.now < until, f"it never came about within {within}"
            await self._go_on(until, stride)

    async def _go_on(self, until: datetime, stride: timedelta) -> None:
        coming = self.sandbox.next_at()
        self.sandbox.clock.move(to=min(max(await self._next_moment(), self.now + stride), until))
        if coming is not None and coming <= self.now:
            self._change()
        await self._work()

    def _change(self) -> None:
        """Something happened that what comes round may see."""
        self._changed_at, self._seen = self.now, None
        for looks in self._looks.values():
            looks.change(self.now)

    async def settle(self) -> None:
        """Let both sides work until nobody has anything left to do at this moment; every loop looks at least once."""
        await self._work(every_loop=True)

    async def work(self) -> None:
        """Let both sides do what is due at this moment, as far as the database tells it."""
        await self._work()

    async def _work(self, *, every_loop: bool = False) -> None:
        season, vendor = self.sandbox.season, self.sandbox.happy_returns
        for number in range(ROUNDS_MAX):
            done = season.play(self.now)
            vendor.flush(self.now)
            done += await vendor.deliver(self.http, self.now)
            done += await self._import_receipts()
            is_every = every_loop and number == 0
            names = None if is_every else await self._busy()
            for loop in self.loops:
                if names is None or loop.name in names:
                    handled = await loop.run_once(self.workplace.clock.now())
                    self.rounds += handled > 0
                    done += handled
                    if handled and loop.name != "intake":  # a question asked again at its time is no change
                        self._change()
            if not done and not is_every:
                if names != {"health"}:  # what came round kept when it did
                    self._seen = None
                return
        raise AssertionError(f"the world does not come to rest in {ROUNDS_MAX} rounds")

    async def _busy(self) -> set[str]:
        """Loops that have something to do now, by the database, and those whose round has come."""
        due = self._seen = await self._due()
        rounds = {name for name, at in due.rounds.items() if at <= self.now and at > self._rounded.get(name, EARLY)}
        rounds -= {name for name, looks in self._looks.items() if not looks.may_show(self.now)}
        for name in rounds & COMPARING:
            self._looks[name].look(self.now)
        self._rounded |= {name: due.rounds[name] for name in rounds}
        return {"health", *due.loops, *("intake" if name in ("shipments", "discovery") else name for name in rounds)}

    async def _due(self) -> Due:
        alerts = self.workplace.alerts
        waits = [timedelta(minutes=alerts.urgent_minutes), timedelta(minutes=alerts.digest_minutes)]
        async with self.database.reading() as connection:
            return await due(connection, self.now, pace_of(self.workplace.settings), waits=waits)

    async def _next_moment(self) -> datetime:
        """When something is next due: by the vendors' plan, by the database, or because it comes round.

        What only comes round is waited for while the last change is young enough to be seen by it, twice: for the rest of the
        time it would find what it found before. What is due and could not be done (a limit, a vendor that is down) is tried
        again after a pause that grows.
        """
        due, now = self._seen or await self._due(), self.now
        self._seen = None
        is_held_up = bool(due.loops) or any(self.workplace.health(vendor).is_open for vendor in VENDORS)
        self._pause = min(self._pause * 2, PAUSE_MAX) if is_held_up else PAUSE
        moments = [self.sandbox.next_at(), due.next_at, due.next_poll_at, now + self._pause if is_held_up else None]
        moments += [self._changed_at + BEAT * number for number in (1, 2)]
        if "discovery" in due.rounds and due.rounds["discovery"] <= self._changed_at + 2 * DISCOVERY:
            moments.append(due.rounds["discovery"])
        return min((at for at in moments if at is not None and at > now), default=now + timedelta(days=365))

    async def _import_receipts(self) -> int:
        import csv
        import io

        from daemon.actions.imports import import_receipts

        rows, self.sandbox.season.receipts = self.sandbox.season.receipts, []
        if rows:
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            await import_receipts(self.database, MERCHANT, text.getvalue().encode(), self.now, actor="user:test")
        return len(rows)

    async def pull(self, express_code: str) -> None:
        """As `homeward event pull`: read one return of Happy Returns now."""
        intake = next(loop for loop in self.loops if isinstance(loop, Intake))
        await intake.pull(express_code=express_code)

    async def show(self, identifier: str) -> dict[str, Any]:
        """The first return under this identifier, as `homeward return show` gives it."""
        async with self.database.reading() as connection:
            found = await reports.find(connection, identifier)
            assert found, f"no return under {identifier}"
            return passport_view(await reports.passport(connection, *found[0]), self.now)

    async def accept(self, **content: Any) -> str:
        """Put maps in force, as `homeward map accept` does; answer their version."""
        found = from_content(content)
        await accept(self.database, MERCHANT, found, accepted_by="user:test", reason="test", now=self.now)
        return found.version

    async def resume(self, identifier: str, *accepts: str) -> None:
        """A person has mended, or accepts, what stopped this return."""
        told = await self.show(identifier)
        arrival = Arrival(
            natural_key=f"test:{told['id']}:{told['version']}", event=Resumed(why="mended", accepts=accepts),
            happy_return_id=told["happy_return_id"], order_number=told["order_number"], part=told["part"],
            source="test", actor="user:test", received_at=self.now,
        )  # fmt: skip
        async with self.database.transaction() as connection:
            await inbox.put(connection, MERCHANT, [arrival])
        await self.settle()

    async def homeward(self, *arguments: str) -> tuple[int, Any, str]:
        """Run the real command as a process against this world: exit code, its JSON, what it said on stderr."""
        told = (*arguments, "-o", "json", "--config", str(self.config))
        code, out, said = await homeward(*told, environment=os.environ)
        return code, orjson.loads(out) if out.strip() else None, said.decode()

    async def all_returns(self) -> list[dict[str, Any]]:
        async with self.database.reading() as connection:
            return [dict(row) for row in await board.listing(connection, board.EVERYTHING, rows_max=1000)]

    async def judge(self, *, is_over: bool = True) -> Judgement:
        """What the judge of the rig says of this world as it stands."""
        async with self.database.reading() as connection:
            return await judge(
                connection,
                self.books(),
                self.sandbox.happy_returns.as_json(),
                now=self.now,
                is_over=is_over,
                read_to_write=timedelta(minutes=1),
            )

    def books(self) -> dict[str, Any]:
        return self.sandbox.books.as_json()


def pace_of(settings: MerchantSettings) -> Pace:
    """How often this merchant's configuration has things come round."""
    return Pace(
        reevaluate=timedelta(minutes=settings.policy.watch_orders_minutes),
        shipments=timedelta(minutes=settings.happy_returns.shipments_every_minutes),
        discovery=timedelta(minutes=settings.happy_returns.discovery_every_minutes),
    )


def _as_role(dsn: str, role: str) -> str:
    """The same database by another role."""
    return re.sub(r"//[^@/]*@", f"//{role}@", dsn)


@asynccontextmanager
async def installed(server: embedded.Server, name: str) -> AsyncIterator[Database]:
    """A database of this name, just installed, for a script that opens a world beside the tests."""
    database = await Database.connect(await install(server, name))
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_world(
    database: Database,
    folder: Path,
    *,
    extra_config: str = "",
    web_config: str = "",
    otlp_endpoint: str | None = None,
    command_dsn: str | None = None,
    limits: Limits = server.LIMITS,
    clock_of: Callable[[Sandbox], Clock] = MovedByHand,
) -> AsyncIterator[World]:
    """Serve the sandbox and the daemon's web on free ports and connect the two."""
    sandbox = Sandbox.open(now=NOON, rate=0.0)
    vendors_app = sandbox.app()
    if clock_of is not MovedByHand:  # who minds what time the vendors say it is
        keep_time(sandbox, vendors_app)
    runner = web.AppRunner(vendors_app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    config = write_configuration(folder, sandbox_url=url, listen="127.0.0.1:0", clock_file=None)
    config.write_text(config.read_text().replace("[web]\n", f"[web]\n{web_config}\n") + extra_config)
    settings = load(config)
    clock = clock_of(sandbox)
    telemetry = Telemetry(otlp_endpoint=otlp_endpoint)
    async with application.new_http_session() as http:
        async with database.transaction() as connection:
            await merchant_store.ensure(connection, [MERCHANT])
            share = await merchant_store.acquire(connection, [MERCHANT], owner="test", lease_seconds=10**7)
        workplace = application.build_workplace(
            settings,
            MERCHANT,
            database=database,
            clock=clock,
            telemetry=telemetry,
            http=http,
            lease=Lease(MERCHANT, share.held[MERCHANT]),
        )
        told = settings.merchants[MERCHANT]
        assert told.happy_returns.webhook_secret_file is not None
        receiver = Receiver(told, SecretFile(told.happy_returns.webhook_secret_file))

        @asynccontextmanager
        async def vendors(merchant: str) -> AsyncIterator[Vendors]:
            yield Vendors(workplace.brightpearl, workplace.happy_returns)

        # Pages and API come by their own role, which sees only what whoever asks may see.
        for_pages = await Database.connect(_as_role(database.dsn, PAGES), scoped=True)
        desk = Desk(
            settings=settings, database=for_pages, clock=clock, telemetry=telemetry, http=http, open_vendors=vendors,
            stir=lambda merchant: None, held=lambda: {MERCHANT},
        )  # fmt: skip
        pages = Serving(
            server.build(desk, receivers={MERCHANT: receiver}, limits=limits), limits=limits, metrics=telemetry.metrics,
            lingering_seconds=application.LINGERING_SECONDS,
        )  # fmt: skip
        await pages.start("127.0.0.1", 0)
        daemon_url = f"http://127.0.0.1:{pages.addresses[0][1]}"
        sandbox.happy_returns.webhook_url = f"{daemon_url}/webhooks/happy-returns/{MERCHANT}"
        try:
            world = World(sandbox, workplace, http, daemon_url)
            world.config, world.desk, world.pages = config, desk, pages
            by = command_dsn or database.dsn
            config.write_text(f'{config.read_text()}\n[database]\ndsn = "{by}"\n')
            yield world
        finally:
            await pages.cleanup()
            await runner.cleanup()
            telemetry.close()
            await for_pages.close()
