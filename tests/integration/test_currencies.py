"""Orders in currencies without hundredths, from Happy Returns' word to both systems' books and the pages."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from daemon.sandbox import catalogue
from daemon.sandbox.catalogue import Line
from daemon.store.database import Database
from tests.abreast import abreast
from tests.integration.test_decisions import code, our_credits, payments, value
from tests.world import World, open_world

DAYS = timedelta(days=1)


def begin_orders(world: World, currency: str, *, units: int = 3, amount: str | None = None) -> list[dict[str, Any]]:
    """Every unit of one row comes back, each in a return of its own, weeks apart."""
    season = world.sandbox.season
    season.open(1)
    order = season.order(
        [Line(catalogue.goods(season.books, season.rng, tax_code="T20"), units)], world.now, currency=currency
    )
    before = len(season.truth)
    for number, item in enumerate(season.items(order, [(0, units)])):
        if amount is not None:
            item.amount = amount
        begins = world.now + timedelta(seconds=1) + number * 5 * DAYS
        new = season.announce("currencies", begins, [item], "restocked")
        season.travel(new, new.items, begins + DAYS)
    return season.truth[before:]


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("KWD", 3)])
async def test_three_returns_of_one_row_are_credited_and_refunded_exactly_in_whole_coins(
    currency: str, decimals: int, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.money_decimals = max(decimals, 2)
        returns = begin_orders(world, currency)

        await world.pass_time(45 * DAYS)

        order = next(each for each in world.books()["orders"] if each["reference"] == returns[0]["order_number"])
        row = next(each for each in order["rows"] if each["sku"])
        credits = our_credits(world)
        assert len(credits) == len(payments(world)) == 3
        assert [(await world.show(code(each)))["state"] for each in returns] == ["restocked"] * 3
        for amount in [Decimal(c[kind]) for c in credits for kind in ("net", "tax")] + [
            Decimal(p["amountPaid"]) for p in payments(world)
        ]:
            assert amount == round(amount, decimals)
        for kind in ("net", "tax"):
            assert sum(Decimal(each[kind]) for each in credits) == Decimal(row[kind])
        assert sum(Decimal(p["amountPaid"]) for p in payments(world)) == sum(map(value, credits))


async def test_a_yen_credit_is_told_in_yen_everywhere(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        (truth, *_) = begin_orders(world, "JPY")
        await world.pass_time(20 * DAYS)

        shown = await world.show(code(truth))

        assert shown["credit"]["currency"] == shown["payment"]["currency"] == "JPY"
        amounts = [shown["credit"]["net"], shown["credit"]["tax"], shown["payment"]["amount"]]
        assert all("." not in str(amount) for amount in amounts)


async def test_an_account_that_keeps_two_decimals_refuses_a_third_and_no_money_moves(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        season = world.sandbox.season
        begin_orders(world, "KWD", units=1, amount="")
        order = next(each for each in season.books.orders.values() if each.currency == "KWD")
        order.rows[0].net, order.rows[0].tax = Decimal("10.125"), Decimal("2.03")
        begin = season.truth[-1]

        await world.pass_time(15 * DAYS)

        stuck = await world.show(code(begin))
        assert (stuck["state"], stuck["exception"]["cause"]) == ("exception", "credit-refused")
        assert (our_credits(world), payments(world)) == ([], [])


async def test_an_order_beyond_what_is_stored_stops_with_a_cause_and_the_daemon_goes_on(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        huge = {}
        for amount in ("1e15", "999999999999999999", "1e400"):
            (huge[amount],) = begin_orders(world, "GBP", units=1)
            number = huge[amount]["order_number"]
            order = next(o for o in world.sandbox.season.books.orders.values() if o.reference == number)
            order.rows[0].net = Decimal(amount)
        beside = world.begin("bar_single")
        abreast(world)

        await world.pass_time(20 * DAYS)

        for amount, truth in huge.items():
            stuck = await world.show(code(truth))
            assert (stuck["state"], stuck["exception"]["cause"], stuck["exception"]["owner"]) == (
                "exception", "amount-unusable", "finance",
            ), amount  # fmt: skip
        assert (await world.show(code(beside)))["state"] == "restocked"
