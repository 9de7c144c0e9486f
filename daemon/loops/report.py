"""Report: tell Happy Returns what the warehouse found in its bags, where policy wants it. No money moves by it.

Said at least once: an answer that was lost is said again. Source: Happy Returns sheet 5.5 (E5); the values of
`disposition` are UNCONFIRMED (U-13), our own conditions are sent.
"""

import logging
from datetime import UTC, datetime, timedelta

from daemon.clients.throttle import Lane
from daemon.clock import Rest
from daemon.errors import NotPermittedError, RejectedError, TransientError
from daemon.health.kinds import HAPPY_RETURNS
from daemon.loops.workplace import Workplace
from daemon.store import goods

log = logging.getLogger(__name__)

UNITS_MAX = 500  # E5 takes 1000 items a call
PAUSE = timedelta(minutes=5)  # between two reports: a bag is unpacked unit by unit and told together
REFUSED_PAUSE = timedelta(hours=1)


class Report:
    """One call for everything that arrived since the last."""

    name = "report"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._rest = Rest(workplace.clock)
        self._most = UNITS_MAX

    async def run_once(self, now: datetime) -> int:
        if not self._at.settings.policy.report_contents or not self._rest.is_over:
            return 0
        if self._at.lease.writes_held or self._at.lease.is_in_doubt:
            return 0
        async with self._at.database.reading() as connection:
            units = await goods.to_report(connection, self._at.merchant, rows_max=self._most)
        if not units:
            return 0
        self._rest.begin(PAUSE)
        items = [
            {
                "happyReturnsItemID": unit["happy_item_id"], "returnBagBarcode": unit["bag"],
                "checkedInAt": unit["received_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "disposition": unit["condition"] or "sellable",
            }
            for unit in units
        ]  # fmt: skip
        try:
            await self._at.happy_returns.post_contents(items)
        except TransientError:
            return 0
        except NotPermittedError as error:
            self._at.say(log, "report not taken", HAPPY_RETURNS, error, units=len(units))
            self._rest.begin(REFUSED_PAUSE)  # none of these units spoils it for the others
            return 0
        except RejectedError as error:
            log.error(
                "report refused", extra={"merchant": self._at.merchant, "units": len(units), "why": str(error)[:300]}
            )
            if len(units) > 1:  # one of them may spoil it for all: find it
                self._most = len(units) // 2
                self._rest.end()
                return 1
        async with self._at.writing("report") as connection:
            await goods.mark_reported(connection, self._at.merchant, units, now)
        self._most = UNITS_MAX
        return len(units)

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: what was not told is told later."""
        self._rest.begin(REFUSED_PAUSE)
