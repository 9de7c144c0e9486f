"""Installed databases on a server of the tests, with the role of the pages."""

import asyncpg

from daemon.store import embedded
from daemon.store.database import Database, Role

PAGES = "homeward_pages"
FAST = (
    "fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off", "jit = off",
    "max_wal_size = '128MB'",
    "plan_cache_mode = force_generic_plan",  # connections are new all the time: planning costs more than what is planned
)  # fmt: skip
"""Nobody cuts this server's power; and nothing it decides by itself may change a plan from test to test."""


async def make_fast(server: embedded.Server) -> None:
    """For a server whose databases need not outlive it."""
    admin = await asyncpg.connect(server.dsn)
    for setting in FAST:
        await admin.execute(f"ALTER SYSTEM SET {setting}")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.close()


def dsn_of(server: embedded.Server, name: str) -> str:
    """How a database of this server is reached."""
    return server.dsn.replace("/postgres?", f"/{name}?")


async def install(server: embedded.Server, name: str) -> str:
    """Make a database of this name as `homeward db migrate` does, without rows; its address."""
    admin = await Database.connect(server.dsn, pool_max=1)
    await admin.create_role(PAGES)
    async with admin.pool.acquire() as connection:
        await connection.execute(f'CREATE DATABASE "{name}"')
    await admin.close()
    made = await Database.connect(dsn_of(server, name), pool_max=2)
    await made.migrate({PAGES: Role.PAGES})
    await made.close()
    return dsn_of(server, name)
