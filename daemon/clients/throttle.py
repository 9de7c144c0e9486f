"""Keeping inside the vendors' limits: Brightpearl's window, Happy Returns' leaky bucket. No HTTP in here."""

import re
from collections import Counter, deque
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

import anyio

from daemon.clock import Clock, Rest

WINDOW = timedelta(seconds=60)  # Brightpearl sheet 3; whether it is fixed or rolls is not certain: both are kept
ACCOUNT_LIMIT = 200  # requests a window of one account, all its private apps together (sheet 3)
MARGIN = 3  # requests left alone while others are seen to use the pool too: so that we do not race for the last one
LANE_PATIENCE = timedelta(minutes=5)  # a later lane that waited this long is let through all the same
BREATH_MAX = timedelta(seconds=15)  # what may have been done already must not wait longer to be looked up
REFUSED_PAUSE = timedelta(seconds=10)  # where a refusal does not say when its window ends
REFUSED_PAUSE_MAX = timedelta(minutes=10)  # whatever a vendor says: what it says may be wrong
RATE_LEAST = 1 / 60  # requests a second, likewise
REFUSED_AGAIN_PAUSE = timedelta(seconds=30)  # the second refusal in a row: what the headers say is not the whole truth
_LIMIT = re.compile(r"limit ([0-9.]+) requests/sec, leaky bucket size ([0-9.]+)")
_RETRY_UNTOLD_SECONDS = 10.0  # Happy Returns sheet 1.3: when the 429 does not name a figure


class Lane(IntEnum):
    """Who goes first when requests are short: the money a customer waits for, then stock, then comparing."""

    MONEY = 0
    STOCK = 1
    COMPARE = 2


LANE: ContextVar[Lane] = ContextVar("lane", default=Lane.MONEY)
"""The lane of the work in hand; a loop sets its own before a round."""


@dataclass(slots=True)
class Ticket:
    """Permission for one request, given back with its reply."""

    units: int
    remaining_before: int | None
    """What the account had left before, if no other request of ours was under way; else None."""


class Quota:
    """Our share of Brightpearl's requests: at most `share` in any 60 s, and never more than the headers leave.

    A request counts from the moment it is sent until 60 s after its reply: whether the account's window is fixed or
    rolls, no window then holds more than our share, and the rest is left to the account's other integrations.
    """

    def __init__(self, clock: Clock, *, share: int) -> None:
        self._clock, self.share = clock, share
        self._counts_until: deque[tuple[timedelta, int]] = deque()
        self._spent = 0
        self._in_flight = 0
        self._is_new = True
        self._is_told = True
        """Whether replies tell what is left; where they do not, our own count is all there is."""
        self._ends_at: timedelta | None = None
        self._others_until: timedelta | None = None
        self._refusals = 0
        self._waiting: Counter[Lane] = Counter()
        self._heard = anyio.Event()
        self.remaining: int | None = None
        """What the account has left in this window, as far as we know."""
        self.refused_count = 0

    @property
    def used(self) -> int:
        """Our requests of the last 60 s, those under way included."""
        self._forget(self._clock.monotonic())
        return self._spent + self._in_flight

    @property
    def free(self) -> int:
        """Requests that could be sent at once."""
        left = self.share - self.used
        return max(left if self.remaining is None else min(left, self.remaining - self._margin()), 0)

    def breath(self, units: int) -> timedelta:
        """How long to gather before spending `units` again, so that what is left lasts until what was spent comes back.

        Nothing while more than half of our share is free: then whoever waits is served at once. Reads are paid by the
        round and not by the return, so gathered rounds serve more returns with the same requests.
        """
        if not self._counts_until or 2 * self.used < self.share:
            return timedelta(0)
        back_in = max(self._counts_until[0][0] - self._clock.monotonic(), timedelta(0))
        return min(back_in * units / max(self.free, units), BREATH_MAX)

    async def take(self, units: int = 1) -> Ticket:
        """Wait until `units` requests may be sent, and count them. Pair it with `heard`, `refused` or `lost`."""
        await self.room(units)
        alone = self.remaining if not self._in_flight else None
        self._in_flight += units
        if self.remaining is not None:
            self.remaining -= units
        return Ticket(units, alone)

    async def room(self, units: int = 1) -> None:
        """Wait until `units` requests could be sent now, without counting them."""
        lane, since = LANE.get(), self._clock.monotonic()
        self._waiting[lane] += 1
        try:
            while True:
                now = self._clock.monotonic()
                pause = self._pause(units, now)
                if pause == timedelta(0) and not self._gives_way(lane, waited=now - since):
                    return
                if pause is None:
                    self._heard = self._heard if not self._heard.is_set() else anyio.Event()
                    await self._heard.wait()
                else:
                    await self._clock.sleep(max(pause, timedelta(milliseconds=20)))
        finally:
            self._waiting[lane] -= 1

    def _gives_way(self, lane: Lane, *, waited: timedelta) -> bool:
        return waited < LANE_PATIENCE and any(self._waiting[other] for other in Lane if other < lane)

    def _pause(self, units: int, now: timedelta) -> timedelta | None:
        """Nothing: go. A time: not before that. None: only the reply to a request under way can tell."""
        self._forget(now)
        if self._ends_at is not None and now >= self._ends_at:
            self._ends_at, self.remaining = None, None
        used = self._spent + self._in_flight
        if used and used + units > self.share:
            return self._counts_until[0][0] - now if self._counts_until else None
        if self.remaining is None and self._is_told:
            return None if self._in_flight else timedelta(0)  # one request finds out where the window stands
        if self.remaining is None:
            return timedelta(0)
        if self.remaining - min(units, self.share) < self._margin():
            return self._ends_at - now if self._ends_at is not None else None
        return timedelta(0)

    def _margin(self) -> int:
        others = self._others_until is not None and self._clock.monotonic() < self._others_until
        return min(MARGIN, self.share // 2) if others else 0

    def _forget(self, now: timedelta) -> None:
        while self._counts_until and self._counts_until[0][0] <= now:
            self._spent -= self._counts_until.popleft()[1]

    def _count(self, units: int, until: timedelta) -> None:
        if units > 0:
            self._counts_until.append((until, units))
            self._spent += units

    def _back(self, ticket: Ticket, *, counted: int) -> None:
        self._in_flight -= ticket.units
        self._count(counted, self._clock.monotonic() + WINDOW)
        self._heard.set()

    def heard(self, ticket: Ticket, *, remaining: int | None, resets_in: timedelta | None) -> int | None:
        """Take over what a reply's headers say; answer what the request really cost where that could be measured."""
        now, cost = self._clock.monotonic(), None
        same_window = self._ends_at is not None
        if resets_in is not None and timedelta(0) <= resets_in <= 2 * WINDOW:
            ends_at = now + resets_in
            same_window = self._ends_at is not None and ends_at <= self._ends_at + timedelta(seconds=5)
            self._ends_at = min(ends_at, self._ends_at) if same_window and self._ends_at is not None else ends_at
        self._is_told = remaining is not None
        if remaining is not None:
            is_alone = self._in_flight == ticket.units
            if same_window and is_alone and ticket.remaining_before is not None:
                cost = max(ticket.remaining_before - remaining, 0)
                if cost > ticket.units:
                    self._others_until = now + WINDOW
            known = self.remaining
            others = self._in_flight - ticket.units
            told = remaining - others
            self.remaining = told if is_alone or known is None or not same_window else min(told, known)
            if self._is_new:  # what an earlier process of ours may have sent in this window is not ours to send again
                self._is_new = False
                missing = min(max(ACCOUNT_LIMIT - remaining - 1, 0), self.share)
                self._count(missing, self._ends_at or now + WINDOW)
        self._refusals = 0
        self._back(ticket, counted=ticket.units if cost is None else min(max(cost, 1), ticket.units))
        return cost

    def lost(self, ticket: Ticket) -> None:
        """No reply: it may have been counted at the other side."""
        self._back(ticket, counted=ticket.units)

    def refused(self, ticket: Ticket, *, resets_in: timedelta | None) -> timedelta:
        """Over the limit all the same: nothing until the window ends; answer how long that is."""
        self._refusals += 1
        self.refused_count += 1
        pause = resets_in if resets_in is not None and resets_in > timedelta(0) else REFUSED_PAUSE
        pause = min(pause, REFUSED_PAUSE_MAX)
        if self._refusals > 1:
            pause = max(pause, REFUSED_AGAIN_PAUSE)
        self._ends_at, self.remaining = self._clock.monotonic() + pause, 0
        self._back(ticket, counted=0)
        return pause


class BundleCost:
    """What a multi-message costs: one unit, or one for each member. The sources disagree (sheet 3), so it is measured.

    Two measurements in a row decide; until then every member is budgeted.
    """

    def __init__(self) -> None:
        self._cheap = 0
        self._dear = 0

    @property
    def told(self) -> str:
        return "one" if self._cheap >= 2 else "each" if self._dear >= 2 else "unknown"

    def units(self, members: int) -> int:
        return 1 if self.told == "one" else members

    def measured(self, members: int, cost: int | None) -> None:
        """`cost` is None where it could not be told apart from other requests."""
        if cost is None:
            return
        if cost >= members:
            self._cheap, self._dear = 0, self._dear + 1
        else:
            self._cheap, self._dear = self._cheap + 1, 0

    def is_dear(self) -> None:
        """A member was throttled by itself: each one counts."""
        self._cheap, self._dear = 0, 2


@dataclass(frozen=True, slots=True)
class BucketLimit:
    requests_per_second: float
    size_seconds: float


def parse_bucket_limit(text: str) -> BucketLimit | None:
    """The figures of Happy Returns' own 429 message, or None when it does not name them."""
    found = _LIMIT.search(text)
    try:
        return _bounded(float(found[1]), float(found[2])) if found else None
    except ValueError:  # dots without digits
        return None


def _bounded(requests_per_second: float, size_seconds: float) -> BucketLimit | None:
    """The limit as far as it can be believed: no answer of a vendor keeps us from asking again within minutes."""
    if requests_per_second <= 0:
        return None
    return BucketLimit(max(requests_per_second, RATE_LEAST), min(size_seconds, REFUSED_PAUSE_MAX.total_seconds()))


class LeakyBucket:
    """Pace on one Happy Returns bucket: unpaced until a 429 names the limit, then just inside it.

    One caller at a time: never run parallel calls on one bucket (sheet 1.3).
    """

    def __init__(self, clock: Clock, *, requests_per_second: float | None = None) -> None:
        self._rest = Rest(clock)
        self.limit = BucketLimit(requests_per_second, 0) if requests_per_second else None

    @property
    def wait(self) -> timedelta:
        return self._rest.left

    def restore(self, requests_per_second: float, size_seconds: float) -> None:
        """Take over a limit that was learned before a restart."""
        self.limit = _bounded(requests_per_second, size_seconds)

    def sent(self) -> None:
        if self.limit is not None:
            self._rest.begin(timedelta(seconds=1 / self.limit.requests_per_second))

    def refused(self, text: str) -> timedelta:
        """Learn from a 429; answer how long to stay away."""
        told = parse_bucket_limit(text)
        if told is not None:
            self.limit = told
        pause = timedelta(seconds=told.size_seconds if told else _RETRY_UNTOLD_SECONDS)
        self._rest.begin(pause)
        return pause
