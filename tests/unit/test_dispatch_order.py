"""Which kind of effect goes next when there is too much to do."""

from daemon.loops.dispatch import LANES, PASSED_OVER_MAX, WAVE_MAX, next_kind
from daemon.store.outbox import KINDS


def test_every_kind_of_effect_has_a_lane() -> None:
    assert set(LANES) == set(KINDS)


def test_money_goes_first() -> None:
    due = {"receive-stock": 3, "close-credit": 3, "create-sales-credit": 3, "record-refund": 3}

    assert next_kind(due, {}) == "record-refund"
    assert next_kind({kind: n for kind, n in due.items() if kind != "record-refund"}, {}) == "create-sales-credit"
    assert next_kind({"receive-stock": 1, "mark-credit": 1}, {}) == "receive-stock"
    assert next_kind({}, {}) is None


def test_a_full_wave_goes_before_one_that_would_pay_its_reads_for_a_few() -> None:
    assert next_kind({"record-refund": 7, "create-sales-credit": WAVE_MAX}, {}) == "create-sales-credit"


def test_a_later_lane_is_not_passed_over_for_ever() -> None:
    due = {"record-refund": WAVE_MAX, "receive-stock": 1}

    assert next_kind(due, {"receive-stock": PASSED_OVER_MAX}) == "receive-stock"
