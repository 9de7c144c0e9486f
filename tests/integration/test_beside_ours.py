"""What others do beside what we wrote, and to it: seen before money moves, and told for as long as it can be looked at."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from daemon.clients.brightpearl_reads import Row
from daemon.clock import Step
from daemon.loops.looked import Looked
from daemon.loops.verify import Verify
from daemon.sandbox.books import Order
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.timekeeping import mend
from statemachine.units import Return
from tests.integration.test_misleading_vendor import (
    DAY,
    HOUR,
    MINUTE,
    PAYMENT,
    credits_of,
    keyless,
    plan,
    refunds_of,
    struck,
)
from tests.same_goods import one_of_many
from tests.world import MERCHANT, World, open_world

PAYMENTS = "^GET .*/customer-payment-search"


def order_of(world: World, truth: dict[str, Any]) -> Order:
    return next(iter(world.sandbox.books.orders.having("reference", [truth["order_number"]])))


async def stopped_for(world: World, truth: dict[str, Any]) -> str:
    """The cause this return is stopped for; empty where it goes on."""
    shown = await world.show(str(truth["express_code"]))
    return str(shown["exception"]["cause"]) if shown["state"] == "exception" else ""


async def other_numbers(world: World, truth: dict[str, Any]) -> list[int]:
    """The credits that its exception names beside its own."""
    evidence = (await world.show(str(truth["express_code"])))["exception"]["evidence"]
    return [int(number) for number in evidence["other_credits"]]


# -- patience ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [5 * HOUR, 40 * DAY])
async def test_a_refund_lost_while_the_clock_was_ahead_is_asked_about_no_later_than_any(
    ahead: timedelta, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        truth = world.begin("bar_single")
        plan(world, PAYMENTS, "hollow")
        await world.pass_until(lambda: bool(credits_of(world)))
        plan(world, PAYMENT, "error-before", count=1)
        world.workplace.clock.set_by = ahead  # type: ignore[attr-defined]
        await world.settle()
        assert struck(world) == 1

        world.workplace.clock.set_by = timedelta(0)  # type: ignore[attr-defined]
        step = Step(-ahead, "test", world.now, world.now + ahead)
        await mend(world.database, [MERCHANT], step, world.now)
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "outcome-unknown"


# -- a credit that others change before it is refunded ----------------------------------------------------------------------


async def credited_and_not_refunded(world: World) -> tuple[dict[str, Any], Order]:
    """A return with a credit whose refund is put off: what was paid with the order cannot be read."""
    truth = one_of_many(world)
    plan(world, PAYMENTS, "hollow")
    await world.pass_until(lambda: bool(credits_of(world)))
    await world.pass_time(MINUTE)
    return truth, world.sandbox.books.credits_of([order_of(world, truth).id])[0]


def halve(world: World, credit: Order) -> None:
    for row in credit.rows:
        row.net, row.tax = row.net / 2, row.tax / 2
    credit.updated_at = world.now


async def test_a_credit_edited_before_its_refund_is_refunded_at_its_own_sum_once_a_person_says_so(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_not_refunded(world)
        due = sum((row.net + row.tax for row in credit.rows), Decimal(0))
        halve(world, credit)
        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)

        assert (await stopped_for(world, truth), refunds_of(world)) == ("credit-differs", [])

        await world.resume(str(truth["express_code"]), "credit-differs")
        await world.pass_time(HOUR)
        assert [Decimal(payment["amountPaid"]) for payment in refunds_of(world)] == [due / 2]
        assert await stopped_for(world, truth) == ""


async def test_a_credit_that_is_put_right_again_is_refunded_in_full_by_itself(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_not_refunded(world)
        before = [(row.net, row.tax) for row in credit.rows]
        halve(world, credit)
        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)
        assert await stopped_for(world, truth) == "credit-differs"

        for row, (net, tax) in zip(credit.rows, before, strict=True):
            row.net, row.tax = net, tax
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == ""
        paid = [Decimal(payment["amountPaid"]) for payment in refunds_of(world)]
        assert paid == [sum((net + tax for net, tax in before), Decimal(0))]


async def test_a_credit_cancelled_before_its_refund_is_not_refunded(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_not_refunded(world)
        credit.is_cancelled = True
        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)

        assert (await stopped_for(world, truth), refunds_of(world)) == ("credit-cancelled", [])


@pytest.mark.parametrize("kind", ["leave-out", "hollow", "none-of-set", "garbage"])
async def test_a_credit_that_is_not_read_is_not_refunded_yet(kind: str, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_not_refunded(world)
        plan(world, "^GET .*/sales-credit/[0-9]", kind)
        await world.pass_time(5 * MINUTE)
        assert struck(world) > 0
        assert (await stopped_for(world, truth), refunds_of(world)) == ("", [])

        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)

        assert len(refunds_of(world)) == 1


async def test_a_credit_edited_after_its_refund_is_told_of_within_a_day(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        await world.pass_until(lambda: bool(refunds_of(world)))
        await world.pass_time(2 * HOUR)
        halve(world, world.sandbox.books.credits_of([order_of(world, truth).id])[0])

        await world.pass_time(DAY)

        assert await stopped_for(world, truth) == "credit-differs"


# -- a credit that was made anew --------------------------------------------------------------------------------------------


async def made_anew(world: World) -> tuple[dict[str, Any], Order]:
    """A return whose refunded credit vanished and was made anew by a person's word; and the credit that vanished."""
    truth = one_of_many(world)
    await world.pass_until(lambda: bool(refunds_of(world)))
    lost = world.sandbox.books.credits_of([order_of(world, truth).id])[0]
    world.sandbox.books.forget("credit", lost.id)
    await world.pass_time(2 * HOUR)
    assert await stopped_for(world, truth) == "record-vanished"
    number = str((await world.show(str(truth["express_code"])))["id"])
    code, _, said = await world.homeward(
        "exception", "reissue", number, "--reason", "vendor-fault", "--note", "lost", "--yes"
    )
    assert code == 0, said
    return truth, lost


async def test_what_was_refunded_on_a_credit_that_vanished_is_not_refunded_on_the_one_made_in_its_place(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, lost = await made_anew(world)

        await world.pass_time(HOUR)

        assert len(credits_of(world)) == 1
        assert await stopped_for(world, truth) == "refund-elsewhere"
        assert [payment["orderId"] for payment in refunds_of(world)] == [lost.id]


async def test_a_credit_that_comes_back_after_it_was_made_anew_is_a_rival(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, lost = await made_anew(world)
        del world.sandbox.books.payments[refunds_of(world)[0]["paymentId"]]
        await world.pass_time(10 * MINUTE)
        world.sandbox.books.orders[lost.id] = lost
        lost.indexed_at = world.now + 30 * DAY  # no search shows it

        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "rival-credit"
        assert await other_numbers(world, truth) == [lost.id]


# -- credits of others beside ours ------------------------------------------------------------------------------------------


async def test_every_credit_by_hand_for_the_same_product_is_told_of_though_the_row_has_room(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        await world.pass_until(lambda: bool(refunds_of(world)))
        by_hand: list[int] = []
        for number in range(3):
            by_hand.append(world.sandbox.books.credit_by_hand(order_of(world, truth), 0, f"goodwill {number}").id)
            await world.pass_time(HOUR)

            assert await stopped_for(world, truth) == "rival-credit"
            assert await other_numbers(world, truth) == by_hand
            await world.resume(str(truth["express_code"]), "rival-credit")
            await world.pass_time(HOUR)
            assert await stopped_for(world, truth) == "", "what was accepted is not told of again"


async def test_a_further_refund_is_told_of_after_one_was_accepted(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        await world.pass_until(lambda: bool(refunds_of(world)))
        order = order_of(world, truth)
        for number in range(2):
            world.sandbox.books.pay({
                "transactionRef": f"shop {number}", "paymentMethodCode": "SHOPIFY", "paymentType": "PAYMENT",
                "orderId": order.id, "currencyIsoCode": order.currency, "amountPaid": "5.00",
                "paymentDate": world.now.isoformat(),
            })  # fmt: skip
            await world.pass_time(HOUR)

            assert await stopped_for(world, truth) == "refund-elsewhere"
            await world.resume(str(truth["express_code"]), "refund-elsewhere")
            await world.pass_time(HOUR)
            assert await stopped_for(world, truth) == ""


# -- orders that cannot be read whole ---------------------------------------------------------------------------------------


async def test_an_order_that_is_not_read_whole_is_told_of_and_holds_up_no_other(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        bad, good = one_of_many(world, "bad"), one_of_many(world, "good")
        await world.pass_until(lambda: len(refunds_of(world)) == 2)
        draft = world.sandbox.books.credit_by_hand(order_of(world, bad), 0, "a draft somebody left")
        rows, draft.rows = draft.rows, []
        verify = next(loop for loop in world.loops if isinstance(loop, Verify))
        for _ in range(8):  # the comparison comes round
            await world.pass_time(12 * MINUTE)
        before = world.now

        assert await stopped_for(world, bad) == "evidence-incomplete"
        world.sandbox.books.credit_by_hand(order_of(world, good), 0, "goodwill")
        await world.pass_time(HOUR)
        assert await stopped_for(world, good) == "rival-credit"
        assert verify._done is not None
        assert verify._done.looked_at is not None
        assert verify._done.looked_at > before

        draft.rows, draft.is_cancelled = rows, True
        await world.pass_time(HOUR)
        assert await stopped_for(world, bad) == ""


async def test_what_is_too_much_for_one_round_is_looked_at_newest_first_and_left_for_the_next(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        for number in range(3):
            one_of_many(world, f"number {number}")
            await world.pass_until(lambda: len(refunds_of(world)) > number)  # noqa: B023 - called at once
        credited = [int(credit["id"]) for credit in credits_of(world)]
        read: list[int] = []
        verify = Verify(world.workplace)
        real = verify._compare

        async def compare(
            page: list[Return], unparented: list[Row], done: Looked, now: datetime
        ) -> tuple[list[Arrival], set[int]]:
            read.extend(instance.credit.id for instance in page if instance.credit is not None)
            return await real(page, unparented, done, now)

        monkeypatch.setattr("daemon.loops.verify.ROWS_MAX", 2)
        monkeypatch.setattr(verify, "_compare", compare)
        later = world.now + 26 * HOUR  # all three are due for their look as a whole
        for number in range(3):
            await verify.run_once(later + number * HOUR)
            world.sandbox.clock.move(to=world.now + HOUR)

        assert set(read[:2]) == set(credited[1:])
        assert set(read) == set(credited)
        assert verify._done is not None
        assert verify._done.left == []


async def test_an_order_that_is_not_shown_is_not_missing_once_a_credit_was_sent_for_it(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("bar_single")
        plan(world, "^POST .*/sales-credit$", "lose-answer", count=1)
        await world.pass_until(lambda: struck(world) == 1)
        plan(world, "^GET .*/order-service/(order|sales-credit)/[0-9]", "empty-list")
        await world.pass_time(DAY * 9)
        shown = await world.show(str(truth["express_code"]))
        assert (shown["exception"] or {}).get("cause") != "order-not-found", shown
        assert shown["wait_cause"] == "evidence-incomplete" or shown["exception"], shown

        world.sandbox.faults.plan({})
        await world.pass_time(DAY * 16)

        assert (len(credits_of(world)), len(refunds_of(world))) == (1, 1)
        assert (await world.show(str(truth["express_code"])))["state"] == "restocked"
