"""`homeward match …` and `homeward orphan …`: which facts belong together, what is missing, and what people say of it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import typer

from daemon import app as application
from daemon.actions.matching import decide, suggested
from daemon.clock import Clock
from daemon.console import session
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.session import (
    DIFFERENCES,
    NOT_FOUND,
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
from daemon.finance.collect import Sources, collect
from daemon.finance.matching import run_matching
from daemon.settings import Settings
from daemon.store import legs as legs_store
from daemon.store import matches as store
from daemon.store.database import Database
from daemon.views.books import MATCH_COLUMNS, ORPHAN_COLUMNS, match_detail, match_view, orphan_view
from statemachine.books.matching import Action, Status
from statemachine.books.orphans import OrphanClass
from statemachine.refs import order_key

match = typer.Typer(help="Return, credit, stock, refund, payout and fee: what belongs together.", no_args_is_help=True)
orphan = typer.Typer(help="Legs without their partner, past their clock.", no_args_is_help=True)

KeysArgument = Annotated[list[str], typer.Argument(metavar="KEY...", help="Matches or legs, as the lists name them.")]
WhyOption = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]
NoteOption = Annotated[str, typer.Option("--note", help="In your own words.")]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@match.command("run")
def run(
    whole: Annotated[bool, typer.Option("--whole", help="Read everything within reach again.")] = False,
    no_read: Annotated[bool, typer.Option("--no-read", help="Match what is known; ask neither vendor.")] = False,
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Read both systems' books and match everything. Posts nothing. The daemon does it daily by itself."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        told, faults = settings.merchants[name], []
        if not no_read:
            async with application.open_clients(settings, name, clock=clock, database=database) as clients:
                sources = Sources(
                    name, told, database, clients.brightpearl, clients.happy_returns, clock.now,
                    tell=lambda text: errors.print(f"reading: {text}", style="dim"),
                )  # fmt: skip
                done = await collect(sources, clock.now(), whole=whole)
            faults = list(done.faults or ())
        books, change = await run_matching(database, name, told, now=clock.now(), actor=session.actor())
        async with database.reading() as connection:
            kept = await store.run_of_id(connection, name, change.run_id)
        assert kept is not None
        figures = kept["figures"]
        return {
            "run": change.run_id, "at": kept["at"], "legs": len(books.legs), "by_status": figures["by_status"],
            "auto_match_rate": figures["auto_match_rate"], "newly_matched": change.newly_matched,
            "newly_broken": change.newly_broken, "orphans": len(books.orphans), "orphans_opened": change.opened_orphans,
            "orphans_closed": change.closed_orphans, "not_read": faults, "changed": True,
            "see": "homeward match list --open; homeward orphan list",
        }  # fmt: skip

    told = run_with_database(config, work)
    emit_one(told, output)
    if told["not_read"]:
        errors.print(f"not read: {'; '.join(told['not_read'])}", markup=False)


@match.command("list")
def list_matches(
    status: Annotated[list[Status] | None, typer.Option("--status", help="Only these; again for another.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Everything that is not settled.")] = False,
    payouts: Annotated[bool, typer.Option("--payouts", help="Payouts and the bank, instead of returns.")] = False,
    currency: Annotated[str | None, typer.Option("--currency")] = None,
    order: Annotated[str | None, typer.Option("--order", help="Only this order's.")] = None,
    from_on: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    until_on: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"])] = None,
    merchant: MerchantOption = None, limit: LimitOption = 100, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Matches of the last run, the dearest first."""
    wanted = [str(each) for each in status or ()]
    if open_only:
        wanted += [str(each) for each in (Status.SUGGESTED, Status.PARTIAL, Status.UNMATCHED, Status.DISPUTED)]
    asked = store.Wanted(
        wanted, currency, order_key(order) if order else None, _day(from_on), _day(until_on), is_return=not payouts
    )

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            rows = await store.listing(connection, name, asked, rows_max=limit)
        return [match_view(row) for row in rows]

    emit_list(run_with_database(config, work), list(MATCH_COLUMNS), output, hint="homeward match show KEY")


def _day(told: datetime | None) -> date | None:
    return told.date() if told else None


@match.command("show")
def show(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A match, or any leg of one.")],
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """One match: how its legs compare, and each leg, from bank line to physical unit."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            row = await store.of_key(connection, name, key)
            if row is None:
                raise Stop(NOT_FOUND, f"{key} is neither a match nor a leg of one: homeward match list")
            return match_detail(row, await legs_store.of_keys(connection, name, row["legs"]))

    told = run_with_database(config, work)
    if output is not Format.TABLE:
        emit_one(told, output)
        return
    emit_one({name: value for name, value in told.items() if name not in ("checks", "legs")}, output)
    emit_list(told["checks"], ["name", "result", "detail", "expected", "found", "due_on"], output)
    emit_list(told["legs"], ["kind", "on", "currency", "amount", "quantity", "order", "sku", "key"], output)


@match.command("runs")
def runs(
    merchant: MerchantOption = None,
    limit: LimitOption = 20,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Every time the books were matched: when, by whom, with what result."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            rows = await store.runs(connection, name, limit)
        return [
            {"id": row["id"], "at": row["at"], "actor": row["actor"], "legs": row["legs"],
             **{each: row["figures"].get(each) for each in ("by_status", "auto_match_rate", "newly_matched", "newly_broken",
                                                            "opened_orphans", "closed_orphans")}}
            for row in rows
        ]  # fmt: skip

    columns = ["id", "at", "actor", "legs", "auto_match_rate", "newly_matched", "newly_broken", "opened_orphans"]
    emit_list(run_with_database(config, work), columns, output)


@match.command("diff")
def diff(
    since: Annotated[str, typer.Option("--since", help="A run's id, or last: the one before the newest.")] = "last",
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 when there are differences.")] = False,
    merchant: MerchantOption = None, limit: LimitOption = 1000, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """What is newly matched and newly broken since a run."""
    if since != "last" and not since.isdigit():
        raise Stop(USAGE, "--since takes a run's id, or last")

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            known = await store.runs(connection, name, 2)
            if not known:
                raise Stop(NOT_FOUND, "the books were never matched: homeward match run")
            first = known[-1]["id"] if since == "last" else int(since)
            if await store.run_of_id(connection, name, first) is None:
                raise Stop(NOT_FOUND, f"there is no run {first}: homeward match runs")
            rows = await store.differences(connection, name, first=first, last=known[0]["id"], rows_max=limit)
        return [
            {"key": row["key"], "before": row["before"], "after": row["after"], "reason": row["reason"],
             "order": row["order_key"], "currency": row["currency"], "value": row["value"]} for row in rows
        ]  # fmt: skip

    rows = run_with_database(config, work)
    emit_list(rows, ["key", "before", "after", "order", "currency", "value", "reason"], output)
    if rows and exit_code:
        raise SystemExit(DIFFERENCES)


VERBS: dict[str, tuple[Action, str]] = {
    "accept": (Action.MATCH, "These belong together; one key alone takes what is suggested. Links, and posts nothing."),
    "unmatch": (Action.UNMATCH, "These legs do not belong where they are; each stands alone until it is put elsewhere."),
    "dispute": (Action.DISPUTE, "Mark a match as disputed with the other side; it stays open."),
    "write-off": (Action.WRITE_OFF, "Nothing more is expected of a match; books it nowhere."),
    "out-of-scope": (Action.OUT_OF_SCOPE, "A match is none of returns' business."),
    "reopen": (Action.REOPEN, "Take back dispute, write-off or out-of-scope."),
}  # fmt: skip
"""What people say of matches: the verb, what it does, and its help."""


def _verb(action: Action) -> Callable[..., None]:
    def command(
        keys: KeysArgument, reason: WhyOption = "", note: NoteOption = "", yes: YesOption = False,
        dry_run: DryRunOption = False, merchant: MerchantOption = None, output: OutputOption = Format.TABLE,
        config: ConfigOption = None,
    ) -> None:  # fmt: skip
        if not reason.strip():
            raise Stop(USAGE, "--reason must say why")
        if not dry_run:
            confirm(f"{action} {', '.join(keys)}?", yes=yes)

        async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
            name = choose_merchant(settings, merchant)
            meant = keys
            if action is Action.MATCH and len(keys) == 1:
                async with database.reading() as connection:
                    meant = await suggested(connection, name, keys[0])
            return await decide(
                database, name, settings.merchants[name], action, meant, actor=session.actor(), reason=reason, note=note,
                now=clock.now(), dry_run=dry_run,
            )  # fmt: skip

        emit_one(run_with_database(config, work), output)

    return command


for _name, (_action, _tells) in VERBS.items():
    match.command(_name, help=_tells)(_verb(_action))


@orphan.command("list")
def list_orphans(
    name: Annotated[OrphanClass | None, typer.Option("--class", help="Only this class.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="Only this team's.")] = None,
    merchant: MerchantOption = None, limit: LimitOption = 1000, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Open orphans with value, age, owner and next step, the dearest first."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        chosen = choose_merchant(settings, merchant)
        bounds, today = settings.merchants[chosen].finance.age_bounds, clock.now().date()
        async with database.reading() as connection:
            rows = await store.orphans(connection, chosen, None, str(name) if name else None)
        told = [orphan_view(row, today, bounds) for row in rows]
        return [row for row in told if team is None or row["owner"] == team][:limit]

    columns = [each for each in ORPHAN_COLUMNS if each not in ("next_step", "match")] + ["key"]
    emit_list(run_with_database(config, work), columns, output, hint="homeward orphan show KEY")


@orphan.command("show")
def show_orphan(
    key: Annotated[str, typer.Argument(metavar="KEY", help="As the list names it: CLASS:MATCH.")],
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """One orphan: what it means, what to do, and when it opened, changed and closed."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        chosen = choose_merchant(settings, merchant)
        async with database.reading() as connection:
            open_ = {row["key"]: row for row in await store.orphans(connection, chosen, None)}
            history = [dict(row) for row in await store.orphan_history(connection, chosen, key)]
        if not history:
            raise Stop(NOT_FOUND, f"there is and was no orphan {key}: homeward orphan list")
        told = orphan_view(open_[key], clock.now().date()) if key in open_ else {"key": key, "closed": True}
        return {**told, "history": history}

    emit_one(run_with_database(config, work), output)
