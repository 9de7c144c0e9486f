"""What `homeward doctor` says of tenants: who is kept apart by what, who signs in how, and who shares what with whom."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from daemon import opening
from daemon.console.finding import Finding
from daemon.errors import HomewardError, SettingsError
from daemon.rights import Role
from daemon.settings import Settings
from daemon.settings_section import read_secret
from daemon.store import accounts, tokens
from daemon.store.database import Database
from daemon.store.sealed import opener
from daemon.store.sql import Record
from daemon.web.access.door import Door
from statemachine.causes import TEAMS

ACCOUNT_QUOTA = 200
"""Requests a minute of one Brightpearl account, over all private apps. Source: help.brightpearl.com 4414310497681."""


async def of_pages(settings: Settings, database: Database) -> Finding:
    """Whether the database keeps merchants apart for pages and API, whatever they ask for."""
    check = "role of the pages"
    try:
        async with opening.open_for_pages(settings, database) as pages:
            if not pages.exposed:
                return Finding(check, True, "sees only the rows of whoever asks")
            return Finding(
                check, False, f"pages and API see every merchant's rows, whoever asks: {pages.exposed}", opening.PAGES_FIX
            )  # fmt: skip
    except HomewardError as error:
        return Finding(check, False, str(error), opening.PAGES_FIX)


async def of_people(settings: Settings, database: Database) -> list[Finding]:
    """Second factors that are asked for and missing; accounts and tokens that reach further than what is configured."""
    now = opening.build_clock(settings).now()
    async with database.reading() as connection:
        rows, programs = await accounts.listing(connection, now), await tokens.listing(connection)
    people = [row for row in rows if row["disabled_at"] is None]
    programs = [row for row in programs if row["revoked_at"] is None]
    return [*_second_factor(settings, database, people), *_reach(settings, people, programs), *_openid(settings)]


def _second_factor(settings: Settings, database: Database, people: list[Record]) -> list[Finding]:
    findings = []
    if settings.secrets.key_file is not None:
        try:
            opener(settings.secrets.key_file)
            findings.append(Finding("secrets.key_file", True, "seals tokens and second factors"))
        except SettingsError as error:
            fix = f"homeward db new-key > {settings.secrets.key_file}; chmod 640, group homeward"
            findings.append(Finding("secrets.key_file", False, str(error), fix))
    door, wanted = Door(database, settings), settings.web.second_factor
    without = [row for row in people if row["has_password"] and not row["has_factor"]]
    missing = [row["name"] for row in without if door.asks_for_factor(Role(row["role"]))]
    if missing:
        fix = f"they add one at their next sign-in, before anything else; or homeward user factor-add {missing[0]}"
        words = f"web.second_factor asks {wanted} for one, and these have none: {', '.join(missing)}"
        return [*findings, Finding("second factor", False, words, fix)]
    if wanted != "optional":
        return [*findings, Finding("second factor", True, f"{wanted} sign in with password and code")]
    open_to_password = [row["name"] for row in without if row["role"] == Role.ADMINISTRATOR]
    words = f"administrators with a password alone: {', '.join(open_to_password) or 'none'}"
    fix = 'to ask for one: web.second_factor = "administrators"' if open_to_password else ""
    return [*findings, Finding("second factor", True, f"not asked for; {words}", fix)]


def _reach(settings: Settings, people: list[Record], programs: list[Record]) -> list[Finding]:
    configured, findings = set(settings.merchants), []
    for kind, rows, fix in (
        ("account", people, "homeward user role NAME --role ROLE --merchant MERCHANT, or homeward user close NAME"),
        ("token", programs, "homeward token revoke NAME"),
    ):
        wide = [
            f"{row['name']} ({', '.join(sorted(set(row['merchants']) - configured))})"
            for row in rows
            if row["merchants"] is not None and not set(row["merchants"]) <= configured
        ]
        if wide:
            words = f"for merchants that are not configured here, and seen again once they are: {', '.join(wide)}"
            findings.append(Finding(f"reach of {kind}s", False, words, fix))
    if len(configured) > 1:
        names = [f"{row['name']} ({row['role']})" for row in people if row["merchants"] is None]
        names += [f"token {row['name']} ({row['scope']})" for row in programs if row["merchants"] is None]
        fix = "each that works for fewer: homeward user role NAME --role ROLE --merchant MERCHANT" if names else ""
        findings.append(Finding("every merchant", True, f"is open to: {', '.join(names) or 'nobody'}", fix))
    return findings


def _openid(settings: Settings) -> list[Finding]:
    told = settings.web.openid
    if told is None or told.role_claim is None or told.merchants or len(settings.merchants) < 2:
        return []
    words = "whoever has a role at the provider gets an account for every merchant"
    return [Finding("web.openid.merchants", True, words, "to give each group its merchants: [web.openid.merchants]")]


def of_vendors(settings: Settings) -> list[Finding]:
    """Merchants that are one at a vendor: two quotas counted against one pool, or every return worked twice."""
    names = sorted(settings.merchants)
    findings = []
    retailers = _groups((_retailer(settings, name), name) for name in names)
    for together in retailers:
        words = (
            f"{_listed(together)} are the same retailer at Happy Returns: each return is taken in by every one of them, and "
            "can be credited once by each"
        )
        fix = "give each merchant its own happy_returns.retailer_id, or take all but one out of the configuration"
        findings.append(Finding(f"{_listed(together)}: one retailer", False, words, fix))
    for together in _groups((_secret(settings.merchants[name].happy_returns.api_key_file), name) for name in names):
        if together in retailers:
            continue
        words = (
            f"{_listed(together)} share one key of Happy Returns, whose limit is one for all: each paces itself as if it had "
            "it alone, and is sent away by what the others ask"
        )
        fix = "set happy_returns.requests_per_second so that together they stay below the key's limit, or ask for a key each"
        paced = all(settings.merchants[name].happy_returns.requests_per_second is not None for name in together)
        findings.append(Finding(f"{_listed(together)}: one key of Happy Returns", paced, words, "" if paced else fix))
    findings += [
        _one_account(settings, together) for together in _groups((_account(settings, name), name) for name in names)
    ]
    return findings


def _one_account(settings: Settings, together: tuple[str, ...]) -> Finding:
    shares = [settings.merchants[name].brightpearl.requests_per_minute for name in together]
    fits = sum(shares) <= ACCOUNT_QUOTA
    words = (
        f"{_listed(together)} are one Brightpearl account ({_account(settings, together[0])}): "
        f"{' + '.join(map(str, shares))} requests a minute are counted against one pool of {ACCOUNT_QUOTA}; "
        "and each sees the other's credits as somebody else's"
    )
    fix = f"lower brightpearl.requests_per_minute so that together they stay at or below {ACCOUNT_QUOTA}"
    return Finding(f"{_listed(together)}: one Brightpearl account", fits, words, "" if fits else fix)


def of_teams(settings: Settings) -> list[Finding]:
    """Teams that are told of several merchants together."""
    names = sorted(settings.merchants)
    findings = []
    for team in TEAMS:
        shared = [name for name in names if team not in settings.merchants[name].teams]
        if settings.alerts.of(team) is not None and len(shared) > 1:
            words = f"{team} is told of {_listed(tuple(shared))} by the same addresses"
            fix = f"where those people work for one merchant alone: [merchants.NAME.teams.{team}]"
            findings.append(Finding(f"alerts.teams.{team}", True, words, fix))
    return findings


def _retailer(settings: Settings, name: str) -> str:
    told = settings.merchants[name].happy_returns
    return f"{told.base_url.rstrip('/').casefold()} {told.retailer_id.strip().casefold()}"


def _account(settings: Settings, name: str) -> str:
    """The account's code; it is one whatever data centre is named before it."""
    return settings.merchants[name].brightpearl.base_url.rstrip("/").rpartition("/")[2].casefold()


def _secret(path: Path) -> str:
    """Which secret it is, without telling it; each unreadable one is a secret of its own."""
    try:
        return hashlib.sha256(read_secret(path).encode()).hexdigest()
    except SettingsError:
        return str(path)


def _groups(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Merchants that have the same, where several do."""
    by_value: defaultdict[str, list[str]] = defaultdict(list)
    for value, name in pairs:
        by_value[value].append(name)
    return [tuple(names) for names in by_value.values() if len(names) > 1]


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
