"""One embedded PostgreSQL for the run, one database a test."""

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from daemon.store import embedded
from daemon.store.database import Database, Role

_NUMBERS = itertools.count(1)


PAGES = "homeward_pages"
TEMPLATE = "homeward_template"


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """A real PostgreSQL, found as the daemon finds it; durability off, since no test cuts its power."""
    with tempfile.TemporaryDirectory(prefix="homeward-test-") as name:
        os.chmod(name, 0o755)  # noqa: S103 - as root the server runs as another account, which must pass through
        running = embedded.ensure(Path(name))
        asyncio.run(_make_template(running))
        yield running
        embedded.stop(running)


async def _make_template(server: embedded.Server) -> None:
    """An installed database to copy for each test, with the role of the pages."""
    admin = await asyncpg.connect(server.dsn)
    await admin.execute("ALTER SYSTEM SET fsync = off")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.execute(f"CREATE ROLE {PAGES} LOGIN")
    await admin.execute(f"CREATE DATABASE {TEMPLATE}")
    made = await Database.connect(server.dsn.replace("/postgres?", f"/{TEMPLATE}?"), pool_max=2)
    await made.migrate({PAGES: Role.PAGES})
    await made.close()
    await admin.close()


@pytest.fixture
async def database(server: embedded.Server) -> AsyncIterator[Database]:
    """An installed Homeward database without rows."""
    name = f"test_{next(_NUMBERS)}"
    admin = await asyncpg.connect(server.dsn)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    found = await Database.connect(server.dsn.replace("/postgres?", f"/{name}?"))
    yield found
    await found.close()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
