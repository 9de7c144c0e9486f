"""What others do beside what we wrote, and to it: seen before money moves, and told for as long as it can be looked at."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import Step
from daemon.sandbox.books import Order
from daemon.store.database import Database
from daemon.timekeeping import mend
from tests.integration.test_misleading_vendor import (
    DAY,
    HOUR,
    PAYMENT,
    credits_of,
    keyless,
    plan,
    struck,
)
from tests.world import MERCHANT, World, open_world

PAYMENTS = "^GET .*/customer-payment-search"


def order_of(world: World, truth: dict[str, Any]) -> Order:
    return next(iter(world.sandbox.books.orders.having("reference", [truth["order_number"]])))


async def stopped_for(world: World, truth: dict[str, Any]) -> str:
    """The cause this return is stopped for; empty where it goes on."""
    shown = await world.show(str(truth["express_code"]))
    return str(shown["exception"]["cause"]) if shown["state"] == "exception" else ""


async def other_numbers(world: World, truth: dict[str, Any]) -> list[int]:
    """The credits that its exception names beside its own."""
    evidence = (await world.show(str(truth["express_code"])))["exception"]["evidence"]
    return [int(number) for number in evidence["other_credits"]]


# -- patience ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [5 * HOUR, 40 * DAY])
async def test_a_refund_lost_while_the_clock_was_ahead_is_asked_about_no_later_than_any(
    ahead: timedelta, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        truth = world.begin("bar_single")
        plan(world, PAYMENTS, "hollow")
        await world.pass_until(lambda: bool(credits_of(world)))
        plan(world, PAYMENT, "error-before", count=1)
        world.workplace.clock.set_by = ahead  # type: ignore[attr-defined]
        await world.settle()
        assert struck(world) == 1

        world.workplace.clock.set_by = timedelta(0)  # type: ignore[attr-defined]
        step = Step(-ahead, "test", world.now, world.now + ahead)
        await mend(world.database, [MERCHANT], step, world.now)
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "outcome-unknown"
