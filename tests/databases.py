"""Installed databases on a server of the tests, with the role of the pages."""

from daemon.store import embedded
from daemon.store.database import Database, Role

PAGES = "homeward_pages"


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
