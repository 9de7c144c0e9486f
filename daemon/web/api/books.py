"""What programs may ask about the books: matches with their legs, and orphans."""

from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from daemon.store import legs, matches
from daemon.views.books import match_detail, match_view, orphan_view
from daemon.views.shapes import MATCH, MATCH_DETAIL, ORPHAN
from daemon.web.api.describing import Endpoint, Parameter
from daemon.web.api.reading import LIMIT, ORDER, READ, TEAM, limit_of
from daemon.web.desk import DESK, PERSON
from statemachine.books.matching import Status
from statemachine.books.orphans import OrphanClass
from statemachine.causes import TEAMS
from statemachine.refs import order_key

STATUS = Parameter("status", "Only this status.", {"type": "string", "enum": [str(each) for each in Status]})
CURRENCY = Parameter("currency", "Only this currency.", {"type": "string", "pattern": "^[A-Z]{3}$"})
CLASS = Parameter("class", "Only this class.", {"type": "string", "enum": [str(each) for each in OrphanClass]})
SKIP = Parameter("cursor", "`next` of the page before.", {"type": "string", "pattern": "^[0-9]{1,7}$"})
KEY = Parameter("key", "A match, or any leg of one.", {"type": "string", "minLength": 1, "maxLength": 300})
NEEDED = Parameter(
    "merchant", "Whose books; needed where the token sees several.", {"type": "string", "maxLength": 100}
)


def _merchant(request: web.Request) -> str:
    """Raises HTTPBadRequest, HTTPNotFound."""
    known, told = request[PERSON].merchants, request.query.get("merchant", "")
    if told and told not in known:
        raise web.HTTPNotFound(text="There is no such merchant, or this token may not see it.")
    if not told and len(known) != 1:
        raise web.HTTPBadRequest(text="merchant: name one; this token sees several, or none")
    return told or known[0]


def _one_of(request: web.Request, name: str, known: tuple[str, ...]) -> str | None:
    told = request.query.get(name)
    if told is not None and told not in known:
        raise web.HTTPBadRequest(text=f"{name}: one of {', '.join(known)}")
    return told


async def listing(request: web.Request, _: Any) -> Any:
    desk, merchant = request.app[DESK], _merchant(request)
    status, limit = _one_of(request, "status", tuple(Status)), limit_of(request)
    currency, cursor = request.query.get("currency"), request.query.get("cursor", "0")
    if currency is not None and not (
        len(currency) == 3 and currency.isascii() and currency.isupper() and currency.isalpha()
    ):
        raise web.HTTPBadRequest(text="currency: three capital letters")
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 7):
        raise web.HTTPBadRequest(text="cursor: give `next` of the page before")
    order = request.query.get("order", "").replace("\x00", "")
    wanted = matches.Wanted((status,) if status else None, currency, order_key(order) or None)
    async with desk.database.reading() as connection:
        rows = await matches.listing(connection, merchant, wanted, skip=int(cursor), rows_max=limit + 1)
    more = str(int(cursor) + limit) if len(rows) > limit else None
    return {"data": [match_view(row) for row in rows[:limit]], "next": more, "as_of": desk.now}


async def one(request: web.Request, _: Any) -> Any:
    desk, merchant = request.app[DESK], _merchant(request)
    key = request.query.get("key", "")
    if not 1 <= len(key) <= 300 or "\x00" in key:
        raise web.HTTPBadRequest(text="key: name a match or a leg of one")
    async with desk.database.reading() as connection:
        row = await matches.of_key(connection, merchant, key)
        if row is None:
            raise web.HTTPNotFound(text="There is no such match now.")
        return match_detail(row, await legs.of_keys(connection, merchant, row["legs"]))


async def orphans(request: web.Request, _: Any) -> Any:
    desk, merchant = request.app[DESK], _merchant(request)
    name, team = _one_of(request, "class", tuple(OrphanClass)), _one_of(request, "team", TEAMS)
    finance = desk.settings.merchants[merchant]
    today = desk.now.astimezone(ZoneInfo(finance.calendar.timezone)).date()
    async with desk.database.reading() as connection:
        rows = await matches.orphans(connection, merchant, None, name)
    told = [orphan_view(row, today, finance.finance.age_bounds) for row in rows]
    return {"data": [row for row in told if team is None or row["owner"] == team], "as_of": desk.now}


ENDPOINTS = (
    Endpoint("GET", "/books/matches", "bookMatches", "Matches of the last run, the dearest first.", READ, listing,
             {"data": [MATCH], "next": "text?", "as_of": "moment"},
             (STATUS, CURRENCY, ORDER, NEEDED, LIMIT, SKIP), problems=(400, 404)),
    Endpoint("GET", "/books/match", "bookMatch", "One match: its checks and every leg.", READ, one, MATCH_DETAIL,
             (KEY, NEEDED), problems=(400, 404)),
    Endpoint("GET", "/books/orphans", "bookOrphans", "Legs without their partner, past their clock.", READ, orphans,
             {"data": [ORPHAN], "as_of": "moment"}, (CLASS, TEAM, NEEDED), problems=(400, 404)),
)  # fmt: skip
