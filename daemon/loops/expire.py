"""Expire: turn rungs whose time has come into events. The ladder itself is data in the machine."""

from datetime import datetime

from daemon.clients.throttle import Lane
from daemon.loops.workplace import Workplace
from daemon.store import inbox, outbox, returns
from daemon.store.inbox import Arrival
from statemachine.events import DeadlinePassed
from statemachine.states import State

BATCH_MAX = 500


class Expire:
    name = "expire"
    lane = Lane.MONEY

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._has_rested = False
        """Writes were held: what ran out meanwhile gets a while before it counts."""

    async def run_once(self, now: datetime) -> int:
        if self._at.lease.writes_held:
            self._has_rested = True
            return 0  # clocks rest: nobody is late with what may not be done
        if self._has_rested:
            async with self._at.writing("rested") as connection:
                await returns.grant_grace(connection, self._at.merchant, late_from=now + outbox.GRACE_AFTER_HOLD)
            self._has_rested = False
        async with self._at.database.reading() as connection:
            due = await returns.due_deadlines(connection, self._at.merchant, now, BATCH_MAX)
        if not due:
            return 0
        async with self._at.writing("expire") as connection:
            arrivals = [
                Arrival(
                    natural_key=f"deadline:{row['return_id']}:{row['state']}:{row['level']}:{row['due_at'].isoformat()}",
                    event=DeadlinePassed(state=State(row["state"]), level=row["level"]),
                    happy_return_id=row["happy_return_id"],
                    order_number=row["order_number"],
                    part=row["part"],
                    source="clock",
                    received_at=now,
                    trace=row["trace"],
                )
                for row in due
            ]
            known = await inbox.put(connection, self._at.merchant, arrivals)
        return len(known)

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: the deadline stays due."""
