"""Who may hold a connection to the web server: so many in all and of one address, and nobody who keeps us waiting.

A connection owes us something while its TLS handshake, its request's head or its body is not complete, or while it idles.
When there is no room, whoever has owed us something for the longest makes room for who comes; only where all are being
served is a newcomer sent away. So connections that were opened and never used cost nobody else theirs, however many.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import resource
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from daemon.telemetry import Metrics

log = logging.getLogger(__name__)

HEAD_SECONDS = 10.0
"""A TLS handshake, or the head of a request from the first byte on, that takes longer is not waited for; nor is a new
connection that says nothing."""
IDLE_SECONDS = 75.0  # between two requests; longer than proxies keep theirs, so that none sends into a closed one
STALLED_SECONDS = 30.0  # an answer of which not one byte is taken for so long
SERVED_SECONDS = 600.0  # a request with its answer, taken as slowly as somebody likes; live pages aside
ANSWER_READ_SECONDS = 0.5  # for a refusal to arrive before the connection closes on a body that nobody reads
LOOK_SECONDS = 1.0
BACKLOG = 128  # waiting to be accepted, and accepted at one go
LIMIT_WANTED = 65_536  # descriptors; what the process may have is raised to it where the system allows
LIMIT_LEAST = 16
_OUT_OF = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 35\r\nRetry-After: 5\r\n"
    b"Connection: close\r\n\r\nToo many connections are open here."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections there may be; those of `proxies` count together only, since many people come by one of them."""

    in_all: int
    of_one_address: int
    proxies: tuple[str, ...] = ()

    @property
    def live_pages(self) -> int:
        """Streams that stay open: never so many that nobody else comes in."""
        return max(self.in_all // 2, 1)


def limits_within(descriptors: int, *, wanted: int, of_one_address: int, kept: int, proxies: Iterable[str]) -> Limits:
    """As many connections as are wanted, and no more than three quarters of the descriptors that nothing else needs.

    `kept`: for the database, the vendors and files.
    """
    most = max(min(wanted, (descriptors - kept) * 3 // 4), LIMIT_LEAST)
    if most < wanted:
        log.warning(
            "fewer connections are taken than configured: the system gives this process too few descriptors",
            extra={"connections": most, "wanted": wanted, "descriptors": descriptors, "kept": kept},
        )
    return Limits(most, min(of_one_address, most), tuple(proxies))


def raise_descriptor_limit() -> int:
    """Take as many descriptors as the system lets this process have, within reason; answer how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = LIMIT_WANTED if hard == resource.RLIM_INFINITY else min(hard, LIMIT_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return LIMIT_WANTED if soft == resource.RLIM_INFINITY else soft


@lru_cache(maxsize=4096)
def is_one_of(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of some networks."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(known, "ipv4_mapped", None)
    return any((mapped or known) in ipaddress.ip_network(each, strict=False) for each in networks)


class Owes(IntEnum):
    """What a connection lets us wait for; who owes the first of these leaves first."""

    HEAD = 0  # a handshake, or a request that never came, or not whole
    REQUEST = 1  # it idles
    BODY = 2


class Guest(socket.socket):
    """One accepted connection, for as long as it holds its descriptor."""

    def __init__(self, house: "House", taken: socket.socket, address: str, at: float) -> None:
        super().__init__(fileno=taken.detach())
        self.number = self.fileno()
        self.address, self.came_at = address, at
        self.protocol: Connection | None = None
        """None while a TLS handshake is not complete."""
        self._house = house

    def close(self) -> None:
        super().close()
        self._house.has_left(self)

    def owes(self) -> "Owes | None":
        return Owes.HEAD if self.protocol is None else self.protocol.owes()

    def put_out(self) -> None:
        """Close it at once, whatever state it is in."""
        if self.protocol is not None:
            self.protocol.put_out()
        else:
            with contextlib.suppress(OSError):
                self.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class House:
    """All connections of one web server."""

    limits: Limits
    metrics: Metrics
    now: Callable[[], float]
    """Of the event loop."""
    guests: dict[int, Guest] = field(default_factory=dict)
    """By the number of their descriptor, in the order they came."""

    def has_left(self, guest: Guest) -> None:
        if self.guests.get(guest.number) is guest:
            del self.guests[guest.number]

    def room_for(self, address: str) -> bool:
        """Whether one more of this address may come in; whoever keeps us waiting leaves for it."""
        if not self._is_proxy(address):
            own = [guest for guest in self.guests.values() if guest.address == address]
            if len(own) >= self.limits.of_one_address and not self._one_leaves(own):
                return False
        return len(self.guests) < self.limits.in_all or self._one_leaves(self.guests.values())

    def _is_proxy(self, address: str) -> bool:
        return is_one_of(address, ("127.0.0.0/8", "::1", *self.limits.proxies))

    def _one_leaves(self, guests: Iterable[Guest]) -> bool:
        owing: dict[int, Guest] = {}
        for guest in guests:
            kind = guest.owes()
            if kind is not None:
                owing.setdefault(kind, guest)
            if kind is Owes.HEAD:
                break
        if not owing:
            return False
        self.put_out(owing[min(owing)], "room")
        return True

    def put_out(self, guest: Guest, why: str) -> None:
        self.has_left(guest)
        self.metrics.connections_closed.labels(why).inc()
        guest.put_out()

    def refuse(self, connection: socket.socket, address: str, *, in_words: bool) -> None:
        """Say so, where that takes no waiting, and close."""
        self.metrics.connections_closed.labels("full").inc()
        log.warning("connection refused: every place is taken", extra={"connections": len(self.guests)})
        if in_words:
            with contextlib.suppress(OSError):
                connection.setblocking(False)
                connection.send(_FULL)
        connection.close()

    def look(self) -> None:
        """Close what took too long."""
        now = self.now()
        for guest in tuple(self.guests.values()):
            if why := self._overdue(guest, now):
                self.put_out(guest, why)
        self.metrics.connections.set(len(self.guests))

    def _overdue(self, guest: Guest, now: float) -> str:
        if guest.protocol is None:
            return "slow" if now - guest.came_at > HEAD_SECONDS else ""
        return guest.protocol.overdue(now)


class Door(socket.socket):
    """A listening socket that lets in who has a place."""

    def __init__(self, house: House, listening: socket.socket, *, speaks_tls: bool) -> None:
        super().__init__(fileno=listening.detach())
        self.setblocking(False)
        self._house, self._speaks_tls, self._is_out = house, speaks_tls, False

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that has a place. Raises OSError as a socket does; out of descriptors, once for each pause."""
        while True:
            try:
                connection, address = super().accept()
            except OSError as error:
                if error.errno not in _OUT_OF:
                    raise
                self._is_out = not self._is_out
                if self._is_out:  # the event loop tells of it, and listens again in a second
                    raise
                raise BlockingIOError(errno.EAGAIN, "nothing is taken for a moment") from error
            self._is_out = False
            host = str(address[0]) if isinstance(address, tuple) else ""
            if not self._house.room_for(host):
                self._house.refuse(connection, host, in_words=not self._speaks_tls)
                continue
            guest = Guest(self._house, connection, host, self._house.now())
            self._house.guests[guest.number] = guest
            return guest, address


class Connection(RequestHandler):
    """One connection's requests, with what is to be known of its pace."""

    def __init__(self, manager: web.Server, *, house: House, **options: Any) -> None:
        super().__init__(manager, **options)
        self._house = house
        self._began_at: float | None = None
        """When the first byte of a head came that is not complete."""
        self._idle_at = self._came_at = house.now()
        self._requests = 0
        self._served_at: float | None = None
        """When the request in hand began to be served; None where it is to stay open."""
        self._left: tuple[int, float] | None = None
        """Bytes of an answer that are not taken, and since when none was."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        number = transport.get_extra_info("socket").fileno()
        if number in self._house.guests:
            self._house.guests[number].protocol = self
        self._idle_at = self._came_at = self._house.now()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._waits_for_head:
            self._began_at = self._began_at or self._house.now()
        else:
            self._began_at = None

    @property
    def _waits_for_head(self) -> bool:
        return not self._messages and not self._request_in_progress

    async def _handle_request(self, *request: Any) -> Any:
        self._requests, self._began_at, self._served_at = self._requests + 1, None, self._house.now()
        try:
            return await super()._handle_request(*request)
        finally:
            self._idle_at, self._began_at = self._house.now(), None

    def stays_open(self) -> None:
        """The request in hand is a stream: it lasts as long as somebody takes what is written."""
        self._served_at = None

    def owes(self) -> Owes | None:
        """None: it waits for us."""
        if self._waits_for_head:
            return Owes.REQUEST if self._requests and self._began_at is None else Owes.HEAD
        request = self._current_request
        return Owes.BODY if request is not None and not request.content.is_eof() else None

    def overdue(self, now: float) -> str:
        """Why it is to be closed; empty while it is in time."""
        if self._waits_for_head:
            if self._began_at is not None or not self._requests:
                return "slow" if now - (self._began_at or self._came_at) > HEAD_SECONDS else ""
            return "idle" if now - self._idle_at > IDLE_SECONDS else ""
        is_late = self._served_at is not None and now - self._served_at > SERVED_SECONDS
        return "stalled" if self._is_stalled(now) or is_late else ""

    @property
    def left_to_take(self) -> int:
        """Bytes of an answer that wait for whoever asked."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def _is_stalled(self, now: float) -> bool:
        left = self.left_to_take
        if not left:
            self._left = None
            return False
        before, since = self._left or (left + 1, now)
        self._left = left, now if left < before else since
        return now - self._left[1] > STALLED_SECONDS

    def put_out(self) -> None:
        transport = self.transport
        self.force_close()
        if transport is not None:  # its close waits until everything is taken
            transport.abort()

    def leave_the_rest(self) -> None:
        """Take in no more of the request's body, and close a moment after the answer, so that it can be read."""
        self._lingering_time = min(self._lingering_time, ANSWER_READ_SECONDS)
        if self.transport is not None:
            self.transport.pause_reading()


class _Server(web.Server):
    """Makes a `Connection` of everybody who was let in."""

    def __init__(self, made: web.Server, house: House) -> None:
        super().__init__(
            made.request_handler, request_factory=made.request_factory, handler_cancellation=made.handler_cancellation,
            **made._kwargs,
        )  # fmt: skip
        self._house = house

    def __call__(self) -> RequestHandler:
        return Connection(self, house=self._house, loop=self._loop, **self._kwargs)


class Serving(web.AppRunner):
    """An application served within limits: `start` binds, `cleanup` ends."""

    def __init__(self, pages: web.Application, *, limits: Limits, metrics: Metrics, lingering_seconds: float) -> None:
        super().__init__(
            pages, access_log=None, handle_signals=False, lingering_time=lingering_seconds,
            keepalive_timeout=IDLE_SECONDS,
        )  # fmt: skip
        self.house = House(limits, metrics, asyncio.get_running_loop().time)
        self._looking: asyncio.TimerHandle | None = None

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self.house)

    async def start(self, host: str, port: int, *, context: Any = None, passed: socket.socket | None = None) -> None:
        """Raises OSError when the address cannot be listened on. `passed`: a socket that listens already."""
        await self.setup()
        for listening in [passed] if passed is not None else await _listening(host, port):
            door = Door(self.house, listening, speaks_tls=context is not None)
            await web.SockSite(self, door, ssl_context=context, backlog=BACKLOG).start()
        self._look()

    def _look(self) -> None:
        self.house.look()
        self._looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    async def cleanup(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        await super().cleanup()


async def _listening(host: str, port: int) -> list[socket.socket]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listening = socket.socket(family, kind, protocol)
            sockets.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets
