"""Live pages: one look at the journals' heads a second for everybody who watches, none when nobody does."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import asyncpg

from daemon.store import chain
from daemon.store.database import DISCONNECTED, Database
from daemon.store.scope import of_merchants

LOOK_SECONDS = 1.0
MOVES_MAX = 2000  # moves of one look that are told by their return; beyond that everybody looks again


@dataclass(slots=True, eq=False)
class Watcher:
    """One page that is open somewhere. `returns`: only these matter to it; None: every move does."""

    merchants: frozenset[str]
    returns: frozenset[int] | None
    changed: anyio.Event = field(default_factory=anyio.Event)

    def tell(self) -> None:
        event, self.changed = self.changed, anyio.Event()
        event.set()


class Pulse:
    """Wakes the watchers of what has moved."""

    def __init__(self, database: Database, merchants: Sequence[str]) -> None:
        self._database, self._scope = database, of_merchants(merchants)
        self._watchers: set[Watcher] = set()
        self._seen: dict[str, int] = {}
        self._wanted = anyio.Event()

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    @asynccontextmanager
    async def watching(self, merchants: Iterable[str], returns: Iterable[int] | None = None) -> AsyncIterator[Watcher]:
        watcher = Watcher(frozenset(merchants), frozenset(returns) if returns is not None else None)
        self._watchers.add(watcher)
        self._wanted.set()
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    async def mark(self, merchants: Iterable[str]) -> int:
        """How much has happened to these merchants: a page that was read at one mark is stale at another."""
        async with self._database.reading() as connection:
            heads = await chain.heads(connection)
        return sum(heads.get(merchant, 0) for merchant in merchants)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if not self._watchers:
                self._wanted, self._seen = anyio.Event(), {}
                await self._wanted.wait()
            await self.look()
            await anyio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """See what has moved since the last look, and tell whom it concerns."""
        try:
            async with self._database.reading(scope=self._scope) as connection:
                heads = await chain.heads(connection)
                known, is_first = self._seen, not self._seen
                moved: dict[str, set[int] | None] = {}
                for merchant in [each for each, seq in heads.items() if not is_first and seq > known.get(each, 0)]:
                    moves = await chain.moved(connection, merchant, after=known.get(merchant, 0), rows_max=MOVES_MAX)
                    moved[merchant] = set(moves) if len(moves) < MOVES_MAX else None
        except (*DISCONNECTED, asyncpg.PostgresError):
            return
        self._seen = heads
        for watcher in tuple(self._watchers):
            for merchant in watcher.merchants & moved.keys():
                told = moved[merchant]
                if watcher.returns is None or told is None or watcher.returns & told:
                    watcher.tell()
                    break
