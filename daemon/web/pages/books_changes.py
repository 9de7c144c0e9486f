"""What people change about the books from a page: decisions on matches, files, months; and matching now."""

from typing import Any
from urllib.parse import urlencode

import anyio
from aiohttp import web

from daemon.actions import closing, matching
from daemon.errors import HomewardError, MalformedPayloadError, NotPermittedError, RejectedError
from daemon.finance import importing
from daemon.finance import periods as rules
from daemon.finance.collect import Sources, collect
from daemon.finance.matching import run_matching
from daemon.store import matches
from daemon.web.access.roles import May
from daemon.web.desk import DESK
from daemon.web.guard import form, must, words
from daemon.web.pages.books import files_shown
from statemachine.books.matching import Action

FILE_MAX = 10 * 1024 * 1024
"""What comes over a page; larger files go through the command."""
READ_SECONDS = 45.0
"""How long somebody waits for both systems' books."""


def _merchant(request: web.Request, told: dict[str, str]) -> str:
    person = must(request, may=May.BOOKS)
    merchant = told.get("merchant", "")
    if merchant not in person.merchants:
        raise web.HTTPNotFound(text="There is no such merchant, or you may not see it.")
    return merchant


def _back(path: str, **told: str) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"{path}?{urlencode({name: value for name, value in told.items() if value})}")


async def decide_on(request: web.Request) -> web.Response:
    """One decision on one or many matches; afterwards the books are matched anew, so that it shows."""
    sent = await form(request)
    told = {name: value for name, value in sent.items() if isinstance(value, str)}
    merchant, desk = _merchant(request, told), request.app[DESK]
    person = must(request, may=May.BOOKS)
    keys = [str(each) for each in sent.getall("key", [])][:500]
    try:
        action = Action(told.get("action", ""))
    except ValueError as error:
        raise web.HTTPBadRequest(text="Choose what to do.") from error
    if not keys:
        raise web.HTTPBadRequest(text="Choose at least one match.")
    if action is Action.MATCH and len(keys) == 1:
        async with desk.database.reading() as connection:
            keys = await matching.suggested(connection, merchant, keys[0])
    settings = desk.settings.merchants[merchant]
    await matching.decide(
        desk.database, merchant, settings, action, keys, actor=person.actor, reason=told.get("reason", ""),
        note=told.get("note", "")[:2000], now=desk.now,
    )  # fmt: skip
    await run_matching(desk.database, merchant, settings, now=desk.now, actor=person.actor)
    async with desk.database.reading() as connection:
        row = await matches.of_key(connection, merchant, keys[0])
    if row is not None and len(sent.getall("key", [])) == 1:
        raise _back("/books/match", key=row["key"], merchant=merchant)
    raise _back("/books/matches", merchant=merchant, status="open")


async def match_now(request: web.Request) -> web.Response:
    """Read what changed, as far as one comes while somebody waits, and match it. The night's run reads the rest."""
    told = await words(request)
    merchant, desk = _merchant(request, told), request.app[DESK]
    settings = desk.settings.merchants[merchant]
    async with desk.open_vendors(merchant) as vendors:
        sources = Sources(merchant, settings, desk.database, vendors.brightpearl, vendors.happy_returns, desk.clock.now)
        with anyio.move_on_after(READ_SECONDS) as reading:
            await collect(sources, desk.now)
    await run_matching(desk.database, merchant, settings, now=desk.now, actor=must(request, may=May.BOOKS).actor)
    said = (
        "Not everything could be read while you waited; homeward match run reads it all."
        if reading.cancelled_caught
        else ""
    )
    raise _back("/books", merchant=merchant, said=said)


async def take_file(request: web.Request) -> web.Response:
    """Preview first; the file is sent again to be imported, and the page says what became of each row."""
    sent = await form(request)
    told = {name: value for name, value in sent.items() if isinstance(value, str)}
    merchant, desk = _merchant(request, told), request.app[DESK]
    file = sent.get("file")
    if not isinstance(file, web.FileField) or not file.filename:
        return await files_shown(request, merchant, problem="Choose a file.", status=400)
    with file.file:
        raw = file.file.read(FILE_MAX + 1)
    if len(raw) > FILE_MAX:
        problem = "The file is larger than 10 MB: import it with homeward import file."
        return await files_shown(request, merchant, problem=problem, status=400)
    is_preview = told.get("step") != "import"
    try:
        done = await importing.import_file(
            desk.database, merchant, desk.settings.merchants[merchant], raw, name=file.filename, given=told.get("format", ""),
            now=desk.now, actor=must(request, may=May.BOOKS).actor, preview=is_preview,
        )  # fmt: skip
    except MalformedPayloadError as error:
        return await files_shown(request, merchant, problem=f"The file cannot be read: {error}", status=400)
    except RejectedError as error:
        return await files_shown(request, merchant, problem=f"The file was not imported: {error}", status=409)
    return await files_shown(request, merchant, preview=done, is_preview=is_preview)


async def undo_file(request: web.Request) -> web.Response:
    told = await words(request)
    merchant, desk = _merchant(request, told), request.app[DESK]
    reason = told.get("reason", "").strip()
    if not reason:
        raise web.HTTPBadRequest(text="Say why the import is undone.")
    done = await importing.undo(
        desk.database, merchant, int(request.match_info["id"]), reason=reason[:500], now=desk.now,
        actor=must(request, may=May.BOOKS).actor,
    )  # fmt: skip
    raise _back(
        "/books/files", merchant=merchant, said=f"{done['name']}: {done['legs_ended']} rows are out of the books again."
    )


async def step_period(request: web.Request) -> web.Response:
    """Prepare, close or reopen a month."""
    told = await words(request)
    merchant, desk = _merchant(request, told), request.app[DESK]
    period, step = request.match_info["period"], request.match_info["step"]
    actor, reason = must(request, may=May.BOOKS).actor, told.get("reason", "").strip()[:500]
    settings: Any = desk.settings.merchants[merchant]
    try:
        match step:
            case "prepare":
                await rules.prepare(desk.database, merchant, settings, period, actor=actor, reason=reason, now=desk.now)
                said = f"{period} is prepared: somebody else reviews and closes it."
            case "close":
                await closing.close(desk.database, merchant, settings, period, actor=actor, reason=reason, now=desk.now)
                said = f"{period} is closed."
            case _:
                if not reason:
                    raise web.HTTPBadRequest(text="Say why the month is opened again.")
                await rules.reopen(desk.database, merchant, period, actor=actor, reason=reason, now=desk.now)
                said = f"{period} is open again."
    except (RejectedError, NotPermittedError) as error:
        said = _first(error)
    raise _back("/books/periods", merchant=merchant, said=said)


def _first(error: HomewardError) -> str:
    return str(error)[:200]
