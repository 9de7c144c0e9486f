"""Connections that are opened and not used, read slowly or never closed: pages and webhooks go on for everybody else."""

import asyncio
import contextlib
import hashlib
import hmac
import io
import resource
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiohttp import web
from anyio.lowlevel import checkpoint

from daemon.store.database import Database
from daemon.telemetry import Metrics
from daemon.web import connections
from daemon.web.connections import Guest, House, Limits, Serving, is_one_of, limits_within
from daemon.web.guard import client_of
from daemon.web.tls import Certificate
from tests.integration.test_attacks import SECRET
from tests.integration.test_secrets import given_certificate
from tests.samples import WEBHOOK
from tests.visitor import visitor
from tests.world import MERCHANT, World, open_world

PATIENCE_SECONDS = 30.0  # never waited for: only what would hang for ever ends by it
HALF = b"GET /sign-in HTTP/1.1\r\nHost: x\r\nX-Slow: "


@asynccontextmanager
async def half_open(
    url: str, count: int, said: bytes = HALF
) -> AsyncIterator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    """Connections that say so much and no more."""
    host, port = url.removeprefix("http://").split(":")
    opened = []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(said)
            opened.append((reader, writer))
        yield opened
    finally:
        for _, writer in opened:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closes; hangs for the test's patience when it does not."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await reader.read(65536):
                pass
    except ConnectionError:
        pass
    return True


async def until(comes_true: Callable[[], bool]) -> None:
    """As many turns of the event loop as it takes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not comes_true():
            await checkpoint()


def after(world: World, seconds: float) -> None:
    """Look at the connections as if so many seconds had passed."""
    house = world.pages.house
    by_the_loop = asyncio.get_running_loop().time
    house.now = lambda: by_the_loop() + seconds
    house.look()
    house.now = by_the_loop


async def pushed(world: World) -> int:
    body = orjson.dumps(WEBHOOK)
    headers = {"X-Hr-Signature": hmac.new(SECRET, body, hashlib.sha256).hexdigest()}
    url = f"{world.url}/webhooks/happy-returns/{MERCHANT}"
    async with aiohttp.ClientSession() as http, http.post(url, data=io.BytesIO(body), headers=headers) as reply:
        return reply.status


async def status(url: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as reply:
        return reply.status


async def test_connections_that_ask_nothing_make_room_for_whoever_does(database: Database, tmp_path: Path) -> None:
    limits = Limits(in_all=20, of_one_address=20)
    async with open_world(database, tmp_path, limits=limits) as world, half_open(world.url, 110) as opened:
        answers = [await status(f"{world.url}/healthz"), await status(f"{world.url}/sign-in"), await pushed(world)]

        assert answers == [200, 200, 200]
        assert len(world.pages.house.guests) <= limits.in_all
        assert await ended(opened[0][0])
        assert opened[-1][0].at_eof() is False


@pytest.mark.parametrize("said", [b"", HALF, b"\r\n"], ids=["nothing", "half a head", "an empty line"])
async def test_a_head_that_does_not_come_in_time_is_not_waited_for(
    said: bytes, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world, half_open(world.url, 1, said) as [(reader, writer)]:
        await status(f"{world.url}/healthz")
        after(world, connections.HEAD_SECONDS - 5)
        writer.write(b"still typing")
        await status(f"{world.url}/healthz")

        after(world, connections.HEAD_SECONDS + 5)

        assert await ended(reader)


async def test_a_connection_that_idles_is_closed_and_one_that_is_served_is_not(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        async with half_open(world.url, 1, asked) as [(idle, _)], anna.http.get(f"{world.url}/live") as live:
            first = await idle.readuntil(b"}")
            await live.content.readline()

            after(world, connections.HEAD_SECONDS + 5)
            stays = not idle.at_eof()
            after(world, max(connections.IDLE_SECONDS, connections.SERVED_SECONDS) + 5)

            assert first.startswith(b"HTTP/1.1 200")
            assert stays
            assert await ended(idle)
            assert not live.content.at_eof()


async def test_an_answer_that_nobody_takes_is_not_kept_for_ever() -> None:
    async def large(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 50_000_000)

    pages = web.Application()
    pages.router.add_get("/", large)
    site = Serving(pages, limits=Limits(10, 10), metrics=Metrics(), lingering_seconds=1)
    await site.start("127.0.0.1", 0)
    by_the_loop = site.house.now
    asked = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with half_open(f"http://127.0.0.1:{site.addresses[0][1]}", 1, asked) as [(reader, writer)]:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: any(guest.protocol and guest.protocol.left_to_take for guest in site.house.guests.values()))
        site.house.look()
        still_there = len(site.house.guests)
        site.house.now = lambda: by_the_loop() + connections.STALLED_SECONDS + 1

        site.house.look()

        writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert still_there == 1
        assert await ended(reader)
    site.house.now = by_the_loop
    await site.cleanup()


async def test_where_everybody_is_being_served_a_newcomer_is_told_so_at_once(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_world(database, tmp_path, limits=Limits(in_all=1, of_one_address=1)) as world:
        async with visitor(world) as anna, anna.http.get(f"{world.url}/live") as live:
            await live.content.readline()

            async with half_open(world.url, 1, b"") as [(reader, _)]:
                said = await reader.read()

            assert said.startswith(b"HTTP/1.1 503")
            assert said.endswith(b"Too many connections are open here.")
        assert any("every place is taken" in record.message for record in caplog.records)


async def test_live_pages_leave_room_for_everything_else(database: Database, tmp_path: Path) -> None:
    async with (
        open_world(database, tmp_path, limits=Limits(in_all=4, of_one_address=4)) as world,
        visitor(world) as anna,
        anna.http.get(f"{world.url}/live") as first,
        anna.http.get(f"{world.url}/live") as second,
    ):
        refused, _ = await anna.get("/live")

        assert (first.status, second.status, refused) == (200, 200, 503)
        assert await status(f"{world.url}/healthz") == 200


async def test_a_client_behind_a_proxy_is_bounded_and_the_proxy_is_not(database: Database, tmp_path: Path) -> None:
    told = 'forwarded_by = ["127.0.0.1"]'
    async with open_world(database, tmp_path, web_config=told, limits=Limits(20, 1, ("127.0.0.1",))) as world:
        one, other = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "198.51.100.2, 203.0.113.8"}
        async with visitor(world) as anna, anna.http.get(f"{world.url}/live", headers=one) as live:
            await live.content.readline()

            answers = [await status(f"{world.url}/healthz", **each) for each in (one, other, other, {})]

        assert answers == [429, 200, 200, 200]


def test_a_client_is_the_last_hop_that_is_no_proxy_of_ours() -> None:
    proxies = ("10.0.0.0/8", "::1")

    assert client_of("203.0.113.9", ["1.2.3.4"], proxies) == "203.0.113.9"
    assert client_of("10.0.0.2", ["1.2.3.4, 203.0.113.7", "10.1.1.1"], proxies) == "203.0.113.7"
    assert client_of("10.0.0.2", [], proxies) == "10.0.0.2"
    assert client_of("10.0.0.2", [", ,"], proxies) == "10.0.0.2"
    assert is_one_of("::ffff:10.1.2.3", proxies)
    assert not is_one_of("no address", proxies)


def test_one_address_takes_its_own_places_and_nobody_elses() -> None:
    house = House(Limits(in_all=10, of_one_address=3), Metrics(), lambda: 0.0)
    ends: list[socket.socket] = []
    for number, address in enumerate(("203.0.113.7",) * 5 + ("203.0.113.8",)):
        near, far = socket.socketpair()
        assert house.room_for(address)
        guest = Guest(house, far, address, float(number))
        ends += [near, guest]
        house.guests[guest.number] = guest

    kept = [(guest.address, guest.came_at) for guest in house.guests.values()]

    assert kept == [("203.0.113.7", 2.0), ("203.0.113.7", 3.0), ("203.0.113.7", 4.0), ("203.0.113.8", 5.0)]
    for each in ends:
        each.close()
    assert house.guests == {}


async def test_a_handshake_that_is_never_finished_is_not_waited_for(tmp_path: Path) -> None:
    certificate = Certificate(*given_certificate(tmp_path, "homeward"))
    site = Serving(web.Application(), limits=Limits(10, 10), metrics=Metrics(), lingering_seconds=1)
    await site.start("127.0.0.1", 0, context=certificate.context)
    by_the_loop = site.house.now
    async with half_open(f"http://127.0.0.1:{site.addresses[0][1]}", 2, b"") as [(reader, _), _]:
        await until(lambda: len(site.house.guests) == 2)
        site.house.now = lambda: by_the_loop() + connections.HEAD_SECONDS + 1

        site.house.look()

        assert await ended(reader)
    site.house.now = by_the_loop
    await site.cleanup()


def test_as_many_connections_as_leave_descriptors_for_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    ample = limits_within(65_536, wanted=2000, of_one_address=200, kept=166, proxies=())
    scarce = limits_within(1024, wanted=2000, of_one_address=200, kept=166, proxies=())
    none = limits_within(100, wanted=2000, of_one_address=200, kept=166, proxies=())

    assert (ample.in_all, scarce.in_all, none.in_all) == (2000, 643, 16)
    assert none.of_one_address == 16
    assert [record.message for record in caplog.records] == [caplog.records[0].message] * 2


def test_the_process_takes_the_descriptors_it_may_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))

        assert connections.raise_descriptor_limit() == min(hard, connections.LIMIT_WANTED)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
