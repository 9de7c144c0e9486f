"""A vendor that misleads: answers that leave something out, come after the effect, or contradict the one before.

Nothing is credited or refunded twice, nothing is lost, and whatever cannot be known waits under a name or is in front of a
person. What each test claims of money is what the judge finds in the vendor's own books.
"""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asyncpg import UniqueViolationError

from daemon import app as application
from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.results import Complete, Partial, ReadResult
from daemon.sandbox import catalogue
from daemon.sandbox.catalogue import Line
from daemon.sandbox.faults import BODIES
from daemon.sandbox.journeys import RESTOCKED, one
from daemon.settings import load
from daemon.store import outbox
from daemon.store.database import Database
from statemachine.effects import RecordRefund
from tests.abreast import abreast
from tests.integration.test_outcome_unknown import use_bundles
from tests.same_goods import one_of_many
from tests.world import MERCHANT, World, open_world

CREDIT, PAYMENT = "^POST .*/sales-credit$", "^POST .*/customer-payment$"
GOODS_IN = "^POST .*/goods-in$"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OWN = ("HW-",)
PRIVATE_APP = "keys_held = []\nlost_write_minutes = 10\n"
"""An account that holds no key, as a private app's may not: nothing but the search tells what became of a write."""


def struck(world: World) -> int:
    return sum(rule.struck for rule in world.sandbox.faults.rules)


def plan(world: World, match: str, kind: str, **more: Any) -> None:
    world.sandbox.faults.plan({"rules": [{"match": match, "kind": kind, **more}]})


def credits_of(world: World) -> list[dict[str, Any]]:
    return [credit for credit in world.books()["credits"] if not credit.get("is_cancelled")]


def refunds_of(world: World) -> list[dict[str, Any]]:
    return [payment for payment in world.books()["payments"] if payment["paymentType"] == "PAYMENT"]


def keyless(world: World) -> None:
    """A private app: no instance id, no key held."""
    world.sandbox.assumptions.instance_id = None
    world.sandbox.assumptions.knows_keys = False
    brightpearl = world.workplace.settings.brightpearl.model_copy(update={"keys_held": ()})
    world.workplace.settings = world.workplace.settings.model_copy(update={"brightpearl": brightpearl})


async def state_of(world: World, truth: dict[str, Any]) -> str:
    return str((await world.show(str(truth["express_code"])))["state"])


async def nothing_is_wrong(world: World) -> None:
    found = await world.judge()
    assert found.violations == {}, found.told()


def three_of_one_row(world: World) -> list[dict[str, Any]]:
    """Three returns of one order row of three, handed over within seconds."""
    season = world.sandbox.season
    if not world.sandbox.books.products:
        season.open(1)
    line = Line(catalogue.goods(season.books, season.rng), 3)
    order = season.order([line], world.now)
    row = next(row for row in order.rows if row.sku)
    row.net, row.tax = Decimal("8.33"), Decimal("1.67")
    for number, item in enumerate(season.items(order, [(0, 3)])):
        begins = world.now + timedelta(seconds=1 + number)
        new = season.announce(f"unit {number}", begins, [item], RESTOCKED)
        season.travel(new, new.items, begins + HOUR)
    return season.truth


# -- reads that leave something out -----------------------------------------------------------------------------------------


async def test_a_credit_that_the_search_names_and_nothing_answers_for_keeps_ours_from_being_made(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("adopted_credit")
        await world.pass_until(lambda: credits_of(world))
        plan(world, f"^GET .*/(sales-credit|order)/{credits_of(world)[0]['id']}$", "empty-list")

        (rule,) = world.sandbox.faults.rules
        await world.pass_until(lambda: rule.struck > 0)
        await world.pass_time(timedelta(hours=2))
        waiting = await world.show(truth["express_code"])
        made = len(credits_of(world))
        world.sandbox.faults.plan({})
        await world.pass_time(timedelta(days=10))

        assert (waiting["wait_cause"] or waiting["exception"]["cause"], made) == ("evidence-incomplete", 1)
        assert (len(credits_of(world)), (await world.show(truth["express_code"]))["state"]) == (1, "restocked")


LEFT_OUT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("^GET .*/sales-credit/[0-9]", "leave-out", {"status": 207}),
    ("^GET .*/sales-credit/[0-9]", "leave-out", {"status": 200}),
    ("^GET .*/sales-credit/[0-9]", "none-of-set", {}),
    ("^GET .*/sales-credit/[0-9]", "hollow", {}),
    ("^GET .*/sales-credit/[0-9]", "garbage", {}),
    ("^GET .*/order-search", "hollow", {}),
    ("^GET .*/order-search", "more-pages", {}),
    ("^GET .*/order-search", "short-rows", {}),
    ("^GET .*/order-search", "odd-rows", {}),
    ("^GET .*/order-search", "counts-disagree", {}),
    ("^GET .*/order-search", "truncate", {}),
)


async def test_a_credit_that_a_read_leaves_out_is_not_made_a_second_time(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("adopted_credit")  # a person credited it already, with the express code on it
        await world.pass_time(HOUR * 12)

        for match, kind, more in LEFT_OUT:  # one after the other, and nothing is right in between
            plan(world, match, kind, **more)
            await world.pass_until(lambda: struck(world) > 1, stride=10 * MINUTE)
            await world.pass_time(HOUR * 3, stride=HOUR)

            assert (len(credits_of(world)), len(refunds_of(world))) == (1, 0), kind
            shown = await world.show(str(truth["express_code"]))
            assert shown["state"] in ("credit-pending", "exception"), (kind, shown)
            causes = (shown["wait_cause"], (shown["exception"] or {}).get("cause"))
            assert "evidence-incomplete" in causes, (kind, causes)

        world.sandbox.faults.plan({})
        await world.pass_time(DAY * 20)
        assert await state_of(world, truth) == "restocked"
        assert (len(credits_of(world)), len(refunds_of(world))) == (1, 1)
        await nothing_is_wrong(world)


async def test_an_answer_without_any_row_that_was_there_before_is_no_absence(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        await world.pass_until(lambda: len(refunds_of(world)) == 1)
        truth = world.begin("adopted_credit")
        await world.pass_time(HOUR * 12)

        for kind in ("no-rows", "other-answer"):
            plan(world, "^GET .*/order-search", kind, about="orderTypeId=3")
            await world.pass_until(lambda: struck(world) > 1, stride=10 * MINUTE)
            await world.pass_time(HOUR * 6, stride=HOUR)
            assert (len(credits_of(world)), len(refunds_of(world))) == (2, 1), kind

        world.sandbox.faults.plan({})
        await world.pass_time(DAY * 20)
        assert await state_of(world, truth) == "restocked"
        assert (len(credits_of(world)), len(refunds_of(world))) == (2, 2)
        await nothing_is_wrong(world)


def restart(world: World) -> BrightpearlClient:
    """A client that remembers nothing of the one before."""
    clients = application.build_clients(
        load(world.config), MERCHANT, clock=world.workplace.clock, telemetry=world.workplace.telemetry, http=world.http,
        lease=world.workplace.lease, database=world.database,
    )  # fmt: skip
    world.workplace.brightpearl = clients.brightpearl
    return clients.brightpearl


NOBODYS = 999_999
ORDERS, PAYMENTS = "^GET .*/order-search", "^GET .*/customer-payment-search"


async def credits_and_payments_of(client: BrightpearlClient, number: int) -> tuple[ReadResult[Any], ReadResult[Any]]:
    return (await client.credit_ids_of([number]))[number], (await client.payments_of([number]))[number]


async def test_an_index_that_is_empty_after_a_restart_proves_nothing(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        none = await credits_and_payments_of(restart(world), NOBODYS)
        assert none == (Complete([]), Complete([]))  # a new account, of which nothing is known
        truth = world.begin("bar_single")
        await world.pass_until(lambda: len(refunds_of(world)) == 1)
        await world.pass_time(HOUR)  # the index shows it by now
        credit_id = (await world.show(str(truth["express_code"])))["credit"]["id"]
        plan(world, f"({ORDERS}|{PAYMENTS})", "no-rows")

        for number in (NOBODYS, credit_id):
            for result in await credits_and_payments_of(restart(world), number):
                assert isinstance(result, Partial)
                assert "must show by what we know" in result.missing

        world.sandbox.faults.plan({})
        client = restart(world)
        assert await credits_and_payments_of(client, NOBODYS) == (Complete([]), Complete([]))
        plan(world, f"({ORDERS}|{PAYMENTS})", "no-rows")
        assert all(isinstance(each, Partial) for each in await credits_and_payments_of(client, NOBODYS))


async def test_a_witness_that_is_deleted_is_replaced(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        world.begin("bar_single")
        await world.pass_until(lambda: len(refunds_of(world)) == 2)
        client, paid = restart(world), refunds_of(world)[0]
        assert (await client.payments_of([paid["orderId"]]))[paid["orderId"]].value

        del world.sandbox.books.payments[paid["paymentId"]]

        assert (await client.payments_of([paid["orderId"], NOBODYS]))[NOBODYS] == Complete([])
        assert (await client.payments_of([paid["orderId"]]))[paid["orderId"]] == Complete([])


async def test_a_credit_of_a_persons_is_not_made_again_by_a_restarted_daemon_with_an_empty_index(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        await world.pass_until(lambda: len(refunds_of(world)) == 1)
        truth = world.begin("adopted_credit")
        await world.pass_until(lambda: len(credits_of(world)) == 2)

        for first in ("no-rows", "hollow", "more-pages"):
            plan(world, ORDERS, first, about="orderTypeId=3")
            restart(world)
            await world.pass_until(lambda: struck(world) > 1, stride=10 * MINUTE)
            await world.pass_time(HOUR * 6, stride=HOUR)
            assert (len(credits_of(world)), len(refunds_of(world))) == (2, 1), first

        world.sandbox.faults.plan({})
        await world.pass_time(DAY * 20)
        assert await state_of(world, truth) == "restocked"
        assert (len(credits_of(world)), len(refunds_of(world))) == (2, 2)
        await nothing_is_wrong(world)


async def test_one_hollow_payment_search_decides_nothing_for_good(database: Database, tmp_path: Path) -> None:
    kinds = ("hollow", "more-pages", "short-rows", "odd-rows", "counts-disagree", "garbage")
    async with open_world(database, tmp_path) as world:
        truths = [world.begin("bar_single") for _ in kinds]
        abreast(world)
        rules = [{"match": "^GET .*/customer-payment-search", "kind": kind, "count": 3} for kind in kinds]
        world.sandbox.faults.plan({"rules": rules})

        await world.pass_time(DAY * 20)

        assert [rule.struck for rule in world.sandbox.faults.rules] == [3] * len(kinds)
        assert {await state_of(world, truth) for truth in truths} == {"restocked"}
        assert len(refunds_of(world)) == len(truths)
        await nothing_is_wrong(world)


async def test_a_row_that_can_never_be_read_holds_up_no_order_but_its_own(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truths = [world.begin("bar_single") for _ in range(9)]
        abreast(world)
        await world.pass_until(lambda: len(world.sandbox.happy_returns.returns) == len(truths))
        orders = world.sandbox.books.orders
        order, *others = (next(iter(orders.having("reference", [truth["order_number"]]))).id for truth in truths)
        plan(world, PAYMENTS, "bad-row", value=order)

        await world.pass_time(DAY * 20)

        stuck = await world.show(str(truths[0]["express_code"]))
        assert "evidence-incomplete" in (stuck["wait_cause"], (stuck["exception"] or {}).get("cause")), stuck
        assert {await state_of(world, truth) for truth in truths[1:]} == {"restocked"}
        assert len(refunds_of(world)) == len(others)

        world.sandbox.faults.plan({})
        await world.pass_time(DAY * 2)
        assert len(refunds_of(world)) == len(truths)
        await nothing_is_wrong(world)


async def test_a_row_that_cannot_be_read_any_more_of_an_order_that_proves_others_leaves_them_provable(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        one_of_many(world)
        await world.pass_until(lambda: bool(refunds_of(world)))
        (refund,) = refunds_of(world)
        client, credit = world.workplace.brightpearl, refund["orderId"]
        other = world.sandbox.books.pay({
            "transactionRef": "by hand", "paymentMethodCode": "SHOPIFY", "paymentType": "VOID", "orderId": credit,
            "currencyIsoCode": refund["currencyCode"], "amountPaid": "1", "paymentDate": world.now.isoformat(),
        })  # fmt: skip
        assert isinstance(
            (await client.payments_of([credit]))[credit], Complete
        )  # from now on it is asked for beside others
        plan(world, PAYMENTS, "bad-row", value=other)

        read = [(await client.payments_of([number]))[number] for number in (99999, credit, 99999)]

        assert [isinstance(each, Complete) for each in read] == [True, False, True]


async def test_a_receipt_that_is_shown_late_still_names_the_refunds_method(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        receipts = dict(world.sandbox.books.payments)
        world.sandbox.books.payments.clear()
        await world.pass_time(DAY * 7)
        assert (await world.show(str(truth["express_code"])))["exception"]["cause"] == "refund-method-unknown"

        world.sandbox.books.payments.update(receipts)
        await world.pass_time(DAY * 12)

        assert await state_of(world, truth) == "restocked"
        assert len(refunds_of(world)) == 1


async def test_goods_that_a_read_leaves_out_are_not_received_twice(database: Database, tmp_path: Path) -> None:
    kinds = ("leave-out", "none-of-set", "hollow", "garbage", "other-answer")
    async with open_world(database, tmp_path) as world:
        use_bundles(world, are_used=False)
        truths = [world.begin("bar_single") for _ in kinds]
        abreast(world)
        world.sandbox.faults.plan({"rules": [
            {"match": GOODS_IN, "kind": "lose-answer", "count": len(truths)},
            *({"match": "^GET .*/goods-in", "kind": kind, "count": 6} for kind in kinds),
        ]})  # fmt: skip

        await world.pass_time(DAY * 25)

        assert [rule.struck for rule in world.sandbox.faults.rules] == [len(truths), 6, 6, 6, 6, 6]
        assert {await state_of(world, truth) for truth in truths} == {"restocked"}
        assert len(world.books()["goods_in"]) == len(truths)
        await nothing_is_wrong(world)


async def test_a_credit_whose_rows_come_later_is_a_credit(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        season = world.sandbox.season
        season.open(1)
        order = one(season, world.now)
        new = season.announce("header first", world.now + MINUTE, season.items(order, [(0, 1)]), RESTOCKED)
        season.travel(new, new.items, world.now + DAY)
        season.at(world.now + DAY - MINUTE, "human_credit", order_id=order.id, row_index=0,
                  reference=f"return {new.express_code}", rows_after=HOUR)  # fmt: skip

        await world.pass_time(DAY)
        await world.pass_time(30 * MINUTE)
        waiting = await world.show(new.express_code)
        await world.pass_time(DAY * 20)

        assert (waiting["state"], waiting["wait_cause"]) == ("credit-pending", "evidence-incomplete"), waiting
        assert "no rows yet" in waiting["waits_for"]
        assert (len(credits_of(world)), len(refunds_of(world))) == (1, 1)
        assert (await world.show(new.express_code))["state"] == "restocked"


async def test_one_garbled_read_costs_seconds_not_minutes(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await world.pass_until(lambda: any(step.kind == "drop" for step in world.sandbox.season.steps))
        plan(world, "^GET .*/order-service/order/", "garbage", count=1)
        await world.pass_until(lambda: struck(world) == 1)
        garbled_at = world.now

        await world.pass_until(lambda: bool(credits_of(world)))

        assert world.now - garbled_at < timedelta(seconds=30)
        assert truth


# -- several returns of one order --------------------------------------------------------------------------------------------


def rows_of(world: World, truths: list[dict[str, Any]]) -> tuple[Decimal, Decimal]:
    """Net and tax that was credited of the one order these returns share."""
    order = next(iter(world.sandbox.books.orders.having("reference", [truths[0]["order_number"]])))
    rows = [row for credit in credits_of(world) if credit["parent_id"] == order.id for row in credit["rows"]]
    return sum((Decimal(row["net"]) for row in rows), Decimal()), sum((Decimal(row["tax"]) for row in rows), Decimal())


WHOLE_ROW = (Decimal("8.33"), Decimal("1.67"))


@pytest.mark.parametrize("holds_keys", [True, False], ids=["keys held", "no key held"])
async def test_returns_of_one_order_together_never_credit_more_than_the_row(
    *, holds_keys: bool, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        if not holds_keys:
            keyless(world)
        by_lag: dict[float, list[dict[str, Any]]] = {}
        for lag in (20.0, 60.0, 600.0):
            world.sandbox.assumptions.search_lag_seconds = lag
            by_lag[lag] = three_of_one_row(world)[-3:]
            plan(world, CREDIT + "|multi-message$", "lose-answer", count=2)
            await world.pass_until(lambda: struck(world) == 2)
            await world.pass_time(HOUR)

        await world.pass_time(DAY * 25)

        assert {lag: rows_of(world, truths) for lag, truths in by_lag.items()} == dict.fromkeys(by_lag, WHOLE_ROW)
        ended = {lag: [await state_of(world, truth) for truth in truths] for lag, truths in by_lag.items()}
        assert ended == dict.fromkeys(by_lag, ["restocked"] * 3)
        assert len(refunds_of(world)) == 9
        await nothing_is_wrong(world)


async def test_returns_of_one_order_share_its_row_exactly_under_partial_reads(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        by_kind: dict[str, list[dict[str, Any]]] = {}
        for kind in ("leave-out", "hollow", "short-rows", "counts-disagree"):
            by_kind[kind] = three_of_one_row(world)[-3:]
            world.sandbox.faults.plan({"seed": 3, "rules": [
                {"match": "^GET .*/(order-search|sales-credit)", "kind": kind, "share": 0.5, "count": 20},
            ]})  # fmt: skip
            await world.pass_until(lambda: struck(world) == 20)

        await world.pass_time(DAY * 25)

        assert {kind: rows_of(world, truths) for kind, truths in by_kind.items()} == dict.fromkeys(by_kind, WHOLE_ROW)
        ended = {kind: [await state_of(world, truth) for truth in truths] for kind, truths in by_kind.items()}
        assert ended == dict.fromkeys(by_kind, ["restocked"] * 3)
        await nothing_is_wrong(world)


# -- outcomes that nobody can tell -------------------------------------------------------------------------------------------

ODD_ANSWERS = [(301, "html"), (302, "html"), (404, "html"), (404, "empty"), (408, "empty"), (409, "text"), (425, "empty"),
               (400, "json"), (200, "html"), (204, "empty"), (502, "html"), (403, "html"), (401, "html")]  # fmt: skip


@pytest.mark.parametrize("holds_keys", [True, False], ids=["keys held", "no key held"])
async def test_an_answer_that_is_not_brightpearls_own_refuses_nothing(
    *, holds_keys: bool, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        if not holds_keys:
            keyless(world)
        use_bundles(world, are_used=False)
        truths = [world.begin("bar_single") for _ in ODD_ANSWERS]
        abreast(world)
        odd = [(write, status, body) for write in (CREDIT, PAYMENT, GOODS_IN) for status, body in ODD_ANSWERS]
        world.sandbox.faults.plan({"rules": [
            {"match": write, "kind": "answer-after", "count": 1, "status": status, "body": body}
            for write, status, body in odd
        ]})  # fmt: skip

        await world.pass_time(DAY * 20)

        strikes = {each: rule.struck for each, rule in zip(odd, world.sandbox.faults.rules, strict=True)}
        assert strikes == dict.fromkeys(odd, 1)
        assert {await state_of(world, truth) for truth in truths} == {"restocked"}
        made = (credits_of(world), refunds_of(world), world.books()["goods_in"])
        assert [len(each) for each in made] == [len(truths)] * 3
        await nothing_is_wrong(world)


async def test_a_proxys_limit_after_the_effect_makes_nothing_twice(database: Database, tmp_path: Path) -> None:
    limits = [(status, body) for status in (429, 503) for body in ("limit", "limit-copied")]
    async with open_world(database, tmp_path) as world:
        keyless(world)
        use_bundles(world, are_used=False)
        world.sandbox.assumptions.search_lag_seconds = 600.0
        world.sandbox.assumptions.payment_lag_seconds = 600.0
        for _ in limits:
            world.begin("bar_single")
        abreast(world)
        world.sandbox.faults.plan({"rules": [
            {"match": write, "kind": "answer-after", "status": status, "body": body, "count": 1}
            for write in (CREDIT, PAYMENT) for status, body in limits
        ]})  # fmt: skip

        await world.pass_until(lambda: struck(world) == 2 * len(limits))
        await world.pass_time(HOUR * 3)

        assert (len(credits_of(world)), len(refunds_of(world))) == (len(limits), len(limits))
        await nothing_is_wrong(world)


async def test_a_lost_credit_of_an_account_without_keys_is_never_made_twice(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        truths = {}
        for lag in (20.0, 60.0, 600.0, 3 * 3600.0):
            world.sandbox.assumptions.search_lag_seconds = lag
            truths[lag] = world.begin("bar_single")
            plan(world, CREDIT, "lose-answer", count=1)
            await world.pass_until(lambda: struck(world) == 1)

        await world.pass_time(DAY * 20)

        ended = {lag: await state_of(world, truth) for lag, truth in truths.items()}
        assert ended == dict.fromkeys(truths, "restocked")
        assert (len(credits_of(world)), len(refunds_of(world))) == (4, 4)
        await nothing_is_wrong(world)


async def test_a_refund_answered_500_by_an_account_without_keys_is_recorded_once(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        truths = {}
        for lag in (0.0, 60.0, 3 * 3600.0):
            world.sandbox.assumptions.payment_lag_seconds = lag
            truths[lag] = world.begin("bar_single")
            plan(world, PAYMENT, "error-after", count=1)
            await world.pass_until(lambda: struck(world) == 1)

        await world.pass_time(DAY * 20)

        ended = {lag: await state_of(world, truth) for lag, truth in truths.items()}
        assert ended == dict.fromkeys(truths, "restocked")
        assert len(refunds_of(world)) == 3
        await nothing_is_wrong(world)


async def test_what_was_lost_without_keys_is_asked_of_a_person_and_made_anew_by_their_word(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        use_bundles(world, are_used=False)
        truths = [world.begin("bar_single"), world.begin("bar_single")]
        abreast(world)
        rules = [{"match": write, "kind": "error-before", "count": 1} for write in (CREDIT, PAYMENT)]
        world.sandbox.faults.plan({"rules": rules})
        await world.pass_time(DAY * 7)

        asked = [await reissue(world, truth) for truth in truths]
        await world.pass_time(DAY * 14)

        assert {each["exception"]["cause"] for each in asked} == {"outcome-unknown"}
        evidence = [each["exception"]["evidence"] for each in asked]
        assert {each["effect"] for each in evidence} == {"create-sales-credit", "record-refund"}
        assert min(each["looked_for_minutes"] for each in evidence) >= 10
        for truth in truths:
            shown = await world.show(str(truth["express_code"]))
            assert shown["state"] == "restocked"
            assert any(step["event"] == "reissued" for step in shown["journal"])
        assert (len(credits_of(world)), len(refunds_of(world))) == (2, 2)
        await nothing_is_wrong(world)


@pytest.mark.parametrize("reference", ["", "goodwill"])
async def test_a_replayed_answer_that_names_anothers_credit_is_not_believed(
    reference: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.search_lag_seconds = 3600.0
        neighbour, truth = one_of_many(world, "neighbour"), one_of_many(world, "ours")
        season, books = world.sandbox.season, world.sandbox.books
        season.steps = [step for step in season.steps if neighbour["happy_return_id"] not in str(step)]
        order = next(iter(books.orders.having("reference", [neighbour["order_number"]])))
        by_hand = books.credit_by_hand(order, 0, "their own")
        by_hand.external_ref = reference
        monkeypatch.setitem(BODIES, "replayed", ("application/json", json.dumps({"response": by_hand.id})))
        plan(world, CREDIT, "answer-after", status=200, body="replayed", count=1)

        await world.pass_until(lambda: struck(world) == 1)
        await world.pass_time(MINUTE)
        assert (len(credits_of(world)), refunds_of(world)) == (2, [])

        await world.pass_time(HOUR * 3)
        shown = await world.show(str(truth["express_code"]))
        made = next(credit["id"] for credit in credits_of(world) if credit["id"] != by_hand.id)
        assert shown["credit"]["id"] == made
        assert [payment["orderId"] for payment in refunds_of(world)] == [made]


@pytest.mark.parametrize("write", [PAYMENT, GOODS_IN])
async def test_a_replayed_number_of_anothers_payment_or_note_settles_nothing(
    write: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        await world.pass_time(DAY * 16)
        books = world.books()
        other = books["payments"][-1]["paymentId"] if write == PAYMENT else books["goods_in"][-1]["goodsNoteId"]
        truth = world.begin("bar_single")
        monkeypatch.setitem(BODIES, "replayed", ("application/json", json.dumps({"response": other})))
        plan(world, write, "answer-before", status=200, body="replayed", count=1)

        await world.pass_time(DAY * 16)

        shown = await world.show(str(truth["express_code"]))
        assert struck(world) == 1
        if write == PAYMENT:  # whether its key is held is not known, so it is not sent again
            assert (shown["state"], shown["exception"]["cause"]) == ("exception", "outcome-unknown"), shown
        else:  # its reference is held, so it was sent again
            assert shown["state"] == "restocked", shown
            assert len(world.books()["goods_in"]) == 2


async def test_what_was_made_anew_and_turns_up_after_all_is_a_rival_at_once(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        world.sandbox.assumptions.search_lag_seconds = 2 * 86400.0
        truth = world.begin("bar_single")
        plan(world, CREDIT, "lose-answer", count=1)
        await world.pass_until(lambda: bool(credits_of(world)))
        await world.pass_time(HOUR)
        asked = await world.show(str(truth["express_code"]))

        world.sandbox.assumptions.search_lag_seconds = 2.0
        await world.homeward(
            "exception", "reissue", str(asked["id"]), "--reason", "vendor-fault", "--note", "lost", "--yes"
        )
        await world.pass_time(DAY * 4)

        shown = await world.show(str(truth["express_code"]))
        assert asked["exception"]["cause"] == "outcome-unknown"
        assert len(credits_of(world)) == 2
        assert (shown["state"], shown["exception"]["cause"]) == ("exception", "rival-credit"), shown


# -- what others write beside ours -------------------------------------------------------------------------------------------


async def test_two_payments_under_one_reference_are_an_exception(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        truth = world.begin("bar_single")
        plan(world, PAYMENT, "twice", count=1)  # a gateway repeats it

        await world.pass_time(DAY * 7)
        shown = await world.show(str(truth["express_code"]))

        assert len(refunds_of(world)) == 2
        assert (shown["state"], shown["exception"]["cause"]) == ("exception", "refund-twice"), shown
        assert len(shown["exception"]["evidence"]["payments"]) == 2

        second = refunds_of(world)[1]["paymentId"]
        del world.sandbox.books.payments[second]
        await world.pass_time(DAY * 14)
        assert await state_of(world, truth) == "restocked"
        await nothing_is_wrong(world)


async def test_a_refund_on_the_order_itself_is_seen_before_another_is_recorded(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        await world.pass_until(lambda: bool(world.sandbox.happy_returns.returns))
        order = next(iter(world.sandbox.books.orders.having("reference", [truth["order_number"]])))
        await world.pass_time(MINUTE)
        world.sandbox.books.pay({
            "transactionRef": "shop", "paymentMethodCode": "SHOPIFY", "paymentType": "PAYMENT", "orderId": order.id,
            "currencyIsoCode": order.currency, "amountPaid": "5.00", "paymentDate": world.now.isoformat(),
        })  # fmt: skip

        await world.pass_time(DAY * 7)

        shown = await world.show(str(truth["express_code"]))
        assert (shown["exception"] or {}).get("cause") == "refund-elsewhere", shown
        assert len(refunds_of(world)) == 1
        await world.resume(str(truth["express_code"]), "refund-elsewhere")
        await world.pass_time(DAY * 14)
        assert await state_of(world, truth) == "restocked"


async def test_a_rival_is_told_of_within_minutes_of_being_visible(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        hidden = (timedelta(0), 5 * MINUTE, 3 * HOUR, 20 * HOUR)
        truths = [world.begin("bar_single") for _ in hidden]
        abreast(world)
        await world.pass_until(lambda: len(refunds_of(world)) == len(hidden))
        await world.pass_time(timedelta(minutes=2))
        began = world.now
        for truth, after in zip(truths, hidden, strict=True):
            order = next(iter(world.sandbox.books.orders.having("reference", [truth["order_number"]])))
            world.sandbox.books.credit_by_hand(order, 0, "goodwill").indexed_at = began + after

        for truth, after in zip(truths, hidden, strict=True):
            await world.pass_time(max(began + after - world.now, timedelta(0)))
            while await state_of(world, truth) != "exception":
                assert world.now < began + after + HOUR, f"hidden for {after}: nobody was told"
                await world.pass_time(MINUTE, stride=MINUTE)

            shown = await world.show(str(truth["express_code"]))
            assert shown["exception"]["cause"] == "rival-credit", shown
            assert world.now - began - after <= timedelta(minutes=12), after


async def test_what_brightpearl_acknowledged_and_lost_is_told_of(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        others, *lost = [world.begin("bar_single") for _ in range(3)]
        abreast(world)
        truths = dict(zip(("credit", "payment"), lost, strict=True))
        await world.pass_until(lambda: len(refunds_of(world)) == 3)
        for what, truth in truths.items():
            order = next(iter(world.sandbox.books.orders.having("reference", [truth["order_number"]])))
            world.sandbox.season.at(world.now + MINUTE, "forget", order_id=order.id, what=what)
        await world.pass_time(DAY * 2)

        for what, truth in truths.items():
            shown = await world.show(str(truth["express_code"]))
            assert (shown["state"], shown["exception"]["cause"]) == ("exception", "record-vanished"), (what, shown)
        assert await state_of(world, others) in ("credited", "restocked")


# -- what is made anew ------------------------------------------------------------------------------------------------------


async def reissue(world: World, truth: dict[str, Any]) -> dict[str, Any]:
    """A person gives up for lost what the return is stopped for; answers the return as it stood."""
    asked = await world.show(str(truth["express_code"]))
    words = ("--reason", "vendor-fault", "--note", "lost", "--yes")
    told, _, said = await world.homeward("exception", "reissue", str(asked["id"]), *words)
    assert told == 0, said
    await world.settle()
    return asked


async def test_goods_made_anew_leave_the_refund_that_is_under_way_its_key(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        world.sandbox.assumptions.payment_lag_seconds = 600.0
        truth = world.begin("bar_single")
        rules = [{"match": "^GET .*customer-payment-search", "kind": "hollow"},
                 {"match": GOODS_IN, "kind": "error-before", "count": 1}]  # fmt: skip
        world.sandbox.faults.plan({"rules": rules})
        await world.pass_until(lambda: world.sandbox.faults.rules[1].struck == 1, stride=6 * HOUR)
        await world.pass_time(HOUR, stride=5 * MINUTE)

        asked = await reissue(world, truth)
        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)

        assert asked["exception"]["evidence"]["effect"] == "receive-stock", asked
        assert [payment["transactionRef"][-4:] for payment in refunds_of(world)] == ["-pay"]
        assert await state_of(world, truth) == "restocked"


async def test_no_second_refund_is_sent_while_another_of_its_return_is_under_way_whatever_its_key(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        truth = world.begin("bar_single")
        await world.pass_until(lambda: bool(world.sandbox.happy_returns.returns))
        world.sandbox.assumptions.payment_lag_seconds = 30 * 86400.0  # from now on: its receipt is shown
        plan(world, PAYMENT, "lose-answer", count=1)
        await world.pass_until(lambda: bool(refunds_of(world)))
        number = (await world.show(str(truth["express_code"])))["id"]
        async with world.database.transaction() as connection:
            row = outbox.effect_row(RecordRefund("HW-another-key-pay"), return_id=number, trace=None)
            assert row is not None
            await outbox.put(connection, MERCHANT, [row], world.now)
        await world.pass_time(MINUTE * 5)

        async with world.database.reading() as connection:
            effects = await outbox.listing(
                connection, merchants=[MERCHANT], state=None, return_id=number, kind=RecordRefund.kind, rows_max=9
            )
        assert len(refunds_of(world)) == 1
        other = next(each for each in effects if each["key"] == "HW-another-key-pay")
        assert (other["state"], other["sent_at"]) == ("ready", None)
        assert "-pay was sent for this return" in other["last_error"]
        with pytest.raises(UniqueViolationError):  # by the database alone as well
            async with world.database.transaction() as connection:
                await connection.execute("update outbox set intent = '{}', sent_at = now() where id = $1", other["id"])


async def test_a_credit_that_was_lost_before_a_write_off_is_told_of_when_it_shows_beside_one_made_by_hand(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.search_lag_seconds = 3 * 3600.0
        truth = one_of_many(world)
        plan(world, CREDIT, "lose-answer", count=1)
        await world.pass_until(lambda: bool(credits_of(world)))
        order = next(iter(world.sandbox.books.orders.having("reference", [truth["order_number"]])))
        world.sandbox.books.credit_by_hand(order, 0, "goodwill")
        number = (await world.show(str(truth["express_code"])))["id"]
        words = ("--to", "closed", "--reason", "credited-by-hand", "--note", "x", "--yes")
        told, _, said = await world.homeward("return", "force", str(number), *words)
        assert told == 0, said
        await world.settle()
        closed = await state_of(world, truth)

        await world.pass_time(HOUR * 4)

        shown = await world.show(str(truth["express_code"]))
        assert closed == "closed"
        assert (len(credits_of(world)), len(refunds_of(world))) == (2, 0)
        assert shown["state"] == "exception", shown
        assert shown["exception"]["cause"] in ("rival-credit", "credit-after-write-off")
