"""Batches: say to the machine, item by item, what a person wants done with many returns."""

from datetime import datetime

from daemon.clients.throttle import Lane
from daemon.loops.workplace import Workplace
from daemon.store import batch


class Batches:
    """Takes every running batch one step further. What was said and what is marked as said are one commit."""

    name = "batches"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace

    async def run_once(self, now: datetime) -> int:
        async with self._at.database.reading() as connection:
            running = await batch.running(connection, self._at.merchant)
        done = 0
        for each in running:
            async with self._at.writing("batch") as connection:
                done += await batch.go_on(connection, self._at.merchant, each, now)
        return done

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: a batch goes on where it was."""
