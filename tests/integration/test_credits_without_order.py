"""Credits by hand that name no order they are against: known by the words on them."""

from pathlib import Path

import pytest

from daemon.sandbox.catalogue import Line, place_order
from daemon.store.database import Database
from tests.by_hand import ours, parentless
from tests.integration.test_beside_ours import order_of, stopped_for
from tests.integration.test_decisions import our_credits
from tests.integration.test_misleading_vendor import DAY, HOUR, MINUTE
from tests.same_goods import one_of_many
from tests.world import open_world


@pytest.mark.parametrize("is_first", [True, False], ids=["before ours", "after ours"])
async def test_a_credit_by_hand_that_names_no_parent_order_is_a_rival(
    *, is_first: bool, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        if not is_first:
            await world.pass_until(lambda: bool(ours(world)))
        await world.pass_time(2 * MINUTE)
        parentless(world, order_of(world, truth), f"#{truth['order_number']}")

        await world.pass_time(HOUR, stride=MINUTE)
        await world.pass_time(2 * DAY)

        assert await stopped_for(world, truth) == "rival-credit"
        assert len(ours(world)) == (0 if is_first else 1)


@pytest.mark.parametrize(
    "text", ["return {happy_return_id}", "for {order_number}, goodwill", "{other} and {order_number}"]
)
async def test_a_late_credit_by_hand_that_names_the_return_among_other_words_is_a_rival(
    text: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        other, season, books = one_of_many(world), world.sandbox.season, world.sandbox.books
        line = Line(next(iter(books.products.values())), 4)
        order = place_order(books, "US-1042", [line], at=world.now - DAY, platform_id=7)
        new = season.announce("with a sign", world.now + MINUTE, season.items(order, [(0, 1)]), "restocked")
        season.travel(new, new.items, world.now + HOUR)
        truth = season.truth[-1]
        await world.pass_until(lambda: len(ours(world)) == 2)
        await world.pass_time(5 * DAY)

        parentless(world, order, text.format(**truth, other=other["order_number"]))
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "rival-credit"
        is_of_both = "{other}" in text
        assert await stopped_for(world, other) == ("rival-credit" if is_of_both else "")


async def test_a_credit_by_hand_that_names_the_return_and_no_order_is_taken_over(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        await world.pass_time(2 * MINUTE)
        made = parentless(world, order_of(world, truth), str(truth["express_code"]))

        await world.pass_time(2 * DAY)

        shown = await world.show(str(truth["express_code"]))
        assert shown["credit"]["id"] == made.id, shown
        assert our_credits(world) == []
