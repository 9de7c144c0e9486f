"""One id in two spellings is one return, one credit, one refund, whichever border it comes in by."""

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from daemon.actions.imports import import_events, import_receipts
from daemon.actions.receiving import open_box, receive
from daemon.filters import compile_filter
from daemon.sandbox.catalogue import Line
from daemon.sandbox.happy_returns import spell
from daemon.store import board
from daemon.store.database import Database
from statemachine.units import Condition
from tests.abreast import abreast, booked
from tests.integration.test_approval import allow
from tests.integration.test_beside_ours import order_of, stopped_for
from tests.integration.test_border import post
from tests.integration.test_misleading_vendor import DAY
from tests.same_goods import one_of_many
from tests.samples import FULL_ITEM, WEBHOOK
from tests.world import MERCHANT, World, open_world

HOW = ("capitals", "swapped", "wide", "padded")
BORDERS = ("spells_reads", "spells_webhooks", "spells_shipments")
DAYS = timedelta(days=1)


async def is_one_return(world: World, truth: dict[str, Any], case: object = "") -> None:
    """Paid once, and everything of it under one key."""
    (row,) = [row for row in await world.all_returns() if row["order_number"] == truth["order_number"]]
    names = (row["happy_return_id"], row["express_code"])
    assert (*names, row["state"]) == (truth["happy_return_id"], truth["express_code"], "restocked"), case
    assert booked(world, truth["order_number"]).counts == (1, 1, 1), case


async def test_a_return_spelled_otherwise_at_one_border_or_from_some_day_on_is_the_same_return(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        spells, truths = world.sandbox.happy_returns.spells, dict[object, dict[str, Any]]()
        for border, how in itertools.product(BORDERS, HOW):
            truths[border, how] = truth = world.begin("bar_single")
            spells[truth["happy_return_id"]] = {border: how}
        moments = [timedelta(hours=1), 1 * DAYS, 4 * DAYS, 8 * DAYS]
        truths |= {moment: world.begin("bar_single") for moment in moments}
        abreast(world)
        began = world.now

        for moment in moments:
            await world.pass_time(began + moment - world.now)
            spells[truths[moment]["happy_return_id"]] = dict.fromkeys(BORDERS, "capitals")
        await world.pass_time(12 * DAYS)

        assert len(await world.all_returns()) == len(truths)
        for case, truth in truths.items():
            await is_one_return(world, truth, case)
            shown = await world.show(truth["express_code"])
            assert shown["units"][0]["bag"].startswith("HR2"), case


async def test_mailed_units_are_approved_under_the_ids_happy_returns_shows(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        allow(world)
        world.sandbox.assumptions.spells_reads = "capitals"
        truth = world.begin("mail_inspected")
        world.sandbox.season.steps = [step for step in world.sandbox.season.steps if step.kind != "approve"]

        await world.pass_time(16 * DAYS)

        (approval,) = world.sandbox.happy_returns.approvals
        (item_id,) = truth["units"]
        assert [each["happyReturnsItemID"] for each in approval["body"]["returning"]] == [item_id.upper()]
        await is_one_return(world, truth)


async def test_receipts_scans_and_searches_find_the_unit_in_any_spelling(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        columns = ("express_code", "happy_item_id", "happy_return_id")
        imported = {case: world.begin("bar_single") for case in itertools.product(columns, HOW)}
        scanned = {how: world.begin("bar_single") for how in HOW}
        world.sandbox.season.steps = [step for step in world.sandbox.season.steps if step.kind != "receive"]
        abreast(world)
        await world.pass_time(11 * DAYS)

        await is_found_in_any_spelling(world, scanned[HOW[0]])
        for (column, how), truth in imported.items():
            (item_id,) = truth["units"]
            name = {**truth, "happy_item_id": item_id}[column]
            raw = f"{column},condition\n{spell(name, how)},sellable\n".encode()
            (row,) = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")
            assert row["result"] == "received", (column, how)
        for how, truth in scanned.items():
            await receive_spelled(world, truth, how)
        await world.settle()

        assert len(await world.all_returns()) == len(imported) + len(scanned)
        for case, truth in (imported | scanned).items():
            await is_one_return(world, truth, case)


async def is_found_in_any_spelling(world: World, truth: dict[str, Any]) -> None:
    """By every name of it, and by a filter."""
    (item_id,) = truth["units"]
    bag = (await world.show(truth["express_code"]))["units"][0]["bag"]
    for how in HOW:
        for name in (truth["happy_return_id"], truth["express_code"], item_id, bag):
            assert (await world.show(spell(name, how)))["happy_return_id"] == truth["happy_return_id"], (how, name)
        condition = compile_filter(f'express="{spell(truth["express_code"], how)}"', world.now)
        async with world.database.reading() as connection:
            assert len(await board.listing(connection, condition, rows_max=9)) == 1, how


async def receive_spelled(world: World, truth: dict[str, Any], how: str) -> None:
    """Bag and unit are scanned by a scanner that spells so."""
    (item_id,) = truth["units"]
    bag = (await world.show(truth["express_code"]))["units"][0]["bag"]
    (box,) = await open_box(world.database, spell(bag, how), [MERCHANT])
    (unit,) = box.meant_by(spell(item_id, how))
    await receive(
        world.database, box, [unit], condition=Condition.SELLABLE, key=f"scan {how}", actor="user:test",
        source="warehouse", now=world.now,
    )  # fmt: skip


async def test_a_file_of_webhooks_in_other_case_repeats_what_is_known(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        assert await post(world, json.dumps(WEBHOOK).encode()) == 200
        names = ("happyReturnsReturnID", "happyReturnsItemID", "happyReturnsExpressCode")
        item = {**FULL_ITEM, **{name: FULL_ITEM[name].swapcase() for name in names}}
        raw = json.dumps({**WEBHOOK, "items": [item]}).encode()

        await import_events(database, MERCHANT, world.workplace.settings, raw, world.now)
        await world.loops[0].run_once(world.now)

        (row,) = await world.all_returns()
        assert row["happy_return_id"] == FULL_ITEM["happyReturnsReturnID"]
        assert (await world.show("hrk7q2mx"))["units"][0]["happy_item_id"] == FULL_ITEM["happyReturnsItemID"]


async def test_a_return_is_pulled_by_its_code_in_small_letters(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        world.sandbox.happy_returns.webhook_url = ""
        world.sandbox.clock.move(to=world.now + timedelta(minutes=1))
        world.sandbox.season.play(world.now)

        code, pulled, _ = await world.homeward("event", "pull", truth["express_code"].lower())
        await world.settle()

        assert (code, pulled["units"]) == (0, 1)
        assert (await world.show(truth["express_code"]))["happy_return_id"] == truth["happy_return_id"]


async def test_two_orders_whose_numbers_differ_by_their_sign_are_ambiguous(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        order, books = order_of(world, truth), world.sandbox.books
        clone = world.sandbox.season.order([Line(next(iter(books.products.values())), 4)], world.now)
        del books.orders[clone.id]
        clone.reference = f"#{order.reference}"
        books.orders[clone.id] = clone

        await world.pass_time(DAY)

        assert await stopped_for(world, truth) == "order-ambiguous"
