"""Goods that were paid under another return are settled by a word of a person: by the command, at the page, over the API."""

import re
from pathlib import Path
from typing import Any

import pytest

from daemon.actions.imports import import_receipts
from daemon.sandbox.catalogue import Line
from daemon.store.database import Database
from daemon.web.access.roles import Role
from tests.given import Given
from tests.integration.test_api import say
from tests.integration.test_decisions import our_credits
from tests.same_goods import (
    DAYS,
    HOUR,
    NEW_CODE,
    NEW_ID,
    paid_once,
    rekey,
    rows_of,
    settle_goods,
    stopped_for_its_goods,
    the_one,
    without,
)
from tests.visitor import program, visitor
from tests.world import MERCHANT, World, open_world


async def a_stopped_twin(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """A return that was credited, its goods still under way; and its re-keyed twin, stopped."""
    truth = world.begin("bar_single")
    without(world, "receive")
    await world.pass_time(8 * DAYS)
    rekey(world, truth)
    await world.pass_time(DAYS)
    return truth, await stopped_for_its_goods(world)


async def test_adopting_ends_the_twin_and_what_is_still_to_come_goes_to_the_return_that_was_paid(given: Given) -> None:
    async with given.world(a_stopped_twin) as (world, (truth, twin)):
        code, answer, said = await settle_goods(world, twin["id"], "adopt")

        assert (code, answer["changed"]) == (0, True), said
        ended = await the_one(world, NEW_ID)
        assert (ended["state"], ended["close_reason"]) == ("closed", "same-goods")
        assert any(step["event"] == "goods-settled" and step["actor"].startswith("user:") for step in ended["journal"])

        (item_id,) = truth["units"]
        raw = f"happy_return_id,happy_item_id,condition\n{NEW_ID},{item_id},sellable\n".encode()
        (row,) = await import_receipts(world.database, MERCHANT, raw, world.now, actor="user:test")
        await world.settle()
        first = await the_one(world, truth["happy_return_id"])
        assert (row["result"], row["return_id"]) == ("received", first["id"])
        assert first["state"] == "restocked"
        paid_once(world)
        assert len(world.books()["goods_in"]) == 1


async def test_what_happy_returns_says_of_an_adopted_twin_reaches_the_return_that_stands(given: Given) -> None:
    async with given.world(a_stopped_twin) as (world, (truth, twin)):
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


async def test_what_was_paid_is_not_merged_away(given: Given) -> None:
    async with given.world(a_stopped_twin) as (world, (_, twin)):
        code, _, said = await settle_goods(world, twin["id"], "merge")

        assert code == 6
        assert "adopt" in said
        await stopped_for_its_goods(world)


async def test_a_refused_twin_ends_unpaid_and_its_goods_need_a_word_when_they_come(given: Given) -> None:
    async with given.world(a_stopped_twin) as (world, (truth, twin)):
        code, _, said = await settle_goods(world, twin["id"], "refuse")
        assert code == 0, said
        assert (await the_one(world, NEW_ID))["close_reason"] == "written-off"

        raw = f"express_code,condition\n{NEW_CODE},sellable\n".encode()
        await import_receipts(world.database, MERCHANT, raw, world.now, actor="user:test")
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


async def test_a_settled_word_needs_its_reason_and_note_and_a_second_person_above_the_limit(given: Given) -> None:
    extra = "\n[merchants.acme.people]\nsecond_person_above = 1\n"
    async with given.world(a_stopped_twin, extra_config=extra) as (world, (_, twin)):
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
    way: str, reason: str, given: Given
) -> None:
    async with given.world(a_stopped_twin) as (world, (_, twin)):
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


async def test_a_program_settles_the_goods_over_the_api(given: Given) -> None:
    async with given.world(a_stopped_twin) as (world, (_, twin)):
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


async def test_a_force_that_would_pay_twice_is_previewed_as_the_exception_it_becomes(given: Given) -> None:
    async with given.world(a_stopped_twin) as (world, (_, twin)):
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
