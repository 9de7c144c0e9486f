"""Business time: what counts and what does not."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.calendar import Calendar

LONDON = ZoneInfo("Europe/London")
SHOP = Calendar(LONDON, time(9), time(17), holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))  # Easter


def london(*told: int) -> datetime:
    return datetime(*told, tzinfo=LONDON)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        pytest.param(london(2026, 3, 10, 10), timedelta(hours=4), london(2026, 3, 10, 14), id="within a day"),
        pytest.param(london(2026, 3, 10, 15), timedelta(hours=4), london(2026, 3, 11, 11), id="over night"),
        pytest.param(london(2026, 3, 10, 20), timedelta(hours=4), london(2026, 3, 11, 13), id="from the evening on"),
        pytest.param(london(2026, 3, 10, 3), timedelta(hours=4), london(2026, 3, 10, 13), id="from the night on"),
        pytest.param(london(2026, 3, 13, 15), timedelta(days=1), london(2026, 3, 16, 15), id="over a weekend"),
        pytest.param(london(2026, 3, 14, 12), timedelta(days=1), london(2026, 3, 17, 9), id="from a Saturday on"),
        pytest.param(london(2026, 4, 2, 15), timedelta(days=1), london(2026, 4, 7, 15), id="over Easter"),
        pytest.param(london(2026, 4, 2, 15), timedelta(hours=4), london(2026, 4, 7, 11), id="hours over Easter"),
        pytest.param(
            london(2026, 3, 10, 9), timedelta(hours=8), london(2026, 3, 10, 17), id="to the very end of a day"
        ),
        pytest.param(london(2026, 3, 10, 12), timedelta(0), london(2026, 3, 10, 12), id="nothing"),
        pytest.param(london(2026, 3, 27, 16), timedelta(hours=2), london(2026, 3, 30, 10), id="summer time begins"),
        pytest.param(london(2026, 10, 23, 16), timedelta(days=3), london(2026, 10, 28, 16), id="summer time ends"),
    ],
)
def test_the_clock_stands_still_outside_working_hours(start: datetime, span: timedelta, due: datetime) -> None:
    assert SHOP.later(start.astimezone(UTC), span) == due


@given(
    start=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    minutes=st.integers(0, 30 * 24 * 60),
    more=st.integers(0, 600),
)
def test_time_only_goes_forward_and_ends_in_working_hours(start: datetime, minutes: int, more: int) -> None:
    span = timedelta(minutes=minutes)
    due = SHOP.later(start, span)
    assert due >= start
    assert SHOP.is_open(due) or due.astimezone(LONDON).time() == SHOP.closes
    assert SHOP.later(due, timedelta(minutes=more)) >= due


def test_a_calendar_that_never_works_is_refused() -> None:
    with pytest.raises(ValueError, match="weekdays"):
        Calendar(weekdays=frozenset())
    with pytest.raises(ValueError, match="closes"):
        Calendar(opens=time(17), closes=time(9))
