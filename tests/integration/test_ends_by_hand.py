"""A return that a person ends keeps its goods in the books until somebody says what became of them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.store.database import Database
from tests.closed_season import FINANCE
from tests.world import World, open_world

DAY = timedelta(days=1)
WHY = ("--reason", "goodwill", "--note", "agreed", "--yes")


async def orphans(world: World) -> list[dict[str, Any]]:
    ran, _, errors = await world.homeward("match", "run")
    assert ran == 0, errors
    code, found, errors = await world.homeward("orphan", "list")
    assert code == 0, errors
    return list(found)


@pytest.mark.parametrize("scenario", ["cancelled_order", "over_return"])
async def test_goods_of_a_return_that_was_ended_by_hand_are_an_orphan_until_they_are_settled(
    scenario: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        truth = world.begin(scenario)
        code = str(truth["express_code"])
        await world.pass_time(20 * DAY)
        before = await world.show(code)
        assert before["state"] == "exception"
        received = [unit for unit in before["units"] if unit["received_at"]]
        assert received

        done, _, errors = await world.homeward("return", "force", code, "--to", "closed", *WHY)
        assert done == 0, errors
        await world.settle()
        await world.pass_time(10 * DAY)
        found = await orphans(world)
        mine = [each for each in found if each["class"] == "goods-without-place"]
        assert [each["units"] for each in mine] == [len(received)], found
        assert {each["owner"] for each in mine} == {"warehouse"}
        for unit in received:
            leg = f"unit:{truth['happy_return_id']}/{str(truth['order_number']).lower()}/{unit['key']}"
            settled, _, errors = await world.homeward(
                "match", "write-off", leg, "--reason", "sent to the charity shop", "--yes"
            )
            assert settled == 0, errors

        assert [each for each in await orphans(world) if each["class"] == "goods-without-place"] == []
