"""The runner: starts the loops of every merchant we hold, paces them, keeps the leases, stops them cleanly.

It alone knows intervals. A round that found work is followed by another at once; an idle loop rests, but is stirred
when another loop of its merchant did something.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import anyio
import asyncpg

from daemon.clock import Clock
from daemon.errors import HomewardError, LeaseLostError
from daemon.loops.advance import Advance
from daemon.loops.dispatch import Dispatch
from daemon.loops.expire import Expire
from daemon.loops.intake import Intake
from daemon.loops.reconcile import Reconcile
from daemon.loops.reevaluate import Reevaluate
from daemon.loops.workplace import Workplace
from daemon.settings import LEASE_SECONDS
from daemon.store import merchant as merchant_store
from daemon.store import outbox, watch
from daemon.store.database import DISCONNECTED, Database
from daemon.telemetry import Telemetry

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.5  # how long an idle loop rests before it looks for what others may have left in the database
ERROR_SECONDS = 1.0
STOP_SECONDS = 8.0  # a round in progress may finish; then it is cut


class Loop(Protocol):
    name: str

    async def run_once(self, now: datetime) -> int: ...
    async def park(self, error: Exception, now: datetime) -> None: ...


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
        open_workplace: Callable[[str, int], Workplace],
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._database, self._clock, self._telemetry, self._owner = database, clock, telemetry, owner
        self._merchants, self._open_workplace, self._idle_seconds = merchants, open_workplace, idle_seconds
        self._stirred: dict[str, anyio.Event] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._stopping = anyio.Event()
        self._lease_connection: asyncpg.Connection | None = None
        self.fences: dict[str, int] = {}
        self.is_ready = False

    def stop(self) -> None:
        """Let rounds in progress finish, then end."""
        self._stopping.set()
        for event in self._stirred.values():
            event.set()

    def stir(self, merchant: str) -> None:
        """Something new lies in the database for this merchant."""
        event = self._stirred.get(merchant)
        if event is not None:
            self._stirred[merchant] = anyio.Event()
            event.set()

    async def run(self) -> None:
        """Until stopped. Leases are given back at the end."""
        try:
            async with anyio.create_task_group() as group:
                while not self._stopping.is_set():
                    await self._keep_leases(group)
                    with anyio.move_on_after(LEASE_SECONDS / 3):
                        await self._stopping.wait()
                group.cancel_scope.deadline = anyio.current_time() + STOP_SECONDS
        finally:
            with anyio.move_on_after(3, shield=True):
                await self._give_back()

    # -- leases -----------------------------------------------------------------------------------------------------

    async def _keep_leases(self, group: anyio.abc.TaskGroup) -> None:
        """Renew what we hold, take what is free; start and stop the loops accordingly."""
        try:
            held = await self._acquire()
        except (*DISCONNECTED, asyncpg.PostgresError) as error:
            log.warning("leases not renewed", extra={"why": f"{type(error).__name__}: {error}"})
            self._lease_connection = None
            return
        for merchant in [m for m in self.fences if held.get(m) != self.fences[m]]:
            log.warning("lease lost", extra={"merchant": merchant})
            self._scopes.pop(merchant, anyio.CancelScope()).cancel()
            del self.fences[merchant]
        for merchant, fence in held.items():
            if merchant not in self.fences:
                self.fences[merchant] = fence
                self._stirred[merchant] = anyio.Event()
                group.start_soon(self._work, merchant, fence)
        self.is_ready = True

    async def _acquire(self) -> dict[str, int]:
        if self._lease_connection is None or self._lease_connection.is_closed():
            self._lease_connection = await asyncpg.connect(self._database.dsn, timeout=5, command_timeout=5)
        now = self._clock.now()
        return await merchant_store.acquire(
            self._lease_connection,
            self._merchants,
            owner=self._owner,
            now=now,
            lease_until=now + timedelta(seconds=LEASE_SECONDS),
        )

    async def _give_back(self) -> None:
        connection = self._lease_connection
        if connection is None or connection.is_closed():
            return
        try:
            await merchant_store.release(connection, self._owner)
            await connection.close()
        except (*DISCONNECTED, asyncpg.PostgresError) as error:
            log.warning("leases not given back", extra={"why": str(error)})

    # -- working ----------------------------------------------------------------------------------------------------

    async def _work(self, merchant: str, fence: int) -> None:
        """All loops of one merchant, until the lease is lost or the daemon stops."""
        workplace = self._open_workplace(merchant, fence)
        log.info("merchant taken", extra={"merchant": merchant, "fence": fence})
        loops: list[Loop] = [
            Advance(workplace),
            Dispatch(workplace),
            Expire(workplace),
            Intake(workplace),
            Reconcile(workplace),
            Reevaluate(workplace),
        ]
        with anyio.CancelScope() as scope:
            self._scopes[merchant] = scope
            if not await self._free_what_was_held(workplace):
                del self.fences[merchant]
                return
            async with anyio.create_task_group() as group:
                for loop in loops:
                    group.start_soon(self._loop, loop, merchant)

    async def _free_what_was_held(self, workplace: Workplace) -> bool:
        """What a dead holder had in its hands is due at once: its fence lets it settle nothing any more."""
        try:
            async with self._database.transaction() as connection:
                await workplace.hold(connection)
                await outbox.free_leases(connection, workplace.merchant, self._clock.now())
                await watch.free_leases(connection, workplace.merchant)
        except (LeaseLostError, *DISCONNECTED) as error:
            log.warning("merchant not taken", extra={"merchant": workplace.merchant, "why": str(error)})
            return False
        return True

    async def _loop(self, loop: Loop, merchant: str) -> None:
        is_down = False
        while not self._stopping.is_set():
            rest = self._idle_seconds
            try:
                handled = await self._round(loop)
                if is_down:
                    log.info("loop works again", extra={"loop": loop.name, "merchant": merchant})
                is_down = False
                if handled:
                    self.stir(merchant)
                    continue
            except LeaseLostError as error:
                log.warning("lease lost", extra={"loop": loop.name, "merchant": merchant, "why": str(error)})
                self.fences.pop(merchant, None)
                self._scopes[merchant].cancel()
                rest = 0
            except DISCONNECTED as error:
                if not is_down:
                    log.warning("database not available", extra={"loop": loop.name, "why": type(error).__name__})
                is_down, rest = True, ERROR_SECONDS
            except Exception as error:
                log.exception("loop broke", extra={"loop": loop.name, "merchant": merchant})
                self._telemetry.metrics.loop_errors.labels(loop.name).inc()
                await self._park(loop, error)
                rest = ERROR_SECONDS
            await self._rest(merchant, rest)

    async def _round(self, loop: Loop) -> int:
        began = time.perf_counter()
        handled = await loop.run_once(self._clock.now())
        if handled:
            self._telemetry.metrics.loop_seconds.labels(loop.name).observe(time.perf_counter() - began)
        return handled

    async def _park(self, loop: Loop, error: Exception) -> None:
        try:
            await loop.park(error, self._clock.now())
        except (HomewardError, *DISCONNECTED, asyncpg.PostgresError):
            log.exception("could not put aside", extra={"loop": loop.name})

    async def _rest(self, merchant: str, seconds: float) -> None:
        event = self._stirred[merchant]
        with anyio.move_on_after(seconds):
            await event.wait()
