"""Changes of many returns: which run, how far they are, what became of each return; and the second person's word."""

from typing import Any

from aiohttp import web

from daemon.actions import deciding
from daemon.store import batch
from daemon.web.access.roles import Person
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.guard import must, words
from daemon.web.pages.lists import sheet
from daemon.web.rendering import page

ROWS = 100
RESULTS_MAX = 100_000
RESULT = ("position", "return_id", "express_code", "order_number", "state", "outcome", "return_state", "cause")


async def listing(request: web.Request) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    state = request.query.get("state", "")
    state = state if state in batch.STATES else ""
    async with desk.database.reading() as connection:
        rows = await batch.listing(connection, merchants=person.merchants, state=state or None, rows_max=ROWS)
    cli = "homeward batch list" + (f" --state {state}" if state else "")
    return await page(request, "batches.html", title="Batches", cli=cli, rows=rows, states=batch.STATES, state=state)


async def show(request: web.Request) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    found = await _found(request, desk, person)
    state = request.query.get("state", "")[:20]
    async with desk.database.reading() as connection:
        items = await batch.items(connection, found["merchant"], found["id"], state=state or None, rows_max=ROWS)
    done = found["items"] - found["waiting"] - found["said"]
    may = person.may_do(found["verb"])
    async with desk.database.reading() as connection:
        is_own = person.actor in await batch.behind(connection, found["merchant"], found["id"])
    decisions = [
        name for name, (_, froms) in deciding.MOVES.items()
        if may and found["state"] in froms and not (name == "approve" and is_own)
    ]  # fmt: skip
    return await page(
        request, "batch.html", title=f"Batch {found['id']}: {found['verb']}", cli=f"homeward batch watch {found['id']}",
        found=found, items=items, done=done, decisions=decisions, state=state, is_moving=found["state"] == batch.RUNNING,
        is_own=found["state"] == batch.AWAITS_APPROVAL and is_own,
    )  # fmt: skip


async def decide(request: web.Request) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    found = await _found(request, desk, person)
    must(request, verb=found["verb"])
    decision, told = request.match_info["decision"], await words(request)
    reason = told.get("reason", "").strip()[:2000]
    if decision in ("stop", "reject") and not reason:
        raise web.HTTPBadRequest(text=f"To {decision} a batch, say why.")
    await deciding.decide(desk.database, found, decision, actor=person.actor, reason=reason, now=desk.now)
    desk.stir(found["merchant"])
    raise web.HTTPSeeOther(f"/batches/{found['id']}")


async def export(request: web.Request) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    found = await _found(request, desk, person)
    async with desk.database.reading() as connection:
        items = await batch.items(connection, found["merchant"], found["id"], rows_max=RESULTS_MAX)
    return await sheet(request.match_info["how"], f"batch-{found['id']}", RESULT, [dict(row) for row in items])


async def _found(request: web.Request, desk: Desk, person: Person) -> dict[str, Any]:
    number = request.match_info["id"]
    async with desk.database.reading() as connection:
        rows = []
        if len(number) <= 18:
            rows = await batch.listing(connection, merchants=person.merchants, batch_id=int(number), rows_max=1)
    if not rows:
        raise web.HTTPNotFound(text=f"There is no batch {number}, or it belongs to a merchant you may not see.")
    return dict(rows[0])
