"""Probe: asks a vendor that is out, or was never heard, whether it is there; and stores how both vendors stand.

Stored on change, and every few minutes to say that somebody still looks, so that commands, pages, other daemons and the one
after a restart know.
"""

import logging
from datetime import datetime, timedelta

from daemon.clients.throttle import Lane
from daemon.errors import HomewardError
from daemon.health.kinds import (
    BRIGHTPEARL,
    NAMES,
    REFUSES,
    SILENT,
    UNKNOWN,
    VENDORS,
    WEBHOOKS_MISSING,
    WELL,
)
from daemon.health.signals import Signal, continued
from daemon.loops.workplace import Workplace
from daemon.store import health as health_store

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(minutes=5)
WEBHOOKS_EVERY = timedelta(minutes=15)
WEBHOOKS = "webhooks"
NEWS_MAX = 200  # hand-overs looked back over
NEWS_MIN, NEWS_FOR = 10, timedelta(hours=2)  # so many were learned by asking, over so long, and no webhook told of any


async def ask(at: Workplace, vendor: str) -> None:
    """One small question, and another one where the first is forbidden: then it is that resource and not the key."""
    health = at.health(vendor)
    health.greeted(at.clock.now())
    questions = (
        (at.brightpearl.locked_until, at.brightpearl.ping)
        if vendor == BRIGHTPEARL
        else (at.happy_returns.check, at.happy_returns.ask_for_nothing)
    )
    for question in questions:
        try:
            await question()
        except HomewardError as error:
            log.debug("vendor asked", extra={"merchant": at.merchant, "vendor": vendor, "why": str(error)})
            if health.is_open or not health.wants_probe(at.clock.now()):
                return
            continue
        return


async def answers(at: Workplace, vendor: str) -> bool:
    """Whether a vendor is worth asking: after an outage one small question finds out, and nothing else is touched."""
    health = at.health(vendor)
    if not health.is_open:
        return True
    if health.wants_probe(at.clock.now()):
        await ask(at, vendor)
    return not health.is_open


class Probe:
    name = "health"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._stored: dict[str, Signal] | None = None
        """Subject → how it stands in the database."""
        self._beat_at: datetime | None = None
        self._webhooks_at: datetime | None = None
        self._webhooks: Signal | None = None

    async def run_once(self, now: datetime) -> int:
        for vendor in VENDORS:
            if self._at.health(vendor).wants_probe(now):
                await ask(self._at, vendor)
        await self._at.brightpearl.transport.renew_ahead()
        now = self._at.clock.now()
        if self._stored is None:
            async with self._at.database.reading() as connection:
                rows = await health_store.read(connection, [self._at.merchant], installation=False)
            self._stored = {each.subject: each for each in rows}
        await self._look_for_webhooks(now)
        return await self._store(now)

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: it is stored with the next round."""

    async def _store(self, now: datetime) -> int:
        """What has changed; how many of these."""
        assert self._stored is not None
        fresh = self._now(now)
        changed = [each for each in fresh if _is_news(each, self._stored.get(each.subject))]
        is_due = self._beat_at is None or not timedelta(0) <= now - self._beat_at < HEARTBEAT
        if not changed and not is_due:
            return 0
        async with self._at.writing("health") as connection:
            await health_store.put(connection, fresh if is_due else changed, now)
        if is_due:
            self._beat_at = now
        for each in changed:
            self._say(each, self._stored.get(each.subject))
        self._stored |= {each.subject: each for each in fresh}
        return len(changed)

    def _now(self, now: datetime) -> list[Signal]:
        """How everything stands, with what is over: what went well since it was stored as a trouble."""
        assert self._stored is not None
        found: dict[str, Signal] = {}
        for vendor in VENDORS:
            health = self._at.health(vendor)
            for signal in health.signals(now):
                if signal.status == UNKNOWN and signal.subject in self._stored:
                    continue  # a daemon that has just begun knows no better than the last one
                found[signal.subject] = continued(signal, self._stored.get(signal.subject))
            if vendor not in found or found[vendor].is_trouble:
                continue  # nothing is known of its parts meanwhile
            for subject, last in self._stored.items():
                name, _, part = subject.partition(":")
                if name == vendor and part and last.is_trouble and subject not in found:
                    is_over = health.clocks_agree if part == "clock" else health.is_fine(part)
                    if is_over:
                        found[subject] = Signal(self._at.merchant, subject, WELL, now, good_at=now)
        if self._webhooks is not None:
            found[WEBHOOKS] = continued(self._webhooks, self._stored.get(WEBHOOKS))
        return list(found.values())

    def _say(self, signal: Signal, last: Signal | None) -> None:
        """Once when it begins, and once when it is over."""
        told = {
            "merchant": self._at.merchant, "subject": signal.subject, "status": signal.status, "why": signal.why,
            "setting": signal.setting, "file": signal.file,
        }  # fmt: skip
        if signal.is_trouble:
            grave = signal.kind is not None and signal.kind.is_urgent
            name = NAMES.get(signal.subject, "")
            what = {REFUSES: f"{name} refuses us", SILENT: f"{name} does not answer"}.get(signal.status, "trouble")
            log.log(logging.ERROR if grave else logging.WARNING, what, extra=told)
        elif last is not None and last.is_trouble:
            log.info("trouble is over", extra=told)

    # -- webhooks -----------------------------------------------------------------------------------------------------

    async def _look_for_webhooks(self, now: datetime) -> None:
        """They come, or nothing happens at Happy Returns of which they should tell."""
        settings = self._at.settings.happy_returns
        if settings.webhook_secret_file is None:
            self._webhooks = None
            return
        if self._webhooks_at is not None and timedelta(0) <= now - self._webhooks_at < WEBHOOKS_EVERY:
            return
        self._webhooks_at = now
        async with self._at.database.reading() as connection:
            seen = await health_store.webhooks(connection, self._at.merchant, rows_max=NEWS_MAX)
        if seen.news >= NEWS_MIN and seen.first_at is not None and now - seen.first_at >= NEWS_FOR:
            last = f"since {seen.webhook_at:%Y-%m-%d %H:%M} UTC" if seen.webhook_at else "ever"
            why = f"no webhook came {last}, while asking brought hand-overs of {seen.news} returns"
            self._webhooks = Signal(
                self._at.merchant, WEBHOOKS, WEBHOOKS_MISSING, now, why,
                setting=self._at.setting("happy_returns.webhook_secret_file"), file=str(settings.webhook_secret_file),
                good_at=seen.webhook_at,
            )  # fmt: skip
        elif seen.webhook_at is not None or self._webhooks is not None:
            self._webhooks = Signal(self._at.merchant, WEBHOOKS, WELL, seen.webhook_at or now, good_at=seen.webhook_at)


def _is_news(fresh: Signal, last: Signal | None) -> bool:
    """Another status, or the same trouble of something else; the words alone are not."""
    if last is None:
        return True
    return (fresh.status, fresh.setting, fresh.file) != (last.status, last.setting, last.file)
