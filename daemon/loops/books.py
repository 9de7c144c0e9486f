"""Books: once a day, before people come, both systems' books are read, matched and checked."""

import logging
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from daemon.clients.throttle import Lane
from daemon.clock import Rest
from daemon.finance.books_check import run_checks
from daemon.finance.collect import Sources, collect
from daemon.finance.matching import run_matching
from daemon.loops.workplace import Workplace, planned
from daemon.store import merchant

log = logging.getLogger(__name__)

ACTOR = "homeward"


BOOKS = "books"  # the cursor where the next night's time stands


class MatchBooks:
    """Reading, matching and checking; every step leaves what it did in the database, and is harmless when repeated."""

    name = "books"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._rest = Rest(workplace.clock)
        self._has_begun = False

    async def run_once(self, now: datetime) -> int:
        if not self._has_begun:
            self._rest.begin(await self._planned(now))
            self._has_begun = True
        if not self._rest.is_over:
            return 0
        at = self._at
        sources = Sources(at.merchant, at.settings, at.database, at.brightpearl, at.happy_returns, at.clock.now)
        done = await collect(sources, now)
        books, change = await run_matching(at.database, at.merchant, at.settings, now=now, actor=ACTOR)
        checked = await run_checks(at.database, at.merchant, at.settings, now=now, actor=ACTOR)
        broken = [each.name for each in checked if each.violations]
        log.info("books matched", extra={
            "merchant": at.merchant, "run": change.run_id, "matches": len(books.matches), "orphans": len(books.orphans),
            "newly_broken": change.newly_broken, "checks_failed": ",".join(broken), "not_read": len(done.faults or ()),
        })  # fmt: skip
        following = self._following(now)
        self._rest.begin(following - now)
        async with at.writing("books") as connection:
            await merchant.write_cursor(connection, at.merchant, BOOKS, {"at": following.isoformat()})
        return 1

    async def park(self, error: Exception, now: datetime) -> None:
        """Try again in an hour: nothing waits for it."""
        self._rest.begin(timedelta(hours=1))

    async def _planned(self, now: datetime) -> timedelta:
        async with self._at.database.reading() as connection:
            told = await merchant.read_cursor(connection, self._at.merchant, BOOKS)
        at = told["at"] if told else self._following(now).isoformat()
        return planned(at, now=now, at_most=timedelta(days=1, hours=1))

    def _following(self, now: datetime) -> datetime:
        """The next time it is match_hour by the merchant's clock."""
        zone = ZoneInfo(self._at.settings.calendar.timezone)
        local = now.astimezone(zone)
        due = datetime.combine(local.date(), time(self._at.settings.finance.match_hour), zone)
        return (
            due if due > now else datetime.combine(local.date() + timedelta(days=1), due.timetz().replace(tzinfo=zone))
        )
