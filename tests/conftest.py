"""One embedded PostgreSQL for the run, one database a test."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from daemon.store import embedded
from daemon.store.database import Database
from tests.acceptance.processes import open_folder
from tests.databases import dsn_of, install, make_fast

_NUMBERS = itertools.count(1)
_done: list[str] = []
"""Databases of tests that are over."""

TEMPLATE = "homeward_template"


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """A real PostgreSQL, found as the daemon finds it; durability off, since no test cuts its power."""
    with open_folder() as folder:
        running = embedded.ensure(folder)
        asyncio.run(_make_template(running))
        yield running
        embedded.stop(running)


async def _make_template(server: embedded.Server) -> None:
    """An installed database to copy for each test, with the role of the pages."""
    await make_fast(server)
    await install(server, TEMPLATE)


@pytest.fixture
async def database(server: embedded.Server) -> AsyncIterator[Database]:
    """An installed Homeward database without rows."""
    name = f"test_{next(_NUMBERS)}"
    admin = await asyncpg.connect(server.dsn)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    found = await Database.connect(dsn_of(server, name))
    yield found
    await found.close()
    # Our sessions end a moment later: dropping it under the next test waits for none of them.
    for old in _done:
        await admin.execute(f"DROP DATABASE {old} WITH (FORCE)")
    _done[:] = [name]
    await admin.close()
