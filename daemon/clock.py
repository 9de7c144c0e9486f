"""The only place that reads the clock. Everything else is handed `now`, or measures how long something took.

`now` is for what is stored, compared with the vendors or shown; `monotonic` for how long something lasts or rests: it goes
forward as fast as time does and never back, whoever sets the machine's clock. A moved clock reads its time from a small file
that a sandbox keeps (`{"at": unix, "since": monotonic, "rate": n}`), so that demo, training and tests run a season in
minutes with every process agreeing on the time.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Protocol

import anyio
import orjson

_STEP_SECONDS = 0.02  # how soon a sleeper notices that a moved clock was moved
NO_TIME = timedelta(0)


def machine_now() -> datetime:
    """The machine's own time, whatever clock we follow: for comparing it with other machines'."""
    return datetime.now(UTC)


class Clock(Protocol):
    def now(self) -> datetime: ...

    def monotonic(self) -> timedelta:
        """Since some moment; only differences mean anything."""
        ...

    async def sleep(self, delay: timedelta) -> None: ...

    def heard(self, who: str, at: datetime) -> None:
        """Somebody else said what time it is just now. Only the daemon's own clock minds."""
        return


class Rest:
    """How much longer something is left alone; nobody who sets a clock makes it longer or shorter."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: timedelta | None = None

    def begin(self, pause: timedelta) -> None:
        self._until = self._clock.monotonic() + pause

    def end(self) -> None:
        self._until = None

    @property
    def left(self) -> timedelta:
        return max(self._until - self._clock.monotonic(), NO_TIME) if self._until is not None else NO_TIME

    @property
    def is_over(self) -> bool:
        """Also where none was begun."""
        return self.left == NO_TIME


class Forward:
    """The time that passes on a clock which may be set back: only its way forward counts."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now, self._last, self._passed = now, now(), NO_TIME

    def __call__(self) -> timedelta:
        at = self._now()
        self._passed += max(at - self._last, NO_TIME)
        self._last = at
        return self._passed


def machine_monotonic() -> timedelta:
    """Of this machine; goes on while it is suspended, where the system tells that."""
    source = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return timedelta(microseconds=time.clock_gettime_ns(source) // 1000)


class SystemClock(Clock):
    """The machine's own clock: for a command, which is over before anybody sets it."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        return machine_monotonic()

    async def sleep(self, delay: timedelta) -> None:
        await anyio.sleep(max(delay.total_seconds(), 0))


SLEWED_MAX = timedelta(seconds=60)  # a difference that is made good little by little, so that time never runs back
SLEW = 10  # a tenth of the time that passes
AGREE = timedelta(seconds=30)  # clocks that are no further apart than this say the same
FRESH = timedelta(minutes=10)  # how long what somebody said of the time counts
SAYS_LEAST = 3  # times somebody must have said it: one answer may come out of a cache
UNCONFIRMED_MAX = timedelta(minutes=2)  # how long it is waited for somebody who bears out the time we begin with
DOUBT = timedelta(minutes=5)  # a vendor's clock that is so far from ours: one of the two is wrong


@dataclass(frozen=True, slots=True)
class Step:
    """Our clock was wrong from `since` until `until`, as it said itself, and was set by so much."""

    by: timedelta
    because: str
    since: datetime
    until: datetime


class SteadyClock(Clock):
    """The daemon's clock: it begins with the machine's time and goes on by itself.

    Where the machine's clock is set by a minute at most it is followed little by little. Where it is set by more, or was
    wrong from the beginning, it takes two who agree, out of the machine and those who answer us, to set this one; until
    then `doubt` says what is wrong. So nothing that is stored with a time comes due at once, or never, because a clock was
    set, and nothing is dated by a clock that is wrong.
    """

    def __init__(
        self, *, wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], timedelta] = machine_monotonic,
    ) -> None:  # fmt: skip
        self._wall, self._monotonic = wall, monotonic
        self._base = wall() - monotonic()
        self._began_at = self._looked_at = monotonic()
        self._since = self.now()
        self._is_confirmed = False
        self._others: dict[str, deque[tuple[timedelta, timedelta]]] = {}
        """Who → when they said something, and how far their clock was from the machine's monotonic one."""
        self.doubt = ""
        """Why what this clock says may be wrong, in words; empty while nothing speaks against it."""

    def now(self) -> datetime:
        return self._base + self._monotonic()

    def monotonic(self) -> timedelta:
        return self._monotonic()

    async def sleep(self, delay: timedelta) -> None:
        await anyio.sleep(max(delay.total_seconds(), 0))

    @property
    def is_confirmed(self) -> bool:
        """Whether anybody has said what we say since we began; in the end it need not be said."""
        return self._is_confirmed or self._monotonic() - self._began_at > UNCONFIRMED_MAX

    def heard(self, who: str, at: datetime) -> None:
        moment = self._monotonic()
        self._is_confirmed |= abs(at - self.now()) <= DOUBT
        self._others.setdefault(who, deque(maxlen=9)).append((moment, at - _EPOCH - moment))

    def look(self) -> Step | None:
        """Compare with the machine's clock and with what others said; what was done where that was a step. Call it often."""
        moment = self._monotonic()
        passed, self._looked_at = moment - self._looked_at, moment
        machine = self._wall() - self.now()
        others = {who: apart for who in self._others if (apart := self._apart(who, moment)) is not None}
        clocks = {"the machine's clock": machine, **others}
        step = self._agreed(clocks)
        if step is not None:
            self._base += step.by
            self._others.clear()
            self.doubt, self._is_confirmed, self._since = "", True, self.now()
            return step
        if abs(machine) <= SLEWED_MAX:
            limit = passed / SLEW
            self._base += max(min(machine, limit), -limit)
        wrong = [f"{who} is {_words(apart)}" for who, apart in clocks.items() if abs(apart) > DOUBT]
        # The machine's clock alone was set while we ran: ours is the one that others agree with, or nobody spoke against.
        is_ours_borne_out = any(abs(apart) <= AGREE for apart in others.values())
        is_machine_alone = len(wrong) == 1 and abs(machine) > DOUBT
        self.doubt = "" if not wrong or is_ours_borne_out or (is_machine_alone and not others) else "; ".join(wrong)
        return None

    def _apart(self, who: str, moment: timedelta) -> timedelta | None:
        """How far ahead of ours somebody's clock is; None where they said too little of late."""
        offsets = [offset for at, offset in self._others[who] if moment - at <= FRESH]
        if len(offsets) < SAYS_LEAST:
            return None
        return timedelta(seconds=median(offset.total_seconds() for offset in offsets)) - (self._base - _EPOCH)

    def _agreed(self, clocks: dict[str, timedelta]) -> Step | None:
        """A time that at least two say, and more than say ours."""
        staying = 1 + sum(abs(apart) <= SLEWED_MAX for who, apart in clocks.items() if who != "the machine's clock")
        for apart in clocks.values():
            if abs(apart) <= SLEWED_MAX:
                continue
            agreeing = [who for who, other in clocks.items() if abs(other - apart) <= AGREE]
            if len(agreeing) >= 2 and len(agreeing) > staying:
                return Step(apart, " and ".join(agreeing), self._since, self.now())
        return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _words(apart: timedelta) -> str:
    seconds = abs(apart.total_seconds())
    size = f"{seconds / 86400:.1f} days" if seconds > 172_800 else f"{seconds / 60:.0f} minutes"
    return f"{size} {'ahead of' if apart > NO_TIME else 'behind'} Homeward's"


class MovedClock(Clock):
    """Time as a sandbox's clock file tells it; monotonic seconds are shared by all processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = 0
        self._at, self._since, self._rate = 0.0, 0.0, 1.0
        self._read()
        self._forward = Forward(self.now)

    def now(self) -> datetime:
        self._read()
        return datetime.fromtimestamp(self._at + (time.monotonic() - self._since) * self._rate, UTC)

    def monotonic(self) -> timedelta:
        return self._forward()

    async def sleep(self, delay: timedelta) -> None:
        until = self.now() + delay
        while (left := (until - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - nothing tells us of a move
            await anyio.sleep(min(left / self._rate, _STEP_SECONDS) if self._rate > 0 else _STEP_SECONDS)

    def _read(self) -> None:
        stamp = os.stat(self._path).st_mtime_ns
        if stamp != self._stamp:
            told = orjson.loads(self._path.read_bytes())
            self._at, self._since, self._rate = float(told["at"]), float(told["since"]), float(told["rate"])
            self._stamp = stamp
