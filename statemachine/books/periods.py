"""Months of the books: which are closed at a moment, and on which day a fact counts that came after its month was closed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class PeriodEvent:
    """Somebody prepared, closed or reopened a month (YYYY-MM)."""

    period: str
    action: str
    actor: str
    at: datetime
    reason: str = ""


def period_of(on: date) -> str:
    return f"{on.year:04d}-{on.month:02d}"


def first_day(period: str) -> date:
    return date(int(period[:4]), int(period[5:7]), 1)


def following(period: str) -> str:
    return period_of(first_day(period) + timedelta(days=32))


def preceding(period: str) -> str:
    return period_of(first_day(period) - timedelta(days=1))


def last_day(period: str) -> date:
    return first_day(following(period)) - timedelta(days=1)


class Closes:
    """The history of closes. Months are closed in order and reopened from the newest, so one month tells all."""

    def __init__(self, events: Iterable[PeriodEvent]) -> None:
        self._steps: list[tuple[datetime, str]] = []
        """(moment, newest closed month from then on; empty: none)."""
        through = ""
        for each in events:
            if each.action == "closed":
                through = max(through, each.period)
            elif each.action == "reopened" and through >= each.period:
                through = preceding(each.period)
            else:
                continue
            self._steps.append((each.at, through))

    def through(self, moment: datetime | None = None) -> str:
        """The newest month that was closed just before a moment, or is now."""
        told = [month for at, month in self._steps if moment is None or at < moment]
        return told[-1] if told else ""

    def counts_on(self, business_on: date, known_from: datetime | None) -> date:
        """A fact's own day, or the first day of the month that was open when it became known."""
        through = self.through(known_from)
        return first_day(following(through)) if through and period_of(business_on) <= through else business_on


def state_of(period: str, events: Sequence[PeriodEvent]) -> str:
    """open, prepared or closed."""
    mine = [each for each in events if each.period == period]
    if not mine or mine[-1].action == "reopened":
        return "open"
    return mine[-1].action
