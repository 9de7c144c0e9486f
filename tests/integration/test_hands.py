"""What people do to returns by the command, against both vendors: nothing impossible becomes true, nothing happens twice."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from daemon.loops.advance import Advance
from daemon.loops.batches import Batches
from daemon.loops.runner import Loop
from daemon.store import batch, inbox
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from statemachine.events import Resumed, Started, StatusUnclear
from statemachine.units import Unit
from tests.abreast import abreast
from tests.given import Given
from tests.world import MERCHANT, World, open_world

DAYS = timedelta(days=1)
FORCE = ("--reason", "goodwill", "--note", "agreed on the phone", "--yes")


def code(truth: dict[str, Any]) -> str:
    return str(truth["express_code"])


def our_credits(world: World) -> list[dict[str, Any]]:
    return [credit for credit in world.books()["credits"] if credit["external_ref"].startswith("HW-")]


async def until_known(world: World, truth: dict[str, Any]) -> dict[str, Any]:
    while not await world.all_returns():
        await world.pass_time(timedelta(minutes=10))
    return await world.show(code(truth))


async def a_rival(world: World) -> dict[str, Any]:
    """A return whose order somebody else has credited."""
    truth = world.begin("rival_credit")
    await world.pass_time(10 * DAYS)
    return truth


async def second_person(world: World, number: int, *, to: str = batch.RUNNING) -> None:
    """Somebody else than who asked agrees to a batch, as `homeward batch approve` does."""
    async with world.database.transaction() as connection:
        assert await batch.move(
            connection, MERCHANT, number, to=to, froms=(batch.AWAITS_APPROVAL,), now=world.now,
            decided_by="user:somebody-else",
        )  # fmt: skip


async def test_what_is_held_is_not_credited_and_what_is_released_is_credited_once(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await until_known(world, truth)

        exit_code, held, _ = await world.homeward("return", "hold", code(truth), "--reason", "police inquiry", "--yes")
        await world.pass_time(20 * DAYS)

        assert (exit_code, held["state_after"], held["changed"]) == (0, "exception", True)
        told = await world.show(code(truth))
        assert (told["state"], told["exception"]["cause"]) == ("exception", "held")
        assert our_credits(world) == []
        _, refused, said = await world.homeward("return", "retry", code(truth), "--reason", "hope", "--yes")
        assert refused is None
        assert "release" in said

        await world.homeward("return", "release", code(truth), "--reason", "cleared", "--yes")
        await world.pass_time(3 * DAYS)  # the goods have long been there

        assert (await world.show(code(truth)))["state"] == "restocked"
        assert len(our_credits(world)) == 1
        step = next(step for step in (await world.show(code(truth)))["journal"] if step["event"] == "held")
        assert step["facts"]["reason"] == "police inquiry"
        assert step["actor"].startswith("user:")


async def test_an_effect_that_waits_is_withheld_with_its_return_and_done_when_it_is_released(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        world.sandbox.faults.plan({"rules": [{"match": "GET .*/order.*", "kind": "error-before", "count": 10_000}]})
        while (await until_known(world, truth))["state"] != "credit-pending":
            await world.pass_time(timedelta(hours=6))

        _, preview, _ = await world.homeward("return", "hold", code(truth), "--reason", "fraud?", "--dry-run")
        await world.homeward("return", "hold", code(truth), "--reason", "fraud?", "--yes")
        await world.settle()
        _, effects, _ = await world.homeward("effect", "list", "--return", str(preview["id"]))

        assert preview["withheld"] == ["create-sales-credit"]
        assert [row["state"] for row in effects] == ["withheld"]
        world.sandbox.faults.plan({"rules": []})
        await world.pass_time(2 * DAYS)
        assert our_credits(world) == []
        await world.homeward("return", "release", code(truth), "--reason", "fine", "--yes")
        await world.pass_until(lambda: bool(our_credits(world)))
        await world.pass_time(3 * DAYS)
        assert len(our_credits(world)) == 1


async def test_a_forced_credit_skips_the_trigger_and_says_which_rule_it_went_past(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        assert (await until_known(world, truth))["state"] == "initiated"
        force = ("return", "force", code(truth), "--to", "credit-pending")

        no_note, _, said = await world.homeward(*force, "--reason", "goodwill", "--yes")
        bad_reason, _, reasons = await world.homeward(*force, "--reason", "because", "--note", "x", "--yes")
        no_terminal, _, asked = await world.homeward(*force, *FORCE[:-1])
        exit_code, done, _ = await world.homeward(*force, *FORCE)
        await world.settle()

        assert (no_note, bad_reason, no_terminal, exit_code) == (2, 2, 2, 0)
        assert "--note" in said
        assert "goodwill" in reasons
        assert "--yes" in asked
        assert done["bypasses"].startswith("credit trigger")
        assert done["effects"] == ["create-sales-credit"]
        assert len(our_credits(world)) == 1
        step = next(step for step in (await world.show(code(truth)))["journal"] if step["event"] == "forced")
        assert (step["facts"]["reason"], step["facts"]["note"]) == ("goodwill", "agreed on the phone")
        await world.pass_time(20 * DAYS)
        assert len(our_credits(world)) == 1
        assert (await world.show(code(truth)))["state"] == "restocked"


async def test_credited_cannot_be_forced_without_a_credit_and_a_named_one_is_read_back(given: Given) -> None:
    async with given.world(a_rival) as (world, truth):
        told = await world.show(code(truth))
        rival = next(credit for credit in world.books()["credits"] if not credit["external_ref"].startswith("HW-"))
        force = ("return", "force", code(truth), "--to", "credited")

        impossible, _, without = await world.homeward(*force, *FORCE)
        unknown, _, nothing = await world.homeward(*force, "--adopt", "999999", *FORCE)
        exit_code, done, _ = await world.homeward(*force, "--adopt", str(rival["id"]), *FORCE)
        await world.settle()

        assert told["exception"]["cause"] == "rival-credit"
        assert (impossible, unknown, exit_code) == (6, 5, 0)
        assert "--adopt" in without
        assert "999999" in nothing
        assert done["credit"]["id"] == rival["id"]
        after = await world.show(code(truth))
        assert after["credit"]["id"] == rival["id"]
        assert after["credit"]["adopted"]
        assert our_credits(world) == []


async def test_a_credit_that_cannot_be_taken_over_stops_the_return_and_none_is_made(given: Given) -> None:
    async with given.world(a_rival) as (world, truth):
        rival = next(credit for credit in world.books()["credits"] if not credit["external_ref"].startswith("HW-"))
        await world.homeward("return", "force", code(truth), "--to", "credited", "--adopt", str(rival["id"]), *FORCE)
        world.sandbox.books.orders[rival["id"]].is_cancelled = True

        await world.settle()

        told = await world.show(code(truth))
        assert told["exception"]["cause"] == "credit-not-adoptable"
        assert our_credits(world) == []


async def test_a_written_off_return_gets_no_credit_whatever_happy_returns_says_later(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await until_known(world, truth)

        _, done, _ = await world.homeward("return", "force", code(truth), "--to", "closed", *FORCE)
        await world.pass_time(2 * DAYS)
        told = await world.show(code(truth))

        assert done["bypasses"].startswith("completeness")
        assert (told["state"], told["close_reason"]) == ("closed", "written-off")
        assert our_credits(world) == []


async def test_what_is_worth_more_than_one_person_may_decide_waits_for_a_second(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(
        database, tmp_path, extra_config="[merchants.acme.people]\nsecond_person_above = 1\n"
    ) as world:
        truth = world.begin("bar_single")
        await until_known(world, truth)
        force = ("return", "force", code(truth), "--to", "credit-pending")

        exit_code, asked, said = await world.homeward(*force, "--confirm", "1", *FORCE)
        await world.settle()
        own, _, myself = await world.homeward("batch", "approve", str(asked["batch"]), "--yes")
        await world.settle()

        assert (exit_code, asked["state"]) == (6, "awaits-approval")
        assert "homeward batch approve" in said
        assert (own, our_credits(world)) == (4, [])
        assert "another person" in myself
        await second_person(world, asked["batch"])
        await world.settle()
        assert len(our_credits(world)) == 1
        _, known, _ = await world.homeward("batch", "show", str(asked["batch"]))
        assert (known["state"], known["applied"], known["decided_by"]) == ("done", 1, "user:somebody-else")


async def test_a_plan_is_applied_exactly_or_refused_when_the_world_has_moved(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("sku_of_nobody")
        await world.pass_time(10 * DAYS)
        plan = tmp_path / "plan.json"
        select = ("exception", "assign", "--where", "cause=sku-unknown-to-order", "--to", "alice")

        planned, told, _ = await world.homeward(*select, "--plan", str(plan))
        nothing_yet = (await world.show(code(truth)))["assignee"]
        applied, done, _ = await world.homeward("apply", str(plan), "--yes")
        await world.settle()
        again, repeated, _ = await world.homeward("apply", str(plan), "--yes")

        assert (planned, applied, again, repeated) == (0, 0, 6, None)
        assert (told["eligible"], nothing_yet, done["changed"]) == (1, "", True)
        assert (await world.show(code(truth)))["assignee"] == "alice"


async def test_a_batch_says_each_event_once_in_order_and_can_be_paused_resumed_and_repeated(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        for _ in range(5):
            world.begin("sku_of_nobody")
        abreast(world)
        await world.pass_time(10 * DAYS)
        release = ("exception", "retry", "--where", "cause=sku-unknown-to-order", "--reason", "mended", "--yes")

        _, preview, _ = await world.homeward(*release, "--dry-run")
        _, begun, _ = await world.homeward(*release)
        _, joined, _ = await world.homeward(*release)
        await world.homeward("batch", "pause", str(begun["batch"]))
        await world.settle()
        _, paused, _ = await world.homeward("batch", "show", str(begun["batch"]))
        await world.homeward("batch", "resume", str(begun["batch"]))
        await world.settle()
        exit_code, over, _ = await world.homeward("batch", "watch", str(begun["batch"]))
        _, items, _ = await world.homeward("batch", "result", str(begun["batch"]))

        assert (preview["eligible"], preview["changed"], len(preview["returns"])) == (5, False, 5)
        assert (joined["batch"], joined["changed"]) == (begun["batch"], False)
        assert (paused["state"], paused["waiting"]) == ("paused", 5)
        assert (exit_code, over["state"], over["applied"]) == (0, "done", 5)
        assert [item["state"] for item in items] == ["applied"] * 5
        for row in await world.all_returns():
            journal = (await world.show(str(row["id"])))["journal"]
            assert sum(step["event"] == Resumed.name for step in journal) == 1


async def test_the_same_command_joins_its_batch_while_it_runs_and_a_key_belongs_to_one_change(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        for _ in range(3):
            world.begin("sku_of_nobody")
        abreast(world)
        await world.pass_time(10 * DAYS)
        note = ("exception", "note", "--where", "state=exception", "--yes")

        _, begun, _ = await world.homeward(*note, "--note", "look", "--rate", "1")
        for loop in (Batches(world.workplace), Advance(world.workplace)):
            await loop.run_once(world.now)
        _, joined, _ = await world.homeward(*note, "--note", "look", "--rate", "1")
        _, named, _ = await world.homeward(*note, "--note", "mine", "--batch-key", "k1")
        other, _, said = await world.homeward(*note, "--note", "another", "--batch-key", "k1")
        far, _, _ = await world.homeward("return", "list", "--after", "99999999999999999999")
        snoozed, _, _ = await world.homeward("exception", "snooze", "1", "--until", "2d")

        assert (joined["batch"], joined["changed"]) == (begun["batch"], False)
        assert named["batch"] != begun["batch"]
        assert (other, far, snoozed) == (6, 2, 0)
        assert "does something else" in said


async def test_ids_can_be_piped_and_a_filter_is_pointed_at_where_it_is_wrong(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("sku_of_nobody")
        await world.pass_time(10 * DAYS)

        wrong, _, said = await world.homeward("exception", "list", "--where", "cause=sku-unknown-to-order and agee>3d")
        nobody, _, empty = await world.homeward("exception", "note", "--note", "seen")
        _, in_full, _ = await world.homeward(
            "exception", "list", "--cause", "sku-unknown-to-order", "--age", ">1h", "--explain-filter"
        )
        _, counted, _ = await world.homeward("exception", "list", "--count")
        _, grouped, _ = await world.homeward("exception", "list", "--group-by", "fingerprint")
        none, nothing, _ = await world.homeward("exception", "list", "--where", "age>900d")

        assert (wrong, nobody, none) == (2, 2, 0)
        assert "^" in orjson.loads(said)["error"]
        assert "--where" in empty
        assert in_full["filter"] == "state=exception and cause=sku-unknown-to-order and age>1h"
        assert counted == {"returns": 1}
        assert [row["returns"] for row in grouped] == [1]
        assert nothing == []


async def test_what_one_mend_frees_is_counted_and_released_as_one_batch(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        for scenario in ("nobody_on_the_order", "sku_of_nobody"):
            world.begin(scenario)
        await world.pass_time(10 * DAYS)
        _, before, _ = await world.homeward("exception", "recheck", "--release", "--yes")
        for order in world.sandbox.books.orders.values():
            order.contact_id = order.contact_id or 4711

        _, counted, _ = await world.homeward("exception", "recheck")
        _, begun, _ = await world.homeward("exception", "recheck", "--release", "--reason", "customer put in", "--yes")
        await world.settle()

        assert (before["stopped"], before["would_pass"], before["changed"]) == (2, 0, False)
        assert (counted["would_pass"], counted["still_stopped"], counted["changed"]) == (1, 1, False)
        assert counted["still_stopped_by_cause"] == {"sku-unknown-to-order": 1}
        assert (begun["would_pass"], begun["changed"]) == (1, True)
        _, over, _ = await world.homeward("batch", "show", str(begun["batch"]))
        assert (over["state"], over["items"], over["applied"]) == ("done", 1, 1)
        assert len(our_credits(world)) == 1


async def test_a_thousand_exceptions_are_released_each_once_and_in_the_order_of_their_arrival(
    database: Database, tmp_path: Path
) -> None:
    count, per_order = 1000, 4
    async with open_world(database, tmp_path) as world:
        await _stuck(world, count, per_order)
        loops: list[Loop] = [Batches(world.workplace), Advance(world.workplace)]
        release = ("exception", "retry", "--cause", "status-unclear", "--reason", "looked at", "--yes")

        _, preview, _ = await world.homeward(*release, "--dry-run")
        _, begun, _ = await world.homeward(*release)
        number = str(begun["batch"])
        while (await _counts(world, begun["batch"]))["applied"] < count / 2:
            for loop in loops:
                await loop.run_once(world.now)
        await world.homeward("batch", "pause", number)
        _, paused, _ = await world.homeward("batch", "show", number)
        await _broken_off(world)
        await world.homeward("batch", "resume", number)
        while (await _counts(world, begun["batch"]))["state"] != "done":
            for loop in loops:
                await loop.run_once(world.now)
        exit_code, over, _ = await world.homeward("batch", "watch", number)

        assert (preview["eligible"], begun["eligible"]) == (count, count)
        assert count / 2 <= paused["applied"] < count
        assert (exit_code, over["applied"]) == (0, count)
        async with database.reading() as connection:
            resumed = await connection.fetch(
                "SELECT r.order_key, r.id, count(*) AS times, min(j.seq) AS seq FROM journal AS j"
                " JOIN returns AS r ON r.merchant = j.merchant AND r.id = j.return_id"
                " WHERE j.event = 'resumed' GROUP BY r.order_key, r.id, r.created_at ORDER BY r.created_at, r.id"
            )
        assert [row["times"] for row in resumed] == [1] * count
        for order in {row["order_key"] for row in resumed}:
            turns = [row["seq"] for row in resumed if row["order_key"] == order]
            assert turns == sorted(turns)
            assert len(turns) == per_order


async def _counts(world: World, number: int) -> dict[str, Any]:
    async with world.database.reading() as connection:
        return dict((await batch.listing(connection, batch_id=number))[0])


async def _broken_off(world: World) -> None:
    """A step of the batch that dies before it commits: nothing of it may have happened."""
    async with world.database.reading() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("UPDATE batch SET state = 'running'")
        for row in await batch.running(connection, MERCHANT):
            assert await batch.go_on(connection, MERCHANT, row, world.now) > 0
        await transaction.rollback()


async def _stuck(world: World, count: int, per_order: int) -> None:
    """Returns that Happy Returns reported unclearly, several against each order, as the machine makes them."""
    arrivals = []
    for number in range(count):
        unit = (Unit(key=f"u{number}", happy_item_id=f"u{number}"),)
        for event in (Started(unit, confirmed=True), StatusUnclear(unit, claimed="approved")):
            arrivals.append(
                Arrival(
                    natural_key=f"{event.name}:{number}",
                    event=event,
                    happy_return_id=f"hr{number}",
                    order_number=str(10_000 + number // per_order),
                    source="test",
                    received_at=world.now,
                )
            )
    for start in range(0, len(arrivals), 1000):
        async with world.database.transaction() as connection:
            await inbox.put(connection, MERCHANT, arrivals[start : start + 1000])
    advance = Advance(world.workplace)
    while await advance.run_once(world.now):
        pass
