"""What every loop of one merchant works with."""

import logging
import math
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import anyio

from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.brightpearl_wire import Account
from daemon.clients.happy_returns import HappyReturnsClient
from daemon.clock import NO_TIME, Clock, Rest
from daemon.errors import HomewardError, LeaseLostError, WritesHeldError
from daemon.health.kinds import BRIGHTPEARL
from daemon.health.vendor import VendorHealth
from daemon.loops.index_lag import IndexLag
from daemon.maps import NO_MAPS
from daemon.settings import AlertSettings
from daemon.settings_merchant import MerchantSettings
from daemon.settings_web import WebSettings
from daemon.store import inbox
from daemon.store import maps as maps_store
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.store.sql import Connection
from daemon.telemetry import Telemetry
from statemachine.credit.maps import CreditMap
from statemachine.policy import Policy

ACCOUNT_KEPT = timedelta(hours=1)  # reference data changes by hand, rarely; five calls an hour are nothing


@dataclass(slots=True)
class Lease:
    """Our hold on a merchant. The fence keeps late writes out of the database; `until` keeps them from the vendors."""

    merchant: str
    fence: int = 0
    until: float = math.inf
    """By the machine's monotonic clock, which goes on while a process is frozen."""
    leaving: anyio.Event = field(default_factory=anyio.Event)
    """Set when the merchant is to be handed over, or the daemon stops: finish what is in hand, begin nothing."""
    observes: bool = False
    """This daemon only looks: by its configuration nothing leaves for the vendors."""
    is_held: bool = False
    """Somebody holds what would leave for the vendors: `homeward merchant hold`."""
    doubted_until: float = 0.0
    """Until then (as `until`) the vendors may not yet show what a lost life of the database had sent."""
    clock_doubt: str = ""
    """Why our clock may be wrong: what is dated by it waits, and what it says has come due does too."""

    @property
    def writes_held(self) -> bool:
        return self.observes or self.is_held

    @property
    def is_in_doubt(self) -> bool:
        return bool(self.clock_doubt) or time.monotonic() < self.doubted_until

    def check(self) -> None:
        """Last look before anything is sent.

        Raises LeaseLostError when the lease was not renewed in time (another daemon may be at work), WritesHeldError while
        writes are held.
        """
        if time.monotonic() >= self.until:
            raise LeaseLostError(f"merchant {self.merchant}: the lease ran out before it was renewed")
        if self.writes_held or self.is_in_doubt:
            raise WritesHeldError(f"merchant {self.merchant}: writes are held", retry_after_seconds=60)


@dataclass(slots=True)
class Workplace:
    """One merchant: its settings, its two vendors, its place in the database, and our lease."""

    merchant: str
    settings: MerchantSettings
    database: Database
    clock: Clock
    telemetry: Telemetry
    happy_returns: HappyReturnsClient
    brightpearl: BrightpearlClient
    policy: Policy
    lease: Lease
    alerts: AlertSettings
    web: WebSettings
    """Where people open Homeward, and how long what they were answered is kept."""
    http: aiohttp.ClientSession
    account_kept: timedelta = ACCOUNT_KEPT
    _account: Account | None = None
    _account_rests: Rest = field(init=False)
    _maps: CreditMap = NO_MAPS
    lag: IndexLag = field(default_factory=IndexLag)
    """How long Brightpearl takes to show what was written, as measured."""
    unread: tuple[datetime, str] | None = None
    """Since when, and why, what others write in Brightpearl has not been read whole; None before it is worth telling."""
    stock_tracked: dict[int, bool] = field(default_factory=dict)
    """Product id → whether Brightpearl keeps stock of it."""

    def __post_init__(self) -> None:
        self._account_rests = Rest(self.clock)

    def health(self, vendor: str) -> VendorHealth:
        """How we stand with this vendor."""
        return self.brightpearl.transport.health if vendor == BRIGHTPEARL else self.happy_returns.health

    def setting(self, name: str) -> str:
        """The full name of one of this merchant's settings."""
        return f"merchants.{self.merchant}.{name}"

    def say(self, log: logging.Logger, message: str, vendor: str, error: HomewardError, **extra: Any) -> None:
        """That something could not be read just now: loudly only where nobody has said yet that the vendor is out."""
        told = {"merchant": self.merchant, "why": str(error), **extra}
        log.log(self.health(vendor).loudness(error), message, extra=told)

    async def account(self, now: datetime) -> Account:
        """Reference data of the account, at most `account_kept` old, whatever time it is said to be."""
        if self._account is None or self._account_rests.is_over:
            self._account = await self.brightpearl.account()
            self._account_rests.begin(self.account_kept)
        return self._account

    def forget_account(self) -> None:
        """Brightpearl contradicted what we hold of it: read it again when it is next needed."""
        self._account = None

    async def maps(self) -> CreditMap:
        """The maps in force: what was last accepted, none at first. Read again when another version is accepted."""
        async with self.database.reading() as connection:
            version = await maps_store.latest_version(connection, self.merchant)
            if version == self._maps.version:
                return self._maps
            self._maps = await maps_store.in_force(connection, self.merchant)
        return self._maps

    async def warehouse_location(self, account: Account, warehouse_id: int, *, quarantine: bool) -> int | None:
        """Where goods go in a warehouse; read once per account refresh."""
        known = account.locations.get(warehouse_id)
        if known is None:
            known = (
                await self.brightpearl.location(warehouse_id, "default"),
                await self.brightpearl.location(warehouse_id, "quarantine"),
            )
            assert isinstance(account.locations, dict)
            account.locations[warehouse_id] = known
        return known[1] if quarantine and known[1] is not None else known[0]

    @asynccontextmanager
    async def writing(self, name: str) -> AsyncIterator[Connection]:
        """A transaction that commits only while the merchant is ours. Raises LeaseLostError before it begins."""
        async with self.database.transaction(name) as connection:
            self.lease.is_held = await merchant_store.hold_fence(connection, self.merchant, self.lease.fence)
            yield connection

    async def put(self, arrivals: Sequence[Arrival], cursor: str, value: Any) -> int:
        """What a look showed and how far looking has come, in one commit; how much of it was new. Raises LeaseLostError."""
        if not arrivals:
            await self.keep_cursor(cursor, value)
            return 0
        async with self.writing(cursor) as connection:
            stored = await inbox.put(connection, self.merchant, arrivals)
            await merchant_store.write_cursor(connection, self.merchant, cursor, value)
        return len(stored)

    async def keep_cursor(self, name: str, value: Any) -> None:
        """How far a loop has come, where that is all it has to store. Raises LeaseLostError."""
        async with self.database.statement(name) as connection:
            fence = self.lease.fence
            self.lease.is_held = await merchant_store.keep_cursor(connection, self.merchant, fence, name, value)


def planned(cursor: str | None, *, now: datetime, at_most: timedelta) -> timedelta:
    """How long until the moment that was written down; nothing where that lies further ahead than it can."""
    left = datetime.fromisoformat(cursor) - now if cursor else NO_TIME
    return left if NO_TIME < left <= at_most else NO_TIME


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait longer after every failure, with a cap; a pure function of the attempt."""

    first: timedelta = timedelta(seconds=2)
    cap: timedelta = timedelta(minutes=10)

    def after(self, attempt: int, *, spread: float = 0.0) -> timedelta:
        """`spread` in [0, 1) keeps many failures from coming back together."""
        grown: timedelta = self.first * (2 ** min(max(attempt - 1, 0), 16))
        return min(grown, self.cap) * (1 + spread / 4)


def spread_of(key: Any) -> float:
    """A number in [0, 1) for a key, the same in every process."""
    return (zlib.crc32(str(key).encode()) % 1000) / 1000
