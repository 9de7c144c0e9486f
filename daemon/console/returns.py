"""`homeward return …` and `homeward exception …`: what is where, why, and what to do."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from daemon.clock import Clock
from daemon.console import session
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.passport import passport_view, summary_view
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
from daemon.settings import Settings
from daemon.store import inbox, outbox, reports
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.store.sql import Connection
from statemachine.causes import CAUSES, TEAMS
from statemachine.events import Event, UnitsReceived
from statemachine.states import State
from statemachine.units import Condition

returns = typer.Typer(help="Returns: list them, follow one, receive its goods.", no_args_is_help=True)

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Our id, express code, order number, Happy Returns id, credit id.")
]
SUMMARY = ["id", "merchant", "express_code", "order_number", "part", "state", "since", "units", "credit_id", "cause"]


@returns.command("list")
def list_returns(
    state: Annotated[State | None, typer.Option("--state", help="Only this state.")] = None,
    cause: Annotated[str | None, typer.Option("--cause", help="Only this cause.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="Only this team's.")] = None,
    order: Annotated[str | None, typer.Option("--order", help="Only this order number.")] = None,
    after: Annotated[int | None, typer.Option("--after", help="Page on: only ids below this one.")] = None,
    merchant: MerchantOption = None,
    limit: LimitOption = 1000,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List returns, newest first. Example: homeward return list --state credit-pending -o json"""
    known(cause=cause, team=team)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            rows = await reports.returns(
                connection, merchant=merchant, state=state.value if state else None, cause=cause, owner=team,
                order_number=order, after=after, rows_max=limit,
            )  # fmt: skip
        return [summary_view(row) for row in rows]

    emit_list(run_with_database(config, work), SUMMARY, output, hint="Follow one: homeward return show ID")


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
        _printpassport_of(found)
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
            merchant_name, return_id = await find_one(connection, identifier, merchant)
            told = await reports.passport(connection, merchant_name, return_id)
            attempts = await outbox.attempts_of(connection, merchant_name, return_id)
        lines = [
            {"at": row["at"], "what": row["event"], "by": row["actor"],
             "detail": f"{row['from_state']} → {row['to_state']}", "facts": row["facts"]}
            for row in told["journal"]
        ]  # fmt: skip
        lines += [
            {"at": row["at"], "what": f"{row['kind']} attempt {row['attempt']}", "by": "brightpearl",
             "detail": row["outcome"], "facts": row["detail"]}
            for row in attempts
        ]  # fmt: skip
        return sorted(lines, key=lambda line: line["at"])

    emit_list(run_with_database(config, work), ["at", "what", "detail", "by", "facts"], output)


@returns.command("receive")
def receive(
    identifier: IdArgument,
    reason: ReasonOption,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="Unit key or SKU; left out: all not yet here.")
    ] = None,
    condition: Annotated[Condition, typer.Option("--condition", help="What the warehouse found.")] = Condition.SELLABLE,
    received_at: Annotated[datetime | None, typer.Option("--at", help="When; left out: now.")] = None,
    merchant: MerchantOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Record that the warehouse has units in hand. Example: homeward return receive HRK7Q2MX --reason arrived"""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        now = clock.now()
        async with database.reading() as connection:
            found = await only_one(connection, identifier, merchant, now)
        arrived = received_at or now
        arrived = arrived if arrived.tzinfo else arrived.replace(tzinfo=UTC)
        if arrived > now + timedelta(minutes=5):
            raise Stop(USAGE, f"--at {arrived.isoformat()} lies in the future")
        wanted = set(unit or ())
        units = [
            each for each in found["units"]
            if (not each["received_at"] or each["condition"] == "missing")
            and (not wanted or each["key"] in wanted or each["sku"] in wanted)
        ]  # fmt: skip
        if not units:
            raise Stop(
                REFUSED, f"return {found['id']}: no unit is left to receive{' under that name' if wanted else ''}"
            )
        keys = tuple(each["key"] for each in units)
        event = UnitsReceived(unit_keys=keys, condition=condition, received_at=arrived)
        natural_key = f"receive:{found['id']}:{'|'.join(keys)}:{condition.value}"
        names = ", ".join(each["sku"] or each["name"] or each["key"] for each in units)
        question = f"Receive {names} of return {found['id']} ({found['state']}) as {condition.value}?"
        return await say(database, found, event, natural_key, question, reason, yes=yes, dry_run=dry_run, now=now)

    emit_one(run_with_database(config, work), output)


async def say(
    database: Database, found: dict[str, Any], event: Event, natural_key: str, question: str, reason: str, *, yes: bool,
    dry_run: bool, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Put a person's event into the inbox, through the same door as everything else."""
    if not reason.strip():
        raise Stop(USAGE, "--reason must say why")
    told = {"id": found["id"], "event": event.name, "state_before": found["state"], "reason": reason}
    if dry_run:
        return {**told, "would": question.rstrip("?"), "changed": False}
    session.confirm(question, yes=yes)
    arrival = Arrival(
        natural_key=natural_key, event=event, happy_return_id=found["happy_return_id"],
        order_number=found["order_number"], part=found["part"], source=f"cli: {reason}"[:200], actor=session.actor(),
        received_at=now, trace=found["trace"],
    )  # fmt: skip
    async with database.transaction() as connection:
        fresh = await inbox.put(connection, found["merchant"], [arrival])
    return {**told, "changed": bool(fresh), "see": f"homeward return show {found['id']}"}


def known(*, cause: str | None, team: str | None) -> None:
    """A misspelt filter must not look like good news."""
    if cause is not None and cause not in CAUSES:
        raise Stop(USAGE, f"there is no cause '{cause}'; known: {', '.join(sorted(CAUSES))}")
    if team is not None and team not in TEAMS:
        raise Stop(USAGE, f"there is no team '{team}'; known: {', '.join(TEAMS)}")


async def find_one(connection: Connection, identifier: str, merchant: str | None) -> tuple[str, int]:
    if not identifier.strip():
        raise Stop(USAGE, "the identifier is empty")
    found = await reports.find(connection, identifier, merchant)
    if not found:
        raise Stop(NOT_FOUND, f"no return is known under '{identifier}'; ask for it: homeward event pull {identifier}")
    return found[0]


async def only_one(connection: Connection, identifier: str, merchant: str | None, now: datetime) -> dict[str, Any]:
    """For a change the identifier must mean one return; a code that fits several parts does not."""
    found = await passport_of(connection, identifier, merchant, now)
    if found["siblings"]:
        ids = ", ".join(str(each) for each in (found["id"], *found["siblings"]))
        raise Stop(REFUSED, f"'{identifier}' fits returns {ids}: give the id of the one you mean")
    return found


async def passport_of(connection: Connection, identifier: str, merchant: str | None, now: datetime) -> dict[str, Any]:
    found = await reports.find(connection, identifier, merchant)
    merchant_name, return_id = await find_one(connection, identifier, merchant)
    told = passport_view(await reports.passport(connection, merchant_name, return_id), now)
    return {**told, "siblings": [other for _, other in found if other != return_id]}


def _printpassport_of(found: dict[str, Any]) -> None:
    head = {
        key: value for key, value in found.items() if key not in ("units", "journal", "exception", "goods_in", "trace")
    }
    emit_one(head, Format.TABLE)
    if found["exception"]:
        emit_one({f"exception {key}": value for key, value in found["exception"].items()}, Format.TABLE)
    units = ["key", "sku", "name", "reason", "progress", "condition", "goods_in_id"]
    emit_list(found["units"], units, Format.TABLE)
    emit_list(found["journal"], ["at", "event", "from", "to", "actor"], Format.TABLE)
