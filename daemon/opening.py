"""Opening what the settings name: the clock and the database. No vendor is reached from here, so commands start fast."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from daemon.clock import Clock, MovedClock, SystemClock
from daemon.crash import CrashPoints
from daemon.errors import DatabaseUnusableError, SettingsError
from daemon.settings import Settings
from daemon.store import embedded
from daemon.store.database import SCHEMA_VERSION, Database, Migration, Role

PACKAGED_ROLES = {
    "homeward": Role.WORKER, "homeward_operator": Role.OPERATOR, "homeward_pages": Role.PAGES,
    "homeward_reporting": Role.REPORTING,
}  # fmt: skip
"""Roles as deploy/roles.sql makes them: whoever migrates may be somebody else, by an account of his own."""


def build_clock(settings: Settings) -> Clock:
    return MovedClock(settings.clock.file) if settings.clock.file else SystemClock()


@asynccontextmanager
async def open_database(
    settings: Settings, crash: CrashPoints | None = None, *, as_owner: bool = False
) -> AsyncIterator[Database]:
    """The configured database, or the embedded one of the state directory; `as_owner` for changing its schema.

    An embedded server is stopped by whoever uses it last.
    """
    server_handle: embedded.Server | None = None
    dsn = settings.database.owner_dsn if as_owner and settings.database.owner_dsn else settings.database.dsn
    if dsn is None:
        server_handle = await anyio.to_thread.run_sync(embedded.ensure, Path(settings.state_dir))
        dsn = server_handle.dsn if as_owner or not await _has_worker(server_handle.dsn) else server_handle.worker_dsn
    try:
        told = settings.database
        is_pooled = told.pooled and dsn == told.dsn
        database = await Database.connect(dsn, pool_max=told.pool_max, crash=crash, pooled=is_pooled)
        database.session_dsn = told.session_dsn if is_pooled and told.session_dsn else dsn
        try:
            yield database
        finally:
            await database.close()
    finally:
        if server_handle is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(embedded.stop, server_handle)


@asynccontextmanager
async def open_for_pages(settings: Settings, database: Database) -> AsyncIterator[Database]:
    """The database as pages and API come to it: by a role of their own where one is configured, else as everything else.

    Raises SettingsError for a role that would see every row, whoever asks.
    """
    dsn = settings.database.pages_dsn
    if dsn is None:
        yield database
        return
    pages = await Database.connect(
        dsn, pool_max=settings.database.pool_max, pooled=settings.database.pooled, scoped=True
    )
    try:
        if await pages.sees_all_rows():
            raise SettingsError(
                f"database.pages_dsn: {await pages.user()} sees the rows of every merchant, whoever asks: name a role of its "
                "own, and run homeward db migrate"
            )
        yield pages
    finally:
        await pages.close()


async def _has_worker(dsn: str) -> bool:
    """Whether an embedded database was installed; before that there is only its owner, and nothing to protect."""
    owner = await Database.connect(dsn, pool_max=1)
    try:
        async with owner.reading() as connection:
            return bool(await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", embedded.WORKER))
    finally:
        await owner.close()


async def migrate(settings: Settings, owner: Database, *, dry_run: bool = False) -> Migration:
    """Bring the schema to this program's version and give every role its rights."""
    roles = dict(PACKAGED_ROLES)
    if settings.database.dsn is None:
        if not dry_run:
            await owner.create_role(embedded.WORKER)
        roles[embedded.WORKER] = Role.WORKER
    elif settings.database.owner_dsn is not None:
        async with open_database(settings) as worker:
            roles.setdefault(await worker.user(), Role.WORKER)
        if settings.database.pages_dsn is not None:
            pages = await Database.connect(settings.database.pages_dsn, pool_max=1)
            name = await pages.user()
            await pages.close()
            if roles.setdefault(name, Role.PAGES) is not Role.PAGES:
                raise SettingsError(
                    f"database.pages_dsn: {name} is the role of the {roles[name]}: name another for pages"
                )
    return await owner.migrate(roles, dry_run=dry_run)


@asynccontextmanager
async def open_installed(settings: Settings, crash: CrashPoints) -> AsyncIterator[Database]:
    """The database with this program's schema in it, by the workers' role.

    An embedded or empty database is ours to migrate; another one is migrated by its administrator, and its owner's rights
    are not asked for.
    """
    if settings.database.dsn is None:
        async with open_database(settings, as_owner=True) as owner:
            await migrate(settings, owner)
            async with open_database(settings, crash) as database:
                await owner.close()  # the rights of an owner are not needed any more
                yield database
        return
    async with open_database(settings, crash) as database:
        version = await database.version()
        if version == 0:
            async with open_database(settings, as_owner=True) as owner:
                await migrate(settings, owner)
        elif version != SCHEMA_VERSION:
            raise DatabaseUnusableError(
                f"the database is at schema version {version}, this program needs {SCHEMA_VERSION}: homeward db migrate"
            )
        yield database
