"""`homeward period …`, `homeward fee …` and `homeward import …`: months, Happy Returns' fees, and the files people bring."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.actions import closing
from daemon.clock import Clock
from daemon.console import session
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.session import (
    DIFFERENCES,
    FAILED,
    NOT_FOUND,
    PARTIAL,
    USAGE,
    ConfigOption,
    DryRunOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    Stop,
    YesOption,
    choose_merchant,
    confirm,
    run_with_database,
)
from daemon.finance import importing
from daemon.finance import periods as rules
from daemon.settings import Settings
from daemon.store import files, matches
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.store.sql import Connection
from daemon.views.books import FEE_COLUMNS, FILE_COLUMNS, PERIOD_COLUMNS, file_view
from daemon.views.pack import as_zip
from statemachine.books.fees import Finding

period = typer.Typer(help="Months: prepare, close, reopen, and the pack that proves them.", no_args_is_help=True)
fee = typer.Typer(help="Happy Returns' fees against the rate card.", no_args_is_help=True)
imports = typer.Typer(help="Payouts, invoices and bank statements from files.", no_args_is_help=True)

PeriodArgument = Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Where to write the pack; left out: NAME.zip here.")]
MOVEMENT = ["account", "currency", "opening", "new", "cleared", "settled", "closing", "awaiting", "difference"]


def _month(told: str) -> str:
    try:
        datetime.strptime(told, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise Stop(USAGE, f"'{told}' is no month: write it as 2026-01") from error
    return told


@period.command("list")
def list_periods(
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """The newest months: their state, who prepared and closed them, and Brightpearl's lock."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            lock = await merchant_store.read_cursor(connection, name, "period-lock") or {}
            until = datetime.fromisoformat(lock["until"]).date() if lock.get("until") else None
            return await rules.listing(connection, name, settings.merchants[name], clock.now(), locked_until=until)

    emit_list(run_with_database(config, work), list(PERIOD_COLUMNS), output, hint="homeward period show YYYY-MM")


@period.command("show")
def show(
    month: PeriodArgument,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """A month's movement statement as it stands now: opening + new − cleared − settled = closing."""
    _month(month)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        pack, _ = await closing.pack_as_of(
            database, name, settings.merchants[name], month, None, clock.now(), is_now=True
        )
        return [{each: row[each] for each in MOVEMENT} for row in pack.sheet("movement").rows]

    emit_list(run_with_database(config, work), MOVEMENT, output, hint=f"homeward period pack {month}")


@period.command("prepare")
def prepare(
    month: PeriodArgument, reason: Annotated[str, typer.Option("--reason", help="What you looked at.")] = "",
    yes: YesOption = False, merchant: MerchantOption = None, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Soft close: say that a month is ready for review. Somebody else closes it."""
    _month(month)
    confirm(f"Prepare {month}?", yes=yes)

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        return await rules.prepare(
            database, name, settings.merchants[name], month, actor=session.actor(), reason=reason, now=clock.now()
        )

    emit_one(run_with_database(config, work), output)


@period.command("close")
def close(
    month: PeriodArgument, reason: Annotated[str, typer.Option("--reason", help="What you reviewed.")] = "",
    out: OutOption = None, yes: YesOption = False, merchant: MerchantOption = None, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Hard close: match and check once more, write the pack, keep its digest. Not by whoever prepared it."""
    _month(month)
    confirm(f"Close {month}? What comes later counts in the month after.", yes=yes)

    async def work(database: Database, settings: Settings, clock: Clock) -> tuple[dict[str, Any], bytes]:
        name = choose_merchant(settings, merchant)
        return await closing.close(
            database, name, settings.merchants[name], month, actor=session.actor(), reason=reason, now=clock.now()
        )

    told, raw = run_with_database(config, work)
    path = out or Path(f"{month}-close.zip")
    path.write_bytes(raw)
    emit_one({**told, "pack": str(path), "undo": f"homeward period reopen {month} --reason …"}, output)


@period.command("reopen")
def reopen(
    month: PeriodArgument, reason: Annotated[str, typer.Option("--reason", help="Why it must be opened again.")] = "",
    yes: YesOption = False, merchant: MerchantOption = None, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Open the newest closed month again; `period diff` shows what has changed against its pack."""
    _month(month)
    if not reason.strip():
        raise Stop(USAGE, "--reason must say why the month is opened again")
    confirm(f"Reopen {month}?", yes=yes)

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        return await rules.reopen(database, name, month, actor=session.actor(), reason=reason, now=clock.now())

    emit_one(run_with_database(config, work), output)


@period.command("pack")
def pack(
    month: PeriodArgument,
    as_of: Annotated[datetime | None, typer.Option("--as-of", help="As it was known then, UTC; left out: at its close.",
                     formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d"])] = None,
    out: OutOption = None, merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Write a month's pack: CSV, XLSX and HTML in a zip. As of the same moment it is the same, byte for byte."""
    _month(month)
    at = as_of.replace(tzinfo=UTC) if as_of else None

    async def work(database: Database, settings: Settings, clock: Clock) -> tuple[bytes, datetime, int]:
        name = choose_merchant(settings, merchant)
        found, moment = await closing.pack_as_of(database, name, settings.merchants[name], month, at, clock.now())
        return as_zip(found), moment, len(found.sheets)

    raw, moment, sheets = run_with_database(config, work)
    path = out or Path(f"{month}-pack.zip")
    path.write_bytes(raw)
    emit_one({"period": month, "as_of": moment, "pack": str(path), "bytes": len(raw), "sheets": sheets}, output)


@period.command("diff")
def diff(
    month: PeriodArgument, exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 when it differs.")] = False,
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """What a month's movement is now against its last close."""
    _month(month)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        return await closing.difference(database, name, settings.merchants[name], month, clock.now())

    rows = run_with_database(config, work)
    emit_list(rows, ["account", "currency", "line", "closed", "now", "difference"], output)
    if rows and exit_code:
        raise SystemExit(DIFFERENCES)


async def _figures(connection: Connection, name: str) -> dict[str, Any]:
    run = await matches.run_at(connection, name, None)
    if run is None:
        raise Stop(NOT_FOUND, "the books were never matched: homeward match run")
    return dict(run["figures"])


@fee.command("list")
def list_fees(
    finding: Annotated[Finding | None, typer.Option("--finding", help="Only these.")] = None,
    month: Annotated[str | None, typer.Option("--period", help="Only this month, as 2026-01.")] = None,
    merchant: MerchantOption = None, limit: LimitOption = 1000, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Lines that are not as the rate card says: over-, under- and uncharged, charged twice, of no known return."""
    month = _month(month) if month else None

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            rows = (await _figures(connection, name))["fee_lines"]
        return [
            r for r in rows if (finding is None or r["finding"] == finding) and (month is None or r["on"][:7] == month)
        ]

    emit_list(run_with_database(config, work)[:limit], list(FEE_COLUMNS), output, hint="homeward match dispute LEG")


@fee.command("summary")
def fee_summary(
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Expected and charged by month, finding and currency; what shoppers bore apart."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            figures = await _figures(connection, name)
        rows: list[dict[str, Any]] = list(figures["fees"])
        for currency, value in figures["shopper_fees"].items():
            rows.append({"period": "", "finding": "borne-by-shoppers", "currency": currency, "count": None, "expected": None,
                         "charged": value, "difference": None})  # fmt: skip
        return rows

    columns = ["period", "finding", "currency", "count", "expected", "charged", "difference"]
    emit_list(run_with_database(config, work), columns, output)


@fee.command("journal")
def fee_journal(
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """The journal that would book the fees. Proposed; nothing is posted."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            return list((await _figures(connection, name))["fee_journal"])

    emit_list(run_with_database(config, work), ["nominal", "text", "debit", "credit", "currency"], output)


@imports.command("file")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Payouts, an invoice or a bank statement.")],
    given: Annotated[str, typer.Option("--format", help="Left out: told by its content.")] = "",
    dry_run: DryRunOption = False, merchant: MerchantOption = None, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Import a file row by row; bad rows are refused with their reason, the rest is kept. Again: nothing changes.

    Formats: shopify, stripe, paypal, adyen, happy-returns-invoice, camt.053, ofx, mt940, bank-csv, and every
    finance.files.NAME.
    """
    raw = file.read_bytes()

    async def work(database: Database, settings: Settings, clock: Clock) -> importing.Imported:
        name = choose_merchant(settings, merchant)
        return await importing.import_file(
            database, name, settings.merchants[name], raw, name=file.name, given=given, now=clock.now(),
            actor=session.actor(), preview=dry_run,
        )  # fmt: skip

    told = run_with_database(config, work)
    shown = (
        told.rows
        if output is not Format.TABLE
        else [row for row in told.rows if row["result"] == "rejected" or row["note"]]
    )
    if output is Format.TABLE:
        emit_one(told.summary | {"changed": told.file_id is not None}, output)
    emit_list(shown, ["row", "result", "detail"], output, hint="homeward match run")
    if told.total > len(told.rows):
        all_rows = f"homeward import show {told.file_id}" if told.file_id else "import it, then homeward import show ID"
        errors.print(f"of each result the first {importing.SHOWN_MAX} rows are shown; all: {all_rows}", markup=False)
    for warning in told.warnings:
        errors.print(f"warning: {warning}", markup=False)
    if told.already:
        errors.print(f"this very file was imported at {told.already}", markup=False)
    bad = told.count("rejected")
    if bad:
        raise SystemExit(FAILED if bad == told.total else PARTIAL)


@imports.command("list")
def list_files(
    merchant: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Every imported file, the newest first, and whether it was undone."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            return [file_view(row) for row in await files.listing(connection, name, rows_max=limit)]

    emit_list(run_with_database(config, work), list(FILE_COLUMNS), output, hint="homeward import show ID")


@imports.command("show")
def show_file(
    file_id: Annotated[int, typer.Argument(metavar="ID")],
    result: Annotated[str | None, typer.Option("--result", help="accepted, replaced, repeated or rejected.")] = None,
    merchant: MerchantOption = None, limit: LimitOption = 1000, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """What became of each row of a file."""
    if result not in (None, "accepted", "replaced", "repeated", "rejected"):
        raise Stop(USAGE, "--result takes one of: accepted, replaced, repeated, rejected")

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            if not await files.listing(connection, name, file_id=file_id):
                raise Stop(NOT_FOUND, f"there is no imported file {file_id}: homeward import list")
            return [dict(row) for row in await files.rows(connection, name, file_id, result=result, rows_max=limit)]

    emit_list(run_with_database(config, work), ["row", "result", "detail", "leg"], output)


@imports.command("undo")
def undo(
    file_id: Annotated[int, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept for ever.")] = "",
    yes: YesOption = False, merchant: MerchantOption = None, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Take a file's rows out of the books again; the file stays on record, and may be imported anew."""
    if not reason.strip():
        raise Stop(USAGE, "--reason must say why")
    confirm(f"Undo the import of file {file_id}?", yes=yes)

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        told = await importing.undo(database, name, file_id, reason=reason, now=clock.now(), actor=session.actor())
        return {**told, "changed": True, "then": "homeward match run"}

    emit_one(run_with_database(config, work), output)
