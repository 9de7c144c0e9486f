"""What an auditor is shown of a span of time: read as of one moment, each list under its name."""

from datetime import datetime

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)

STANDING = ("accounts", "tokens", "database_roles", "policies", "schema")
"""How it is now."""
HAPPENED = (
    "access_log", "maps", "overrides", "batches", "periods", "books_checks", "erasures", "checklists", "notices",
)  # fmt: skip
"""What happened in the span."""


async def gather(connection: Connection, since: datetime, until: datetime) -> dict[str, list[Record]]:
    found = {name: await SQL.rows(connection, name) for name in STANDING}
    return found | {name: await SQL.rows(connection, name, since=since, until=until) for name in HAPPENED}
