"""What an auditor is shown of a span of time: read as of one moment, each list under its name."""

from datetime import datetime

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)

_OF_A_MERCHANT = ("accounts", "tokens")
_OF_THE_DATABASE = ("database_roles", "policies", "schema")
STANDING = (*_OF_A_MERCHANT, *_OF_THE_DATABASE)
"""How it is now."""
HAPPENED = (
    "access_log", "maps", "overrides", "batches", "periods", "books_checks", "erasures", "checklists", "notices",
)  # fmt: skip
"""What happened in the span."""


async def gather(
    connection: Connection, since: datetime, until: datetime, *, merchant: str | None = None
) -> dict[str, list[Record]]:
    """Each list under its name; of one merchant alone, with nobody else's, where it is named."""
    lists = {name: await SQL.rows(connection, name) for name in _OF_THE_DATABASE}
    lists |= {name: await SQL.rows(connection, name, merchant=merchant) for name in _OF_A_MERCHANT}
    return lists | {
        name: await SQL.rows(connection, name, since=since, until=until, merchant=merchant) for name in HAPPENED
    }
