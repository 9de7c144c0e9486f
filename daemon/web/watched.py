"""What a scrape of /metrics looks up: states and ages, backlog, leases, the pool. At most every few seconds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from daemon.clock import Clock
from daemon.store import outbox, reports
from daemon.store.database import DISCONNECTED, Database
from daemon.telemetry import Telemetry
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
    looked_at: datetime | None = None

    async def refresh(self) -> None:
        """Look again, unless that was done just now. Without a database the gauges stay as they are."""
        metrics, now, held = self.telemetry.metrics, self.clock.now(), self.held()
        for name in self.merchants:
            metrics.lease_held.labels(name).set(name in held)
        size, idle = self.database.pool.get_size(), self.database.pool.get_idle_size()
        metrics.pool_connections.labels("idle").set(idle)
        metrics.pool_connections.labels("busy").set(size - idle)
        if self.looked_at is not None and timedelta(0) <= now - self.looked_at < FRESH:
            return
        try:
            async with self.database.reading() as connection:
                for name in self.merchants:
                    found = {row["state"]: row for row in await reports.open_states(connection, name)}
                    for state in (each for each in State if each not in TERMINAL):
                        row = found.get(state.value)
                        metrics.open_returns.labels(name, state.value).set(row["returns"] if row else 0)
                        seconds = (now - row["oldest"]).total_seconds() if row else 0.0
                        metrics.oldest_seconds.labels(name, state.value).set(seconds)
                    metrics.effects_due.labels(name).set((await outbox.backlog(connection, name, now))["due"])
        except (*DISCONNECTED, asyncpg.PostgresError):
            return
        self.looked_at = now
