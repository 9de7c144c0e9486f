"""Answers of Brightpearl that contradict each other, or say a thing in another form: nothing is paid on them."""

from pathlib import Path
from typing import Any

import pytest

from daemon.sandbox import brightpearl_views as views
from daemon.sandbox.catalogue import Line
from daemon.store.database import Database
from tests.by_hand import ours
from tests.integration.test_beside_ours import credited_and_not_refunded, order_of, stopped_for
from tests.integration.test_misleading_vendor import DAY, HOUR, MINUTE
from tests.same_goods import one_of_many
from tests.world import open_world


async def test_a_credit_that_is_of_another_order_by_itself_than_by_the_search_keeps_ours_from_being_made(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        order = order_of(world, truth)
        await world.pass_time(2 * MINUTE)
        rival = world.sandbox.books.credit_by_hand(order, 0, "goodwill")
        with monkeypatch.context() as lie:
            true_view = views.credit_view
            lie.setattr(views, "credit_view", lambda *of: true_view(*of) | ({"parentId": 7} if of[1] is rival else {}))
            await world.pass_time(2 * DAY)
            shown = await world.show(str(truth["express_code"]))
            assert (shown["wait_cause"] or shown["exception"]["cause"]) == "evidence-incomplete"

        await world.pass_time(DAY)
        assert await stopped_for(world, truth) == "rival-credit"
        assert ours(world) == []


async def test_an_account_that_cuts_keys_so_that_two_parts_share_one_has_each_told_apart(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.reference_length = 23  # of "HW-", twenty digits and "-1": the part is cut away
        season = world.sandbox.season
        season.open(1)
        order = season.order([Line(next(iter(world.sandbox.books.products.values())), 4)], world.now)
        items = season.items(order, [(0, 2)])
        new = season.announce("two parts", world.now + MINUTE, items, "restocked")
        season.travel(new, items[:1], world.now + HOUR)
        season.travel(new, items[1:], world.now + 3 * DAY)

        await world.pass_time(10 * DAY)

        told = {row["part"]: (row["state"], row["cause"]) for row in await world.all_returns()}
        assert sorted(told.values()) == [("exception", "outcome-unknown"), ("restocked", None)]
        assert len(ours(world)) == 1


@pytest.mark.parametrize(
    ("told", "cause"), [("true", "credit-cancelled"), (1, "credit-cancelled"), ("perhaps", "evidence-incomplete")]
)
async def test_a_credit_that_is_said_to_be_cancelled_in_another_form_is_not_refunded(
    told: Any, cause: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_not_refunded(world)
        true_view = views.credit_view
        monkeypatch.setattr(views, "credit_view", lambda *of: true_view(*of) | {"isCanceled": told})
        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)

        assert (await stopped_for(world, truth), ours(world)) == (cause, [])
