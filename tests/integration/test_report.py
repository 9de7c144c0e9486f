"""What the warehouse found in Happy Returns' bags is told to it where policy wants it: once, and together."""

from datetime import timedelta
from pathlib import Path

from daemon.loops.report import Report
from daemon.store.database import Database
from tests.world import World, open_world

WANTED = "report_contents = true\n"


async def unpacked(world: World) -> None:
    """Two bags and a damaged unit arrive."""
    world.begin("two_bags")
    world.begin("damaged")
    report = Report(world.workplace)
    await world.pass_time(timedelta(days=20))
    world.loops.append(report)
    await world.settle()


async def test_what_arrived_in_bags_is_told_once_with_its_condition(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=WANTED) as world:
        await unpacked(world)
        await world.pass_time(timedelta(days=2))

        (call,) = world.sandbox.happy_returns.contents
        (told,) = call
        items = {item["happyReturnsItemID"]: item for item in told["items"]}
        async with database.reading() as connection:
            rows = await connection.fetch(
                "SELECT happy_item_id, bag, condition FROM unit WHERE received_at IS NOT NULL"
            )
        assert {key: (item["returnBagBarcode"], item["disposition"]) for key, item in items.items()} == {
            row["happy_item_id"]: (row["bag"], row["condition"]) for row in rows if row["bag"]
        }
        assert told["happyReturnsRetailerID"] == "acme-apparel"
        assert "damaged" in {item["disposition"] for item in items.values()}


async def test_without_the_policy_nothing_is_told(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await unpacked(world)

        assert world.sandbox.happy_returns.contents == []
