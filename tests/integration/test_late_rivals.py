"""What others write long after our credit, or while nobody looked, is told of all the same."""

from decimal import Decimal
from pathlib import Path

import pytest

from daemon.loops.runner import not_compared
from daemon.store.database import Database
from tests.by_hand import credited_and_refunded, ours, pay
from tests.integration.test_beside_ours import order_of, stopped_for
from tests.integration.test_misleading_vendor import DAY, GOODS_IN, HOUR, MINUTE, keyless, plan
from tests.integration.test_monitor import subjects
from tests.integration.test_operations_told import monitor_of
from tests.same_goods import one_of_many
from tests.world import open_world


@pytest.mark.parametrize("what", ["refund", "credit"])
async def test_a_double_made_while_the_daemon_was_stopped_for_days_is_told_of(
    what: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_refunded(world)
        await world.pass_time(2 * DAY)
        order = order_of(world, truth)
        if what == "refund":
            pay(world, order, Decimal(5))
        else:
            world.sandbox.books.credit_by_hand(order, 0, "goodwill")
        world.sandbox.clock.move(to=world.now + 4 * DAY)  # nobody works meanwhile
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == ("refund-elsewhere" if what == "refund" else "rival-credit")


@pytest.mark.parametrize("how", ["edited", "not cancelled any more"])
async def test_an_old_credit_of_others_that_becomes_a_rival_is_told_of(
    how: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        order = order_of(world, truth)
        await world.pass_time(2 * MINUTE)
        old = world.sandbox.books.credit_by_hand(order, 0, "goodwill")
        row, (product_id, net, tax) = old.rows[0], (old.rows[0].product_id, old.rows[0].net, old.rows[0].tax)
        old.is_cancelled = how != "edited"
        if how == "edited":
            row.product_id, row.name, row.net, row.tax = None, "a voucher", Decimal("0.00"), Decimal("0.00")
        await world.pass_time(5 * DAY)
        assert (await stopped_for(world, truth), len(ours(world))) == ("", 1)

        old.is_cancelled, old.updated_at = False, world.now
        row.product_id, row.net, row.tax = product_id, net, tax
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "rival-credit"


@pytest.mark.parametrize("cause", ["credit-differs", "credit-cancelled"])
async def test_our_own_credit_that_is_changed_long_after_is_told_of(
    cause: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        await world.pass_time(5 * DAY)
        credit.is_cancelled, credit.updated_at = cause == "credit-cancelled", world.now
        credit.rows[0].net -= Decimal(1) if cause == "credit-differs" else Decimal(0)

        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == cause


@pytest.mark.parametrize("what", ["refund", "credit"])
async def test_a_return_that_is_said_to_begin_later_than_it_was_seen_hides_no_rival(
    what: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        begun = world.sandbox.happy_returns.returns
        await world.pass_until(lambda: truth["happy_return_id"] in begun)
        for item in begun[truth["happy_return_id"]].items:
            item.started_at = world.now + 30 * DAY
        await world.pass_time(MINUTE)
        if what == "refund":
            pay(world, order_of(world, truth), Decimal(5))
        else:
            world.sandbox.books.credit_by_hand(order_of(world, truth), 0, "goodwill")
        await world.pass_time(DAY)

        assert await stopped_for(world, truth) == ("refund-elsewhere" if what == "refund" else "rival-credit")
        assert ours(world) == []


async def test_that_what_others_write_cannot_be_read_is_told_and_a_double_is_found_once_it_can(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_refunded(world)
        await world.pass_time(2 * DAY)
        monitor = monitor_of(world, troubles=lambda: not_compared(world.workplace))
        told = []
        for rules in ([{"match": "^GET .*/order-search", "kind": "garbage"}], []):
            world.sandbox.faults.plan({"rules": rules})
            world.sandbox.books.credit_by_hand(order_of(world, truth), 0, "goodwill")
            for _ in range(2):
                await world.pass_time(HOUR)
                await monitor.run_once(world.now)
            told.append(((await subjects(world)).get("work:compare"), await stopped_for(world, truth)))

        assert told == [("not-compared", ""), (None, "rival-credit")]


async def test_two_troubles_of_one_return_do_not_take_turns(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        keyless(world)
        plan(world, GOODS_IN, "error-before", count=1)
        truth, credit = await credited_and_refunded(world)
        await world.pass_until(lambda: world.sandbox.faults.rules[0].struck == 1, stride=6 * HOUR)
        await world.pass_time(HOUR)
        assert await stopped_for(world, truth) == "outcome-unknown"

        pay(world, credit, Decimal(5))
        await world.pass_time(5 * DAY, stride=6 * HOUR)

        number = (await world.show(str(truth["express_code"])))["id"]
        async with database.reading() as connection:
            told = await connection.fetch(
                "SELECT facts->>'cause' AS cause FROM journal WHERE return_id = $1 AND event = 'troubled'", number
            )
        assert [row["cause"] for row in told] == ["outcome-unknown", "refund-twice"]
