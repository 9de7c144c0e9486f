"""What has long been over goes as a whole, and nothing else does; what comes up again is found, not made anew."""

from datetime import timedelta
from pathlib import Path

import asyncpg
import orjson
import pytest

from daemon.store import retention
from daemon.store.database import Database
from tests.world import MERCHANT, World, open_world

TABLES = (
    "returns", "journal", "unit", "outbox", "attempt", "deadline", "notice", "batch_item", "inbox", "delivery", "watch",
)  # fmt: skip


async def rows(world: World) -> dict[str, int]:
    async with world.database.reading() as connection:
        return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}  # noqa: S608


async def prune_all(world: World, days: int) -> int:
    gone, after = 0, None
    while True:
        batch = await retention.prune(world.database, MERCHANT, world.now - timedelta(days=days), after)
        gone, after = gone + batch.returns, batch.after
        if after is None:
            return gone


async def test_what_was_over_goes_with_everything_that_belongs_to_it(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        world.begin("partial_then_expiry")
        await world.pass_time(timedelta(days=60))
        before = await rows(world)

        early = await prune_all(world, days=400)
        gone = await prune_all(world, days=0)

        assert (early, gone) == (0, before["returns"])
        left = await rows(world)
        assert {left[name] for name in TABLES if name != "watch"} == {0}


async def test_what_goes_is_in_the_archive_first(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        await world.pass_time(timedelta(days=60))
        before = await rows(world)

        file = tmp_path / "archive.ndjson"
        with retention.open_archive(file) as archive:
            await retention.prune(database, MERCHANT, world.now, None, archive=archive)

        kept = [orjson.loads(line) for line in file.read_bytes().splitlines()]
        counted = {
            kind: sum(each["kind"] == kind for each in kept) for kind in TABLES if kind not in ("delivery", "watch")
        }
        assert counted == {kind: before[kind] for kind in counted}
        assert file.stat().st_mode & 0o777 == 0o600
        assert (await rows(world))["journal"] == 0


async def test_what_is_still_at_work_stays_with_its_whole_family(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        world.begin("cancelled_order")
        await world.pass_time(timedelta(days=20))

        gone = await prune_all(world, days=0)

        states = [row["state"] for row in await world.all_returns()]
        assert (gone, states) == (1, ["exception"])


async def test_the_journal_of_a_return_that_is_kept_cannot_be_shortened(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        await world.pass_time(timedelta(days=20))

        async with database.reading() as connection:
            for statement in ("DELETE FROM journal WHERE version > 1", "UPDATE journal SET actor = 'nobody'"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_a_return_that_comes_up_again_after_it_went_finds_its_credit(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("bar_single")["express_code"]
        await world.pass_time(timedelta(days=20))
        assert await prune_all(world, days=0) == 1

        await world.pull(code)
        await world.pass_time(timedelta(days=2))

        books = world.books()
        assert len(books["credits"]) == 1
        assert [p["paymentType"] for p in books["payments"]].count("PAYMENT") == 1
        assert (await world.show(code))["credit"]["id"] == books["credits"][0]["id"]
