"""`homeward health`: whether work is possible for each merchant, and if not, why, since when, and what to do."""

from typing import Annotated, Any

import typer

from daemon.clock import Clock
from daemon.console.output import Format, emit_list
from daemon.console.session import (
    FAILED,
    ConfigOption,
    MerchantOption,
    OutputOption,
    choose_merchant,
    run_with_database,
)
from daemon.health.signals import troubles
from daemon.settings import Settings
from daemon.store import health as health_store
from daemon.store.database import Database
from daemon.views.health import signal_view

COLUMNS = ["merchant", "subject", "status", "since", "why", "stops_work", "file", "do", "runbook"]


def health(
    merchant: MerchantOption = None,
    everything: Annotated[bool, typer.Option("--all", help="What is well, too.")] = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """What keeps work from being done, the gravest first; an empty merchant is what concerns all. Exit 1 while work stops.

    As the daemons saw it last (looked_at); `homeward doctor` looks by itself.
    """

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        names = [choose_merchant(settings, merchant)] if merchant is not None else sorted(settings.merchants)
        async with database.reading() as connection:
            signals = await health_store.read(connection, names)
        grave = troubles(signals)
        well = [each for each in signals if not each.is_trouble] if everything else []
        return [signal_view(each) for each in [*grave, *sorted(well, key=lambda each: (each.merchant, each.subject))]]

    rows = run_with_database(config, work)
    emit_list(rows, COLUMNS, output, hint="then: homeward help RUNBOOK")
    if any(row["stops_work"] for row in rows):
        raise SystemExit(FAILED)
