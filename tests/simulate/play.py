"""One season in one process: vendors, people, clock and daemons have their turns one after the other, as the seed says."""

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
from aiohttp import web

from daemon.actions.imports import take_receipts
from daemon.actions.perform import load, preview, say
from daemon.actions.planner import Verdict
from daemon.actions.verbs import Options
from daemon.errors import LeaseLostError
from daemon.sandbox.app import Sandbox, write_configuration
from daemon.sandbox.faults import draw as chance
from daemon.settings import Settings
from daemon.settings import load as load_settings
from daemon.settings_section import SecretFile
from daemon.store.database import DISCONNECTED, Database
from daemon.telemetry import Telemetry
from daemon.web.webhooks import Receiver, WebhookDoor
from statemachine.causes import CAUSES
from tests.chaos.judge import Judgement, judge
from tests.chaos.rig import keys_held
from tests.due import LOOKS_AT_ONCE, Due, Looks, due
from tests.simulate.life import Killed, Life, Points
from tests.simulate.plan import Plan, Stall
from tests.simulate.scenes import scene
from tests.world import pace_of

MERCHANT = "acme"
BEGINS = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROUNDS_MAX = 300  # at one moment
MOMENTS_MAX = 3000
STILL_MAX = 400  # moments at which nothing moved: it never will
EVERY_LOOP = 8  # moments until every loop has a turn, whether or not the database says that it has something to do
STRIDE = timedelta(minutes=30)
"""Polls, clocks and what becomes visible come so late at most, together; effects and what happens come at their moment."""
LOOKED_AFTER = timedelta(hours=26)  # what others did is looked for so long after the last change
ASKED_AGAIN = timedelta(hours=48)  # where webhooks are lost, Happy Returns is asked about each order again so often
SEASON_MAX = timedelta(days=150)
COMPARING = ("reconcile", "verify")
LATER_LOOKS = (HOUR + STRIDE, DAY + STRIDE)
"""After a change: when an order is looked at as a whole. What the index shows late is a change of what can be seen."""
PAUSE, PAUSE_MAX = timedelta(seconds=2), timedelta(minutes=10)
ACTS_MAX = 20  # on one return: then even the most patient owner leaves it to others
ACTS_UNTIL = timedelta(days=60)  # after the season began: goods that never come are else let go of for ever
TEAM_ACTS = ("retry", "accept", "hold", "release", "force")


@dataclass(slots=True)
class Bench:
    """What one process plays all its seasons on."""

    pool: asyncpg.Pool
    dsn: str
    telemetry: Telemetry
    folder: Path
    tables: tuple[str, ...]
    """What is emptied before each season: everything that an installation leaves empty."""

    @classmethod
    async def set_up(cls, dsn: str, folder: Path) -> "Bench":
        """On a database that was just installed."""
        made = await Database.connect(dsn, pool_max=4)
        async with made.reading() as connection:
            names = [row["relname"] for row in await connection.fetch(_TABLES)]
            tables = [name for name in names if not await connection.fetchval(f'SELECT count(*) FROM "{name}"')]  # noqa: S608
        return cls(made.pool, dsn, Telemetry(otlp_endpoint=None), folder, tuple(tables))

    async def empty(self) -> None:
        """As installed: no rows, and every number begins at 1 again."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(";".join(f'DELETE FROM "{name}"' for name in self.tables))  # noqa: S608 - of the catalogue
            await connection.execute(_FROM_ONE)
            await connection.execute("INSERT INTO merchant (merchant) VALUES ($1)", MERCHANT)


@dataclass(slots=True)
class Result:
    seed: int
    judgement: Judgement
    counts: Counter[str]
    faults: Counter[str]
    journal: str
    """Digest of every journal row: the same for the same seed."""
    ledger: str
    """Digest of every request that reached a vendor."""
    season: timedelta
    notes: list[str]
    """Loops that broke, and lives that ended; no violations by themselves."""


@dataclass(slots=True)
class Simulation:
    plan: Plan
    bench: Bench
    sandbox: Sandbox = field(init=False)
    settings: Settings = field(init=False)
    life: Life = field(init=False)
    passings: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    acts: Counter[int] = field(default_factory=Counter)
    """What people did about each return."""
    looks: dict[str, Looks] = field(default_factory=lambda: {name: Looks(BEGINS, LATER_LOOKS) for name in COMPARING})
    changed_at: datetime = BEGINS
    """When something last happened that comparing may see."""
    moves: int = 0
    writes: int = 0
    lives: int = 0
    pause: timedelta = PAUSE
    rounded: dict[str, datetime] = field(default_factory=dict)
    is_stalled: bool = False
    is_calm: bool = False
    unread: dict[datetime, datetime] = field(default_factory=dict)
    """Since when the daemon told that it could not read what others wrote → until when it still did."""
    door: WebhookDoor = field(init=False)
    todo: list[tuple[datetime, int, str]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def play(self) -> Result:
        self.sandbox = Sandbox.open(now=BEGINS, rate=0.0)
        for name, value in self.plan.assumptions.items():
            assert hasattr(self.sandbox.assumptions, name), name
            setattr(self.sandbox.assumptions, name, value)
        self._plan_season()
        self.sandbox.between = self._between
        vendors, receiving = [web.AppRunner(app, access_log=None) for app in (self.sandbox.app(), self._receiving())]
        for runner in (vendors, receiving):
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        base, door = (f"http://127.0.0.1:{runner.addresses[0][1]}" for runner in (vendors, receiving))
        self.sandbox.happy_returns.webhook_url = f"{door}/webhooks/happy-returns/{MERCHANT}"
        self._configure(base)
        await self.bench.empty()
        # What people and commands do goes past the daemon's life, as another process.
        office = Database(
            self.bench.pool, self.bench.dsn, Points(set(), set(), Counter()), scoped=False, in_transactions=False
        )
        receiver = self.settings.merchants[MERCHANT]
        assert receiver.happy_returns.webhook_secret_file is not None
        receivers = {MERCHANT: Receiver(receiver, SecretFile(receiver.happy_returns.webhook_secret_file))}
        async with aiohttp.ClientSession() as http:
            try:
                self.life = await self._live("homeward-a")
                self.door = WebhookDoor(
                    office, self.life.clock, self.bench.telemetry, receivers, lambda _: None, per_minute=10**6
                )
                await self._accept_maps(office)
                await self._until_over(office, http)
                return await self._result(office)
            finally:
                if hasattr(self, "life"):
                    await self.life.end()
                await receiving.cleanup()
                await vendors.cleanup()

    # -- beginning ----------------------------------------------------------------------------------------------------

    def _plan_season(self) -> None:
        season, plan = self.sandbox.season, self.plan
        season.open(plan.seed)
        for name, hours in plan.scenes:
            scene(name)(season, name, BEGINS + hours * HOUR + timedelta(seconds=1))
        self.sandbox.faults.plan({"seed": plan.seed, "rules": list(plan.rules), **plan.webhooks})
        orders = [order for order in self.sandbox.books.orders.values() if order.type_code == "SO"]
        for hand in plan.hands if orders else ():
            self._plan_hand(hand, orders[hand.order % len(orders)].id)
        self.todo = sorted(
            [(BEGINS + plan.calm_after_hours * HOUR, 0, "calm")]
            + [
                (BEGINS + hours * HOUR, n + 1, f"clock {offset}")
                for n, (hours, offset) in enumerate(plan.steps_of_clock)
            ]
        )

    def _plan_hand(self, hand: Any, order_id: int) -> None:
        season, at = self.sandbox.season, BEGINS + hand.hours * HOUR
        hidden = timedelta(seconds=hand.hidden_seconds)
        match hand.kind:
            case "credit":
                season.at(at, "human_credit", order_id=order_id, row_index=0, reference="by hand", hidden=hidden)
            case "header-first":
                season.at(
                    at, "human_credit", order_id=order_id, row_index=0, reference="by hand", rows_after=hidden or HOUR
                )
            case "payment":
                season.at(at, "human_payment", order_id=order_id, reference="", share=1.0, hidden=hidden)
            case "forget":
                season.at(at, "forget", order_id=order_id, what=hand.what)
            case "edit":
                season.at(at, "change", order_id=order_id, sets={"quicker_edit": {"quantity": 1}})

    def _receiving(self) -> web.Application:
        """Where the daemon takes webhooks."""
        app = web.Application()

        async def webhook(request: web.Request) -> web.Response:
            return await self.door.receive(request)

        app.router.add_post("/webhooks/happy-returns/{merchant}", webhook)
        return app

    def _configure(self, base: str) -> None:
        config = write_configuration(self.bench.folder, sandbox_url=base, listen="127.0.0.1:0", clock_file=None)
        lines = "\n".join(f"{name} = {orjson.dumps(value).decode()}" for name, value in self._brightpearl().items())
        repeat = ASKED_AGAIN // HOUR if self._loses_webhooks else 480
        seldom = f"discovery_repeat_hours = {repeat}\nshipments_every_minutes = 720"
        text = config.read_text().replace("discovery_repeat_hours = 480", seldom)
        text = "\n".join(line for line in text.splitlines() if not line.startswith("keys_held = "))
        config.write_text(text.replace("requests_per_minute = 140", lines))
        self.settings = load_settings(config)

    @property
    def _loses_webhooks(self) -> bool:
        lost = ("webhook_drop_share", "webhook_bad_signature_share")
        return any(self.plan.webhooks[name] > 0 for name in lost)

    def _brightpearl(self) -> dict[str, Any]:
        """What the merchant's configuration says of the account: the truth, where it says anything."""
        return {**self.plan.settings, "keys_held": keys_held(self.plan.assumptions)}

    async def _accept_maps(self, office: Database) -> None:
        from daemon.actions.map_changes import accept
        from daemon.maps import read_map

        maps = read_map(self.bench.folder / "acme.maps.toml")
        await accept(office, MERCHANT, maps, accepted_by="user:test", reason="first version", now=self.now)

    async def _live(self, name: str) -> Life:
        """Begin a daemon; one that dies at its start is begun again."""
        while True:
            self.lives += 1
            points = Points(set(self.plan.kills), set(self.plan.cuts), self.passings)
            if self.lives > 1 and self.is_calm:
                points = Points(set(), set(), self.passings)
            offset = self.life.clock.offset if self.lives > 1 and hasattr(self, "life") else timedelta(0)
            try:
                return await Life.begin(
                    name, MERCHANT, self.sandbox, settings=self.settings, pool=self.bench.pool, dsn=self.bench.dsn,
                    telemetry=self.bench.telemetry, points=points, offset=offset,
                )  # fmt: skip
            except Killed as end:
                self.notes.append(f"died at its start: {end}")
                self.counts["kills"] += 1
            except DISCONNECTED:
                self.counts["cuts"] += 1

    # -- time ---------------------------------------------------------------------------------------------------------

    async def _until_over(self, office: Database, http: aiohttp.ClientSession) -> None:
        until, still, progress = BEGINS + SEASON_MAX, 0, (0, 0, 0)
        for _ in range(MOMENTS_MAX):
            await self._work(office, http)
            coming = await self._due(office)
            moved = (coming.moves, coming.attempts, len(self.sandbox.season.steps))
            still, progress = (still + 1, progress) if moved == progress else (0, moved)
            if still > STILL_MAX and not self.is_calm:  # nothing gets through: on to the time when it does
                self.sandbox.clock.move(to=max(self.now, BEGINS + self.plan.calm_after_hours * HOUR))
                self._turn_the_page()
                still = 0
            if still > STILL_MAX:
                self.counts["standstills"] += 1
                return
            if self.now > until or await self._is_over(office, coming):
                self.counts["moments"] += 1
                return
            self.counts["moments"] += 1
            shows_at = self.sandbox.books.next_at()
            self.sandbox.clock.move(to=self._next_moment(coming))
            if shows_at is not None and shows_at <= self.now:
                for looks in self.looks.values():
                    looks.show()
            self._turn_the_page()

    def _turn_the_page(self) -> None:
        """Faults end; the daemon's clock is set."""
        while self.todo and self.todo[0][0] <= self.now:
            _, _, what = self.todo.pop(0)
            if what == "calm":
                self.is_calm = True
                if self._loses_webhooks:  # what a misleading index kept back is found only from now on
                    self._change()
                self.sandbox.faults.plan({})
                self.life.clock.offset = timedelta(0)
                self.life.points._kills.clear()
                self.life.points._cuts.clear()
            elif not self.is_calm:
                self.life.clock.offset = timedelta(seconds=float(what.split()[1]))
                self.counts["clock steps"] += 1

    def _next_moment(self, coming: Due) -> datetime:
        now = self.now
        self.pause = min(self.pause * 2, PAUSE_MAX) if coming.loops else PAUSE
        vendor = self.sandbox.happy_returns
        moments = [self.sandbox.season.next_at, coming.next_effect_at, now + self.pause if coming.loops else None]
        moments += [
            *vendor.tells_at(),
            *(each.due_at for each in vendor.deliveries),
            *(at for at, _, _ in self.todo[:1]),
        ]
        soft = (self.sandbox.books.next_at(), coming.next_at, coming.next_poll_at)
        moments += [max(at, now + STRIDE) for at in soft if at is not None and at > now]
        for name, looks in self.looks.items():
            moments += looks.due
            if looks.count < LOOKS_AT_ONCE and name in coming.rounds:
                moments.append(coming.rounds[name])
        least = now + timedelta(milliseconds=1)
        return max(min((at for at in moments if at is not None and at > now), default=now + DAY), least)

    async def _is_over(self, office: Database, coming: Due) -> bool:
        """Nothing is planned, faults are over, nothing is on its way, and the last change has been looked at since."""
        if not self.is_calm or self.sandbox.season.steps or self.sandbox.happy_returns.deliveries or coming.loops:
            return False
        if self.now < self.changed_at + LOOKED_AFTER + (ASKED_AGAIN if self._loses_webhooks else timedelta(0)):
            return False
        async with office.reading() as connection:
            return not await connection.fetchval(_OPEN)

    async def _due(self, office: Database) -> Due:
        waits = [timedelta(minutes=self.settings.alerts.urgent_minutes)]
        async with office.reading() as connection:
            return await due(connection, self.life.clock.now(), pace_of(self.settings.merchants[MERCHANT]), waits=waits)

    # -- turns --------------------------------------------------------------------------------------------------------

    async def _work(self, office: Database, http: aiohttp.ClientSession) -> None:
        for number in range(ROUNDS_MAX):
            done = await self._vendors(office, http)
            if number == 0:
                done += await self._people(office)
            coming = await self._due(office)
            if coming.moves != self.moves:  # a return moved
                self.moves = coming.moves
                self._change()
            is_every = number == 0 and self.counts["moments"] % EVERY_LOOP == 0
            done += await self._loops(None if is_every else coming.loops | self._round(coming))
            if not done:
                return
        self.notes.append(f"no rest in {ROUNDS_MAX} rounds at {self.now}")

    def _change(self) -> None:
        """Something happened that comparing may see."""
        self.changed_at = self.now
        for looks in self.looks.values():
            looks.change(self.now)

    def _round(self, coming: Due) -> frozenset[str]:
        """Loops whose round has come, once a round."""
        now = self.life.clock.now()
        come = {name for name, at in coming.rounds.items() if at <= now and self.rounded.get(name) != at}
        come -= {name for name, looks in self.looks.items() if not looks.may_show(self.now)}
        self.rounded |= {name: coming.rounds[name] for name in come}
        return frozenset("intake" if name in ("shipments", "discovery") else name for name in come)

    async def _vendors(self, office: Database, http: aiohttp.ClientSession) -> int:
        """What happens at the vendors and in the warehouse by now."""
        season, vendor = self.sandbox.season, self.sandbox.happy_returns
        done = season.play(self.now)
        if done:
            self._change()
        vendor.flush(self.now)
        done += await vendor.deliver(http, self.now)
        rows, season.receipts = season.receipts, []
        if rows:
            numbered = list(enumerate(rows, start=2))
            await take_receipts(office, MERCHANT, numbered, self.now, actor="user:test")
        return done + len(rows)

    async def _people(self, office: Database) -> int:
        """Owners act on some exceptions: by chance that hangs on the return as it stands."""
        if not self.plan.people or self.now > BEGINS + ACTS_UNTIL:
            return 0
        async with office.reading() as connection:
            rows = await connection.fetch(_STUCK, MERCHANT)
        done = 0
        for row in rows:
            key = (self.plan.seed, row["happy_return_id"], row["order_key"], row["version"], row["cause"])
            if self.acts[row["id"]] >= ACTS_MAX or chance("acts", *key, self.now) >= self.plan.people:
                continue
            self.acts[row["id"]] += 1
            verb = TEAM_ACTS[int(chance("verb", *key, self.now) * len(TEAM_ACTS))]
            done += await self._act(office, row["id"], verb, row["cause"])
        if done:
            self._change()
        return done

    async def _act(self, office: Database, return_id: int, verb: str, cause: str) -> int:
        if verb == "accept" and not CAUSES[cause].is_waivable:
            verb = "retry"
        options = Options(reason="other", note="looked at it", to="credit-pending" if verb == "force" else "")
        instances = await load(office, [(MERCHANT, return_id)])
        shown = await preview(office, self.settings, verb, options, instances, filter_text=str(return_id), now=self.now)
        fit = [each for each in shown.planned if each.verdict is Verdict.ELIGIBLE and not each.needs_approval]
        for each in fit:
            await say(office, each, shown, source="cli", actor="user:test", now=self.now)
            self.counts[f"people: {verb}"] += 1
        return len(fit)

    async def _loops(self, names: frozenset[str] | None) -> int:
        """Each loop has its turn, in an order that changes from moment to moment."""
        order = list(self.life.loops)
        random.Random(f"{self.plan.order_seed} {self.now.isoformat()} {names and sorted(names)}").shuffle(order)
        done = 0
        for loop in order:
            if names is not None and loop.name not in names:
                continue
            done += await self._turn(loop.name)
        return done

    async def _turn(self, name: str) -> int:
        """One round of one loop, as the runner has it; what it meets is met as there."""
        life, loop = self.life, self.life.loop(name)
        life.at_work = name
        before, struck = self.now, self.sandbox.faults.struck.total()
        try:
            handled = int(await loop.run_once(life.clock.now()))
            if life.workplace.unread is not None:
                self.unread[life.workplace.unread[0]] = self.now
            is_undisturbed = struck == self.sandbox.faults.struck.total()
            if name in COMPARING and before >= self.changed_at and is_undisturbed:
                self.looks[name].look(before)
            return handled
        except LeaseLostError:
            self.counts["leases lost"] += 1
            if self.life is life:
                await self._begin_anew(life.name)
        except DISCONNECTED:
            self.counts["cuts"] += 1
        except Exception as error:  # noqa: BLE001 - as in runner.py: what breaks a loop is put aside, and noted here
            self.counts["loops broken"] += 1
            self.notes.append(f"{name} broke: {type(error).__name__}: {error}"[:300])
            try:
                await loop.park(error, life.clock.now())
            except DISCONNECTED:
                self.counts["cuts"] += 1
            except Killed:
                await self._begin_anew(life.name)
        except (Killed, BaseExceptionGroup) as end:
            if isinstance(end, BaseExceptionGroup) and end.split(Killed)[1] is not None:
                raise  # something besides a death among several writes
            self.notes.append(f"{name} died: {end}")
            self.counts["kills"] += 1
            await self._begin_anew(life.name)
        finally:
            life.at_work = ""
            if self.life is not life:  # another has the merchant: this one has nothing left to do
                await life.end()
        return 1

    async def _begin_anew(self, name: str) -> None:
        """A daemon died, or lost its merchant to another: whoever is alive takes it."""
        await self.life.end()
        self.life = await self._live(name)

    # -- what happens while a request is under way --------------------------------------------------------------------

    async def _between(self, when: str, identity: str, caller: str) -> bool:
        """Called by the vendors for every request; True cuts the connection."""
        if caller != self.life.name or self.is_stalled:
            return self.life.points.is_dead and when == "after"
        is_write = identity.startswith(("POST /public-api", "PUT /public-api"))
        if when == "after" and is_write:
            self.passings["send.sent"] += 1
            if ("send.sent", self.passings["send.sent"]) in self.life.points._kills:
                self.life.points.die(f"{self.life.at_work}: its request was sent, no answer read")
                return True
        if not is_write:
            return False
        self.writes += when == "before"
        for stall in self.plan.stalls:
            if (stall.number, stall.when) == (self.writes, when) and not self.is_calm:
                self.is_stalled = True
                try:
                    await self._meanwhile(stall)
                finally:
                    self.is_stalled = False
        return False

    async def _meanwhile(self, stall: Stall) -> None:
        """Others work while one write stands at the vendor."""
        self.counts[f"stalls: {stall.meanwhile}"] += 1
        self.sandbox.clock.move(to=self.now + timedelta(seconds=stall.seconds))
        if stall.meanwhile == "season":
            self.sandbox.season.play(self.now)
            self._change()
            return
        stalled = self.life
        if stall.meanwhile == "own":
            for name in ("intake", "advance", "expire"):
                if stalled.at_work not in (name, "intake"):
                    await self._nested(stalled.loop(name), stalled)
            return
        other = "homeward-b" if stalled.name == "homeward-a" else "homeward-a"
        self.life = await self._live(other)
        for _ in range(3):
            for name in ("advance", "dispatch"):
                await self._nested(self.life.loop(name), self.life)

    async def _nested(self, loop: Any, life: Life) -> None:
        try:
            await loop.run_once(life.clock.now())
        except (*DISCONNECTED, LeaseLostError):
            self.counts["cuts"] += 1
        except Killed:
            self.counts["kills"] += 1

    # -- the end ------------------------------------------------------------------------------------------------------

    async def _result(self, office: Database) -> Result:
        async with office.reading() as connection:
            judgement = await judge(
                connection, self.sandbox.books.as_json(), self.sandbox.happy_returns.as_json(), now=self.now,
                read_to_write=timedelta(minutes=1), unread=list(self.unread.items()),
            )  # fmt: skip
            rows = await connection.fetch(_JOURNAL)
            self.counts["returns"] = await connection.fetchval("SELECT count(*) FROM returns")
            open_ = await connection.fetch(_LEFT)
        is_endless = self.now > BEGINS + SEASON_MAX or self.counts["moments"] >= MOMENTS_MAX
        if is_endless or self.counts["standstills"]:
            left = "; ".join(str(dict(row)) for row in open_[:3])
            judgement.must("F", False, f"the season does not come to its end: {left}")
        self.counts["moves"] = len(rows)
        self.counts["requests"] = len(self.sandbox.ledger)
        self.counts["webhooks taken"] = self.sandbox.happy_returns.sent
        journal = hashlib.sha256(orjson.dumps([[str(value) for value in row] for row in rows])).hexdigest()
        ledger = hashlib.sha256(orjson.dumps(self.sandbox.ledger)).hexdigest()
        return Result(
            self.plan.seed, judgement, self.counts, self.sandbox.faults.struck, journal, ledger, self.now - BEGINS,
            self.notes,
        )  # fmt: skip


_OPEN = """
SELECT EXISTS (SELECT FROM outbox AS o JOIN returns AS r ON r.merchant = o.merchant AND r.id = o.return_id
                WHERE o.state IN ('ready', 'leased') AND r.state <> 'exception')
    OR EXISTS (SELECT FROM inbox WHERE state = 'waiting')
    OR EXISTS (SELECT FROM returns WHERE state IN ('initiated', 'scanned', 'credit-pending', 'credited'))
"""
_LEFT = """
SELECT id, state, cause, wait_cause, waits_for FROM returns
 WHERE state IN ('initiated', 'scanned', 'credit-pending', 'credited') ORDER BY id
"""
_STUCK = """
SELECT id, happy_return_id, order_key, version, cause FROM returns
 WHERE merchant = $1 AND state = 'exception' ORDER BY id
"""
_JOURNAL = """
SELECT return_id, version, event, from_state, to_state, actor, facts, at FROM journal ORDER BY merchant, seq
"""
_TABLES = """
SELECT c.relname FROM pg_class AS c
 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname
"""
_FROM_ONE = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences WHERE schemaname = 'public'
"""
