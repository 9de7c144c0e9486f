"""What a webhook said and no answer bears out: asked about at once, order by order, and an exception with an owner."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.store.database import Database
from tests.integration.test_border import post
from tests.samples import FULL_ITEM, WEBHOOK
from tests.world import World, open_world

MINUTE, HOUR, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def without_arrivals(world: World) -> None:
    """Nothing of this season reaches the warehouse: only Happy Returns tells of the hand-over."""
    season = world.sandbox.season
    season.steps = [step for step in season.steps if step.kind not in ("receive", "observe", "ship")]


def drop_off(world: World, truth: dict[str, Any]) -> None:
    """The shopper hands over every unit now."""
    without_arrivals(world)
    world.sandbox.season.steps = []
    goods = world.sandbox.happy_returns.returns[truth["happy_return_id"]]
    world.sandbox.happy_returns.drop_off(goods.return_id, [item.item_id for item in goods.items], world.now)


async def states(world: World) -> dict[str, str]:
    return {row["order_number"]: row["state"] for row in await world.all_returns()}


async def test_a_return_over_two_orders_without_a_code_is_confirmed_for_both_at_once(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        truth = world.begin("two_orders")
        await world.pass_time(5 * MINUTE)
        drop_off(world, truth)

        await world.pass_time(2 * MINUTE)  # the webhooks come after one

        assert set((await states(world)).values()) == {"credited"}
        assert len(world.books()["credits"]) == 2


@pytest.mark.parametrize("lost", [0, 1])
async def test_the_other_order_is_asked_about_even_when_its_answer_comes_late(
    lost: int, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        truth = world.begin("two_orders")
        await world.pass_time(5 * MINUTE)
        drop_off(world, truth)
        vendor = world.sandbox.happy_returns
        items = vendor.returns[truth["happy_return_id"]].items
        dropped_at = items[lost].dropped_off_at
        world.sandbox.clock.move(to=world.now + MINUTE)
        vendor.flush(world.now)  # the webhooks tell of both, the read does not show one of them yet
        items[lost].dropped_off_at = None

        await world.pass_time(3 * MINUTE)
        behind = (await states(world))[items[lost].order_number]
        items[lost].dropped_off_at = dropped_at
        await world.pass_time(3 * MINUTE)

        assert behind == "scanned"
        assert set((await states(world)).values()) == {"credited"}


async def test_a_claim_about_one_of_two_orders_is_not_proven_by_the_only_unit_of_the_other(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        world.sandbox.assumptions.per_item_times = False
        truth = world.begin("two_orders")
        await world.pass_time(5 * MINUTE)

        drop_off(world, truth)
        await world.pass_time(10 * MINUTE)

        rows = await world.all_returns()
        assert {(row["state"], row["cause"]) for row in rows} == {("exception", "status-unclear")}
        assert world.books()["credits"] == []


async def test_an_approval_that_is_never_confirmed_is_an_exception_while_scanned(
    database: Database, tmp_path: Path
) -> None:
    extra = '[merchants.acme.policy.by_method.return-bar]\ncredit_trigger = "approved"\n'
    async with open_world(database, tmp_path, extra_config=extra) as world:
        truth = world.begin("bar_several")
        await world.pass_time(5 * MINUTE)
        drop_off(world, truth)
        await world.pass_time(5 * MINUTE)
        scanned = await world.show(truth["express_code"])
        world.sandbox.assumptions.per_item_times = False
        goods = world.sandbox.happy_returns.returns[truth["happy_return_id"]]
        world.sandbox.happy_returns.approve_items(goods.return_id, [item.item_id for item in goods.items], world.now)

        await world.pass_time(5 * MINUTE)

        shown = await world.show(truth["express_code"])
        assert scanned["state"] == "scanned"
        assert (shown["state"], shown["exception"]["cause"]) == ("exception", "status-unclear")
        assert shown["exception"]["owner"] == "customer-service"
        assert shown["exception"]["resume_state"] == "scanned"
        assert world.books()["credits"] == []

        world.sandbox.assumptions.per_item_times = True
        await world.resume(truth["express_code"])
        await world.pass_time(5 * MINUTE)

        assert (await world.show(truth["express_code"]))["state"] == "credited"


@pytest.mark.parametrize("answer", ["nothing", "not handed over"])
async def test_a_hand_over_that_answers_do_not_show_is_an_exception_within_the_hour(
    answer: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await world.pass_time(5 * MINUTE)
        world.sandbox.season.steps = []
        (item_id,) = truth["units"]
        item = {
            **FULL_ITEM, "happyReturnsReturnID": truth["happy_return_id"], "orderNumber": truth["order_number"],
            "happyReturnsItemID": item_id, "happyReturnsExpressCode": truth["express_code"],
        }  # fmt: skip
        assert await post(world, json.dumps({**WEBHOOK, "items": [item]}).encode()) == 200
        if answer == "nothing":
            world.sandbox.happy_returns.returns[truth["happy_return_id"]].became = truth["happy_return_id"]

        await world.pass_time(30 * MINUTE)
        early = await world.show(truth["express_code"])
        await world.pass_time(HOUR)

        shown = await world.show(truth["express_code"])
        assert early["state"] == "scanned"
        assert (shown["state"], shown["exception"]["cause"]) == ("exception", "status-unclear")
        assert "do not bear it out" in shown["exception"]["explanation"]
        assert world.books()["credits"] == []


async def test_a_code_that_becomes_known_takes_the_place_of_order_by_order(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        truth = world.begin("two_orders")
        await world.pass_time(5 * MINUTE)

        world.sandbox.assumptions.per_item_ids = True
        drop_off(world, truth)
        await world.pass_time(HOUR)

        async with database.reading() as connection:
            rows = await connection.fetch("SELECT key, next_poll_at FROM watch WHERE tier = 'return'")
        by_code = {row["key"]: row["next_poll_at"] for row in rows}
        assert f"return:{truth['happy_return_id']}" in by_code
        assert [moment for key, moment in by_code.items() if "/" in key] == [None, None]
        assert set((await states(world)).values()) == {"credited"}
