"""One life of a simulated daemon: the real loops on the real database, which may end at any commit and any request."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg

from daemon import app as application
from daemon.clients import brightpearl
from daemon.clock import Clock as DaemonClock
from daemon.clock import Forward
from daemon.crash import CrashPoints
from daemon.loops import intake
from daemon.loops.runner import Loop, Runner, loops_of
from daemon.loops.workplace import Lease, Workplace
from daemon.sandbox.app import Sandbox
from daemon.settings import Settings
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.store.scope import Scope
from daemon.store.sql import Connection
from daemon.telemetry import Telemetry

ACCOUNT_KEPT = timedelta(hours=12)  # reference data that nobody changes in a season: a quarter of all calls
LEFT_OUT = ("books", "retain")  # the nightly matching and forgetting: they write nothing to a vendor
OFTEN = timedelta(days=3650)


class Killed(BaseException):
    """The daemon is no more. Whatever it had in memory is gone; what it began is as far as it got."""


def make_sequential() -> None:
    """Within this process: writes one after the other, and nothing by the machine's own clock."""
    brightpearl.PARALLEL_WRITES = 1
    intake.TOGETHER_SECONDS = OFTEN.total_seconds()


class Clock(DaemonClock):
    """The vendors' clock, wrong by some seconds; sleeping on it moves it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._forward = sandbox, Forward(sandbox.clock.now)
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return self._sandbox.clock.now() + self.offset

    def monotonic(self) -> timedelta:
        return self._forward()

    async def sleep(self, delay: timedelta) -> None:
        if delay > timedelta(0):
            self._sandbox.clock.move(to=self._sandbox.clock.now() + delay)


class Points(CrashPoints):
    """Instead of a SIGKILL an exception that nobody catches; instead of a cut connection its error. Drawn beforehand."""

    def __init__(self, kills: set[tuple[str, int]], cuts: set[tuple[str, int]], passed: Counter[str]) -> None:
        super().__init__()
        self._kills, self._cuts = kills, cuts
        self.passings = passed
        self.is_dead = False
        self.died_at = ""

    def at(self, *names: str) -> None:
        self.check()
        for name in names:
            self.passings[name] += 1
            here = (name, self.passings[name])
            if here in self._kills:
                self.die(f"{names[0]}, passing {here[1]} of {name}")
                raise Killed(self.died_at)
            if here in self._cuts:
                raise asyncpg.ConnectionDoesNotExistError(f"cut at {names[0]}")

    def while_at(self, *names: str) -> None:
        """A commit under way either came through or did not: the points before and after are both."""

    def die(self, where: str) -> None:
        self.is_dead, self.died_at = True, where

    def check(self) -> None:
        if self.is_dead:
            raise Killed(self.died_at)


class Mortal(Database):
    """The database as one life sees it: gone when the life is over."""

    def __init__(self, pool: asyncpg.Pool, dsn: str, points: Points) -> None:
        super().__init__(pool, dsn, points, scoped=False, in_transactions=False)
        self._points = points

    @asynccontextmanager
    async def transaction(self, name: str = "command", *, scope: Scope | None = None) -> AsyncIterator[Connection]:
        self._points.check()
        async with super().transaction(name, scope=scope) as connection:
            yield connection
            self._points.check()

    @asynccontextmanager
    async def reading(self, *, scope: Scope | None = None) -> AsyncIterator[Connection]:
        self._points.check()
        async with super().reading(scope=scope) as connection:
            yield connection


@dataclass(slots=True)
class Life:
    """A daemon from its start to its end. `name` tells it from the other at the vendors."""

    name: str
    merchant: str
    points: Points
    clock: Clock
    database: Mortal
    http: aiohttp.ClientSession
    workplace: Workplace = field(init=False)
    loops: list[Loop] = field(init=False)
    at_work: str = ""
    """The loop whose turn it is."""

    @classmethod
    async def begin(
        cls, name: str, merchant: str, sandbox: Sandbox, *, settings: Settings, pool: asyncpg.Pool, dsn: str,
        telemetry: Telemetry, points: Points, offset: timedelta,
    ) -> "Life":  # fmt: skip
        """Start it and take the merchant over, as the runner does. Raises Killed."""
        clock = Clock(sandbox)
        clock.offset = offset
        http = application.new_http_session(points)
        http.headers["User-Agent"] = name
        life = cls(name, merchant, points, clock, Mortal(pool, dsn, points), http)
        try:
            await life._take(settings, telemetry)
        except BaseException:
            await life.end()
            raise
        return life

    async def _take(self, settings: Settings, telemetry: Telemetry) -> None:
        async with self.database.transaction("lease") as connection:
            await connection.execute("UPDATE merchant SET lease_owner = NULL, lease_until = NULL")
            share = await merchant_store.acquire(connection, [self.merchant], owner=self.name, lease_seconds=10**7)
        self.workplace = application.build_workplace(
            settings, self.merchant, database=self.database, clock=self.clock, telemetry=telemetry, http=self.http,
            lease=Lease(self.merchant, share.held[self.merchant]),
        )  # fmt: skip
        self.workplace.account_kept = ACCOUNT_KEPT
        runner = Runner(
            database=self.database, clock=self.clock, telemetry=telemetry, owner=self.name, merchants=[self.merchant],
            open_workplace=lambda _: self.workplace,
        )  # fmt: skip
        await runner._free_what_was_held(self.workplace)
        self.loops = [loop for loop in loops_of(self.workplace) if loop.name not in LEFT_OUT]

    def loop(self, name: str) -> Any:
        return next(loop for loop in self.loops if loop.name == name)

    async def end(self) -> None:
        self.points.die("over")
        await self.http.close()
