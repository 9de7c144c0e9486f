"""Putting it together: only here are clients, pools and clocks built."""

import logging
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version as installed

import aiohttp
import anyio
import orjson
from aiohttp import web

from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.happy_returns import HappyReturnsClient
from daemon.clients.sending import watched
from daemon.clock import Clock, SteadyClock, SystemClock
from daemon.crash import CrashPoints
from daemon.errors import HomewardError, SettingsError
from daemon.log_repeats import Repeats
from daemon.loops.monitor import Monitor
from daemon.loops.runner import DOUBT_SECONDS, LOOK_SECONDS, Runner
from daemon.loops.workplace import Lease, Workplace
from daemon.opening import PAGES_FIX, build_clock, open_for_pages, open_installed
from daemon.service_manager import keep_awake, notify, passed_socket
from daemon.settings import Settings
from daemon.settings_section import SecretFile
from daemon.store import merchant as merchant_store
from daemon.store.database import DISCONNECTED, SCHEMA_VERSION, Database
from daemon.store.sealed import SealedTokens
from daemon.store.written import WrittenRows
from daemon.telemetry import Telemetry
from daemon.timekeeping import Timekeeper
from daemon.web import server
from daemon.web.connections import Limits, Serving, limits_within, raise_descriptor_limit
from daemon.web.desk import Desk, Vendors
from daemon.web.tls import Certificate, certificate_of
from daemon.web.webhooks import Receiver

log = logging.getLogger(__name__)

VENDOR_CONNECTIONS = 50
OTHER_DESCRIPTORS = 100  # files, the event loop, exports of telemetry, mail
LINGERING_SECONDS = 2.0  # how long the rest of a body is taken in that was refused
MOVED_LOOK_SECONDS = 0.05  # with a moved clock time may jump at any moment: look more often


def new_http_session(crash: CrashPoints | None = None) -> aiohttp.ClientSession:
    """Shared by all clients: bounded connections, no cookies, no redirects followed with our keys in hand."""
    connector = aiohttp.TCPConnector(limit=VENDOR_CONNECTIONS, limit_per_host=10)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        json_serialize=_dumps,
        headers={"User-Agent": "homeward"},
        trace_configs=[watched(crash or CrashPoints())],
    )


def _dumps(value: object) -> str:
    return orjson.dumps(value, default=str).decode()


@dataclass(frozen=True, slots=True)
class Clients:
    """One merchant's two vendors."""

    happy_returns: HappyReturnsClient
    brightpearl: BrightpearlClient


def build_clients(
    settings: Settings, merchant: str, *, clock: Clock, telemetry: Telemetry, http: aiohttp.ClientSession,
    lease: Lease | None = None, database: Database | None = None,
) -> Clients:  # fmt: skip
    """Tokens that change by themselves are kept in the database, where there is one and a key to seal them with.

    Raises SettingsError for an unreadable secret.
    """
    told = settings.merchants[merchant]
    oauth, key_file = told.brightpearl.oauth, settings.secrets.key_file
    tokens = None
    if oauth is not None and key_file is not None and database is not None:
        tokens = SealedTokens(database, clock, merchant, key_file=key_file, seed_file=oauth.refresh_token_file)
    may_write = (lease or Lease(merchant)).check
    return Clients(
        HappyReturnsClient(
            http, told.happy_returns, merchant=merchant, clock=clock, telemetry=telemetry, may_write=may_write
        ),
        BrightpearlClient(
            http, told.brightpearl, merchant=merchant, clock=clock, telemetry=telemetry, may_write=may_write,
            tokens=tokens, written=WrittenRows(database, merchant) if database is not None else None,
        ),
    )  # fmt: skip


@asynccontextmanager
async def open_clients(
    settings: Settings, merchant: str, *, clock: Clock, database: Database | None = None
) -> AsyncIterator[Clients]:
    """One merchant's vendors for a command: read only, no spans."""
    async with new_http_session() as http:
        telemetry = Telemetry(otlp_endpoint=None)
        yield build_clients(settings, merchant, clock=clock, telemetry=telemetry, http=http, database=database)


def build_workplace(
    settings: Settings,
    merchant: str,
    *,
    database: Database,
    clock: Clock,
    telemetry: Telemetry,
    http: aiohttp.ClientSession,
    lease: Lease | None = None,
) -> Workplace:
    """Everything the loops of one merchant work with; without a lease, for reading only.

    Raises SettingsError for an unreadable secret.
    """
    lease = lease or Lease(merchant)
    clients = build_clients(
        settings, merchant, clock=clock, telemetry=telemetry, http=http, lease=lease, database=database
    )
    told = settings.merchants[merchant]
    return Workplace(
        merchant=merchant,
        settings=told,
        database=database,
        clock=clock,
        telemetry=telemetry,
        happy_returns=clients.happy_returns,
        brightpearl=clients.brightpearl,
        policy=told.machine_policy(),
        lease=lease,
        alerts=settings.alerts_of(merchant),
        web=settings.web,
        http=http,
    )


def _owner(settings: Settings) -> str:
    """Unique to this process: a fence is kept only by the very same holder."""
    return f"{settings.name or socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _receivers(settings: Settings) -> dict[str, Receiver]:
    receivers = {}
    for merchant, configured in settings.merchants.items():
        path = configured.happy_returns.webhook_secret_file
        receivers[merchant] = Receiver(configured, SecretFile(path) if path else None)
    return receivers


def _index_lag_seconds(settings: Settings) -> float:
    """How long Brightpearl's search may not show what was just made."""
    return max(max(told.brightpearl.search_lag_seconds, default=0) for told in settings.merchants.values())


async def run(settings: Settings, *, observe: bool = False, repeats: Repeats | None = None) -> None:
    """The daemon in the foreground, until SIGTERM or SIGINT. `observe`: nothing leaves for any vendor."""
    if not settings.merchants:
        raise SettingsError("merchants: none is configured; there is nothing to run")
    clock = build_clock(settings, stays=True)
    telemetry = Telemetry(otlp_endpoint=settings.telemetry.otlp_endpoint)
    telemetry.metrics.build.labels(installed("homeward"), str(SCHEMA_VERSION)).set(1)
    receivers = _receivers(settings)
    crash = CrashPoints.from_environment()
    try:
        async with (
            open_installed(settings, crash) as database,
            open_for_pages(settings, database) as for_pages,
            new_http_session(crash) as http,
        ):
            if for_pages.exposed:
                log.error(
                    "pages and API run as a role that sees the rows of every merchant, whoever asks",
                    extra={"why": for_pages.exposed, "fix": PAGES_FIX},
                )
            async with database.reading() as connection:
                await merchant_store.ensure(connection, sorted(settings.merchants))
            workplaces: dict[str, Workplace] = {}

            def open_workplace(lease: Lease) -> Workplace:
                workplaces[lease.merchant] = build_workplace(
                    settings,
                    lease.merchant,
                    database=database,
                    clock=clock,
                    telemetry=telemetry,
                    http=http,
                    lease=lease,
                )
                return workplaces[lease.merchant]

            runner = Runner(
                database=database,
                clock=clock,
                telemetry=telemetry,
                owner=_owner(settings),
                merchants=sorted(settings.merchants),
                open_workplace=open_workplace,
                look_seconds=MOVED_LOOK_SECONDS if settings.clock.file else LOOK_SECONDS,
                doubt_seconds=DOUBT_SECONDS + _index_lag_seconds(settings),
                observes=frozenset(name for name, told in settings.merchants.items() if observe or told.observe),
            )
            monitor = Monitor(
                database=database, settings=settings, clock=clock, telemetry=telemetry, http=http,
                troubles=runner.troubles, no_writes=lambda: runner.no_writes,
            )  # fmt: skip
            desk = Desk(
                settings=settings, database=for_pages.database, clock=clock, telemetry=telemetry, http=http,
                open_vendors=lambda merchant: _vendors(settings, merchant, workplaces, clock, telemetry, http, database),
                stir=runner.stir, held=runner.held, is_kept_apart=not for_pages.exposed,
                devices=SystemClock() if settings.clock.file else None,
            )  # fmt: skip
            limits = _limits(settings)
            pages = server.build(desk, receivers=receivers, unready=runner.unready, limits=limits)
            certificate = certificate_of(settings.web)
            site = await _serve(pages, settings, certificate, limits=limits, telemetry=telemetry)
            notify("READY=1")
            log.info("homeward is running", extra={"listen": settings.web.listen, "merchants": len(settings.merchants)})
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(_stop_on_signal, runner)
                    group.start_soon(desk.pulse.run)
                    group.start_soon(monitor.run)
                    group.start_soon(keep_awake, runner)
                    if isinstance(clock, SteadyClock):
                        keeper = Timekeeper(
                            clock, database, telemetry.metrics, held=runner.held, tell_doubt=runner.doubt_the_clock,
                            ask=lambda: _ask_the_time(workplaces),
                        )  # fmt: skip
                        group.start_soon(keeper.run)
                    if repeats is not None:
                        group.start_soon(repeats.keep_looking)
                    if certificate is not None:
                        group.start_soon(certificate.keep_fresh)
                    if settings.telemetry.otlp_endpoint:
                        group.start_soon(desk.watched.keep_fresh)
                    await runner.run()
                    group.cancel_scope.cancel()
            finally:
                notify("STOPPING=1")
                with anyio.move_on_after(2, shield=True):
                    await site.cleanup()
    finally:
        with anyio.move_on_after(3, shield=True):
            await anyio.to_thread.run_sync(telemetry.close, abandon_on_cancel=True)
    log.info("homeward has stopped")


async def _ask_the_time(workplaces: dict[str, Workplace]) -> None:
    """Have both vendors of some merchant answer: their answers carry the time."""
    for at in list(workplaces.values())[:1]:
        for question in (at.happy_returns.check, at.brightpearl.locked_until):
            with suppress(HomewardError, *DISCONNECTED):
                await question()


@asynccontextmanager
async def _vendors(
    settings: Settings, merchant: str, workplaces: dict[str, Workplace], clock: Clock, telemetry: Telemetry,
    http: aiohttp.ClientSession, database: Database,
) -> AsyncIterator[Vendors]:  # fmt: skip
    """For the pages to read with: the very clients the loops use, so that one quota is counted once."""
    at = workplaces.get(merchant)
    if at is not None:
        yield Vendors(at.brightpearl, at.happy_returns)
        return
    clients = build_clients(settings, merchant, clock=clock, telemetry=telemetry, http=http, database=database)
    yield Vendors(clients.brightpearl, clients.happy_returns)


def _limits(settings: Settings) -> Limits:
    """Connections within what the system gives this process, less what database, vendors and files need."""
    told = settings.web
    return limits_within(
        raise_descriptor_limit(), wanted=told.connections_max, of_one_address=told.connections_per_address,
        kept=2 * settings.database.pool_max + VENDOR_CONNECTIONS + OTHER_DESCRIPTORS, proxies=told.proxies,
    )  # fmt: skip


async def _serve(
    pages: web.Application, settings: Settings, certificate: Certificate | None, *, limits: Limits, telemetry: Telemetry
) -> Serving:
    site = Serving(pages, limits=limits, metrics=telemetry.metrics, lingering_seconds=LINGERING_SECONDS)
    try:
        await site.start(
            settings.web.host, settings.web.port, context=certificate.context if certificate is not None else None,
            passed=passed_socket(),
        )  # fmt: skip
    except OSError as error:
        await site.cleanup()
        raise SettingsError(f"web.listen: cannot listen on {settings.web.listen}: {error.strerror}") from error
    return site


async def _stop_on_signal(runner: Runner) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("stopping", extra={"signal": signal.Signals(number).name})
            runner.stop()
