"""Keeping inside the vendors' limits: Brightpearl's window, Happy Returns' leaky bucket. No HTTP in here."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.clock import Clock

WINDOW = timedelta(seconds=60)  # Brightpearl sheet 3: a fixed window, its end told in each reply
_LIMIT = re.compile(r"limit ([0-9.]+) requests/sec, leaky bucket size ([0-9.]+)")
_RETRY_UNTOLD_SECONDS = 10.0  # Happy Returns sheet 1.3: when the 429 does not name a figure


class QuotaWindow:
    """Our share of Brightpearl's requests, from the headers of its own replies.

    `share` requests a window are ours; the rest is left to the account's other integrations. Before the first reply
    one request is let through to learn where the window stands.
    """

    def __init__(self, clock: Clock, *, share: int) -> None:
        self._clock, self._share = clock, share
        self._used = 0
        self._ends_at: datetime | None = None
        self.remaining: int | None = None
        self.waited = timedelta()

    async def take(self, units: int = 1) -> None:
        """Wait until `units` requests may be sent, and count them."""
        while not self._has_room(units):
            assert self._ends_at is not None
            pause = max(self._ends_at - self._clock.now(), timedelta(milliseconds=50))
            self.waited += pause
            await self._clock.sleep(pause)
        self._used += units
        if self.remaining is not None:
            self.remaining -= units

    def _has_room(self, units: int) -> bool:
        now = self._clock.now()
        if self._ends_at is None or now >= self._ends_at:
            self._used, self._ends_at, self.remaining = 0, now + WINDOW, None
        if self._used and self._used + units > self._share:
            return False
        return self.remaining is None or self.remaining >= min(units, self._share)

    def heard(self, *, remaining: int | None, resets_in: timedelta | None) -> None:
        """Take over what a reply's headers say."""
        now = self._clock.now()
        if resets_in is not None and timedelta(0) <= resets_in <= 2 * WINDOW:
            ends_at = now + resets_in
            if self._ends_at is not None and ends_at > self._ends_at + timedelta(seconds=5):
                self._used = 1  # a new window has begun at the other side
            self._ends_at = ends_at
        if remaining is not None:
            known = self.remaining
            self.remaining = remaining if known is None else min(known, remaining) if known >= 0 else remaining

    def refused(self, *, resets_in: timedelta | None) -> None:
        """Over the limit all the same: nothing until the window ends."""
        self._ends_at = self._clock.now() + (resets_in or timedelta(seconds=10))
        self._used, self.remaining = self._share, 0


@dataclass(frozen=True, slots=True)
class BucketLimit:
    requests_per_second: float
    size_seconds: float


def parse_bucket_limit(text: str) -> BucketLimit | None:
    """The figures of Happy Returns' own 429 message, or None when it does not name them."""
    found = _LIMIT.search(text)
    if not found:
        return None
    rate, size = float(found.group(1)), float(found.group(2))
    return BucketLimit(rate, size) if rate > 0 else None


class LeakyBucket:
    """Pace on one Happy Returns bucket: unpaced until a 429 names the limit, then just inside it.

    One caller at a time: never run parallel calls on one bucket (sheet 1.3).
    """

    def __init__(self, clock: Clock, *, requests_per_second: float | None = None) -> None:
        self._clock = clock
        self._next_at: datetime | None = None
        self.limit = BucketLimit(requests_per_second, 0) if requests_per_second else None

    @property
    def wait(self) -> timedelta:
        now = self._clock.now()
        return max(self._next_at - now, timedelta(0)) if self._next_at else timedelta(0)

    def restore(self, requests_per_second: float, size_seconds: float) -> None:
        """Take over a limit that was learned before a restart."""
        self.limit = BucketLimit(requests_per_second, size_seconds)

    def sent(self) -> None:
        if self.limit is not None:
            self._next_at = self._clock.now() + timedelta(seconds=1 / self.limit.requests_per_second)

    def refused(self, text: str) -> timedelta:
        """Learn from a 429; answer how long to stay away."""
        told = parse_bucket_limit(text)
        if told is not None:
            self.limit = told
        pause = timedelta(seconds=told.size_seconds if told else _RETRY_UNTOLD_SECONDS)
        self._next_at = self._clock.now() + pause
        return pause
