"""Live pages: a stream that says *look again* when something a page shows has moved."""

import logging

import anyio
from aiohttp import web

from daemon.store import reports
from daemon.store.database import DISCONNECTED
from daemon.web.connections import Connection
from daemon.web.desk import DESK, PERSON
from daemon.web.guard import LIMITS, cookie
from daemon.web.pulse import Watcher

log = logging.getLogger(__name__)

QUIET_SECONDS = 20.0  # a sign of life at least so often: proxies close what is silent
PAUSE_SECONDS = 2.0  # between two words to one page, however much moves
PAGES_A_SECOND = 20  # that may be drawn anew for all who watch: the more watch, the longer each waits
ECHO_SECONDS = 8.0  # after the last move once more: figures that were kept a moment are taken anew by then
CHECK_SECONDS = 60.0  # how soon a stream ends whose session has ended
ONE_PERSON_MAX = 20  # open streams of one account; more belong to nobody's screen
OPEN = web.AppKey("open_streams", dict[str, int])


async def stream(request: web.Request) -> web.StreamResponse:
    desk, person = request.app[DESK], request[PERSON]
    opened = request.app[OPEN]
    if opened.get(person.name, 0) >= ONE_PERSON_MAX:
        raise web.HTTPTooManyRequests(text=f"More than {ONE_PERSON_MAX} live pages are open for {person.name}.")
    if sum(opened.values()) >= request.app[LIMITS].live_pages:
        log.warning("live page refused: too many are open", extra={"open": sum(opened.values())})
        raise web.HTTPServiceUnavailable(
            text="Too many live pages are open here. Reload this page to see what has changed."
        )
    told = request.query.get("return", "")
    only: list[int] | None = None
    if told:
        if not told.isascii() or not told.isdigit() or len(told) > 18:
            raise web.HTTPBadRequest(text="return takes our number of a return.")
        async with desk.database.reading() as connection:
            if await reports.of_id(connection, int(told), person.merchants) is None:
                raise web.HTTPNotFound(text=f"There is no return {told}, or it belongs to a merchant you may not see.")
        only = [int(told)]
    reply = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    opened[person.name] = opened.get(person.name, 0) + 1
    try:
        async with desk.pulse.watching(person.merchants, only) as watcher:
            begins = watcher.changed
            if isinstance(request.protocol, Connection):
                request.protocol.stays_open()
            await reply.prepare(request)
            await reply.write(b"retry: 5000\n\n")
            if request.query.get("mark", "") != str(await desk.pulse.mark(person.merchants)):
                watcher.tell()  # something moved between the page and this stream
            await _tell(request, reply, watcher, begins)
    except (ConnectionResetError, ConnectionAbortedError, *DISCONNECTED):
        pass  # the page was closed, or the database is away: the browser comes again
    finally:
        opened[person.name] -= 1
    return reply


async def _tell(request: web.Request, reply: web.StreamResponse, watcher: Watcher, changed: anyio.Event) -> None:
    """Until the page is closed, or whoever looks is shut out."""
    told_at = checked_at = anyio.current_time()
    owes_echo = True
    while request.transport is not None and not request.transport.is_closing():
        with anyio.move_on_after(PAUSE_SECONDS):
            await changed.wait()
        now = anyio.current_time()
        if changed.is_set():
            changed = watcher.changed  # before the page looks: what moves from here on is told again
            await reply.write(b"event: changed\ndata: 1\n\n")
            told_at, owes_echo = now, True
            await anyio.sleep(max(PAUSE_SECONDS, request.app[DESK].pulse.watchers / PAGES_A_SECOND))
        elif owes_echo and now - told_at > ECHO_SECONDS:
            await reply.write(b"event: changed\ndata: 2\n\n")
            told_at, owes_echo = now, False
        elif now - told_at > QUIET_SECONDS:
            await reply.write(b": still here\n\n")
            told_at = now
        if now - checked_at > CHECK_SECONDS:
            checked_at = now
            desk = request.app[DESK]
            token = request.cookies.get(cookie(desk), "")
            held = await desk.door.session(token, now=desk.now, proxied=request[PERSON].name, is_click=False)
            if held is None:
                return
