"""Monitor: one a daemon, for what no merchant's loops can see of themselves, and for telling operations of all of it.

It looks at who works which merchant, at the database, backups, the certificate, and whether alerts arrive; stores what has
changed; tells operations when a trouble begins, as it lasts, and when it is over; and brings that to them. Any daemon may do
so: what is told is told once. Only what the database cannot keep is told from memory, by each daemon that sees it.
"""

import logging
import shutil
import socket
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import anyio
import asyncpg
from cryptography import x509

from daemon.alerts import outage
from daemon.alerts.channels import channels_of, send
from daemon.clock import Clock, machine_now
from daemon.errors import HomewardError
from daemon.health.escalation import Step, due
from daemon.health.kinds import (
    BACKUP_LATE,
    CERTIFICATE_EXPIRES,
    CLOCK_SKEW,
    INSTALLATION,
    LOOP_STANDS_STILL,
    NEARLY_FULL,
    NO_WRITES,
    NOT_WORKED,
    UNDELIVERED,
    VENDORS,
    WELL,
)
from daemon.health.signals import Signal, continued
from daemon.health.vendor import SKEW_MAX
from daemon.loops.workplace import Backoff, spread_of
from daemon.settings import AlertSettings, Settings
from daemon.settings_merchant import MessagingSettings
from daemon.store import health as health_store
from daemon.store import merchant as merchant_store
from daemon.store.database import DISCONNECTED, Database
from daemon.store.health import Alert, DatabaseState, Told
from daemon.store.notice import Message
from daemon.telemetry import Telemetry

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
HEARTBEAT = timedelta(minutes=5)
DELIVERY_LEASE = timedelta(minutes=2)  # longer than one delivery may take: another daemon then tries it
BACKOFF = Backoff(first=timedelta(seconds=5), cap=timedelta(minutes=5))
UNHEARD_AFTER = timedelta(minutes=4)  # nothing of an alert arrived for so long: whoever else can be reached is told
UNDELIVERED_AFTER = timedelta(minutes=5)
ALERTS_MAX = 20
UNWORKED_LOOKS = 3
FULL_SHARE = 0.9
FREE_MIN = 1 << 30  # bytes an embedded server's disk must have left
CERTIFICATE_DAYS = 14
GB = 1e9


@dataclass(slots=True)
class _Unstored:
    """A trouble that the database cannot keep, told from memory."""

    signal: Signal
    began_at: datetime
    steps: int = 0
    waiting: set[tuple[str, str]] = field(default_factory=set)
    """(Team, channel) that could not be reached yet."""


class Monitor:
    def __init__(
        self, *, database: Database, settings: Settings, clock: Clock, telemetry: Telemetry, http: aiohttp.ClientSession,
        troubles: Callable[[], list[Signal]] = list, no_writes: Callable[[], str] = lambda: "",
    ) -> None:  # fmt: skip
        """`troubles`: what this daemon knows of its own work. `no_writes`: why its last write failed, if it did."""
        self._database, self._settings, self._clock = database, settings, clock
        self._telemetry, self._http = telemetry, http
        self._troubles, self._no_writes = troubles, no_writes
        self._merchants = sorted(settings.merchants)
        self._steps = tuple(
            Step(timedelta(minutes=step.after_minutes), step.tell) for step in settings.alerts.escalation
        )
        self._repeat = timedelta(hours=settings.alerts.repeat_hours)
        self._name = settings.name or socket.gethostname()
        self._beat_at: datetime | None = None
        self._unstored: _Unstored | None = None
        self._unworked: Counter[str] = Counter()
        """Merchant → looks in a row at which nobody worked it: one that changes hands, or a start, is no trouble."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.run_once(self._clock.now())
            await anyio.sleep(LOOK_SECONDS)

    async def run_once(self, now: datetime) -> int:
        """Look, store, tell, deliver; how many alerts left."""
        sent = 0
        try:
            async with self._database.reading() as connection:
                state = await health_store.database_state(connection)
            why = "it is a standby, or set to read only" if state.is_read_only else self._no_writes()
        except (*DISCONNECTED, asyncpg.PostgresError, TimeoutError) as error:
            state, why = None, f"it does not answer: {type(error).__name__}"
        if state is not None and not why:
            try:
                await self._store(state, now)
                await self._tell(now)
                sent = await self._deliver(now)
            except (*DISCONNECTED, asyncpg.PostgresError) as error:
                why = f"{type(error).__name__}: {error}"
        self._telemetry.metrics.takes_writes.set(not why)
        if why:
            return await self._tell_unstored(why, now)
        return sent + await self._tell_stored_again(now)

    # -- looking ------------------------------------------------------------------------------------------------------

    async def _store(self, state: DatabaseState, now: datetime) -> None:
        async with self._database.reading() as connection:
            stored = {
                (each.merchant, each.subject): each for each in await health_store.read(connection, self._merchants)
            }
            holders = await merchant_store.everyone(connection)
            undelivered = await health_store.undelivered(connection, before=now - UNDELIVERED_AFTER)
        held = {row["merchant"] for row in holders if row["is_held"]}
        found = [
            *self._work(held, stored.values(), now), *self._database_signals(state, now), *self._backups(state, now),
            *self._certificate(now),
            *(
                Signal(
                    INSTALLATION, f"alerts:{each.team}:{each.channel}", UNDELIVERED, now,
                    f"{each.messages} message(s) wait since {each.since:%Y-%m-%d %H:%M} UTC, the last error: {each.why}",
                )
                for each in undelivered
            ),
        ]  # fmt: skip
        fresh = self._with_what_is_over(found, stored, now)
        changed = [each for each in fresh if _is_news(each, stored.get((each.merchant, each.subject)))]
        is_due = self._beat_at is None or not timedelta(0) <= now - self._beat_at < HEARTBEAT
        if not changed and not is_due:
            return
        async with self._database.transaction("monitor") as connection:
            await health_store.put(connection, fresh if is_due else changed, now)
            if is_due:
                kept = timedelta(
                    days=max((m.retention.messages_days for m in self._settings.merchants.values()), default=90)
                )
                await health_store.forget_alerts(connection, now - kept)
        self._beat_at = now if is_due else self._beat_at
        for each in changed:
            _say(each, stored.get((each.merchant, each.subject)))

    def _with_what_is_over(
        self, found: list[Signal], stored: dict[tuple[str, str], Signal], now: datetime
    ) -> list[Signal]:
        """What was found, going on from what is stored; and what is stored as a trouble of ours and was not found again."""
        fresh = {
            (each.merchant, each.subject): continued(each, stored.get((each.merchant, each.subject)))
            for each in found
            if each.is_trouble or (stored.get((each.merchant, each.subject)) or each).is_trouble
        }
        for key, last in stored.items():
            ours = (
                last.subject.split(":")[0] in ("work", "database", "backup", "alerts")
                or last.subject == self._certified
            )
            if ours and last.is_trouble and key not in fresh:
                fresh[key] = Signal(last.merchant, last.subject, WELL, now, good_at=now)
        return list(fresh.values())

    def _work(self, held: set[str], stored: Iterable[Signal], now: datetime) -> list[Signal]:
        """Merchants nobody works, and loops that stand still, as this daemon or the database knows."""
        own = self._troubles()
        why = {each.merchant: each.why for each in own if each.status == NOT_WORKED}
        found = [each for each in own if each.status != NOT_WORKED]
        self._unworked = Counter({name: self._unworked[name] + 1 for name in self._merchants if name not in held})
        found += [
            Signal(name, "work", NOT_WORKED, now, why.get(name, "no daemon holds its lease"))
            for name, looks in self._unworked.items()
            if looks >= UNWORKED_LOOKS
        ]
        found += [
            Signal(
                each.merchant, "loop:health", LOOP_STANDS_STILL, now,
                f"nobody has looked at {each.subject} since {each.looked_at:%Y-%m-%d %H:%M} UTC",
            )
            for each in stored
            if each.subject == VENDORS[0] and each.merchant in held and each.is_stale(now)
        ]  # fmt: skip
        return found

    def _database_signals(self, state: DatabaseState, now: datetime) -> list[Signal]:
        found = []
        skew = state.at - machine_now()
        if abs(skew) > SKEW_MAX:
            where = "ahead of" if skew > timedelta() else "behind"
            why = f"the database's clock is {abs(skew).total_seconds():.0f} s {where} ours"
            found.append(Signal(INSTALLATION, "database:clock", CLOCK_SKEW, now, why))
        most = self._settings.database.full_at_gb
        if most is not None and state.bytes > FULL_SHARE * most * GB:
            why = f"{state.bytes / GB:.1f} GB of database.full_at_gb = {most:g} are used"
            found.append(Signal(INSTALLATION, "database", NEARLY_FULL, now, why, setting="database.full_at_gb"))
        elif self._settings.database.dsn is None and (left := _free(Path(self._settings.state_dir))) < FREE_MIN:
            why = f"{left / GB:.2f} GB are left where state_dir is"
            folder = str(self._settings.state_dir)
            found.append(Signal(INSTALLATION, "database", NEARLY_FULL, now, why, setting="state_dir", file=folder))
        return found

    def _backups(self, state: DatabaseState, now: datetime) -> list[Signal]:
        found = []
        failed, archived = state.archive_failed_at, state.archived_at
        if state.archives and failed is not None and (archived is None or failed > archived):
            since = f"since {archived:%Y-%m-%d %H:%M} UTC" if archived else "ever"
            why = f"no segment was archived {since}; the last try failed at {failed:%Y-%m-%d %H:%M} UTC"
            found.append(Signal(INSTALLATION, "backup:archive", BACKUP_LATE, now, why, good_at=archived))
        told = self._settings.backups
        if told.proof_file is not None:
            made = _changed_at(told.proof_file)
            if made is None or machine_now() - made > timedelta(hours=told.max_age_hours):
                why = f"the last backup is of {made:%Y-%m-%d %H:%M} UTC" if made else "there is no sign of any backup"
                found.append(
                    Signal(
                        INSTALLATION, "backup", BACKUP_LATE, now, why, setting="backups.proof_file",
                        file=str(told.proof_file), good_at=made,
                    )
                )  # fmt: skip
        return found

    @property
    def _certified(self) -> str:
        """Each machine has its own certificate."""
        return f"certificate:{self._name}"

    def _certificate(self, now: datetime) -> list[Signal]:
        file = self._settings.web.tls_certificate_file
        if file is None:
            return []
        try:
            ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
            why = (
                ""
                if ends - machine_now() > timedelta(days=CERTIFICATE_DAYS)
                else f"it ends at {ends:%Y-%m-%d %H:%M} UTC"
            )
        except (OSError, ValueError) as error:
            why = f"it cannot be read: {error}"
        if not why:
            return []
        setting = "web.tls_certificate_file"
        return [Signal(INSTALLATION, self._certified, CERTIFICATE_EXPIRES, now, why, setting=setting, file=str(file))]

    # -- telling ------------------------------------------------------------------------------------------------------

    async def _tell(self, now: datetime) -> None:
        """Store what is to be said, once, whichever daemon is the first."""
        async with self._database.reading() as connection:
            known = await health_store.told(connection, self._merchants)
            unheard = await health_store.unheard(connection, since=now - timedelta(hours=1), before=now - UNHEARD_AFTER)
        for each in known:
            await self._tell_of(each, now)
        for row in unheard:
            reached = self._alerts_of(row["merchant"]).reached
            others = [team for team in reached if team not in row["teams"]]
            if others:
                alerts = [
                    Alert(
                        row["merchant"], row["subject"], row["began_at"], row["step"], team, channel, uuid.uuid4(),
                        {**row["content"], "team": team},
                    )
                    for team in others
                    for channel in self._channels(team, row["merchant"])
                ]  # fmt: skip
                async with self._database.transaction("monitor") as connection:
                    await health_store.put_alerts(connection, alerts, now)
                log.warning("others told in place of those who cannot be reached", extra={"teams": others})

    async def _tell_of(self, known: Told, now: datetime) -> None:
        what = due(
            known.signal,
            steps=self._steps,
            repeat=self._repeat,
            told_steps=known.steps,
            told_since=known.since,
            now=now,
        )
        if what is None:
            return
        teams = self._reachable(what.teams, known.signal.merchant)
        alerts = [
            Alert(
                known.signal.merchant, known.signal.subject, what.began_at, what.step, team, channel, uuid.uuid4(),
                outage.compose(
                    known.signal, team=team, step=what.step, began_at=what.began_at, now=now, was=known.status,
                    is_first=known.steps == 0, web_url=self._settings.web.url,
                ),
            )
            for team in teams
            for channel in self._channels(team, known.signal.merchant)
        ]  # fmt: skip
        since = what.began_at if what.step else None
        async with self._database.transaction("monitor") as connection:
            if not await health_store.step(connection, known.signal, before=known.steps, steps=what.step, since=since):
                return
            await health_store.put_alerts(connection, alerts, now)
        told = {
            "merchant": known.signal.merchant, "subject": known.signal.subject, "status": known.signal.status,
            "step": what.step, "teams": list(teams),
        }  # fmt: skip
        if teams:
            log.info("operations told", extra=told)
        else:
            log.error("nobody is told: no team has a channel, see alerts.teams", extra=told)

    def _alerts_of(self, merchant: str) -> AlertSettings:
        """Who is told: a merchant's own teams go before the installation's."""
        return self._settings.alerts_of(merchant) if merchant in self._settings.merchants else self._settings.alerts

    def _reachable(self, teams: tuple[str, ...], merchant: str) -> tuple[str, ...]:
        """Those of the teams that have a channel; where none has, everybody who has one."""
        reached = self._alerts_of(merchant).reached
        return tuple(team for team in teams if team in reached) or reached

    def _channels(self, team: str, merchant: str) -> list[str]:
        settings = self._alerts_of(merchant).of(team)
        return channels_of(settings) if settings is not None else []

    # -- delivering ---------------------------------------------------------------------------------------------------

    async def _deliver(self, now: datetime) -> int:
        async with self._database.transaction("monitor") as connection:
            taken = await health_store.take_alerts(
                connection, now=now, again_at=now + DELIVERY_LEASE, rows_max=ALERTS_MAX
            )
        sent = 0
        for row in taken:
            message = Message(
                row["id"], row["team"], row["channel"], row["content"], row["attempts"], row["created_at"]
            )
            error = await self._send(message, row["merchant"])
            pause = BACKOFF.after(row["attempts"], spread=spread_of(row["id"])) if error else timedelta(0)
            async with self._database.transaction("monitor") as connection:
                await health_store.settle_alert(connection, row["id"], error=error, due_at=now + pause, now=now)
            sent += error is None
        return sent

    async def _send(self, message: Message, merchant: str) -> str | None:
        """Why it could not be sent; None when it was."""
        try:
            await send(
                message,
                alerts=self._alerts_of(merchant),
                messaging=MessagingSettings(),
                http=self._http,
                clock=self._clock,
            )
        except HomewardError as failure:
            told = {"team": message.team, "channel": message.channel, "why": str(failure)}
            log.warning("alert not delivered", extra=told)
            self._telemetry.metrics.messages.labels(message.channel, "failed").inc()
            return str(failure)
        self._telemetry.metrics.messages.labels(message.channel, "sent").inc()
        return None

    # -- what the database cannot keep --------------------------------------------------------------------------------

    @property
    def unstored(self) -> Signal | None:
        """The trouble of the database itself, if there is one."""
        return self._unstored.signal if self._unstored is not None else None

    async def _tell_unstored(self, why: str, now: datetime) -> int:
        """From memory: the ladder is the same, and each channel is tried until it takes it."""
        if self._unstored is None:
            signal = Signal(INSTALLATION, "database", NO_WRITES, now, why, setting="database.dsn")
            self._unstored = _Unstored(signal, now)
        known = self._unstored
        what = due(
            known.signal, steps=self._steps, repeat=self._repeat, told_steps=known.steps, told_since=known.began_at,
            now=now,
        )  # fmt: skip
        if what is not None:
            if known.steps == 0:  # until now it may have been a hiccup, or a failover
                _say(known.signal, None)
            known.steps = what.step
            known.waiting |= self._ways(what.teams)
        return await self._send_unstored(known, known.steps, now)

    def _ways(self, teams: tuple[str, ...]) -> set[tuple[str, str]]:
        """Team and channel, for what concerns every merchant."""
        return {
            (team, way) for team in self._reachable(teams, INSTALLATION) for way in self._channels(team, INSTALLATION)
        }

    async def _tell_stored_again(self, now: datetime) -> int:
        """The database takes writes again: whoever was told that it did not is told so."""
        known = self._unstored
        if known is None:
            return 0
        if known.signal.is_trouble:
            was = known.signal
            known.signal = replace(was, status=WELL, since=now, why="")
            if known.steps:
                _say(known.signal, was)
            known.waiting = set().union(*(self._ways(step.tell) for step in self._steps[: known.steps]))
        sent = await self._send_unstored(known, 0, now)
        if not known.waiting:
            self._unstored = None
        return sent

    async def _send_unstored(self, known: _Unstored, step: int, now: datetime) -> int:
        sent = 0
        for team, channel in sorted(known.waiting):
            content = outage.compose(
                known.signal, team=team, step=step, began_at=known.began_at, now=now, was=NO_WRITES, is_first=step == 1,
                web_url=self._settings.web.url,
            )  # fmt: skip
            if await self._send(Message(uuid.uuid4(), team, channel, content, 0, now), INSTALLATION) is None:
                known.waiting.discard((team, channel))
                sent += 1
        return sent


def _is_news(fresh: Signal, last: Signal | None) -> bool:
    return last is None or (fresh.status, fresh.setting, fresh.file) != (last.status, last.setting, last.file)


def _say(signal: Signal, last: Signal | None) -> None:
    """Once when it begins, and once when it is over."""
    told = {
        "merchant": signal.merchant, "subject": signal.subject, "status": signal.status, "why": signal.why,
        "setting": signal.setting, "file": signal.file,
    }  # fmt: skip
    if signal.is_trouble:
        log.log(
            logging.ERROR if signal.kind is not None and signal.kind.is_urgent else logging.WARNING,
            "trouble",
            extra=told,
        )
    elif last is not None and last.is_trouble:
        log.info("trouble is over", extra=told)


def _free(folder: Path) -> int:
    """Bytes left where this folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _changed_at(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return None
