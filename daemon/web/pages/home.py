"""Home per role: today's queue, period status, inbound, health. Every number opens the list behind it."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from daemon.filters import term
from daemon.health.kinds import BRIGHTPEARL, HAPPY_RETURNS
from daemon.health.signals import troubles
from daemon.store import board, goods, health, inbox, merchant, notice, outbox
from daemon.store.figures import AGES, BAGS_MAX, CHART_DAYS, Snapshot
from daemon.views.forecast import quota_told
from daemon.views.health import signal_view, standing
from daemon.views.passport import summary_view
from daemon.web.charts import Chart, Series, lines, ranked, stacked
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.pages.lists import condition_of
from daemon.web.rendering import HOME_TITLES, page, query
from statemachine.causes import CUSTOMER_SERVICE, FINANCE
from statemachine.money import stated
from statemachine.states import State

QUEUE_ROWS = 15
ODD_MAX = 50
PARKED_MAX = 100
SHOWN_STATES = ("restocked", "credited", "credit-pending", "scanned", "initiated", "exception", "closed")
COLOURS = {
    "restocked": 1, "credited": 3, "credit-pending": 2, "scanned": 4, "initiated": 6, "exception": 5, "closed": 7,
}  # fmt: skip
"""A state has the same colour in every chart."""


async def root(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"/home/{request[PERSON].rights.home}")


async def show(request: web.Request) -> web.Response:
    name = request.match_info["home"]
    desk, person = request.app[DESK], request[PERSON]
    snapshots = await desk.figures.of(person.merchants)
    told = await HOMES[name](request, desk, snapshots)
    return await page(request, f"home_{name.replace('-', '_')}.html", title=HOME_TITLES[name], **told)


async def customer_service(request: web.Request, desk: Desk, snapshots: list[Snapshot]) -> dict[str, Any]:
    """What is stuck and whose clock runs out; what customers may be told."""
    person, mine = (
        request[PERSON],
        [row for each in snapshots for row in each.stuck if row["owner"] == CUSTOMER_SERVICE],
    )
    condition = condition_of(f"team={CUSTOMER_SERVICE}", always="state=exception", now=desk.now)
    async with desk.database.reading() as connection:
        rows = await board.by_clock(connection, condition, merchants=person.merchants, rows_max=QUEUE_ROWS)
        own = condition_of(term("assignee", person.name), always="state=exception", now=desk.now)
        yours = await board.counted(connection, own, merchants=person.merchants)
    return {
        "cli": f"homeward exception list --team {CUSTOMER_SERVICE}", "yours": yours,
        "rows": [summary_view(row) for _, row in rows],
        "stuck": _sum(mine, "returns"), "overdue": _sum(mine, "overdue"), "due_today": _sum(mine, "due_today"),
        "unassigned": _sum(mine, "unassigned"), "team": CUSTOMER_SERVICE, "mine": person.name,
        "causes": ranked(_pareto(mine)), "has_causes": bool(mine),
        "waits": _merged([row for each in snapshots for row in each.waits], "cause"),
        "waiting": sum(row["returns"] for each in snapshots for row in each.waits),
        **_service_charts(snapshots),
    }  # fmt: skip


async def finance(request: web.Request, desk: Desk, snapshots: list[Snapshot]) -> dict[str, Any]:
    """The month so far: credits, refunds, what is open, what is exposed."""
    mine = [row for each in snapshots for row in each.stuck if row["owner"] == FINANCE]
    return {
        "cli": "homeward merchant status", "team": FINANCE, "stuck": _sum(mine, "returns"), "overdue": _sum(mine, "overdue"),
        "months": [_month(desk, each.merchant, row) for each in snapshots for row in each.months],
        "exposure": [dict(row) | {"merchant": each.merchant} for each in snapshots for row in each.exposure],
        "money_open": [dict(row) | {"merchant": each.merchant} for each in snapshots for row in each.money_open],
        "exposed": sum(row["returns"] for each in snapshots for row in each.exposure),
        "exposed_worth": _by_currency(row for each in snapshots for row in each.exposure),
        "unpaid": sum(row["unpaid"] for each in snapshots for row in each.money_open),
        "uninvoiced": sum(row["uninvoiced"] for each in snapshots for row in each.money_open),
        "causes": ranked(_pareto(mine)), "has_causes": bool(mine), "ages": _ages(snapshots),
    }  # fmt: skip


async def warehouse(request: web.Request, desk: Desk, snapshots: list[Snapshot]) -> dict[str, Any]:
    """What comes, what came, what is wrong with it."""
    now = desk.now
    bags, odd, parked = [], [], []
    async with desk.database.reading() as connection:
        for snapshot in snapshots:
            usual = timedelta(days=snapshot.transit_days if snapshot.transit_days is not None else 5)
            name = snapshot.merchant
            bags += [dict(row) | {"merchant": name, "expected_at": row["departed_at"] + usual} for row in snapshot.bags]
            found = await goods.odd(connection, name, since=now - timedelta(days=30), rows_max=ODD_MAX)
            odd += [dict(row) | {"merchant": name} for row in found]
            parked += [
                {"merchant": name, "id": row["id"], "received_at": row["received_at"], "actor": row["actor"],
                 "sought": {key: value for key, value in (row["payload"].get("sought") or {}).items() if value}}
                for row in await inbox.parked_receipts(connection, name, 0, PARKED_MAX)
            ]  # fmt: skip
    bags.sort(key=lambda row: row["expected_at"])
    return {
        "cli": "homeward receipt list", "goods": _goods(snapshots),
        "bags": bags[:BAGS_MAX], "odd": odd[:ODD_MAX], "parked": parked[:PARKED_MAX],
        "transit": [(each.merchant, each.transit_days) for each in snapshots],
    }  # fmt: skip


async def operator(request: web.Request, desk: Desk, snapshots: list[Snapshot]) -> dict[str, Any]:
    """Who works what, how much waits, when it will have drained, what was told to whom."""
    person, now = request[PERSON], desk.now
    rows = []
    async with desk.database.reading() as connection:
        holders = {row["merchant"]: row for row in await merchant.everyone(connection)}
        odd = await inbox.deliveries(connection, merchants=person.merchants, state="quarantined", rows_max=20)
        alerts = await notice.listing(connection, merchants=person.merchants, team=None, rows_max=50)
        # What concerns every merchant is for those who run the installation, not for each merchant's own people.
        signals = await health.read(connection, person.merchants, installation=person.runs_installation)
        for snapshot in snapshots:
            name = snapshot.merchant
            effects, events = await outbox.backlog(connection, name, now), await inbox.backlog(connection, name)
            kinds = await outbox.open_by_kind(connection, name)
            share = desk.settings.merchants[name].brightpearl.requests_per_minute
            holder = holders.get(name)
            rows.append({
                "merchant": name, "is_held": bool(holder and holder["is_held"]), "fence": holder["fence"] if holder else 0,
                "owner": holder["lease_owner"] if holder and holder["is_held"] else "nobody",
                "events": events["waiting"], "events_oldest": events["oldest"], "due": effects["due"],
                "open": effects["open"],
                "kinds": dict(kinds), **quota_told(snapshot.heard["quota"] or {}, share=share, kinds=kinds, now=now),
                "brightpearl": standing(signals, name, BRIGHTPEARL, now),
                "happy_returns": standing(signals, name, HAPPY_RETURNS, now),
            })  # fmt: skip
    return {
        "cli": "homeward top", "rows": rows,
        "troubles": [signal_view(each, with_file=False) for each in troubles(signals)],
        "alerts": [dict(row) for row in alerts], "odd": odd,
        "loops": _loops(desk, person.merchants),
        "states": _states(snapshots), "teams": _teams(snapshots), "watchers": desk.pulse.watchers,
        **_service_charts(snapshots), "ages": _ages(snapshots), "by_day": _by_day(snapshots, now),
    }  # fmt: skip


HOMES = {"customer-service": customer_service, "finance": finance, "warehouse": warehouse, "operator": operator}


def _month(desk: Desk, name: str, row: Any) -> dict[str, Any]:
    """A month's credits, and the filter that lists them: from its first midnight to the next one's, where the merchant is."""
    zone = ZoneInfo(desk.settings.merchants[name].calendar.timezone)
    first = datetime(row["month"].year, row["month"].month, 1, tzinfo=zone)
    after = datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=zone)
    moments = [term("credited", each.astimezone(UTC).isoformat(), op) for each, op in ((first, ">="), (after, "<"))]
    return {**dict(row), "merchant": name, "where": " and ".join([term("merchant", name), *moments])}


def _goods(snapshots: list[Snapshot]) -> dict[str, int]:
    names = snapshots[0].goods.keys() if snapshots else ()
    return {name: sum(each.goods[name] for each in snapshots) for name in names}


# -- putting figures of several merchants together ------------------------------------------------------------------------


def _sum(rows: Sequence[Any], name: str) -> int:
    return sum(int(row[name]) for row in rows)


def _merged(rows: Sequence[Any], name: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row[name], {name: row[name], "returns": 0, "oldest": row["oldest"]})
        one["returns"] += row["returns"]
        one["oldest"] = min(one["oldest"], row["oldest"])
    return sorted(found.values(), key=lambda row: -row["returns"])


def _pareto(rows: Sequence[Any]) -> list[tuple[str, str, float]]:
    return [
        (row["cause"], f"/exceptions{query(cause=row['cause'])}", row["returns"]) for row in _merged(rows, "cause")[:12]
    ]


def _by_currency(rows: Any) -> str:
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["value"]
    return ", ".join(stated(value, currency, grouped=True) for currency, value in sorted(sums.items())) or "nothing"


def _states(snapshots: list[Snapshot]) -> list[dict[str, Any]]:
    rows = [row for each in snapshots for row in each.states.values()]
    order = [str(state) for state in State]
    return sorted(_merged(rows, "state"), key=lambda row: order.index(row["state"]))


def _teams(snapshots: list[Snapshot]) -> list[dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    for row in (row for each in snapshots for row in each.stuck):
        one = told.setdefault(row["owner"], {"team": row["owner"], "returns": 0, "overdue": 0, "unassigned": 0})
        for name in ("returns", "overdue", "unassigned"):
            one[name] += row[name]
    return sorted(told.values(), key=lambda row: -row["returns"])


def _service_charts(snapshots: list[Snapshot]) -> dict[str, Any]:
    """Time from drop-off to credit, and how many credits needed nobody."""
    days: dict[date, list[Any]] = {}
    for row in (row for each in snapshots for row in each.lead_times):
        days.setdefault(row["day"], []).append(row)
    labels = [f"{day:%-d %b}" for day in sorted(days)]
    median = tuple(_weighted(days[day], "median") for day in sorted(days))
    p95 = tuple(max(float(row["p95"]) for row in days[day]) for day in sorted(days))
    credits = sum(each.first_pass["credits"] for each in snapshots)
    untouched = sum(each.first_pass["untouched"] for each in snapshots)
    return {
        "lead": lines(labels, [Series("median", median), Series("p95", tuple(round(each, 1) for each in p95))],
                      title="Hours from drop-off to credit, by the day of the credit", unit=" h"),
        "first_pass": f"{untouched / credits:.1%}" if credits else "–", "credits": credits,
    }  # fmt: skip


def _weighted(rows: list[Any], name: str) -> float:
    credits = sum(int(row["credits"]) for row in rows)
    return round(sum(float(row[name]) * int(row["credits"]) for row in rows) / credits, 1)


def _ages(snapshots: list[Snapshot]) -> Chart | None:
    counted: dict[str, list[int]] = {}
    for row in (row for each in snapshots for row in each.ages):
        counted.setdefault(row["state"], [0] * len(AGES))[row["bucket"]] += row["returns"]
    series = [Series(name, tuple(counted[name]), COLOURS[name]) for name in SHOWN_STATES if name in counted]
    return stacked(AGES, series, title="Age of what is open, by state")


def _by_day(snapshots: list[Snapshot], now: datetime) -> Chart | None:
    first = now.astimezone(UTC).date() - timedelta(days=CHART_DAYS - 1)
    days = [first + timedelta(days=number) for number in range(CHART_DAYS)]
    counted: dict[str, dict[date, int]] = {}
    for row in (row for each in snapshots for row in each.by_day):
        by_day = counted.setdefault(row["state"], {})
        by_day[row["day"]] = by_day.get(row["day"], 0) + row["returns"]
    series = [
        Series(name, tuple(counted[name].get(day, 0) for day in days), COLOURS[name])
        for name in SHOWN_STATES
        if name in counted
    ]
    return stacked([f"{day:%-d %b}" for day in days], series, title="Returns by the day they became known")


def _loops(desk: Desk, merchants: tuple[str, ...]) -> list[dict[str, Any]]:
    """When each loop of this daemon last went round, from its own metrics."""
    told = []
    for metric in desk.telemetry.metrics.loop_round_at.collect():
        for sample in metric.samples:
            if sample.labels and sample.labels["merchant"] in merchants:
                at = desk.now - timedelta(seconds=time.time() - sample.value)  # by our clock, which may be a moved one
                told.append({"loop": sample.labels["loop"], "merchant": sample.labels["merchant"], "at": at})
    return sorted(told, key=lambda row: (row["merchant"], row["loop"]))
