"""Coming in: passwords with lockout, codes, sessions, tokens. What is handed out is random; what is kept is its hash.

Until somebody has proved who they are the database is asked at the door (`AT_THE_DOOR`), where no row of any table is seen.
"""

import hashlib
import logging
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.errors import SettingsError
from daemon.settings import Settings
from daemon.store import accounts, factors, tokens
from daemon.store.accounts import Attempt
from daemon.store.database import Database
from daemon.store.scope import AT_THE_DOOR
from daemon.store.sql import Connection
from daemon.web.access import factor, passwords
from daemon.web.access.roles import PROGRAM_ROLES, Person, Role

log = logging.getLogger(__name__)

REST = timedelta(minutes=1)  # of an account after too many wrong passwords; doubled with each more, up to 16 times
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when somebody last clicked
CODE_WITHIN = timedelta(minutes=10)  # a password that was right waits so long for its code
TOKEN_PREFIX = "hw_"  # noqa: S105 - what tells our tokens from others when one is found somewhere
RESTS = "After several wrong tries an account rests for some minutes."


class Refused(Exception):  # noqa: N818 - an answer to a person, not a failure
    """Not let in; the words are for whoever tried. `begins_anew`: only a new sign-in helps."""

    def __init__(self, why: str, *, begins_anew: bool = False) -> None:
        super().__init__(why)
        self.begins_anew = begins_anew


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just begun; `token` is for the browser alone."""

    token: str
    account: str
    expires_at: datetime
    codes_left: int | None = None
    """How many recovery codes are left, where one was used to come in."""
    goes_to: str = "/"


@dataclass(frozen=True, slots=True)
class CodeDue:
    """The password was right; `token` is what the browser must bring with the code."""

    token: str


class Door:
    """Lets people and programs in."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self.seal = factor.Seal(settings.secrets.key_file)

    async def by_password(
        self, name: str, password: str, *, address: str, now: datetime, goes_to: str = "/"
    ) -> Opened | CodeDue:
        """Raises Refused: always with the same words, so that nobody learns which accounts there are."""
        name = name.strip().lower()[:100]
        attempt = await self.try_password(name, password, address=address, now=now)
        if attempt is None:
            raise Refused(f"This name and password do not fit. {RESTS}")
        if attempt.has_factor:
            token = secrets.token_urlsafe(32)
            async with self._at_the_door() as connection:
                await accounts.forgive_attempt(connection, name, attempt)
                await accounts.begin_step(
                    connection, token_hash=fingerprint(token), account=name, goes_to=goes_to, now=now,
                    expires_at=now + CODE_WITHIN,
                )  # fmt: skip
            return CodeDue(token)
        assert attempt.password_hash is not None
        fresh = await passwords.hashed(password) if passwords.is_outdated(attempt.password_hash) else None
        async with self._at_the_door() as connection:
            await accounts.forget_attempts(connection, name, fresh_hash=fresh)
        return await self.open(name, way="password", address=address, now=now)

    async def try_password(self, name: str, password: str, *, address: str, now: datetime) -> Attempt | None:
        """The attempt, counted before the password is looked at, when it was right; else None, and it is written down."""
        attempt = await self._count(name, now=now)
        if await passwords.fits(password[: passwords.LENGTH_MAX + 1], attempt.password_hash):
            return attempt
        await self._note_refusal(name, attempt, "wrong name or password", address=address, now=now)
        return None

    async def by_code(self, token: str, typed: str, *, address: str, now: datetime, device_now: datetime) -> Opened:
        """The second step of a sign-in. `device_now`: by the clock that people's devices go by. Raises Refused."""
        async with self._at_the_door() as connection:
            step = await accounts.step(connection, fingerprint(token), now) if 0 < len(token) <= 100 else None
        if step is None:
            raise Refused("This sign-in took too long, or was begun elsewhere. Begin again.", begins_anew=True)
        name = step["account"]
        way = await self.try_code(name, typed, address=address, now=now, device_now=device_now)
        if way is None:
            raise Refused(f"This code does not fit, or was used before. {RESTS}")
        async with self._at_the_door() as connection:
            await accounts.forget_attempts(connection, name)
            is_first = await accounts.end_step(connection, fingerprint(token))
            kept = await factors.of(connection, name)
        if not is_first:
            raise Refused("This sign-in was finished before. Begin again.", begins_anew=True)
        opened = await self.open(name, way="password", address=address, now=now, detail=f"password and {way}")
        left = kept.codes_left if kept is not None and way == "recovery code" else None
        return Opened(opened.token, name, opened.expires_at, left, step["goes_to"])

    async def try_code(self, name: str, typed: str, *, address: str, now: datetime, device_now: datetime) -> str | None:
        """Which kind of code was right, counted together with passwords; None when none was, and it is written down."""
        attempt = await self._count(name, now=now)
        way = None
        if attempt.is_allowed:
            async with self._at_the_door() as connection:
                way = await self._code_fits(connection, name, factor.plain(typed), now=now, device_now=device_now)
        if way is None:
            await self._note_refusal(name, attempt, "wrong code", address=address, now=now)
        return way

    async def _code_fits(
        self, connection: Connection, name: str, code: str, *, now: datetime, device_now: datetime
    ) -> str | None:
        kept = await factors.of(connection, name)
        if kept is None or kept.confirmed_at is None:
            return None
        if not factor.is_code(code):
            is_taken = await factors.take_recovery_code(connection, name, factor.hash_of(name, code), now)
            return "recovery code" if is_taken else None
        try:
            key = self.seal.open(name, kept.sealed)
            step = factor.step_that_fits(key.secret, code, device_now, after=kept.last_step)
            if step is not None and await factors.take_step(connection, name, step, self.seal.close(key)):
                return "code"
        except SettingsError as error:
            log.error("second factor cannot be checked", extra={"account": name, "why": str(error)})
        return None

    async def forget_attempts(self, name: str) -> None:
        """Whoever is signed in has proved it once more."""
        async with self._at_the_door() as connection:
            await accounts.forget_attempts(connection, name)

    async def _count(self, name: str, *, now: datetime) -> Attempt:
        async with self._at_the_door() as connection:
            return await accounts.count_attempt(
                connection, name, now=now, failures_max=self._settings.web.failures_max, rest=REST
            )

    async def _note_refusal(self, name: str, attempt: Attempt, why: str, *, address: str, now: datetime) -> None:
        rests = attempt.rests_until is not None and attempt.rests_until > now
        async with self._at_the_door() as connection:
            await accounts.log(
                connection, actor=f"user:{name}" if attempt.has_account else "unknown", action="sign-in-refused", now=now,
                subject=name if attempt.has_account else "", address=address,
                detail="the account rests" if rests else why,
            )  # fmt: skip
        if rests:
            log.warning("account rests after wrong passwords or codes", extra={"account": name})

    async def open(self, name: str, *, way: str, address: str, now: datetime, detail: str = "") -> Opened:
        """A new session of an account that proved itself; always a new token, whatever the browser held before."""
        token, expires_at = secrets.token_urlsafe(32), now + timedelta(hours=self._settings.web.session_hours)
        async with self._at_the_door() as connection:
            await accounts.begin_session(
                connection, token_hash=fingerprint(token), account=name, csrf=secrets.token_urlsafe(24), way=way, now=now,
                expires_at=expires_at,
            )  # fmt: skip
            await accounts.log(
                connection, actor=f"user:{name}", action="sign-in", now=now, address=address, detail=detail or way
            )
        return Opened(token, name, expires_at)

    async def session(self, token: str, *, now: datetime, proxied: str | None, is_click: bool = True) -> Person | None:
        """Who holds this session token; a session by the proxy lasts only while the proxy names the same account.

        `is_click`: whether a person asked; what a page asks by itself keeps no session alive.
        """
        if not token or len(token) > 100:
            return None
        held, idle = fingerprint(token), timedelta(minutes=self._settings.web.idle_minutes)
        async with self._database.reading(scope=AT_THE_DOOR) as connection:
            row = await accounts.session(connection, held, now=now, idle_since=now - idle)
            if row is None or (row["way"] == "proxy" and row["account"] != proxied):
                return None
            if is_click and now - row["seen_at"] > SEEN_EVERY:
                await accounts.touch_session(connection, held, now)
        role, reach = Role(row["role"]), row["merchants"]
        return Person(
            row["account"], role, self._visible(reach), row["csrf"], f"user:{row['account']}",
            tuple(reach) if reach is not None else None, row["id"],
            must_add_factor=row["way"] == "password" and not row["has_factor"] and self.asks_for_factor(role),
        )  # fmt: skip

    def asks_for_factor(self, role: Role) -> bool:
        """Whether a local account of this role must have a second factor."""
        wanted = self._settings.web.second_factor
        return wanted == "everyone" or (wanted == "administrators" and role is Role.ADMINISTRATOR)

    async def close(self, token: str, *, actor: str, address: str, now: datetime) -> None:
        async with self._at_the_door() as connection:
            await accounts.end_session(connection, fingerprint(token))
            await accounts.log(connection, actor=actor, action="sign-out", now=now, address=address)

    async def program(self, token: str, *, now: datetime) -> tuple[Person, str] | None:
        """The program that holds this token, and the token's scope; None when it is not in force."""
        if not token.startswith(TOKEN_PREFIX) or len(token) > 100:
            return None
        async with self._database.reading(scope=AT_THE_DOOR) as connection:
            row = await tokens.in_force(connection, fingerprint(token), now)
            if row is None:
                return None
            if row["used_at"] is None or now - row["used_at"] > SEEN_EVERY:
                await tokens.touch(connection, row["id"], now)
        person = Person(
            row["name"], PROGRAM_ROLES[row["scope"]], self._visible(row["merchants"]), actor=f"token:{row['name']}",
            token=row["id"], stands_for=row["created_by"],
        )  # fmt: skip
        return person, row["scope"]

    def _visible(self, merchants: list[str] | None) -> tuple[str, ...]:
        configured = sorted(self._settings.merchants)
        return tuple(name for name in configured if merchants is None or name in merchants)

    def _at_the_door(self) -> AbstractAsyncContextManager[Connection]:
        return self._database.transaction(scope=AT_THE_DOOR)


def fingerprint(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def new_api_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)
