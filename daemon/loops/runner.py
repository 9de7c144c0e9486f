"""The runner: starts the loops of every merchant we hold, paces them, keeps the leases, stops them cleanly.

It alone knows intervals. A round that found work is followed by another at once; an idle loop rests, but is stirred
when another loop of its merchant did something, or when one look for all merchants finds that something is due.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import anyio
import asyncpg

from daemon.clients.throttle import LANE, Lane
from daemon.clock import Clock
from daemon.errors import HomewardError, LeaseLostError, SettingsError
from daemon.health.kinds import LOOP_STANDS_STILL, NOT_COMPARED, NOT_WORKED, UNKNOWN, VENDORS, WELL
from daemon.health.signals import Signal
from daemon.loops.advance import Advance
from daemon.loops.batches import Batches
from daemon.loops.books import BOOKS, MatchBooks
from daemon.loops.dispatch import Dispatch
from daemon.loops.expire import Expire
from daemon.loops.intake import Intake
from daemon.loops.measure_lag import MeasureLag
from daemon.loops.notify import Notify
from daemon.loops.probe import Probe
from daemon.loops.reconcile import Reconcile
from daemon.loops.reevaluate import Reevaluate
from daemon.loops.report import Report
from daemon.loops.retain import Retain
from daemon.loops.verify import Verify
from daemon.loops.workplace import Lease, Workplace
from daemon.settings import HTTP_TIMEOUT_SECONDS, LEASE_SECONDS
from daemon.store import health as health_store
from daemon.store import merchant as merchant_store
from daemon.store import outbox, watch
from daemon.store.database import DISCONNECTED, Database
from daemon.telemetry import Telemetry

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5  # how often it is looked for what others left in the database, or what has come due
IDLE_LOOKS = 10  # how many looks long a loop rests that nobody stirs: for what only it knows of (maps, comparing)
ERROR_SECONDS = 1.0
DOUBT_SECONDS = LEASE_SECONDS + HTTP_TIMEOUT_SECONDS  # the longest a write of a lost life may still be under way
FORGOTTEN_MAX = timedelta(days=14)  # returns this young are read again when something may be forgotten
LOOK_MAX_SECONDS = 30.0  # a database that swallows what it is asked is away, and hangs nothing
STILL_SECONDS = 90.0  # no look and no renewal for so long: longer than every bounded wait in them
ROUND_SECONDS = {Lane.MONEY: 3600.0, Lane.STOCK: 3600.0, Lane.COMPARE: 12 * 3600.0}
"""Lane → a round that takes longer hangs. The last lane waits for the others: on a busy account the first reading of the
books may take hours; a night's matching of a million legs takes minutes."""
ONLY_OBSERVED = "so far it was only observed: homeward merchant go-live lets its writes leave"
BREAKS_MIN = 5  # rounds in a row that broke, before a loop is said to stand still
STOP_SECONDS = 6.0  # a round in progress may finish; then it is cut: the whole stop takes less than ten seconds


class Loop(Protocol):
    name: str
    lane: Lane

    async def run_once(self, now: datetime) -> int: ...
    async def park(self, error: Exception, now: datetime) -> None: ...


@dataclass(slots=True)
class Broken:
    """A loop that breaks, round after round."""

    since: datetime
    times: int = 0
    why: str = ""


@dataclass(slots=True)
class Held:
    """One merchant we hold: its lease, and the strings its loops hang on."""

    lease: Lease
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    stirred: anyio.Event = field(default_factory=anyio.Event)
    workplace: Workplace | None = None
    rounds: dict[str, float] = field(default_factory=dict)
    """Loop → by when the round it is in must have ended, by the monotonic clock."""
    ended: set[str] = field(default_factory=set)
    """Loops that have ended a round."""
    broken: dict[str, "Broken"] = field(default_factory=dict)
    """Loop → how it has broken since it last ended a round."""

    def stir(self) -> None:
        event, self.stirred = self.stirred, anyio.Event()
        event.set()

    def leave(self) -> None:
        """Rounds in progress may finish; no other is begun."""
        self.lease.leaving.set()
        self.stir()


def loops_of(workplace: Workplace) -> list[Loop]:
    """Everything that goes on for one merchant."""
    return [
        Advance(workplace), Dispatch(workplace), Expire(workplace), Intake(workplace), Notify(workplace),
        Batches(workplace), Reconcile(workplace), Verify(workplace), MeasureLag(workplace), Reevaluate(workplace),
        Report(workplace), MatchBooks(workplace), Retain(workplace), Probe(workplace),
    ]  # fmt: skip


def not_compared(workplace: Workplace) -> list[Signal]:
    """That what others write in Brightpearl has not been read whole for long, if it has not."""
    told = workplace.unread
    return [Signal(workplace.merchant, "work:compare", NOT_COMPARED, *told)] if told is not None else []


class Runner:
    """All loops of one daemon."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        telemetry: Telemetry,
        owner: str,
        merchants: list[str],
        open_workplace: Callable[[Lease], Workplace],
        look_seconds: float = LOOK_SECONDS,
        doubt_seconds: float = DOUBT_SECONDS,
        observes: frozenset[str] = frozenset(),
    ) -> None:
        self._database, self._clock, self._telemetry, self._owner = database, clock, telemetry, owner
        self._merchants, self._open_workplace, self._look_seconds = merchants, open_workplace, look_seconds
        self._doubt_seconds, self._observes = doubt_seconds, observes
        self._stopping = anyio.Event()
        self._lease_connection: asyncpg.Connection | None = None
        self._held: dict[str, Held] = {}
        self._leases = anyio.Lock()
        """Asking who holds what and giving a merchant back exclude each other: an answer must not be older than that."""
        self._has_looked = False
        self._not_opened: dict[str, str] = {}
        """Merchant → what its configuration lacks. It is given back, and taken again as long as nobody else has it."""
        self.no_writes = ""
        """Why the leases could not be renewed the last time, which is a write; empty when they could."""
        self._clock_doubt = ""
        self._turned: dict[str, float] = {}
        """What must go on for as long as we live → when it last did."""

    def stop(self) -> None:
        """Let rounds in progress finish, then end."""
        self._stopping.set()
        for held in self._held.values():
            held.leave()

    def stir(self, merchant: str) -> None:
        """Something new lies in the database for this merchant."""
        if merchant in self._held:
            self._held[merchant].stir()

    def doubt_the_clock(self, why: str) -> None:
        """What is dated or comes due by a clock that may be wrong waits; empty: it is doubted no more."""
        self._clock_doubt = why
        for held in self._held.values():
            held.lease.clock_doubt = why

    def held(self) -> set[str]:
        """The merchants this daemon works just now."""
        return {name for name, held in self._held.items() if time.monotonic() < held.lease.until}

    def unready(self) -> str:
        """Why nobody should rely on this daemon yet, in words without names; empty once it has begun to work.

        It has begun when it has its leases and has heard, or failed to hear, each vendor. What it heard is in the database,
        for every daemon to tell.
        """
        if not self._has_looked:
            return "starting: the leases are not yet known"
        if self._clock_doubt:
            return f"the clock may be wrong, and nothing is sent: {self._clock_doubt}"
        if self.no_writes:
            return "the database takes no writes"
        unheard = sum(
            held.workplace is None or held.workplace.health(vendor).status == UNKNOWN
            for held in self._held.values()
            for vendor in VENDORS
        )
        return f"starting: {unheard} vendor connection(s) have not answered yet" if unheard else ""

    def troubles(self) -> list[Signal]:
        """What this daemon knows of its own work: merchants it cannot take, loops that stand still. What is over is WELL."""
        now = self._clock.now()
        found = [Signal(name, "work", NOT_WORKED, now, why) for name, why in self._not_opened.items()]
        for merchant, held in self._held.items():
            late = {name for name, until in held.rounds.items() if time.monotonic() > until}
            found += [
                Signal(merchant, f"loop:{name}", LOOP_STANDS_STILL, now, "a round has not ended in its time")
                for name in late
            ]
            found += [
                Signal(
                    merchant,
                    f"loop:{name}",
                    LOOP_STANDS_STILL,
                    told.since,
                    f"broke {told.times} times in a row: {told.why}",
                )
                for name, told in held.broken.items()
                if told.times >= BREAKS_MIN and name not in late
            ]
            well = [name for name in held.ended if name not in late and name not in held.broken]
            found += [Signal(merchant, f"loop:{name}", WELL, now) for name in well]
            found += not_compared(held.workplace) if held.workplace is not None else []
        return found

    def works(self, merchant: str) -> bool:
        """Whether this daemon works the merchant just now."""
        return merchant in self.held()

    def stands_still(self) -> str:
        """What hangs, in words; empty while everything turns. A database or vendor that is away hangs nothing."""
        now = time.monotonic()
        for name, at in self._turned.items():
            if now - at > STILL_SECONDS:
                return f"{name} for {now - at:.0f} s"
        for merchant, held in self._held.items():
            for name, until in held.rounds.items():
                if now > until:
                    return f"{name} of {merchant}, {now - until:.0f} s longer than a round may take"
        return ""

    async def run(self) -> None:
        """Until stopped. Leases are given back at the end."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._look)
                while not self._stopping.is_set():
                    self._turned["leases"] = time.monotonic()
                    async with self._leases:
                        await self._keep_leases(group)
                    with anyio.move_on_after(LEASE_SECONDS / 3):
                        await self._stopping.wait()
                group.cancel_scope.deadline = anyio.current_time() + STOP_SECONDS
        finally:
            with anyio.move_on_after(3, shield=True):
                await self._leave()

    async def _look(self) -> None:
        """Stir the merchants for whom something is due; an idle merchant costs a few index probes a look."""
        while not self._stopping.is_set():
            self._turned["look"] = time.monotonic()
            try:
                if self._held:
                    with anyio.fail_after(LOOK_MAX_SECONDS):
                        due = await self._due()
                    for merchant in due:
                        self.stir(merchant)
            except DISCONNECTED:
                pass  # the loops tell of it
            with anyio.move_on_after(self._look_seconds):
                await self._stopping.wait()

    async def _due(self) -> set[str]:
        async with self._database.reading() as connection:
            return await merchant_store.awake(connection, sorted(self._held), kinds=outbox.KINDS, now=self._clock.now())

    # -- leases -----------------------------------------------------------------------------------------------------

    async def _keep_leases(self, group: anyio.abc.TaskGroup) -> None:
        """Renew what we hold, take what is free, hand over what is more than our share."""
        try:
            until = time.monotonic() + LEASE_SECONDS  # before the database is asked: its own count begins later
            share = await self._acquire()
        except (*DISCONNECTED, asyncpg.PostgresError) as error:
            if not self.no_writes:
                log.warning("leases not renewed", extra={"why": f"{type(error).__name__}: {error}"})
            self.no_writes = f"{type(error).__name__}: {error}"
            self._lease_connection = None
            return
        if self.no_writes:
            log.info("leases renewed again")
        self.no_writes = ""
        for merchant, held in list(self._held.items()):
            if share.held.get(merchant) == held.lease.fence:
                held.lease.until = until
            else:
                self._lose(merchant, held.lease, "another daemon has it")
        self._not_opened = {name: why for name, why in self._not_opened.items() if name in share.held}
        taken: list[Held] = []
        for merchant, fence in share.held.items():
            if merchant not in self._held:
                self._held[merchant] = Held(Lease(merchant, fence, until, observes=merchant in self._observes))
                taken.append(self._held[merchant])
        for merchant, held in self._held.items():
            held.lease.is_held = merchant in share.writes_held
            held.lease.clock_doubt = self._clock_doubt
            held.lease.doubted_until = time.monotonic() + share.doubt_seconds.get(merchant, 0.0)
        for held in taken:
            group.start_soon(self._work, held)
        for merchant in share.surplus:
            self._held[merchant].leave()
        self._has_looked = True

    async def _acquire(self) -> merchant_store.Share:
        return await merchant_store.acquire(
            await self._connected(), self._merchants, owner=self._owner, lease_seconds=LEASE_SECONDS,
            doubt_seconds=self._doubt_seconds,
        )  # fmt: skip

    async def _connected(self) -> asyncpg.Connection:
        if self._lease_connection is None or self._lease_connection.is_closed():
            self._lease_connection = await asyncpg.connect(self._database.session_dsn, timeout=5, command_timeout=5)
        return self._lease_connection

    def _lose(self, merchant: str, lease: Lease, why: str) -> None:
        """Stop at once: nothing may be written any more. If it is still ours after all, the next look takes it up."""
        held = self._held.get(merchant)
        if held is not None and held.lease is lease:
            log.warning("lease lost", extra={"merchant": merchant, "fence": lease.fence, "why": why})
            lease.until = 0
            held.scope.cancel()
            del self._held[merchant]

    async def _leave(self) -> None:
        connection = self._lease_connection
        if connection is None or connection.is_closed():
            return
        try:
            await merchant_store.release(connection, self._owner, self._merchants)
            await merchant_store.leave(connection, self._owner)
            await connection.close()
        except (*DISCONNECTED, asyncpg.PostgresError) as error:
            log.warning("leases not given back", extra={"why": str(error)})

    # -- working ----------------------------------------------------------------------------------------------------

    async def _work(self, held: Held) -> None:
        """All loops of one merchant, until the lease is lost or handed over, or the daemon stops."""
        merchant = held.lease.merchant
        try:
            workplace = self._open_workplace(held.lease)
        except SettingsError as error:
            if self._not_opened.get(merchant) != str(error):
                log.error("merchant not worked", extra={"merchant": merchant, "why": str(error)})
            self._not_opened[merchant] = str(error)
            await self._hand_over(held)
            return
        self._not_opened.pop(merchant, None)
        held.workplace = workplace
        loops = loops_of(workplace)
        with held.scope:
            if not await self._free_what_was_held(workplace):
                self._held.pop(merchant, None)
                return
            log.info("merchant taken", extra={"merchant": merchant, "fence": held.lease.fence})
            async with anyio.create_task_group() as group:
                for loop in loops:
                    group.start_soon(self._loop, loop, held)
        if held.lease.leaving.is_set() and not self._stopping.is_set():
            await self._hand_over(held)

    async def _hand_over(self, held: Held) -> None:
        """Our loops have ended: another daemon may begin."""
        merchant, held.lease.until = held.lease.merchant, 0
        async with self._leases:
            try:
                async with self._database.reading() as connection:
                    await merchant_store.release(connection, self._owner, [merchant])
                log.info("merchant handed over", extra={"merchant": merchant, "fence": held.lease.fence})
            except (*DISCONNECTED, asyncpg.PostgresError) as error:
                log.warning("merchant not handed over", extra={"merchant": merchant, "why": str(error)})
            if self._held.get(merchant) is held:
                del self._held[merchant]

    async def _free_what_was_held(self, workplace: Workplace) -> bool:
        """What a dead holder had in its hands is due at once: its fence lets it settle nothing any more."""
        try:
            async with workplace.writing("take-over") as connection:
                await outbox.free_leases(connection, workplace.merchant, self._clock.now())
                await watch.free_leases(connection, workplace.merchant)
                for stored in await health_store.read(connection, [workplace.merchant], installation=False):
                    if stored.subject in VENDORS:
                        workplace.health(stored.subject).resume(stored)
                last = await merchant_store.read_cursor(connection, workplace.merchant, merchant_store.OBSERVING) or {}
                if last.get("observes") and not last.get("released") and not workplace.lease.observes:
                    # Nobody has yet said that what was only looked at may be done.
                    await merchant_store.hold(
                        connection, workplace.merchant, actor="homeward", why=ONLY_OBSERVED, now=self._clock.now()
                    )
                    workplace.lease.is_held = True
                told = {"observes": workplace.lease.observes}
                await merchant_store.write_cursor(connection, workplace.merchant, merchant_store.OBSERVING, told)
                if workplace.lease.is_in_doubt:
                    log.error(
                        "the database began another life, and may have forgotten: looking before writing",
                        extra={"merchant": workplace.merchant},
                    )
                    now = workplace.clock.now()
                    await watch.look_again(connection, workplace.merchant, since=now - FORGOTTEN_MAX, now=now)
                    soon = {"at": (now + timedelta(seconds=self._doubt_seconds)).isoformat()}
                    await merchant_store.write_cursor(connection, workplace.merchant, BOOKS, soon)
        except (LeaseLostError, *DISCONNECTED) as error:
            log.warning("merchant not taken", extra={"merchant": workplace.merchant, "why": str(error)})
            return False
        return True

    async def _loop(self, loop: Loop, held: Held) -> None:
        is_down, merchant = False, held.lease.merchant
        LANE.set(loop.lane)
        while not held.lease.leaving.is_set():
            rest, stirred = IDLE_LOOKS * self._look_seconds, held.stirred
            try:
                handled = await self._round(loop, held)
                if is_down:
                    log.info("loop works again", extra={"loop": loop.name, "merchant": merchant})
                is_down = False
                held.broken.pop(loop.name, None)
                held.ended.add(loop.name)
                if handled:
                    held.stir()
                    continue
            except LeaseLostError as error:
                self._lose(merchant, held.lease, str(error))
                rest = 0
            except DISCONNECTED as error:
                if not is_down:
                    log.warning("database not available", extra={"loop": loop.name, "why": type(error).__name__})
                is_down, rest = True, ERROR_SECONDS
            except Exception as error:
                broken = held.broken.setdefault(loop.name, Broken(self._clock.now()))
                broken.times, broken.why = broken.times + 1, f"{type(error).__name__}: {error}"[:300]
                log.exception("loop broke", extra={"loop": loop.name, "merchant": merchant})
                self._telemetry.metrics.loop_errors.labels(loop.name).inc()
                await self._park(loop, error)
                rest = ERROR_SECONDS
            with anyio.move_on_after(rest):
                await stirred.wait()

    async def _round(self, loop: Loop, held: Held) -> int:
        began = time.perf_counter()
        held.rounds[loop.name] = time.monotonic() + ROUND_SECONDS[loop.lane]
        try:
            handled = await loop.run_once(self._clock.now())
        finally:
            del held.rounds[loop.name]
        self._telemetry.metrics.loop_round_at.labels(held.lease.merchant, loop.name).set_to_current_time()
        if handled:
            self._telemetry.metrics.loop_seconds.labels(loop.name).observe(time.perf_counter() - began)
        return handled

    async def _park(self, loop: Loop, error: Exception) -> None:
        try:
            await loop.park(error, self._clock.now())
        except (HomewardError, *DISCONNECTED, asyncpg.PostgresError):
            log.exception("could not put aside", extra={"loop": loop.name})
