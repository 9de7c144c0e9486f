"""The daemon's clock: whoever sets the machine's, nothing of ours runs back, jumps ahead or stands still."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.clients.throttle import LeakyBucket, Quota
from daemon.clock import AGREE, DOUBT, FRESH, SAYS_LEAST, SLEWED_MAX, Forward, Rest, SteadyClock
from daemon.errors import TransientError
from daemon.health.vendor import FIRST_PAUSE, VendorHealth
from daemon.loops.workplace import planned
from tests.unit.test_throttle import StoodClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND, HOUR, YEAR = timedelta(seconds=1), timedelta(hours=1), timedelta(days=365)
TO_1970, TO_2038 = datetime(1970, 1, 1, tzinfo=UTC) - NOON, datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC) - NOON
STEPS = [sign * step for step in (SECOND, 30 * SECOND, HOUR, YEAR, 10 * YEAR) for sign in (1, -1)] + [TO_1970, TO_2038]
VENDORS = ("happy-returns", "brightpearl")


class Machine:
    """A machine, what its clock says, and what time it really is."""

    def __init__(self, *, wrong_by: timedelta = timedelta(0)) -> None:
        self.passed, self.wrong_by = timedelta(0), wrong_by
        self.clock = SteadyClock(wall=lambda: self.true + self.wrong_by, monotonic=lambda: self.passed)

    @property
    def true(self) -> datetime:
        return NOON + self.passed

    @property
    def apart(self) -> timedelta:
        """How far our clock is from the truth."""
        return abs(self.clock.now() - self.true)

    def after(self, seconds: float, *, says: tuple[str, ...] = (), lies: timedelta = timedelta(0)) -> "Machine":
        """Some time later; these vendors answered all the while, with a clock that is wrong by `lies`."""
        for _ in range(SAYS_LEAST):
            self.passed += timedelta(seconds=seconds / SAYS_LEAST)
            for vendor in says:
                self.clock.heard(vendor, self.true + lies)
            self.clock.look()
        return self


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("says", [(), VENDORS[:1], VENDORS], ids=["nobody", "one vendor", "both"])
def test_a_clock_that_is_set_while_we_run_is_not_followed_blindly(step: timedelta, says: tuple[str, ...]) -> None:
    machine = Machine().after(60, says=says)
    before = machine.clock.now()

    machine.wrong_by = step
    machine.after(1, says=says).after(HOUR.total_seconds(), says=says)

    assert machine.clock.now() >= before
    assert machine.apart <= SLEWED_MAX
    assert machine.clock.doubt == ""


@pytest.mark.parametrize("step", [YEAR, -YEAR, TO_1970, TO_2038], ids=str)
def test_a_clock_that_was_wrong_from_the_beginning_is_set_by_two_who_agree(step: timedelta) -> None:
    machine = Machine(wrong_by=step)

    machine.after(10, says=VENDORS)

    assert machine.apart <= SECOND
    assert machine.clock.doubt == ""


def test_a_machine_that_is_set_right_is_followed_when_one_vendor_says_the_same() -> None:
    machine = Machine(wrong_by=TO_1970).after(10, says=VENDORS[:1])
    doubted = machine.clock.doubt

    machine.wrong_by = timedelta(0)
    machine.after(1, says=VENDORS[:1])

    assert "happy-returns is" in doubted
    assert machine.apart <= SECOND
    assert machine.clock.doubt == ""


def test_one_vendor_with_a_wrong_clock_moves_nothing_and_is_outvoted_by_the_other() -> None:
    machine = Machine().after(10, says=VENDORS[:1], lies=YEAR)
    alone = machine.clock.doubt

    machine.after(10, says=VENDORS[1:])

    assert "ahead of" in alone
    assert (machine.apart, machine.clock.doubt) == (timedelta(0), "")


def test_what_was_said_long_ago_or_once_says_nothing() -> None:
    machine = Machine()
    machine.clock.heard("brightpearl", NOON + YEAR)
    machine.after(1)
    once = machine.clock.doubt
    machine.after(10, says=VENDORS[:1], lies=YEAR).after(FRESH.total_seconds() + 60)

    assert (once, machine.clock.doubt) == ("", "")


def test_a_machine_that_drifts_is_followed_little_by_little() -> None:
    machine = Machine()

    machine.wrong_by = 20 * SECOND
    early = machine.after(10).clock.now() - machine.true
    late = machine.after(600).clock.now() - machine.true

    assert early <= SECOND
    assert late == machine.wrong_by


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.floats(0.1, 4000), st.sampled_from([(), VENDORS])), max_size=30))
def test_time_never_runs_back_and_stays_near_the_truth(jumps: list[tuple[timedelta, float, tuple[str, ...]]]) -> None:
    machine = Machine().after(5, says=VENDORS)
    last = machine.clock.now()
    for step, seconds, says in jumps:
        machine.wrong_by = step
        machine.after(seconds, says=says)

        assert machine.clock.now() >= last
        assert machine.apart <= SLEWED_MAX + AGREE
        last = machine.clock.now()
    assert DOUBT > SLEWED_MAX + AGREE


class SetClock(StoodClock):
    """Time that passes where somebody waits, on a clock that somebody sets."""

    def __init__(self) -> None:
        super().__init__()
        self.set_by = timedelta(0)

    def now(self) -> datetime:
        return self.at + self.set_by


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_full_quota_is_free_again_after_a_minute_whatever_the_clock_says(step: timedelta) -> None:
    clock = SetClock()
    quota = Quota(clock, share=140)
    quota.heard(await quota.take(140), remaining=200, resets_in=timedelta(seconds=60))

    clock.set_by = step
    began = clock.monotonic()
    await quota.take(100)

    assert timedelta(seconds=59) < clock.monotonic() - began <= timedelta(seconds=61)


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_pauses_last_as_long_as_they_were_begun_for(step: timedelta) -> None:
    clock = SetClock()
    vendor = VendorHealth(clock, merchant="acme", vendor="brightpearl")
    bucket, rest = LeakyBucket(clock), Rest(clock)
    vendor.failed("a-call", "no answer")
    vendor.failed("a-call", "no answer")
    bucket.refused("limit 1 requests/sec, leaky bucket size 30")
    rest.begin(HOUR)

    clock.set_by = step

    with pytest.raises(TransientError):
        vendor.check("a call")
    assert (vendor.opens_in, bucket.wait, rest.left) == (FIRST_PAUSE, timedelta(seconds=30), HOUR)
    await clock.sleep(HOUR)
    vendor.check("a call")
    assert (bucket.wait, rest.is_over) == (timedelta(0), True)


def test_of_a_clock_that_is_set_back_only_the_way_forward_counts() -> None:
    at = [NOON]
    passed = Forward(lambda: at[0])
    for moment in (NOON + HOUR, NOON - YEAR, NOON - YEAR + HOUR):
        at[0] = moment
        passed()

    assert passed() == 2 * HOUR


def test_a_plan_that_lies_further_ahead_than_it_can_is_due() -> None:
    def left(at: datetime | None) -> timedelta:
        return planned(at.isoformat() if at else None, now=NOON, at_most=HOUR)

    assert [left(None), left(NOON - YEAR), left(NOON + HOUR / 2), left(NOON + YEAR)] == [
        timedelta(0), timedelta(0), HOUR / 2, timedelta(0),
    ]  # fmt: skip
