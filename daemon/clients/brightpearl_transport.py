"""One signed, paced, understood exchange with Brightpearl; which errors mean what.

Source: Brightpearl sheet sections 2 (signing), 3 (throttle, multi-message), 4 (envelopes and codes).
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import anyio

from daemon.clients import wire
from daemon.clients.sending import Sending
from daemon.clients.throttle import BundleCost, Quota
from daemon.clock import Clock
from daemon.errors import (
    AnswerTooLargeError,
    HomewardError,
    KeyUnusableError,
    LeaseLostError,
    LeftAloneError,
    MalformedPayloadError,
    NothingThereError,
    NotPermittedError,
    OutcomeUnknownError,
    RejectedError,
    SettingsError,
    StillRefusedError,
    ThrottledError,
    TransientError,
    WritesHeldError,
)
from daemon.health.kinds import BRIGHTPEARL
from daemon.health.vendor import RENEW, VendorHealth
from daemon.settings import HTTP_TIMEOUT_SECONDS
from daemon.settings_merchant import BrightpearlSettings, OAuthSettings
from daemon.settings_section import SecretFile, read_secret
from daemon.telemetry import Telemetry, note_on_span
from statemachine.refs import is_number

BODY_MAX = 16 * 1024 * 1024  # to read more would keep everything else from being done for a second
RESETS_MAX_MS = 24 * 3600 * 1000  # what is longer is no time that a window ends in
_INVALID_INPUT_AS_500 = ("CMNC-018", "CMNC-044")  # sent with HTTP 500, yet final; sheet section 4
_THROTTLED = "too many requests"
_OWN_THROTTLED = "you have sent too many requests"  # how Brightpearl's own sentence begins; sheet section 3
_THROTTLE_HEADERS = ("brightpearl-requests-remaining", "brightpearl-next-throttle-period")
_CODE = re.compile(r"[A-Z]{4}-[0-9]{3}")  # three letters of the service, one of the kind, a number; sheet section 4
_RENEW_AHEAD = 1 / 7  # of a token's life: a day of Brightpearl's week, in which a failure can be mended
_RENEW_EVERY = timedelta(minutes=15)
_INSTANCE_HEADER = "Brightpearl-Installed-Integration-Instance-Id"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    response: Any
    ruid: str


class Tokens(Protocol):
    """Where the tokens of an OAuth app are kept: `refresh_token`, and `access_token` and `expires_at` where one was got."""

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Whoever shares these tokens renews them one after the other."""
        ...

    async def read(self) -> dict[str, str]: ...
    async def write(self, tokens: dict[str, str]) -> None: ...


class FileTokens:
    """In the file that holds the refresh token, replaced at once; the access token in memory alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._access: dict[str, str] = {}

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Ours alone: a file is shared with nobody."""
        yield

    async def read(self) -> dict[str, str]:
        return {**self._access, "refresh_token": read_secret(self._path)}

    async def write(self, tokens: dict[str, str]) -> None:
        if tokens["refresh_token"] != read_secret(self._path):
            _replace_file(self._path, tokens["refresh_token"])
        self._access = {name: value for name, value in tokens.items() if name != "refresh_token"}


class Signer:
    """The headers that say who we are; gets a new OAuth token when the one in use is refused."""

    def __init__(
        self, settings: BrightpearlSettings, http: aiohttp.ClientSession, tokens: Tokens | None, *, clock: Clock,
        health: VendorHealth,
    ) -> None:  # fmt: skip
        self._settings, self._http, self._clock, self._health = settings, http, clock, health
        self._tokens: Tokens | None = None
        if settings.oauth is not None:
            self._tokens = tokens or FileTokens(settings.oauth.refresh_token_file)
        self._access_token = ""
        self._renew_at: datetime | None = None
        """When the token in use is renewed ahead of its end, so that a failure is noticed while it still works."""
        self._refused_token = ""
        """The refresh token that was refused last: not offered again before a probe is due."""
        self._unsaved: dict[str, str] | None = None
        """What the token service gave and could not be stored yet: the only copy of a token that is good for one use."""
        self._turn = anyio.Lock()
        kept = settings.account_token_file or settings.staff_token_file
        self._file = SecretFile(kept) if kept else None

    async def headers(self) -> dict[str, str]:
        told = {"brightpearl-app-ref": self._settings.app_ref}
        if self._settings.dev_ref:
            told["brightpearl-dev-ref"] = self._settings.dev_ref
        if self._file is not None:
            kind = "account" if self._settings.account_token_file else "staff"
            told[f"brightpearl-{kind}-token"] = self._file.value
        else:
            if not self._access_token:
                await self.refresh()
            told["Authorization"] = f"Bearer {self._access_token}"
        return told

    async def refresh(self) -> bool:
        """Another access token than the one in use; False when this account does not use OAuth.

        Somebody else (another daemon, a command) may have got one meanwhile: then that one is taken. A refresh token is
        good for one use, so a new one is stored before anything is signed with what came beside it.
        """
        refused = self._access_token
        async with self._turn:  # a refresh token is good for one use: one of our loops uses it
            if self._access_token != refused:
                return True
            oauth, tokens = self._settings.oauth, self._tokens
            if oauth is None or tokens is None:
                return False
            async with tokens.turn():
                return await self._refresh(oauth, tokens)

    async def _refresh(self, oauth: OAuthSettings, tokens: Tokens) -> bool:
        if self._unsaved is not None:
            return await self._keep(tokens, self._unsaved)
        kept = await tokens.read()
        if kept.get("access_token", "") not in ("", self._access_token):
            self._use(kept)
            return True
        if kept["refresh_token"] == self._refused_token and self._health.opens_in > timedelta(0):
            raise StillRefusedError("Brightpearl token: not asked for, the refresh token is not accepted", status=401)
        try:
            fresh = await self._renewed(oauth, kept["refresh_token"])
        except NotPermittedError:
            again = await tokens.read()
            if again["refresh_token"] == kept["refresh_token"]:
                raise
            fresh = again if again.get("access_token") else await self._renewed(oauth, again["refresh_token"])
        return await self._keep(tokens, fresh)

    async def _keep(self, tokens: Tokens, fresh: dict[str, str]) -> bool:
        self._unsaved = fresh
        await tokens.write(fresh)
        self._unsaved = None
        self._use(fresh)
        return True

    def _use(self, tokens: dict[str, str]) -> None:
        self._access_token, self._renew_at = tokens["access_token"], None
        if tokens.get("expires_at") and tokens.get("issued_at"):
            issued, ends = (datetime.fromisoformat(tokens[name]) for name in ("issued_at", "expires_at"))
            self._renew_at = ends - (ends - issued) * _RENEW_AHEAD

    async def renew_ahead(self) -> None:
        """Get the next token while the one in use still works. Whatever goes wrong is in the vendor's health, not raised."""
        now = self._clock.now()
        if self._renew_at is None or now < self._renew_at:
            return
        self._renew_at = now + _RENEW_EVERY
        with suppress(HomewardError):
            await self.refresh()

    async def _renewed(self, oauth: OAuthSettings, refresh_token: str) -> dict[str, str]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": oauth.client_id}
        if oauth.client_secret_file:
            form["client_secret"] = read_secret(oauth.client_secret_file)
        try:
            with self._health.parsing(RENEW):
                reply = await self._token(oauth, form)
                access = wire.text(reply.get("access_token"), "access_token")
                if not access:
                    raise MalformedPayloadError("Brightpearl token: the reply holds no access_token")
                seconds = wire.integer(reply.get("expires_in"), "expires_in")
        except NotPermittedError as error:
            self._refused_token = refresh_token
            self._health.refused(RENEW, 401, str(error))
            raise
        except TransientError as error:
            self._health.failed(RENEW, str(error))
            raise
        self._health.recovered(RENEW)
        now = self._clock.now()
        ends = (
            {}
            if not seconds
            else {"issued_at": now.isoformat(), "expires_at": (now + timedelta(seconds=seconds)).isoformat()}
        )
        renewed = wire.text(reply.get("refresh_token"), "refresh_token") or refresh_token
        return {"refresh_token": renewed, "access_token": access, **ends}

    async def _token(self, oauth: OAuthSettings, form: dict[str, str]) -> dict[str, Any]:
        try:
            with anyio.fail_after(HTTP_TIMEOUT_SECONDS):
                async with self._http.post(oauth.token_url, data=form, allow_redirects=False) as reply:
                    status, raw = reply.status, await reply.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"Brightpearl token: {type(error).__name__}") from error
        if status >= 500:
            raise TransientError(f"Brightpearl token: {status}")
        if status >= 300:
            raise NotPermittedError(f"Brightpearl token: {status}, the refresh token is not accepted", status=status)
        return wire.mapping(wire.parse_json(raw), "token")


def _where_the_token_is(settings: BrightpearlSettings) -> tuple[str, str]:
    """The setting that names it, and the file it names."""
    if settings.oauth is not None:
        return "brightpearl.oauth.refresh_token_file", str(settings.oauth.refresh_token_file)
    kind = "account" if settings.account_token_file else "staff"
    return f"brightpearl.{kind}_token_file", str(settings.account_token_file or settings.staff_token_file)


def _replace_file(path: Path, content: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(content + "\n", encoding="utf-8")
    fresh.replace(path)


class Transport:
    """Exchanges with one Brightpearl account."""

    def __init__(
        self, http: aiohttp.ClientSession, settings: BrightpearlSettings, *, merchant: str, clock: Clock,
        telemetry: Telemetry, may_write: Callable[[], None], tokens: Tokens | None = None,
    ) -> None:  # fmt: skip
        self._http, self._settings, self._merchant, self._telemetry = http, settings, merchant, telemetry
        self._may_write = may_write
        setting, file = _where_the_token_is(settings)
        self.health = VendorHealth(
            clock, merchant=merchant, vendor=BRIGHTPEARL, setting=f"merchants.{merchant}.{setting}", file=file
        )
        self._signer = Signer(settings, http, tokens, clock=clock, health=self.health)
        self._clock = clock
        self.quota = Quota(clock, share=settings.requests_per_minute)
        self.bundle_cost = BundleCost()
        self.instance_id = settings.installed_integration_instance_id
        self.calls = 0
        self.server_time: datetime | None = None
        """The Date of the last answer, for comparing clocks."""

    async def read(self, operation: str, path: str, query: dict[str, str] | None = None) -> Answer:
        """A GET. Raises TransientError, RejectedError (status 404 included), MalformedPayloadError."""
        return await self._signed(operation, "GET", path, query=query, is_write=False)

    async def write(self, operation: str, method: str, path: str, body: Any, *, members: int = 1) -> Answer:
        """A write. OutcomeUnknownError means: it may have been done; TransientError: certainly not.

        `members` of a multi-message: what it costs is measured as it goes.
        """
        return await self._signed(operation, method, path, body=body, is_write=True, members=members)

    async def renew_ahead(self) -> None:
        """Renew an OAuth token before it ends; nothing for other kinds of tokens."""
        await self._signer.renew_ahead()

    async def _signed(
        self, operation: str, method: str, path: str, *, is_write: bool, body: Any = None,
        query: dict[str, str] | None = None, members: int = 1,
    ) -> Answer:  # fmt: skip
        exchange = partial(
            self._exchange, operation, method, path, body=body, query=query, is_write=is_write, members=members
        )
        with self._telemetry.span(f"brightpearl {operation}", merchant=self._merchant) as span:
            try:
                try:
                    answer = await exchange()
                except StillRefusedError:
                    raise
                except NotPermittedError as error:
                    # A resource that is forbidden stays so under a new token, and a refresh token is good for one use.
                    if error.status != 401 or not await self._signer.refresh():
                        raise
                    answer = await exchange()
                except SettingsError as error:
                    raise KeyUnusableError(str(error), status=401) from error
            except HomewardError as error:
                self._judge(operation, error)
                if not error.is_ordinary:
                    span.set_attributes({"error.type": type(error).__name__, "error.message": str(error)[:500]})
                raise
            self._count(operation, "ok")
            self.health.answered(operation, server_time=self.server_time)
            return answer

    def _judge(self, operation: str, error: HomewardError) -> None:
        """What an exchange that brought no answer of use says of Brightpearl."""
        self._count(operation, "none" if isinstance(error, NothingThereError) else type(error).__name__)
        match error:
            case StillRefusedError() | LeftAloneError() | WritesHeldError() | LeaseLostError():
                pass  # nothing was asked
            case ThrottledError():
                self.health.throttled(operation)
            case NotPermittedError():
                self.health.refused(operation, error.status, str(error))
            case RejectedError() if error.code:
                self.health.answered(operation, server_time=self.server_time)
            case RejectedError() | MalformedPayloadError():  # a refusal of Brightpearl's own carries its code (sheet 4)
                self.health.garbled(operation, str(error))
            case OutcomeUnknownError() if isinstance(error.__cause__, MalformedPayloadError):
                self.health.garbled(operation, str(error))
            case _:
                self.health.failed(operation, str(error))

    async def _exchange(
        self, operation: str, method: str, path: str, *, body: Any, query: dict[str, str] | None, is_write: bool,
        members: int,
    ) -> Answer:  # fmt: skip
        what = f"Brightpearl {method} {path.split('?')[0]}"
        url = f"{self._settings.base_url.rstrip('/')}{path}"
        headers = await self._signer.headers()
        self.health.check(what, credential="|".join(headers.values()))
        ticket = await self.quota.take(self.bundle_cost.units(members))
        self.calls += 1
        try:
            with anyio.fail_after(HTTP_TIMEOUT_SECONDS):
                async with self._http.request(
                    method, url, json=body, params=query, headers=headers, allow_redirects=False,
                    trace_request_ctx=Sending(f"brightpearl.{operation}", self._may_write if is_write else None),
                ) as reply:  # fmt: skip
                    raw = await _bounded(reply, what)
        except BaseException as error:
            self.quota.lost(ticket)
            if isinstance(error, AnswerTooLargeError) and is_write:
                raise OutcomeUnknownError(f"{error}; it may have been done") from error
            if isinstance(error, aiohttp.ClientConnectorError):
                raise TransientError(f"{what}: cannot connect") from error  # nothing was sent
            if isinstance(error, aiohttp.ClientError | TimeoutError | OSError):
                lost = f"{what}: no answer ({type(error).__name__})"
                raise (OutcomeUnknownError(lost) if is_write else TransientError(lost)) from error
            raise
        resets = self._hear(reply)
        self.server_time = wire.server_time(reply.headers)
        if self.server_time is not None:
            self._clock.heard(BRIGHTPEARL, self.server_time)
        ruid = reply.headers.get("Ruid", "")
        note_on_span({"http.response.status_code": reply.status, "brightpearl.ruid": ruid})
        if _speaks_of_the_limit(reply.status, raw):
            pause = self.quota.refused(ticket, resets_in=resets)
            if is_write and not (_has_throttle_headers(reply) and is_throttled(raw)):
                raise OutcomeUnknownError(f"{what}: {reply.status}, over a limit in words that are not Brightpearl's")
            raise ThrottledError(f"{what}: over the request limit", retry_after_seconds=pause.total_seconds())
        cost = self.quota.heard(ticket, remaining=self._remaining(reply), resets_in=resets)
        if members > 1:
            self.bundle_cost.measured(members, cost)
        return _judge(reply.status, raw, what, is_write=is_write, ruid=ruid)

    def _hear(self, reply: aiohttp.ClientResponse) -> timedelta | None:
        if self.instance_id is None:
            self.instance_id = whole_header(reply.headers.get(_INSTANCE_HEADER))
        resets = whole_header(reply.headers.get(_THROTTLE_HEADERS[1]))
        return timedelta(milliseconds=min(resets, RESETS_MAX_MS)) if resets is not None else None

    def _remaining(self, reply: aiohttp.ClientResponse) -> int | None:
        remaining = whole_header(reply.headers.get(_THROTTLE_HEADERS[0]))
        if remaining is not None:
            self._telemetry.metrics.quota_left.labels(self._merchant).set(remaining)
        return remaining

    def _count(self, operation: str, outcome: str) -> None:
        self._telemetry.count_call(self._merchant, BRIGHTPEARL, operation, outcome)


def _speaks_of_the_limit(status: int, raw: bytes) -> bool:
    """Over a limit, whoever says so: the next request waits. What became of a write, only `is_throttled` tells."""
    return status in (429, 503) and _THROTTLED in raw[:300].decode("utf-8", "replace").casefold()


def is_throttled(raw: bytes) -> bool:
    """Whether Brightpearl itself says, in its envelope, that this was over its limit: certainly nothing was done.

    A proxy may say as much in its own words after the write was passed on. Source: Brightpearl sheet section 3, the text
    of `response`, and inside a multi-message that of the only error.
    """
    envelope = _envelope(raw)
    if not isinstance(envelope, dict) or len(envelope) != 1:
        return False
    text, errors = envelope.get("response"), envelope.get("errors")
    if isinstance(errors, list) and len(errors) == 1 and isinstance(errors[0], dict):
        text = errors[0].get("message")
    return isinstance(text, str) and text.strip().casefold().startswith(_OWN_THROTTLED)


def _has_throttle_headers(reply: aiohttp.ClientResponse) -> bool:
    """Both are on every answer of Brightpearl's (sheet section 3)."""
    return all(whole_header(reply.headers.get(name)) is not None for name in _THROTTLE_HEADERS)


def _judge(status: int, raw: bytes, what: str, *, is_write: bool, ruid: str) -> Answer:
    """Sort an answer by HTTP status first, as the sheet's section 4 advises."""
    return judge_write(status, raw, what, ruid=ruid) if is_write else _judge_read(status, raw, what, ruid=ruid)


def judge_write(status: int, raw: bytes, what: str, *, ruid: str = "") -> Answer:
    """The answer to a write.

    A refusal is believed only in Brightpearl's own words: an envelope with a code of its own, or its gateway's text for a
    token it does not take. Whatever else answers (a redirect, a proxy's page, a timeout's 408, an error without a code)
    may come after the write was done.

    Raises NotPermittedError, RejectedError: certainly nothing was done. OutcomeUnknownError: it may have been.
    """
    envelope = _envelope(raw)
    error = _error_in(envelope, raw)
    is_own = error.is_own or (isinstance(envelope, dict) and isinstance(envelope.get("response"), str))
    described = f"{what}: {status} {error.code} {error.message}".strip()
    if status in (401, 403) and is_own:
        raise NotPermittedError(f"{what}: {status}, the token is not accepted", status=status)
    if error.is_own and (400 <= status < 500 or 200 <= status < 300 or error.code in _INVALID_INPUT_AS_500):
        raise RejectedError(described, status=status, code=error.code)
    if not 200 <= status < 300:
        raise OutcomeUnknownError(described)
    if raw.strip() and (not isinstance(envelope, dict) or "errors" in envelope):
        raise OutcomeUnknownError(f"{what}: {status} with an answer that cannot be read")
    return Answer(status, envelope.get("response") if isinstance(envelope, dict) else None, ruid)


def _judge_read(status: int, raw: bytes, what: str, *, ruid: str) -> Answer:
    """The answer to a question; one that is not Brightpearl's own says nothing of its books.

    Raises NotPermittedError, RejectedError, TransientError, MalformedPayloadError.
    """
    envelope = _envelope(raw)
    error = _error_in(envelope, raw)
    described = f"{what}: {status} {error.code} {error.message}".strip()
    if status in (401, 403):
        raise NotPermittedError(f"{what}: {status}, the token is not accepted", status=status)
    if error.is_own and (status < 500 or error.code in _INVALID_INPUT_AS_500):
        # Asked for what is not there, Brightpearl answers 404 with a code; a 404 without is somebody else's (sheet 4).
        kind = NothingThereError if status == 404 else RejectedError
        raise kind(described, status=status, code=error.code)
    if status >= 500:
        raise TransientError(described)
    if not 200 <= status < 300 or not isinstance(envelope, dict) or "errors" in envelope:
        raise MalformedPayloadError(f"{what}: {status} with an answer that is not Brightpearl's: {error.message[:80]}")
    return Answer(status, envelope.get("response"), ruid)


@dataclass(frozen=True, slots=True)
class BrightpearlError:
    """The first error an answer names."""

    code: str
    """As Brightpearl writes its codes; empty where the answer has none."""
    message: str

    @property
    def is_own(self) -> bool:
        """Whether Brightpearl itself says it: services, proxies and gateways in between have no such codes."""
        return bool(self.code)


def _error_in(envelope: Any, raw: bytes) -> BrightpearlError:
    """What an answer complains of. An envelope holds `errors` or `response`, never both (sheet section 4)."""
    if not isinstance(envelope, dict):
        return BrightpearlError("", raw[:200].decode("utf-8", "replace"))
    errors, response = envelope.get("errors"), envelope.get("response")
    first = errors[0] if isinstance(errors, list) and errors else None
    if isinstance(first, dict):
        code = str(first.get("code", ""))
        is_own = _CODE.fullmatch(code) is not None and response is None
        return BrightpearlError(code if is_own else "", str(first.get("message", ""))[:300])
    return BrightpearlError("", response[:300] if isinstance(response, str) else "")


def _envelope(raw: bytes) -> Any:
    """The parsed answer; None where it is no JSON."""
    try:
        return wire.parse_json(raw)
    except MalformedPayloadError:
        return None


async def _bounded(reply: aiohttp.ClientResponse, what: str) -> bytes:
    raw = bytearray()
    async for chunk in reply.content.iter_chunked(65536):
        raw += chunk
        if len(raw) > BODY_MAX:
            raise AnswerTooLargeError(f"{what}: an answer of more than {BODY_MAX // 1024 // 1024} MB is not read")
    return bytes(raw)


def whole_header(value: str | None) -> int | None:
    """A header's whole number; None for whatever else stands there."""
    text = (value or "").strip()
    return int(text) if is_number(text.removeprefix("-")) else None
