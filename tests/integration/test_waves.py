"""Waves: fewest calls, members of a multi-message that end one by one, and the way round a broken one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.store.database import Database
from tests.integration.test_beside_ours import stopped_for
from tests.integration.test_misleading_vendor import DAY
from tests.same_goods import one_of_many
from tests.world import World, open_world

DAYS = timedelta(days=20)
TOGETHER = timedelta(hours=6)
"""What comes due within it is worked together, so that there are waves of several."""


def begin_returns(world: World, count: int) -> list[str]:
    return [str(world.begin("bar_single")["express_code"]) for _ in range(count)]


def one_wave(world: World, count: int) -> list[str]:
    """Returns that went their whole way at the vendor while no daemon ran: all of them are worked together."""
    codes = begin_returns(world, count)
    until = world.now + DAYS
    while (at := world.sandbox.season.next_at) is not None and at <= until:
        world.sandbox.clock.move(to=at)
        world.sandbox.season.play(at)
        world.sandbox.happy_returns.flush(at)
    return codes


async def assert_all_is_done_once(world: World, codes: list[str]) -> None:
    assert {(await world.show(code))["state"] for code in codes} == {"restocked"}
    books = world.books()
    assert (len(books["credits"]), len(books["goods_in"])) == (len(codes), len(codes))
    assert [p["paymentType"] for p in books["payments"]].count("PAYMENT") == len(codes)
    assert all(credit["invoice_reference"].startswith("SC-") for credit in books["credits"])


async def test_members_of_one_message_end_one_by_one(database: Database, tmp_path: Path) -> None:
    faults = ("throttled", "error-before", "error-after", "garbage")
    async with open_world(database, tmp_path) as world:
        codes = one_wave(world, 24)
        rules = [{"match": "^MEMBER ", "kind": fault, "share": 0.2, "count": 12} for fault in faults]
        world.sandbox.faults.plan({"rules": rules})

        await world.pass_time(DAYS, stride=TOGETHER)

        assert min(rule.struck for rule in world.sandbox.faults.rules) > 0
        await assert_all_is_done_once(world, codes)


@pytest.mark.parametrize("fault", ["error-before", "error-after", "lose-answer", "unavailable", "garbage"])
async def test_where_multi_messages_are_broken_writes_go_singly(fault: str, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        codes = one_wave(world, 12)
        world.sandbox.faults.plan({"rules": [{"match": "/multi-message$", "kind": fault}]})

        for _ in range(4):
            await world.pass_time(timedelta(days=1), stride=TOGETHER)
            await world.pass_time(timedelta(minutes=20), stride=timedelta(minutes=2))

        await assert_all_is_done_once(world, codes)


async def test_a_message_that_is_refused_as_a_whole_parks_none_of_its_members(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        codes = one_wave(world, 6)
        world.sandbox.faults.plan({"rules": [{"match": "/multi-message$", "kind": "refused"}]})

        await world.pass_time(DAYS, stride=TOGETHER)

        await assert_all_is_done_once(world, codes)
        async with world.database.reading() as connection:
            assert await connection.fetchval("SELECT count(*) FROM attempt WHERE outcome = 'parked'") == 0


@pytest.mark.parametrize(
    ("costs_each", "told"), [(False, "one"), (True, "each")], ids=["one unit a message", "one unit a member"]
)
async def test_what_a_message_costs_is_found_out_and_kept_to(
    costs_each: bool, told: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.multi_message_costs_each = costs_each
        codes = one_wave(world, 60)

        await world.pass_time(DAYS, stride=TOGETHER)

        assert world.workplace.brightpearl.transport.bundle_cost.told == told
        assert world.sandbox.brightpearl.gateway.throttled == 0
        await assert_all_is_done_once(world, codes)


async def test_an_operation_without_an_answer_is_asked_less_and_less_often(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        (code,) = begin_returns(world, 1)
        world.sandbox.faults.plan({"rules": [{"match": "customer-payment-search", "kind": "error-before"}]})
        (rule,) = world.sandbox.faults.rules

        await world.pass_until(lambda: rule.struck > 0)
        before = rule.struck
        await world.pass_time(timedelta(hours=1))
        asked = rule.struck - before
        world.sandbox.faults.plan({})
        await world.pass_time(timedelta(minutes=2))

        assert 10 < asked < 200
        assert (await world.show(code))["payment"] is not None


async def test_reads_are_paid_by_the_wave_and_not_by_the_return(database: Database, tmp_path: Path) -> None:
    calls: dict[int, dict[str, Any]] = {}
    async with open_world(database, tmp_path) as world:
        for count in (1, 100):
            gateway = world.sandbox.brightpearl.gateway
            gateway.calls.clear()
            codes = one_wave(world, count)
            await world.pass_time(DAYS, stride=TOGETHER)
            assert {(await world.show(code))["state"] for code in codes} == {"restocked"}
            calls[count] = {name: n for name, n in gateway.calls.items() if "search" not in name}

    assert calls[1]["GET get_orders"] <= 6  # two of them when it is decided; order and credits after an hour and a day
    assert calls[100]["GET get_orders"] <= 20  # closes that stay pending are looked at a few times more
    assert calls[100]["POST multi_message"] <= 50


async def test_a_silent_vendor_is_probed_and_no_effect_pays_for_it(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        codes = begin_returns(world, 12)
        await world.pass_time(timedelta(hours=1))
        world.sandbox.faults.plan({"rules": [{"match": "/public-api/", "kind": "unavailable"}]})
        await world.pass_time(timedelta(days=5), stride=TOGETHER)
        struck = world.sandbox.faults.rules[0].struck

        await world.pass_time(timedelta(minutes=15))

        probes = world.sandbox.faults.rules[0].struck - struck
        assert 0 < probes <= 2 * 30 + 10  # of dispatch, and of the loops that compare
        async with world.database.reading() as connection:
            assert await connection.fetchval("SELECT max(attempts) FROM outbox") <= 3
        world.sandbox.faults.plan({})
        await world.pass_time(DAYS, stride=TOGETHER)
        await assert_all_is_done_once(world, codes)


async def test_a_return_that_is_held_while_its_credit_waits_for_the_quota_is_not_credited(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        room, advance, told = world.workplace.brightpearl.room, world.loops[0], list[int]()

        async def room_after_a_while(writes: int) -> int:
            if not told:
                number = str((await world.show(str(truth["express_code"])))["id"])
                words = ("--reason", "data-error", "--note", "a word with the customer first", "--yes")
                code, _, said = await world.homeward("return", "hold", number, *words)
                assert code == 0, said
                await advance.run_once(world.now)
                told.append(code)
            return await room(writes)

        monkeypatch.setattr(world.workplace.brightpearl, "room", room_after_a_while)
        await world.pass_time(DAY)
        assert (await stopped_for(world, truth), world.books()["credits"]) == ("held", [])

        number = str((await world.show(str(truth["express_code"])))["id"])
        assert (await world.homeward("return", "release", number, "--reason", "data-error", "--yes"))[0] == 0
        await world.pass_time(DAY)
        assert len(world.books()["credits"]) == 1
