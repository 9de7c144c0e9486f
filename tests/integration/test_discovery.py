"""Returns that no webhook told of are found by their orders."""

from datetime import timedelta
from pathlib import Path

from daemon.store.database import Database
from tests.world import open_world

REPEAT = timedelta(hours=480)
"""After so long the sandbox's configuration has every order asked for again."""


async def test_an_order_that_the_index_left_out_at_first_is_found_later(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("mail_inspected")
        # The search shows no order while it is first read, and says that this is all.
        no_orders = {"match": "^GET .*/order-search", "kind": "no-rows"}
        world.sandbox.faults.plan({"webhook_drop_share": 1.0, "rules": [no_orders]})
        await world.pass_time(timedelta(days=9))
        assert await world.all_returns() == []

        world.sandbox.faults.plan({"webhook_drop_share": 1.0})
        await world.pass_time(REPEAT)
        await world.pass_time(timedelta(days=5))

        assert [each["order_number"] for each in await world.all_returns()] == [truth["order_number"]]
