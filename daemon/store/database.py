"""The database itself: pool, schema, version."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from daemon.crash import CrashPoints
from daemon.errors import DatabaseUnusableError
from daemon.store.sql import Connection, prepare_connection

SCHEMA_VERSION = 1
_CHECKOUT = Path(__file__).resolve().parents[2]
SHARED = _CHECKOUT if (_CHECKOUT / "schema.sql").is_file() else Path(sys.prefix) / "share" / "homeward"
"""Where the schema lies: in a checkout at its top, once installed beside the program."""
SCHEMA_FILE = SHARED / "schema.sql"
COMMAND_TIMEOUT_SECONDS = 30.0
_SESSION = {
    "application_name": "homeward",
    # A frozen daemon must not hold its locks against whoever takes its merchants over.
    "idle_in_transaction_session_timeout": "5s",
}
_MIGRATION_LOCK = 0x686F6D65  # "home": one migration at a time

DISCONNECTED = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection says that was cut in the middle of a COMMIT
    asyncpg.OperatorInterventionError,  # shutdown, crash, cancelled
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,
)
"""What is the database's trouble and nobody's event: nothing was committed that we know of; try again."""


async def _nothing_to_reset(connection: Connection) -> None:
    """Between two users of a connection: no session state is ever set here, so a round trip is saved."""


class Database:
    """A pool of connections to one Homeward database."""

    def __init__(self, pool: asyncpg.Pool, dsn: str, crash: CrashPoints) -> None:
        self.pool, self.dsn, self._crash = pool, dsn, crash

    @classmethod
    async def connect(cls, dsn: str, *, pool_max: int = 8, crash: CrashPoints | None = None) -> "Database":
        """Raises DatabaseUnusableError when the server cannot be reached at all."""
        try:
            pool = await asyncpg.create_pool(
                dsn, min_size=1, max_size=pool_max, init=prepare_connection, command_timeout=COMMAND_TIMEOUT_SECONDS,
                server_settings=_SESSION, reset=_nothing_to_reset,
            )  # fmt: skip
        except (*DISCONNECTED, asyncpg.PostgresError, ValueError) as error:
            raise DatabaseUnusableError(f"PostgreSQL does not answer: {type(error).__name__}: {error}") from error
        return cls(pool, dsn, crash or CrashPoints())

    async def close(self) -> None:
        self.pool.terminate()

    @asynccontextmanager
    async def transaction(self, name: str = "command") -> AsyncIterator[Connection]:
        """Commits at the end of the block, or not at all. `name` is what its crash points are called."""
        async with self.pool.acquire() as connection:
            async with connection.transaction():
                yield connection
                self._crash.at(f"{name}.before-commit", "commit.before")
                self._crash.while_at(f"{name}.inside-commit", "commit.inside")
            self._crash.at(f"{name}.after-commit", "commit.after")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        async with self.pool.acquire() as connection:
            yield connection

    async def version(self) -> int:
        """The schema's version; 0 for a database Homeward has not been installed in."""
        async with self.reading() as connection:
            known = await connection.fetchval("SELECT to_regclass('schema_version') IS NOT NULL")
            return int(await connection.fetchval("SELECT max(version) FROM schema_version")) if known else 0

    async def user(self) -> str:
        """The role we are."""
        async with self.reading() as connection:
            return str(await connection.fetchval("SELECT current_user"))

    async def has_plain_role(self, name: str) -> bool:
        """Whether there is a role of this name without the rights of a superuser."""
        async with self.reading() as connection:
            return bool(
                await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1 AND NOT rolsuper", name)
            )

    async def create_role(self, name: str) -> None:
        """A role that can log in and nothing else; nothing when there is one."""
        async with self.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            if await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", name) == 0:
                await connection.execute(
                    await connection.fetchval("SELECT format('CREATE ROLE %I LOGIN', $1::text)", name)
                )

    async def grant(self, worker: str) -> None:
        """Give a role what daemons and operators need, and nothing that would let it change the past."""
        async with self.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            await connection.execute("SELECT grant_worker($1)", worker)

    async def may_change_the_journal(self) -> bool:
        """Whether our role has more rights than a worker needs."""
        async with self.reading() as connection:
            return bool(await connection.fetchval("SELECT has_table_privilege('journal', 'UPDATE, DELETE, TRUNCATE')"))

    async def migrate(self) -> tuple[int, int]:
        """Bring the schema to SCHEMA_VERSION; answer (before, after). Safe to repeat and to run twice at once."""
        async with self.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            known = await connection.fetchval("SELECT to_regclass('schema_version') IS NOT NULL")
            before = int(await connection.fetchval("SELECT max(version) FROM schema_version")) if known else 0
            if before > SCHEMA_VERSION:
                raise DatabaseUnusableError(
                    f"the database is at schema version {before}, this program knows {SCHEMA_VERSION}: use a newer one"
                )
            if before == 0:
                await connection.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
            return before, SCHEMA_VERSION
