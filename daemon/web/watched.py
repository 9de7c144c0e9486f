"""What a scrape of /metrics looks up: states and ages, backlog, leases, the pool. At most every few seconds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import anyio
import asyncpg

from daemon.clock import Clock, Rest
from daemon.health.signals import Signal, stopped, troubles
from daemon.store import health, outbox, reports
from daemon.store.database import DISCONNECTED, Database
from daemon.store.scope import of_installation
from daemon.store.sql import Record
from daemon.telemetry import Telemetry
from statemachine.causes import TEAMS
from statemachine.states import TERMINAL, State

FRESH = timedelta(seconds=15)


@dataclass(slots=True)
class Watched:
    """The gauges that are read from the database, by merchant."""

    database: Database
    clock: Clock
    telemetry: Telemetry
    merchants: list[str]
    held: Callable[[], set[str]]
    rest: Rest = field(init=False)

    def __post_init__(self) -> None:
        self.rest = Rest(self.clock)

    async def refresh(self) -> None:
        """Look again, unless that was done just now. Without a database the gauges stay as they are."""
        metrics, now, held = self.telemetry.metrics, self.clock.now(), self.held()
        for name in self.merchants:
            metrics.lease_held.labels(name).set(name in held)
        size, idle = self.database.pool.get_size(), self.database.pool.get_idle_size()
        metrics.pool_connections.labels("idle").set(idle)
        metrics.pool_connections.labels("busy").set(size - idle)
        if not self.rest.is_over:
            return
        try:
            async with self.database.reading(scope=of_installation(self.merchants)) as connection:
                self._tell_health(await health.read(connection, self.merchants))
                for name in self.merchants:
                    self._tell(name, await reports.watched(connection, name))
                    teams = {row["team"]: row for row in await reports.exceptions_by_team(connection, name)}
                    for team in TEAMS:
                        row = teams.get(team)
                        metrics.exceptions.labels(name, team).set(row["returns"] if row else 0)
                        metrics.exceptions_overdue.labels(name, team).set(row["overdue"] if row else 0)
                    found = {row["state"]: row for row in await reports.open_states(connection, name)}
                    for state in (each for each in State if each not in TERMINAL):
                        row = found.get(state.value)
                        metrics.open_returns.labels(name, state.value).set(row["returns"] if row else 0)
                        seconds = (now - row["oldest"]).total_seconds() if row else 0.0
                        metrics.oldest_seconds.labels(name, state.value).set(seconds)
                    metrics.effects_due.labels(name).set((await outbox.backlog(connection, name, now))["due"])
        except (*DISCONNECTED, asyncpg.PostgresError):
            return
        self.rest.begin(FRESH)

    def _tell_health(self, signals: list[Signal]) -> None:
        """What is over has no sample any more: an alert on it then ends."""
        metrics = self.telemetry.metrics
        metrics.trouble.clear()
        for each in troubles(signals):
            severity = "urgent" if each.kind is not None and each.kind.is_urgent else "warning"
            metrics.trouble.labels(each.merchant, each.subject, each.status, severity).set(1)
        for name in self.merchants:
            metrics.able.labels(name).set(not stopped(signals, name))

    def _tell(self, name: str, told: Record) -> None:
        metrics = self.telemetry.metrics
        metrics.writes_held.labels(name).set(told["is_held"])
        metrics.in_doubt.labels(name).set(told["is_doubted"])
        for state in ("refused", "parked", "quarantined"):
            metrics.unhappy_events.labels(name, state).set(told[state])
        if told["checked_at"] is not None:
            metrics.books_violations.labels(name).set(told["violations"])
            metrics.books_checked_at.labels(name).set(told["checked_at"].timestamp())
        if told["archived_at"] is not None:
            metrics.wal_archived_at.set(told["archived_at"].timestamp())

    async def keep_fresh(self) -> None:
        """Until cancelled: for whoever is pushed to, and asks for nothing."""
        while True:
            await self.refresh()
            await anyio.sleep(FRESH.total_seconds())
