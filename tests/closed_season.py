"""A closed season that Homeward knows: the sandbox's two months, and the returns as intake would have stored them.

The returns are written in bulk, not polled one by one: what is tested is the matching, against what both vendors hold.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg

from daemon.finance.collect import Sources, collect
from daemon.finance.importing import import_file
from daemon.sandbox.closed_season import FAULTS, ClosedSeason, plan
from daemon.sandbox.happy_returns import Item, ReturnOfGoods
from daemon.store.database import Database
from daemon.store.returns import _UNIT
from daemon.store.sql import prepare_connection
from statemachine.units import Condition, Progress, Unit
from tests.world import MERCHANT, World

AFTER = datetime(2026, 4, 20, 9, tzinfo=UTC)
"""When every clock of January and February has run out."""
FINANCE = """
[merchants.acme.calendar]
timezone = "UTC"

[merchants.acme.finance]
history_days = 150
stock_days = 28
payouts = { SHOPIFY = "shopify", STRIPE = "stripe", ADYEN = "adyen" }
fee_nominal = "7800"
accrual_nominal = "2109"
rates = [
    { method = "return-bar", since = 2026-01-01, amount = "1.50", currency = "GBP" },
    { method = "mail", since = 2026-01-01, amount = "2.10", currency = "GBP" },
]

[merchants.acme.finance.tolerances.default]
over = "0.02"
under = "0.02"
"""


def season(world: World, *, returns: int, seed: int = 1, faults: Mapping[str, int] = FAULTS) -> ClosedSeason:
    """Play it in the sandbox, which then is at AFTER and answers as fast as it can."""
    world.sandbox.clock.move(to=AFTER)
    world.sandbox.assumptions.requests_per_minute = 1_000_000
    world.sandbox.assumptions.bucket_rate = world.sandbox.assumptions.bucket_size = 1e6
    return plan(world.sandbox.books, world.sandbox.happy_returns, returns=returns, seed=seed, faults=faults)


async def know(database: Database, told: ClosedSeason) -> None:
    """The returns of the season as rows, but for those nobody told Homeward about, and those it has."""
    connection = await asyncpg.connect(database.dsn)
    try:
        await prepare_connection(connection)
        await connection.execute("SET session_replication_role = replica")
        rows, units = [], []
        stored = {row["happy_return_id"] for row in await connection.fetch("SELECT happy_return_id FROM returns")}
        every = told.happy_returns.returns.values()
        known = [each for each in every if each.return_id not in told.unknown | stored]
        for number, each in enumerate(known, start=len(stored) + 1):
            row = _row(told, each, number)
            rows.append(row)
            units += [_unit(told, each, item, number) for item in each.items]
        await connection.copy_records_to_table("returns", records=rows, columns=list(_COLUMNS))
        await connection.execute(
            "INSERT INTO unit (merchant, happy_return_id, order_key, unit_key, return_id, happy_item_id, sku, facts) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], "
            "$8::jsonb[])",
            *map(list, zip(*units, strict=True)),
        )
        await connection.execute("SELECT setval('return_id', 1000000)")
    finally:
        await connection.close()


_COLUMNS = (
    "merchant", "id", "happy_return_id", "order_number", "order_key", "part", "state", "version", "entered_at",
    "express_code", "credit_ref", "credit_external_ref", "credit_id", "credit_net", "credit_tax", "credit_currency",
    "credit_adopted", "refund_due", "close_due", "close_reason", "created_at", "updated_at",
)  # fmt: skip


def _row(told: ClosedSeason, each: ReturnOfGoods, number: int) -> tuple[Any, ...]:
    item = each.items[0]
    credit = told.books.orders[told.credits[each.return_id]] if each.return_id in told.credits else None
    started = item.started_at or AFTER
    state = "closed" if item.ended else "credited" if credit is not None else "credit-pending"
    return (
        MERCHANT, number, each.return_id, item.order_number, item.order_number, 1, state, 1, started, each.express_code,
        f"HW-{each.return_id.replace('-', '')[:20]}-1", credit.external_ref if credit else None,
        credit.id if credit else None,
        credit.net if credit else None, credit.tax if credit else None, credit.currency if credit else None,
        credit is not None and not credit.external_ref.startswith("HW-"), item.refund_type != "exchange", True,
        item.ended or None, started, started,
    )  # fmt: skip


def _unit(told: ClosedSeason, each: ReturnOfGoods, item: Item, number: int) -> tuple[Any, ...]:
    received = told.received.get(item.item_id)
    unit = Unit(
        key=item.item_id, happy_item_id=item.item_id, line_item_id=item.line_item_id, sku=item.sku or "",
        refund_type=item.refund_type, dropoff_method=each.method, started_at=item.started_at,
        dropped_off_at=item.dropped_off_at, approved_at=item.approved_at, refund_amount=Decimal(item.amount),
        refund_currency=item.currency, received_at=received, condition=Condition.SELLABLE if received else None,
        confirmed=Progress.APPROVED if item.approved_at else Progress.STARTED,
    )  # fmt: skip
    facts = _UNIT.dump_python(unit, mode="json")
    key = hashlib.sha256(item.item_id.encode()).hexdigest()[:12]
    return MERCHANT, each.return_id, item.order_number, key, number, item.item_id, unit.sku, facts


def sources(world: World) -> Sources:
    at = world.workplace
    return Sources(MERCHANT, at.settings, world.database, at.brightpearl, at.happy_returns, at.clock.now)


async def gather(world: World, told: ClosedSeason, *, now: datetime | None = None) -> None:
    """Read both systems and import every file of the season."""
    when = now or world.now
    done = await collect(sources(world), when)
    assert not done.faults, done.faults
    for name, raw in told.files().items():
        taken = await import_file(
            world.database, MERCHANT, world.workplace.settings, raw, name=name, now=when, actor="user:test"
        )
        assert taken.count("rejected") == 0, [row for row in taken.rows if row["result"] == "rejected"][:3]
