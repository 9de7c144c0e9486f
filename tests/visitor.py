"""A person or a program at the daemon's web, without a browser: for what forms and headers do."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import aiohttp
import argon2
from yarl import URL

from daemon.store import factors
from daemon.store.scope import AT_THE_DOOR
from daemon.web.access import factor, people
from daemon.web.access.factor import Key
from daemon.web.access.roles import Role
from tests.world import World

PASSWORD = "a long enough sentence"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Visitor:
    """One browser's cookies, and the secret its forms carry."""

    def __init__(self, world: World, http: aiohttp.ClientSession) -> None:
        self.world, self.http = world, http
        self.csrf = ""

    async def get(self, path: str, **more: Any) -> tuple[int, str]:
        async with self.http.get(f"{self.world.url}{path}", **more) as reply:
            return reply.status, await reply.text(errors="replace")

    async def post(
        self, path: str, fields: dict[str, str] | None = None, *, csrf: str | None = None, **more: Any
    ) -> tuple[int, str]:
        """A form, with the secret of this session unless another is given."""
        told = {"csrf": self.csrf if csrf is None else csrf, **(fields or {})}
        async with self.http.post(f"{self.world.url}{path}", data=told, **more) as reply:
            return reply.status, await reply.text(errors="replace")

    async def sign_in(self, name: str, password: str = PASSWORD) -> int:
        status, _ = await self.post("/sign-in", {"name": name, "password": password, "next": "/help"})
        await self.look()
        return status

    async def look(self) -> None:
        """Open a page, and keep the secret of its forms."""
        _, text = await self.get("/help")
        found = _CSRF.search(text)
        self.csrf = found[1] if found else ""

    @property
    def token(self) -> str:
        """The session token the browser holds; empty when none."""
        return next((cookie.value for cookie in self.http.cookie_jar if cookie.key == "homeward"), "")


@cache
def _hashed() -> str:
    """Of the password of everybody here; each time it takes a core for a tenth of a second."""
    return argon2.PasswordHasher().hash(PASSWORD)


async def account(world: World, name: str, *, role: Role, merchants: list[str] | None = None) -> None:
    """An account of this role, with the password of everybody here."""
    database = world.database
    await people.add_account(
        database, name, role=role, merchants=merchants, password=None, by="user:test", now=world.now
    )
    async with database.transaction() as connection:
        await connection.execute("UPDATE account SET password_hash = $2 WHERE name = $1", name, _hashed())


@asynccontextmanager
async def visitor(
    world: World, name: str = "anna", role: Role = Role.ADMINISTRATOR, *, merchants: list[str] | None = None,
    signs_in: bool = True,
) -> AsyncIterator[Visitor]:  # fmt: skip
    """Somebody with an account of this role; signed in as the door does it for a right password."""
    await account(world, name, role=role, merchants=merchants)
    if not signs_in:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            yield Visitor(world, http)
        return
    opened = await world.desk.door.open(name, way="password", address="127.0.0.1", now=world.now)
    async with returning(world, (opened.token, "")) as found:
        await found.look()
        assert found.csrf
        yield found


@asynccontextmanager
async def returning(world: World, session: tuple[str, str]) -> AsyncIterator[Visitor]:
    """Somebody who signed in before and comes back with this session: its token and its secret."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        found = Visitor(world, http)
        token, found.csrf = session
        http.cookie_jar.update_cookies({"homeward": token}, URL(world.url))
        yield found


async def given_factor(world: World, name: str, *, is_confirmed: bool = True) -> Key:
    """A second factor of this account, as its authenticator holds it; without a code of it taken yet."""
    key = factor.new_key(name)
    seal = factor.Seal(world.config.parent / "sealing")
    async with world.database.transaction(scope=AT_THE_DOOR) as connection:
        assert await factors.begin(connection, name, seal.close(key), world.now)
        if is_confirmed:
            await factors.confirm(connection, name, world.now)
            await factors.put_codes(connection, name, [factor.hash_of(name, f"SPARE-{number}") for number in range(3)])
    return key


def code_at(key: Key, now: datetime) -> str:
    return factor.code_of(key.secret, factor.step_at(now))


def code_now(key: Key) -> str:
    """By the machine's own clock, as the command line goes by."""
    return code_at(key, datetime.now(UTC))


async def program(
    world: World, scope: str, *, merchants: list[str] | None = None, name: str | None = None
) -> dict[str, str]:
    """Headers of a program with a token of this scope."""
    token = await people.add_token(
        world.database,
        name or f"test-{scope}",
        scope=scope,
        merchants=merchants,
        days=None,
        by="user:test",
        now=world.now,
    )
    return {"Authorization": f"Bearer {token}"}
