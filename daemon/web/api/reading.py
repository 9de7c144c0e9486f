"""What programs may ask: returns, exceptions, receipts, legs, health; and the helpdesk's one question."""

from typing import Any

from aiohttp import web

from daemon.health.kinds import BRIGHTPEARL, HAPPY_RETURNS
from daemon.health.signals import stopped
from daemon.store import batch, board, inbox, merchant, outbox, reports
from daemon.store import health as health_store
from daemon.views.forecast import quota_told
from daemon.views.health import answers as answering
from daemon.views.health import signal_view
from daemon.views.passport import passport_view
from daemon.views.sentence import sentence_of
from daemon.views.shapes import BATCH, CREDIT, GROUP, PASSPORT, SIGNAL, SUMMARY
from daemon.views.timeline import timeline_of
from daemon.web.api.describing import Endpoint, Parameter
from daemon.web.desk import DESK, PERSON
from daemon.web.figures import heard
from daemon.web.pages import lists
from daemon.web.pages.returns import the_return
from statemachine.causes import CAUSES, TEAMS
from statemachine.states import State

LIMIT_MAX = 200
ANSWERS_MAX = 20
READ = ("read", "warehouse", "write")

_TEXT = {"type": "string", "maxLength": 100}
WHERE = Parameter("where", "A filter, as state=exception and age>24h.", {"type": "string", "maxLength": 4000})
LIMIT = Parameter("limit", "At most so many.", {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": 50})
CURSOR = Parameter("cursor", "`next` of the page before.", {"type": "string", "maxLength": 80})
STATE = Parameter("state", "Only this state.", {"type": "string", "enum": [str(state) for state in State]})
CAUSE = Parameter("cause", "Only this cause.", {"type": "string", "enum": sorted(CAUSES)})
TEAM = Parameter("team", "Only this team's.", {"type": "string", "enum": list(TEAMS)})
ORDER = Parameter("order", "Only this order number.", _TEXT)
MERCHANT = Parameter("merchant", "Only this merchant.", _TEXT)
SORT = Parameter(
    "sort", "newest first, or what runs out of time first.", {"type": "string", "enum": list(lists.ORDERS)}
)
ID = Parameter("id", "Our number of the return.", {"type": "integer", "minimum": 1, "maximum": 10**15}, "path")
NUMBER = Parameter("number", "The batch.", {"type": "integer", "minimum": 1, "maximum": 10**15}, "path")
FILTERS = (WHERE, CAUSE, TEAM, ORDER, MERCHANT, SORT, LIMIT, CURSOR)

LEG = {"leg": "text", "is": "text"}
LINE = {"at": "moment", "what": "text", "by": "text", "detail": "text", "facts": "object"}
ANSWER = {
    "return": "text", "order_number": "text", "state": "text", "status": "text", "next": "text", "promise_at": "moment?",
    "is_late": "bool", "may_be_told": "text",
}  # fmt: skip
MATCH = {
    "id": "int", "merchant": "text", "express_code": "text", "order_number": "text", "state": "text", "is": "text",
    "value": "money?", "currency": "text?", "legs": [LEG], "credit": (CREDIT, None), "payment_id": "int?",
}  # fmt: skip
PARKED = {"id": "int", "merchant": "text", "received_at": "moment?", "actor": "text", "sought": "object"}
HEALTH = {
    "merchants": [{
        "merchant": "text", "is_worked": "bool", "brightpearl_answers": "bool", "brightpearl_at": "moment?",
        "happy_returns_at": "moment?", "events_waiting": "int", "effects_due": "int", "effects_open": "int",
        "quota_used": "int", "quota_share": "int", "drained_at": "moment", "stuck": "int", "happy_returns_answers": "bool",
        "is_able": "bool", "troubles": [SIGNAL],
    }],
    "as_of": "moment",
}  # fmt: skip


def _paged(shape: Any) -> dict[str, Any]:
    return {"data": [shape], "next": "text?", "as_of": "moment"}


async def returns(request: web.Request, _: Any) -> Any:
    return await _listing(request, always="", order="newest")


async def exceptions(request: web.Request, _: Any) -> Any:
    return await _listing(request, always="state=exception", order="clock")


async def _listing(request: web.Request, *, always: str, order: str) -> dict[str, Any]:
    desk = request.app[DESK]
    listed = await lists.listed(
        desk, _asked(request, always, order), request[PERSON].merchants, rows_max=limit_of(request)
    )
    return {"data": listed.rows, "next": listed.next_after or None, "as_of": desk.now}


def _asked(request: web.Request, always: str, order: str) -> lists.Asked:
    """The filter of the address, where programs call the page's end `cursor`."""
    asked = lists.asked(request, always=always, order=order)
    if asked.problem:
        raise web.HTTPBadRequest(text=f"This filter cannot be understood: {asked.problem}")
    cursor = request.query.get("cursor", "")
    if cursor and not lists.is_after(cursor, asked.order):
        raise web.HTTPBadRequest(text="cursor: give `next` of the page before, in the same order")
    return lists.Asked(asked.where, asked.condition, asked.order, cursor)


def limit_of(request: web.Request) -> int:
    told = request.query.get("limit", "50")
    if not told.isascii() or not told.isdigit() or len(told) > 4 or not 1 <= int(told) <= LIMIT_MAX:
        raise web.HTTPBadRequest(text=f"limit: a whole number from 1 to {LIMIT_MAX}")
    return int(told)


async def groups(request: web.Request, _: Any) -> Any:
    desk, by = request.app[DESK], request.query.get("by", "cause")
    if by not in board.GROUPS:
        raise web.HTTPBadRequest(text=f"by: one of {', '.join(board.GROUPS)}")
    asked = _asked(request, "state=exception", "clock")
    async with desk.database.reading() as connection:
        rows = await board.grouped(
            connection, asked.condition, by, merchants=request[PERSON].merchants, rows_max=LIMIT_MAX
        )
    return {"data": [dict(row) for row in rows], "as_of": desk.now}


async def passport(request: web.Request, _: Any) -> Any:
    desk = request.app[DESK]
    name, number = await the_return(request)
    async with desk.database.reading() as connection:
        told = passport_view(await reports.passport(connection, name, number), desk.now)
        siblings = await reports.siblings(connection, name, number)
    return {**told, "siblings": [row["id"] for row in siblings if row["is_part"]]}


async def timeline(request: web.Request, _: Any) -> Any:
    desk = request.app[DESK]
    name, number = await the_return(request)
    async with desk.database.reading() as connection:
        told = await reports.passport(connection, name, number)
        lines = timeline_of(told, await outbox.attempts_of(connection, name, number))
    return {"data": lines, "as_of": desk.now}


async def answers(request: web.Request, _: Any) -> Any:
    """What somebody on the phone needs, and nothing that identifies a person or shows the books."""
    desk, name = request.app[DESK], request.match_info["name"]
    async with desk.database.reading() as connection:
        found = await reports.find(connection, name, request[PERSON].merchants)
        told = [passport_view(await reports.passport(connection, *each), desk.now) for each in found[:ANSWERS_MAX]]
    if not told:
        raise web.HTTPNotFound(text=f"No return is known under {name[:100]}.")
    data = []
    for each in told:
        sentence = sentence_of(each, desk.now)
        stuck = each["exception"] is not None
        data.append({
            "return": each["express_code"] or str(each["id"]), "order_number": each["order_number"], "state": each["state"],
            "status": "A person is looking into it." if stuck else sentence["happened"],
            "next": "the team that owns it is to act." if stuck else sentence["next"], "promise_at": sentence["promise_at"],
            "is_late": sentence["is_late"], "may_be_told": sentence["may_be_told"],
        })  # fmt: skip
    return {"data": data, "as_of": desk.now}


async def matches(request: web.Request, _: Any) -> Any:
    """Return, credit, refund, invoice and stock of each return beside each other."""
    desk = request.app[DESK]
    asked = _asked(request, "", "newest")
    listed = await lists.listed(desk, asked, request[PERSON].merchants, rows_max=limit_of(request))
    async with desk.database.reading() as connection:
        by_id = {row["id"]: row for row in await board.legs(
            connection, [row["id"] for row in listed.rows], merchants=request[PERSON].merchants
        )}  # fmt: skip
    data = [_match(row, by_id[row["id"]]) for row in listed.rows if row["id"] in by_id]
    return {"data": data, "next": listed.next_after or None, "as_of": desk.now}


def _match(row: dict[str, Any], legs: Any) -> dict[str, Any]:
    is_over = row["state"] == "closed"

    def leg(name: str, *, is_done: bool, is_due: bool) -> dict[str, str]:
        return {"leg": name, "is": "done" if is_done else "due" if is_due and not is_over else "not due"}

    found = [
        leg("credit", is_done=row["credit_id"] is not None, is_due=row["state"] != "initiated"),
        leg("refund", is_done=row["payment_id"] is not None, is_due=legs["refund_due"]),
        leg("invoice", is_done=legs["is_invoiced"], is_due=legs["close_due"]),
        leg("stock", is_done=legs["arrived"] == "yes", is_due=row["state"] != "initiated"),
    ]
    done, due = (any(each["is"] == word for each in found) for word in ("done", "due"))
    return {
        **{name: row[name] for name in ("id", "merchant", "express_code", "order_number", "state", "value", "currency",
                                        "credit", "payment_id")},
        "is": "matched" if done and not due else "partial" if done else "unmatched", "legs": found,
    }  # fmt: skip


async def receipts(request: web.Request, _: Any) -> Any:
    """Goods in hand that belong to nothing known yet."""
    desk, data = request.app[DESK], []
    async with desk.database.reading() as connection:
        for name in request[PERSON].merchants:
            for row in await inbox.parked_receipts(connection, name, 0, LIMIT_MAX):
                data.append({
                    "id": row["id"], "merchant": name, "received_at": row["payload"].get("received_at"),
                    "actor": row["actor"],
                    "sought": row["payload"].get("sought") or {},
                })  # fmt: skip
    return {"data": data[:LIMIT_MAX], "as_of": desk.now}


async def one_batch(request: web.Request, _: Any) -> Any:
    desk, number = request.app[DESK], int(request.match_info["number"])
    async with desk.database.reading() as connection:
        rows = await batch.listing(connection, merchants=request[PERSON].merchants, batch_id=number, rows_max=1)
    if not rows:
        raise web.HTTPNotFound(text=f"There is no batch {number}, or it is not this token's to see.")
    return dict(rows[0])


async def health(request: web.Request, _: Any) -> Any:
    desk, now = request.app[DESK], request.app[DESK].now
    rows = []
    snapshots = await desk.figures.of(request[PERSON].merchants)
    async with desk.database.reading() as connection:
        holders = {row["merchant"]: row["is_held"] for row in await merchant.everyone(connection)}
        signals = await health_store.read(connection, request[PERSON].merchants, installation=False)
        signals += await desk.figures.of_installation()  # whether anybody is able hangs on it; it is not shown
        for snapshot in snapshots:
            name = snapshot.merchant
            told = heard(name, snapshot.heard, snapshot.at, signals)
            effects, events = await outbox.backlog(connection, name, now), await inbox.backlog(connection, name)
            kinds = await outbox.open_by_kind(connection, name)
            share = desk.settings.merchants[name].brightpearl.requests_per_minute
            quota = quota_told(snapshot.heard["quota"] or {}, share=share, kinds=kinds, now=now)
            rows.append({
                "merchant": name, "is_worked": bool(holders.get(name)),
                "brightpearl_answers": answering(signals, name, BRIGHTPEARL),
                "happy_returns_answers": answering(signals, name, HAPPY_RETURNS), "is_able": not stopped(signals, name),
                "troubles": [signal_view(each, with_file=False) for each in told.troubles],
                "brightpearl_at": told.brightpearl_at, "happy_returns_at": told.happy_returns_at,
                "events_waiting": events["waiting"], "effects_due": effects["due"], "effects_open": effects["open"],
                "quota_used": quota["quota_used"], "quota_share": share, "drained_at": quota["drained_at"],
                "stuck": sum(row["returns"] for row in snapshot.stuck),
            })  # fmt: skip
    return {"merchants": rows, "as_of": now}


BY = Parameter("by", "What to group by.", {"type": "string", "enum": list(board.GROUPS), "default": "cause"})
NAME = Parameter(
    "name", "Express code, order number, or any other name of it.",
    {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9#._-]+$"}, "path",
)  # fmt: skip
ENDPOINTS = (
    Endpoint("GET", "/returns", "listReturns", "Returns, newest first.", READ, returns, _paged(SUMMARY),
             (STATE, *FILTERS), problems=(400,)),
    Endpoint("GET", "/returns/{id}", "getReturn", "Everything about one return.", READ, passport, PASSPORT, (ID,),
             problems=(404,)),
    Endpoint("GET", "/returns/{id}/timeline", "getTimeline", "What happened to it, attempts included.", READ, timeline,
             {"data": [LINE], "as_of": "moment"}, (ID,), problems=(404,)),
    Endpoint("GET", "/exceptions", "listExceptions", "What is stuck, what runs out of time first.", READ, exceptions,
             _paged(SUMMARY), FILTERS, problems=(400,)),
    Endpoint("GET", "/exceptions/groups", "groupExceptions", "What is stuck, by cause or otherwise.", READ, groups,
             {"data": [GROUP], "as_of": "moment"}, (BY, WHERE, CAUSE, TEAM, ORDER, MERCHANT), problems=(400,)),
    Endpoint("GET", "/matches", "listMatches", "Credit, refund, invoice and stock of each return.", READ, matches,
             _paged(MATCH), (STATE, *FILTERS), problems=(400,)),
    Endpoint("GET", "/receipts", "listReceipts", "Goods in hand that belong to nothing known yet.", READ, receipts,
             {"data": [PARKED], "as_of": "moment"}),
    Endpoint("GET", "/batches/{number}", "getBatch", "How far a change of many is.", READ, one_batch, BATCH, (NUMBER,),
             problems=(404,)),
    Endpoint("GET", "/answers/{name}", "getAnswer", "What may be told about a return: sentence, promised time, words.",
             ("helpdesk", *READ), answers, {"data": [ANSWER], "as_of": "moment"}, (NAME,), problems=(404,)),
    Endpoint("GET", "/health", "getHealth", "Whether work goes on, by merchant.", READ, health, HEALTH),
)  # fmt: skip
