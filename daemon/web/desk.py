"""What every page and endpoint works with."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
from aiohttp import web

from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.happy_returns import HappyReturnsClient
from daemon.clock import Clock
from daemon.settings import Settings
from daemon.store.database import Database
from daemon.telemetry import Telemetry
from daemon.web.access.door import Door
from daemon.web.access.openid import OpenId
from daemon.web.access.roles import Person
from daemon.web.figures import Figures
from daemon.web.pulse import Pulse
from daemon.web.watched import Watched


@dataclass(frozen=True, slots=True)
class Vendors:
    """One merchant's two vendors."""

    brightpearl: BrightpearlClient
    happy_returns: HappyReturnsClient


@dataclass(slots=True)
class Desk:
    """Everything the pages and the API share; one a daemon."""

    settings: Settings
    database: Database
    clock: Clock
    telemetry: Telemetry
    http: aiohttp.ClientSession
    open_vendors: Callable[[str], AbstractAsyncContextManager[Vendors]]
    """A merchant's vendors for reading: those its loops use where this daemon works it, so that the quota is one."""
    stir: Callable[[str], None]
    """Tell the merchant's loops that something lies in the database."""
    held: Callable[[], set[str]]
    """The merchants this daemon works just now."""
    is_kept_apart: bool = True
    """Whether the database keeps the rows of merchants apart for whoever asks, whatever a page asks for."""
    devices: Clock | None = None
    """What people's own devices go by, where that is not `clock`: a sandbox moves the one and not the other."""
    door: Door = field(init=False)
    openid: OpenId | None = field(init=False, default=None)
    figures: Figures = field(init=False)
    pulse: Pulse = field(init=False)
    watched: Watched = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(self.database, self.settings)
        self.figures = Figures(self.database, self.clock, self.settings)
        self.pulse = Pulse(self.database, sorted(self.settings.merchants))
        self.watched = Watched(self.database, self.clock, self.telemetry, sorted(self.settings.merchants), self.held)
        told = self.settings.web
        if told.openid is not None:
            base = (told.url or f"http://{told.listen}").rstrip("/")
            self.openid = OpenId(
                told.openid, database=self.database, http=self.http, redirect_uri=f"{base}/sign-in/openid/answer"
            )

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def device_now(self) -> datetime:
        return (self.devices or self.clock).now()


DESK = web.AppKey("desk", Desk)
PERSON = web.RequestKey("person", Person)
MARK = web.RequestKey("mark", int)
"""How much had happened when the request came: what its page shows is at least as new."""
