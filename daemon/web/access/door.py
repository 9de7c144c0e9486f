"""Coming in: passwords with lockout, sessions, tokens. What is handed out is random; what is kept is its hash."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.settings import Settings
from daemon.store import accounts, tokens
from daemon.store.database import Database
from daemon.store.sql import Record
from daemon.web.access import passwords
from daemon.web.access.roles import Person, Role

log = logging.getLogger(__name__)

REST = timedelta(minutes=1)  # of an account after too many wrong passwords; doubled with each more, up to 16 times
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when somebody last clicked
TOKEN_PREFIX = "hw_"  # noqa: S105 - what tells our tokens from others when one is found somewhere


class Refused(Exception):  # noqa: N818 - an answer to a person, not a failure
    """Not let in; the words are for whoever tried."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just begun; `token` is for the browser alone."""

    token: str
    account: str
    expires_at: datetime


class Door:
    """Lets people and programs in."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings

    async def by_password(self, name: str, password: str, *, address: str, now: datetime) -> Opened:
        """Raises Refused: always with the same words, so that nobody learns which accounts there are."""
        name = name.strip().lower()[:100]
        known = await self.known(name, now=now)
        if not await passwords.fits(password[: passwords.LENGTH_MAX + 1], known):
            await self.tell_refused(name, address=address, now=now)
            raise Refused(
                "This name and password do not fit. After several wrong passwords an account rests for some minutes."
            )
        assert known is not None
        fresh = await passwords.hashed(password) if passwords.is_outdated(known) else None
        async with self._database.transaction() as connection:
            await accounts.forget_failures(connection, name)
            if fresh is not None:
                await accounts.replace_hash(connection, name, fresh)
        return await self.open(name, way="password", address=address, now=now)

    async def known(self, name: str, *, now: datetime) -> str | None:
        """The hash a password must fit, with this attempt counted; None where no password lets in just now."""
        async with self._database.transaction() as connection:
            told = await accounts.count_failure(
                connection, name, now=now, failures_max=self._settings.web.failures_max, rest=REST
            )
            account = await accounts.read(connection, name) if told is not None else None
        return account["password_hash"] if account is not None and account["disabled_at"] is None else None

    async def tell_refused(self, name: str, *, address: str, now: datetime) -> None:
        async with self._database.transaction() as connection:
            account = await accounts.read(connection, name)
            rests = account is not None and account["locked_until"] is not None and account["locked_until"] > now
            await accounts.log(
                connection, actor=f"user:{name}" if account is not None else "unknown", action="sign-in-refused", now=now,
                subject=name if account is not None else "", address=address,
                detail="the account rests" if rests else "wrong name or password",
            )  # fmt: skip
        if rests:
            log.warning("account rests after wrong passwords", extra={"account": name})

    async def open(self, name: str, *, way: str, address: str, now: datetime) -> Opened:
        """A new session of an account that proved itself; always a new token, whatever the browser held before."""
        token, expires_at = secrets.token_urlsafe(32), now + timedelta(hours=self._settings.web.session_hours)
        async with self._database.transaction() as connection:
            await accounts.begin_session(
                connection, token_hash=fingerprint(token), account=name, csrf=secrets.token_urlsafe(24), way=way, now=now,
                expires_at=expires_at,
            )  # fmt: skip
            await accounts.log(connection, actor=f"user:{name}", action="sign-in", now=now, address=address, detail=way)
        return Opened(token, name, expires_at)

    async def session(self, token: str, *, now: datetime, proxied: str | None, is_click: bool = True) -> Person | None:
        """Who holds this session token; a session by the proxy lasts only while the proxy names the same account.

        `is_click`: whether a person asked; what a page asks by itself keeps no session alive.
        """
        if not token or len(token) > 100:
            return None
        held, idle = fingerprint(token), timedelta(minutes=self._settings.web.idle_minutes)
        async with self._database.reading() as connection:
            row = await accounts.session(connection, held, now=now, idle_since=now - idle)
            if row is None or (row["way"] == "proxy" and row["account"] != proxied):
                return None
            if is_click and now - row["seen_at"] > SEEN_EVERY:
                await accounts.touch_session(connection, held, now)
        return self.person(row["account"], row["role"], row["merchants"], csrf=row["csrf"])

    async def close(self, token: str, *, actor: str, address: str, now: datetime) -> None:
        async with self._database.transaction() as connection:
            await accounts.end_session(connection, fingerprint(token))
            await accounts.log(connection, actor=actor, action="sign-out", now=now, address=address)

    async def program(self, token: str, *, now: datetime) -> tuple[Record, tuple[str, ...]] | None:
        """The token's row and the merchants it is for; None when it is not in force."""
        if not token.startswith(TOKEN_PREFIX) or len(token) > 100:
            return None
        async with self._database.reading() as connection:
            row = await tokens.in_force(connection, fingerprint(token), now)
            if row is None:
                return None
            if row["used_at"] is None or now - row["used_at"] > SEEN_EVERY:
                await tokens.touch(connection, row["id"], now)
        return row, self._seen_by(row["merchants"])

    def person(self, name: str, role: str, merchants: list[str] | None, *, csrf: str) -> Person:
        return Person(name, Role(role), self._seen_by(merchants), csrf, f"user:{name}")

    def _seen_by(self, merchants: list[str] | None) -> tuple[str, ...]:
        configured = sorted(self._settings.merchants)
        return tuple(each for each in configured if merchants is None or each in merchants)


def fingerprint(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def new_api_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)
