"""One id in two spellings is one return, one credit, one refund, whichever border it comes in by."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.actions.imports import import_events, import_receipts
from daemon.actions.receiving import open_box, receive
from daemon.filters import compile_filter
from daemon.sandbox.happy_returns import spell
from daemon.store import board
from daemon.store.database import Database
from statemachine.units import Condition
from tests.integration.test_approval import allow
from tests.integration.test_border import post
from tests.samples import FULL_ITEM, WEBHOOK
from tests.world import MERCHANT, World, open_world

HOW = ("capitals", "swapped", "wide", "padded")
DAYS = timedelta(days=1)


async def is_one_return(world: World, truth: dict[str, Any]) -> None:
    """Paid once, and everything of it under one key."""
    (row,) = await world.all_returns()
    books = world.books()
    assert (row["happy_return_id"], row["express_code"]) == (truth["happy_return_id"], truth["express_code"])
    assert row["state"] == "restocked"
    assert len(books["credits"]) == 1
    assert len([each for each in books["payments"] if each["paymentType"] == "PAYMENT"]) == 1
    assert len(books["goods_in"]) == 1


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("border", ["spells_reads", "spells_webhooks", "spells_shipments"])
async def test_a_return_spelled_otherwise_at_one_border_is_the_same_return(
    how: str, border: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        setattr(world.sandbox.assumptions, border, how)
        truth = world.begin("bar_single")

        await world.pass_time(20 * DAYS)

        await is_one_return(world, truth)
        shown = await world.show(truth["express_code"])
        assert shown["units"][0]["bag"].startswith("HR2")


@pytest.mark.parametrize("after", [timedelta(hours=1), 1 * DAYS, 4 * DAYS, 8 * DAYS])
async def test_capitals_from_some_day_on_change_nothing(after: timedelta, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        spellings = {"spells_reads": "capitals", "spells_webhooks": "capitals", "spells_shipments": "capitals"}
        world.sandbox.season.at(world.now + after, "assume", **spellings)

        await world.pass_time(20 * DAYS)

        await is_one_return(world, truth)


async def test_mailed_units_are_approved_under_the_ids_happy_returns_shows(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        allow(world)
        world.sandbox.assumptions.spells_reads = "capitals"
        truth = world.begin("mail_inspected")
        world.sandbox.season.steps = [step for step in world.sandbox.season.steps if step.kind != "approve"]

        await world.pass_time(20 * DAYS)

        (approval,) = world.sandbox.happy_returns.approvals
        (item_id,) = truth["units"]
        assert [each["happyReturnsItemID"] for each in approval["body"]["returning"]] == [item_id.upper()]
        await is_one_return(world, truth)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("column", ["express_code", "happy_item_id", "happy_return_id"])
async def test_a_receipt_finds_its_unit_in_any_spelling(
    column: str, how: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        world.sandbox.season.steps = [step for step in world.sandbox.season.steps if step.kind != "receive"]
        await world.pass_time(8 * DAYS)
        (item_id,) = truth["units"]
        name = {**truth, "happy_item_id": item_id}[column]
        raw = f"{column},condition\n{spell(name, how)},sellable\n".encode()

        (row,) = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")
        await world.settle()

        assert row["result"] == "received"
        await is_one_return(world, truth)


@pytest.mark.parametrize("how", HOW)
async def test_what_is_searched_or_filtered_for_is_found_in_any_spelling(
    how: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await world.pass_time(7 * DAYS)
        (item_id,) = truth["units"]
        bag = (await world.show(truth["express_code"]))["units"][0]["bag"]

        for name in (truth["happy_return_id"], truth["express_code"], item_id, bag):
            assert (await world.show(spell(name, how)))["happy_return_id"] == truth["happy_return_id"]

        condition = compile_filter(f'express="{spell(truth["express_code"], how)}"', world.now)
        async with database.reading() as connection:
            assert len(await board.listing(connection, condition, rows_max=9)) == 1


@pytest.mark.parametrize("how", HOW)
async def test_a_scanner_that_spells_otherwise_receives_the_same_unit(
    how: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        world.sandbox.season.steps = [step for step in world.sandbox.season.steps if step.kind != "receive"]
        await world.pass_time(8 * DAYS)
        (item_id,) = truth["units"]
        bag = (await world.show(truth["express_code"]))["units"][0]["bag"]

        (box,) = await open_box(database, spell(bag, how), [MERCHANT])
        (unit,) = box.meant_by(spell(item_id, how))
        await receive(
            database, box, [unit], condition=Condition.SELLABLE, key="k", actor="user:test", source="warehouse", now=world.now
        )  # fmt: skip
        await world.settle()

        await is_one_return(world, truth)


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
