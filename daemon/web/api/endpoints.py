"""The endpoints of /api/v1: who may ask, how an answer is written, and that a repeated write is done once."""

import hashlib
import re
from functools import cache
from importlib.metadata import version as installed
from typing import Any

import anyio
import orjson
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from daemon.store import tokens
from daemon.store.scope import NOBODY, WHOSE
from daemon.web import guard
from daemon.web.api import books, reading, writing
from daemon.web.api.describing import BASE, KEY, MEDIA, PROBLEM_MEDIA, Endpoint, document
from daemon.web.desk import DESK, PERSON
from daemon.web.signatures import Allowance

REQUESTS_PER_MINUTE = 1200  # of one token
ALLOWANCES = web.AppKey("allowances", dict[int, Allowance])
_KEY = re.compile(str(KEY.schema["pattern"]))

ENDPOINTS: tuple[Endpoint, ...] = (*reading.ENDPOINTS, *books.ENDPOINTS, *writing.ENDPOINTS)


def add(app: web.Application) -> None:
    app[ALLOWANCES] = {}
    app.router.add_get(f"{BASE}/openapi.json", _document)
    for endpoint in ENDPOINTS:
        path = BASE + re.sub(r"\{(id|number)\}", r"{\1:[0-9]{1,18}}", endpoint.path)
        app.router.add_route(endpoint.method, path, _served(endpoint))


@cache
def openapi() -> bytes:
    return orjson.dumps(document(ENDPOINTS, version=installed("homeward")), option=orjson.OPT_INDENT_2)


async def _document(request: web.Request) -> web.Response:
    return web.Response(body=openapi(), content_type=MEDIA)


def problem(status: int, title: str, detail: str, **more: Any) -> web.Response:
    """RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return web.Response(body=orjson.dumps(body, default=str), status=status, content_type=PROBLEM_MEDIA)


def _served(endpoint: Endpoint) -> guard.Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        refusal = await _let_in(request, endpoint)
        if refusal is not None:
            return refusal
        if endpoint.writes:
            return await _write(request, endpoint)
        found = await endpoint.handler(request, None)
        return _tagged(request, found)

    return serve


async def _let_in(request: web.Request, endpoint: Endpoint) -> web.Response | None:
    """The token as a person of its scope and merchants; or why not."""
    desk = request.app[DESK]
    kind, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    WHOSE.set(NOBODY)
    program = await desk.door.program(token.strip(), now=desk.now) if kind.lower() == "bearer" else None
    if program is None:
        reply = problem(401, "no token", "Send Authorization: Bearer TOKEN with a token that is in force.")
        reply.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="homeward"'
        return reply
    person, scope = program
    assert person.token is not None
    allowance = request.app[ALLOWANCES].setdefault(person.token, Allowance(REQUESTS_PER_MINUTE))
    if not allowance.take():
        reply = problem(429, "too many", f"One token may ask {REQUESTS_PER_MINUTE} times a minute.")
        reply.headers[hdrs.RETRY_AFTER] = "1"
        return reply
    if scope not in endpoint.scopes:
        return problem(
            403, "not in scope", f"This token's scope is {scope}; this needs {' or '.join(endpoint.scopes)}."
        )
    request[PERSON] = person
    WHOSE.set(person.scope)
    return None


def _tagged(request: web.Request, found: Any) -> web.Response:
    """With an ETag over what matters: the moment of asking does not."""
    told = {name: value for name, value in found.items() if name != "as_of"} if isinstance(found, dict) else found
    tag = f'"{hashlib.sha256(orjson.dumps(told, default=str, option=orjson.OPT_NON_STR_KEYS)).hexdigest()[:32]}"'
    known = {each.strip().removeprefix("W/") for each in request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")}
    if tag in known:
        return web.Response(status=304, headers={hdrs.ETAG: tag})
    return web.Response(body=orjson.dumps(found, default=str), content_type=MEDIA, headers={hdrs.ETAG: tag})


async def _write(request: web.Request, endpoint: Endpoint) -> web.Response:
    """Read and check the body; do it, unless this very request was done before."""
    desk, token = request.app[DESK], request[PERSON].token
    assert token is not None
    key = request.headers.get(KEY.name, "")
    if not _KEY.fullmatch(key):
        return problem(
            400, "no key that can be used", f"A write needs the header {KEY.name}: 8 to 100 of A-Z a-z 0-9 . _ : -"
        )
    if request.content_type != MEDIA:
        return problem(415, "not JSON", f"Send the body as {MEDIA}.")
    try:
        with anyio.fail_after(guard.BODY_SECONDS):
            raw = await request.read()
    except TimeoutError:
        return problem(408, "too slow", f"The body did not arrive within {guard.BODY_SECONDS:.0f} s.")
    asked = hashlib.sha256(f"{request.method} {request.path}\n".encode() + raw).digest()
    async with desk.database.reading() as connection:
        before = await tokens.answered(connection, token, key)
    if before is not None:
        if before["asked"] != asked:
            return problem(422, "key used before", f"The key {key} was used for another request.")
        reply = _written(before["status"], before["body"])
        reply.headers["Idempotency-Replayed"] = "true"
        return reply
    body = _checked(endpoint, raw)
    if isinstance(body, web.Response):
        return body
    status, told = await _done(request, endpoint, body, key)
    if status < 500:
        async with desk.database.transaction() as connection:
            plain = orjson.loads(orjson.dumps(told, default=str))
            await tokens.answer(connection, token, key, asked=asked, status=status, body=plain, now=desk.now)
    return _written(status, told)


def _checked(endpoint: Endpoint, raw: bytes) -> BaseModel | web.Response:
    assert endpoint.body is not None
    try:
        return endpoint.body.model_validate_json(raw)
    except ValidationError as error:
        errors = [
            {"field": ".".join(map(str, each["loc"])), "why": each["msg"]}
            for each in error.errors(include_url=False)[:20]
        ]
        first = f"{errors[0]['field'] or 'body'}: {errors[0]['why']}"
        return problem(400, "the body cannot be taken", first, errors=errors)


async def _done(request: web.Request, endpoint: Endpoint, body: BaseModel, key: str) -> tuple[int, Any]:
    """What is refused is an answer too, and is given again for the same key."""
    try:
        return 200, await endpoint.handler(request, (body, key))
    except web.HTTPException as refusal:
        detail = refusal.text or refusal.reason
        return refusal.status, {"type": "about:blank", "title": "refused", "status": refusal.status, "detail": detail}


def _written(status: int, told: Any) -> web.Response:
    media = MEDIA if status < 400 else PROBLEM_MEDIA
    return web.Response(body=orjson.dumps(told, default=str), status=status, content_type=media)
