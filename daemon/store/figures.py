"""Figures of one merchant, as boards and charts show them. Nothing here changes anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from daemon.store import goods
from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)

CHART_DAYS = 30
MONTHS = 3
BAGS_MAX = 50
AGES = ("< 1 d", "1–3 d", "3–7 d", "7–14 d", "14–30 d", "> 30 d")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the figures were at one moment. Rows as the statements of the same name give them."""

    merchant: str
    at: datetime
    states: dict[str, Record]
    stuck: list[Record]
    waits: list[Record]
    by_day: list[Record]
    lead_times: list[Record]
    first_pass: Record
    ages: list[Record]
    exposure: list[Record]
    money_open: list[Record]
    months: list[Record]
    goods: Record
    transit_days: float | None
    """Median of the last month; None while none is known."""
    heard: Record
    bags: list[Record]
    """What is on its way, a bag a line; the first of them."""


async def heard(connection: Connection, merchant: str) -> Record:
    """When each vendor was last heard of, and whether a daemon works the merchant: for every page, so it is cheap."""
    found = await SQL.row(connection, "heard", merchant=merchant)
    assert found is not None
    return found


async def take(connection: Connection, merchant: str, *, now: datetime, zone: str, day_begins: datetime) -> Snapshot:
    """`zone`: the merchant's time zone, by which days are told; `day_begins`: today's midnight there."""
    month = now - timedelta(days=CHART_DAYS)
    transit = await SQL.value(connection, "transit", merchant=merchant, since=month)
    usual = timedelta(days=float(transit)) if transit is not None else timedelta(days=5)
    day_ends = day_begins + timedelta(days=1)

    async def rows(name: str, **more: Any) -> list[Record]:
        return await SQL.rows(connection, name, merchant=merchant, **more)

    async def row(name: str, **more: Any) -> Record:
        found = await SQL.row(connection, name, merchant=merchant, **more)
        assert found is not None
        return found

    return Snapshot(
        merchant=merchant, at=now, states={each["state"]: each for each in await rows("states")},
        stuck=await rows("stuck", day_ends=day_ends), waits=await rows("waits"),
        by_day=await rows("by_day", zone=zone, since=month), lead_times=await rows("lead_times", zone=zone, since=month),
        first_pass=await row("first_pass", since=month), ages=await rows("ages", now=now),
        exposure=await rows("exposure"), money_open=await rows("money_open"),
        months=await rows("months", zone=zone, since=now - timedelta(days=31 * MONTHS)),
        goods=await row("goods", expected_by=day_ends - usual, day_begins=day_begins, since=month),
        transit_days=float(transit) if transit is not None else None, heard=await heard(connection, merchant),
        bags=await goods.bags(connection, merchant, rows_max=BAGS_MAX),
    )  # fmt: skip
