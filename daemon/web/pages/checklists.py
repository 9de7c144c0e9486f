"""The rounds: customer service's day and finance's week, each item with its figure, and who did it."""

from aiohttp import web

from daemon.store import checklists as store
from daemon.views.checklists import CHECKLISTS, CS_DAILY, FINANCE_WEEKLY, item_of, period_of, rows
from daemon.web.access.roles import May, Person
from daemon.web.desk import DESK, PERSON
from daemon.web.guard import words
from daemon.web.pages.books import chosen, today_of
from daemon.web.rendering import page

NOTE_MAX = 500
TITLES = {CS_DAILY: "Customer service, today", FINANCE_WEEKLY: "Finance, this week"}


def may_do(person: Person, checklist: str) -> bool:
    """Finance's week needs the right to the books, customer service's day that to work the queue."""
    return person.may(May.BOOKS) if checklist == FINANCE_WEEKLY else person.may_do("retry")


async def show(request: web.Request) -> web.Response:
    merchant, desk, person = chosen(request), request.app[DESK], request[PERSON]
    today = today_of(request, merchant)
    lists = []
    async with desk.database.reading() as connection:
        figures = await store.figures(connection, merchant, desk.now)
        for name in CHECKLISTS:
            since = period_of(name, today)
            done = await store.history(connection, merchant, checklist=name, since=since, rows_max=1000)
            lists.append({
                "name": name, "title": TITLES[name], "since": since, "rows": rows(name, figures, done),
                "may": may_do(person, name),
            })  # fmt: skip
    return await page(
        request,
        "checklists.html",
        title="Rounds",
        cli=f"homeward checklist show {CS_DAILY}",
        merchant=merchant,
        lists=lists,
    )


async def done(request: web.Request) -> web.Response:
    """Write down that an item was done, with its figure as it is now."""
    told = await words(request)
    person, desk = request[PERSON], request.app[DESK]
    merchant, name = told.get("merchant", ""), told.get("checklist", "")
    item = item_of(name, told.get("item", ""))
    if merchant not in person.merchants:
        raise web.HTTPNotFound(text="There is no such merchant, or you may not see it.")
    if item is None:
        raise web.HTTPBadRequest(text="There is no such item on a checklist.")
    if not may_do(person, name):
        raise web.HTTPForbidden(text=f"Your role ({person.role}) does not do this round.")
    async with desk.database.transaction() as connection:
        found = (await store.figures(connection, merchant, desk.now))[item.figure]
        await store.done(
            connection, merchant, checklist=name, period=period_of(name, today_of(request, merchant)), item=item.key,
            found=found, note=told.get("note", "")[:NOTE_MAX], actor=person.actor, now=desk.now,
        )  # fmt: skip
    raise web.HTTPSeeOther(f"/checklists?merchant={merchant}")
