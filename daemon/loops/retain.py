"""Retention: every night what is old enough goes: bodies as received, messages that arrived, answers, dead sessions.

Returns with their journal go only by `homeward db prune`, which needs the rights of the tables' owner.
"""

import logging
from datetime import datetime, timedelta

from daemon.clients.throttle import Lane
from daemon.loops.workplace import Workplace
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
        self._next_at: datetime | None = None

    async def run_once(self, now: datetime) -> int:
        if self._next_at is None:
            async with self._at.database.reading() as connection:
                told = await merchant.read_cursor(connection, self._at.merchant, CURSOR)
            self._next_at = datetime.fromisoformat(told["at"]) if told else now
        if now < self._next_at:
            return 0
        kept = self._at.settings.retention
        ages = Ages(
            bodies=now - timedelta(days=kept.bodies_days), messages=now - timedelta(days=kept.messages_days),
            answers=now - timedelta(days=self._at.web.answers_days), sessions=now,
        )  # fmt: skip
        gone = await privacy.forget_by_age(self._at.database, self._at.merchant, ages)
        if gone:
            log.info("forgotten by age", extra={"merchant": self._at.merchant, "rows": gone})
            return gone
        self._next_at = now + EVERY
        async with self._at.writing("retention") as connection:
            await merchant.write_cursor(connection, self._at.merchant, CURSOR, {"at": self._next_at.isoformat()})
        return 0

    async def park(self, error: Exception, now: datetime) -> None:
        """Try again in an hour: nothing waits for it."""
        self._next_at = now + timedelta(hours=1)
