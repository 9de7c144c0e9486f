"""The operating model and the map of data, as Markdown made from the configuration and the tables. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from daemon.settings import Settings
from daemon.settings_alerts import TeamSettings
from daemon.views.checklists import CHECKLISTS
from statemachine.books.orphans import MEANS
from statemachine.causes import CAUSES, TEAMS
from statemachine.deadlines import ladder
from statemachine.policy import Policy
from statemachine.states import SENTENCES, State

OWNED = (
    ("that a return was started, for what, why, by which way back", "Happy Returns", "shopper and Happy Returns"),
    ("hand-over, approval, departure of bags", "Happy Returns", "Happy Returns' hosts and hubs"),
    ("order, prices, tax codes, customer", "Brightpearl", "the shop"),
    ("sales credit, refund record, invoice", "Brightpearl", "made by Homeward, or by finance"),
    ("stock, goods-in notes", "Brightpearl", "made by Homeward or by the warehouse, by policy"),
    ("that a unit arrived, and its condition", "Homeward", "the warehouse, by scan, file or API"),
    ("what reasons, codes, bundles and fees mean", "Homeward: the map", "finance, reviewed and accepted"),
    ("state, cause, owner, clock, every decision and attempt", "Homeward: the journal", "the daemon; never changed"),
    ("notes, assignments, forced moves and why", "Homeward: the journal", "whoever did it, by name"),
    ("who came in, who saw personal data", "Homeward: the access log", "the daemon; never changed"),
)
"""Each piece of a return's data: what, where it lives, who or what it comes from."""


def data_map() -> str:
    """Where each piece of return data lives."""
    head = (
        "# Where return data lives\n\nBrightpearl is right about money and stock, Happy Returns about the hand-over. "
    )
    told = head + "Where the two differ, the difference is an exception with an owner.\n\n"
    return told + _table(("What", "Lives in", "Comes from"), OWNED)


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
        owns = sum(cause.owner == team for cause in CAUSES.values())
        rows.append((team, str(owns), _ways(settings.alerts.of(team)) or "nobody is told: set alerts.teams"))
    for name, merchant in sorted(settings.merchants.items()):
        rows += [
            (f"{team} of {name}", "", _ways(own) or "nobody is told") for team, own in sorted(merchant.teams.items())
        ]
    return "## Teams\n\n" + _table(("Team", "Causes it owns", "Is told by"), rows)


def _ways(team: TeamSettings | None) -> str:
    """How a team is told, in words; empty where nobody is."""
    if team is None:
        return ""
    chat, webhook = ["chat"] if team.slack_url_file else [], [team.webhook_url] if team.webhook_url else []
    return ", ".join([*team.email, *chat, *webhook])


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
