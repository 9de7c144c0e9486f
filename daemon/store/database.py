"""The database itself: pool, schema, version."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import anyio
import asyncpg

from daemon.crash import CrashPoints
from daemon.errors import DatabaseUnusableError
from daemon.store.scope import UNBOUND, WHOSE, Scope
from daemon.store.sql import Connection, prepare_connection

SCHEMA_VERSION = 3
SERVER_VERSION_MIN = 150000  # views that ask with their reader's rights
_CHECKOUT = Path(__file__).resolve().parents[2]
SHARED = _CHECKOUT if (_CHECKOUT / "schema.sql").is_file() else Path(sys.prefix) / "share" / "homeward"
"""Where schema, migrations and runbooks lie: in a checkout at its top, once installed beside the program."""
SCHEMA_FILE = SHARED / "schema.sql"
MIGRATIONS = SHARED / "deploy" / "migrations"
COMMAND_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 10.0
_SESSION = {
    "application_name": "homeward",
    # A frozen daemon must not hold its locks against whoever takes its merchants over.
    "idle_in_transaction_session_timeout": "5s",
}
_READS_AT_LENGTH = {"idle_in_transaction_session_timeout": "60s"}
"""A page's reading is a transaction of its own where rows are scoped, and it thinks in between."""
_SEES_ALL = """
SELECT NOT row_security_active('merchant')
    OR EXISTS (SELECT FROM pg_policy AS p, unnest(p.polroles) AS given(role)
                WHERE p.polrelid = 'merchant'::regclass
                  AND pg_has_role(given.role, 'USAGE')
                  AND pg_get_expr(p.polqual, p.polrelid) = 'true')
"""
_SAY_WHO_ASKS = """
SELECT set_config('homeward.merchants', $1, true), set_config('homeward.account', $2, true),
       set_config('homeward.role', $3, true), set_config('homeward.reach', $4, true), set_config('homeward.token', $5, true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""
"""Under row-level security the planner guesses high, and would start workers for branches that are never run."""
_SAY_WHO_ASKS_AS = _SAY_WHO_ASKS.rstrip() + ", set_config('role', $6, true)"
_CAN_BE_ASSUMED = """
SELECT count(*) > 0
  FROM pg_roles AS r
 WHERE r.rolname = $1
   AND (NOT $2 OR pg_has_role(r.oid, 'MEMBER'))
   AND has_table_privilege(r.oid, 'merchant', 'SELECT')
   AND has_table_privilege(r.oid, 'saved_view', 'SELECT')
"""
_MIGRATION_LOCK = 0x686F6D65  # "home": one migration at a time
_LOCK_WAIT = "2s"  # a step never stands in a queue before a table for longer: whoever works goes before it
_LOCK_TRIES = 30


class Role(StrEnum):
    """What a database role is for; each has a function of this name in the schema."""

    WORKER = "worker"
    """The daemon."""
    OPERATOR = "operator"
    """People at the command line."""
    PAGES = "pages"
    """Pages and API, which see the rows of whoever asks."""
    REPORTING = "reporting"
    """Reads the merchants it was given."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did, or would do."""

    before: int
    after: int
    steps: tuple[str, ...]
    granted: tuple[str, ...]


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
    asyncpg.ReadOnlySQLTransactionError,  # what was the primary is a standby now
    asyncpg.ObjectNotInPrerequisiteStateError,  # the same, asked where its log stands
)
"""What is the database's trouble and nobody's event: nothing was committed that we know of; try again."""


async def _nothing_to_reset(connection: Connection) -> None:
    """Between two users of a connection: no session state is ever set here, so a round trip is saved."""


class Database:
    """A pool of connections to one Homeward database."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        dsn: str,
        crash: CrashPoints,
        *,
        scoped: bool,
        in_transactions: bool,
        role: str | None = None,
    ) -> None:
        self.pool, self.dsn, self._crash, self._scoped, self._role = pool, dsn, crash, scoped, role
        self._in_transactions = in_transactions
        self.session_dsn = dsn
        """Where a connection has a session of its own, with no pooler in between."""

    @classmethod
    async def connect(
        cls,
        dsn: str,
        *,
        pool_max: int = 8,
        crash: CrashPoints | None = None,
        pooled: bool = False,
        scoped: bool = False,
        role: str | None = None,
    ) -> "Database":
        """Raises DatabaseUnusableError when the server cannot be reached at all.

        `pooled`: through PgBouncer in transaction mode, where nothing of a session outlives a transaction. `scoped`: for
        pages and API, which say with each transaction who asks. `role`: taken on for each of those transactions.
        """
        session = {} if pooled else _SESSION | (_READS_AT_LENGTH if scoped else {})
        try:
            pool = await asyncpg.create_pool(
                dsn, min_size=1, max_size=pool_max, init=prepare_connection, command_timeout=COMMAND_TIMEOUT_SECONDS,
                timeout=CONNECT_TIMEOUT_SECONDS, server_settings=session, reset=_nothing_to_reset,
                statement_cache_size=0 if pooled else 100,
            )  # fmt: skip
        except (*DISCONNECTED, asyncpg.PostgresError, ValueError) as error:
            raise DatabaseUnusableError(f"PostgreSQL does not answer: {type(error).__name__}: {error}") from error
        return cls(pool, dsn, crash or CrashPoints(), scoped=scoped, in_transactions=pooled or scoped, role=role)

    async def close(self) -> None:
        self.pool.terminate()

    @property
    def asker(self) -> Scope:
        """Who asks, as far as the rights of this database's role go: a role that sees every row is bound by nothing."""
        return WHOSE.get() if self._scoped else UNBOUND

    @asynccontextmanager
    async def transaction(self, name: str = "command", *, scope: Scope | None = None) -> AsyncIterator[Connection]:
        """Commits at the end of the block, or not at all. `name` is what its crash points are called.

        `scope`: who asks, where that is not whoever asks in this context.
        """
        async with self.pool.acquire() as connection:
            async with connection.transaction():
                await self._say_who_asks(connection, scope)
                yield connection
                self._crash.at(f"{name}.before-commit", "commit.before")
                self._crash.while_at(f"{name}.inside-commit", "commit.inside")
            self._crash.at(f"{name}.after-commit", "commit.after")

    @asynccontextmanager
    async def statement(self, name: str) -> AsyncIterator[Connection]:
        """For one statement that commits by itself: a transaction without the two round trips around it."""
        if self._in_transactions:
            async with self.transaction(name) as connection:
                yield connection
            return
        async with self.pool.acquire() as connection:
            self._crash.at(f"{name}.before-commit", "commit.before")
            self._crash.while_at(f"{name}.inside-commit", "commit.inside")
            yield connection
            self._crash.at(f"{name}.after-commit", "commit.after")

    @asynccontextmanager
    async def reading(self, *, scope: Scope | None = None) -> AsyncIterator[Connection]:
        async with self.pool.acquire() as connection:
            if not self._in_transactions and scope is None:
                yield connection
                return
            async with connection.transaction():
                await self._say_who_asks(connection, scope)
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """Everything as of one moment, for reading."""
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await self._say_who_asks(connection, None)
            yield connection

    async def _say_who_asks(self, connection: Connection, scope: Scope | None) -> None:
        if not self._scoped and scope is None:
            return
        settings = (scope or WHOSE.get()).as_settings()
        if self._role is None:
            await connection.execute(_SAY_WHO_ASKS, *settings)
        else:
            await connection.execute(_SAY_WHO_ASKS_AS, *settings, self._role)

    async def version(self) -> int:
        """The schema's version; 0 for a database Homeward has not been installed in."""
        async with self.reading() as connection:
            known = await connection.fetchval("SELECT to_regclass('schema_version') IS NOT NULL")
            return int(await connection.fetchval("SELECT max(version) FROM schema_version")) if known else 0

    async def user(self) -> str:
        """The role we are."""
        async with self.reading() as connection:
            return str(await connection.fetchval("SELECT current_user"))

    async def sees_all_rows(self) -> bool:
        """Whether our role's rows are kept from nobody: it owns the tables, or has a policy without a condition."""
        async with self.reading() as connection:
            return bool(await connection.fetchval(_SEES_ALL))

    async def can_take_on(self, role: str, *, as_member: bool = True) -> bool:
        """Whether there is this role, it was given its rights here, and we may take it on or, not `as_member`, it logs in."""
        async with self.reading() as connection:
            return bool(await connection.fetchval(_CAN_BE_ASSUMED, role, as_member))

    async def may_create_roles(self) -> bool:
        async with self.reading() as connection:
            return bool(
                await connection.fetchval("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
            )

    async def lend_role(self, role: str, to: str) -> None:
        """Let `to` take `role` on; nothing when it may already."""
        async with self.transaction() as connection:
            if not await connection.fetchval("SELECT pg_has_role($1::name, $2::name, 'MEMBER')", to, role):
                await connection.execute(
                    await connection.fetchval("SELECT format('GRANT %I TO %I', $1::text, $2::text)", role, to)
                )

    async def create_role(self, name: str, *, logs_in: bool = True) -> None:
        """A role with no rights of its own; nothing when there is one. Roles are the whole server's, not this database's."""
        try:
            async with self.transaction() as connection:
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
                if await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", name) == 0:
                    words = "CREATE ROLE %I LOGIN" if logs_in else "CREATE ROLE %I NOLOGIN"
                    await connection.execute(
                        await connection.fetchval("SELECT format($2::text, $1::text)", name, words)
                    )
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            pass  # made in another database of the server at the same moment

    async def may_change_the_journal(self) -> bool:
        """Whether our role has more rights than a worker needs."""
        async with self.reading() as connection:
            return bool(await connection.fetchval("SELECT has_table_privilege('journal', 'UPDATE, DELETE, TRUNCATE')"))

    async def migrate(self, roles: Mapping[str, Role] | None = None, *, dry_run: bool = False) -> Migration:
        """Bring the schema to SCHEMA_VERSION and give each role its rights, in one transaction.

        Safe to repeat and to run twice at once. A dry run does all of it and takes it back. `roles` that do not exist,
        or are mightier than we could make them, are passed over.

        Raises DatabaseUnusableError for a newer schema, an older server, or tables that stay in use.
        """
        for attempt in range(1, _LOCK_TRIES + 1):
            try:
                return await self._migrate(roles or {}, dry_run=dry_run)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
                if attempt == _LOCK_TRIES:
                    raise DatabaseUnusableError(
                        f"the tables stayed in use over {attempt} tries ({error}); nothing was changed: try again later"
                    ) from error
                await anyio.sleep(1)
        raise AssertionError("unreachable")

    async def _migrate(self, roles: Mapping[str, Role], *, dry_run: bool) -> Migration:
        async with self.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                done = await _bring_up(connection, roles)
            except BaseException:
                await transaction.rollback()
                raise
            await (transaction.rollback() if dry_run else transaction.commit())
            return done


async def _bring_up(connection: Connection, roles: Mapping[str, Role]) -> Migration:
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
    await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
    server = int(await connection.fetchval("SHOW server_version_num"))
    if server < SERVER_VERSION_MIN:
        raise DatabaseUnusableError(
            f"PostgreSQL {server // 10000} is too old: 15 or newer is needed; nothing was changed"
        )
    known = await connection.fetchval("SELECT to_regclass('schema_version') IS NOT NULL")
    before = int(await connection.fetchval("SELECT max(version) FROM schema_version")) if known else 0
    if before > SCHEMA_VERSION:
        raise DatabaseUnusableError(
            f"the database is at schema version {before}, this program knows {SCHEMA_VERSION}: use a newer one"
        )
    files = (
        [MIGRATIONS / f"{step:04}.sql" for step in range(before + 1, SCHEMA_VERSION + 1)] if before else [SCHEMA_FILE]
    )
    for file in files:
        await connection.execute(file.read_text(encoding="utf-8"))
    granted = []
    for name, role in roles.items():
        if await connection.fetchval(
            "SELECT count(*) FROM pg_roles WHERE rolname = $1 AND NOT rolsuper AND rolname <> current_user", name
        ):
            await connection.execute(_GRANTS[role], name)
            granted.append(f"{name}: {role}")
    return Migration(before, SCHEMA_VERSION, tuple(file.name for file in files), tuple(granted))


_GRANTS = {
    Role.WORKER: "SELECT grant_worker($1)", Role.OPERATOR: "SELECT grant_operator($1)",
    Role.PAGES: "SELECT grant_pages($1)", Role.REPORTING: "SELECT grant_reporting($1)",
}  # fmt: skip
