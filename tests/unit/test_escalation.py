"""Who is told of a trouble, when it began, while it lasts, and when it is over."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from daemon.alerts import outage
from daemon.health.escalation import Due, Step, due
from daemon.health.kinds import KINDS, REFUSES, WELL
from daemon.health.signals import Signal
from daemon.settings import AlertSettings
from statemachine.causes import CAUSES, OPERATIONS
from tests.unit.test_throttle import MINUTE, NOON

HOUR = timedelta(hours=1)
STEPS = (Step(timedelta(), ("operations",)), Step(HOUR, ("operations",)), Step(4 * HOUR, ("operations", "finance")))
REFUSED = Signal(
    "acme", "brightpearl", REFUSES, NOON, "GET /orders: 401", setting="a.token_file", file="/secrets/token"
)


def told(signal: Signal, minutes: float, *, steps: int = 0) -> Due | None:
    since = NOON if steps else None
    return due(
        signal, steps=STEPS, repeat=24 * HOUR, told_steps=steps, told_since=since, now=NOON + minutes * MINUTE
    )  # fmt: skip


def test_somebody_is_told_once_it_lasts_again_while_it_lasts_and_others_join() -> None:
    assert told(REFUSED, 0.5) is None
    assert told(REFUSED, 1) == Due(1, ("operations",), NOON)
    assert told(REFUSED, 60, steps=1) is None
    assert told(REFUSED, 61, steps=1) == Due(2, ("operations",), NOON)
    assert told(REFUSED, 241, steps=2) == Due(3, ("operations", "finance"), NOON)
    assert told(REFUSED, 241 + 24 * 60, steps=3) == Due(4, ("operations", "finance"), NOON)


def test_what_was_missed_while_nobody_ran_is_told_once_to_all_it_was_for() -> None:
    assert told(REFUSED, 600) == Due(3, ("operations", "finance"), NOON)


def test_it_is_over_when_it_has_been_well_for_a_while_and_whoever_was_told_is_told() -> None:
    well = Signal("acme", "brightpearl", WELL, NOON + 100 * MINUTE)

    assert told(well, 104, steps=3) is None
    assert told(well, 105, steps=3) == Due(0, ("operations", "finance"), NOON)
    assert told(well, 105) is None


@given(st.lists(st.integers(1, 500), min_size=1, max_size=60))
def test_however_seldom_one_looks_steps_are_told_in_order_and_none_twice(pauses: list[int]) -> None:
    now, steps = NOON, 0
    seen = []
    for pause in pauses:
        now += pause * MINUTE
        what = due(
            REFUSED, steps=STEPS, repeat=24 * HOUR, told_steps=steps, told_since=NOON if steps else None, now=now
        )  # fmt: skip
        if what is not None:
            seen.append(what.step)
            steps = what.step

    assert seen == sorted(set(seen))
    assert not seen or now >= NOON + MINUTE


def test_the_default_ladder_tells_operations_within_a_quarter_of_an_hour_of_anything() -> None:
    first = AlertSettings().escalation[0]

    assert (first.after_minutes, first.tell) == (0, ("operations",))
    assert all(kind.told_after < 14 * MINUTE for kind in KINDS.values())


def test_an_alert_names_merchant_vendor_file_and_what_to_do_and_reads_as_mail() -> None:
    content = outage.compose(REFUSED, team="operations", step=1, began_at=NOON, is_first=True, now=NOON + 2 * MINUTE)

    text = outage.text(content)
    assert outage.subject(content) == "[Homeward acme] URGENT: Brightpearl refuses our key or token"
    for words in ("GET /orders: 401", "/secrets/token", "a.token_file", KINDS[REFUSES].stops, KINDS[REFUSES].do):
        assert words in text
    lasts = outage.compose(REFUSED, team="operations", step=2, began_at=NOON, now=NOON + 5 * HOUR)
    assert outage.subject(lasts).startswith("[Homeward acme] STILL, for 5 h:")
    well = Signal("acme", "brightpearl", WELL, NOON + HOUR)
    over = outage.compose(well, team="operations", step=0, began_at=NOON, was=REFUSES, now=NOON + HOUR)
    assert outage.subject(over) == "[Homeward acme] over: Brightpearl refuses our key or token"
    assert "60 min" in outage.text(over)


def test_waiting_for_a_vendor_is_operations_business_and_no_other_teams() -> None:
    for code in ("vendor-refuses-us", "vendor-silent", "vendor-garbled"):
        assert CAUSES[code].owner == OPERATIONS
