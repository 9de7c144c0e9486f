"""One embedded PostgreSQL for the run, one database a test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.store import embedded
from daemon.store.database import Database
from tests.acceptance.processes import open_folder
from tests.databases import install, make_fast
from tests.given import Given, Made, copy_of, drop, name_of

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
    async with copy_of(server, TEMPLATE) as found:
        yield found
    await _drop_later(server, [name_of(found)])


@pytest.fixture(scope="session")
def made() -> dict[Any, Made]:
    """Worlds that were made in this run, to be copied."""
    return {}


@pytest.fixture
async def given(server: embedded.Server, made: dict[Any, Made], tmp_path: Path) -> AsyncIterator[Given]:
    """Where a test gets the world it begins with."""
    mine = Given(server, TEMPLATE, tmp_path, made)
    yield mine
    await _drop_later(server, mine.copies)


async def _drop_later(server: embedded.Server, names: list[str]) -> None:
    """Our sessions end a moment later: dropping it under the next test waits for none of them."""
    await drop(server, _done)
    _done[:] = names
