"""One id, many ids, or a filter: what a list shows and what a change is about, said the same way everywhere."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from daemon.console.session import NOT_FOUND, REFUSED, USAGE, Stop, only
from daemon.filters import FIELDS, Condition, FilterError, combined, compile_filter
from daemon.store import board, reports
from daemon.store.board import EVERYTHING
from daemon.store.sql import Connection
from statemachine.causes import CAUSES, TEAMS
from statemachine.states import State

CHOSEN_MAX = 100_000

WhereOption = Annotated[
    str | None, typer.Option("--where", help="A filter, as 'cause=held and age>24h'; see: homeward help filters.")
]
StateOption = Annotated[State | None, typer.Option("--state", help="Only this state.")]
CauseOption = Annotated[
    str | None,
    typer.Option(
        "--cause", help="Only this cause.", autocompletion=lambda incomplete: _beginning(sorted(CAUSES), incomplete)
    ),
]
TeamOption = Annotated[
    str | None,
    typer.Option(
        "--team", help=f"Only this team's: {', '.join(TEAMS)}.",
        autocompletion=lambda incomplete: _beginning(TEAMS, incomplete),
    ),
]  # fmt: skip
OrderOption = Annotated[str | None, typer.Option("--order", help="Only this order number.")]
SkuOption = Annotated[str | None, typer.Option("--sku", help="Only with a unit of this SKU.")]
AssigneeOption = Annotated[str | None, typer.Option("--assignee", help="Only who this person works on; '' is nobody.")]
AgeOption = Annotated[str | None, typer.Option("--age", help="Only this long where they are, as '>24h' or '<3d'.")]
FingerprintOption = Annotated[str | None, typer.Option("--fingerprint", help="Only what this one entry stops.")]
ExplainFilterOption = Annotated[bool, typer.Option("--explain-filter", help="Print the filter in full, and end.")]


def _beginning(known: Iterable[str], incomplete: str) -> list[str]:
    """What a shell offers to complete."""
    return [each for each in known if each.startswith(incomplete)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the flags asked for, as one filter; empty is everything."""

    text: str

    def under(self, always: str) -> "Asked":
        """The same within what `always` fits."""
        return Asked(f"{always} and ({self.text})") if always else self

    def condition(self, now: datetime) -> Condition:
        """Raises Stop for a filter that cannot be understood."""
        if not self.text:
            return EVERYTHING
        try:
            return compile_filter(self.text, now)
        except FilterError as error:
            see = "fields and words: homeward help filters"
            raise Stop(USAGE, f"this filter cannot be understood: {error}\n{see}") from error


def asked(
    where: str | None = None, *, state: State | str | None = None, cause: str | None = None, team: str | None = None,
    order: str | None = None, sku: str | None = None, assignee: str | None = None, age: str | None = None,
    fingerprint: str | None = None, always: str = "",
) -> Asked:  # fmt: skip
    """The flags and the expression as one filter; the flags are short for it, nothing more."""
    flags = {
        "state": str(state) if state else None, "cause": cause, "team": team, "order": order, "sku": sku,
        "assignee": assignee, "fingerprint": fingerprint,
    }  # fmt: skip
    return Asked(combined(where, flags, age=age, always=always))


async def choose(
    connection: Connection, ids: Iterable[str], filter_: Asked, *, merchant: str | None, now: datetime, always: str = ""
) -> list[tuple[str, int]]:
    """Merchant and id of what is meant: the ids, or everything the filter fits, in the order it came in.

    `always`: what a filter is about even when it does not say so; ids mean exactly themselves.
    """
    names = [each for given in ids for each in _read(given)]
    if not names and list(ids) == ["-"]:
        return []  # an empty pipe: nothing to do
    if names and filter_.text:
        raise Stop(USAGE, "give ids or a filter, not both")
    if not names and not filter_.text:
        raise Stop(USAGE, "say which: an id, ids from stdin with '-', or a filter with --where")
    if not names:
        condition = filter_.under(always).condition(now)
        return await board.chosen(connection, condition, merchants=only(merchant), rows_max=CHOSEN_MAX)
    chosen: dict[tuple[str, int], None] = {}
    for name in names:
        chosen[await _one(connection, name, merchant)] = None
    return list(chosen)


async def find(connection: Connection, name: str, merchant: str | None) -> list[tuple[str, int]]:
    """Merchant and id of what is known under this name, the likeliest first. Raises Stop when nothing is."""
    if not name.strip():
        raise Stop(USAGE, "the identifier is empty")
    found = await reports.find(connection, name, only(merchant))
    if not found:
        raise Stop(NOT_FOUND, f"no return is known under '{name}'; ask for it: homeward event pull {name}")
    return found


async def _one(connection: Connection, name: str, merchant: str | None) -> tuple[str, int]:
    found = await find(connection, name, merchant)
    if len(found) > 1:
        several = ", ".join(str(each) for _, each in found)
        raise Stop(REFUSED, f"'{name}' fits returns {several}: give the id of the one you mean")
    return found[0]


def _read(given: str) -> list[str]:
    """`-` is ids from stdin, one a line."""
    if given != "-":
        return [given]
    if sys.stdin.isatty():
        raise Stop(USAGE, "'-' reads ids from stdin, and nothing is piped in")
    return [line.strip() for line in sys.stdin if line.strip()]


def fields_told() -> list[dict[str, Any]]:
    """For `homeward help filters`."""
    return [{"field": name, "holds": field.kind.value, "is": field.tells} for name, field in FIELDS.items()]
