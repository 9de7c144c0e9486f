"""What a webhook spoke of and no answer of Happy Returns has borne out: asked about again soon, and told after a while.

A webhook moves no money; reads do. Until one does, the units wait, and that wait has a name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.store import returns
from daemon.store.inbox import Arrival
from daemon.store.sql import Connection, Record
from statemachine.events import Approved, DroppedOff, StatusUnclear
from statemachine.refs import order_key
from statemachine.units import PROGRESS, Progress, Unit

AGAIN = timedelta(minutes=2)  # asked about again this soon at first, then less and less
_WORDS = {progress: word for word, progress in PROGRESS.items()}


@dataclass(frozen=True, slots=True)
class Unproven:
    """Units of one order of a return, and what a webhook said of them; `since` when it did."""

    happy_return_id: str
    order_number: str
    unit_keys: tuple[str, ...]
    progress: Progress
    since: datetime

    def pause(self, now: datetime) -> timedelta:
        return max(AGAIN, (now - self.since) / 10)

    def as_event(self, now: datetime, trace: str | None) -> Arrival:
        """What makes it an exception with an owner."""
        event = StatusUnclear(
            units=tuple(Unit(key) for key in self.unit_keys),
            confirmed=True,
            claimed=_WORDS[self.progress],
            is_answered=True,
        )
        return Arrival(
            natural_key=f"unproven:{self.happy_return_id}:{order_key(self.order_number)}:{now.isoformat()}", event=event,
            happy_return_id=self.happy_return_id, order_number=self.order_number, source="poll", received_at=now,
            actor="happy-returns", trace=trace,
        )  # fmt: skip


async def before_credit(connection: Connection, merchant: str, watches: Iterable[Record]) -> dict[str, list[Record]]:
    """Units without a credit of the returns that were asked about, by Happy Returns return."""
    ids = sorted({row["happy_return_id"] for row in watches if row["happy_return_id"]})
    units: dict[str, list[Record]] = {}
    for row in await returns.before_credit(connection, merchant, ids):
        units.setdefault(row["happy_return_id"], []).append(row)
    return units


def unproven(watch: Record, units: Iterable[Record], arrivals: Iterable[Arrival], *, claim: str) -> list[Unproven]:
    """What of the units that this watch asks about is still open, once what was just read counts; one entry an order.

    `claim`: progress that a webhook gave for several units without saying for which, still open after the answer.
    """
    read: dict[tuple[str, str, str], Progress] = {}
    for arrival in arrivals:
        if isinstance(arrival.event, DroppedOff | Approved) and arrival.event.confirmed:
            for unit in arrival.event.units:
                name = (arrival.happy_return_id, order_key(arrival.order_number), unit.key)
                read[name] = max(read.get(name, Progress.STARTED), arrival.event.progress)
    by_order: dict[str, list[_Open]] = {}
    for row in units:
        if not watch["express_code"] and row["order_key"] != order_key(watch["order_number"]):
            continue  # the answer was about another order of this return
        name = (row["happy_return_id"], row["order_key"], row["unit_key"])
        reached = max(Progress(row["confirmed"]), read.get(name, Progress.STARTED))
        hinted, claimed = Progress(row["hinted"]), PROGRESS[claim] if claim else Progress.STARTED
        if max(hinted, claimed) > reached:
            since = (watch["claimed_at"] or watch["opened_at"]) if claimed > hinted else row["entered_at"]
            entry = _Open(row["happy_return_id"], row["unit_key"], max(hinted, claimed), since)
            by_order.setdefault(row["order_number"], []).append(entry)
    return [
        Unproven(
            entries[0].happy_return_id, number, tuple(entry.unit_key for entry in entries),
            max(entry.progress for entry in entries), min(entry.since for entry in entries),
        )
        for number, entries in by_order.items()
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Open:
    """One unit that is not as far, by what was read, as a webhook said."""

    happy_return_id: str
    unit_key: str
    progress: Progress
    since: datetime
