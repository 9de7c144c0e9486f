"""Notify: gather what teams are to know into digests, and bring those to them. Told once, tried until it is taken.

Urgent notices are gathered for `urgent_minutes`, the others for `digest_minutes`; in a team's quiet hours only urgent ones
leave. After an outage everything that piled up is one digest a team.
"""

import logging
import uuid
from datetime import datetime, timedelta

from daemon.alerts.channels import channels_of, send
from daemon.alerts.digest import compose, is_quiet
from daemon.clients.throttle import Lane
from daemon.errors import HomewardError, RejectedError, SettingsError
from daemon.loops.workplace import Backoff, Workplace, spread_of
from daemon.store import merchant, notice
from daemon.store.notice import Message, Waiting

log = logging.getLogger(__name__)

MESSAGES_MAX = 20
REFUSED_PAUSE = timedelta(hours=1)  # a receiver that refuses is asked again this seldom: somebody must mend it
BACKOFF = Backoff(first=timedelta(seconds=5), cap=timedelta(minutes=10))


class Notify:
    name = "notify"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace

    async def run_once(self, now: datetime) -> int:
        if self._at.lease.writes_held:
            return 0  # nobody is told of what only would have happened
        async with self._at.database.reading() as connection:
            if not await notice.is_due(connection, self._at.merchant, now):
                return 0
        return await self._digest(now) + await self._deliver(now)

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: what was not told stays untold."""

    async def _digest(self, now: datetime) -> int:
        async with self._at.database.reading() as connection:
            waiting = await notice.untold(connection, self._at.merchant)
        due = [team for team, what in sorted(waiting.items()) if self._is_due(team, what, now)]
        for team in due:
            await self._compose(team, now)
        return len(due)

    def _is_due(self, team: str, waiting: Waiting, now: datetime) -> bool:
        alerts, settings = self._at.alerts, self._at.alerts.of(team)
        quiet = settings is not None and is_quiet(
            now, settings.quiet_from, settings.quiet_until, self._at.policy.calendar.zone
        )
        minutes = alerts.urgent_minutes if waiting.is_urgent else alerts.digest_minutes
        return now - waiting.since >= timedelta(minutes=minutes) and (waiting.is_urgent or not quiet)

    async def _compose(self, team: str, now: datetime) -> None:
        """One transaction: the digest is on its way and its notices are told, or neither."""
        name, settings = f"digest-{team}", self._at.alerts.of(team)
        async with self._at.writing("digest") as connection:
            new = await notice.tell(connection, self._at.merchant, team, uuid.uuid4(), now)
            if not new:
                return
            last = await merchant.read_cursor(connection, self._at.merchant, name)
            since = datetime.fromisoformat(last["at"]) if last else now - timedelta(days=1)
            ids = sorted({each for topic in new for each in topic.return_ids})
            content = compose(
                merchant=self._at.merchant, team=team, now=now, new=new,
                over=await notice.over_since(connection, self._at.merchant, team, since),
                names=await notice.names(connection, self._at.merchant, ids),
                web_url=self._at.web.url,
            )  # fmt: skip
            channels = channels_of(settings) if settings else []
            for channel in channels:
                message = Message(uuid.uuid4(), team, channel, content, 0, now)
                await notice.put_message(connection, self._at.merchant, message, now)
            await merchant.write_cursor(connection, self._at.merchant, name, {"at": now.isoformat()})
        log.info(
            "team told" if channels else "team not told: it has no channel",
            extra={
                "merchant": self._at.merchant, "team": team, "severity": content["severity"], "channels": channels,
                "topics": {topic["topic"]: topic["new"] for topic in content["topics"]},
            },
        )  # fmt: skip

    async def _deliver(self, now: datetime) -> int:
        async with self._at.database.reading() as connection:
            due = await notice.due_messages(connection, self._at.merchant, now, MESSAGES_MAX)
        for message in due:
            error, pause = "", timedelta(0)
            try:
                await send(
                    message,
                    alerts=self._at.alerts,
                    messaging=self._at.settings.messaging,
                    http=self._at.http,
                    clock=self._at.clock,
                )
            except HomewardError as failure:
                error, pause = str(failure), BACKOFF.after(message.attempts + 1, spread=spread_of(message.id))
                if isinstance(failure, RejectedError | SettingsError):
                    pause = REFUSED_PAUSE
                log.warning(
                    "message not delivered",
                    extra={
                        "merchant": self._at.merchant,
                        "team": message.team,
                        "channel": message.channel,
                        "why": error,
                    },
                )
            self._at.telemetry.metrics.messages.labels(message.channel, "failed" if error else "sent").inc()
            async with self._at.writing("message") as connection:
                await notice.settle_message(
                    connection, self._at.merchant, message, error=error or None, due_at=now + pause, now=now
                )
        return len(due)
