"""What is told of the quota, and when the backlog will have drained."""

from datetime import timedelta

from daemon.views.forecast import calls_left, quota_told
from tests.unit.returns import NOON

QUOTA = {"at": NOON.isoformat(), "used": 97, "remaining": 60, "refused": 2, "bundle_cost": "one", "is_down": False}


def test_a_backlog_of_credits_takes_its_refunds_closes_and_receipts_with_it() -> None:
    assert calls_left({"create-sales-credit": 1000}, cost="one") == 4000 * 0.18
    assert calls_left({"create-sales-credit": 1000}, cost="each") == 4000 * 1.08
    assert calls_left({"record-refund": 10}, cost="unknown") == 10 * 1.08


def test_the_backlog_is_drained_at_the_speed_of_our_share() -> None:
    told = quota_told(QUOTA, share=140, kinds={"create-sales-credit": 5000}, now=NOON)

    assert told["drained_at"] - NOON == timedelta(minutes=5000 * 4 * 0.18 / 140)
    assert (told["quota_used"], told["quota_share"], told["multi_message_costs"]) == (97, 140, "one")


def test_what_was_told_long_ago_says_nothing_of_this_minute() -> None:
    told = quota_told(QUOTA, share=140, kinds={}, now=NOON + timedelta(minutes=5))

    assert (told["quota_used"], told["quota_left_in_account"], told["refused_calls"]) == (0, None, 2)
    assert told["drained_at"] == NOON + timedelta(minutes=5)
    assert quota_told({}, share=140, kinds={}, now=NOON)["quota_used"] == 0
