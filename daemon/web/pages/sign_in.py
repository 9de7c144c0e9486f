"""Signing in, with a code where the account has a second factor, signing out, and changing one's password."""

from aiohttp import web

from daemon.store import accounts
from daemon.store.scope import AT_THE_DOOR, WHOSE
from daemon.web.access import passwords
from daemon.web.access.door import CODE_WITHIN, RESTS, CodeDue, Refused
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.guard import address_of, cookie, hand_out, must_be_own, words
from daemon.web.rendering import page
from daemon.web.signatures import Allowance

OPENID_COOKIE = "homeward-openid"
STEP_COOKIE = "homeward-step"
TRIES_PER_MINUTE = 120  # of one address: a whole office, or a proxy, may be behind it
ADDRESSES_MAX = 10_000
WAITING_MAX = 20
TRIED = web.AppKey("tried", dict[str, Allowance])


def local(goes_to: str) -> str:
    """Where to go after signing in: a path of ours, or home."""
    is_path = goes_to.startswith("/") and not goes_to.startswith("//") and "\\" not in goes_to
    return goes_to if is_path and goes_to.isprintable() and len(goes_to) <= 2000 else "/"


async def show(request: web.Request) -> web.Response:
    return await _form(request, goes_to=local(request.query.get("next", "/")))


async def _form(
    request: web.Request, *, goes_to: str, refused: str = "", name: str = "", status: int = 200
) -> web.Response:
    openid = request.app[DESK].openid
    return await page(
        request, "sign_in.html", title="Sign in", status=status, goes_to=goes_to, refused=refused, name=name,
        openid_name=openid.settings.name if openid is not None else "",
    )  # fmt: skip


async def enter(request: web.Request) -> web.Response:
    must_be_own(request)
    _not_too_many(request)
    desk, sent = request.app[DESK], await words(request)
    goes_to, name = local(sent.get("next", "/")), sent.get("name", "")
    try:
        opened = await desk.door.by_password(
            name, sent.get("password", ""), address=address_of(request), now=desk.now, goes_to=goes_to
        )
    except Refused as refused:
        return await _form(request, goes_to=goes_to, refused=str(refused), name=name[:100], status=403)
    if isinstance(opened, CodeDue):
        reply = web.HTTPSeeOther("/sign-in/code")
        _hold_step(reply, desk, opened.token)
        raise reply
    reply = web.HTTPSeeOther(goes_to)
    hand_out(reply, desk, opened.token)
    raise reply


def _hold_step(reply: web.StreamResponse, desk: Desk, token: str) -> None:
    """Between password and code the browser holds this; it opens no page."""
    reply.set_cookie(
        STEP_COOKIE, token, path="/sign-in/code", httponly=True, secure=desk.settings.web.is_secure, samesite="Strict",
        max_age=int(CODE_WITHIN.total_seconds()),
    )  # fmt: skip


def _drop_step(reply: web.StreamResponse, desk: Desk) -> None:
    reply.del_cookie(
        STEP_COOKIE, path="/sign-in/code", secure=desk.settings.web.is_secure, httponly=True, samesite="Strict"
    )


async def code(request: web.Request) -> web.Response:
    if not request.cookies.get(STEP_COOKIE):
        raise web.HTTPSeeOther("/sign-in")
    return await _code(request)


async def _code(request: web.Request, *, refused: str = "", status: int = 200) -> web.Response:
    return await page(request, "code.html", title="Code", refused=refused, status=status)


async def enter_code(request: web.Request) -> web.Response:
    """The second step: a code of the device, or a recovery code."""
    must_be_own(request)
    _not_too_many(request)
    desk, sent = request.app[DESK], await words(request)
    try:
        opened = await desk.door.by_code(
            request.cookies.get(STEP_COOKIE, ""), sent.get("code", "")[:100], address=address_of(request), now=desk.now,
            device_now=desk.device_now,
        )  # fmt: skip
    except Refused as refused:
        if not refused.begins_anew:
            return await _code(request, refused=str(refused), status=403)
        answer = await _form(request, goes_to="/", refused=str(refused), status=403)
        _drop_step(answer, desk)
        return answer
    reply = web.HTTPSeeOther(local(opened.goes_to) if opened.codes_left is None else "/second-factor?came=recovery")
    hand_out(reply, desk, opened.token)
    _drop_step(reply, desk)
    raise reply


def _not_too_many(request: web.Request) -> None:
    """One address tries so often a minute, and only so many wait for their password to be looked at."""
    tried = request.app[TRIED]
    if len(tried) > ADDRESSES_MAX:
        tried.clear()
    if (
        not tried.setdefault(address_of(request), Allowance(TRIES_PER_MINUTE)).take()
        or passwords.waiting() > WAITING_MAX
    ):
        raise web.HTTPTooManyRequests(text="Too many sign-ins just now. Try again in a minute.")


async def leave(request: web.Request) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    token = request.cookies.get(cookie(desk), "")
    await desk.door.close(token, actor=person.actor, address=address_of(request), now=desk.now)
    reply = web.HTTPSeeOther("/sign-in")
    reply.del_cookie(cookie(desk), path="/", secure=desk.settings.web.is_secure, httponly=True, samesite="Lax")
    raise reply


async def to_openid(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    if desk.openid is None:
        raise web.HTTPNotFound(text="No sign-in provider is configured here.")
    _not_too_many(request)
    try:
        begun = await desk.openid.begin(local(request.query.get("next", "/")), desk.now)
    except Refused as refused:
        return await _form(request, goes_to="/", refused=str(refused), status=502)
    reply = web.HTTPSeeOther(begun.location)
    reply.set_cookie(
        OPENID_COOKIE, begun.token, path="/sign-in/openid", httponly=True, secure=desk.settings.web.is_secure,
        samesite="Lax", max_age=600,
    )  # fmt: skip
    raise reply


async def from_openid(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    if desk.openid is None:
        raise web.HTTPNotFound(text="No sign-in provider is configured here.")
    _not_too_many(request)
    now, address = desk.now, address_of(request)
    try:
        if "error" in request.query:
            raise Refused(f"The provider refused: {request.query['error'][:100]}")
        name, goes_to = await desk.openid.finish(
            state=request.query.get("state", "")[:200], held=request.cookies.get(OPENID_COOKIE, ""),
            code=request.query.get("code", "")[:2000], now=now,
        )  # fmt: skip
    except Refused as refused:
        async with desk.database.transaction(scope=AT_THE_DOOR) as connection:
            await accounts.log(
                connection, actor="unknown", action="sign-in-refused", now=now, address=address, detail=str(refused)
            )
        return await _form(request, goes_to="/", refused=str(refused), status=403)
    opened = await desk.door.open(name, way="openid", address=address, now=now)
    reply = web.HTTPSeeOther(local(goes_to))
    hand_out(reply, desk, opened.token)
    reply.del_cookie(OPENID_COOKIE, path="/sign-in/openid")
    raise reply


async def password(request: web.Request) -> web.Response:
    return await _password(request)


async def _password(request: web.Request, *, refused: str = "", done: bool = False) -> web.Response:
    return await page(
        request, "password.html", title="Change password", refused=refused, done=done, status=400 if refused else 200,
        cli=f"homeward user password {request[PERSON].name}",
    )  # fmt: skip


async def change_password(request: web.Request) -> web.Response:
    desk, person, sent = request.app[DESK], request[PERSON], await words(request)
    old, new, now = sent.get("old", ""), sent.get("new", ""), desk.now
    async with desk.database.reading() as connection:
        account = await accounts.read(connection, person.name)
    if account is None or not account["has_password"]:
        return await _password(request, refused="This account signs in elsewhere and has no password here.")
    if await desk.door.try_password(person.name, old[:300], address=address_of(request), now=now) is None:
        return await _password(request, refused=f"The password now does not fit. {RESTS}")
    if why := passwords.weakness(new, name=person.name):
        return await _password(request, refused=f"The new password {why}.")
    fresh = await passwords.hashed(new)
    async with desk.database.transaction() as connection:
        await accounts.set_own_password(connection, fresh, now)
        await accounts.log(
            connection, actor=person.actor, action="password-changed", now=now, subject=person.name,
            address=address_of(request),
        )  # fmt: skip
    opened = await desk.door.open(person.name, way="password", address=address_of(request), now=now)
    again = await desk.door.session(opened.token, now=now, proxied=None)
    assert again is not None
    request[PERSON] = again
    WHOSE.set(again.scope)
    reply = await _password(request, done=True)
    hand_out(reply, desk, opened.token)
    return reply
