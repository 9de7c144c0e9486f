"""Decisions that turn on policy, maps and facts that change: the state, the owner, the evidence and the vendor's books."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from daemon.sandbox import catalogue
from daemon.sandbox.books import Order
from daemon.sandbox.catalogue import Line
from daemon.sandbox.season import Step
from daemon.store.database import Database
from tests.abreast import abreast, booked
from tests.given import Given
from tests.world import World, open_world

DAYS = timedelta(days=1)


def code(truth: dict[str, Any]) -> str:
    return str(truth["express_code"])


def our_credits(world: World) -> list[dict[str, Any]]:
    return [credit for credit in world.books()["credits"] if credit["external_ref"].startswith("HW-")]


def payments(world: World) -> list[dict[str, Any]]:
    return [payment for payment in world.books()["payments"] if payment["paymentType"] == "PAYMENT"]


def value(credit: dict[str, Any]) -> Decimal:
    return Decimal(credit["net"]) + Decimal(credit["tax"])


async def stopped(world: World, truth: dict[str, Any], cause: str, owner: str) -> dict[str, Any]:
    """The return is an exception with this cause, owner, evidence and clock, and nothing of ours is in the books."""
    told = await world.show(code(truth))
    assert told["state"] == "exception", told
    assert (told["exception"]["cause"], told["exception"]["owner"]) == (cause, owner)
    assert told["exception"]["evidence"]
    assert told["exception"]["fingerprint"].startswith(f"{cause}:")
    assert told["due_at"] or any(step["event"] == "deadline-passed" for step in told["journal"])
    assert booked(world, truth["order_number"]).payments == []
    return told


STOPPED = (
    "cancelled_order", "quicker_rival", "hidden_rival", "rival_credit", "substitution", "free_goods", "no_refund",
    "odd_outcome",
)  # fmt: skip


async def stopped_returns(world: World) -> dict[str, dict[str, Any]]:
    """A return in each of these situations, which wait for a person."""
    truths = {scenario: world.begin(scenario) for scenario in STOPPED}
    await world.pass_time(8 * DAYS)
    return truths


async def a_hidden_rival(world: World) -> dict[str, Any]:
    """A return that was credited before the index showed that a person had credited its order, and stopped since."""
    truth = world.begin("hidden_rival")
    await world.pass_time(8 * DAYS)
    return truth


async def awaits_its_period(world: World) -> dict[str, Any]:
    """A return whose credit waits for the accounting period to open."""
    truth = world.begin("bar_single")
    world.sandbox.books.locked_until = date(2026, 4, 30)
    while not (await world.all_returns()) or (await world.show(code(truth)))["state"] != "credit-pending":
        await world.pass_time(timedelta(hours=3))
    return truth


WAITS = 'on_locked_period = "wait"\n'


def starts(world: World) -> list[Step]:
    """The starts of the returns that are planned, in the order in which they were begun."""
    return sorted((step for step in world.sandbox.season.steps if step.kind == "start"), key=lambda step: step.number)


def rival_of(world: World, truth: dict[str, Any]) -> Order:
    """The credit that a person made for the same order."""
    (rival,) = [each for each in booked(world, truth["order_number"]).credits if each["reference"] == "goodwill"]
    return world.sandbox.books.orders[rival["id"]]


async def test_a_locked_period_is_waited_for_and_the_credit_made_when_it_opens(given: Given) -> None:
    async with given.world(awaits_its_period, extra_config=WAITS) as (world, truth):
        await world.pass_time(DAYS)
        waiting = await world.show(code(truth))
        assert (waiting["state"], waiting["wait_cause"]) == ("credit-pending", "period-locked")
        assert waiting["watches"] == ["period-lock"]
        assert our_credits(world) == []

        world.sandbox.books.locked_until = date(2026, 2, 28)
        await world.pass_time(timedelta(hours=4))
        assert len(our_credits(world)) == 1

        await world.pass_time(20 * DAYS)
        assert (await world.show(code(truth)))["state"] == "restocked"
        assert len(our_credits(world)) == 1


async def test_a_wait_has_the_owner_and_the_clock_of_its_cause(given: Given) -> None:
    async with given.world(awaits_its_period, extra_config=WAITS) as (world, truth):
        told = await world.show(code(truth))
        assert (told["wait_cause"], told["waits_for"]) == ("period-locked", "the accounting period to open")

        await world.pass_time(5 * DAYS)  # two working days, a weekend between them

        await stopped(world, truth, "period-locked", "finance")


async def test_a_lock_we_have_not_heard_of_is_learned_from_the_refusal(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.workplace.account_kept = 90 * DAYS
        await world.workplace.account(world.now)
        truth = world.begin("bar_single")
        world.sandbox.books.locked_until = date(2026, 3, 31)

        await world.pass_time(20 * DAYS)

        assert (await world.show(code(truth)))["state"] == "restocked"
        (credit,) = our_credits(world)
        order = world.sandbox.books.orders[credit["id"]]
        assert order.tax_date.startswith("2026-04-01")


async def test_an_unmapped_reason_stops_and_the_accepted_map_releases_all_it_stopped(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await world.accept(reasons={"seldom-given": {}})
        truths = [world.begin("unknown_reason") for _ in range(3)]
        abreast(world)
        await world.pass_time(7 * DAYS)
        for truth in truths:
            told = await stopped(world, truth, "reason-unmapped", "finance")
            assert told["exception"]["fingerprint"] == "reason-unmapped:reason=mercury-in-retrograde"
        _, grouped, _ = await world.homeward("exception", "list", "--group-by", "fingerprint")
        assert [(row["fingerprint"], row["returns"]) for row in grouped] == [
            ("reason-unmapped:reason=mercury-in-retrograde", 3)
        ]

        version = await world.accept(reasons={"*": {"status_id": 12, "note": "As mapped"}})
        await world.pass_time(20 * DAYS)

        for truth in truths:
            told = await world.show(code(truth))
            assert (told["state"], told["map_version"]) == ("restocked", version)
        assert {credit["status_id"] for credit in our_credits(world)} == {12}
        notes = [note for note in world.sandbox.books.order_notes if str(note["noteText"]).startswith("As mapped")]
        assert len(notes) == 3


async def test_a_value_above_the_ceiling_needs_a_person_who_may_accept_it(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config="value_ceiling = 5\n") as world:
        truth = world.begin("bar_single")
        await world.pass_time(7 * DAYS)
        await stopped(world, truth, "value-ceiling", "finance")

        exit_code, told, _ = await world.homeward(
            "exception", "accept", code(truth), "--reason", "checked with the manager", "--yes"
        )
        await world.pass_time(15 * DAYS)

        assert (exit_code, told["changed"]) == (0, True)
        shown = await world.show(code(truth))
        assert (shown["state"], shown["accepted"]) == ("restocked", ["value-ceiling"])


async def test_what_must_be_mended_cannot_be_accepted(given: Given) -> None:
    async with given.world(stopped_returns) as (world, truths):
        truth = truths["cancelled_order"]

        exit_code, _, said = await world.homeward("exception", "accept", code(truth), "--reason", "never mind", "--yes")

        assert exit_code == 6
        assert "cannot be accepted" in said


@pytest.mark.parametrize(
    ("config", "cause", "owner"),
    [
        ("order_age_days_max = 3\n", "order-too-old", "customer-service"),
        ('on_invoiced_order = "hold"\n', "order-locked", "customer-service"),
        (
            '[merchants.acme.policy.by_method.return-bar]\non_invoiced_order = "hold"\n',
            "order-locked",
            "customer-service",
        ),
    ],
)
async def test_policy_holds_what_it_names(
    config: str, cause: str, owner: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=config) as world:
        truth = world.begin("bar_single")

        await world.pass_time(7 * DAYS)

        await stopped(world, truth, cause, owner)


async def test_a_shoppers_fee_is_a_negative_row_and_not_refunded(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config='on_processing_fee = "deduct"\n') as world:
        await world.accept(fees={"processing": {"nominal_code": "4090", "tax_code": "T20", "name": "Return fee"}})
        truth = world.begin("processing_fee")

        await world.pass_time(20 * DAYS)

        assert (await world.show(code(truth)))["state"] == "restocked"
        (credit,) = our_credits(world)
        fee = next(row for row in credit["rows"] if row["external_ref"] == "fee-processing")
        assert (fee["net"], fee["tax"], fee["tax_code"]) == ("-4.13", "-0.82", "T20")
        assert Decimal(payments(world)[0]["amountPaid"]) == value(credit)


async def test_a_credit_that_must_be_authorised_is_not_paid_until_somebody_did(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config="authorised_status_id = 11\ndone_status_id = 12\n") as world:
        truth = world.begin("bar_single")
        await world.pass_time(6 * DAYS)
        waiting = await world.show(code(truth))
        assert (waiting["exception"] or waiting)[
            "cause" if waiting["exception"] else "wait_cause"
        ] == "awaits-authorisation"
        (credit,) = our_credits(world)
        assert payments(world) == []

        world.sandbox.books.orders[credit["id"]].status_id = 11
        world.sandbox.books.orders[credit["id"]].updated_at = world.now
        await world.pass_time(20 * DAYS)

        assert (await world.show(code(truth)))["state"] == "restocked"
        assert len(our_credits(world)) == 1
        assert len(payments(world)) == 1
        assert our_credits(world)[0]["status_id"] == 12


async def test_marks_are_written_once_after_the_legs_are_done(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config="done_status_id = 11\n") as world:
        rule = {"note": "Sized out", "custom_fields": {"PCF_WHY": "size"}}
        await world.accept(reasons={"*": rule})
        world.sandbox.faults.plan({"rules": [{"match": "PUT .*/status", "kind": "lose-answer", "count": 1}]})
        truth = world.begin("bar_single")

        await world.pass_time(20 * DAYS)

        (credit,) = our_credits(world)
        order = world.sandbox.books.orders[credit["id"]]
        assert (order.status_id, order.custom_fields) == (11, {"PCF_WHY": "size"})
        notes = [note for note in world.sandbox.books.order_notes if "Sized out" in str(note["noteText"])]
        assert len(notes) == 1
        assert code(truth) in notes[0]["noteText"]


async def test_a_bundle_that_comes_back_piece_by_piece_sums_to_its_price(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        season = world.sandbox.season
        season.open(1)
        bundle = catalogue.bundle(season.books, season.rng)
        parts = {season.books.products[part].sku: {"count": n, "share": "0.5"} for part, n in bundle.components}
        await world.accept(bundles={bundle.sku: parts})
        order = season.order([Line(bundle)], world.now)
        for number, child in enumerate([row for row in order.rows if row.bundle_child]):
            at = world.now + number * 3 * DAYS + timedelta(seconds=1)
            items = season.items(order, [(0, 1)], sku=child.sku, upc="", variant_id="", amount="")
            new = season.announce("bundle", at, items, "restocked")
            season.travel(new, items, at + DAYS)

        await world.pass_time(30 * DAYS)

        states = [row["state"] for row in await world.all_returns()]
        assert states == ["restocked", "restocked"]
        made = our_credits(world)
        sold = order.rows[0]
        assert sum(Decimal(c["net"]) for c in made) == sold.net
        assert sum(Decimal(c["tax"]) for c in made) == sold.tax
        received = sorted(line["productId"] for note in world.books()["goods_in"] for line in note["goodsMoved"])
        assert received == sorted(part for part, _ in bundle.components)


async def test_goods_go_to_the_warehouse_of_their_destination_or_stop(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await world.accept(warehouses={"wh-elsewhere": 2})
        truth = world.begin("bar_single")
        await world.pass_time(20 * DAYS)
        told = await world.show(code(truth))
        assert told["exception"]["fingerprint"] == "warehouse-unmapped:destination=wh-main"

        await world.accept(warehouses={"wh-main": 3})
        await world.resume(code(truth))
        await world.pass_time(DAYS)

        assert (await world.show(code(truth)))["state"] == "restocked"
        moved = [line for note in world.books()["goods_in"] for line in note["goodsMoved"]]
        assert [line["warehouseId"] for line in moved] == [3]


async def test_a_reason_decides_where_the_goods_go(database: Database, tmp_path: Path) -> None:
    places = {"quarantine": [23], "write-off": []}
    async with open_world(database, tmp_path) as world:
        await world.accept(reasons={f"for-{each}": {"disposition": each} for each in places})
        truths = {each: world.begin("bar_single") for each in places}
        for step, disposition in zip(starts(world), places, strict=True):
            step.told["new"].items[0].reason_id = f"for-{disposition}"

        await world.pass_time(20 * DAYS)

        for disposition, locations in places.items():
            number = truths[disposition]["order_number"]
            assert (await world.show(code(truths[disposition])))["state"] == "restocked", disposition
            moved = [line for note in booked(world, number).goods_in for line in note["goodsMoved"]]
            assert [line["destinationLocationId"] for line in moved] == locations, disposition


async def test_an_order_edited_between_two_returns_of_it_stops_the_second(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("several_returns")
        await world.pass_time(6 * DAYS)
        order = next(o for o in world.sandbox.books.orders.values() if o.type_code == "SO")
        order.rows[0].net -= Decimal("6.00")
        order.updated_at = world.now

        await world.pass_time(20 * DAYS)

        causes = [row["cause"] for row in await world.all_returns()]
        assert "order-edited" in causes
        assert sum(Decimal(c["net"]) for c in our_credits(world)) <= order.net


async def test_what_a_person_mends_lets_each_return_go_on_and_be_paid_once(given: Given) -> None:
    """A rival that was quicker, one that was found late, goods that cost nothing, and refund types that nobody knows."""
    async with given.world(stopped_returns) as (world, truths):
        rivals, by_hand = ("quicker_rival", "hidden_rival"), {"no_refund": False, "odd_outcome": True}
        told = await stopped(world, truths["quicker_rival"], "rival-credit", "finance")
        assert told["exception"]["evidence"]["verdict"] == "needs a person"
        late = (await world.show(code(truths["hidden_rival"])))["exception"]
        assert (late["cause"], late["resume_state"]) == ("rival-credit", "credited")
        await stopped(world, truths["free_goods"], "nothing-to-refund", "finance")
        for scenario in by_hand:
            await stopped(world, truths[scenario], "refund-type-unknown", "customer-service")

        for scenario in rivals:
            rival = rival_of(world, truths[scenario])
            rival.is_cancelled, rival.updated_at = True, world.now
        for scenario in by_hand:
            order = booked(world, truths[scenario]["order_number"]).order["id"]
            world.sandbox.books.credit_by_hand(
                world.sandbox.books.orders[order], 0, f"goods back, {code(truths[scenario])}"
            )
        await world.resume(code(truths["free_goods"]), "nothing-to-refund")
        await world.pass_time(timedelta(minutes=10))
        for scenario in by_hand:
            await world.resume(code(truths[scenario]))
        await world.pass_time(15 * DAYS)

        for scenario in (*rivals, "free_goods"):
            assert (await world.show(code(truths[scenario])))["state"] == "restocked", scenario
            assert len(booked(world, truths[scenario]["order_number"]).ours) == 1, scenario
        for scenario in rivals:
            assert len(booked(world, truths[scenario]["order_number"]).payments) == 1, scenario
        free = booked(world, truths["free_goods"]["order_number"])
        assert ([value(credit) for credit in free.ours], free.payments) == ([Decimal(0)], [])
        for scenario, is_paid in by_hand.items():
            shown = await world.show(code(truths[scenario]))
            assert shown["credit"]["adopted"], scenario
            assert bool(booked(world, truths[scenario]["order_number"]).payments) is is_paid, scenario
            assert shown["refund_due"] is is_paid, scenario


async def test_a_rival_that_names_our_return_between_look_and_write_stops_the_money(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("several_returns")
        order = next(o for o in world.sandbox.books.orders.values() if o.type_code == "SO")
        first = world.sandbox.season.truth[0]
        order.quicker_hand = f"return {first['express_code']}"

        await world.pass_time(6 * DAYS)

        told = await stopped(world, first, "rival-credit", "finance")
        assert len(world.books()["credits"]) == 2
        assert told["credit"] is None
        assert truth["express_code"] != first["express_code"]


async def test_a_credit_made_by_hand_while_ours_was_unknown_is_not_doubled_by_the_repeat(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        first = world.begin("bar_single")
        world.sandbox.faults.plan({"rules": [{"match": "POST .*/sales-credit$", "kind": "error-before", "count": 1}]})
        order = next(o for o in world.sandbox.books.orders.values() if o.type_code == "SO")
        await world.pass_until(lambda: world.sandbox.faults.rules[0].struck)
        world.sandbox.books.credit_by_hand(order, 0, f"return {first['express_code']}")

        await world.pass_time(2 * DAYS)

        told = await stopped(world, first, "rival-credit", "finance")
        assert told["exception"]["evidence"]["verdict_now"] == "adopt existing"
        assert our_credits(world) == []

        await world.resume(code(first), "rival-credit")
        await world.pass_time(12 * DAYS)

        assert (await world.show(code(first)))["credit"]["adopted"] is True


async def test_a_credit_that_finance_cancels_is_not_made_again(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config="authorised_status_id = 11\n") as world:
        truth = world.begin("bar_single")
        await world.pass_time(6 * DAYS)
        (credit,) = our_credits(world)
        refused = world.sandbox.books.orders[credit["id"]]

        refused.is_cancelled, refused.updated_at = True, world.now
        await world.pass_time(3 * DAYS)

        await stopped(world, truth, "credit-cancelled", "finance")
        assert len(our_credits(world)) == 1


async def test_one_credit_by_hand_is_taken_over_by_one_return_only(database: Database, tmp_path: Path) -> None:
    """Two parts of one return, dropped off apart; a person credited one of the two units, naming the return."""
    async with open_world(database, tmp_path) as world:
        truth = world.begin("two_bags")
        order = next(o for o in world.sandbox.books.orders.values() if o.type_code == "SO")
        rows = [row for row in order.rows if row.sku]
        rows[1].product_id, rows[1].sku, rows[1].name = rows[0].product_id, rows[0].sku, rows[0].name
        rows[1].net, rows[1].tax, rows[1].tax_code = rows[0].net, rows[0].tax, rows[0].tax_code
        for step in world.sandbox.season.steps:
            for item in step.told["new"].items if step.kind == "start" else ():
                item.sku, item.name, item.amount, item.upc = rows[0].sku, rows[0].name, "", ""
        world.sandbox.books.credit_by_hand(order, 0, f"return {truth['express_code']}")

        await world.pass_time(20 * DAYS)

        held = [row["credit_id"] for row in await world.all_returns() if row["credit_id"]]
        assert len(held) == len(set(held))
        assert len({payment["orderId"] for payment in payments(world)}) == len(payments(world))


async def test_an_exception_shows_both_sides_line_by_line(given: Given) -> None:
    async with given.world(stopped_returns) as (world, truths):
        truth = truths["substitution"]
        await stopped(world, truth, "substitution-suspected", "customer-service")

        exit_code, told, _ = await world.homeward("exception", "show", code(truth))

        assert exit_code == 0
        (line,) = told["lines"]
        assert line["returned_sku"] == "NEW-SEASON-1"
        assert line["sold_sku"] in line["differs"]
        assert told["do"].startswith("Another article")
        assert told["decided_again_when"]


async def test_a_fee_that_takes_everything_needs_a_person(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        fee = {"nominal_code": "4090", "tax_code": "T20", "percent": "100"}
        await world.accept(fees={"restocking": fee})
        truth = world.begin("bar_single")

        await world.pass_time(7 * DAYS)

        await stopped(world, truth, "fee-above-credit", "finance")


async def test_another_sum_than_announced_is_held_where_policy_minds(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config='amount_check = "hold"\n') as world:
        truth = world.begin("bar_single")
        for step in world.sandbox.season.steps:
            for item in step.told["new"].items if step.kind == "start" else ():
                item.amount = "1.00"
        await world.pass_time(7 * DAYS)
        told = await stopped(world, truth, "amount-differs", "finance")
        assert told["exception"]["evidence"]["happy_returns"] == "1.00"

        await world.resume(code(truth), "amount-differs")
        await world.pass_time(15 * DAYS)

        assert (await world.show(code(truth)))["state"] == "restocked"


async def test_a_credit_whose_outcome_stays_unknown_is_never_guessed(database: Database, tmp_path: Path) -> None:
    """The first answer is an error of theirs, the repeat is refused: nobody can tell, so nobody guesses."""
    async with open_world(database, tmp_path) as world:
        world.sandbox.faults.plan({"rules": [{"match": "POST .*/sales-credit$", "kind": "error-before", "count": 1}]})
        truth = world.begin("refused_credit")

        await world.pass_time(7 * DAYS)

        told = await stopped(world, truth, "outcome-unknown", "operations")
        assert told["exception"]["evidence"]["body"]["externalRef"] == told["exception"]["evidence"]["key"]
        assert our_credits(world) == []


async def test_asking_again_does_not_pass_over_a_rival_beside_our_credit(given: Given) -> None:
    async with given.world(a_hidden_rival) as (world, truth):
        refused, _, said = await world.homeward("exception", "retry", code(truth), "--reason", "look", "--yes")
        await world.resume(code(truth))
        stuck = await world.show(code(truth))
        accepted, _, _ = await world.homeward("exception", "accept", code(truth), "--reason", "goodwill", "--yes")
        await world.pass_time(12 * DAYS)

        assert (refused, accepted) == (6, 0)
        assert "homeward exception accept" in said
        assert stuck["exception"]["cause"] == "rival-credit"
        told = await world.show(code(truth))
        number = stuck["exception"]["evidence"]["other_credits"][0]
        assert (told["state"], told["accepted"]) == ("restocked", ["rival-credit", f"rival-credit:{number}"])


async def test_a_rival_that_took_everything_cannot_be_accepted_away(given: Given) -> None:
    async with given.world(stopped_returns) as (world, truths):
        truth = truths["rival_credit"]
        told = await stopped(world, truth, "rival-credit", "finance")
        assert told["exception"]["evidence"]["reference"] == "goodwill"

        exit_code, _, said = await world.homeward("exception", "accept", code(truth), "--reason", "both", "--yes")

        assert exit_code == 6
        assert "nothing would be left" in said


async def test_a_waiting_return_is_found_by_its_cause_and_shows_its_owner(given: Given) -> None:
    async with given.world(awaits_its_period, extra_config=WAITS) as (world, truth):
        _, by_cause, _ = await world.homeward("return", "list", "--cause", "period-locked")
        _, by_team, _ = await world.homeward("return", "list", "--team", "finance")
        _, told, _ = await world.homeward("return", "show", code(truth))

        assert [row["owner"] for row in by_cause] == ["finance"]
        assert by_team == by_cause
        assert (told["wait_owner"], told["wait_cause"]) == ("finance", "period-locked")
        assert told["wait_next_step"]


async def test_no_refund_is_recorded_while_a_rival_stands_whatever_was_under_way(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.faults.plan(
            {"rules": [{"match": "POST .*/customer-payment$", "kind": "error-before", "count": 3}]}
        )
        truth = world.begin("hidden_rival")
        await world.pass_time(10 * DAYS)

        told = await world.show(code(truth))

        assert told["exception"]["cause"] == "rival-credit"
        assert payments(world) == [] or told["payment"] is not None


async def test_a_rival_the_index_hides_for_a_while_does_not_relieve_the_return(given: Given) -> None:
    async with given.world(a_hidden_rival) as (world, truth):
        rival = rival_of(world, truth)

        rival.indexed_at = world.now + 2 * DAYS
        await world.pass_time(DAYS)
        hidden = await world.show(code(truth))
        rival.is_cancelled, rival.updated_at = True, world.now
        await world.pass_time(3 * DAYS)
        relieved = await world.show(code(truth))
        rival.is_cancelled = False
        await world.pass_time(DAYS)

        assert hidden["exception"]["cause"] == "rival-credit"
        assert relieved["state"] in ("credited", "restocked")


async def test_our_credit_cancelled_to_settle_a_rival_is_not_refunded(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.faults.plan(
            {"rules": [{"match": "POST .*/customer-payment$", "kind": "unavailable", "count": 60}]}
        )
        truth = world.begin("hidden_rival")
        await world.pass_time(8 * DAYS)
        (mine,) = our_credits(world)
        ours = world.sandbox.books.orders[mine["id"]]

        ours.is_cancelled, ours.updated_at = True, world.now
        await world.pass_time(5 * DAYS)

        told = await world.show(code(truth))
        assert told["exception"]["cause"] == "credit-cancelled"
        assert payments(world) == []


async def test_an_order_that_was_entered_anew_is_found_again(given: Given) -> None:
    async with given.world(awaits_its_period, extra_config=WAITS) as (world, truth):
        books = world.sandbox.books
        order = next(o for o in books.orders.values() if o.type_code == "SO")
        books.renumber(order)

        books.locked_until = date(2026, 2, 28)
        await world.pass_time(20 * DAYS)

        assert (await world.show(code(truth)))["state"] == "restocked"
        assert world.sandbox.books.orders[our_credits(world)[0]["id"]].parent_id == order.id
