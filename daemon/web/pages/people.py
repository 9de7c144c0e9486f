"""Accounts, tokens and the access log, for administrators."""

from typing import Any

from aiohttp import web

from daemon.errors import HomewardError
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
    "password": "has a new password",
    "close": "is closed", "open": "is open again", "revoke": "is revoked",
}  # fmt: skip


async def _show(request: web.Request, *, token: str = "", problem: str = "") -> web.Response:
    desk, person = request.app[DESK], must(request, may=May.ACCOUNTS)
    async with desk.database.reading() as connection:
        known, programs = await accounts.listing(connection), await tokens.listing(connection)
    return await page(
        request, "accounts.html", title="Accounts", cli="homeward user list; homeward token list", accounts=known,
        tokens=programs, roles=RIGHTS, scopes=tokens.SCOPES, token=token, problem=problem,
        did=DID.get(request.query.get("did", ""), ""), did_to=request.query.get("name", "")[:100],
        all_merchants=sorted(desk.settings.merchants), me=person.name, status=400 if problem else 200,
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """Every form of the page; `what` says which."""
    desk, person = request.app[DESK], must(request, may=May.ACCOUNTS)
    sent = await form(request)
    told = {name: value for name, value in sent.items() if isinstance(value, str)}
    merchants = [str(each) for each in sent.getall("merchants", []) if each in desk.settings.merchants]
    seen = None if told.get("sees") == "all" else merchants
    if seen == [] and told.get("what") in ("add", "role", "token"):
        return await _show(request, problem="“only” needs a merchant: choose one, or every merchant.")
    common: dict[str, Any] = {"by": person.actor, "now": desk.now, "address": address_of(request)}
    name, what = told.get("name", "").strip().lower(), told.get("what", "")
    try:
        match what:
            case "add":
                password = told.get("password", "") if told.get("way") != "elsewhere" else None
                await people.add_account(
                    desk.database, name, role=_role(told), merchants=seen, password=password, **common
                )
            case "role":
                await people.change_account(
                    desk.database, name, role=_role(told), merchants=seen, sets_merchants=True, **common
                )
            case "password":
                await people.change_account(desk.database, name, password=told.get("password", ""), **common)
            case "close" | "open":
                await people.change_account(desk.database, name, disabled=what == "close", **common)
            case "token":
                days = told.get("days", "")
                length = (
                    min(int(days), DAYS_MAX)
                    if days.isascii() and days.isdigit() and len(days) < 6 and int(days) > 0
                    else None
                )
                token = await people.add_token(
                    desk.database, name, scope=told.get("scope", ""), merchants=seen, days=length, **common
                )
                return await _show(request, token=token)
            case "revoke":
                await people.revoke_token(desk.database, name, **common)
            case _:
                raise web.HTTPBadRequest(text="There is no such change.")
    except HomewardError as error:
        return await _show(request, problem=str(error))
    raise web.HTTPSeeOther(f"/accounts{query(did=what, name=name)}")


def _role(told: dict[str, str]) -> Role:
    try:
        return Role(told.get("role", ""))
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"A role is one of: {', '.join(Role)}.") from error


async def log(request: web.Request) -> web.Response:
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
