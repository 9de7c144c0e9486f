"""The verbs of `homeward return` and `homeward exception`: their own flags, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from daemon.actions.verbs import Options
from daemon.console.changing import Asking, changes
from daemon.console.session import USAGE, Stop, person
from daemon.filters import moment_of
from statemachine.causes import TEAMS
from statemachine.events import Way
from statemachine.states import State
from statemachine.units import Condition

FORCED_TO = (State.SCANNED, State.CREDIT_PENDING, State.CREDITED, State.EXCEPTION, State.CLOSED)
SKEW = timedelta(minutes=5)


def add_verbs(app: typer.Typer, *, always: str = "") -> None:
    """Give a noun every verb. `always`: what its filters are about without saying so."""

    def verb(name: str) -> Callable[[Asking], Asking]:
        return changes(app, name, always=always)

    @verb("retry")
    def retry() -> Options:
        """Ask for another attempt once the cause is mended. Safe: what was done is looked up, never repeated blindly."""
        return Options()

    @verb("accept")
    def accept() -> Options:
        """Say that what stopped a return is all right for it, and go on. Only causes that may be accepted."""
        return Options()

    @verb("hold")
    def hold(
        for_team: Annotated[str, typer.Option("--for-team", help=f"Whose it is meanwhile: {', '.join(TEAMS)}.")] = "",
    ) -> Options:
        """Stop returns where they are: nothing that is not under way is begun until they are released."""
        if for_team and for_team not in TEAMS:
            raise Stop(USAGE, f"there is no team '{for_team}'; known: {', '.join(TEAMS)}")
        return Options(team=for_team)

    @verb("release")
    def release() -> Options:
        """Let go of what was held: it goes on where it was, and what was withheld is done."""
        return Options()

    @verb("resolve")
    def resolve() -> Options:
        """End an exception that was settled elsewhere: nothing more is done. Not while a refund of ours is still due."""
        return Options()

    @verb("reissue")
    def reissue() -> Options:
        """Make anew, under a fresh key, what Brightpearl lost: a credit, refund record or goods-in note that was sent and is
        not to be found. Only when that is certain: should the first one turn up, it exists twice."""
        return Options()

    @verb("force")
    def force(
        to: Annotated[State, typer.Option("--to", help=f"Where to: {', '.join(FORCED_TO)}.")],
        adopt: Annotated[
            int | None,
            typer.Option("--adopt", min=1, help="With credited: the credit to take over; it is read back first."),
        ] = None,
    ) -> Options:
        """Move returns past a rule, and name it. What is no fact in Brightpearl cannot be forced to be one."""
        if adopt is not None and to is not State.CREDITED:
            raise Stop(USAGE, "--adopt goes with --to credited")
        if to is State.INITIATED:
            raise Stop(USAGE, f"no word makes a return {to} again; it can be forced to: {', '.join(FORCED_TO)}")
        return Options(to=to.value, adopt=adopt, accepts=("credit-differs",) if adopt is not None else ())

    @verb("same-goods")
    def same_goods(
        do: Annotated[
            Way,
            typer.Option(
                "--do",
                help="adopt: the other return stands, this one ends and leaves it what is still to come. merge: this one "
                "stands, the other ends unpaid. refuse: this one ends unpaid. tell-apart: other goods under a reused id, "
                "credit them.",
            ),
        ],
    ) -> Options:
        """Say what is true of goods that another return holds as well. Only tell-apart lets them be credited again."""
        return Options(way=do)

    @verb("receive")
    def receive(
        unit: Annotated[
            list[str] | None, typer.Option("--unit", help="Unit key or SKU; left out: all not yet here.")
        ] = None,
        condition: Annotated[
            Condition, typer.Option("--condition", help="What the warehouse found.")
        ] = Condition.SELLABLE,
        received_at: Annotated[datetime | None, typer.Option("--at", help="When; left out: now.")] = None,
    ) -> Callable[[datetime], Options]:
        """Record that the warehouse has units in hand. Example: homeward return receive HRK7Q2MX --reason arrived"""
        told = Options(units=tuple(unit or ()), condition=condition, received_at=received_at)
        return lambda now: _received(told, now)

    @verb("assign")
    def assign(
        to: Annotated[str, typer.Option("--to", help="Who works on it: a name, 'me', or '' for nobody.")],
    ) -> Options:
        """Say who works on returns. Example: homeward exception assign --cause order-not-found --to me"""
        if len(to) > 100:
            raise Stop(USAGE, "--to is longer than 100 characters")
        return Options(to=person() if to == "me" else to.strip())

    @verb("snooze")
    def snooze(
        until: Annotated[str, typer.Option("--until", help="3d, 12h, tomorrow, a date; 'now' ends it.")],
    ) -> Callable[[datetime], Options]:
        """Let the clock of returns rest: nobody is alerted for them until then. Ends by itself when they move."""
        return lambda now: _until(until, now)

    @verb("note")
    def note() -> Options:
        """Write a note into the journal of returns."""
        return Options()


def _until(text: str, now: datetime) -> Options:
    if text == "now":
        return Options(until=None)
    moment = moment_of(text, now, ahead=True)
    if moment is None:
        raise Stop(USAGE, f"--until {text}: give it as 12h, 3d, tomorrow or 2026-01-31")
    if moment <= now:
        raise Stop(USAGE, f"--until {moment.isoformat()} is over already")
    if moment > now + timedelta(days=366):
        raise Stop(USAGE, "--until lies more than a year ahead: hold it, or end it")
    return Options(until=moment)


def _received(told: Options, now: datetime) -> Options:
    if told.received_at is None:
        return told
    arrived = told.received_at if told.received_at.tzinfo else told.received_at.replace(tzinfo=UTC)
    if arrived > now + SKEW:
        raise Stop(USAGE, f"--at {arrived.isoformat()} lies in the future")
    return replace(told, received_at=arrived)
