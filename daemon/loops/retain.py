"""Retention: every night what is old enough goes: bodies as received, messages that arrived, answers, dead sessions.

Returns with their journal go only by `homeward db prune`, which needs the rights of the tables' owner.
"""

import logging
from datetime import datetime, timedelta

from daemon.clients.throttle import Lane
from daemon.clock import Rest
from daemon.loops.workplace import Workplace, planned
from daemon.store import merchant, privacy
from daemon.store.privacy import Ages

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
CURSOR = "retention"


class Retain:
    name = "retain"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._rest = Rest(workplace.clock)
        self._has_begun = False

    async def run_once(self, now: datetime) -> int:
        if not self._has_begun:
            async with self._at.database.reading() as connection:
                told = await merchant.read_cursor(connection, self._at.merchant, CURSOR)
            self._rest.begin(planned(told["at"] if told else None, now=now, at_most=EVERY))
            self._has_begun = True
        if not self._rest.is_over or self._at.lease.clock_doubt:
            return 0  # what is forgotten by age by a wrong clock does not come back
        kept = self._at.settings.retention
        ages = Ages(
            bodies=now - timedelta(days=kept.bodies_days), messages=now - timedelta(days=kept.messages_days),
            answers=now - timedelta(days=self._at.web.answers_days), sessions=now,
        )  # fmt: skip
        gone = await privacy.forget_by_age(self._at.database, self._at.merchant, ages)
        if gone:
            log.info("forgotten by age", extra={"merchant": self._at.merchant, "rows": gone})
            return gone
        self._rest.begin(EVERY)
        await self._at.keep_cursor(CURSOR, {"at": (now + EVERY).isoformat()})
        return 0

    async def park(self, error: Exception, now: datetime) -> None:
        """Try again in an hour: nothing waits for it."""
        self._rest.begin(timedelta(hours=1))
