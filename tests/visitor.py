"""A person or a program at the daemon's web, without a browser: for what forms and headers do."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
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
        _, text = await self.get("/help")
        found = _CSRF.search(text)
        self.csrf = found[1] if found else ""
        return status

    @property
    def token(self) -> str:
        """The session token the browser holds; empty when none."""
        return next((cookie.value for cookie in self.http.cookie_jar if cookie.key == "homeward"), "")


@asynccontextmanager
async def visitor(
    world: World, name: str = "anna", role: Role = Role.ADMINISTRATOR, *, merchants: list[str] | None = None,
    signs_in: bool = True,
) -> AsyncIterator[Visitor]:  # fmt: skip
    """Somebody with an account of this role."""
    await people.add_account(
        world.database, name, role=role, merchants=merchants, password=PASSWORD, by="user:test", now=world.now
    )
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        found = Visitor(world, http)
        if signs_in:
            assert await found.sign_in(name) == 200
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
