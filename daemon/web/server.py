"""What the daemon serves: pages, API, the webhook receiver, health, readiness, metrics."""

import http
import logging
from collections import Counter
from collections.abc import Callable

import asyncpg
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from yarl import URL

from daemon.errors import HomewardError
from daemon.store.database import DISCONNECTED
from daemon.web import guard, readiness
from daemon.web.api import endpoints
from daemon.web.connections import Limits
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.pages import (
    batches,
    books,
    books_changes,
    changes,
    checklists,
    help,
    home,
    live,
    people,
    returns,
    second_factor,
    sign_in,
    warehouse,
    workbench,
)
from daemon.web.rendering import STATIC, page
from daemon.web.webhooks import Receiver, WebhookDoor

log = logging.getLogger(__name__)

LIMITS = Limits(in_all=2000, of_one_address=200)
HOW = "{how:csv|xlsx|json}"
NUMBER = r"{id:[0-9]{1,18}}"

TITLES = {
    400: "That cannot be", 401: "Not signed in", 403: "Not permitted", 404: "Not found", 405: "Not like this",
    408: "Too slow", 409: "Refused", 413: "Too large", 429: "Too many", 502: "Outcome unknown", 503: "Not just now",
}  # fmt: skip
DOES = {
    403: "Nothing was changed. If you need this for your work, ask an administrator for the role.",
    404: "Check the name, or find it with the search above.",
    409: "Look at how it stands now, and decide again.",
}


def build(
    desk: Desk, *, receivers: dict[str, Receiver], unready: Callable[[], str] = lambda: "", limits: Limits = LIMITS
) -> web.Application:
    """Everything under one address. Live pages move as long as somebody runs `desk.pulse`.

    `unready`: why nobody should rely on this daemon yet, in words; empty when they may.
    """
    app = web.Application(client_max_size=guard.BODY_MAX, middlewares=[guard.headers, _told, guard.bounded, guard.who])
    app[DESK] = desk
    app[guard.LIMITS], app[guard.SERVED] = limits, Counter()
    app[live.OPEN] = {}
    app[sign_in.TRIED] = {}
    door = WebhookDoor(
        desk.database,
        desk.clock,
        desk.telemetry,
        receivers,
        desk.stir,
        per_minute=desk.settings.web.webhooks_per_minute,
        proxies=desk.settings.web.proxies,
    )
    app.router.add_post("/webhooks/happy-returns/{merchant}", door.receive, expect_handler=door.expect)
    _add_machines(app, desk, unready)
    add_pages(app)
    endpoints.add(app)
    return app


def _add_machines(app: web.Application, desk: Desk, unready: Callable[[], str]) -> None:
    async def healthy(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def metrics(request: web.Request) -> web.Response:
        if not guard.is_insider(request):
            raise web.HTTPForbidden(
                text="Metrics name merchants: they are read from the addresses in web.metrics_from, not through a proxy."
            )
        await desk.watched.refresh()
        body = generate_latest(desk.telemetry.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthy)
    app.router.add_get("/readyz", readiness.asked(desk, unready))
    app.router.add_get("/metrics", metrics)
    app.router.add_static("/static/", STATIC)
    app.router.add_get("/favicon.ico", _icon)


async def _icon(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "homeward.svg")


def add_pages(app: web.Application) -> None:
    app.router.add_routes([
        web.get("/", home.root), web.get("/home/{home:customer-service|finance|warehouse|operator}", home.show),
        web.get("/sign-in", sign_in.show), web.post("/sign-in", sign_in.enter), web.post("/sign-out", sign_in.leave),
        web.get("/sign-in/code", sign_in.code), web.post("/sign-in/code", sign_in.enter_code),
        web.get("/second-factor", second_factor.show), web.post("/second-factor", second_factor.change),
        web.get("/sign-in/openid", sign_in.to_openid), web.get("/sign-in/openid/answer", sign_in.from_openid),
        web.get("/password", sign_in.password), web.post("/password", sign_in.change_password),
        web.get("/find", returns.find), web.get("/returns", returns.listing), web.get("/exceptions", returns.exceptions),
        web.get(f"/returns.{HOW}", returns.export_returns), web.get(f"/exceptions.{HOW}", returns.export_exceptions),
        web.get(f"/returns/{NUMBER}", returns.passport), web.get(f"/returns/{NUMBER}/compare", returns.compare),
        web.post(f"/returns/{NUMBER}/reveal", returns.reveal), web.post(f"/returns/{NUMBER}/rule", workbench.rule),
        web.post("/views", returns.save_view), web.post(f"/views/{NUMBER}/remove", returns.remove_view),
        web.post("/changes", changes.change),
        web.get("/batches", batches.listing), web.get(f"/batches/{NUMBER}", batches.show),
        web.get(f"/batches/{NUMBER}/result.{HOW}", batches.export),
        web.post(f"/batches/{NUMBER}/{{decision:pause|resume|stop|approve|reject}}", batches.decide),
        web.get("/warehouse", warehouse.scan), web.post("/warehouse/receive", warehouse.take),
        web.post(f"/warehouse/parked/{{merchant}}/{NUMBER}", warehouse.take_back),
        web.get("/warehouse/import", warehouse.upload), web.post("/warehouse/import", warehouse.take_file),
        web.get("/books", books.overview), web.get("/books/matches", books.matches_page),
        web.get(f"/books/matches.{HOW}", books.export_matches), web.get("/books/match", books.match_page),
        web.get("/books/orphans", books.orphans_page), web.get(f"/books/orphans.{HOW}", books.export_orphans),
        web.get("/books/fees", books.fees_page), web.get(f"/books/fees.{HOW}", books.export_fees),
        web.get("/books/periods", books.periods_page), web.get(r"/books/periods/{period:\d{4}-\d\d}.zip", books.pack),
        web.get("/books/files", books.files_page), web.get(f"/books/files/{NUMBER}", books.file_page),
        web.get(f"/books/{{what:files|periods|checks}}.{HOW}", books.export),
        web.get("/books/checks", books.checks_page), web.post("/books/decide", books_changes.decide_on),
        web.post("/books/match-now", books_changes.match_now), web.post("/books/files", books_changes.take_file),
        web.post(f"/books/files/{NUMBER}/undo", books_changes.undo_file),
        web.post(r"/books/periods/{period:\d{4}-\d\d}/{step:prepare|close|reopen}", books_changes.step_period),
        web.get("/checklists", checklists.show), web.post("/checklists", checklists.done),
        web.get("/accounts", people.show), web.post("/accounts", people.change), web.get("/accounts/log", people.log),
        web.get("/accounts/log.csv", people.export_log), web.get("/live", live.stream), web.get("/help", help.show),
    ])  # fmt: skip


@web.middleware
async def _told(request: web.Request, handler: guard.Handler) -> web.StreamResponse:
    """A refusal, or an error raised on purpose, as a page that says what happened and what to do."""
    for_programs = request.path.startswith(guard.FOR_PROGRAMS)
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if request.path.startswith("/api/"):
            reply = endpoints.problem(refusal.status, refusal.reason, refusal.text or refusal.reason)
            reply.headers.extend({"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {})
            return reply
        if refusal.status < 400 or for_programs:
            raise
        return await _page(request, refusal.status, refusal.text or refusal.reason)
    except guard.REFUSED_BY_THE_DATABASE as error:
        # The database refused what the code let through: nobody's data was touched, and there is something to mend.
        status, why = guard.answer_to(error)
        log.error("refused by the database", extra={"path": request.path, "why": str(error)})
        return endpoints.problem(status, "not permitted", why) if for_programs else await _page(request, status, why)
    except (*DISCONNECTED, asyncpg.DataError, HomewardError) as error:
        status, why = guard.answer_to(error)
        log.warning("request refused", extra={"path": request.path, "status": status, "why": type(error).__name__})
        if for_programs:
            return endpoints.problem(status, "not just now", why)
        return await _page(request, status, why)


async def _page(request: web.Request, status: int, why: str) -> web.Response:
    """With a person's frame around it where the database can still be asked; else in plain words."""
    if request.headers.get("HX-Request") or status == 503:
        return web.Response(text=why, status=status, content_type="text/plain")
    if why == f"{status}: {http.HTTPStatus(status).phrase}":
        why = "There is no such page." if status == 404 else "This cannot be asked like that."
    back, words = "/sign-in", "Sign in"
    if request.get(PERSON) is not None:
        came_from = _came_from(request)
        back, words = (came_from, "Back to where you were") if came_from else ("/", "Home")
    return await page(
        request, "message.html", title=TITLES.get(status, "Not possible"), status=status, why=why, do=DOES.get(status, ""),
        back=back, back_words=words,
    )  # fmt: skip


def _came_from(request: web.Request) -> str:
    """The page of ours that led here; empty when there is none."""
    try:
        told = URL(request.headers.get("Referer", ""))
        is_own = told.authority == request.host and told.path_qs != request.path_qs
    except ValueError:
        return ""
    return told.path_qs if is_own else ""
