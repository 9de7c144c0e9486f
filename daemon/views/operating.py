"""The operating model and the map of data, as Markdown made from the configuration and the tables. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from daemon.settings import Settings
from daemon.views.checklists import CHECKLISTS
from statemachine.books.orphans import MEANS
from statemachine.causes import CAUSES, TEAMS
from statemachine.deadlines import ladder
from statemachine.policy import Policy
from statemachine.states import SENTENCES, State

DATA: tuple[tuple[str, str, str, str], ...] = (
    ("Why and how the shopper returns", "Happy Returns", "unit facts, bodies as received", "read only"),
    ("Where the parcel is, drop-off, hub, bag", "Happy Returns", "unit, events in the inbox", "read only"),
    ("The order, its rows, prices, tax codes", "Brightpearl", "read for each decision, not kept but for its digest",
     "read only"),
    ("The sales credit, its invoice", "Brightpearl", "credit on the return, the outbox and its attempts",
     "written by Homeward, once, and read back"),
    ("The refund's record", "Brightpearl (the money itself moves in the shop or its payment platform)",
     "payment on the return", "written by Homeward, once, and read back"),
    ("Stock of returned goods", "Brightpearl", "goods-in notes on the units", "written by Homeward, once, and read back"),
    ("What the warehouse received, and in which condition", "the warehouse, by scanner or file", "receipts on the units",
     "kept here first; told to Happy Returns if policy says so"),
    ("Where a return stands, why, who owns it, by when", "Homeward", "returns, journal, deadline", "kept here alone"),
    ("Who decided what, and why", "Homeward", "journal, batches, access log", "kept here alone, never changed"),
    ("Payouts, fees, bank lines", "payment platforms, Happy Returns' invoice, the bank", "files and legs",
     "imported; never changed"),
    ("What the customer is told", "the merchant's own messaging", "messages", "told only after the books say so"),
)  # fmt: skip
"""Each piece of a return's data: who is its authority, where it is kept here, how it moves."""


def data_map() -> str:
    """Where each piece of return data lives."""
    head = (
        "# Where return data lives\n\nBrightpearl is right about money and stock, Happy Returns about the hand-over. "
    )
    told = head + "Where the two differ, the difference is an exception with an owner.\n\n"
    return told + _table(("Data", "Authority", "Kept here in", "How it moves"), DATA)


def operating_model(settings: Settings, alerts: Iterable[Mapping[str, Any]]) -> str:
    """Who owns which cause, with which clock and next step; who is told where; the rounds; the alerts."""
    parts = [
        "# Operating model\n\nMade from the configuration by `homeward docs operating-model`; never edited by hand.\n",
        _teams(settings),
        *(_merchant(name, told.machine_policy(), settings) for name, told in sorted(settings.merchants.items())),
        _orphans(), _rounds(), _alerts(alerts),
    ]  # fmt: skip
    return "\n".join(parts)


def _teams(settings: Settings) -> str:
    rows = []
    for team in TEAMS:
        told = settings.alerts.of(team)
        ways = [] if told is None else [*told.email, *(["chat"] if told.slack_url_file else []),
                                        *([told.webhook_url] if told.webhook_url else [])]  # fmt: skip
        owns = sum(cause.owner == team for cause in CAUSES.values())
        rows.append((team, str(owns), ", ".join(ways) or "nobody is told: set alerts.teams"))
    return "## Teams\n\n" + _table(("Team", "Causes it owns", "Is told by"), rows)


def _merchant(name: str, policy: Policy, settings: Settings) -> str:
    people = settings.merchants[name].people
    limit = (
        f"above {people.second_person_above} a second person agrees"
        if people.second_person_above
        else "no limit is set"
    )
    states = [
        (state.value, SENTENCES[state], _rungs(state, policy))
        for state in State if state is not State.EXCEPTION and ladder(state, policy)
    ]  # fmt: skip
    causes = [
        (
            f"`{cause.code}`",
            cause.owner,
            _rungs(State.EXCEPTION, policy, cause=cause.code),
            cause.means,
            cause.next_step,
        )
        for cause in CAUSES.values()
    ]
    return (
        f"## {name}\n\nA credit falls due when it is *{settings.merchants[name].policy.credit_trigger.replace('_', ' ')}*; "
        f"forced and accepted returns: {limit}.\n\n### Clocks of the states\n\n"
        + _table(("State", "Means", "Told, after"), states)
        + "\n### Causes: who owns them\n\n"
        + _table(("Cause", "Owner", "Told, after", "Means", "Next step"), causes)
    )


def _rungs(state: State, policy: Policy, *, cause: str = "") -> str:
    told = []
    for rung in ladder(state, policy, cause=cause):
        kind = " of work" if rung.in_business_time else ""
        told.append(f"{rung.tell}, {_span(rung.after)}{kind} ({rung.severity.value})")
    return "; ".join(told)


def _span(after: timedelta) -> str:
    hours = after.total_seconds() / 3600
    return f"{hours / 24:g} d" if hours >= 48 and hours % 24 == 0 else f"{hours:g} h"


def _orphans() -> str:
    rows = [(f"`{name.value}`", told.owner, told.means, told.next_step) for name, told in MEANS.items()]
    return "## What finance finds missing\n\n" + _table(("Orphan", "Owner", "Means", "Next step"), rows)


def _rounds() -> str:
    parts = ["## Rounds\n"]
    for name, items in CHECKLISTS.items():
        rows = [
            (item.title, item.why, f"`{item.do}`", f"`homeward checklist done {name} {item.key}`") for item in items
        ]
        parts.append(f"### {name}\n\n" + _table(("Item", "Why", "Look", "Write down"), rows))
    return "\n".join(parts)


def _alerts(alerts: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (each["alert"], each["labels"].get("team", "the team it names"), each["labels"]["severity"],
         f"`homeward help {each['annotations']['runbook']}`")
        for each in alerts
    ]  # fmt: skip
    return "## Alerts\n\n" + _table(("Alert", "Team", "Severity", "Runbook"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
