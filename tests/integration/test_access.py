"""Coming in otherwise than by a password here: at an OpenID provider, or through a proxy that signs people in."""

import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import aiohttp
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from daemon.store import accounts
from daemon.store.database import Database
from daemon.web.access import people
from daemon.web.access.roles import Role
from tests.tenancy import SECOND_MERCHANT
from tests.world import World, open_world

CLIENT = "homeward-test"


@dataclass
class Provider:
    """A sign-in provider: what it says of whoever comes is set by the test."""

    claims: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    signs_with: rsa.RSAPrivateKey | None = None
    url: str = ""
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self.configuration)
        app.router.add_get("/keys", self.keys)
        app.router.add_post("/token", self.token)
        return app

    async def configuration(self, request: web.Request) -> web.Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return web.json_response({"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in names.items()}})

    async def keys(self, request: web.Request) -> web.Response:
        told = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**told, "kid": "one", "use": "sig", "alg": "RS256"}]})

    def agree(self, location: str) -> tuple[str, str]:
        """The person signs in here: the state and code they go back with."""
        query = {name: values[0] for name, values in parse_qs(urlparse(location).query).items()}
        code = secrets.token_hex(8)
        self.asked[code] = query
        return query["state"], code

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        query = self.asked.pop(str(form["code"]))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest()).rstrip(b"=")
        if challenge.decode() != query["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "1",
            "iat": now,
            "exp": now + 60,
            "nonce": query["nonce"],
            **self.claims,
        }
        token = jwt.encode(claims, self.signs_with or self.key, algorithm="RS256", headers={"kid": "one"})
        return web.json_response({"id_token": token})


@asynccontextmanager
async def provided(claims: dict[str, Any]) -> AsyncIterator[Provider]:
    provider = Provider(claims)
    runner = web.AppRunner(provider.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()


def settings(provider: Provider, more: str = "") -> str:
    return f'\n[web.openid]\nissuer = "{provider.url}"\nclient_id = "{CLIENT}"\n{more}'


async def come_back(world: World, provider: Provider, http: aiohttp.ClientSession, **changes: str) -> int:
    """Go to the provider, agree, and come back with its answer."""
    async with http.get(f"{world.url}/sign-in/openid?next=/help", allow_redirects=False) as reply:
        assert reply.status == 303
        state, code = provider.agree(reply.headers["Location"])
    query = {"state": state, "code": code, **changes}
    async with http.get(f"{world.url}/sign-in/openid/answer", params=query, allow_redirects=False) as reply:
        return reply.status


def browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def test_somebody_signs_in_at_the_provider_and_gets_the_role_of_their_group(
    database: Database, tmp_path: Path
) -> None:
    groups = 'role_claim = "groups"\nroles = { "returns-finance" = "finance" }\n'
    async with (
        provided(
            {"email": "Fred@example.test", "email_verified": True, "groups": ["all", "returns-finance"]}
        ) as provider,
        open_world(database, tmp_path, extra_config=settings(provider, groups)) as world,
        browser() as http,
    ):
        status = await come_back(world, provider, http)
        async with http.get(f"{world.url}/help") as reply:
            text = await reply.text()

        assert (status, reply.status) == (303, 200)
        assert "fred@example.test" in text
        async with database.reading() as connection:
            account = await accounts.read(connection, "fred@example.test")
        assert account is not None
        assert (account["role"], account["has_password"]) == ("finance", False)


@pytest.mark.parametrize(
    ("groups", "status", "merchants"),
    [
        (["returns-admins", "acme-people"], 303, ["acme"]),
        (["returns-admins", "acme-people", "zenith-people"], 303, ["acme", "zenith"]),
        (["returns-admins", "everybody"], 303, None),
        (["returns-admins"], 403, "no account"),
        (["acme-people"], 403, "no account"),
    ],
)
async def test_a_group_gives_its_merchants_and_no_others(
    groups: list[str], status: int, merchants: Any, database: Database, tmp_path: Path
) -> None:
    mapping = (
        'role_claim = "groups"\nroles = { "returns-admins" = "administrator" }\n'
        'merchants = { "acme-people" = ["acme"], "zenith-people" = ["zenith"], "everybody" = ["*"] }\n'
    )
    person = {"email": "fred@example.test", "email_verified": True, "groups": groups}
    async with (
        provided(person) as provider,
        open_world(database, tmp_path, extra_config=settings(provider, mapping) + SECOND_MERCHANT) as world,
        browser() as http,
    ):
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO merchant (merchant) VALUES ('zenith')")

        assert await come_back(world, provider, http) == status

        async with database.reading() as connection:
            account = await accounts.read(connection, "fred@example.test")
        assert (account["merchants"] if account is not None else "no account") == merchants


async def test_a_group_that_was_taken_away_takes_its_merchant_and_ends_the_sessions(
    database: Database, tmp_path: Path
) -> None:
    mapping = (
        'role_claim = "groups"\nroles = { "staff" = "viewer" }\n'
        'merchants = { "acme-people" = ["acme"], "zenith-people" = ["zenith"] }\n'
    )
    person = {"email": "fred@example.test", "email_verified": True, "groups": ["staff", "acme-people"]}
    async with (
        provided(person) as provider,
        open_world(database, tmp_path, extra_config=settings(provider, mapping) + SECOND_MERCHANT) as world,
        browser() as http,
        browser() as elsewhere,
    ):
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO merchant (merchant) VALUES ('zenith')")
        await come_back(world, provider, http)
        provider.claims["groups"] = ["staff", "zenith-people"]
        await come_back(world, provider, elsewhere)

        async with http.get(f"{world.url}/help", allow_redirects=False) as reply:
            former = reply.status
        async with elsewhere.get(f"{world.url}/books?merchant=acme") as reply:
            of_acme = reply.status

        assert (former, of_acme) == (303, 404)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"email": "stranger@example.test", "email_verified": True}, "no account"),
        ({"email": "anna", "email_verified": False}, "not verified"),
        ({"email": "anna"}, "nothing said of verifying"),
        ({"email": "o'brien", "email_verified": True}, "no name of an account"),
        ({"email": "anna", "email_verified": True, "aud": "somebody-else"}, "another audience"),
        ({"email": "anna", "email_verified": True, "iss": "http://evil.example"}, "another issuer"),
        ({"email": "anna", "email_verified": True, "exp": 1}, "expired"),
        ({"email": "anna", "email_verified": True, "nonce": "replayed"}, "another sign-in"),
        ({}, "nobody named"),
    ],
)
async def test_what_cannot_be_trusted_lets_nobody_in(
    claims: dict[str, Any], why: str, database: Database, tmp_path: Path
) -> None:
    async with provided(claims) as provider, open_world(database, tmp_path, extra_config=settings(provider)) as world:
        await people.add_account(
            database, "anna", role=Role.ADMINISTRATOR, merchants=None, password=None, by="user:test", now=world.now
        )
        async with browser() as http:
            status = await come_back(world, provider, http)
            async with http.get(f"{world.url}/help", allow_redirects=False) as reply:
                assert (status, reply.status) == (403, 303), why


async def test_a_forged_key_a_foreign_browser_and_a_second_answer_let_nobody_in(
    database: Database, tmp_path: Path
) -> None:
    async with (
        provided({"email": "anna", "email_verified": True}) as provider,
        open_world(database, tmp_path, extra_config=settings(provider)) as world,
        browser() as http,
    ):
        await people.add_account(
            database, "anna", role=Role.ADMINISTRATOR, merchants=None, password=None, by="user:test", now=world.now
        )
        other_state = await come_back(world, provider, http, state="somebody-elses")
        provider.signs_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        forged = await come_back(world, provider, http)
        provider.signs_with = None
        async with http.get(f"{world.url}/sign-in/openid", allow_redirects=False) as reply:
            state, code = provider.agree(reply.headers["Location"])
        query = {"state": state, "code": code}
        async with browser() as another, another.get(f"{world.url}/sign-in/openid/answer", params=query) as reply:
            foreign = reply.status
        good = await come_back(world, provider, http)

        assert (other_state, forged, foreign, good) == (403, 403, 403, 303)


async def test_a_trusted_proxy_names_who_comes_and_nobody_else_does(database: Database, tmp_path: Path) -> None:
    proxy = '\n[web.proxy]\nheader = "X-Forwarded-User"\ntrusted = ["127.0.0.1"]\n'
    async with open_world(database, tmp_path, extra_config=proxy) as world, browser() as http:
        for name in ("anna", "bea"):
            await people.add_account(
                database, name, role=Role.VIEWER, merchants=None, password=None, by="user:test", now=world.now
            )

        async def come(*names: str) -> tuple[int, str]:
            headers = [("X-Forwarded-User", name) for name in names]
            async with http.get(f"{world.url}/help", headers=headers, allow_redirects=False) as reply:
                return reply.status, await reply.text()

        without, _ = await come()
        anna, text = await come("anna")
        unknown, _ = await come("stranger")
        doubled, _ = await come("anna", "root")
        other, other_text = await come("bea")
        left, _ = await come()

        assert (without, anna, unknown, doubled, other, left) == (303, 200, 403, 303, 200, 303)
        assert "anna" in text
        assert "bea" in other_text


async def test_a_header_from_an_untrusted_address_is_not_believed(database: Database, tmp_path: Path) -> None:
    proxy = '\n[web.proxy]\ntrusted = ["10.0.0.0/8"]\n'
    async with open_world(database, tmp_path, extra_config=proxy) as world, browser() as http:
        await people.add_account(
            database, "anna", role=Role.ADMINISTRATOR, merchants=None, password=None, by="user:test", now=world.now
        )

        headers = {"X-Forwarded-User": "anna"}
        async with http.get(f"{world.url}/help", headers=headers, allow_redirects=False) as reply:
            assert reply.status == 303
