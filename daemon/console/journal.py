"""`homeward journal …`: prove that nobody changed it, and hand it over."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from daemon.clock import Clock
from daemon.console.output import Format, emit_list, errors
from daemon.console.session import (
    FAILED,
    USAGE,
    ConfigOption,
    MerchantOption,
    OutputOption,
    Stop,
    choose_merchant,
    run_with_database,
)
from daemon.settings import Settings
from daemon.store import chain
from daemon.store.database import Database

journal = typer.Typer(help="The life of every return: prove it untouched, export it.", no_args_is_help=True)

DAY_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


@journal.command("verify")
def verify(
    merchant: MerchantOption = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head", metavar="POSITION:LINK", help="A head that was noted earlier; proves that no end was cut."
        ),
    ] = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Walk each merchant's chain from its first link. Names the first that is broken; exit 1 if there is one.

    Note the head that is printed somewhere else: with --head it proves later that nothing was cut off the end.
    """
    noted = dict(_noted(each) for each in head or [])

    async def work(database: Database, settings: Settings, clock: Clock) -> list[chain.Checked]:
        if noted:
            names = [choose_merchant(settings, merchant)]
        else:
            names = [choose_merchant(settings, merchant)] if merchant else sorted(settings.merchants)
        async with database.snapshot() as connection:
            return [await chain.verify(connection, name, noted=noted) for name in names]

    found = run_with_database(config, work)
    columns = ["merchant", "rows", "pruned", "head", "link", "broken_at", "return_id", "version", "why"]
    rows = [{**asdict(each), "is_whole": each.broken_at is None} for each in found]
    emit_list(rows, columns, output)
    broken = [each for each in found if each.broken_at is not None]
    for each in broken:
        errors.print(
            f"{each.merchant}: the journal was changed behind its back at position {each.broken_at}: {each.why}. Nothing "
            "before it was touched. Owner: operations. Compare with a backup or an earlier export.",
            markup=False,
        )
    if broken:
        raise SystemExit(FAILED)


@journal.command("export")
def export(
    since: Annotated[
        datetime, typer.Option("--since", formats=DAY_FORMATS, help="First day or moment, UTC if no zone.")
    ],
    until: Annotated[
        datetime | None, typer.Option("--until", formats=DAY_FORMATS, help="Last day, included, or moment; else now.")
    ] = None,
    merchant: MerchantOption = None,
    output: OutputOption = Format.NDJSON,
    config: ConfigOption = None,
) -> None:
    """Every move in a span of time, in the order of the chain, each with its link. NDJSON is written as it is read."""
    columns = [
        "merchant", "seq", "at", "happy_return_id", "order_number", "part", "return_id", "version", "event", "from_state",
        "to_state", "actor", "facts", "inbox_id", "trace", "link",
    ]  # fmt: skip

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        end = _end(until) if until else clock.now()
        if end <= _zoned(since):
            raise Stop(USAGE, f"--until {end.isoformat()} is not after --since {_zoned(since).isoformat()}")
        rows: list[dict[str, Any]] = []
        async with database.reading() as connection:
            async for row in chain.between(connection, name, _zoned(since), end):
                if output is Format.NDJSON:
                    emit_list([row], columns, output)
                else:
                    rows.append(dict(row))
        return rows

    found = run_with_database(config, work)
    if output is not Format.NDJSON:
        emit_list(found, columns, output)


def _noted(told: str) -> tuple[int, str]:
    position, _, link = told.partition(":")
    if not position.isdigit() or len(link) != 64 or not set(link) <= set("0123456789abcdef"):
        raise Stop(USAGE, f"--head {told}: give POSITION:LINK as `homeward journal verify` printed them")
    return int(position), link


def _zoned(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(until: datetime) -> datetime:
    """A bare day means all of it."""
    is_day = until.tzinfo is None and (until.hour, until.minute, until.second) == (0, 0, 0)
    return _zoned(until) + (timedelta(days=1) if is_day else timedelta(0))
