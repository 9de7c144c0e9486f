"""Writes held, and a database that has forgotten: everything is decided, nothing is sent before it is safe."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.errors import LeaseLostError
from daemon.loops.runner import DOUBT_SECONDS
from daemon.loops.workplace import Lease
from daemon.store import merchant
from daemon.store.database import Database
from tests.world import MERCHANT, World, open_world

FORGOTTEN = (
    "attempt", "outbox", "deadline", "notice", "message", "unit", "returns", "journal", "journal_head", "inbox", "watch",
    "delivery", "cursor",
)  # fmt: skip


def writes(world: World) -> dict[str, int]:
    """What was written at Brightpearl so far, by kind."""
    books = world.books()
    refunds = [each for each in books["payments"] if each["paymentType"] == "PAYMENT"]
    return {"credits": len(books["credits"]), "payments": len(refunds), "goods_in": len(books["goods_in"])}


async def hold(world: World, *, is_held: bool) -> None:
    async with world.database.transaction() as connection:
        if is_held:
            await merchant.hold(connection, MERCHANT, actor="user:test", why="a look", now=world.now)
        else:
            await merchant.go_live(connection, MERCHANT)
    async with world.workplace.writing("look"):
        pass


async def observed(world: World) -> list[dict[str, Any]]:
    code, rows, said = await world.homeward("effect", "list", "--observed")
    assert code == 0, said
    return list(rows)


async def test_while_writes_are_held_everything_is_decided_and_nothing_is_sent(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await hold(world, is_held=True)
        before = writes(world)
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=8))

        (effect,) = await observed(world)
        told = await world.show(code)

        assert writes(world) == before
        assert (told["state"], told["credit"]["id"] if told["credit"] else None) == ("credit-pending", None)
        assert effect["last_error"].startswith("observed: would credit ")
        assert "against order" in effect["last_error"]


async def test_what_was_observed_is_sent_once_after_going_live(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await hold(world, is_held=True)
        code = str(world.begin("bar_single")["express_code"])
        before = writes(world)
        await world.pass_time(timedelta(days=8))

        await hold(world, is_held=False)
        await world.pass_time(timedelta(days=14))

        assert (await world.show(code))["state"] == "restocked"
        assert await observed(world) == []
        assert writes(world) == {"credits": before["credits"] + 1, "payments": before["payments"] + 1, "goods_in": 1}


async def test_who_holds_and_why_is_told(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        first = await world.homeward("merchant", "hold", MERCHANT, "--reason", "restore", "--yes")
        again = await world.homeward("merchant", "hold", MERCHANT, "--reason", "restore", "--yes")
        _, (listed,), _ = await world.homeward("merchant", "list")
        dry = await world.homeward("merchant", "go-live", MERCHANT, "--reason", "proven", "--dry-run")
        live = await world.homeward("merchant", "go-live", MERCHANT, "--reason", "proven", "--yes")
        _, log, _ = await world.homeward("user", "log")

        assert [told["changed"] for _, told, _ in (first, again, dry, live)] == [True, False, False, True]
        assert (listed["writes"], listed["writes_held_why"]) == ("held", "restore")
        assert [told["writes"] for _, told, _ in (dry, live)] == ["held", "live"]
        assert [row["action"] for row in log][:2] == ["writes-released", "writes-held"]


async def test_a_daemon_that_only_observes_is_not_let_go_by_a_command(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        async with database.transaction() as connection:
            await merchant.write_cursor(connection, MERCHANT, merchant.OBSERVING, {"observes": True})

        code, _, said = await world.homeward("merchant", "go-live", MERCHANT, "--reason", "proven", "--yes")
        _, (listed,), _ = await world.homeward("merchant", "list")

        assert (code, listed["writes"]) == (6, "observed")
        assert "--observe" in said


async def given_another_life(database: Database) -> None:
    """As after a promotion or a restore: the merchants' rows remember a life that is over."""
    async with database.transaction() as connection:
        await connection.execute("UPDATE merchant SET epoch = '1:00000000'")


async def test_a_lease_of_a_lost_life_of_the_database_writes_nothing(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await given_another_life(database)

        with pytest.raises(LeaseLostError):
            async with world.workplace.writing("anything"):
                pass
        with pytest.raises(LeaseLostError):
            await world.workplace.keep_cursor("anything", {})


async def test_a_restore_that_shows_nowhere_is_said_and_doubted_all_the_same(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        code, told, _ = await world.homeward("db", "restored", "--reason", "a dump was loaded", "--yes")

        with pytest.raises(LeaseLostError):
            async with world.workplace.writing("anything"):
                pass
        async with database.reading() as connection:
            share = await merchant.acquire(
                connection, [MERCHANT], owner="test", lease_seconds=60, doubt_seconds=DOUBT_SECONDS
            )
        assert (code, told) == (0, {"merchants": [MERCHANT], "changed": True})
        assert 0 < share.doubt_seconds[MERCHANT] <= DOUBT_SECONDS


async def test_in_another_life_the_leases_are_given_anew_and_nothing_is_sent_at_first(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await given_another_life(database)

        async with database.reading() as connection:
            share = await merchant.acquire(
                connection, [MERCHANT], owner="test", lease_seconds=60, doubt_seconds=DOUBT_SECONDS
            )
            again = await merchant.acquire(
                connection, [MERCHANT], owner="test", lease_seconds=60, doubt_seconds=DOUBT_SECONDS
            )

        assert share.held[MERCHANT] == world.workplace.lease.fence + 2  # one for the doubt, one for the taking
        assert 0 < share.doubt_seconds[MERCHANT] <= DOUBT_SECONDS
        assert again.held == share.held
        assert again.doubt_seconds[MERCHANT] <= share.doubt_seconds[MERCHANT]


async def test_what_a_lost_life_had_credited_is_taken_over_and_not_credited_again(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=3))
        lost = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=8))
        assert {(await world.show(each))["state"] for each in (code, lost)} <= {"credited", "restocked"}
        made = writes(world)
        await forget_everything(database)

        async with database.reading() as connection:
            share = await merchant.acquire(connection, [MERCHANT], owner="test", lease_seconds=10**7)
        world.workplace.lease = Lease(MERCHANT, share.held[MERCHANT])
        for each in (code, lost):
            await world.pull(each)
        await world.pass_time(timedelta(days=2))

        assert {(await world.show(each))["credit"]["id"] for each in (code, lost)} == {
            c["id"] for c in world.books()["credits"] if c["id"] and c["external_ref"]
        }
        assert writes(world)["credits"] == made["credits"]
        assert writes(world)["payments"] == made["payments"]


async def forget_everything(database: Database) -> None:
    """The worst a restore can do: not one return is known any more."""
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table in FORGOTTEN:
            await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
