"""`homeward audit …`: do the books hold, what stands in the way of a clean run, and taking in what was before."""

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from daemon import app as application
from daemon.clock import Clock
from daemon.console import session
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.session import (
    DIFFERENCES,
    FAILED,
    USAGE,
    ConfigOption,
    DryRunOption,
    MerchantOption,
    OutputOption,
    Stop,
    YesOption,
    actor,
    choose_merchant,
    confirm,
    run_with_database,
)
from daemon.finance import books_check
from daemon.finance.formats.catalogue import read_file
from daemon.finance.formats.reading import Context
from daemon.finance.gaps import backfill as filling
from daemon.finance.gaps import findings as gaps_found
from daemon.finance.gaps.facts import GapFacts, Scope, gather
from daemon.maps import read_map
from daemon.settings import Settings
from daemon.store import chain
from daemon.store import evidence as evidence_store
from daemon.store import legs as legs_store
from daemon.store import maps as maps_store
from daemon.store.database import SCHEMA_VERSION, Database
from daemon.views.evidence import pack
from statemachine.books.legs import Kind, Leg

audit = typer.Typer(help="Check the books, find the gaps, take in the past.", no_args_is_help=True)

DaysOption = Annotated[int, typer.Option("--days", min=1, max=730, help="How far back shipments are looked at.")]
ReturnsOption = Annotated[
    int, typer.Option("--returns", min=0, max=20_000, help="At most so many returns are read; each is one slow call.")
]


@audit.command("books")
def books(
    names: Annotated[list[str] | None, typer.Option("--check", help="Only this one; again for another.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that hold.")] = False,
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Named invariants over both systems; nothing on stdout and exit 0 when they hold, exit 1 when one does not."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        done = await books_check.run_checks(
            database, name, settings.merchants[name], now=clock.now(), actor=session.actor(), names=names or ()
        )
        rows: list[dict[str, Any]] = []
        for each in done:
            common = {"check": each.name, "says": each.says, "owner": each.owner}
            rows += [{**common, "holds": False, **asdict(violation)} for violation in each.violations]
            if everything and not each.violations:
                rows.append({**common, "holds": True, "subject": "", "detail": "", "value": "0", "currency": ""})
        return rows

    rows = run_with_database(config, work)
    if not rows:
        errors.print("every invariant holds")
    if rows or output is not Format.TABLE:
        emit_list(rows, ["check", "subject", "detail", "value", "currency", "owner"], output)
    if any(not row["holds"] for row in rows):
        raise SystemExit(FAILED)


async def _facts(
    database: Database, settings: Settings, clock: Clock, name: str, scope: Scope, invoice: bytes | None
) -> GapFacts:
    told = settings.merchants[name]
    async with database.reading() as connection:
        maps = await maps_store.in_force(connection, name)
        known = await legs_store.known_at(connection, name, clock.now())
    fees: list[Leg] = [leg for leg in known if leg.kind is Kind.FEE]
    if invoice is not None:
        context = Context(ZoneInfo(told.calendar.timezone), told.finance.files)
        reading = read_file(invoice, context)
        fees += [row.leg for row in reading.rows if row.leg is not None and row.leg.kind is Kind.FEE]
    if not maps.version and told.map_file is not None:
        maps = read_map(told.map_file)  # before go-live nothing is in force yet: what is meant to be is tried
    async with application.open_clients(settings, name, clock=clock, database=database) as clients:
        return await gather(
            name, told, clients.brightpearl, clients.happy_returns, maps=maps, now=clock.now(), scope=scope, fees=fees,
            tell=lambda text: errors.print(f"reading {text} …", style="dim"),
        )  # fmt: skip


@audit.command("gaps")
def gaps(
    days: DaysOption = 90, returns: ReturnsOption = 300,
    only: Annotated[list[str] | None, typer.Option("--only", help="Only this finding; again for another.")] = None,
    invoice: Annotated[Path | None, typer.Option("--invoice", exists=True, help="An invoice to price.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 when there are findings.")] = False,
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """What stands in the way of a clean run, on an account Homeward has never touched. Reads only."""
    if unknown := sorted(set(only or ()) - set(gaps_found.NAMES)):
        raise Stop(USAGE, f"there is no finding {', '.join(unknown)}; there are: {', '.join(gaps_found.NAMES)}")

    raw = invoice.read_bytes() if invoice is not None else None

    async def work(database: Database, settings: Settings, clock: Clock) -> tuple[list[gaps_found.Finding], GapFacts]:
        name = choose_merchant(settings, merchant)
        facts = await _facts(database, settings, clock, name, Scope(days, returns), raw)
        return gaps_found.find(facts), facts

    found, facts = run_with_database(config, work)
    rows = [finding_row(each) for each in found if not only or each.name in only]
    emit_list(rows, ["finding", "severity", "owner", "count", "value", "examples", "fix", "recheck"], output)
    for each in facts.unanswered:
        errors.print(f"not looked at: {each}", markup=False)
    read = len({item.express_code for item in facts.items})
    if read < facts.seen:
        errors.print(f"{read} of {facts.seen} returns were read; --returns reads more", markup=False)
    if rows and exit_code:
        raise SystemExit(DIFFERENCES)


def finding_row(each: gaps_found.Finding) -> dict[str, Any]:
    return {
        "finding": each.name, "says": each.says, "severity": each.severity, "owner": each.owner, "count": each.count,
        "value": {currency: str(amount) for currency, amount in each.value.items()}, "examples": list(each.examples),
        "fix": each.fix, "recheck": each.recheck,
    }  # fmt: skip


@audit.command("evidence")
def evidence(
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, UTC.")],
    until: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included.")],
    file: Annotated[Path, typer.Option("--file", "-f", dir_okay=False, help="The zip to write.")],
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """What an auditor asks for, of a span of days: access, changes, overrides, closes, checks, erasures; with digests.

    deploy/compliance/controls.md says which control each list is evidence of. --merchant: for one merchant's own auditor,
    with nothing of any other's.
    """
    begins, ends = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC) + timedelta(days=1)
    if ends <= begins:
        raise Stop(USAGE, f"--to {until:%Y-%m-%d} lies before --from {since:%Y-%m-%d}")

    async def work(database: Database, settings: Settings, clock: Clock) -> bytes:
        names = sorted(settings.merchants) if merchant is None else [choose_merchant(settings, merchant)]
        async with database.snapshot() as connection:
            lists = await evidence_store.gather(connection, begins, ends, merchant=merchant)
            chains = [await chain.verify(connection, name) for name in names]
        about = {
            "from": f"{since:%Y-%m-%d}", "to": f"{until:%Y-%m-%d}", "made_at": clock.now().isoformat(), "made_by": actor(),
            "merchants": names, "version": installed("homeward"), "schema": SCHEMA_VERSION,
            "journals": [
                {"merchant": each.merchant, "head": each.head, "link": each.link, "is_whole": each.broken_at is None}
                for each in chains
            ],
        }  # fmt: skip
        return pack(lists, about)

    made = run_with_database(config, work)
    file.write_bytes(made)
    emit_one({"file": str(file), "bytes": len(made), "sha256": hashlib.sha256(made).hexdigest()}, output)


@audit.command("backfill")
def backfill(
    days: DaysOption = 90, returns: ReturnsOption = 300,
    per_hour: Annotated[int, typer.Option("--per-hour", min=1, max=3600, help="Returns asked about an hour.")] = 200,
    yes: YesOption = False, dry_run: DryRunOption = False, merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Take in returns that were made before Homeward. Preview with --dry-run; again: goes on where it was."""

    async def read(database: Database, settings: Settings, clock: Clock) -> list[filling.Candidate]:
        name = choose_merchant(settings, merchant)
        facts = await _facts(database, settings, clock, name, Scope(days, returns), None)
        return await filling.unknown(database, name, filling.candidates(facts))

    found = run_with_database(config, read)
    rows = [{**asdict(each), "orders": " ".join(each.orders), "value": str(each.value)} for each in found]
    emit_list(rows, ["code", "orders", "units", "would", "value", "currency"], output)
    if not found or dry_run:
        errors.print(f"{len(found)} return(s) would be taken in" if found else "nothing is left to take in")
        return
    takes = timedelta(hours=len(found) / per_hour)
    confirm(
        f"Ask Happy Returns about {len(found)} returns within {takes}? What is due is then credited by policy.", yes=yes
    )

    async def work(database: Database, settings: Settings, clock: Clock) -> int:
        name = choose_merchant(settings, merchant)
        return await filling.open_backfill(database, name, found, per_hour=per_hour, now=clock.now())

    count = run_with_database(config, work)
    errors.print(f"{count} return(s) will be asked about; homeward return list shows them come in", markup=False)
