"""Sign-in at an OpenID Connect provider: authorization code with PKCE, the ID token verified against its published keys.

Source: OpenID Connect Core 1.0, sections 3.1 and 5; RFC 7636.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import anyio
import jwt
import orjson

from daemon.settings_section import read_secret
from daemon.settings_web import OpenIdSettings
from daemon.store import accounts
from daemon.store.database import Database
from daemon.store.scope import AT_THE_DOOR
from daemon.web.access.door import Refused, fingerprint
from daemon.web.access.people import NAME
from daemon.web.access.roles import Role

ANSWER_WITHIN = timedelta(minutes=10)
TIMEOUT_SECONDS = 10.0
KEPT = timedelta(hours=1)  # provider's addresses and keys
BODY_MAX = 1024 * 1024
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what it must bring back."""

    location: str
    token: str


class OpenId:
    """One provider."""

    def __init__(
        self, settings: OpenIdSettings, *, database: Database, http: aiohttp.ClientSession, redirect_uri: str
    ) -> None:
        self.settings, self._database, self._http, self._redirect_uri = settings, database, http, redirect_uri
        self._provider: tuple[datetime, dict[str, Any], jwt.PyJWKSet] | None = None

    async def begin(self, goes_to: str, now: datetime) -> Begun:
        """Raises Refused when the provider cannot be reached."""
        provider, _ = await self._known(now)
        token, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        async with self._database.transaction(scope=AT_THE_DOOR) as connection:
            await accounts.begin_openid(
                connection, token_hash=fingerprint(token), nonce=nonce, verifier=verifier, goes_to=goes_to, now=now,
                expires_at=now + ANSWER_WITHIN,
            )  # fmt: skip
        query = {
            "response_type": "code", "client_id": self.settings.client_id, "redirect_uri": self._redirect_uri,
            "scope": self.settings.scopes, "state": token, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        joined = "&" if "?" in provider["authorization_endpoint"] else "?"
        return Begun(f"{provider['authorization_endpoint']}{joined}{urlencode(query)}", token)

    async def finish(self, *, state: str, held: str, code: str, now: datetime) -> tuple[str, str]:
        """The account that came back, and where it wanted to go. Raises Refused.

        `held` is what the browser kept: an answer that somebody else began is not taken.
        """
        if not held or not secrets.compare_digest(
            state.encode("utf-8", "surrogateescape"), held.encode("utf-8", "surrogateescape")
        ):
            raise Refused("This sign-in was begun in another browser, or too long ago. Begin again.")
        async with self._database.transaction(scope=AT_THE_DOOR) as connection:
            attempt = await accounts.end_openid(connection, fingerprint(state), now)
        if attempt is None:
            raise Refused("This sign-in was answered before, or took too long. Begin again.")
        claims = await self._claims(code, attempt["verifier"], now)
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), attempt["nonce"].encode()):
            raise Refused("The provider answered another sign-in than this one. Begin again.")
        return await self._account(claims, now), attempt["goes_to"]

    async def _claims(self, code: str, verifier: str, now: datetime) -> dict[str, Any]:
        provider, keys = await self._known(now)
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri,
            "client_id": self.settings.client_id, "code_verifier": verifier,
        }  # fmt: skip
        if self.settings.client_secret_file is not None:
            form["client_secret"] = read_secret(self.settings.client_secret_file)
        told = await self._json("POST", provider["token_endpoint"], form)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise Refused("The provider gave no ID token.")
        try:
            header = jwt.get_unverified_header(token)
            key = next(each for each in keys.keys if header.get("kid") in (None, each.key_id))
            claims: dict[str, Any] = jwt.decode(
                token, key.key, algorithms=list(ALGORITHMS), audience=self.settings.client_id, issuer=provider["issuer"],
                leeway=60, options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )  # fmt: skip
        except StopIteration as error:
            self._provider = None  # its keys were changed: read them again for the next try
            raise Refused("The provider signed with a key it has not published. Try again.") from error
        except jwt.PyJWTError as error:
            raise Refused(f"The provider's answer cannot be trusted: {error}") from error
        return claims

    async def _account(self, claims: dict[str, Any], now: datetime) -> str:
        """The account these claims are for; made, or given its role anew, where the provider says the roles."""
        claim = self.settings.account_claim
        name = str(claims.get(claim) or "").strip().lower()
        if name and not NAME.fullmatch(name):
            raise Refused(f"The provider calls you {name[:100]}; that cannot be the name of an account here.")
        if not name:
            raise Refused(f"The provider did not say who you are: the claim {claim} is empty.")
        if claim == "email" and claims.get("email_verified") not in (True, "true"):
            raise Refused("The provider has not verified this e-mail address.")
        role = self._role(claims)
        merchants, gives_merchants = self._merchants(claims)
        async with self._database.transaction(scope=AT_THE_DOOR) as connection:
            account = await accounts.at_the_door(connection, name)
            if (account is None and role is None) or (account is not None and not account["is_open"]):
                raise Refused(f"There is no account {name} here, or it is closed. An administrator can add it.")
            if role is None:
                return name
            if (
                account is not None
                and account["role"] == role
                and (not gives_merchants or account["merchants"] == merchants)
            ):
                return name
            await accounts.admit(
                connection, name, role=role, merchants=merchants, gives_merchants=gives_merchants, now=now
            )
            given = f", merchants {'all' if merchants is None else ', '.join(merchants)}" if gives_merchants else ""
            await accounts.log(
                connection, actor="openid", action="account-changed" if account is not None else "account-added", now=now,
                subject=name, detail=f"role {role}{given}",
            )  # fmt: skip
        return name

    def _values(self, claims: dict[str, Any], claim: str) -> set[str]:
        content = claims.get(claim)
        return {str(value) for value in (content if isinstance(content, list) else [content])}

    def _role(self, claims: dict[str, Any]) -> Role | None:
        """The role its claim gives; None where accounts have their own. Raises Refused for who has none."""
        if self.settings.role_claim is None:
            return None
        given = self._values(claims, self.settings.role_claim)
        for value, role in self.settings.roles.items():
            if value in given:
                return Role(role)
        raise Refused("None of your groups at the provider has a role here.")

    def _merchants(self, claims: dict[str, Any]) -> tuple[list[str] | None, bool]:
        """The merchants its groups give, None for every one, and whether it gives any. Raises Refused for who has none."""
        mapping = self.settings.merchants
        if self.settings.role_claim is None or not mapping:
            return None, False
        given = self._values(claims, self.settings.role_claim)
        names = {name for value, merchants in mapping.items() if value in given for name in merchants}
        if not names:
            raise Refused("None of your groups at the provider is for a merchant here.")
        return (None if "*" in names else sorted(names)), True

    async def _known(self, now: datetime) -> tuple[dict[str, Any], jwt.PyJWKSet]:
        """The provider's addresses and keys, read at most once an hour."""
        if self._provider is None or now - self._provider[0] > KEPT:
            issuer = self.settings.issuer.rstrip("/")
            provider = await self._json("GET", f"{issuer}/.well-known/openid-configuration")
            if any(not isinstance(provider.get(name), str) for name in _NEEDED):
                raise Refused("The provider's configuration lacks an address.")
            if str(provider.get("issuer", "")).rstrip("/") != issuer:
                raise Refused("The provider calls itself otherwise than the settings do.")
            try:
                keys = jwt.PyJWKSet.from_dict(await self._json("GET", provider["jwks_uri"]))
            except jwt.PyJWTError as error:
                raise Refused(f"The provider's keys cannot be read: {error}") from error
            self._provider = (now, provider, keys)
        return self._provider[1], self._provider[2]

    async def _json(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            with anyio.fail_after(TIMEOUT_SECONDS):
                async with self._http.request(method, url, data=form, allow_redirects=False) as reply:
                    raw = await _bounded(reply)
                    told = orjson.loads(raw) if reply.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Refused(f"The sign-in provider does not answer ({type(error).__name__}). Try again.") from error
        if not isinstance(told, dict):
            raise Refused(f"The sign-in provider refused ({reply.status}). Begin again.")
        return told


async def _bounded(reply: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises ValueError when it is larger than any provider's."""
    raw = bytearray()
    async for chunk in reply.content.iter_chunked(65536):
        raw += chunk
        if len(raw) > BODY_MAX:
            raise ValueError("too large")
    return bytes(raw)
