"""One embedded PostgreSQL for the run, one database a test."""

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from daemon.store import embedded
from daemon.store.database import Database

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """A real PostgreSQL, found as the daemon finds it; durability off, since no test cuts its power."""
    with tempfile.TemporaryDirectory(prefix="homeward-test-") as name:
        os.chmod(name, 0o755)  # noqa: S103 - as root the server runs as another account, which must pass through
        running = embedded.ensure(Path(name))
        yield running
        embedded.stop(running)


@pytest.fixture
async def database(server: embedded.Server) -> AsyncIterator[Database]:
    """An empty Homeward database."""
    name = f"test_{next(_NUMBERS)}"
    admin = await asyncpg.connect(server.dsn)
    await admin.execute("ALTER SYSTEM SET fsync = off")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.execute(f"CREATE DATABASE {name}")
    found = await Database.connect(server.dsn.replace("/postgres?", f"/{name}?"))
    await found.migrate()
    yield found
    await found.close()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
