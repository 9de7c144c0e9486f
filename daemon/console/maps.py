"""`homeward map …`: the merchant's maps, checked, tried on the past, and accepted."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from daemon import app as application
from daemon.actions import perform
from daemon.actions.map_changes import accept, differences
from daemon.actions.map_lint import lint
from daemon.actions.map_replay import Replayed, replay
from daemon.actions.recheck import judge
from daemon.clients.brightpearl import BrightpearlClient
from daemon.clock import Clock
from daemon.console import session
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.selecting import Asked
from daemon.console.session import (
    DIFFERENCES,
    FAILED,
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
    choose_merchant,
    run_with_database,
)
from daemon.maps import read_map
from daemon.settings import Settings
from daemon.settings_merchant import PolicySettings
from daemon.store import board
from daemon.store import maps as maps_store
from daemon.store.database import Database
from statemachine.credit.maps import CreditMap

maps = typer.Typer(
    help="Maps: what return reasons, codes, bundles and fees mean in Brightpearl. Files people review.",
    no_args_is_help=True,
)

_T = TypeVar("_T")
FREED_MAX = 1000  # stopped returns that are tried with maps just accepted; `exception recheck` tries all

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="The map file; left out: the merchant's map_file.")
]
SinceOption = Annotated[str, typer.Option("--since", help="How far back, as 12h, 30d or a date.")]
ExitCodeOption = Annotated[bool, typer.Option("--exit-code", help="Exit 3 when something differs.")]


@maps.command("lint")
def lint_map(
    file: FileArgument = None,
    since: SinceOption = "90d",
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Check a map file against the live account and every reason and SKU really seen. Exit 1 when a fault is found."""

    async def work(database: Database, settings: Settings, clock: Clock, name: str, client: BrightpearlClient) -> Any:
        found = _read(settings, name, file)
        policy = settings.merchants[name].policy
        start = _since(since, clock.now())
        return found, await lint(found, client, database, merchant=name, policy=policy, since=start)

    found, faults = _with_client(config, merchant, work)
    emit_list([fault.as_row() for fault in faults], ["entry", "fault", "detail", "fix"], output)
    if faults:
        errors.print(f"{len(faults)} fault(s) in version {found.version}")
        raise SystemExit(FAILED)
    errors.print(f"version {found.version}: no faults", style="dim")


@maps.command("what-if")
def what_if(
    file: FileArgument = None,
    since: SinceOption = "30d",
    all_rows: Annotated[bool, typer.Option("--all", help="Also returns that nothing changes for.")] = False,
    exit_code: ExitCodeOption = False,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Decide past and stuck returns again with a changed map; show what would be posted otherwise. Changes nothing."""

    async def work(database: Database, settings: Settings, clock: Clock, name: str, client: BrightpearlClient) -> Any:
        changed, now = _read(settings, name, file), clock.now()
        return await replay(
            await _in_force(database, name), changed, client, database, merchant=name,
            policy=settings.merchants[name].policy, since=_since(since, now), now=now,
            tell=lambda count: errors.print(f"{count} returns replayed", style="dim"),
        )  # fmt: skip

    found: list[Replayed] = _with_client(config, merchant, work)
    told = [each for each in found if all_rows or each.fate != "unchanged"]
    columns = ["id", "express_code", "order_number", "state", "fate", "now", "then", "changes"]
    emit_list([each.as_row() for each in told], columns, output)
    counts = {fate: sum(each.fate == fate for each in found) for fate in dict.fromkeys(each.fate for each in found)}
    summary = ", ".join(f"{count} {fate}" for fate, count in sorted(counts.items())) or "none to replay"
    errors.print(f"{len(found)} returns: {summary}")
    if exit_code and any(each.fate != "unchanged" for each in found):
        raise SystemExit(DIFFERENCES)


@maps.command("accept")
def accept_map(
    reason: ReasonOption,
    file: FileArgument = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Put a map file in force: lint it, record who accepted it and why. The daemon follows at once, without restart."""
    if not reason.strip():
        raise Stop(USAGE, "--reason must say why")

    async def work(database: Database, settings: Settings, clock: Clock, name: str, client: BrightpearlClient) -> Any:
        found, now = _read(settings, name, file), clock.now()
        before = await _in_force(database, name)
        told: dict[str, Any] = {
            "merchant": name,
            "version": found.version,
            "version_before": before.version,
            "changes": differences(before, found),
        }
        if found.version == before.version:
            return {**told, "changed": False}
        faults = await lint(
            found,
            client,
            database,
            merchant=name,
            policy=settings.merchants[name].policy,
            since=now - timedelta(days=90),
        )
        wrong = [fault for fault in faults if fault.fault != "not covered"]
        if wrong:
            listed = "\n".join(f"  {fault.entry}: {fault.detail}" for fault in wrong)
            raise Stop(REFUSED, f"version {found.version} has {len(wrong)} fault(s) and was not accepted:\n{listed}")
        told["not_covered"] = [f"{fault.entry}: {fault.detail}" for fault in faults]
        if dry_run:
            return {**told, "changed": False}
        gaps = f" {len(faults)} thing(s) really seen are not covered and would stop." if faults else ""
        session.confirm(f"Put version {found.version} in force for {name}?{gaps}", yes=yes)
        await accept(database, name, found, accepted_by=session.actor(), reason=reason, now=now)
        told |= {"changed": True, "see": "homeward map history"}
        return told | await _what_it_frees(database, client, settings.merchants[name].policy, name, clock)

    emit_one(_with_client(config, merchant, work), output)


@maps.command("show")
def show_map(merchant: MerchantOption = None, output: OutputOption = Format.JSON, config: ConfigOption = None) -> None:
    """The maps in force, with who accepted them."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            row = await maps_store.latest(connection, name)
        return {"merchant": name, **dict(row)} if row is not None else {"merchant": name, "version": "", "content": {}}

    emit_one(run_with_database(config, work), output)


@maps.command("history")
def history(
    merchant: MerchantOption = None, limit: LimitOption = 100, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Who accepted which version, when and why, and how many credits each decided."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            rows = await maps_store.history(connection, choose_merchant(settings, merchant), limit)
        return [dict(row) for row in rows]

    columns = ["id", "version", "accepted_at", "accepted_by", "reason", "credits"]
    emit_list(run_with_database(config, work), columns, output)


async def _what_it_frees(
    database: Database, client: BrightpearlClient, policy: PolicySettings, merchant: str, clock: Clock
) -> dict[str, Any]:
    """How many stopped returns would pass with the maps now in force."""
    async with database.reading() as connection:
        condition = Asked("state=exception").condition(clock.now())
        chosen = await board.chosen(connection, condition, merchants=[merchant], rows_max=FREED_MAX)
    stopped = await perform.load(database, chosen)
    found, _ = await judge(
        database, client, stopped, merchant=merchant, policy=policy, clock=clock, tell=lambda count: None
    )
    told = {"stopped": found["stopped"], "would_pass": found["would_pass"]}
    return {**told, "then": "homeward exception recheck --release"} if found["would_pass"] else told


async def _in_force(database: Database, merchant: str) -> CreditMap:
    async with database.reading() as connection:
        return await maps_store.in_force(connection, merchant)


def _read(settings: Settings, merchant: str, file: Path | None) -> CreditMap:
    path = file or settings.merchants[merchant].map_file
    if path is None:
        raise Stop(USAGE, f"name a map file, or set merchants.{merchant}.map_file")
    return read_map(path)


def _since(told: str, now: datetime) -> datetime:
    """12h, 30d, or a date."""
    unit = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}.get(told[-1:])
    if unit is not None and told[:-1].isdigit():
        return now - int(told[:-1]) * unit
    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise Stop(USAGE, f"--since {told}: give it as 12h, 30d or 2026-01-31") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _with_client(
    config: Path | None, merchant: str | None,
    work: Callable[[Database, Settings, Clock, str, BrightpearlClient], Awaitable[_T]],
) -> _T:  # fmt: skip
    """Database and the merchant's Brightpearl, for commands that read both."""

    async def main(database: Database, settings: Settings, clock: Clock) -> _T:
        name = choose_merchant(settings, merchant)
        async with application.open_clients(settings, name, clock=clock, database=database) as clients:
            return await work(database, settings, clock, name, clients.brightpearl)

    return run_with_database(config, main)
