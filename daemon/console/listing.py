"""Lists of returns: filtered, counted, grouped, paged and exported the same way under every noun."""

import sys
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from daemon.clock import Clock
from daemon.console.changing import columns_of
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.selecting import Asked
from daemon.console.session import USAGE, Stop, choose_merchant, only, run_with_database
from daemon.settings import Settings
from daemon.store import board
from daemon.store.database import Database
from daemon.views.passport import summary_view

GroupByOption = Annotated[str | None, typer.Option("--group-by", help=f"One line for each: {', '.join(board.GROUPS)}.")]
WATCH_SECONDS = 2.0
WatchOption = Annotated[bool, typer.Option("--watch", help="Keep the list fresh until Ctrl-C.")]
CountOption = Annotated[bool, typer.Option("--count", help="Only how many there are.")]


def show_list(
    config: Path | None, asked: Asked, *, merchant: str | None, group_by: str | None, count: bool, explain_filter: bool,
    after: int | None, limit: int, output: Format, columns: list[str], hint: str, watch: bool = False,
) -> None:  # fmt: skip
    """What was asked for, as rows, as groups or as a number."""
    if group_by is not None and group_by not in board.GROUPS:
        raise Stop(USAGE, f"--group-by takes one of: {', '.join(board.GROUPS)}")
    if explain_filter:
        emit_one({"filter": asked.text}, output)
        return

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        condition = asked.condition(clock.now())
        if merchant is not None:
            choose_merchant(settings, merchant)
        async with database.reading() as connection:
            if count:
                return [{"returns": await board.counted(connection, condition, merchants=only(merchant))}]
            if group_by:
                rows = await board.grouped(connection, condition, group_by, merchants=only(merchant), rows_max=limit)
                return [dict(row) for row in rows]
            rows = await board.listing(connection, condition, merchants=only(merchant), after=after, rows_max=limit)
        return [summary_view(row) for row in rows]

    async def watched(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        while True:
            rows = await work(database, settings, clock)
            errors.clear()
            emit_list(rows, columns_of(group_by) if group_by else columns, output)
            await anyio.sleep(WATCH_SECONDS)

    if watch and (count or output is not Format.TABLE or not sys.stdout.isatty()):
        raise Stop(USAGE, "--watch shows a table at a terminal; for programs ask again, or: homeward return watch ID")
    rows = run_with_database(config, watched if watch else work)
    if count:
        emit_one(rows[0], output)
        return
    if group_by:
        emit_list(rows, columns_of(group_by), output)
        return
    more = rows[-1]["id"] if len(rows) == limit else None
    emit_list(rows, columns, output, hint=hint, after=more)
    if more is not None:
        errors.print(f"there may be more: --after {more}", style="dim")
