"""`homeward exception …`: what is stuck, why, both sides of it, and the ways out."""

from typing import Annotated, Any

import typer

from daemon.clock import Clock
from daemon.console import selecting
from daemon.console.changing import ReasonOption
from daemon.console.listing import CountOption, GroupByOption, WatchOption, show_list
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.returns import IdArgument, explain, passport_of
from daemon.console.session import (
    NOT_FOUND,
    USAGE,
    AfterOption,
    ConfigOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    Stop,
    YesOption,
    run_with_database,
)
from daemon.console.verbs import add_verbs
from daemon.settings import Settings
from daemon.store import returns
from daemon.store.database import Database
from daemon.views.moments import age as age_of
from statemachine.causes import CAUSES

exceptions = typer.Typer(help="Returns that need a person: cause, owner, next step.", no_args_is_help=True)
COLUMNS = [
    "id",
    "merchant",
    "express_code",
    "order_number",
    "cause",
    "owner",
    "assignee",
    "since",
    "due_at",
    "explanation",
]


@exceptions.command("list")
def list_exceptions(
    where: selecting.WhereOption = None,
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
    """List what is stuck. Example: homeward exception list --team finance --group-by fingerprint"""
    asked = selecting.asked(
        where, cause=cause, team=team, order=order, sku=sku, assignee=assignee, age=age, fingerprint=fingerprint,
        always="state=exception",
    )  # fmt: skip
    show_list(
        config, asked, merchant=merchant, group_by=group_by, count=count, explain_filter=explain_filter, after=after,
        watch=watch, limit=limit, output=output, columns=COLUMNS, hint="Look at one: homeward exception show ID",
    )  # fmt: skip


@exceptions.command("show")
def show_exception(
    identifier: IdArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Why one return is stuck, what that means, and what to do."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        now = clock.now()
        async with database.reading() as connection:
            found = await passport_of(connection, identifier, merchant, now)
        trouble = found["exception"]
        if trouble is None:
            waits = f" and waits for {found['waits_for']}" if found["waits_for"] else ""
            see = f"homeward return show {found['id']}"
            raise Stop(NOT_FOUND, f"return {found['id']} is not an exception; it is {found['state']}{waits}: {see}")
        cause = CAUSES.get(trouble["cause"], CAUSES["internal-error"])
        lines, compared = await _beside(database, settings, clock, found)
        return {
            "id": found["id"], "merchant": found["merchant"], "express_code": found["express_code"],
            "order_number": found["order_number"], "cause": trouble["cause"], "fingerprint": trouble["fingerprint"],
            "why": trouble["explanation"], "effect": cause.means,
            "do": cause.next_step.replace(" ID", f" {found['id']}"), "owner": trouble["owner"],
            "since": found["since"], "due_at": found["due_at"], "clock": age_of(found["due_at"], now),
            "resumes_to": trouble["resume_state"], "decided_again_when": found["watches"],
            "evidence": trouble["evidence"], "compared": compared, "lines": lines,
        }  # fmt: skip

    found = run_with_database(config, work)
    if output is not Format.TABLE:
        emit_one(found, output)
        return
    emit_one({key: value for key, value in found.items() if key != "lines"}, output)
    columns = [
        "returned_sku",
        "returned",
        "announced",
        "differs",
        "sold_sku",
        "sold",
        "quantity",
        "left",
        "unit_net",
        "how",
    ]
    emit_list(found["lines"], columns, output)


@exceptions.command("recheck")
def recheck(
    where: selecting.WhereOption = None,
    cause: selecting.CauseOption = None,
    team: selecting.TeamOption = None,
    fingerprint: selecting.FingerprintOption = None,
    release: Annotated[bool, typer.Option("--release", help="Release what would pass, as a batch.")] = False,
    rate: Annotated[
        int | None, typer.Option("--rate", min=1, help="With --release: at most this many a minute.")
    ] = None,
    reason: ReasonOption = "mended",
    yes: YesOption = False,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """After a map, tax code or order was mended: how many stopped returns would pass now, and release those.

    Reads the orders as they are in Brightpearl this moment and decides each return again; changes nothing by itself.
    """
    asked = selecting.asked(where, cause=cause, team=team, fingerprint=fingerprint, always="state=exception")

    from daemon.console.releasing import recheck as decide_again  # here: it asks Brightpearl, and lists need not

    if rate is not None and not release:
        raise Stop(USAGE, "--rate goes with --release")

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        return await decide_again(
            database, settings, clock, asked, merchant=merchant, release=release, rate=rate, reason=reason, yes=yes
        )

    found = run_with_database(config, work)
    if output not in (Format.TABLE, Format.WIDE):
        emit_one(found, output)
        return
    emit_one({name: value for name, value in found.items() if name != "returns"}, output)
    still = [row for row in found["returns"] if not row["passes"]]
    emit_list(still[:20], ["id", "express_code", "order_number", "cause", "why"], output)
    if found["would_pass"] and not found["changed"]:
        errors.print("release them: the same command with --release", style="dim")


async def _beside(
    database: Database, settings: Settings, clock: Clock, found: dict[str, Any]
) -> tuple[list[dict[str, Any]], str]:
    from daemon import app as application  # here: it asks Brightpearl, and lists need not
    from daemon.actions.beside import beside, units_alone

    name = found["merchant"]
    async with database.reading() as connection:
        instance = (await returns.read(connection, name, [found["id"]]))[found["id"]]
    if name not in settings.merchants:
        return units_alone(instance), "the merchant is not configured here"
    async with application.open_clients(settings, name, clock=clock, database=database) as clients:
        return await beside(
            database, clients.brightpearl, instance, policy=settings.merchants[name].policy, now=clock.now()
        )


exceptions.command("explain")(explain)
add_verbs(exceptions, always="state=exception")
