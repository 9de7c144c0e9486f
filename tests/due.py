"""When something next comes due: every such moment is in the database or in the season's plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from daemon.store.sql import Connection, statements

SQL = statements(__file__)

COLUMNS = {
    "outbox.due_at", "outbox.lease_until", "deadline.due_at", "watch.next_poll_at", "watch.lease_until", "message.due_at",
    "returns.snoozed_until",
}  # fmt: skip
"""Columns that `moments` looks at; besides notices, which are told some minutes after `notice.at`."""
OTHER_COLUMNS = {
    "daemon.alive_until", "merchant.lease_until", "merchant.doubted_until",  # by the database's own clock
    "account.locked_until", "leg.known_until",  # nothing happens by itself then
    "health_alert.due_at",  # the monitor's, which looks by the minute where a test has one
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pace:
    """What comes round: by its settings, since the cursors hold only the last time or the next one."""

    reevaluate: timedelta
    shipments: timedelta
    discovery: timedelta


@dataclass(frozen=True, slots=True)
class Due:
    """What the database says at one moment."""

    loops: frozenset[str]
    """Loops that have something to do now."""
    next_at: datetime | None
    """When something comes due that is not due yet; polls and what comes round apart."""
    next_poll_at: datetime | None
    next_effect_at: datetime | None
    """Of these, when the next effect is to be sent or looked up."""
    rounds: Mapping[str, datetime]
    """What comes round → its next time, which may be past."""
    moves: int
    attempts: int

    @property
    def is_at_rest(self) -> bool:
        return not self.loops


LOOKS_AT_ONCE = 2


@dataclass(slots=True)
class Looks:
    """Whether comparing now can show what it has not shown: soon after a change, and at the later looks after each."""

    changed_at: datetime
    """When something last happened that comparing may see."""
    later: tuple[timedelta, ...]
    """After a change: when it is worth another look."""
    count: int = 0
    """Looks since the last change."""
    due: set[datetime] = field(default_factory=set)
    """The later looks that are still to come, by the hour: changes that lie close together are looked at together."""

    def change(self, now: datetime) -> None:
        self.changed_at, self.count = now, 0
        self.due |= {_full_hour(now + after) for after in self.later}

    def show(self) -> None:
        """What happened before comes to be seen only now."""
        self.count = 0

    def look(self, now: datetime) -> None:
        self.count += 1
        self.due = {at for at in self.due if at > now}

    def may_show(self, now: datetime) -> bool:
        return self.count < LOOKS_AT_ONCE or any(at <= now for at in self.due)


def _full_hour(moment: datetime) -> datetime:
    """The next full hour."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    return start if start == moment else start + timedelta(hours=1)


LOOPS = ("advance", "dispatch", "expire", "intake", "notify", "batches")


async def due(connection: Connection, now: datetime, pace: Pace, *, waits: list[timedelta]) -> Due:
    """`waits`: how long notices are gathered before they are told."""
    row = await SQL.row(connection, "moments", now=now, waits=waits)
    assert row is not None
    return Due(
        frozenset(name for name in LOOPS if row[name]), row["next_at"], row["next_poll_at"],
        row["next_effect_at"], _rounds(row["cursors"], pace), row["moves"],
        row["attempts"],
    )  # fmt: skip


def _rounds(cursors: Mapping[str, Any] | str, pace: Pace) -> dict[str, datetime]:
    """The next time of each thing that comes round and has been round once."""
    at_once = timedelta(0)
    kept = {
        "reconcile": ("at", at_once), "verify": ("at", at_once), "books": ("at", at_once), "retention": ("at", at_once),
        "reevaluate": ("at", pace.reevaluate), "discovery": ("at", pace.discovery), "shipments": ("until", pace.shipments),
    }  # fmt: skip
    read: Mapping[str, Any] = orjson.loads(cursors) if isinstance(cursors, str) else cursors
    return {
        name: datetime.fromisoformat(read[name][key]) + every
        for name, (key, every) in kept.items()
        if name in read and read[name].get(key)
    }
