"""Keeping the daemon's own time: what is done when the machine's clock is set, or turns out to be wrong."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

import anyio
import asyncpg

from daemon.clock import NO_TIME, Rest, SteadyClock, Step
from daemon.store import notice, outbox, returns, watch
from daemon.store.database import DISCONNECTED, Database
from daemon.telemetry import Metrics

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
UNCONFIRMED = "no vendor has said the time yet"
ASK_EVERY = timedelta(seconds=20)  # while it is doubted what time it is, whoever answers is asked
GRACE = timedelta(hours=1)
"""After a step forward: what only seems to be late has so long to come about."""
FURTHEST = timedelta(days=30)
"""Nothing is put off for longer: what is, was put off by a clock that was wrong."""


class Timekeeper:
    """Looks every second. `tell_doubt` hears why the clock may be wrong, or nothing; `ask` has the vendors say the time."""

    def __init__(
        self, clock: SteadyClock, database: Database, metrics: Metrics, *, held: Callable[[], Iterable[str]],
        tell_doubt: Callable[[str], None], ask: Callable[[], Awaitable[None]],
    ) -> None:  # fmt: skip
        self._clock, self._database, self._metrics = clock, database, metrics
        self._held, self._tell_doubt, self._ask = held, tell_doubt, ask
        self._asked = Rest(clock)
        self._doubt = ""
        self._to_mend: Step | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await anyio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        step = self._clock.look()
        if step is not None:
            log.error("the clock was wrong and has been set", extra={"seconds": _seconds(step.by), "by": step.because})
            self._to_mend = step
        self._say(self._clock.doubt)
        if (self._clock.doubt or not self._clock.is_confirmed) and self._asked.is_over:
            self._asked.begin(ASK_EVERY)
            await self._ask()
        if self._to_mend is not None:
            try:
                await mend(self._database, self._held(), self._to_mend, self._clock.now())
            except (*DISCONNECTED, asyncpg.PostgresError):
                return  # at the next look
            self._to_mend = None

    def _say(self, doubt: str) -> None:
        self._tell_doubt(doubt or ("" if self._clock.is_confirmed else UNCONFIRMED))
        self._metrics.clock_doubted.set(bool(doubt))
        if doubt and not self._doubt:
            log.error("the clock may be wrong: nothing is sent until it is known which is right", extra={"why": doubt})
        elif self._doubt and not doubt:
            log.warning("the clock is doubted no more")
        self._doubt = doubt


async def mend(database: Database, merchants: Iterable[str], step: Step, now: datetime) -> None:
    """Have nothing that was stored by the wrong clock count as late, or lie in wait for years."""
    for merchant in sorted(merchants):
        async with database.transaction("clock") as connection:
            await returns.shift(connection, merchant, since=step.since, until=step.until, by=step.by)
            if step.by > NO_TIME:
                await returns.grant_grace(connection, merchant, late_from=now + GRACE)
            else:
                await outbox.bring_near(connection, merchant, now=now, at_most=now + FURTHEST, by=step.by)
                for store in (watch, notice):
                    await store.bring_near(connection, merchant, now=now, at_most=now + FURTHEST)


def _seconds(by: timedelta) -> int:
    return round(by.total_seconds())
