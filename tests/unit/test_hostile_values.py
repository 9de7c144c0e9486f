"""Numbers that others write: whatever stands there, it is a value, or it is refused; it never breaks or delays anything."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from daemon.clients import wire
from daemon.clients.brightpearl_transport import whole_header
from daemon.clients.throttle import (
    RATE_LEAST,
    REFUSED_PAUSE_MAX,
    BucketLimit,
    LeakyBucket,
    Quota,
    parse_bucket_limit,
)
from daemon.errors import MalformedPayloadError
from daemon.finance.formats import paypal
from statemachine.credit.reading import quantity_in_line_id
from statemachine.credit.snapshot import CreditRow
from statemachine.credit.verdicts import CreditNow, NeedsPerson, Refuse
from statemachine.credit.watching import order_id_of
from statemachine.units import Unit
from tests.unit.orders import an_order, by_hand, coming_back, judge, row
from tests.unit.test_throttle import StoodClock

SUPERSCRIPT = "²"  # a digit by Unicode, and no number


@pytest.mark.parametrize(
    "line", [f"880-{SUPERSCRIPT}-3", f"880-1-{SUPERSCRIPT}", f"880-0-{'9' * 400}", "880--1-2", "-0-2"]
)
def test_a_line_id_that_only_looks_like_one_with_a_quantity_is_one_without(line: str) -> None:
    verdict = judge(coming_back(Unit("a", sku="TEE", line_item_id=line)), an_order(row(1)))

    assert isinstance(verdict, CreditNow)
    assert quantity_in_line_id(f"880-0-{SUPERSCRIPT}") is None


def test_a_reference_of_digits_that_are_no_number_names_no_row() -> None:
    odd = CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"), external_ref=SUPERSCRIPT)
    ours = replace(by_hand(700, odd), external_ref="HW-other-1")

    verdict = judge(coming_back(Unit("a", sku="TEE")), an_order(row(1)), ours, known=frozenset({700}))

    assert isinstance(verdict, Refuse | NeedsPerson)
    assert order_id_of(f"order:{SUPERSCRIPT}") is None


@pytest.mark.parametrize(
    "value", ["1e-99999999", "0e-99999999", "0e99999999", "-1e-40", "1e13", "NaN", "Infinity", "²"]
)
def test_a_number_that_could_not_be_written_out_is_refused(value: str) -> None:
    with pytest.raises(MalformedPayloadError):
        wire.decimal(value, "quantity")


@pytest.mark.parametrize(
    ("header", "value"),
    [("140", 140), (" 7 ", 7), ("-3", -3), (SUPERSCRIPT, None), ("9" * 5000, None), ("1.5", None), ("", None)],
)
def test_a_header_is_a_whole_number_or_nothing(header: str, value: int | None) -> None:
    assert whole_header(header) == value


async def test_no_refusal_keeps_brightpearl_waiting_for_longer_than_some_minutes() -> None:
    quota = Quota(StoodClock(), share=140)

    pause = quota.refused(await quota.take(), resets_in=timedelta(milliseconds=10**15))
    at_least = quota.refused(await quota.take(), resets_in=timedelta(milliseconds=-5))

    assert pause == REFUSED_PAUSE_MAX
    assert timedelta(0) < at_least <= REFUSED_PAUSE_MAX


@pytest.mark.parametrize("rate", ["0.0000001", ".", "1.2.3", "0", "9" * 400])
@pytest.mark.parametrize("size", ["999999999", "..", "0"])
def test_no_message_of_happy_returns_stops_us_for_longer_than_some_minutes(rate: str, size: str) -> None:
    bucket = LeakyBucket(StoodClock())

    pause = bucket.refused(f"limit {rate} requests/sec, leaky bucket size {size}")
    bucket.sent()

    assert pause <= REFUSED_PAUSE_MAX
    assert bucket.wait <= REFUSED_PAUSE_MAX


def test_a_limit_that_was_kept_is_bounded_like_one_that_is_heard() -> None:
    bucket = LeakyBucket(StoodClock())

    bucket.restore(1e-9, 1e12)

    assert bucket.limit == BucketLimit(RATE_LEAST, REFUSED_PAUSE_MAX.total_seconds())
    assert parse_bucket_limit("limit 2 requests/sec, leaky bucket size 30") == BucketLimit(2, 30)


def test_an_amount_of_digits_that_are_no_number_is_refused_with_its_column() -> None:
    with pytest.raises(MalformedPayloadError, match="gross"):
        paypal._cents({"gross": SUPERSCRIPT}, "gross", "GBP")
