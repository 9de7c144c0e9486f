"""Backfill: returns that were made before Homeward, taken in at a pace that leaves the vendors' quotas alone.

Nothing is credited here: each return is asked about and goes through the machine like any other, which adopts the credits
that exist. Resumable, since what is known or already asked about is left out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.finance.gaps.facts import GapFacts
from daemon.store import reports, watch
from daemon.store.database import Database
from statemachine.refs import order_key
from statemachine.units import Progress


@dataclass(frozen=True, slots=True)
class Candidate:
    """One return of the past, as both vendors show it."""

    code: str
    orders: tuple[str, ...]
    units: int
    would: str
    """credited, adopted, stopped (no order), nothing (not approved)."""
    value: Decimal
    currency: str


def candidates(facts: GapFacts) -> list[Candidate]:
    """What would become of each return, by what both sides hold now. Pure."""
    by_code: dict[str, list[Any]] = {}
    for item in facts.items:
        by_code.setdefault(item.express_code, []).append(item)
    found = []
    for code, items in sorted(by_code.items()):
        orders = [facts.orders.get(order_key(item.order_number)) for item in items]
        if not any(item.progress >= Progress.DROPPED_OFF for item in items):
            would = "nothing yet: not handed over"
        elif any(order is None for order in orders):
            would = "stopped: an order is not in Brightpearl"
        elif any(facts.credits.get(order.id) for order in orders if order is not None):
            would = "compared with the credit that exists, and adopted where it fits"
        else:
            would = "credited"
        amounts = [item.unit.refund_amount for item in items if item.unit.refund_amount is not None]
        currency = next((item.unit.refund_currency for item in items if item.unit.refund_currency), "")
        numbers = tuple(dict.fromkeys(item.order_number for item in items))
        found.append(Candidate(code, numbers, len(items), would, sum(amounts, Decimal(0)), currency))
    return found


async def unknown(database: Database, merchant: str, found: list[Candidate]) -> list[Candidate]:
    """Those Homeward does not have yet."""
    async with database.reading() as connection:
        known = {each.code for each in found if await reports.find(connection, each.code, [merchant])}
    return [each for each in found if each.code not in known]


async def open_backfill(
    database: Database, merchant: str, found: list[Candidate], *, per_hour: int, now: datetime
) -> int:
    """Ask Happy Returns about each, so many an hour; answers how many. The daemon's intake does the asking."""
    rows = [watch.of_code(each.code, now + timedelta(hours=number / per_hour)) for number, each in enumerate(found)]
    for first in range(0, len(rows), 500):
        async with database.transaction("backfill") as connection:
            await watch.open_watches(connection, merchant, rows[first : first + 500], now)
    return len(rows)
