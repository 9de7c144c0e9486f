"""Figures for boards and pages, taken at most so often that they cost a twentieth of one core, however much there is."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import anyio

from daemon.clock import Clock
from daemon.health.signals import Signal, troubles
from daemon.settings import Settings
from daemon.store import figures
from daemon.store import health as health_store
from daemon.store.database import Database
from daemon.store.figures import Snapshot
from daemon.store.scope import WHOSE, of_installation, of_merchants
from daemon.store.sql import Record

FRESH_SECONDS = 2.0
COST = 20  # a snapshot is kept for so many times what it took
SILENT_AFTER = timedelta(hours=2)  # a vendor not heard of for longer is told on every page


@dataclass(slots=True)
class _Kept:
    snapshot: Snapshot | None = None
    until: float = 0.0
    turn: anyio.Lock = field(default_factory=anyio.Lock)


@dataclass(frozen=True, slots=True)
class Heard:
    """When each side was last heard of, and whether that is a worry."""

    merchant: str
    happy_returns_at: datetime | None
    brightpearl_at: datetime | None
    is_silent: bool
    is_worked: bool
    """Whether a daemon holds the merchant."""
    held: str = ""
    """Who holds what would be sent to the vendors, and why; empty when nobody does."""
    is_doubted: bool = False
    """Whether the database may have forgotten what was sent, so that nothing is for the moment."""
    troubles: tuple[Signal, ...] = ()
    """What keeps its work from being done, the gravest first; what concerns every merchant is not among it."""


class Figures:
    """Snapshots by merchant. While one is being taken, others are shown the last.

    What is kept was asked for by somebody else: it is given to those alone who may see the merchant, and is taken with no
    more rights than that merchant's.
    """

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._kept: dict[str, _Kept] = {}
        self._heard: dict[str, tuple[float, Heard]] = {}
        self._installation: tuple[float, list[Signal]] = (0.0, [])

    async def of(self, merchants: Iterable[str]) -> list[Snapshot]:
        """Of those whoever asks may see."""
        return [await self._of(merchant) for merchant in _visible(merchants)]

    async def heard_of(self, merchants: Iterable[str]) -> list[Heard]:
        """How fresh each merchant is, for the frame of every page; at most FRESH_SECONDS old; as `of`."""
        wanted = _visible(merchants)
        stale = [each for each in wanted if time.monotonic() >= (self._heard[each][0] if each in self._heard else 0.0)]
        if stale:
            async with self._database.reading(scope=of_merchants(stale)) as connection:
                signals = await health_store.read(connection, stale, installation=False)
                for merchant in stale:
                    row = await figures.heard(connection, merchant)
                    told = heard(merchant, row, self._clock.now(), signals)
                    self._heard[merchant] = (time.monotonic() + FRESH_SECONDS, told)
        return [self._heard[each][1] for each in wanted]

    async def of_installation(self) -> list[Signal]:
        """What keeps everybody's work from being done, the gravest first; at most FRESH_SECONDS old.

        Anybody's work hangs on it, but it is shown only to who runs the installation.
        """
        if time.monotonic() >= self._installation[0]:
            async with self._database.reading(scope=of_installation([])) as connection:
                found = troubles(await health_store.read(connection, []))
            self._installation = (time.monotonic() + FRESH_SECONDS, found)
        return self._installation[1]

    async def _of(self, merchant: str) -> Snapshot:
        kept = self._kept.setdefault(merchant, _Kept())
        if kept.snapshot is not None and (time.monotonic() < kept.until or kept.turn.locked()):
            return kept.snapshot
        async with kept.turn:
            if kept.snapshot is None or time.monotonic() >= kept.until:
                began = time.monotonic()
                kept.snapshot = await self._take(merchant)
                took = time.monotonic() - began
                kept.until = time.monotonic() + max(FRESH_SECONDS, COST * took)
        return kept.snapshot

    async def _take(self, merchant: str) -> Snapshot:
        now = self._clock.now()
        zone = self._settings.merchants[merchant].calendar.timezone
        begins = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        async with self._database.reading(scope=of_merchants([merchant])) as connection:
            return await figures.take(connection, merchant, now=now, zone=zone, day_begins=begins)


def _visible(merchants: Iterable[str]) -> list[str]:
    own = WHOSE.get().merchants
    return [merchant for merchant in merchants if merchant in own]


def heard(merchant: str, told: Record, at: datetime, signals: Iterable[Signal]) -> Heard:
    """`told`: the row of the statement of this name, read at `at`. `signals`: how things stand, of this merchant too."""
    mine = [each for each in signals if each.merchant == merchant]
    until = told["shipments_until"]
    moments = [each for each in (told["pushed_at"], told["polled_at"]) if each is not None]
    if until:
        moments.append(datetime.fromisoformat(until))
    quota = told["quota"] or {}
    last = max(moments, default=None)
    return Heard(
        merchant, last, datetime.fromisoformat(quota["at"]) if quota.get("at") else None,
        last is not None and at - last > SILENT_AFTER, bool(told["is_worked"]),
        told["held"] or "", bool(told["is_doubted"]), tuple(troubles(mine)),
    )  # fmt: skip
