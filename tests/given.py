"""A world as several tests find it: made once a run, then copied for each, with its database and what both vendors hold.

Each test has a copy of its own, as if it had let that time pass itself and the daemon had been started again since.
"""

import copy
import dataclasses
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from daemon.sandbox.app import Sandbox
from daemon.store import embedded
from daemon.store.database import Database
from tests.databases import dsn_of
from tests.world import World, open_world

T = TypeVar("T")
_NUMBERS = itertools.count(1)
HELD = ("assumptions", "faults", "books", "happy_returns", "season")
"""Parts of the sandbox whose state is copied."""


@asynccontextmanager
async def copy_of(server: embedded.Server, template: str) -> AsyncIterator[Database]:
    """A database of its own with what the template holds. It is left behind: `drop` takes it away."""
    name = f"test_{next(_NUMBERS)}"
    admin = await asyncpg.connect(server.dsn)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    await admin.close()
    database = await Database.connect(dsn_of(server, name))
    try:
        yield database
    finally:
        await database.close()


async def drop(server: embedded.Server, names: list[str]) -> None:
    admin = await asyncpg.connect(server.dsn)
    for name in names:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def name_of(database: Database) -> str:
    return database.dsn.split("?")[0].rsplit("/", 1)[1]


@dataclass(frozen=True, slots=True)
class Made:
    """What is copied."""

    template: str
    sandbox: Sandbox
    told: Any


@dataclass(slots=True)
class Given:
    """Worlds that were made in this run, and where the copies for one test go."""

    server: embedded.Server
    empty: str
    """Name of a database that is only installed."""
    folder: Path
    made: dict[Any, Made]
    copies: list[str] = field(default_factory=list)
    """Names of databases that are over after this test."""

    @asynccontextmanager
    async def world(
        self, make: Callable[[World], Awaitable[T]], *, files: Mapping[str, str] | None = None, **how: str
    ) -> AsyncIterator[tuple[World, T]]:
        """A copy of the world that `make` makes, and of what it told; `how`: as for `open_world`.

        `files`: name and content of what the configuration names.
        """
        key = (make, *sorted(how.items()))
        if key not in self.made:
            self.made[key] = await self._make(make, files or {}, how)
        made, folder = self.made[key], self._folder(files or {})
        async with copy_of(self.server, made.template) as database, open_world(database, folder, **how) as world:  # type: ignore[arg-type]
            self.copies.append(name_of(database))
            yield world, _transplant(made, world.sandbox)

    async def _make(self, make: Callable[[World], Awaitable[T]], files: Mapping[str, str], how: dict[str, str]) -> Made:
        folder = self._folder(files)
        async with copy_of(self.server, self.empty) as database, open_world(database, folder, **how) as world:  # type: ignore[arg-type]
            told = await make(world)
        name = name_of(database)
        admin = await asyncpg.connect(self.server.dsn)
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await admin.close()
        return Made(name, world.sandbox, told)

    def _folder(self, files: Mapping[str, str]) -> Path:
        folder = self.folder / f"world-{next(_NUMBERS)}"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(content)
        return folder


def _transplant(made: Made, fresh: Sandbox) -> Any:
    """Give the fresh sandbox, which is served already, the state of the one that was made."""
    old = made.sandbox
    fresh.clock.move(to=old.clock.now())
    memo: dict[int, Any] = {id(getattr(old, part)): getattr(fresh, part) for part in (*HELD, "clock", "brightpearl")}
    for part in HELD:
        was, now = getattr(old, part), getattr(fresh, part)
        for each in dataclasses.fields(was):
            if each.name != "webhook_url":
                setattr(now, each.name, copy.deepcopy(getattr(was, each.name), memo))
    return copy.deepcopy(made.told, memo)
