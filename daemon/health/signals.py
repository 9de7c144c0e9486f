"""A signal: how one thing that work depends on stands, as it is stored, told and shown."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from daemon.health.kinds import INSTALLATION, KINDS, NAMES, OUTAGES, UNKNOWN, VENDORS, WELL, Kind

STALE_AFTER = timedelta(minutes=15)  # three heartbeats: whoever should look has not


@dataclass(frozen=True, slots=True)
class Signal:
    """One subject of one merchant (of the installation, where that is empty)."""

    merchant: str
    subject: str
    """A vendor, one of its operations (`brightpearl:get-orders`), or another part: work, loop:NAME, database."""
    status: str
    """WELL, UNKNOWN, or the code of a kind of trouble."""
    since: datetime
    why: str = ""
    setting: str = ""
    """The setting that must be corrected, if one is known; never a secret."""
    file: str = ""
    """The file that setting names; never its content."""
    good_at: datetime | None = None
    """When it was last known to be well."""
    looked_at: datetime | None = None

    @property
    def kind(self) -> Kind | None:
        return KINDS.get(self.status)

    @property
    def is_trouble(self) -> bool:
        return self.status not in (WELL, UNKNOWN)

    @property
    def vendor(self) -> str:
        """The vendor it is about; empty when it is about none."""
        name = self.subject.split(":")[0]
        return name if name in VENDORS else ""

    @property
    def stops_work(self) -> bool:
        """Whether nothing, or nothing that matters, can be done for the merchant while this lasts."""
        kind = self.kind
        if kind is None or not self.is_trouble:
            return False
        if ":" in self.subject and self.vendor:
            return kind.stops_work and self.subject.split(":")[1] in ESSENTIAL
        return kind.stops_work

    def is_told(self, now: datetime) -> bool:
        """Whether it has lasted long enough for somebody to be told."""
        return self.kind is not None and now - self.since >= self.kind.told_after

    def is_stale(self, now: datetime) -> bool:
        """Whether nobody has looked for so long that it says nothing any more."""
        return self.looked_at is None or now - self.looked_at > STALE_AFTER

    @property
    def words(self) -> str:
        """What is wrong, in one sentence without the merchant's name."""
        return f"{named(self.subject)}: {self.why}" if self.is_trouble else f"{named(self.subject)}: {self.status}"


ESSENTIAL = frozenset({
    "get-return", "order-search", "get-orders", "get-credits", "get-account", "get-tax-codes", "get-period-lock",
    "create-sales-credit", "payment-search", "record-refund",
})  # fmt: skip
"""Operations without which no return gets to its refund."""


def named(subject: str) -> str:
    """A subject as people call it."""
    name, _, rest = subject.partition(":")
    told = NAMES.get(name, name)
    return f"{told}, {rest.replace('-', ' ')}" if rest else told


def troubles(signals: Iterable[Signal], merchants: Iterable[str] | None = None) -> list[Signal]:
    """What is wrong, the gravest and oldest first; `merchants`: only theirs, and the installation's."""
    wanted = None if merchants is None else {INSTALLATION, *merchants}
    found = [each for each in signals if each.is_trouble and (wanted is None or each.merchant in wanted)]
    return sorted(found, key=lambda each: (not each.stops_work, not _is_urgent(each), each.since, each.subject))


def _is_urgent(signal: Signal) -> bool:
    return signal.kind is not None and signal.kind.is_urgent


def stopped(signals: Iterable[Signal], merchant: str) -> list[Signal]:
    """Why no work is possible for this merchant; nothing when it is. What concerns all concerns it too."""
    return [each for each in troubles(signals, [merchant]) if each.stops_work]


def outage(signals: Iterable[Signal], merchant: str, vendor: str) -> Signal | None:
    """The trouble for which nothing can be asked of this vendor, if there is one."""
    return next(
        (each for each in signals if (each.merchant, each.subject) == (merchant, vendor) and each.status in OUTAGES),
        None,
    )


def continued(fresh: Signal, last: Signal | None) -> Signal:
    """`fresh`, as the going on of what was stored: the same trouble keeps the moment it began."""
    if last is None or last.status != fresh.status:
        return fresh
    good = max((each for each in (fresh.good_at, last.good_at) if each is not None), default=None)
    return replace(fresh, since=min(last.since, fresh.since), good_at=good)
