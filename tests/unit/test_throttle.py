"""The limiter against accounts that count in a fixed or a rolling window, alone and with others in the pool."""

from collections import deque
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from daemon.clients.throttle import LANE, BundleCost, Lane, Quota
from daemon.clock import Clock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(seconds=60)


class StoodClock(Clock):
    """Time that passes only where somebody waits for it."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> timedelta:
        return self.at - NOON

    async def sleep(self, delay: timedelta) -> None:
        await anyio.lowlevel.checkpoint()  # whoever else is about to ask, asks first
        self.at += max(delay, timedelta(0))


class Account:
    """200 requests a minute, by a fixed window or a rolling one; tells what Brightpearl's headers tell."""

    def __init__(self, clock: StoodClock, *, rolls: bool, limit: int = 200) -> None:
        self.clock, self.rolls, self.limit = clock, rolls, limit
        self.taken: deque[tuple[datetime, int]] = deque()
        self.opened_at = NOON
        self.refused = 0
        self.minutes: dict[int, int] = {}

    def take(self, units: int = 1, *, ours: bool = True) -> tuple[bool, int, timedelta]:
        now = self.clock.now()
        if self.rolls:
            while self.taken and now - self.taken[0][0] >= MINUTE:
                self.taken.popleft()
        elif now - self.opened_at >= MINUTE:
            self.opened_at += MINUTE * ((now - self.opened_at) // MINUTE)
            self.taken.clear()
        used = sum(each for _, each in self.taken)
        first = self.taken[0][0] if self.rolls and self.taken else self.opened_at
        resets_in = max(first + MINUTE - now, timedelta(0))
        if used + units > self.limit:
            self.refused += ours
            return False, max(self.limit - used, 0), resets_in
        self.taken.append((now, units))
        if ours:
            minute = (now - NOON) // MINUTE
            self.minutes[minute] = self.minutes.get(minute, 0) + units
        return True, self.limit - used - units, resets_in


async def ask(quota: Quota, account: Account, *, latency: float = 0.1) -> None:
    ticket = await quota.take()
    passed, remaining, resets_in = account.take()
    await account.clock.sleep(timedelta(seconds=latency))
    if passed:
        quota.heard(ticket, remaining=remaining, resets_in=resets_in)
    else:
        quota.refused(ticket, resets_in=resets_in)


@pytest.mark.parametrize("rolls", [False, True], ids=["fixed window", "rolling window"])
async def test_a_backlog_uses_our_whole_share_and_is_never_refused(rolls: bool) -> None:
    clock = StoodClock()
    account, quota = Account(clock, rolls=rolls), Quota(clock, share=140)

    while clock.now() < NOON + 10 * MINUTE:
        await ask(quota, account)

    whole = [account.minutes[minute] for minute in range(1, 9)]
    assert account.refused == 0
    assert sum(whole) >= 0.98 * 140 * len(whole)
    assert max(whole) <= 141  # one more may fall on this side of a full minute


@pytest.mark.parametrize("rolls", [False, True], ids=["fixed window", "rolling window"])
async def test_others_who_take_half_of_the_pool_are_given_way(rolls: bool) -> None:
    clock = StoodClock()
    account, quota = Account(clock, rolls=rolls), Quota(clock, share=140)
    asked = 0

    while clock.now() < NOON + 10 * MINUTE:
        account.take(ours=False) if asked % 2 else None
        await ask(quota, account)
        asked += 1

    assert account.refused <= asked / 1000
    whole = [account.minutes[minute] for minute in range(2, 9)]
    assert sum(whole) / len(whole) >= 90


async def test_a_restarted_daemon_does_not_spend_its_share_twice() -> None:
    clock = StoodClock()
    account = Account(clock, rolls=False)
    before = Quota(clock, share=140)
    for _ in range(140):
        await ask(before, account, latency=0.01)

    after = Quota(clock, share=140)
    for _ in range(10):
        await ask(after, account)

    assert account.minutes[0] <= 141


async def test_many_at_once_wait_for_the_one_that_finds_out_where_the_window_stands() -> None:
    clock = StoodClock()
    account, quota = Account(clock, rolls=False, limit=5), Quota(clock, share=140)

    async with anyio.create_task_group() as group:
        for _ in range(30):
            group.start_soon(ask, quota, account)

    assert account.refused == 0


async def test_an_account_that_tells_nothing_is_kept_to_our_share_by_our_own_count() -> None:
    clock = StoodClock()
    quota = Quota(clock, share=5)
    first = await quota.take()
    quota.heard(first, remaining=None, resets_in=None)

    tickets = [await quota.take() for _ in range(4)]
    for ticket in tickets:
        quota.heard(ticket, remaining=None, resets_in=None)
    began = clock.now()
    await quota.take()

    assert clock.now() - began >= timedelta(seconds=59)


async def test_nothing_but_refusals_is_probed_at_most_every_thirty_seconds() -> None:
    clock = StoodClock()
    quota = Quota(clock, share=140)
    probes = 0

    while clock.now() < NOON + 15 * MINUTE:
        ticket = await quota.take()
        quota.refused(ticket, resets_in=timedelta(seconds=1))
        probes += 1

    assert probes <= 2 + 30  # the first refusal alone is believed to be over soon


async def test_money_goes_before_stock_and_stock_before_comparing() -> None:
    clock = StoodClock()
    account, quota = Account(clock, rolls=False), Quota(clock, share=10)
    for _ in range(10):
        await ask(quota, account, latency=0.0)
    order: list[Lane] = []

    async def wait_in(lane: Lane) -> None:
        LANE.set(lane)
        ticket = await quota.take()
        order.append(lane)
        quota.heard(ticket, remaining=100, resets_in=MINUTE)

    async with anyio.create_task_group() as group:
        for lane in (Lane.COMPARE, Lane.STOCK, Lane.MONEY):
            group.start_soon(wait_in, lane)

    assert order == [Lane.MONEY, Lane.STOCK, Lane.COMPARE]


@pytest.mark.parametrize(
    ("costs", "told"), [((1, 1), "one"), ((10, 10), "each"), ((1, 10, 1), "unknown"), ((None, 1), "unknown")]
)
def test_what_a_multi_message_costs_is_decided_by_two_measurements(costs: tuple[int | None, ...], told: str) -> None:
    cost = BundleCost()

    for each in costs:
        cost.measured(10, each)

    assert cost.told == told
    assert cost.units(10) == (1 if told == "one" else 10)


async def test_the_cost_of_a_request_is_measured_only_when_it_was_alone() -> None:
    clock = StoodClock()
    quota = Quota(clock, share=140)
    first = await quota.take()
    quota.heard(first, remaining=199, resets_in=MINUTE)

    alone = await quota.take(10)
    cost = quota.heard(alone, remaining=198, resets_in=MINUTE)
    one, other = await quota.take(), await quota.take()
    together = [quota.heard(one, remaining=197, resets_in=MINUTE), quota.heard(other, remaining=196, resets_in=MINUTE)]

    assert cost == 1
    assert together == [None, None]
    assert quota.used == 4


async def test_nobody_waits_for_company_while_half_of_the_share_is_free() -> None:
    clock = StoodClock()
    quota = Quota(clock, share=100)
    for _ in range(49):
        quota.heard(await quota.take(), remaining=None, resets_in=None)

    assert quota.breath(5) == timedelta(0)


async def test_what_is_left_is_made_to_last_until_what_was_spent_comes_back() -> None:
    clock = StoodClock()
    quota = Quota(clock, share=100)
    for _ in range(60):
        quota.heard(await quota.take(), remaining=None, resets_in=None)
    clock.at += timedelta(seconds=20)

    assert quota.breath(4) == timedelta(seconds=40) * 4 / 40
    assert quota.breath(400) == timedelta(seconds=15)
    clock.at += timedelta(seconds=41)
    assert quota.breath(4) == timedelta(0)
