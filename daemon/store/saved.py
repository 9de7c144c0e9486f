"""Filters that somebody gave a name."""

from collections.abc import Sequence
from datetime import datetime

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def put(
    connection: Connection, account: str, name: str, *, page: str, filter_text: str, is_shared: bool, merchant: str | None,
    now: datetime,
) -> None:  # fmt: skip
    """The same name again replaces it. A shared one is for whoever sees `merchant`; None: for global accounts."""
    await SQL.run(
        connection, "put", account=account, name=name, page=page, filter=filter_text, is_shared=is_shared,
        merchant=merchant if is_shared else None, now=now,
    )  # fmt: skip


async def listing(
    connection: Connection, account: str, page: str, *, merchants: Sequence[str], is_global: bool
) -> list[Record]:
    """One's own, and what is shared with those who see these merchants."""
    return await SQL.rows(
        connection, "listing", account=account, page=page, merchants=list(merchants), is_global=is_global
    )


async def remove(connection: Connection, account: str, view_id: int) -> bool:
    """Only one's own."""
    return await SQL.run(connection, "remove", account=account, id=view_id) > 0
