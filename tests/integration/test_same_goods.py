"""One physical thing is paid for once, under whatever returns, in whatever order they come, for ever."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.actions.imports import import_receipts
from daemon.sandbox.catalogue import Line
from daemon.sandbox.happy_returns import ReturnOfGoods
from daemon.store import inbox, retention
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.web.access.roles import Role
from statemachine.causes import CAUSES
from statemachine.events import Departed, DroppedOff, Started
from statemachine.units import Unit
from tests.integration.test_api import say
from tests.integration.test_border import post
from tests.integration.test_decisions import our_credits, payments
from tests.samples import FULL_ITEM, WEBHOOK
from tests.visitor import program, visitor
from tests.world import MERCHANT, World, open_world

MINUTE, HOUR, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEW_ID, NEW_CODE = "11111111-2222-4333-8444-555555555555", "HRNEWKEY"


def rekey(world: World, *truths: dict[str, Any], code: str = NEW_CODE, **more: Any) -> None:
    """Happy Returns gives these returns another key, now."""
    ids = [truth["happy_return_id"] for truth in truths]
    world.sandbox.happy_returns.rekey(ids, NEW_ID, code, world.now, **more)


def without(world: World, *kinds: str) -> None:
    season = world.sandbox.season
    season.steps = [step for step in season.steps if step.kind not in kinds]


async def rows_of(world: World, happy_return_id: str) -> list[dict[str, Any]]:
    return [row for row in await world.all_returns() if row["happy_return_id"] == happy_return_id]


async def the_one(world: World, happy_return_id: str) -> dict[str, Any]:
    (row,) = await rows_of(world, happy_return_id)
    return await world.show(str(row["id"]))


async def stopped_for_its_goods(world: World, happy_return_id: str = NEW_ID) -> dict[str, Any]:
    shown = await the_one(world, happy_return_id)
    assert shown["state"] == "exception", shown
    assert shown["exception"]["cause"] == "same-goods"
    assert shown["exception"]["owner"] == CAUSES["same-goods"].owner
    assert shown["exception"]["evidence"]["goods"]
    assert shown["due_at"] is not None
    assert shown["credit"] is None
    return shown


async def settle_goods(world: World, number: int, way: str) -> tuple[int, Any, str]:
    told = ("--reason", "data-error", "--note", "looked at both", "--yes")
    answer = await world.homeward("exception", "same-goods", str(number), "--do", way, *told)
    await world.settle()
    return answer


def paid_once(world: World) -> None:
    assert len(our_credits(world)) == 1
    assert len(payments(world)) == 1


def one_of_many(world: World, name: str = "one of many") -> dict[str, Any]:
    """A return of one unit of an order that has room for more: what the order sold stops no second credit."""
    season = world.sandbox.season
    if not world.sandbox.books.products:
        season.open(1)
    product = next(iter(world.sandbox.books.products.values()))
    order = season.order([Line(product, 4)], world.now)
    new = season.announce(name, world.now + MINUTE, season.items(order, [(0, 1)]), "restocked")
    season.travel(new, new.items, world.now + HOUR)
    return season.truth[-1]


@pytest.mark.parametrize("how", ["re-keyed", "merged", "re-keyed with other item ids", "re-keyed under its old code"])
async def test_one_physical_unit_under_a_second_return_id_is_paid_once(
    how: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truths = [one_of_many(world) for _ in range(2 if how == "merged" else 1)]
        await world.pass_time(20 * DAYS)
        (item_id,) = truths[0]["units"]
        fresh = {"item_ids": {item_id: "another-item"}} if "other item ids" in how else {}

        rekey(world, *truths, code=truths[0]["express_code"] if "old code" in how else NEW_CODE, **fresh)
        await world.pass_time(10 * DAYS)

        assert len(our_credits(world)) == len(payments(world)) == len(truths)
        assert {row["cause"] for row in await rows_of(world, NEW_ID)} == {"same-goods"}
        assert [(await the_one(world, each["happy_return_id"]))["state"] for each in truths] == ["restocked"] * len(
            truths
        )


async def test_both_keys_in_one_batch_pay_one_of_them(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        world.sandbox.clock.move(to=world.now + 2 * HOUR)
        vendor = world.sandbox.happy_returns
        world.sandbox.season.play(world.now)
        vendor.flush(world.now)
        old = vendor.returns[truth["happy_return_id"]]
        vendor.record(ReturnOfGoods(NEW_ID, NEW_CODE, "", old.email, old.method, old.purchased_at, old.items))
        vendor._tell(vendor.returns[NEW_ID], world.now - HOUR, "return_status_updated", "dropped-off")
        vendor.flush(world.now)

        await world.settle()  # both are read, and decided on, together

        states = {row["happy_return_id"]: (row["state"], row["cause"]) for row in await world.all_returns()}
        assert sorted(states.values(), key=str) == [("credited", None), ("exception", "same-goods")]
        paid_once(world)


REACHED = {"initiated": HOUR, "credited": 7 * DAYS, "restocked": 20 * DAYS}
"""The first return's state when the second comes, and how long it takes to come there."""


@pytest.mark.parametrize("state", REACHED)
async def test_a_re_keyed_return_is_stopped_whatever_state_the_first_is_in(
    state: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        time = REACHED[state]
        without(world, *{"initiated": ("drop", "approve", "ship", "receive"), "credited": ("receive",)}.get(state, ()))
        await world.pass_time(time)
        assert (await the_one(world, truth["happy_return_id"]))["state"] == state

        rekey(world, truth)
        if state == "initiated":
            world.sandbox.happy_returns.drop_off(NEW_ID, list(truth["units"]), world.now)
        await world.pass_time(DAYS)

        shown = await stopped_for_its_goods(world)
        assert shown["exception"]["evidence"]["goods"][0]["happy_return_id"] == truth["happy_return_id"]
        assert len(our_credits(world)) == (0 if state == "initiated" else 1)
        assert len(payments(world)) == (0 if state == "initiated" else 1)


@pytest.mark.parametrize("ended", ["exception", "resolved", "expired"])
async def test_goods_of_a_return_that_stopped_or_ended_are_not_paid_under_another(
    ended: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("never_dropped" if ended == "expired" else "exchange")
        await world.pass_time((40 if ended == "expired" else 8) * DAYS)
        number = str((await rows_of(world, truth["happy_return_id"]))[0]["id"])
        if ended == "resolved":
            words = ("--reason", "credited-by-hand", "--note", "done by hand", "--yes")
            await world.homeward("exception", "resolve", number, *words)
            await world.settle()

        rekey(world, truth)
        for item in world.sandbox.happy_returns.returns[NEW_ID].items:
            item.refund_type, item.ended = "refund", ""
        world.sandbox.happy_returns.drop_off(NEW_ID, list(truth["units"]), world.now)
        await world.pass_time(DAYS)

        await stopped_for_its_goods(world)
        assert our_credits(world) == []


async def test_where_item_ids_come_again_after_expiry_the_new_return_is_credited(
    database: Database, tmp_path: Path
) -> None:
    extra = "\n[merchants.acme.assumptions]\nitem_ids_come_again = true\n"
    async with open_world(database, tmp_path, extra_config=extra) as world:
        truth = world.begin("never_dropped")
        await world.pass_time(40 * DAYS)

        rekey(world, truth)
        world.sandbox.happy_returns.returns[NEW_ID].items[0].ended = ""
        world.sandbox.happy_returns.drop_off(NEW_ID, list(truth["units"]), world.now)
        await world.pass_time(DAYS)

        assert (await the_one(world, NEW_ID))["state"] == "credited"
        paid_once(world)


@pytest.mark.parametrize("item_ids", [True, False])
async def test_two_returns_merged_into_one_are_stopped_for_what_was_paid(
    item_ids: bool, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        first, second = world.begin("bar_single"), world.begin("bar_single")
        without(world, "receive")
        await world.pass_time(8 * DAYS)
        assert len(our_credits(world)) == 2

        fresh = {} if item_ids else {"item_ids": {key: f"new-{key}" for t in (first, second) for key in t["units"]}}
        rekey(world, first, second, code=first["express_code"], **fresh)
        await world.pass_time(DAYS)

        merged = await rows_of(world, NEW_ID)
        assert {(row["state"], row["cause"]) for row in merged} == {("exception", "same-goods")}
        assert len(our_credits(world)) == 2
        assert len(payments(world)) == 2


async def test_a_merged_return_pays_what_is_new_and_stops_what_was_paid(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        season, vendor = world.sandbox.season, world.sandbox.happy_returns
        season.open(1)
        order = season.order([Line(next(iter(world.sandbox.books.products.values()))) for _ in range(2)], world.now)
        old, fresh = season.items(order, [(0, 1), (1, 1)])
        new = season.announce("x", world.now, [old], "restocked")
        season.at(world.now + HOUR, "drop", return_id=new.return_id, item_ids=[old.item_id])
        await world.pass_time(DAYS)
        assert len(our_credits(world)) == 1

        vendor.returns[new.return_id].items.append(fresh)
        fresh.dropped_off_at = world.now
        rekey(world, {"happy_return_id": new.return_id})
        await world.pass_time(DAYS)

        states = {row["state"] for row in await rows_of(world, NEW_ID)}
        assert states == {"exception", "credited"}
        assert len(our_credits(world)) == 2


async def test_an_express_code_under_another_return_is_stopped_even_with_other_item_ids(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await world.pass_time(20 * DAYS)

        (item_id,) = truth["units"]
        rekey(world, truth, code=truth["express_code"], item_ids={item_id: "another-item"})
        await world.pass_time(DAYS)

        shown = await stopped_for_its_goods(world)
        assert shown["exception"]["evidence"]["goods"][0]["by"] == "express code"
        paid_once(world)


async def test_a_line_with_its_offset_under_another_item_id_is_the_same_unit(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("duplicate_sku")
        await world.pass_time(20 * DAYS)

        rekey(world, truth, item_ids={key: f"new-{key}" for key in truth["units"]})
        await world.pass_time(DAYS)

        shown = await stopped_for_its_goods(world)
        assert {each["by"] for each in shown["exception"]["evidence"]["goods"]} == {"order line"}
        paid_once(world)


async def test_units_without_item_ids_are_held_by_their_order_line(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        truth = world.begin("duplicate_sku")
        await world.pass_time(20 * DAYS)
        paid_once(world)

        rekey(world, truth)
        await world.pass_time(DAYS)

        await stopped_for_its_goods(world)
        paid_once(world)


async def test_item_ids_that_come_later_do_not_hide_what_was_paid_without_them(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        truth = world.begin("bar_single")
        await world.pass_time(20 * DAYS)

        world.sandbox.assumptions.per_item_ids = True
        rekey(world, truth)
        await world.pass_time(DAYS)

        await stopped_for_its_goods(world)
        paid_once(world)


def body_of(*names: tuple[str, str], **sets: Any) -> bytes:
    """One webhook with an item for each (return id, express code), the same physical unit in all of them."""
    items = [
        {**FULL_ITEM, "happyReturnsReturnID": name, "happyReturnsExpressCode": code, **sets} for name, code in names
    ]
    return json.dumps({**WEBHOOK, "items": items}).encode()


async def test_the_same_unit_twice_in_one_webhook_is_paid_once(database: Database, tmp_path: Path) -> None:
    extra = "confirm_webhooks = false\n"
    async with open_world(database, tmp_path, extra_config=extra) as world:
        season = world.sandbox.season
        season.open(1)
        order = season.order([Line(next(iter(world.sandbox.books.products.values())), 4)], world.now)
        row = next(row for row in order.rows if row.sku)
        sets = {
            "orderNumber": order.reference,
            "orderLineItemID": row.external_ref,
            "sku": row.sku,
            "refundAmount": None,
        }

        assert await post(world, body_of((NEW_ID, "HRAAAAAA"), ("ret-2", "HRBBBBBB"), **sets)) == 200
        await world.settle()

        states = {row["happy_return_id"]: row["state"] for row in await world.all_returns()}
        assert sorted(states.values()) == ["credited", "exception"]
        paid_once(world)


async def test_a_unit_listed_twice_under_one_return_is_credited_once(database: Database, tmp_path: Path) -> None:
    extra = "confirm_webhooks = false\n"
    async with open_world(database, tmp_path, extra_config=extra) as world:
        world.sandbox.season.open(1)
        order = world.sandbox.season.order([Line(next(iter(world.sandbox.books.products.values())), 4)], world.now)
        row = next(row for row in order.rows if row.sku)
        sets = {
            "orderNumber": order.reference,
            "orderLineItemID": row.external_ref,
            "sku": row.sku,
            "refundAmount": None,
        }

        assert await post(world, body_of((NEW_ID, NEW_CODE), (NEW_ID, NEW_CODE), **sets)) == 200
        await world.settle()

        (credit,) = our_credits(world)
        assert [row["quantity"] for row in credit["rows"]] == ["1"]
        assert len((await the_one(world, NEW_ID))["units"]) == 1


async def test_units_that_get_their_item_ids_after_they_were_paid_are_not_paid_again(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        season = world.sandbox.season
        season.open(1)
        order = season.order([Line(next(iter(world.sandbox.books.products.values())), 6)], world.now)
        row = next(row for row in order.rows if row.sku)
        goods = season.items(order, [(0, 2)], line_item_id=row.external_ref)
        new = season.announce("x", world.now, goods, "restocked")
        season.at(world.now + HOUR, "drop", return_id=new.return_id, item_ids=[item.item_id for item in goods])
        await world.pass_time(DAYS)
        paid_once(world)

        world.sandbox.assumptions.per_item_ids = True
        world.sandbox.happy_returns.approve_items(new.return_id, [item.item_id for item in goods], world.now)
        await world.pass_time(DAYS)

        paid_once(world)
        assert len(await rows_of(world, new.return_id)) == 1


async def test_a_split_part_and_a_re_key_together_pay_each_unit_once(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("two_bags")
        without(world, "receive", "ship", "drop", "approve")
        await world.pass_time(HOUR)
        first, second = truth["units"]
        world.sandbox.happy_returns.drop_off(truth["happy_return_id"], [first], world.now)
        await world.pass_time(HOUR)
        assert len(our_credits(world)) == 1

        rekey(world, truth)
        world.sandbox.happy_returns.drop_off(NEW_ID, [second], world.now)
        await world.pass_time(DAYS)

        # one was paid under the old key; the other is held there, uncredited, so a person is asked about both
        assert {row["cause"] for row in await rows_of(world, NEW_ID)} == {"same-goods"}
        assert len(our_credits(world)) == 1


async def test_a_late_event_of_a_pruned_return_and_its_re_keyed_twin_pay_nothing_again(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await world.pass_time(20 * DAYS)
        paid_once(world)
        pruned = await retention.prune(database, MERCHANT, world.now + DAYS, None)
        assert pruned.returns == 1
        assert await world.all_returns() == []

        rekey(world, truth)
        await world.pass_time(DAYS)

        shown = await stopped_for_its_goods(world)
        assert shown["exception"]["evidence"]["goods"][0]["state"] == "kept no more"
        assert "kept no more" in shown["exception"]["explanation"]
        paid_once(world)
        code, _, said = await settle_goods(world, shown["id"], "adopt")
        assert code == 0, said
        assert (await the_one(world, NEW_ID))["close_reason"] == "same-goods"


async def test_the_pruned_return_itself_takes_its_own_credit_over_again(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await world.pass_time(20 * DAYS)
        await retention.prune(database, MERCHANT, world.now + DAYS, None)
        async with database.transaction() as connection:
            await connection.execute("DELETE FROM watch")

        await world.pull(truth["express_code"])
        await world.pass_time(DAYS)

        assert (await the_one(world, truth["happy_return_id"]))["credit"]["id"] == our_credits(world)[0]["id"]
        paid_once(world)


async def given_a_stopped_twin(world: World, scenario: str = "bar_single") -> tuple[dict[str, Any], dict[str, Any]]:
    """A return that was credited, its goods still under way; and its re-keyed twin, stopped."""
    truth = world.begin(scenario)
    without(world, "receive")
    await world.pass_time(8 * DAYS)
    rekey(world, truth)
    await world.pass_time(DAYS)
    return truth, await stopped_for_its_goods(world)


async def test_adopting_ends_the_twin_and_what_is_still_to_come_goes_to_the_return_that_was_paid(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, twin = await given_a_stopped_twin(world)

        code, answer, said = await settle_goods(world, twin["id"], "adopt")

        assert (code, answer["changed"]) == (0, True), said
        ended = await the_one(world, NEW_ID)
        assert (ended["state"], ended["close_reason"]) == ("closed", "same-goods")
        assert any(step["event"] == "goods-settled" and step["actor"].startswith("user:") for step in ended["journal"])

        (item_id,) = truth["units"]
        raw = f"happy_return_id,happy_item_id,condition\n{NEW_ID},{item_id},sellable\n".encode()
        (row,) = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")
        await world.settle()
        first = await the_one(world, truth["happy_return_id"])
        assert (row["result"], row["return_id"]) == ("received", first["id"])
        assert first["state"] == "restocked"
        paid_once(world)
        assert len(world.books()["goods_in"]) == 1


async def test_what_happy_returns_says_of_an_adopted_twin_reaches_the_return_that_stands(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, twin = await given_a_stopped_twin(world)
        await settle_goods(world, twin["id"], "adopt")
        world.sandbox.happy_returns.approve_items(NEW_ID, list(truth["units"]), world.now)
        world.sandbox.season._do_ship(world.now, NEW_ID, list(truth["units"]))

        await world.pass_time(2 * DAYS)

        (unit,) = (await the_one(world, truth["happy_return_id"]))["units"]
        assert (unit["confirmed"], bool(unit["bag"])) == ("approved", True)
        assert {row["state"] for row in await rows_of(world, NEW_ID)} == {"closed"}
        paid_once(world)


async def test_merging_ends_the_return_that_was_not_paid_and_pays_the_other(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        without(world, "drop", "approve", "ship", "receive")
        await world.pass_time(HOUR)
        rekey(world, truth)
        world.sandbox.happy_returns.drop_off(NEW_ID, list(truth["units"]), world.now)
        await world.pass_time(DAYS)
        twin = await stopped_for_its_goods(world)

        code, _, said = await settle_goods(world, twin["id"], "merge")

        assert code == 0, said
        ended = await the_one(world, truth["happy_return_id"])
        assert (ended["state"], ended["close_reason"]) == ("closed", "same-goods")
        assert (await the_one(world, NEW_ID))["state"] == "credited"
        paid_once(world)


async def test_a_return_whose_credit_was_asked_for_and_never_sent_can_be_merged(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("unmatched_order")
        await world.pass_time(8 * DAYS)
        assert (await the_one(world, truth["happy_return_id"]))["exception"]["cause"] == "order-not-found"
        good = world.sandbox.season.order([Line(next(iter(world.sandbox.books.products.values())))], world.now)
        for item in world.sandbox.happy_returns.returns[truth["happy_return_id"]].items:
            row = next(row for row in good.rows if row.sku)
            item.order_number, item.line_item_id, item.sku = good.reference, row.external_ref, row.sku
            item.amount = str(row.net + row.tax)
        rekey(world, truth)
        await world.pass_time(DAYS)
        twin = await stopped_for_its_goods(world)

        code, _, said = await settle_goods(world, twin["id"], "merge")
        await world.pass_time(DAYS)

        assert code == 0, said
        assert (await the_one(world, NEW_ID))["state"] in ("credited", "restocked")
        paid_once(world)


async def test_what_was_paid_is_not_merged_away(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        _, twin = await given_a_stopped_twin(world)

        code, _, said = await settle_goods(world, twin["id"], "merge")

        assert code == 6
        assert "adopt" in said
        await stopped_for_its_goods(world)


async def test_a_refused_twin_ends_unpaid_and_its_goods_need_a_word_when_they_come(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, twin = await given_a_stopped_twin(world)
        code, _, said = await settle_goods(world, twin["id"], "refuse")
        assert code == 0, said
        assert (await the_one(world, NEW_ID))["close_reason"] == "written-off"

        raw = f"express_code,condition\n{NEW_CODE},sellable\n".encode()
        await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")
        await world.settle()

        assert (await the_one(world, NEW_ID))["exception"]["cause"] == "arrived-after-write-off"
        assert (await the_one(world, truth["happy_return_id"]))["state"] == "credited"
        await world.resume(NEW_CODE)
        await stopped_for_its_goods(world)
        paid_once(world)


async def test_only_a_word_that_tells_the_goods_apart_lets_a_second_credit_be_made(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        season = world.sandbox.season
        first = world.begin("bar_single")
        await world.pass_time(20 * DAYS)
        (item_id,) = first["units"]
        second = world.begin("bar_single")  # other goods, of another order, under a reused id
        season.steps = [step for step in season.steps if step.kind != "receive"]
        goods = next(step.told["new"] for step in season.steps if step.kind == "start")
        goods.items[0].item_id, own = item_id, goods.items[0].item_id
        for step in season.steps:
            if own in step.told.get("item_ids", ()):
                step.told["item_ids"] = [item_id]
        await world.pass_time(8 * DAYS)
        shown = await stopped_for_its_goods(world, second["happy_return_id"])

        for verb in ("retry", "accept", "force"):
            more = {"retry": (), "accept": (), "force": ("--to", "credit-pending", "--note", "now")}[verb]
            await world.homeward("exception", verb, str(shown["id"]), "--reason", "data-error", *more, "--yes")
            await world.settle()
            await stopped_for_its_goods(world, second["happy_return_id"])
        paid_once(world)

        code, _, said = await settle_goods(world, shown["id"], "tell-apart")
        await world.pass_time(DAYS)

        assert code == 0, said
        assert (await the_one(world, second["happy_return_id"]))["state"] == "credited"
        assert len(our_credits(world)) == 2
        async with database.reading() as connection:
            claims = await connection.fetch("SELECT identity, occurrence FROM goods_claim ORDER BY occurrence")
        assert [(row["identity"], row["occurrence"]) for row in claims] == [
            (f"item:{item_id}", 1),
            (f"item:{item_id}", 2),
        ]

        rekey(world, second)
        await world.pass_time(DAYS)
        await stopped_for_its_goods(world)
        assert len(our_credits(world)) == 2


async def test_a_settled_word_needs_its_reason_and_note_and_a_second_person_above_the_limit(
    database: Database, tmp_path: Path
) -> None:
    extra = "\n[merchants.acme.people]\nsecond_person_above = 1\n"
    async with open_world(database, tmp_path, extra_config=extra) as world:
        _, twin = await given_a_stopped_twin(world)
        number = str(twin["id"])

        bare, _, said = await world.homeward(
            "exception", "same-goods", number, "--do", "adopt", "--reason", "data-error"
        )
        assert bare != 0
        assert "note" in said
        code, answer, said = await world.homeward(
            "exception", "same-goods", number, "--do", "tell-apart", "--reason", "data-error", "--note", "x", "--yes",
            "--confirm", "1",
        )  # fmt: skip
        await world.settle()

        assert code == 6
        assert "second person" in said
        assert answer["state"] == "awaits-approval"
        await stopped_for_its_goods(world)
        paid_once(world)


@pytest.mark.parametrize(("way", "reason"), [("adopt", "same-goods"), ("refuse", "written-off")])
async def test_finance_settles_the_goods_at_the_page_with_reason_note_and_preview(
    way: str, reason: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        _, twin = await given_a_stopped_twin(world)
        words = {
            "verb": "same-goods", "ids": f"{MERCHANT}:{twin['id']}", "way": way, "reason": "data-error", "note": "looked at",
        }  # fmt: skip
        async with visitor(world, "fin", Role.FINANCE) as fin, visitor(world, "cass", Role.CUSTOMER_SERVICE) as cass:
            _, passport = await fin.get(f"/returns/{twin['id']}")
            asked = await fin.post("/changes", {**words, "way": "", "step": "ask"})
            bare = await fin.post("/changes", {**words, "note": "", "step": "preview"})
            status, preview = await fin.post("/changes", {**words, "step": "preview"})
            key = re.search(r'name="key" value="([^"]+)"', preview)
            assert key is not None, preview
            done = await fin.post("/changes", {**words, "step": "do", "key": key[1]}, allow_redirects=False)
            refused = await cass.post("/changes", {**words, "step": "ask"})
            await world.settle()

        assert 'data-verb="same-goods"' in passport
        assert "“Same goods”: adopt" in passport
        assert all(word in asked[1] for word in ("adopt", "merge", "refuse", "tell-apart"))
        assert (asked[0], bare[0], status, done[0], refused[0]) == (200, 400, 200, 303, 403)
        assert (await the_one(world, NEW_ID))["close_reason"] == reason
        paid_once(world)


async def test_a_program_settles_the_goods_over_the_api(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        _, twin = await given_a_stopped_twin(world)
        headers = await program(world, "write")
        path, words = f"/returns/{twin['id']}/same-goods", {"reason": "data-error", "note": "looked at both"}

        silent, problem, _ = await say(world, path, headers, "settle-goods-1", words)
        merged, why, _ = await say(world, path, headers, "settle-goods-2", {**words, "way": "merge"})
        status, answer, _ = await say(world, path, headers, "settle-goods-3", {**words, "way": "adopt"})
        await world.settle()

        assert (silent, merged, status) == (400, 409, 200)
        assert "do: say what is true" in problem["detail"]
        assert "adopt" in why["detail"]
        assert answer["state_after"] == "closed"
        assert (await the_one(world, NEW_ID))["close_reason"] == "same-goods"
        paid_once(world)


async def test_a_force_that_would_pay_twice_is_previewed_as_the_exception_it_becomes(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        _, twin = await given_a_stopped_twin(world)

        _, planned, _ = await world.homeward(
            "return",
            "force",
            str(twin["id"]),
            "--to",
            "credit-pending",
            "--reason",
            "data-error",
            "--note",
            "x",
            "--dry-run",
        )

        assert planned["returns"][0]["state_after"] == "exception"
        assert "create-sales-credit" not in planned["returns"][0]["effects"]


async def say_of_another_return(world: World, number: str, event: Any) -> None:
    """Happy Returns says it of one unit of this order, under a return id of its own."""
    arrival = Arrival(
        natural_key=f"test:{event.name}", event=event, happy_return_id=NEW_ID, order_number=number, part=None,
        source="poll", actor="happy-returns", received_at=world.now,
    )  # fmt: skip
    async with world.database.transaction() as connection:
        await inbox.put(connection, MERCHANT, [arrival])
    await world.settle()


async def test_an_item_id_that_comes_after_the_credit_stops_the_refund_for_good(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        await world.pass_until(lambda: len(payments(world)) == 1)
        (item_id,) = truth["units"]
        late = Unit("u1", sku=(await world.show(truth["express_code"]))["units"][0]["sku"], dropoff_method="return-bar")
        world.sandbox.faults.plan({"rules": [{"match": "^GET .*customer-payment-search", "kind": "hollow"}]})
        for event in (Started((late,), confirmed=True), DroppedOff((late,), confirmed=True)):
            await say_of_another_return(world, truth["order_number"], event)
        await world.pass_time(3 * MINUTE)
        credited = await the_one(world, NEW_ID)

        await say_of_another_return(
            world, truth["order_number"], Departed((Unit("u1", happy_item_id=item_id),), confirmed=True)
        )
        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)

        assert credited["state"] == "credited", credited
        shown = await the_one(world, NEW_ID)
        assert (shown["state"], shown["exception"]["cause"]) == ("exception", "same-goods"), shown
        assert len(our_credits(world)) == 2
        assert len(payments(world)) == 1
