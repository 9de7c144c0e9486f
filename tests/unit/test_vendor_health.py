"""How a vendor stands, judged answer by answer: a refused key, one forbidden resource, silence and rubbish are told apart."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.clock import machine_now
from daemon.errors import MalformedPayloadError, StillRefusedError, TransientError
from daemon.health.kinds import (
    CLOCK_SKEW,
    FORBIDDEN,
    GARBLED,
    KINDS,
    REFUSES,
    SILENT,
    UNKNOWN,
    UNREADABLE,
    WELL,
)
from daemon.health.signals import Signal
from daemon.health.vendor import VendorHealth
from tests.unit.test_throttle import MINUTE, NOON, StoodClock

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def a_vendor(clock: StoodClock) -> VendorHealth:
    return VendorHealth(clock, merchant="acme", vendor="brightpearl", setting="the.setting", file="/the/file")


def kinds(health: VendorHealth, clock: StoodClock) -> dict[str, str]:
    return {signal.subject: signal.status for signal in health.signals(clock.now())}


def test_a_vendor_that_was_never_asked_is_not_known_to_be_well() -> None:
    clock = StoodClock()
    health = a_vendor(clock)

    assert health.status == UNKNOWN
    assert health.wants_probe(clock.now())


def test_a_refused_token_is_known_at_once_and_names_its_file() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    health.answered("get-orders")
    clock.at += HOUR

    health.refused("get-orders", 401, "Brightpearl GET /orders: 401")

    (signal,) = health.signals(clock.now())
    assert (signal.status, signal.since, signal.why) == (REFUSES, clock.now(), "Brightpearl GET /orders: 401")
    assert (signal.setting, signal.file, signal.good_at) == ("the.setting", "/the/file", NOON)
    with pytest.raises(StillRefusedError):
        health.check("GET /orders")


def test_one_forbidden_resource_beside_others_that_answer_is_not_a_refused_token() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    for _ in range(4):
        health.refused("receive-stock", 403, "403")
        health.answered("get-orders")
        clock.at += MINUTE

    assert kinds(health, clock) == {"brightpearl": WELL, "brightpearl:receive-stock": FORBIDDEN}
    assert health.forbids("receive-stock")
    assert not health.forbids("get-orders")
    assert not health.is_open


def test_a_single_403_is_looked_into_at_once_and_a_second_resource_refused_is_the_token() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    health.answered("get-orders")
    health.refused("get-orders", 403, "403")

    doubted = health.wants_probe(clock.now())
    before = health.status
    health.refused("get-account", 403, "403")

    assert (doubted, before, health.status) == (True, WELL, REFUSES)


def test_two_forbidden_resources_beside_one_that_answers_do_not_go_back_and_forth() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    seen = []
    for _ in range(6):
        health.refused("get-return", 403, "not linked")
        health.refused("list-shipments", 403, "not linked")
        health.answered("check")
        seen.append(health.status)
        clock.at += MINUTE

    assert set(seen) == {WELL}
    assert kinds(health, clock)["brightpearl:get-return"] == FORBIDDEN


def test_a_token_that_is_revoked_while_some_resources_were_forbidden_is_seen_all_the_same() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    for _ in range(3):
        health.refused("receive-stock", 403, "403")
        health.answered("get-orders")
        clock.at += HOUR

    health.refused("receive-stock", 401, "401")
    clock.at += 6 * MINUTE
    assert health.wants_probe(clock.now())
    health.refused("get-period-lock", 401, "401")

    assert health.status == REFUSES


def test_a_changed_key_is_tried_at_once_and_the_old_one_only_now_and_then() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    sent = 0
    while clock.now() < NOON + 15 * MINUTE:
        with contextlib.suppress(StillRefusedError):
            health.check("GET", credential="old")
            sent += 1
            health.refused("get-orders", 401, "401")
        clock.at += SECOND

    health.check("GET", credential="new")
    health.answered("get-orders")

    assert sent <= 40
    assert health.status == WELL
    assert kinds(health, clock) == {"brightpearl": WELL}, "what all were refused for is held against none"


def test_a_vendor_that_does_not_answer_is_left_alone_but_for_a_probe() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    sent = 0
    while clock.now() < NOON + 15 * MINUTE:
        with contextlib.suppress(TransientError):
            health.check("Brightpearl")
            sent += 1
            health.failed("get-orders", "no answer")
        clock.at += timedelta(seconds=0.5)

    silent = health.status
    health.answered("get-orders")

    assert sent <= 40  # one in 30 s, and the first few closer together
    assert (silent, health.status, health.opens_in) == (SILENT, WELL, timedelta(0))


def test_a_hiccup_is_no_silence() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    health.answered("get-orders")

    health.failed("get-orders", "503")
    clock.at += 10 * SECOND
    health.failed("get-orders", "503")

    assert health.status == WELL


def test_being_over_the_limit_is_nothing_wrong_and_proves_no_key() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    health.refused("get-orders", 401, "401")

    for _ in range(20):
        health.throttled("get-orders")

    assert health.status == REFUSES
    fresh = a_vendor(clock)
    fresh.throttled("get-orders")
    assert fresh.status == UNKNOWN


def test_rubbish_in_place_of_every_answer_is_told_apart_from_one_bad_resource() -> None:
    clock = StoodClock()
    whole, one = a_vendor(clock), a_vendor(clock)
    for _ in range(3):
        whole.garbled("get-orders", "<html>")
        one.answered("order-search")
        with contextlib.suppress(MalformedPayloadError), one.parsing("order-search"):
            raise MalformedPayloadError("search: expected an object")
        one.answered("get-orders")

    assert kinds(whole, clock) == {"brightpearl": GARBLED}
    assert kinds(one, clock) == {"brightpearl": WELL, "brightpearl:order-search": UNREADABLE}
    with one.parsing("order-search"):
        pass
    assert kinds(one, clock) == {"brightpearl": WELL}


def test_clocks_that_differ_are_told_and_one_late_answer_is_not() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    health.answered("get-orders", server_time=machine_now() - HOUR)
    once = kinds(health, clock)
    for _ in range(3):
        health.answered("get-orders", server_time=machine_now() - HOUR)

    assert once == {"brightpearl": WELL}
    assert kinds(health, clock) == {"brightpearl": WELL, "brightpearl:clock": CLOCK_SKEW}
    health.answered("get-orders", server_time=machine_now())
    assert kinds(health, clock) == {"brightpearl": WELL}


def test_an_outage_goes_on_over_a_restart_until_something_good_is_heard() -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    health.resume(Signal("acme", "brightpearl", REFUSES, NOON - HOUR, "401", good_at=NOON - 2 * HOUR))

    stored = health.signals(clock.now())[0]
    health.refused("get-orders", 401, "401 again")
    again = health.signals(clock.now())[0]
    health.answered("get-orders")

    assert (stored.status, stored.since, health.came_back) == (REFUSES, NOON - HOUR, True)
    assert (again.status, again.since, again.good_at) == (REFUSES, NOON - HOUR, NOON - 2 * HOUR)
    assert health.signals(clock.now())[0].status == WELL


OUTCOMES = st.tuples(
    st.sampled_from(["good", "throttled", "401", "403", "failed", "garbled"]),
    st.sampled_from(["get-orders", "order-search", "get-period-lock", "receive-stock"]),
    st.integers(0, 90),
)


@given(st.lists(OUTCOMES, max_size=60))
def test_whatever_came_before_a_good_answer_of_each_operation_makes_it_well_and_refusals_of_all_never_look_well(
    history: list[tuple[str, str, int]],
) -> None:
    clock = StoodClock()
    health = a_vendor(clock)
    for outcome, operation, seconds in history:
        match outcome:
            case "good":
                health.answered(operation)
            case "throttled":
                health.throttled(operation)
            case "401" | "403":
                health.refused(operation, int(outcome), outcome)
            case "failed":
                health.failed(operation, "503")
            case _:
                health.garbled(operation, "<html>")
        clock.at += timedelta(seconds=seconds)

    names = ["get-orders", "order-search", "get-period-lock", "receive-stock"]
    for operation in names:
        health.answered(operation)
    assert kinds(health, clock) == {"brightpearl": WELL}
    assert not health.is_open

    clock.at += HOUR
    for _ in range(2):
        for operation in [*names, "get-account"]:
            health.refused(operation, 401, "401")
    assert health.status == REFUSES


def test_every_kind_says_what_stands_still_and_what_to_do_and_is_told_within_a_quarter_of_an_hour() -> None:
    for kind in KINDS.values():
        assert kind.stops.endswith(".")
        assert kind.do
        assert kind.told_after < timedelta(minutes=14)
