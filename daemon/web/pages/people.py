"""Accounts, tokens and the access log, for administrators."""

from typing import Any

from aiohttp import web

from daemon.errors import HomewardError, NotFoundError, NotPermittedError
from daemon.store import accounts, tokens
from daemon.views.sheets import separated
from daemon.web.access import people
from daemon.web.access.roles import RIGHTS, May, Role
from daemon.web.desk import DESK
from daemon.web.guard import address_of, form, must
from daemon.web.rendering import page, query

LOG_ROWS = 100
LOG_COLUMNS = ("id", "at", "actor", "action", "subject", "merchant", "address", "detail")
DAYS_MAX = 3650


async def show(request: web.Request) -> web.Response:
    return await _show(request)


DID = {
    "add": "was added", "role": "has another role or other merchants, and must sign in again",
    "password": "has a new password", "unlock": "rests no more", "end": "is signed out everywhere",
    "factor": "has no second factor any more, and must sign in again",
    "close": "is closed", "open": "is open again", "revoke": "is revoked",
}  # fmt: skip


async def _show(request: web.Request, *, token: str = "", problem: str = "", status: int = 400) -> web.Response:
    desk, person = request.app[DESK], must(request, may=May.ACCOUNTS)
    async with desk.database.reading() as connection:
        rows, programs = await accounts.listing(connection, desk.now), await tokens.listing(connection)
    own = [row for row in rows if person.scope.may_administer(row["merchants"])]
    return await page(
        request, "accounts.html", title="Accounts", cli="homeward user list; homeward token list", accounts=own,
        tokens=programs, roles=RIGHTS, scopes=tokens.SCOPES, token=token, problem=problem,
        did=DID.get(request.query.get("did", ""), ""), did_to=request.query.get("name", "")[:100],
        own_merchants=person.merchants, me=person.name, status=status if problem else 200,
        asks_for_factor={role: desk.door.asks_for_factor(role) for role in RIGHTS},
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """Every form of the page; `what` says which."""
    desk, person = request.app[DESK], must(request, may=May.ACCOUNTS)
    sent = await form(request)
    fields = {name: value for name, value in sent.items() if isinstance(value, str)}
    chosen = [str(value) for value in sent.getall("merchants", [])]
    merchants = None if fields.get("sees") == "all" else chosen
    if merchants == [] and fields.get("what") in ("add", "role", "token"):
        return await _show(request, problem="“only” needs a merchant: choose one, or every merchant.")
    if merchants is not None and not set(merchants) <= set(person.merchants):
        own = ", ".join(person.merchants) or "none"
        return await _show(request, problem=f"You can give no other merchants than your own: {own}.", status=403)
    common: dict[str, Any] = {"by": person.actor, "now": desk.now, "address": address_of(request)}
    name, what = fields.get("name", "").strip().lower(), fields.get("what", "")
    try:
        match what:
            case "add":
                password = fields.get("password", "") if fields.get("way") != "elsewhere" else None
                name = await people.add_account(
                    desk.database, name, role=_role(fields), merchants=merchants, password=password, **common
                )
            case "role":
                await people.change_account(
                    desk.database, name, role=_role(fields), merchants=merchants, sets_merchants=True, **common
                )
            case "password":
                await people.change_account(desk.database, name, password=fields.get("password", ""), **common)
            case "unlock":
                await people.change_account(desk.database, name, **common)
            case "close" | "open":
                await people.change_account(desk.database, name, disabled=what == "close", **common)
            case "end":
                await people.end_sessions(desk.database, name, **common)
            case "factor":
                await people.remove_factor(desk.database, name, **common)
            case "token":
                token = await people.add_token(
                    desk.database,
                    name,
                    scope=fields.get("scope", ""),
                    merchants=merchants,
                    days=_days(fields),
                    **common,
                )
                return await _show(request, token=token)
            case "revoke":
                await people.revoke_token(desk.database, name, **common)
            case _:
                raise web.HTTPBadRequest(text="There is no such change.")
    except HomewardError as error:
        status = 403 if isinstance(error, NotPermittedError) else 404 if isinstance(error, NotFoundError) else 400
        problem = str(error)
        return await _show(request, problem=problem[:1].upper() + problem[1:] + ".", status=status)
    raise web.HTTPSeeOther(f"/accounts{query(did=what, name=name)}")


def _days(fields: dict[str, str]) -> int | None:
    """How long a token is good for; None: without end."""
    typed = fields.get("days", "")
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 6 and int(typed) > 0
    return min(int(typed), DAYS_MAX) if is_number else None


def _role(fields: dict[str, str]) -> Role:
    try:
        return Role(fields.get("role", ""))
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"A role is one of: {', '.join(Role)}.") from error


async def log(request: web.Request) -> web.Response:
    """Who came in, who tried, who changed what: what belongs to the merchants of whoever looks."""
    desk = request.app[DESK]
    must(request, may=May.ACCOUNTS)
    after, action = request.query.get("after", ""), request.query.get("action", "")[:40]
    number = int(after) if after.isascii() and after.isdigit() and len(after) <= 18 else None
    async with desk.database.reading() as connection:
        rows = await accounts.logged(connection, action=action or None, after=number, rows_max=LOG_ROWS)
    return await page(
        request, "access_log.html", title="Access log", cli="homeward user log", rows=rows, action=action,
        next_after=rows[-1]["id"] if len(rows) == LOG_ROWS else None,
    )  # fmt: skip


async def export_log(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    must(request, may=May.ACCOUNTS)
    async with desk.database.reading() as connection:
        rows = await accounts.logged(connection, rows_max=100_000)
    body = separated(LOG_COLUMNS, rows).encode("utf-8-sig")
    return web.Response(
        body=body, content_type="text/csv", headers={"Content-Disposition": 'attachment; filename="access-log.csv"'}
    )
