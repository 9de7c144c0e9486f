"""`homeward doctor`: is everything there that a working daemon needs? Each failed line carries its fix."""

import os
import socket
import stat
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio

from daemon import app as application
from daemon import opening
from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.brightpearl_wire import Account
from daemon.clients.happy_returns import HappyReturnsClient
from daemon.console import doctor_tenants
from daemon.console.finding import Finding
from daemon.console.output import Format, emit_list, errors
from daemon.console.session import FAILED, ConfigOption, OutputOption
from daemon.errors import (
    DatabaseUnusableError,
    HomewardError,
    MalformedPayloadError,
    NotPermittedError,
    RejectedError,
    SettingsError,
    TransientError,
)
from daemon.health.signals import Signal, troubles
from daemon.loops.index_lag import KINDS, IndexLag
from daemon.loops.measure_lag import CURSOR as INDEX_LAG
from daemon.maps import read_map
from daemon.settings import Settings, config_path, load
from daemon.settings_merchant import MerchantSettings, PolicySettings
from daemon.settings_section import read_secret
from daemon.store import health as health_store
from daemon.store import maps as maps_store
from daemon.store import merchant as merchant_store
from daemon.store.database import SCHEMA_VERSION
from daemon.telemetry import Telemetry

CLOCK_SKEW_MAX = timedelta(seconds=60)


async def examine(path: Path) -> list[Finding]:
    """Every check that can still be made; a fault in one hides as few others as possible."""
    try:
        settings = load(path)
    except SettingsError as error:
        return [Finding("settings", False, str(error), "correct the file; the README lists every key")]
    findings = [Finding("settings", True, f"{path}: {len(settings.merchants)} merchant(s)")]
    if not settings.merchants:
        findings.append(Finding("merchants", False, "none is configured", "add a [merchants.NAME] table"))
    findings += [_state_dir(settings), _listen(settings), _alerts(settings)]
    in_force = await _maps_in_force(settings)
    for name, merchant in settings.merchants.items():
        findings += _secrets(name, merchant)
        findings += _map_file(name, merchant, in_force.get(name))
    findings += [*doctor_tenants.of_vendors(settings), *doctor_tenants.of_teams(settings)]
    findings += await _database(settings)
    findings += await _health(settings)
    lags = await _index_lags(settings)
    for name, merchant in settings.merchants.items():
        findings += await _vendors(settings, name)
        findings += [_index_lag(name, merchant, lags.get(name))]
    return findings


def _alerts(settings: Settings) -> Finding:
    """Whether anybody hears of what is wrong. Whether it arrives: `homeward alert test TEAM`."""
    fix = "set alerts.teams.operations (email, slack_url_file or webhook_url), then: homeward alert test operations"
    reached = settings.alerts.reached
    if not reached:
        return Finding(
            "alerts", True, "nobody is told of anything: what is wrong stands in the log and on pages alone", fix
        )
    if "operations" not in reached:
        others = ", ".join(reached)
        return Finding("alerts", False, f"operations are not reached; {others} would be told in their place", fix)
    by_mail = any(team.email for team in settings.alerts.teams.values())
    if by_mail and settings.alerts.smtp is None:
        return Finding("alerts", False, "teams are to be told by e-mail, and no mail server is set", "set alerts.smtp")
    return Finding("alerts", True, f"{', '.join(reached)} are told")


async def _health(settings: Settings) -> list[Finding]:
    """What the daemons have stored of how things stand; nothing where the database cannot be asked."""
    names = sorted(settings.merchants)
    try:
        async with opening.open_database(settings) as database:
            if await database.version() != SCHEMA_VERSION:
                return []
            async with database.reading() as connection:
                signals = await health_store.read(connection, names)
    except (DatabaseUnusableError, HomewardError):
        return []
    findings = [
        Finding(
            f"{each.merchant or 'installation'}: {each.subject}", False,
            f"{each.status} since {each.since:%Y-%m-%d %H:%M} UTC: {each.why}", _fix_of(each),
        )
        for each in troubles(signals)
    ]  # fmt: skip
    return findings or [Finding("health", True, "no daemon has stored a trouble")]


def _fix_of(signal: Signal) -> str:
    kind = signal.kind
    where = f" ({signal.setting}: {signal.file})" if signal.file else ""
    return f"{kind.do}{where} See: homeward help {kind.runbook}" if kind is not None else ""


def _state_dir(settings: Settings) -> Finding:
    folder = Path(settings.state_dir)
    probe = folder
    while not probe.exists():
        probe = probe.parent
    fix = f"give the account that runs homeward write access to {probe}, or set state_dir"
    if not probe.is_dir() or not os.access(probe, os.W_OK):
        return Finding("state directory", False, f"{folder} cannot be written", fix)
    return Finding("state directory", True, str(folder))


def _listen(settings: Settings) -> Finding:
    """Whether the address can be had, or is already served by us."""
    family = socket.AF_INET6 if ":" in settings.web.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.web.host, settings.web.port))
        except OSError as error:
            if _serves_homeward(settings):
                return Finding("web address", True, f"{settings.web.listen}: homeward is running there")
            fix = "stop the other program, or set web.listen to a free address of this machine"
            return Finding("web address", False, f"{settings.web.listen}: {error.strerror}", fix)
    return Finding("web address", True, f"{settings.web.listen} is free")


def _serves_homeward(settings: Settings) -> bool:
    request = f"GET /healthz HTTP/1.0\r\nHost: {settings.web.host}\r\n\r\n"
    try:
        with socket.create_connection((settings.web.host, settings.web.port), timeout=2) as probe:
            probe.sendall(request.encode())
            return b"alive" in probe.recv(4096)
    except OSError:
        return False


def _secrets(name: str, merchant: MerchantSettings) -> list[Finding]:
    told = merchant.brightpearl
    paths: dict[str, Path | None] = {
        "happy_returns.api_key_file": merchant.happy_returns.api_key_file,
        "happy_returns.webhook_secret_file": merchant.happy_returns.webhook_secret_file,
        "brightpearl.account_token_file": told.account_token_file,
        "brightpearl.staff_token_file": told.staff_token_file,
    }
    if told.oauth is not None:
        paths["brightpearl.oauth.refresh_token_file"] = told.oauth.refresh_token_file
        paths["brightpearl.oauth.client_secret_file"] = told.oauth.client_secret_file
    findings = []
    for key, path in paths.items():
        if path is None:
            continue
        check = f"{name}: {key}"
        try:
            read_secret(path)
        except SettingsError as error:
            findings.append(Finding(check, False, str(error), f"write the secret to {path}, mode 0600"))
            continue
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not _is_credential(path):
            findings.append(Finding(check, False, f"{path}: others can read it", f"chmod 600 {path}"))
        else:
            findings.append(Finding(check, True, "readable, private"))
    if merchant.happy_returns.webhook_secret_file is None:
        fix = "to hear of them at once, set happy_returns.webhook_secret_file"
        findings.append(Finding(f"{name}: webhooks", True, "no secret: returns are found by polling alone", fix))
    return findings


def _is_credential(path: Path) -> bool:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(credentials) and Path(str(credentials)) in path.parents


async def _maps_in_force(settings: Settings) -> dict[str, str]:
    """Merchant → version of the accepted maps, empty where none is; nothing where the database cannot be asked."""
    try:
        async with opening.open_database(settings) as database:
            if await database.version() != SCHEMA_VERSION:
                return {}
            async with database.reading() as connection:
                return {name: await maps_store.latest_version(connection, name) for name in settings.merchants}
    except (DatabaseUnusableError, HomewardError):
        return {}


async def _index_lags(settings: Settings) -> dict[str, IndexLag]:
    """Merchant → the lag of Brightpearl's search index, as measured; nothing where the database cannot be asked."""
    lags: dict[str, IndexLag] = {}
    try:
        async with opening.open_database(settings) as database:
            if await database.version() != SCHEMA_VERSION:
                return {}
            async with database.reading() as connection:
                for name in settings.merchants:
                    lags[name] = IndexLag()
                    lags[name].restore(await merchant_store.read_cursor(connection, name, INDEX_LAG) or {})
    except (DatabaseUnusableError, HomewardError):
        return {}
    return lags


def _index_lag(name: str, merchant: MerchantSettings, lag: IndexLag | None) -> Finding:
    """How long a lost write is looked for, and whether it may then be sent again."""
    check, settings = f"{name}: search index", merchant.brightpearl
    if lag is None:
        return Finding(check, True, "not measured: the database cannot be asked")
    figures = []
    for kind in KINDS:
        p99, minutes = lag.p99(kind), lag.patience(kind, settings).total_seconds() / 60
        count = len(lag.samples[kind])
        seen = f"shown after {p99.total_seconds():.1f} s (p99 of {count})" if p99 is not None else f"{count} measured"
        figures.append(f"{kind}: {seen}, a lost one is looked for {minutes:.1f} min")
    held = (
        ", ".join(settings.keys_held)
        if settings.keys_held is not None
        else "goods-in; credit where an instance id is sent"
    )
    return Finding(check, True, f"{'; '.join(figures)}; then sent again only under keys held: {held or 'none'}")


def _map_file(name: str, merchant: MerchantSettings, in_force: str | None) -> list[Finding]:
    if merchant.map_file is None:
        return []
    check = f"{name}: map_file"
    try:
        found = read_map(merchant.map_file)
    except SettingsError as error:
        return [
            Finding(check, False, str(error), "correct the file; homeward map lint checks it against the account too")
        ]
    if in_force == found.version:
        return [Finding(check, True, f"version {found.version} is in force")]
    other = (
        "none is in force, credits are made without"
        if in_force == ""
        else f"{in_force} is in force"
        if in_force
        else "in force: not known"
    )
    return [
        Finding(check, True, f"version {found.version}; {other}", "to use it: homeward map what-if, then map accept")
    ]


def _rights(is_mighty: bool) -> Finding:
    if not is_mighty:
        return Finding("database rights", True, "the journal can be read and added to, and not changed")
    fix = (
        "let daemons and operators use a role of their own: CREATE ROLE homeward_worker LOGIN; name it in database.dsn, the "
        "owner in database.owner_dsn; homeward db migrate gives it its rights"
    )
    return Finding("database rights", False, "this role could change the journal behind everybody's back", fix)


async def _database(settings: Settings) -> list[Finding]:
    where = "database.dsn" if settings.database.dsn else "the embedded server"
    try:
        async with opening.open_database(settings) as database:
            version = await database.version()
            async with database.reading() as connection:
                server = await connection.fetchval("SHOW server_version")
                told = await connection.fetchval("SELECT clock_timestamp()")
            is_current = version == SCHEMA_VERSION
            is_mighty = is_current and await database.may_change_the_journal()
            apart = [await doctor_tenants.of_pages(settings, database)] if is_current else []
            apart += await doctor_tenants.of_people(settings, database) if is_current else []
    except (DatabaseUnusableError, HomewardError) as error:
        return [Finding("database", False, str(error), f"see that PostgreSQL runs and that {where} is right")]
    findings = [Finding("database", True, f"PostgreSQL {server} answers")]
    detail = f"version {version}, needed {SCHEMA_VERSION}"
    if version == 0 and settings.database.dsn is None:
        findings.append(Finding("database schema", True, "empty; made by the first command or start"))
    else:
        findings.append(Finding("database schema", is_current, detail, "" if is_current else "homeward db migrate"))
    if is_current:
        findings += [_rights(is_mighty), *apart]
    findings.append(_skew("database clock", told, settings))
    return findings


def _skew(check: str, told: datetime | None, settings: Settings) -> Finding:
    if told is None:
        return Finding(check, True, "the other side tells no time")
    if settings.clock.file is not None:
        return Finding(check, True, "not compared: this configuration follows a sandbox's clock")
    skew = abs(datetime.now(UTC) - told)
    detail = f"{skew.total_seconds():.0f} s apart"
    return Finding(check, skew <= CLOCK_SKEW_MAX, detail, "" if skew <= CLOCK_SKEW_MAX else "run an NTP service")


async def _vendors(settings: Settings, name: str) -> list[Finding]:
    """Both vendors of one merchant, through the very clients the daemon uses."""
    telemetry = Telemetry(otlp_endpoint=None)
    clock = opening.build_clock(settings)
    async with application.new_http_session() as http:
        try:
            clients = application.build_clients(settings, name, clock=clock, telemetry=telemetry, http=http)
        except SettingsError:
            return []  # told by the secrets' own line
        told = settings.merchants[name]
        return [
            *await _happy_returns(clients.happy_returns, name, settings),
            *await _brightpearl(clients.brightpearl, name, told, settings),
        ]


async def _try(check: str, work: Callable[[], Awaitable[Any]], *, key: str, url: str) -> tuple[Any, Finding]:
    """Do it; say what a failure means for whoever set this up."""
    try:
        return await work(), Finding(check, True, f"{url} answers")
    except NotPermittedError as error:
        return None, Finding(check, False, str(error), f"put a valid secret into {key}, and check the account's grants")
    except TransientError as error:
        return None, Finding(check, False, str(error), f"check that {url} is right and reachable from here")
    except (RejectedError, MalformedPayloadError, SettingsError) as error:
        return None, Finding(check, False, str(error), f"check the base_url: {url} does not answer as it should")


async def _happy_returns(client: HappyReturnsClient, name: str, settings: Settings) -> list[Finding]:
    told = settings.merchants[name].happy_returns
    _, reached = await _try(f"{name}: happy returns", client.check, key="happy_returns.api_key_file", url=told.base_url)
    findings = [reached]
    if reached.ok:
        findings += await _webhooks(client, name, settings)
        findings.append(_skew(f"{name}: happy returns clock", client.server_time, settings))
        _, linked = await _try(
            f"{name}: retailer", lambda: client.get_return(order_number="homeward-doctor"),
            key="happy_returns.retailer_id", url=told.base_url,
        )  # fmt: skip
        if not linked.ok:
            fix = f"check that happy_returns.retailer_id = '{told.retailer_id}' is linked to this key"
            linked = Finding(linked.check, False, linked.detail, fix)
        findings.append(linked)
    return findings


async def _webhooks(client: HappyReturnsClient, name: str, settings: Settings) -> list[Finding]:
    """Where Happy Returns posts to, where webhooks are set up here; whether they come is in the stored health."""
    if settings.merchants[name].happy_returns.webhook_secret_file is None:
        return []
    check, path = f"{name}: webhooks", f"/webhooks/happy-returns/{name}"
    try:
        urls = await client.webhook_urls()
    except HomewardError as error:
        return [Finding(check, True, f"whether Happy Returns posts here cannot be asked: {error}")]
    if not urls:  # UNCONFIRMED U-03: an answer without addresses proves nothing
        return [Finding(check, True, "Happy Returns does not tell where it posts to")]
    if any(url.rstrip("/").endswith(path) for url in urls):
        return [Finding(check, True, f"Happy Returns posts to {path}")]
    fix = f"correct the subscription in Happy Returns' dashboard: it must end in {path}"
    return [Finding(check, False, f"Happy Returns posts to {', '.join(urls)}, not to {path}", fix)]


async def _brightpearl(
    client: BrightpearlClient, name: str, told: MerchantSettings, settings: Settings
) -> list[Finding]:
    url, transport = told.brightpearl.base_url, client.transport
    account, reached = await _try(
        f"{name}: brightpearl", client.account, key=f"{transport.health.setting} ({transport.health.file})", url=url
    )
    if account is None:
        return [reached]
    skew = _skew(f"{name}: brightpearl clock", transport.server_time, settings)
    return [reached, skew, *await _reference(client, name, told.policy, account)]


async def _reference(client: BrightpearlClient, name: str, policy: PolicySettings, account: Account) -> list[Finding]:
    """Whether what the policy names exists in the account."""
    findings = [Finding(f"{name}: tax codes", bool(account.tax_codes), f"{len(account.tax_codes)} known",
                        "" if account.tax_codes else "give the token the right to read accounting data")]  # fmt: skip
    status = policy.credit_status_id
    if status is not None:
        known = status in account.credit_statuses
        fix = "" if known else f"use one of {dict(account.credit_statuses)}"
        findings.append(Finding(f"{name}: policy.credit_status_id", known, f"{status}", fix))
    for key in ("refund_payment_method", "store_credit_payment_method"):
        code = getattr(policy, key)
        if code is not None:
            is_active = account.payment_methods.get(code, False)
            active = sorted(each for each, on in account.payment_methods.items() if on)
            fix = "" if is_active else f"use an active method of the account: {', '.join(active)}"
            findings.append(Finding(f"{name}: policy.{key}", is_active, code, fix))
    warehouse = policy.return_warehouse_id
    if warehouse is not None:
        known_warehouses = await client.warehouses()
        known = warehouse in known_warehouses
        fix = "" if known else f"use one of {known_warehouses}"
        findings.append(Finding(f"{name}: policy.return_warehouse_id", known, str(warehouse), fix))
    for key in ("authorised_status_id", "done_status_id"):
        wanted = getattr(policy, key)
        if wanted is not None:
            known = wanted in account.credit_statuses
            fix = "" if known else f"use one of {dict(account.credit_statuses)}"
            findings.append(Finding(f"{name}: policy.{key}", known, str(wanted), fix))
    if account.nominal_codes is None:
        findings.append(Finding(f"{name}: nominal codes", True, "not told by this account; none is doubted"))
    if account.locked_until is not None:
        findings.append(Finding(f"{name}: period lock", True, f"postings are dated after {account.locked_until}"))
    return findings


def doctor(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Check settings, database, clocks, both vendors, permissions and reference data."""
    findings = anyio.run(examine, config_path(config))
    emit_list([finding.as_row() for finding in findings], ["result", "check", "detail", "fix"], output)
    failed = sum(not finding.ok for finding in findings)
    if failed:
        errors.print(f"{failed} of {len(findings)} checks failed")
        raise SystemExit(FAILED)
