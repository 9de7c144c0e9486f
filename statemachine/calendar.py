"""Business time: when people work. A clock that gives somebody time stands still at night, at weekends and on holidays."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SEARCH_DAYS = 3660
"""A calendar without a working day in ten years is a mistake, not a calendar."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """One merchant's working hours, by the wall clock of its time zone. `weekdays`: Monday is 0."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    opens: time = time(9)
    closes: time = time(17)
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError(f"opens at {self.opens} but closes at {self.closes}: must close later on the same day")
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise ValueError(f"weekdays {sorted(self.weekdays)}: name at least one of 0 (Monday) to 6 (Sunday)")

    def works_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        return self.works_on(local.date()) and self.opens <= local.time() < self.closes

    def later(self, start: datetime, span: timedelta) -> datetime:
        """The moment when `span` of business time has passed since `start`; always in working hours.

        A whole day of the span is one working day, at the same time of day; the rest is working hours. Counted from the
        next opening where `start` lies outside working hours.
        """
        at = self._next_open(start)
        days, rest = divmod(span, DAY)
        if days:
            local = at.astimezone(self.zone)
            day = next(each for number, each in enumerate(self._days(local.date()), 0) if number == days)
            at = self._moment(day, local.time())
        return self._add_hours(at, rest)

    def _next_open(self, start: datetime) -> datetime:
        local = start.astimezone(self.zone)
        for day in self._days(local.date()):
            if day > local.date() or local.time() < self.opens:
                return self._moment(day, self.opens)
            if local.time() < self.closes:
                return start.astimezone(UTC)
        raise AssertionError("the days end only by an error")

    def _add_hours(self, at: datetime, span: timedelta) -> datetime:
        local = at.astimezone(self.zone)
        for day in self._days(local.date()):
            begins = at if day == local.date() else self._moment(day, self.opens)
            left = self._moment(day, self.closes) - begins
            if span <= left:
                return begins + span
            span -= left
        raise AssertionError("the days end only by an error")

    def _days(self, first: date) -> Iterator[date]:
        """Working days from `first` on. Raises ValueError when there are none."""
        rested = 0
        for number in range(100 * SEARCH_DAYS):
            day = first + number * DAY
            if self.works_on(day):
                rested = 0
                yield day
            elif (rested := rested + 1) > SEARCH_DAYS:
                break
        raise ValueError(f"no working day in the {SEARCH_DAYS} days after {first}")

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)
