"""In front of every page: who asks, whether the request is theirs, and headers that keep browsers from being misled."""

import hmac
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import anyio
import asyncpg
from aiohttp import hdrs, http_exceptions, web
from multidict import MultiDictProxy

from daemon.errors import (
    HomewardError,
    MalformedPayloadError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from daemon.store import accounts
from daemon.store.database import DISCONNECTED
from daemon.store.scope import AT_THE_DOOR, NOBODY, WHOSE
from daemon.web.access.roles import May, Person
from daemon.web.connections import Limits, is_one_of
from daemon.web.desk import DESK, MARK, PERSON, Desk

log = logging.getLogger(__name__)

FORM = web.RequestKey("form", MultiDictProxy[str | bytes | bytearray | web.FileField])
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_SECONDS = 15.0  # a body that takes longer is not waited for
BODY_MAX = 1024 * 1024
FILE_MAX = 11 * 1024 * 1024
SIGN_IN_MAX = 16 * 1024  # whoever sends more has no account yet
LARGE = ("/warehouse/import",)  # only a warehouse's file may be larger
FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics", "/static/")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = ("/sign-in", "/static/", "/healthz", "/readyz", "/metrics", "/webhooks/", "/api/", "/favicon.ico")
FACTOR = "/second-factor"
BEFORE_A_FACTOR = (FACTOR, "/sign-out")  # what is open to somebody who must add a second factor first
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


LIMITS = web.AppKey("limits", Limits)
SERVED = web.AppKey("served", Counter[str])
"""Client behind a proxy → its requests that are being served."""


@web.middleware
async def bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One client behind a proxy has no more going on than one address has connections; the proxy itself is not held to it."""
    client, served = address_of(request), request.app[SERVED]
    if client == request.remote:
        return await handler(request)
    if served[client] >= request.app[LIMITS].of_one_address:
        log.warning("request refused: too many of one client", extra={"requests": served[client]})
        raise web.HTTPTooManyRequests(text="Too many requests of yours are being served. Try again in a moment.")
    served[client] += 1
    try:
        return await handler(request)
    finally:
        served[client] -= 1
        if not served[client]:
            del served[client]


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """On every answer, refusals included."""
    try:
        reply = await handler(request)
    except web.HTTPException as refusal:
        _dress(request, refusal)
        raise
    finally:
        _close_files(request)
    if not reply.prepared:
        _dress(request, reply)
    return reply


def _close_files(request: web.Request) -> None:
    """Files that were sent lie in temporary files: also those nobody read, since the request was refused."""
    for value in request[FORM].values() if FORM in request else ():
        if isinstance(value, web.FileField):
            value.file.close()


def _dress(request: web.Request, reply: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        reply.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        # What a change was about may be gone back to; everything else is asked for again.
        kept = "private, no-cache" if request.path == "/changes" else "no-store"
        reply.headers.setdefault("Cache-Control", kept)
    if request.app[DESK].settings.web.is_secure:
        reply.headers.setdefault("Strict-Transport-Security", "max-age=31536000")


@web.middleware
async def who(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pages are for those who have signed in; whoever has not is sent to the sign-in and comes back after it."""
    WHOSE.set(NOBODY)  # a connection serves many requests: what the last one saw is not ours
    if request.path.startswith(PUBLIC):
        return await handler(request)
    desk = request.app[DESK]
    proxied = _proxied(request, desk)
    is_click = request.method not in SAFE or not (request.headers.get("HX-Request") or request.path == "/live")
    token = request.cookies.get(cookie(desk), "")
    person = await desk.door.session(token, now=desk.now, proxied=proxied, is_click=is_click)
    opened: str | None = None
    if person is None and proxied is not None:
        person, opened = await _let_in_proxied(request, desk, proxied)
    if person is None:
        if request.method in SAFE and not request.headers.get("HX-Request"):
            raise web.HTTPSeeOther(f"/sign-in?next={_quoted(request)}")
        raise web.HTTPUnauthorized(text="You are not signed in any more. Reload the page to sign in again.")
    if request.method not in SAFE:
        must_be_own(request)
        await _must_carry_token(request, person)
    request[PERSON] = person
    WHOSE.set(person.scope)
    if person.must_add_factor and not request.path.startswith(BEFORE_A_FACTOR):
        if request.method in SAFE and not request.headers.get("HX-Request") and request.path != "/live":
            raise web.HTTPSeeOther(FACTOR)
        raise web.HTTPForbidden(text="Your role needs a second factor before anything else: open the page to add it.")
    if request.method == "GET" and request.path != "/live":
        request[MARK] = await desk.pulse.mark(person.merchants)
    reply = await handler(request)
    if opened is not None and not reply.prepared:
        hand_out(reply, desk, opened)
    return reply


def _quoted(request: web.Request) -> str:
    from urllib.parse import quote

    return quote(request.path_qs, safe="")


def _proxied(request: web.Request, desk: Desk) -> str | None:
    """The account that a trusted proxy names; None when there is none, or the proxy is not ours."""
    told = desk.settings.web.proxy
    if told is None or request.remote is None:
        return None
    if not is_one_of(request.remote, told.trusted):
        return None
    given = request.headers.getall(told.header, [])
    return given[0].strip().lower()[:100] if len(given) == 1 and given[0].strip() else None


async def _let_in_proxied(request: web.Request, desk: Desk, name: str) -> tuple[Person | None, str | None]:
    async with desk.database.reading(scope=AT_THE_DOOR) as connection:
        account = await accounts.at_the_door(connection, name)
    if account is None or not account["is_open"]:
        raise web.HTTPForbidden(text=f"The proxy names you {name}; there is no such account here, or it is closed.")
    opened = await desk.door.open(name, way="proxy", address=address_of(request), now=desk.now)
    person = await desk.door.session(opened.token, now=desk.now, proxied=name)
    return person, opened.token


def must_be_own(request: web.Request) -> None:
    """Refuse what another site had the browser send."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise web.HTTPForbidden(text="This request came from another site; nothing was done.")
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return
    url = request.app[DESK].settings.web.url
    own = {f"http://{request.host}", f"https://{request.host}"} | ({_origin_of(url)} if url else set())
    if origin not in own:
        raise web.HTTPForbidden(text="This request came from another site; nothing was done.")


def _origin_of(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/')[0]}"


async def _must_carry_token(request: web.Request, person: Person) -> None:
    """A form, or a header from our own script, must carry the session's secret."""
    given = request.headers.get("X-CSRF", "")
    if not given:
        told = (await form(request)).get("csrf", "")
        given = told if isinstance(told, str) else ""
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), person.csrf.encode()):
        raise web.HTTPForbidden(text="This form has expired; nothing was done. Reload the page and send it again.")


async def form(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """The fields that were sent, read once, in bounded size and time."""
    if FORM in request:
        return request[FORM]
    most = FILE_MAX if request.path in LARGE else SIGN_IN_MAX if request.path.startswith("/sign-in") else BODY_MAX
    sized = request.clone(client_max_size=most)
    try:
        with anyio.fail_after(BODY_SECONDS):
            request[FORM] = await sized.post()
            return request[FORM]
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text=f"The form did not arrive within {BODY_SECONDS:.0f} s.") from error
    except (ValueError, LookupError, RuntimeError, http_exceptions.HttpProcessingError) as error:
        raise web.HTTPBadRequest(text="The form cannot be read.") from error


async def words(request: web.Request) -> dict[str, str]:
    """The text fields of a form; of one sent several times the last."""
    return {name: value for name, value in (await form(request)).items() if isinstance(value, str)}


def must(request: web.Request, *, verb: str | None = None, may: May | None = None) -> Person:
    """The person, when their role allows this; else refuse, naming who may."""
    person = request[PERSON]
    if verb is not None and not person.may_do(verb):
        raise web.HTTPForbidden(text=f"Your role ({person.role}) may not {verb} returns. {_who_may(verb=verb)}")
    if may is not None and not person.may(may):
        raise web.HTTPForbidden(text=f"Your role ({person.role}) may not do this ({may}). {_who_may(may=may)}")
    return person


def _who_may(*, verb: str | None = None, may: May | None = None) -> str:
    from daemon.web.access.roles import RIGHTS

    able = [str(role) for role, rights in RIGHTS.items() if verb in rights.verbs or may in rights.may]
    return f"It needs one of these roles: {', '.join(able)}."


def cookie(desk: Desk) -> str:
    return "__Host-homeward" if desk.settings.web.is_secure else "homeward"


def hand_out(reply: web.StreamResponse, desk: Desk, token: str) -> None:
    """Give the browser its session."""
    reply.set_cookie(
        cookie(desk), token, path="/", httponly=True, secure=desk.settings.web.is_secure, samesite="Lax",
        max_age=desk.settings.web.session_hours * 3600,
    )  # fmt: skip


def address_of(request: web.Request) -> str:
    """Where a request came from: behind trusted proxies, the last address they name that is none of them."""
    return client_of(
        request.remote or "", request.headers.getall("X-Forwarded-For", []), request.app[DESK].settings.web.proxies
    )


def client_of(remote: str, forwarded: Sequence[str], proxies: tuple[str, ...]) -> str:
    hops = [hop.strip()[:60] for header in forwarded for hop in header.split(",") if hop.strip()]
    while hops and is_one_of(remote, proxies):
        remote = hops.pop()
    return remote


PASSED_ON_BY = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")  # what proxies add


def is_insider(request: web.Request) -> bool:
    """Whether this comes straight from where the merchants' names may be known without a sign-in."""
    if any(name in request.headers for name in PASSED_ON_BY):
        return False
    return is_one_of(request.remote or "", request.app[DESK].settings.web.metrics_from)


REFUSED_BY_THE_DATABASE = (asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError)
"""A row that is not whoever asks' to write, or hangs on one that is not theirs to see."""
STATUS: tuple[tuple[type[HomewardError], int], ...] = (
    (NotFoundError, 404), (TransientError, 503), (OutcomeUnknownError, 502), (RejectedError, 409),
    (MalformedPayloadError, 400),
)  # fmt: skip
"""The errors raised on purpose, as an HTTP status."""


def answer_to(error: BaseException) -> tuple[int, str]:
    """Status and words for what went wrong on purpose or because the database is away. Raises what is neither."""
    is_value = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    if is_value or isinstance(error, asyncpg.DataError):  # refused by the driver, or by the server
        return 400, "A value is out of the range that can be stored."
    if isinstance(error, REFUSED_BY_THE_DATABASE):
        return 403, "This is not yours to see or change; nothing was changed."
    if isinstance(error, DISCONNECTED):
        return 503, "The database does not answer just now. Nothing was changed; try again in a moment."
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status, str(error)
    raise error


def request_id() -> str:
    return secrets.token_hex(6)
