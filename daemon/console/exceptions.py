"""`homeward exception …`: what is stuck, why, both sides of it, and the ways out."""

from typing import Annotated, Any

import typer

from daemon import app as application
from daemon.clock import Clock
from daemon.console.output import Format, age, emit_list, emit_one
from daemon.console.passport import summary_view
from daemon.console.returns import IdArgument, known, only_one, passport_of, say
from daemon.console.session import (
    NOT_FOUND,
    REFUSED,
    USAGE,
    ConfigOption,
    DryRunOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    ReasonOption,
    Stop,
    YesOption,
    run_with_database,
)
from daemon.errors import HomewardError
from daemon.loops.credit_facts import case_for, with_products
from daemon.maps import NO_MAPS, from_content
from daemon.settings import Settings
from daemon.store import maps as maps_store
from daemon.store import reports
from daemon.store import returns as returns_store
from daemon.store.database import Database
from daemon.telemetry import Telemetry
from statemachine.causes import CAUSES, TEAMS
from statemachine.credit.comparison import Line, side_by_side
from statemachine.events import Resumed
from statemachine.states import State

exceptions = typer.Typer(help="Returns that need a person: cause, owner, next step.", no_args_is_help=True)


@exceptions.command("list")
def list_exceptions(
    cause: Annotated[str | None, typer.Option("--cause", help="Only this cause.")] = None,
    team: Annotated[str | None, typer.Option("--team", help=f"Only this team's: {', '.join(TEAMS)}.")] = None,
    group_by: Annotated[
        str | None, typer.Option("--group-by", help="'cause', or 'fingerprint': one line for each thing to mend.")
    ] = None,
    fingerprint: Annotated[str | None, typer.Option("--fingerprint", help="Only what this one entry stops.")] = None,
    merchant: MerchantOption = None,
    limit: LimitOption = 1000,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List what is stuck. Example: homeward exception list --team finance"""
    known(cause=cause, team=team)
    if group_by not in (None, "cause", "fingerprint"):
        raise Stop(USAGE, "--group-by takes 'cause' or 'fingerprint'")

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            if group_by:
                grouped = reports.causes if group_by == "cause" else reports.fingerprints
                found = await grouped(connection, merchant, cause=cause, owner=team, fingerprint=fingerprint)
                return [dict(row) for row in found[:limit]]
            rows = await reports.returns(
                connection, merchant=merchant, state=State.EXCEPTION.value, cause=cause, owner=team,
                fingerprint=fingerprint, rows_max=limit,
            )  # fmt: skip
        return [
            {**summary_view(row), "explanation": row["explanation"], "fingerprint": row["fingerprint"]} for row in rows
        ]

    columns = ["cause", "owner", "returns", "oldest"]
    if group_by == "fingerprint":
        columns = ["fingerprint", "owner", "returns", "oldest", "example"]
    if not group_by:
        columns = ["id", "merchant", "express_code", "order_number", "cause", "owner", "since", "due_at", "explanation"]
    emit_list(run_with_database(config, work), columns, output, hint="Look at one: homeward exception show ID")


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
            "since": found["since"], "due_at": found["due_at"], "clock": age(found["due_at"], now),
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


async def _beside(
    database: Database, settings: Settings, clock: Clock, found: dict[str, Any]
) -> tuple[list[dict[str, Any]], str]:
    """Return lines beside order rows, from Brightpearl as it is now; without it, the return's side alone."""
    name = found["merchant"]
    async with database.reading() as connection:
        instance = (await returns_store.read(connection, name, [found["id"]]))[found["id"]]
        row = await maps_store.latest(connection, name)
    if instance.order_id is None or name not in settings.merchants:
        return [Line(unit, None, "", ()).as_row() for unit in instance.units], "no order is known"
    maps = from_content(row["content"]) if row is not None else NO_MAPS
    try:
        async with application.new_http_session() as http:
            client = application.build_clients(
                settings, name, clock=clock, telemetry=Telemetry(otlp_endpoint=None), http=http
            ).brightpearl
            account = await client.account()
            orders, _ = await client.orders([instance.order_id])
            order = orders[instance.order_id]
            order = (await with_products(client, [(instance, order)])).get(order.id, order)
            made, _ = await client.credits((await client.credit_ids_of([order.id]))[order.id])
    except (HomewardError, KeyError) as error:
        return [Line(unit, None, "", ()).as_row() for unit in instance.units], f"Brightpearl could not be read: {error}"
    case = case_for(
        instance,
        order,
        made.values(),
        account=account,
        policy=settings.merchants[name].policy,
        maps=maps,
        now=clock.now(),
    )
    return [line.as_row() for line in side_by_side(case)], f"order {order.reference} as read {clock.now().isoformat()}"


@exceptions.command("retry")
def retry(
    identifier: IdArgument,
    reason: ReasonOption,
    merchant: MerchantOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Ask for another attempt once the cause is mended. Safe: what was done is looked up, never repeated blindly."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        now = clock.now()
        async with database.reading() as connection:
            found = await only_one(connection, identifier, merchant, now)
        if found["exception"] is None:
            raise Stop(REFUSED, f"return {found['id']} is not an exception; it is {found['state']}")
        if found["exception"]["cause"] == "rival-credit" and found["credit"] is not None:
            told = "another credit stands beside ours; cancel the wrong one (that is seen by itself), or"
            raise Stop(REFUSED, f"return {found['id']}: {told} homeward exception accept {found['id']} --reason TEXT")
        question = f"Resume return {found['id']} in state {found['exception']['resume_state']}?"
        event = Resumed(why=reason)
        natural_key = f"retry:{found['id']}:{found['version']}"
        return await say(database, found, event, natural_key, question, reason, yes=yes, dry_run=dry_run, now=now)

    emit_one(run_with_database(config, work), output)


@exceptions.command("accept")
def accept(
    identifier: IdArgument,
    reason: ReasonOption,
    merchant: MerchantOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Say that what stopped this return is all right for it, and go on. Only causes that may be accepted."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        now = clock.now()
        async with database.reading() as connection:
            found = await only_one(connection, identifier, merchant, now)
        trouble = found["exception"]
        if trouble is None:
            raise Stop(REFUSED, f"return {found['id']} is not an exception; it is {found['state']}")
        cause = CAUSES.get(trouble["cause"], CAUSES["internal-error"])
        if not cause.is_waivable:
            raise Stop(REFUSED, f"{cause.code} cannot be accepted, it must be mended: {cause.next_step}")
        if trouble["evidence"].get("accepting_helps") is False:
            told = "nothing would be left to credit beside the other credit"
            raise Stop(
                REFUSED, f"return {found['id']}: {told}; cancel it, or write the express code into its reference"
            )
        question = f"Accept {cause.code} for return {found['id']} ({trouble['explanation']}) and go on?"
        event = Resumed(why=reason, accepts=(cause.code,))
        natural_key = f"accept:{found['id']}:{found['version']}"
        return await say(database, found, event, natural_key, question, reason, yes=yes, dry_run=dry_run, now=now)

    emit_one(run_with_database(config, work), output)
