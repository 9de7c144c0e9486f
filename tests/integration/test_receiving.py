"""Receiving by scan: each unit once, whoever scans; nothing of another merchant, nothing lost."""

from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from daemon.actions import receiving
from daemon.store import goods, inbox
from daemon.store.database import Database
from daemon.web.access.roles import Role
from statemachine.units import Condition
from tests.given import Given
from tests.visitor import visitor
from tests.world import MERCHANT, World, open_world


async def a_bag(world: World) -> str:
    """A return of several units that has been handed over; its express code."""
    code = str(world.begin("bar_several")["express_code"])
    world.sandbox.season.receipts.clear()
    await world.pass_time(timedelta(days=2))
    return code


async def received(world: World) -> int:
    """Units that are here; a return may have become parts of which each has its own."""
    async with world.database.reading() as connection:
        rows = await goods.received(connection, MERCHANT, since=world.now - timedelta(days=1), rows_max=99)
    return len(rows)


async def test_two_scanners_at_one_bag_receive_two_units(given: Given) -> None:
    async with given.world(a_bag) as (world, code):

        async def scan(key: str, told: list[list[str]]) -> None:
            (box,) = await receiving.open_box(world.database, code, [MERCHANT])
            told.append(
                await receiving.receive(
                    world.database, box, box.awaited, condition=Condition.SELLABLE, key=key, actor="user:test",
                    source="warehouse", now=world.now, at_most=1,
                )
            )  # fmt: skip

        told: list[list[str]] = []
        async with anyio.create_task_group() as group:
            for number in range(2):
                group.start_soon(scan, f"scanner{number}", told)
        await world.settle()

        assert [len(keys) for keys in told] == [1, 1]
        assert await received(world) == 2


async def test_a_second_scan_on_the_same_page_is_not_lost(given: Given) -> None:
    async with given.world(a_bag) as (world, code):
        skus = [unit["sku"] for unit in (await world.show(code))["units"]]
        async with visitor(world, "walt", Role.WAREHOUSE) as walt:
            page = {"scan": code, "merchant": MERCHANT, "key": "0123456789abcdef"}  # the page has not changed yet

            for sku in skus:
                await walt.post("/warehouse/receive", {**page, "item": sku})
            await world.settle()

        assert await received(world) == len(skus)


async def test_all_of_a_bag_is_what_was_shown(given: Given) -> None:
    async with given.world(a_bag) as (world, code):
        first = (await world.show(code))["units"][0]
        family = (await world.show(code))["happy_return_id"]
        async with visitor(world, "walt", Role.WAREHOUSE) as walt:
            page = {"scan": code, "merchant": MERCHANT, "key": "0123456789abcdef", "shown": f"{family}/{first['key']}"}

            await walt.post("/warehouse/receive", page)
            await walt.post("/warehouse/receive", {**page, "merchant": "another"})
            await world.settle()

        assert await received(world) == 1


async def test_the_same_words_are_noted_again_when_they_are_said_again(given: Given) -> None:
    async with given.world(a_bag) as (world, code):
        number = (await world.show(code))["id"]
        async with visitor(world) as anna:
            for nonce in ("a" * 16, "a" * 16, "b" * 16):  # sent twice, then written once more
                told = {"verb": "note", "ids": f"{MERCHANT}:{number}", "note": "called the customer", "step": "do"}
                await anna.post("/changes", {**told, "nonce": nonce})
                await world.settle()

        assert [row["event"] for row in (await world.show(code))["journal"]].count("noted") == 2


async def test_two_people_who_assign_at_once_are_both_heard(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        number = (await world.show(await a_bag(world)))["id"]
        async with visitor(world) as anna, visitor(world, "bea") as bea:
            for who, to in ((anna, "anna"), (bea, "bea")):
                await who.post(
                    "/changes", {"verb": "assign", "ids": f"{MERCHANT}:{number}", "person": to, "step": "do"}
                )
        async with database.reading() as connection:
            rows = await inbox.listing(
                connection, merchants=[MERCHANT], state="waiting", happy_return_id=None, rows_max=9
            )

        assert sorted(row["actor"] for row in rows if row["event"] == "assigned") == ["user:anna", "user:bea"]


@pytest.mark.parametrize(("form", "length"), [("none", 0), ("exact", 10), ("upper", 0)])
async def test_our_goods_in_note_is_known_where_the_account_does_not_show_its_reference(
    form: str, length: int, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.reference_form, world.sandbox.assumptions.reference_length = form, length
        world.sandbox.assumptions.note_lag_seconds = 20.0
        code = str(world.begin("bar_single")["express_code"])

        await world.pass_time(timedelta(days=16))

        shown = await world.show(code)
        assert (shown["state"], len(world.books()["goods_in"])) == ("restocked", 1), shown["exception"]
