"""`homeward event …`, `homeward effect …` and `homeward receipt …`: what came in, what must go out, what arrived."""

from pathlib import Path
from typing import Annotated, Any

import typer

from daemon import app as application
from daemon.actions import imports
from daemon.clock import Clock
from daemon.console import session
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.session import (
    FAILED,
    NOT_FOUND,
    PARTIAL,
    USAGE,
    ConfigOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    Stop,
    choose_merchant,
    only,
    run_with_database,
)
from daemon.loops.intake import Intake
from daemon.settings import Settings
from daemon.store import inbox, outbox
from daemon.store.database import Database
from daemon.telemetry import Telemetry
from statemachine.refs import fold_code

events = typer.Typer(help="What came in: list it, ask for one return, import a file.", no_args_is_help=True)
effects = typer.Typer(help="What must be done in Brightpearl.", no_args_is_help=True)
receipts = typer.Typer(help="What the warehouse received.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]


@events.command("list")
def list_events(
    state: Annotated[
        str | None, typer.Option("--state", help="waiting, applied, ignored, refused, parked or quarantined.")
    ] = None,
    happy_return_id: Annotated[str | None, typer.Option("--return", help="Only this Happy Returns return.")] = None,
    merchant: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List events, newest first; `--state quarantined` lists bodies that could not be used."""
    known = ("waiting", "applied", "ignored", "refused", "parked", "quarantined")
    if state is not None and state not in known:
        raise Stop(USAGE, f"--state takes one of {', '.join(known)}")

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            if state == "quarantined":
                rows = await inbox.deliveries(connection, merchants=only(merchant), state=state, rows_max=limit)
            else:
                rows = await inbox.listing(
                    connection, merchants=only(merchant), state=state, happy_return_id=happy_return_id, rows_max=limit
                )
        return [dict(row) for row in rows]

    columns = [
        "id",
        "merchant",
        "event",
        "happy_return_id",
        "order_number",
        "source",
        "state",
        "outcome",
        "received_at",
    ]
    if state == "quarantined":
        columns = ["id", "merchant", "source", "reason", "bytes", "repeats", "received_at"]
    emit_list(run_with_database(config, work), columns, output)


@events.command("pull")
def pull(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Express code (HR……) or order number.")],
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Read one return from Happy Returns now. Example: homeward event pull HRK7Q2MX"""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        telemetry = Telemetry(otlp_endpoint=None)
        async with application.new_http_session() as http:
            workplace = application.build_workplace(
                settings, name, database=database, clock=clock, telemetry=telemetry, http=http
            )
            code = fold_code(identifier)
            is_code = len(code) == 8 and code.startswith("HR")
            units, faults = await Intake(workplace).pull(
                express_code=code if is_code else "", order_number="" if is_code else identifier
            )
        if not units and not faults:
            raise Stop(NOT_FOUND, f"Happy Returns knows no return under '{identifier}'")
        return {"merchant": name, "asked": identifier, "units": units, "faults": faults}

    emit_one(run_with_database(config, work), output)


@events.command("import")
def import_events(
    file: FileArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Import webhook payloads (JSON, NDJSON) or a dashboard export (CSV), row by row."""

    raw = file.read_bytes()

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        return await imports.import_events(database, name, settings.merchants[name], raw, clock.now())

    _report(run_with_database(config, work), output)


@events.command("retry")
def retry(
    event_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Only this event; left out: all of them.")
    ] = None,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Let events in again that were put aside because deciding on them broke. Safe: nothing was applied of them."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        async with database.transaction() as connection:
            retried = await inbox.retry_parked(connection, name, event_id)
        if event_id is not None and not retried:
            raise Stop(NOT_FOUND, f"event {event_id} is not parked")
        return {"merchant": name, "retried": retried}

    emit_one(run_with_database(config, work), output)


@effects.command("list")
def list_effects(
    state: Annotated[str | None, typer.Option("--state", help="ready, leased, done or parked.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="For example create-sales-credit.")] = None,
    return_id: Annotated[int | None, typer.Option("--return", help="Only this return's.")] = None,
    observed: Annotated[
        bool, typer.Option("--observed", help="What would have been sent, were writes not held.")
    ] = False,
    merchant: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List effects with attempts and last error, newest first."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            rows = await outbox.listing(
                connection, merchants=only(merchant), state=state, return_id=return_id, kind=kind, rows_max=limit,
                observed=observed,
            )  # fmt: skip
        return [dict(row) for row in rows]

    columns = [
        "id",
        "merchant",
        "return_id",
        "express_code",
        "kind",
        "key",
        "state",
        "attempts",
        "due_at",
        "last_error",
    ]
    if observed:
        columns = ["id", "merchant", "return_id", "express_code", "order_number", "kind", "last_error"]
    emit_list(run_with_database(config, work), columns, output)


@receipts.command("import")
def import_receipts(
    file: FileArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Import what the warehouse received (CSV). Rows for units we do not know are kept, never dropped.

    Columns, in any order: happy_return_id, express_code, order_number, happy_item_id, sku, quantity, condition,
    received_at; enough of them to name the unit.
    """

    raw = file.read_bytes()

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        return await imports.import_receipts(database, name, raw, clock.now(), actor=session.actor())

    _report(run_with_database(config, work), output)


@receipts.command("list")
def list_receipts(
    merchant: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List receipts that belong to no unit we know: goods in hand without a return."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            rows = await inbox.parked_receipts(connection, name, 0, limit)
        return [
            {"id": row["id"], "received_at": row["payload"].get("received_at"), "actor": row["actor"],
             **(row["payload"].get("sought") or {})}
            for row in rows
        ]  # fmt: skip

    columns = ["id", "express_code", "order_number", "happy_item_id", "sku", "received_at", "actor"]
    emit_list(run_with_database(config, work), columns, output)


def _report(rows: list[dict[str, Any]], output: Format) -> None:
    """Row by row; exit 8 when only some rows were taken, 1 when none was."""
    emit_list(rows, ["row", "result", "detail"], output)
    bad = sum(row["result"] == "rejected" for row in rows)
    if bad:
        raise SystemExit(FAILED if bad == len(rows) else PARTIAL)
