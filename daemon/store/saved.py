"""Filters that somebody gave a name."""

from datetime import datetime

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def put(
    connection: Connection, account: str, name: str, *, page: str, filter_text: str, is_shared: bool, now: datetime
) -> None:
    """The same name again replaces it."""
    await SQL.run(
        connection, "put", account=account, name=name, page=page, filter=filter_text, is_shared=is_shared, now=now
    )


async def listing(connection: Connection, account: str, page: str) -> list[Record]:
    """One's own and everybody's."""
    return await SQL.rows(connection, "listing", account=account, page=page)


async def remove(connection: Connection, account: str, view_id: int) -> bool:
    """Only one's own."""
    return await SQL.run(connection, "remove", account=account, id=view_id) > 0
