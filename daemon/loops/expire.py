"""Expire: turn rungs whose time has come into events. The ladder itself is data in the machine."""

from datetime import datetime

from daemon.clients.throttle import Lane
from daemon.health.kinds import BRIGHTPEARL, HAPPY_RETURNS, VENDORS
from daemon.loops.workplace import Workplace
from daemon.store import inbox, outbox, returns
from daemon.store.inbox import Arrival
from statemachine.events import DeadlinePassed
from statemachine.states import State

BATCH_MAX = 500
RESTS: dict[str, tuple[State, ...]] = {
    HAPPY_RETURNS: (State.INITIATED, State.SCANNED),
    BRIGHTPEARL: (State.CREDIT_PENDING, State.CREDITED, State.RESTOCKED),
}
"""Vendor → the states that only its answers lead out of: while it is out their clocks rest, since nobody of the team they
would accuse could do anything. Operations are told of the outage itself."""


class Expire:
    name = "expire"
    lane = Lane.MONEY

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._has_rested = False
        """Writes were held: what ran out meanwhile gets a while before it counts."""

    async def run_once(self, now: datetime) -> int:
        if self._at.lease.writes_held or self._at.lease.clock_doubt:
            self._has_rested = True
            return 0  # clocks rest: nobody is late with what may not be done
        if self._has_rested:
            async with self._at.writing("rested") as connection:
                await returns.grant_grace(connection, self._at.merchant, late_from=now + outbox.GRACE_AFTER_HOLD)
            self._has_rested = False
        resting = await self._rest(now)
        async with self._at.database.reading() as connection:
            due = await returns.due_deadlines(connection, self._at.merchant, now, BATCH_MAX, resting=resting)
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

    async def _rest(self, now: datetime) -> list[str]:
        """The states whose clocks rest; those of a vendor that has just come back get a while."""
        resting: list[str] = []
        for vendor in VENDORS:
            health, states = self._at.health(vendor), [state.value for state in RESTS[vendor]]
            if health.came_back:
                async with self._at.writing("rested") as connection:
                    late_from = now + outbox.GRACE_AFTER_HOLD
                    await returns.grant_grace(connection, self._at.merchant, late_from=late_from, states=states)
                health.came_back = False
            if health.is_out(now):
                resting += states
        return resting

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: the deadline stays due."""
