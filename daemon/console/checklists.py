"""`homeward checklist …`: the daily round of customer service, the weekly one of finance, and who did them."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from daemon.clock import Clock
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.session import (
    USAGE,
    ConfigOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    Stop,
    actor,
    choose_merchant,
    run_with_database,
)
from daemon.settings import Settings
from daemon.store import checklists as store
from daemon.store.database import Database
from daemon.views.checklists import CHECKLISTS, item_of, period_of, rows

checklist = typer.Typer(help="The daily and weekly rounds, with who did them.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="CHECKLIST", help=" or ".join(CHECKLISTS) + ".")]


@checklist.command("show")
def show(
    name: NameArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Each item with its figure now, why it matters, what to do, and who did it in this period."""
    _must_be_known(name)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        of = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            found = await store.figures(connection, of, clock.now())
            since = period_of(name, settings.merchants[of].calendar.today(clock.now()))
            done = await store.history(connection, of, checklist=name, since=since, rows_max=1000)
        return rows(name, found, done)

    columns = ["item", "title", "count", "done_by", "done_at", "note", "do"]
    emit_list(run_with_database(config, work), columns, output)


@checklist.command("done")
def done(
    name: NameArgument,
    item: Annotated[str, typer.Argument(help="As `checklist show` names it.")],
    note: Annotated[str, typer.Option("--note", help="What was found; no personal data, it is kept.")] = "",
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Write down that you did an item of this day or week, with its figure as it is now."""
    _must_be_known(name)
    known = item_of(name, item)
    if known is None:
        raise Stop(USAGE, f"{name} has no item '{item}'; it has: {', '.join(each.key for each in CHECKLISTS[name])}")

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        of = choose_merchant(settings, merchant)
        period = period_of(name, settings.merchants[of].calendar.today(clock.now()))
        async with database.transaction("command") as connection:
            count = (await store.figures(connection, of, clock.now()))[known.figure]
            await store.done(
                connection, of, checklist=name, period=period, item=item, found=count, note=note, actor=actor(),
                now=clock.now(),
            )  # fmt: skip
        return {
            "merchant": of,
            "checklist": name,
            "period": period.isoformat(),
            "item": item,
            "count": count,
            "changed": True,
        }

    emit_one(run_with_database(config, work), output)


@checklist.command("history")
def history(
    name: Annotated[str | None, typer.Argument(metavar="[CHECKLIST]")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How far back.")] = 90,
    merchant: MerchantOption = None,
    limit: LimitOption = 1000,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Who did what, newest first."""
    if name is not None:
        _must_be_known(name)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        of = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            since = settings.merchants[of].calendar.today(clock.now()) - timedelta(days=days)
            found = await store.history(connection, of, checklist=name, since=since, rows_max=limit)
        return [{**row, "period": row["period"].isoformat()} for row in found]

    emit_list(run_with_database(config, work), ["period", "checklist", "item", "found", "note", "actor", "at"], output)


def _must_be_known(name: str) -> None:
    if name not in CHECKLISTS:
        raise Stop(USAGE, f"there is no checklist '{name}'; there are: {', '.join(CHECKLISTS)}")
