"""Opening what the settings name: the clock and the database. No vendor is reached from here, so commands start fast."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from daemon.clock import Clock, MovedClock, SteadyClock, SystemClock
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
PAGES_ROLE = "homeward_pages"
PAGES_FIX = (
    f"as the database's administrator: CREATE ROLE {PAGES_ROLE} NOLOGIN; GRANT {PAGES_ROLE} TO the daemon's role; then "
    "homeward db migrate; or name a role of their own in database.pages_dsn"
)


def build_clock(settings: Settings, *, stays: bool = False) -> Clock:
    """`stays`: for the daemon, which goes on while somebody sets the machine's clock."""
    if settings.clock.file:
        return MovedClock(settings.clock.file)
    return SteadyClock() if stays else SystemClock()


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


@dataclass(frozen=True, slots=True)
class ForPages:
    """The database as pages and API come to it."""

    database: Database
    exposed: str = ""
    """Why the database does not keep the rows of merchants apart for them, in words; empty while it does."""


@asynccontextmanager
async def open_for_pages(settings: Settings, database: Database) -> AsyncIterator[ForPages]:
    """By a role that sees only the rows of whoever asks: the configured one, else the packaged one, which `database.dsn`'s
    role takes on; `exposed` where there is none, and pages come by the daemon's own.

    Raises SettingsError for a configured role that would see every row, whoever asks.
    """
    pages, exposed = await _connect_for_pages(settings, database)
    try:
        if settings.database.pages_dsn is not None and await pages.sees_all_rows():
            raise SettingsError(
                f"database.pages_dsn: {await pages.user()} sees the rows of every merchant, whoever asks: name a role of its "
                "own, and run homeward db migrate"
            )
        yield ForPages(pages, exposed)
    finally:
        await pages.close()


async def _connect_for_pages(settings: Settings, database: Database) -> tuple[Database, str]:
    configured = settings.database
    pool_max, pooled = configured.pool_max, configured.pooled
    if configured.pages_dsn is not None:
        return await Database.connect(configured.pages_dsn, pool_max=pool_max, pooled=pooled, scoped=True), ""
    dsn = database.dsn
    if configured.dsn is None and await database.can_take_on(embedded.PAGES, as_member=False):
        dsn = embedded.by_role(database.dsn, embedded.PAGES)
        return await Database.connect(dsn, pool_max=pool_max, scoped=True), ""
    if await database.can_take_on(PAGES_ROLE):
        return await Database.connect(dsn, pool_max=pool_max, pooled=pooled, scoped=True, role=PAGES_ROLE), ""
    pages = await Database.connect(dsn, pool_max=pool_max, pooled=pooled, scoped=True)
    return pages, f"{await pages.user()} may not take on {PAGES_ROLE}, or that role was not given its rights here"


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
            await owner.create_role(embedded.PAGES)
        roles |= {embedded.WORKER: Role.WORKER, embedded.PAGES: Role.PAGES}
        return await owner.migrate(roles, dry_run=dry_run)
    worker_name = await owner.user()
    if settings.database.owner_dsn is not None:
        async with open_database(settings) as worker:
            worker_name = await worker.user()
            roles.setdefault(worker_name, Role.WORKER)
    if settings.database.pages_dsn is not None:
        pages = await Database.connect(settings.database.pages_dsn, pool_max=1)
        name = await pages.user()
        await pages.close()
        if roles.setdefault(name, Role.PAGES) is not Role.PAGES:
            raise SettingsError(f"database.pages_dsn: {name} is the role of the {roles[name]}: name another for pages")
    elif not dry_run and await owner.may_create_roles():
        await owner.create_role(PAGES_ROLE, logs_in=False)
        await owner.lend_role(PAGES_ROLE, worker_name)
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
