"""How long what was written takes to be shown: measured on our own writes, used before a lost one may be repeated.

A credit's number is known from the answer to its creation; the search index shows it later. The time between the two is
a sample. Payments and goods-in notes are measured the same way, by the reads that look for them. Moments are the clock's
monotonic time: a clock that is set while something is awaited must not make us look for ten years.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from daemon.clients.brightpearl import BrightpearlClient
from daemon.settings_merchant import BrightpearlSettings

Kind = Literal["credit", "payment", "goods-in"]
KINDS: tuple[Kind, ...] = ("credit", "payment", "goods-in")

SAMPLES_MAX = 200
SAMPLES_NEEDED = 20  # fewer do not tell a 99th percentile from luck
AWAITED_MAX = 50  # one look asks for all of them at once
MARGIN = 3  # a lost write is looked for so many times as long as the index is seen to lag
FIRST_LOOK, LAST_LOOK = timedelta(seconds=1), timedelta(minutes=10)
GIVEN_UP = timedelta(hours=6)
MEASURED_EVERY = timedelta(minutes=5)  # once the lag is known; a look is one request


@dataclass(frozen=True, slots=True)
class Awaited:
    """A write that was answered and is not shown yet."""

    id: int
    order_id: int
    answered_at: timedelta


@dataclass(slots=True)
class IndexLag:
    """The lag of one account, by what was written."""

    samples: dict[Kind, deque[float]] = field(
        default_factory=lambda: {kind: deque(maxlen=SAMPLES_MAX) for kind in KINDS}
    )
    """Seconds from the answer until it was shown; at most so much later than it really was."""
    awaited: dict[Kind, list[Awaited]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    fresh: list[tuple[Kind, float]] = field(default_factory=list)
    """Samples that are neither stored nor counted yet."""
    measured_at: timedelta | None = None

    def p99(self, kind: Kind) -> timedelta | None:
        """The 99th percentile; None while there are too few samples."""
        samples = sorted(self.samples[kind])
        if len(samples) < SAMPLES_NEEDED:
            return None
        return timedelta(seconds=samples[min(math.ceil(0.99 * len(samples)), len(samples)) - 1])

    def patience(self, kind: Kind, settings: BrightpearlSettings) -> timedelta:
        """How long a lost write is looked for before it counts as not found."""
        lag = self.p99(kind)
        if lag is None:
            return timedelta(minutes=settings.lost_write_minutes)
        return max(MARGIN * lag, timedelta(seconds=settings.lost_write_floor_seconds))

    def shown(self, kind: Kind, answered_at: timedelta, now: timedelta) -> None:
        """What was answered then is shown now."""
        seconds = max((now - answered_at).total_seconds(), 0.0)
        self.samples[kind].append(seconds)
        self.fresh.append((kind, seconds))

    def wait_for(self, kind: Kind, written: Awaited, now: timedelta) -> None:
        """Measure this write, unless enough are measured already."""
        waiting = self.awaited[kind]
        is_known = len(self.samples[kind]) >= SAMPLES_NEEDED
        rests = is_known and self.measured_at is not None and now - self.measured_at < MEASURED_EVERY
        if len(waiting) < AWAITED_MAX and not rests:
            waiting.append(written)

    def as_json(self) -> dict[str, list[float]]:
        return {kind: [round(sample, 3) for sample in samples] for kind, samples in self.samples.items()}

    def restore(self, stored: dict[str, list[float]]) -> None:
        for kind in KINDS:
            self.samples[kind].extend(stored.get(kind, []))


async def look(lag: IndexLag, client: BrightpearlClient, now: timedelta) -> None:
    """Look once for what is awaited: at most one request a kind.

    Raises what the client raises; what is not shown yet stays awaited.
    """
    if credits_awaited := lag.awaited["credit"]:
        by_order = await client.credit_ids_of({written.order_id for written in credits_awaited})
        _settle(lag, "credit", {number for result in by_order.values() for number in result.value}, now)
    if payments_awaited := lag.awaited["payment"]:
        payments = await client.payments_of({written.order_id for written in payments_awaited})
        _settle(lag, "payment", {payment.id for result in payments.values() for payment in result.value}, now)
    if notes_awaited := lag.awaited["goods-in"]:
        notes = await client.notes_in({written.order_id for written in notes_awaited})
        _settle(lag, "goods-in", {note.id for note in notes}, now)
    lag.measured_at = now


def _settle(lag: IndexLag, kind: Kind, shown: set[int], now: timedelta) -> None:
    waiting = lag.awaited[kind]
    lag.awaited[kind] = []
    for written in waiting:
        if written.id in shown or now - written.answered_at > GIVEN_UP:
            lag.shown(kind, written.answered_at, now)
        else:
            lag.awaited[kind].append(written)


def next_look(lag: IndexLag, now: timedelta) -> timedelta | None:
    """After what time to look next: soon after a write, then less and less often. None while nothing is awaited."""
    waiting = [written for kind in KINDS for written in lag.awaited[kind]]
    if not waiting:
        return None
    youngest = min(now - written.answered_at for written in waiting)
    return min(max(youngest, FIRST_LOOK), LAST_LOOK)
