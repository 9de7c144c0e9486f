"""How one merchant stands with one vendor, judged answer by answer; and whether anything is to be sent at all.

No I/O. It tells apart: our key is refused, one resource is forbidden to us, no answer, answers that cannot be understood,
and being over the limit, which is nothing wrong. While a vendor as a whole is out it is left alone, but for a probe now and
then; a changed key or token is tried at once.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from daemon.clock import Clock, machine_now
from daemon.errors import HomewardError, LeftAloneError, MalformedPayloadError, StillRefusedError
from daemon.health.kinds import (
    CLOCK_SKEW,
    FAILING,
    FORBIDDEN,
    GARBLED,
    NAMES,
    NOT_RENEWABLE,
    REFUSES,
    SILENT,
    UNKNOWN,
    UNREADABLE,
    WELL,
)
from daemon.health.signals import Signal, continued

FIRST_PAUSE, PAUSE_MAX = timedelta(seconds=1), timedelta(seconds=30)
GREET_EVERY = timedelta(seconds=10)  # how often a vendor that has never answered is asked
SILENT_AFTER = timedelta(seconds=60)  # no good answer for so long: until then a hiccup
LATELY = timedelta(seconds=60)  # a good answer this young says that the key was in force just now
ASK_AGAIN = timedelta(
    minutes=5
)  # nothing good for so long: where nothing else is asked, a refused key is noticed all the same
GARBLED_MIN = 3  # answers in a row that cannot be understood, before it is more than one bad body
TROUBLE_MIN = 2  # refusals of one resource before it is called forbidden
FAILING_MIN = 5  # failures in a row of one resource while others answer
SKEW_MAX, SKEW_MIN_COUNT = timedelta(seconds=60), 3
RENEW = "renew-token"
"""The operation that gets an OAuth token."""
OPTIONAL = frozenset({"nominal-code-search", "get-bundles", "check", "list-webhooks", "multi-message"})
"""Operations that some accounts do not have, and that work goes on without."""


@dataclass(slots=True)
class _Operation:
    """What has gone wrong with one operation since it last went well."""

    since: datetime
    refused: int = 0
    failed: int = 0
    garbled: int = 0
    why: str = ""


class VendorHealth:
    """One a client: every exchange ends in exactly one of `answered`, `throttled`, `refused` and `failed`."""

    def __init__(self, clock: Clock, *, merchant: str, vendor: str, setting: str = "", file: str = "") -> None:
        """`setting` and `file`: where the key or token is, for whoever must correct it."""
        self._clock, self.merchant, self.vendor = clock, merchant, vendor
        self.setting, self.file = setting, file
        self._credential: int | None = None
        self._operations: dict[str, _Operation] = {}
        self._parsed: set[str] = set()
        """Operations whose answers are judged once more by `parsing`: only that says they were understood."""
        self._good_at: datetime | None = None
        self._refused: dict[str, str] = {}
        """Operations refused since the last good answer that had not been refused before → what was said."""
        self._suspects: set[str] = set()
        """Refused while all was refused, or known to be forbidden: refused again, they alone are."""
        self._refuses_since: datetime | None = None
        self._failures = 0
        self._failing_since: datetime | None = None
        self._failing_why = ""
        self._garbled = 0
        self._garbled_since: datetime | None = None
        self._probes = 0
        self._probe_at: timedelta | None = None
        """On the clock that nobody can set."""
        self._greet_at: datetime | None = None
        self._skewed = 0
        self._skew_since: datetime | None = None
        self._skew = timedelta()
        self._fine: set[str] = set()
        """Operations that went well in this process's life and were not refused, garbled or unanswered since."""
        self.came_back = False
        """An outage that somebody was told of is over; whoever gives grace for it clears this."""
        self._stored: Signal | None = None
        """What was stored before this process began; it stands until something is heard."""

    # -- before a call ------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the vendor is left alone, as with a circuit breaker: only a probe is let through."""
        return self._probe_at is not None

    @property
    def opens_in(self) -> timedelta:
        """How long nothing is sent; zero while the vendor is thought to answer."""
        if self._probe_at is None:
            return timedelta(0)
        return max(self._probe_at - self._clock.monotonic(), timedelta(0))

    def check(self, what: str, *, credential: str = "") -> None:
        """Before anything is sent: raises LeftAloneError or StillRefusedError while nothing is; else this is the probe.

        `credential`: what the call is signed with. Another one than was refused is tried at once.
        """
        key = hash(credential) if credential else self._credential
        if key != self._credential and self._credential is not None and self._refuses_since is not None:
            self._probe_at = None
        self._credential = key
        wait = self.opens_in
        if wait > timedelta(0):
            if self._refuses_since is not None:
                raise StillRefusedError(f"{what}: not sent, {NAMES[self.vendor]} refuses our key or token", status=401)
            raise LeftAloneError(f"{what}: not sent, no answer of late", retry_after_seconds=wait.total_seconds())
        if self._probe_at is not None:
            self._probe_at = self._clock.monotonic() + self._pause  # others wait for what this one brings

    @property
    def _pause(self) -> timedelta:
        grown: timedelta = FIRST_PAUSE * 2 ** min(max(self._probes - 1, 0), 10)
        return min(grown, PAUSE_MAX)

    def wants_probe(self, now: datetime) -> bool:
        """Whether one small question is due: it is time to see whether the vendor is back, or still there."""
        if self._probe_at is not None:
            return self.opens_in == timedelta(0)
        if self._refused or self._failures:
            return True  # is it the key, is it the vendor, or was it this once?
        if self._greet_at is not None and timedelta(0) < self._greet_at - now <= GREET_EVERY:
            return False
        return self._good_at is None or not timedelta(0) <= now - self._good_at < ASK_AGAIN

    def greeted(self, now: datetime) -> None:
        """A question is being asked for `wants_probe`."""
        self._greet_at = now + GREET_EVERY

    # -- after a call -------------------------------------------------------------------------------------------------

    def answered(self, operation: str, *, server_time: datetime | None = None) -> None:
        """It answered as it documents: with what was asked for, with none, or with a refusal of what was said in it."""
        now = self._clock.now()
        if self.is_open or self._stored is not None:
            self.came_back |= self.is_out(now)
        if self._refuses_since is not None:
            for name in self._refused:
                self._operations.pop(name, None)  # what all were refused for says nothing of each
        self._suspects |= set(self._refused)
        self._refused.clear()
        self._suspects.discard(operation)
        self._refuses_since, self._good_at, self._stored = None, now, None
        self._responded()
        entry = self._operations.get(operation)
        if entry is not None and operation in self._parsed and entry.garbled:
            entry.refused = entry.failed = 0
        else:
            self._operations.pop(operation, None)
            self._fine.add(operation)
        if operation not in self._parsed:
            self._garbled, self._garbled_since = 0, None
        if self._garbled < GARBLED_MIN:
            self._closes()
        self._compare_clocks(server_time, now)

    def throttled(self, operation: str) -> None:
        """Over the limit: somebody is there, and nothing is wrong."""
        self._responded()
        if self._refuses_since is None and self._garbled < GARBLED_MIN:
            self._closes()

    def refused(self, operation: str, status: int, why: str) -> None:
        """401 or 403, after a fresh token was tried where there are such."""
        now = self._clock.now()
        self._responded()
        entry = self._entry(operation, now)
        entry.refused, entry.why = entry.refused + 1, why
        if operation in self._suspects:
            if self._refuses_since is not None:
                self._leave_alone()
            return
        self._refused.setdefault(operation, why)
        was_good_lately = self._good_at is not None and now - self._good_at <= LATELY
        if len(self._refused) > 1 or (status == 401 and not was_good_lately):
            self._refuses_since = self._refuses_since or now
            self._leave_alone()

    def failed(self, operation: str, why: str) -> None:
        """No answer, or one that says the service is down. One such is nothing yet."""
        now = self._clock.now()
        entry = self._entry(operation, now)
        entry.failed, entry.why = entry.failed + 1, why
        self._failures += 1
        self._failing_since, self._failing_why = self._failing_since or now, why
        if self._failures > 1:
            self._leave_alone()

    def garbled(self, operation: str, why: str) -> None:
        """An answer that cannot be understood."""
        now = self._clock.now()
        entry = self._entry(operation, now)
        entry.garbled, entry.why = entry.garbled + 1, why
        self._failures, self._failing_since = 0, None
        self._garbled += 1
        self._garbled_since = self._garbled_since or now
        if self._garbled >= GARBLED_MIN:
            self._leave_alone()

    def understood(self, operation: str) -> None:
        """What `answered` brought had the shape that was expected."""
        self._garbled, self._garbled_since = 0, None
        entry = self._operations.get(operation)
        if entry is not None:
            entry.garbled = 0
            if not entry.refused and not entry.failed:
                del self._operations[operation]
                self._fine.add(operation)
        if self._refuses_since is None and not self._failures:
            self._closes()

    def recovered(self, operation: str) -> None:
        """What was refused or failed went well, without saying anything of the vendor as a whole: a token was renewed."""
        self._operations.pop(operation, None)
        self._refused.pop(operation, None)
        self._suspects.discard(operation)
        self._fine.add(operation)

    @contextmanager
    def parsing(self, operation: str) -> Iterator[None]:
        """Around reading what an operation answered: an answer of the wrong shape counts as garbled."""
        self._parsed.add(operation)
        try:
            yield
        except MalformedPayloadError as error:
            self.garbled(operation, str(error))
            raise
        self.understood(operation)

    @property
    def clocks_agree(self) -> bool:
        return self._good_at is not None and not self._skewed

    def is_fine(self, operation: str) -> bool:
        """Whether this operation was seen to go well, and nothing has gone wrong with it since."""
        return operation in self._fine

    def _entry(self, operation: str, now: datetime) -> _Operation:
        self._fine.discard(operation)
        return self._operations.setdefault(operation, _Operation(now))

    def _responded(self) -> None:
        self._failures, self._failing_since, self._failing_why = 0, None, ""

    def _leave_alone(self) -> None:
        self._probes += 1
        self._probe_at = self._clock.monotonic() + self._pause

    def _closes(self) -> None:
        self._probes, self._probe_at = 0, None

    def _compare_clocks(self, server_time: datetime | None, now: datetime) -> None:
        """The machines' clocks: a sandbox moves ours, and theirs tells the time of day."""
        if server_time is None:
            return
        self._skew = server_time - machine_now()
        self._skewed = self._skewed + 1 if abs(self._skew) > SKEW_MAX else 0
        self._skew_since = (self._skew_since or now) if self._skewed >= SKEW_MIN_COUNT else None

    # -- what it comes to ---------------------------------------------------------------------------------------------

    def loudness(self, error: HomewardError) -> int:
        """At which level a caller says that this kept it from its work: quietly where it is known that the vendor is out."""
        return logging.DEBUG if error.is_ordinary or self.is_open else logging.WARNING

    def resume(self, stored: Signal) -> None:
        """Take over how the vendor stood before this process began: an outage goes on until something good is heard."""
        self._stored = stored if stored.is_trouble else None

    @property
    def status(self) -> str:
        """WELL, UNKNOWN, or the outage; of this process's own hearing."""
        if self._refuses_since is not None:
            return REFUSES
        if (
            self._failing_since is not None
            and self._failures > 1
            and self._clock.now() - self._failing_since >= SILENT_AFTER
        ):
            return SILENT
        if self._garbled >= GARBLED_MIN:
            return GARBLED
        return WELL if self._good_at is not None else UNKNOWN

    def is_out(self, now: datetime) -> bool:
        """Whether the vendor as a whole has been out long enough for somebody to be told."""
        whole = self.signals(now)[0]
        return whole.is_trouble and whole.is_told(now)

    def forbids(self, operation: str) -> str:
        """Why this operation is forbidden to us while others are not; empty when it is not."""
        entry = self._operations.get(operation)
        return entry.why if entry is not None and self._is_forbidden(operation, entry) else ""

    def _is_forbidden(self, operation: str, entry: _Operation) -> bool:
        return operation in self._suspects and entry.refused >= TROUBLE_MIN and self._refuses_since is None

    def signals(self, now: datetime) -> list[Signal]:
        """The vendor as a whole first, then each operation that is in trouble by itself, then its clock."""
        status = self.status
        if status == UNKNOWN and self._stored is not None:
            return [replace(self._stored, merchant=self.merchant)]
        whole = Signal(
            self.merchant, self.vendor, status, self._begun(status, now), self._why(status), good_at=self._good_at
        )
        if status == REFUSES:
            whole = replace(whole, setting=self.setting, file=self.file)
        if whole.is_trouble:
            return [continued(whole, self._stored)]
        found = [whole]
        for operation, entry in sorted(self._operations.items()):
            kind = self._kind_of(operation, entry, now)
            if kind is not None:
                told = Signal(self.merchant, f"{self.vendor}:{operation}", kind, entry.since, entry.why)
                if kind in (FORBIDDEN, NOT_RENEWABLE):
                    told = replace(told, setting=self.setting, file=self.file)
                found.append(told)
        if self._skew_since is not None:
            where = "ahead of" if self._skew > timedelta() else "behind"
            why = f"its clock is {abs(self._skew).total_seconds():.0f} s {where} ours"
            found.append(Signal(self.merchant, f"{self.vendor}:clock", CLOCK_SKEW, self._skew_since, why))
        return found

    def _kind_of(self, operation: str, entry: _Operation, now: datetime) -> str | None:
        if operation == RENEW:
            return NOT_RENEWABLE if entry.refused or entry.failed >= FAILING_MIN else None
        if operation in OPTIONAL:
            return None
        if self._is_forbidden(operation, entry):
            return FORBIDDEN
        if entry.garbled >= GARBLED_MIN:
            return UNREADABLE
        return FAILING if entry.failed >= FAILING_MIN else None

    def _begun(self, status: str, now: datetime) -> datetime:
        began = {REFUSES: self._refuses_since, SILENT: self._failing_since, GARBLED: self._garbled_since}.get(status)
        return began or self._good_at or now

    def _why(self, status: str) -> str:
        if status == REFUSES:
            return next(iter(self._refused.values()), "our key or token is not accepted")
        if status == SILENT:
            return self._failing_why
        return next((each.why for each in self._operations.values() if each.garbled), "") if status == GARBLED else ""
