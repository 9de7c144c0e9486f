"""Measure: how long Brightpearl takes to show what was written, so that a lost write is looked for long enough."""

import logging
from datetime import datetime, timedelta

from daemon.clients.throttle import Lane
from daemon.clock import NO_TIME, Rest
from daemon.errors import MalformedPayloadError, RejectedError, TransientError
from daemon.loops.index_lag import FIRST_LOOK, LAST_LOOK, look, next_look
from daemon.loops.workplace import Workplace
from daemon.store import merchant

log = logging.getLogger(__name__)

CURSOR = "index-lag"
STORED_EVERY = timedelta(minutes=1)  # a restart may lose that much of the samples


class MeasureLag:
    """One look now and then, of at most one request a kind; nothing while nothing was written."""

    name = "measure-lag"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._rest = Rest(workplace.clock)
        self._is_looking = False
        self._is_loaded = False
        self._stored_rest = Rest(workplace.clock)

    async def run_once(self, now: datetime) -> int:
        lag = self._at.lag
        if not self._is_loaded:
            async with self._at.database.reading() as connection:
                lag.restore(await merchant.read_cursor(connection, self._at.merchant, CURSOR) or {})
            self._is_loaded = True
        if not self._is_looking and any(lag.awaited.values()):
            self._rest.begin(FIRST_LOOK)
            self._is_looking = True
        if self._is_looking and self._rest.is_over:
            try:
                moment = self._at.clock.monotonic()
                await look(lag, self._at.brightpearl, moment)
                pause = next_look(lag, moment)
            except (TransientError, RejectedError, MalformedPayloadError) as error:
                log.info("index lag not measured", extra={"merchant": self._at.merchant, "why": str(error)})
                pause = LAST_LOOK
            self._is_looking = pause is not None
            self._rest.begin(pause or NO_TIME)
        await self._store()
        return 0

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: what is awaited is looked for again."""

    async def _store(self) -> None:
        lag = self._at.lag
        if not lag.fresh or not self._stored_rest.is_over:
            return
        self._stored_rest.begin(STORED_EVERY)
        fresh, lag.fresh = lag.fresh, []
        for kind, seconds in fresh:
            self._at.telemetry.metrics.search_lag.labels(self._at.merchant, kind).observe(seconds)
        await self._at.keep_cursor(CURSOR, lag.as_json())
