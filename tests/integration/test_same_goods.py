"""One physical thing is paid for once, under whatever returns, in whatever order they come, for ever."""

import json
from pathlib import Path
from typing import Any

from daemon.sandbox.catalogue import Line
from daemon.sandbox.happy_returns import ReturnOfGoods
from daemon.store import inbox, retention
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from statemachine.events import Departed, DroppedOff, Started
from statemachine.units import Unit
from tests.abreast import abreast, booked
from tests.given import Given
from tests.integration.test_border import post
from tests.integration.test_decisions import our_credits, payments
from tests.same_goods import (
    DAYS,
    HOUR,
    MINUTE,
    NEW_CODE,
    NEW_ID,
    key_of,
    one_of_many,
    paid_once,
    rekey,
    rows_of,
    settle_goods,
    stopped_for_its_goods,
    the_one,
    without,
)
from tests.samples import FULL_ITEM, WEBHOOK
from tests.world import MERCHANT, World, open_world


async def a_restocked_return(world: World) -> dict[str, Any]:
    truth = world.begin("bar_single")
    await world.pass_time(20 * DAYS)
    return truth


async def paid_without_item_ids(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two returns, one of them of two units of one article."""
    world.sandbox.assumptions.per_item_ids = False
    truths = world.begin("duplicate_sku"), world.begin("bar_single")
    abreast(world)
    await world.pass_time(20 * DAYS)
    assert [booked(world, each["order_number"]).counts[:2] for each in truths] == [(1, 1), (1, 1)]
    return truths


async def test_one_physical_unit_under_a_second_return_id_is_paid_once(database: Database, tmp_path: Path) -> None:
    hows = ("re-keyed", "merged", "re-keyed with other item ids", "re-keyed under its old code")
    async with open_world(database, tmp_path) as world:
        truths = {how: [one_of_many(world) for _ in range(2 if how == "merged" else 1)] for how in hows}
        abreast(world)
        await world.pass_time(20 * DAYS)

        for number, (how, old) in enumerate(truths.items()):
            new_id, code = key_of(number)
            (item_id,) = old[0]["units"]
            fresh = {"item_ids": {item_id: "another-item"}} if "other item ids" in how else {}
            rekey(
                world, *old, new_id=new_id, code=old[0]["express_code"] if "old code" in how else code, **fresh
            )  # fmt: skip
        await world.pass_time(10 * DAYS)

        for number, (how, old) in enumerate(truths.items()):
            assert {row["cause"] for row in await rows_of(world, key_of(number)[0])} == {"same-goods"}, how
            for each in old:
                assert (await the_one(world, each["happy_return_id"]))["state"] == "restocked", how
                assert booked(world, each["order_number"]).counts == (1, 1, 1), how


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


async def test_a_re_keyed_return_is_stopped_whatever_state_the_first_is_in(database: Database, tmp_path: Path) -> None:
    later = {"initiated": ("drop", "approve", "ship", "receive"), "credited": ("receive",), "restocked": ()}
    async with open_world(database, tmp_path) as world:
        truths = {state: world.begin("bar_single") for state in later}
        for state, kinds in later.items():
            without(world, *kinds, truth=truths[state])
        abreast(world)
        await world.pass_time(20 * DAYS)
        reached = {state: (await the_one(world, truth["happy_return_id"]))["state"] for state, truth in truths.items()}
        assert reached == {state: state for state in later}

        keys = {state: key_of(number) for number, state in enumerate(truths)}
        for state, (new_id, code) in keys.items():
            rekey(world, truths[state], new_id=new_id, code=code)
        world.sandbox.happy_returns.drop_off(keys["initiated"][0], list(truths["initiated"]["units"]), world.now)
        await world.pass_time(DAYS)

        for state, truth in truths.items():
            shown = await stopped_for_its_goods(world, keys[state][0])
            assert shown["exception"]["evidence"]["goods"][0]["happy_return_id"] == truth["happy_return_id"], state
            paid = 0 if state == "initiated" else 1
            assert booked(world, truth["order_number"]).counts[:2] == (paid, paid), state


async def test_goods_of_a_return_that_stopped_or_ended_are_not_paid_under_another(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        scenarios = {"exception": "exchange", "resolved": "exchange", "expired": "never_dropped"}
        truths = {ended: world.begin(scenario) for ended, scenario in scenarios.items()}
        abreast(world)
        await world.pass_time(40 * DAYS)
        number = str((await the_one(world, truths["resolved"]["happy_return_id"]))["id"])
        words = ("--reason", "credited-by-hand", "--note", "done by hand", "--yes")
        await world.homeward("exception", "resolve", number, *words)
        await world.settle()
        states = {ended: (await the_one(world, truth["happy_return_id"]))["state"] for ended, truth in truths.items()}
        assert states == {"exception": "exception", "resolved": "closed", "expired": "closed"}

        for place, truth in enumerate(truths.values()):
            new_id, code = key_of(place)
            rekey(world, truth, new_id=new_id, code=code)
            for item in world.sandbox.happy_returns.returns[new_id].items:
                item.refund_type, item.ended = "refund", ""
            world.sandbox.happy_returns.drop_off(new_id, list(truth["units"]), world.now)
        await world.pass_time(DAYS)

        for place in range(len(truths)):
            await stopped_for_its_goods(world, key_of(place)[0])
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


async def test_two_returns_merged_into_one_are_stopped_for_what_was_paid(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        pairs = {keeps: (world.begin("bar_single"), world.begin("bar_single")) for keeps in (True, False)}
        without(world, "receive")
        abreast(world)
        await world.pass_time(8 * DAYS)
        assert len(our_credits(world)) == 4

        for number, (keeps_ids, (first, second)) in enumerate(pairs.items()):
            ids = {key: f"new-{key}" for t in (first, second) for key in t["units"]}
            fresh = {} if keeps_ids else {"item_ids": ids}
            rekey(world, first, second, new_id=key_of(number)[0], code=first["express_code"], **fresh)
        await world.pass_time(DAYS)

        for number, keeps_ids in enumerate(pairs):
            merged = await rows_of(world, key_of(number)[0])
            assert {(row["state"], row["cause"]) for row in merged} == {("exception", "same-goods")}, keeps_ids
        assert len(our_credits(world)) == 4
        assert len(payments(world)) == 4


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


async def test_an_express_code_under_another_return_is_stopped_even_with_other_item_ids(given: Given) -> None:
    async with given.world(a_restocked_return) as (world, truth):
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


async def test_units_without_item_ids_are_held_by_their_order_line(given: Given) -> None:
    async with given.world(paid_without_item_ids) as (world, (truth, _)):
        rekey(world, truth)
        await world.pass_time(DAYS)

        await stopped_for_its_goods(world)
        assert booked(world, truth["order_number"]).counts[:2] == (1, 1)


async def test_item_ids_that_come_later_do_not_hide_what_was_paid_without_them(given: Given) -> None:
    async with given.world(paid_without_item_ids) as (world, (_, truth)):
        world.sandbox.assumptions.per_item_ids = True
        rekey(world, truth)
        await world.pass_time(DAYS)

        await stopped_for_its_goods(world)
        assert booked(world, truth["order_number"]).counts[:2] == (1, 1)


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


async def test_a_late_event_of_a_pruned_return_and_its_re_keyed_twin_pay_nothing_again(given: Given) -> None:
    async with given.world(a_restocked_return) as (world, truth):
        paid_once(world)
        pruned = await retention.prune(world.database, MERCHANT, world.now + DAYS, None)
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


async def test_the_pruned_return_itself_takes_its_own_credit_over_again(given: Given) -> None:
    async with given.world(a_restocked_return) as (world, truth):
        await retention.prune(world.database, MERCHANT, world.now + DAYS, None)
        async with world.database.transaction() as connection:
            await connection.execute("DELETE FROM watch")

        await world.pull(truth["express_code"])
        await world.pass_time(DAYS)

        assert (await the_one(world, truth["happy_return_id"]))["credit"]["id"] == our_credits(world)[0]["id"]
        paid_once(world)


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
