"""`homeward exception …`: what is stuck, why, both sides of it, and the ways out."""

from typing import Any

import typer

from daemon import app as application
from daemon.clock import Clock
from daemon.console import selecting
from daemon.console.listing import CountOption, GroupByOption, show_list
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.output import age as age_of
from daemon.console.releasing import recheck
from daemon.console.returns import IdArgument, explain, passport_of
from daemon.console.session import (
    NOT_FOUND,
    AfterOption,
    ConfigOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    Stop,
    run_with_database,
)
from daemon.console.verbs import add_verbs
from daemon.errors import HomewardError
from daemon.loops.credit_facts import case_for, with_products
from daemon.maps import NO_MAPS, from_content
from daemon.settings import Settings
from daemon.store import maps as maps_store
from daemon.store import returns as returns_store
from daemon.store.database import Database
from daemon.telemetry import Telemetry
from statemachine.causes import CAUSES
from statemachine.credit.comparison import Line, side_by_side

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
        limit=limit, output=output, columns=COLUMNS, hint="Look at one: homeward exception show ID",
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


exceptions.command("explain")(explain)
exceptions.command("recheck")(recheck)
add_verbs(exceptions, always="state=exception")
