"""`homeward return …`: what is where, why, how it came there, and what to do."""

from datetime import datetime
from typing import Annotated, Any

import anyio
import typer
from rich.console import Console

from daemon.clock import Clock
from daemon.console import selecting
from daemon.console.listing import CountOption, GroupByOption, WatchOption, show_list
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.session import (
    AfterOption,
    ConfigOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    run_with_database,
)
from daemon.console.verbs import add_verbs
from daemon.settings import Settings
from daemon.store import outbox, reports
from daemon.store.database import Database
from daemon.store.sql import Connection
from daemon.views.explaining import explanation
from daemon.views.passport import passport_view
from daemon.views.timeline import timeline_of
from statemachine.states import TERMINAL

returns = typer.Typer(help="Returns: list them, follow one, change one or many.", no_args_is_help=True)

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Our id, express code, order number, Happy Returns id, credit id.")
]
SUMMARY = ["id", "merchant", "express_code", "order_number", "part", "state", "since", "units", "credit_id", "cause"]


@returns.command("list")
def list_returns(
    where: selecting.WhereOption = None,
    state: selecting.StateOption = None,
    cause: selecting.CauseOption = None,
    team: selecting.TeamOption = None,
    order: selecting.OrderOption = None,
    sku: selecting.SkuOption = None,
    assignee: selecting.AssigneeOption = None,
    age: selecting.AgeOption = None,
    fingerprint: selecting.FingerprintOption = None,
    group_by: GroupByOption = None,
    count: CountOption = False,
    explain_filter: selecting.ExplainFilterOption = False,
    watch: WatchOption = False,
    after: AfterOption = None,
    merchant: MerchantOption = None,
    limit: LimitOption = 1000,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List returns, newest first. Example: homeward return list --state credit-pending --age '>2h' -o json"""
    asked = selecting.asked(
        where, state=state, cause=cause, team=team, order=order, sku=sku, assignee=assignee, age=age,
        fingerprint=fingerprint,
    )  # fmt: skip
    show_list(
        config, asked, merchant=merchant, group_by=group_by, count=count, explain_filter=explain_filter, after=after,
        watch=watch, limit=limit, output=output, columns=SUMMARY, hint="Follow one: homeward return show ID",
    )  # fmt: skip


@returns.command("show")
def show_return(
    identifier: IdArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Everything about one return. Example: homeward return show HRK7Q2MX -o json"""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        async with database.reading() as connection:
            return await passport_of(connection, identifier, merchant, clock.now())

    found = run_with_database(config, work)
    if output is Format.TABLE:
        _print_passport(found)
    else:
        emit_one(found, output)


@returns.command("timeline")
def timeline(
    identifier: IdArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """What happened to one return, in order: moves and every attempt at Brightpearl."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            merchant_name, return_id = (await selecting.find(connection, identifier, merchant))[0]
            told = await reports.passport(connection, merchant_name, return_id)
            return timeline_of(told, await outbox.attempts_of(connection, merchant_name, return_id))

    emit_list(run_with_database(config, work), ["at", "what", "detail", "by", "facts"], output)


@returns.command("explain")
def explain(
    identifier: IdArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """The shortest chain of facts that makes the present state inevitable, and the command that changes it."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return explanation(await passport_of(connection, identifier, merchant, clock.now()), clock.now())

    emit_list(run_with_database(config, work), ["step", "fact", "because"], output)


@returns.command("watch")
def watch(
    identifier: IdArgument,
    timeout: Annotated[float | None, typer.Option("--timeout", min=0, help="Give up after so many seconds.")] = None,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Follow one return live, until it is over; Ctrl-C ends the watching, nothing else."""

    async def work(database: Database, settings: Settings, clock: Clock) -> None:
        seen = 0
        with anyio.move_on_after(timeout):
            while True:
                async with database.reading() as connection:
                    merchant_name, return_id = (await selecting.find(connection, identifier, merchant))[0]
                    told = await reports.passport(connection, merchant_name, return_id)
                    lines = timeline_of(told, await outbox.attempts_of(connection, merchant_name, return_id))
                for line in lines[seen:]:
                    _print_line(line, output)
                seen = len(lines)
                if told["head"]["state"] in TERMINAL and told["head"]["due_at"] is None:
                    return
                await anyio.sleep(0.5)

    run_with_database(config, work)


def _print_line(line: dict[str, Any], output: Format) -> None:
    if output in (Format.TABLE, Format.WIDE):
        Console(highlight=False, soft_wrap=True).print(
            f"{line['at']:%Y-%m-%d %H:%M:%S}  {line['what']}  {line['detail']}  {line['by']}", markup=False
        )
    else:
        emit_one(line, Format.NDJSON)


async def passport_of(connection: Connection, identifier: str, merchant: str | None, now: datetime) -> dict[str, Any]:
    found = await selecting.find(connection, identifier, merchant)
    merchant_name, return_id = found[0]
    told = passport_view(await reports.passport(connection, merchant_name, return_id), now)
    return {**told, "siblings": [other for _, other in found if other != return_id]}


def _print_passport(found: dict[str, Any]) -> None:
    head = {
        key: value for key, value in found.items() if key not in ("units", "journal", "exception", "goods_in", "trace")
    }
    emit_one(head, Format.TABLE)
    if found["exception"]:
        emit_one({f"exception {key}": value for key, value in found["exception"].items()}, Format.TABLE)
    units = ["key", "sku", "name", "reason", "progress", "condition", "goods_in_id"]
    emit_list(found["units"], units, Format.TABLE)
    emit_list(found["journal"], ["at", "event", "from", "to", "actor"], Format.TABLE)


add_verbs(returns)
