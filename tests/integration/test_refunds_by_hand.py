"""Money to the customer that others record, in whatever words: none is paid again, and a double is told of."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from daemon.store.database import Database
from tests.by_hand import credited_and_refunded, ours, pay, worth
from tests.integration.test_beside_ours import credited_and_not_refunded, order_of, stopped_for
from tests.integration.test_decisions import our_credits
from tests.integration.test_misleading_vendor import DAY, HOUR
from tests.same_goods import one_of_many
from tests.world import open_world

OTHER_WORDS: list[dict[str, Any]] = [
    {"paymentType": "Payment"}, {"paymentType": "REFUND"}, {"paymentType": None}, {"paymentType": "RECEIPT", "sign": "-"},
    {"paymentType": "CAPTURE", "sign": "-"},
]  # fmt: skip


def tell_otherwise(payment: dict[str, Any], words: dict[str, Any]) -> None:
    payment["paymentType"], payment["amountPaid"] = words["paymentType"], words.get("sign", "") + payment["amountPaid"]


@pytest.mark.parametrize("words", OTHER_WORDS)
async def test_a_refund_that_is_told_in_other_words_is_not_recorded_again(
    words: dict[str, Any], database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_not_refunded(world)
        tell_otherwise(pay(world, credit, worth(credit)), words)
        world.sandbox.faults.plan({})

        await world.pass_time(DAY)

        assert ours(world) == []
        is_understood = words["paymentType"] not in ("REFUND", None)
        assert await stopped_for(world, truth) == ("" if is_understood else "evidence-incomplete")


@pytest.mark.parametrize("words", OTHER_WORDS)
async def test_a_second_refund_that_is_told_in_other_words_is_told_of(
    words: dict[str, Any], database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        tell_otherwise(pay(world, credit, worth(credit)), words)

        await world.pass_time(2 * DAY)

        is_understood = words["paymentType"] not in ("REFUND", None)
        assert await stopped_for(world, truth) == ("refund-twice" if is_understood else "evidence-incomplete")


@pytest.mark.parametrize("where", ["credit", "order"])
async def test_a_second_refund_in_another_currency_is_told_of(where: str, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        second = pay(world, credit if where == "credit" else order_of(world, truth), Decimal(20), currency="EUR")
        await world.pass_time(HOUR)

        cause = "refund-twice" if where == "credit" else "refund-elsewhere"
        assert await stopped_for(world, truth) == cause
        del world.sandbox.books.payments[second["paymentId"]]
        await world.pass_time(HOUR)
        assert await stopped_for(world, truth) == ""


async def test_a_refund_that_came_back_is_not_the_one_due(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_not_refunded(world)
        pay(world, credit, worth(credit))
        pay(world, credit, worth(credit), kind="RECEIPT")
        world.sandbox.faults.plan({})

        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "refund-differs"
        pay(world, credit, worth(credit), kind="PAYMENT")["transactionRef"] = "by hand again"
        await world.pass_time(DAY)
        assert (await stopped_for(world, truth), ours(world)) == ("", [])


async def test_a_refund_that_comes_back_after_it_was_recorded_is_told_of(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        back = pay(world, credit, worth(credit), kind="RECEIPT")

        await world.pass_time(4 * HOUR)

        shown = await world.show(str(truth["express_code"]))
        assert await stopped_for(world, truth) == "refund-differs"
        assert [p.get("is_taken_back", False) for p in shown["exception"]["evidence"]["payments"]] == [False, True]
        del world.sandbox.books.payments[back["paymentId"]]
        await world.pass_time(4 * HOUR)
        assert await stopped_for(world, truth) == ""


async def test_a_refund_that_does_not_say_when_it_was_made_is_told_of(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_refunded(world)
        await world.pass_time(3 * DAY)
        pay(world, order_of(world, truth), Decimal(5))["createdOn"] = None
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "refund-elsewhere"


@pytest.mark.parametrize("kind", ["PAYMENT", "RECEIPT"])
async def test_what_others_record_of_a_refund_that_is_not_ours_to_record_may_be_any_part_of_it(
    kind: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config="record_refund = false\n") as world:
        truth = one_of_many(world)
        await world.pass_until(lambda: bool(our_credits(world)))
        credit = world.sandbox.books.credits_of([order_of(world, truth).id])[0]
        pay(world, credit, Decimal(5), kind=kind)

        await world.pass_time(2 * DAY)

        assert (await stopped_for(world, truth), ours(world)) == ("", [])
