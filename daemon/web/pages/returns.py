"""Finding a return, lists of them, and the passport: everything about one."""

import secrets
import shlex
from typing import Any

from aiohttp import web

from daemon.actions import perform
from daemon.actions.beside import beside
from daemon.actions.planner import Verdict
from daemon.actions.verbs import VERBS, Guard, Options
from daemon.store import accounts, board, inbox, outbox, reports, saved
from daemon.store.sql import Connection
from daemon.views.both_sides import differences, legs, sides
from daemon.views.explaining import explanation
from daemon.views.masking import body_text
from daemon.views.passport import passport_view, summary_view
from daemon.views.sentence import sentence_of
from daemon.views.timeline import timeline_of
from daemon.web.access.roles import May, Person
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.guard import address_of, must, words
from daemon.web.pages import lists
from daemon.web.rendering import page, query
from statemachine.events import Way
from statemachine.states import State
from statemachine.units import Return

BODIES_MAX = 20
EVERYBODY = "*"
SUGGESTS = ("substitution-suspected", "sku-unknown-to-order", "sku-ambiguous", "bundle-incomplete", "over-return")


async def find(request: web.Request) -> web.Response:
    """One return at once; several as a list; none with a way on."""
    desk, person = request.app[DESK], request[PERSON]
    told = request.query.get("q", "").strip()[:200]
    async with desk.database.reading() as connection:
        found = await reports.find(connection, told, person.merchants) if told else []
        families = {(row["happy_return_id"], row["order_number"]) for row in await _heads(connection, found)}
        if found and len(families) == 1:
            raise web.HTTPSeeOther(f"/returns/{found[0][1]}")
        rows = [summary_view(row) for row in await _heads(connection, found)]
    return await page(
        request, "find.html", title="Find a return", found_by=told, rows=rows, status=200 if rows or not told else 404,
        cli=f"homeward return show {told}" if told.isalnum() else "homeward return show ID",
    )  # fmt: skip


async def _heads(connection: Connection, found: list[tuple[str, int]]) -> list[Any]:
    by_merchant: dict[str, list[int]] = {}
    for merchant, number in found:
        by_merchant.setdefault(merchant, []).append(number)
    rows = []
    for merchant, ids in by_merchant.items():
        rows += await board.by_ids(connection, ids, merchants=[merchant])
    return rows


async def listing(request: web.Request) -> web.Response:
    return await show_list(request, always="", name="returns", order="newest")


async def exceptions(request: web.Request) -> web.Response:
    return await show_list(request, always="state=exception", name="exceptions", order="clock")


async def show_list(request: web.Request, *, always: str, name: str, order: str) -> web.Response:
    """A list with its filter, its saved views, its groups and its bulk changes."""
    desk, person = request.app[DESK], request[PERSON]
    what = lists.asked(request, always=always, order=order)
    group = request.query.get("group", "")
    group = group if group in board.GROUPS else ""
    groups: list[dict[str, Any]] = []
    listed = await lists.listed(desk, what, person.merchants) if not group else lists.Listed([], "", "")
    async with desk.database.reading() as connection:
        if group and not what.problem:
            found = await board.grouped(connection, what.condition, group, merchants=person.merchants, rows_max=200)
            groups = [dict(row) for row in found]
        views = await saved.listing(
            connection, person.name, name, merchants=person.merchants, is_global=person.is_global
        )
    noun = "exception" if name == "exceptions" else "return"
    cli = f"homeward {noun} list" + (f" --where {shlex.quote(what.where)}" if what.where else "")
    return await page(
        request, "list.html", title=name.capitalize(), cli=cli + (f" --group-by {group}" if group else ""),
        status=400 if what.problem else 200, what=what, listed=listed, group=group, groups=groups, views=views, name=name,
        told=request.query, verbs=[verb for verb in VERBS.values() if person.may_do(verb.name)],
        audiences=audiences(person),
    )  # fmt: skip


async def export_returns(request: web.Request) -> web.Response:
    return await lists.export(request, always="", name="returns")


async def export_exceptions(request: web.Request) -> web.Response:
    return await lists.export(request, always="state=exception", name="exceptions")


async def save_view(request: web.Request) -> web.Response:
    """A filter under a name: for oneself, for whoever sees one of one's own merchants, or for global accounts."""
    desk, person, sent = request.app[DESK], request[PERSON], await words(request)
    name, where = sent.get("name", "").strip()[:60], sent.get("where", "")[:4000]
    on, shared = sent.get("page", ""), sent.get("shared", "")
    if not name or on not in ("returns", "exceptions"):
        raise web.HTTPBadRequest(text="A view needs a name.")
    able = audiences(person)
    shared = able[0] if shared == "1" and len(able) == 1 else shared if able else ""
    if shared not in ("", *able):
        raise web.HTTPNotFound(text="A view is shared with those who see a merchant of yours; there is no such one.")
    async with desk.database.transaction() as connection:
        await saved.put(
            connection, person.name, name, page=on, filter_text=where, is_shared=bool(shared),
            merchant=shared if shared != EVERYBODY else None, now=desk.now,
        )  # fmt: skip
    raise web.HTTPSeeOther(f"/{on}{query(where=where)}")


def audiences(person: Person) -> list[str]:
    """With whom this one may share a view: those who see one of these merchants; `*` for those who see every one."""
    if not person.rights.verbs:
        return []
    return [*person.merchants, *([EVERYBODY] if person.is_global and len(person.merchants) != 1 else [])]


async def remove_view(request: web.Request) -> web.Response:
    desk, person, told = request.app[DESK], request[PERSON], await words(request)
    async with desk.database.transaction() as connection:
        if not await saved.remove(connection, person.name, int(request.match_info["id"])):
            raise web.HTTPNotFound(text="There is no such view of yours.")
    on = told.get("page", "")
    raise web.HTTPSeeOther(f"/{on}" if on in ("returns", "exceptions") else "/exceptions")


# -- the passport -----------------------------------------------------------------------------------------------------


async def passport(request: web.Request) -> web.Response:
    return await show_passport(request)


async def show_passport(request: web.Request, *, revealed: bool = False) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    merchant, number = await the_return(request)
    now = desk.now
    async with desk.database.reading() as connection:
        stored = await reports.passport(connection, merchant, number)
        found = passport_view(stored, now)
        siblings = await reports.siblings(connection, merchant, number)
        effects = await outbox.listing(
            connection, merchants=[merchant], state=None, return_id=number, kind=None, rows_max=100
        )
        attempts = await outbox.attempts_of(connection, merchant, number)
        waiting = await inbox.waiting_of(connection, merchant, found["happy_return_id"])
        bodies = await inbox.bodies(connection, merchant, found["happy_return_id"], rows_max=BODIES_MAX)
    (instance,) = await perform.load(desk.database, [(merchant, number)])
    return await page(
        request, "passport.html", title=f"Return {found['express_code'] or number}", found=found,
        cli=f"homeward return show {number}", sentence=sentence_of(found, now), legs=legs(found), sides=sides(found),
        differences=differences(found), explanation=explanation(found, now), siblings=siblings, waiting=waiting,
        attempts=sorted(attempts, key=lambda row: row["at"], reverse=True), effects=effects,
        timeline=timeline_of(stored, attempts), verbs=await _verbs(desk, person, instance),
        bodies=[{**row, "text": body_text(row["body"], reveals=revealed)} for row in bodies], revealed=revealed,
        may_compare=found["order_id"] is not None, outcome=request.query.get("outcome", "")[:20],
        asked=request.query.get("asked", "") if request.query.get("asked", "") in VERBS else "",
        suggests=found["exception"] is not None and found["exception"]["cause"] in SUGGESTS,
        nonce=secrets.token_hex(8),
    )  # fmt: skip


async def the_return(request: web.Request) -> tuple[str, int]:
    """Merchant and id of the address; what the person may not see does not exist for them."""
    desk, person = request.app[DESK], request[PERSON]
    number = request.match_info["id"]
    async with desk.database.reading() as connection:
        found = await reports.of_id(connection, int(number), person.merchants) if len(number) <= 18 else None
    if found is None:
        raise web.HTTPNotFound(text=f"There is no return {number}, or it belongs to a merchant you may not see.")
    return found, int(number)


TRIED = Options(reason="?", note="?", to=State.CLOSED.value, way=Way.TELL_APART)


async def _verbs(desk: Desk, person: Person, instance: Return) -> list[dict[str, Any]]:
    """What this person may do with this return as it stands, and what they may not do and why."""
    told = []
    for verb in VERBS.values():
        if not person.may_do(verb.name):
            continue
        options = TRIED if verb.name != "assign" else Options(to="?")
        preview = await perform.preview(
            desk.database, desk.settings, verb.name, options, [instance], filter_text="", now=desk.now
        )
        (planned,) = preview.planned
        is_possible = planned.verdict is Verdict.ELIGIBLE or verb.name in ("force", "snooze", "assign")
        told.append({
            "name": verb.name, "does": verb.does, "is_possible": is_possible, "why": planned.why,
            "is_mild": verb.guard is Guard.MILD, "is_grave": verb.guard is Guard.SERIOUS,
        })  # fmt: skip
    return told


async def reveal(request: web.Request) -> web.Response:
    """The same page with what was pushed about the return uncovered; that it was asked for is written down first."""
    desk, person = request.app[DESK], must(request, may=May.REVEAL)
    merchant, number = await the_return(request)
    async with desk.database.transaction() as connection:
        await accounts.log(
            connection, actor=person.actor, action="personal-data-shown", now=desk.now, subject=f"return {number}",
            merchant=merchant, address=address_of(request),
        )  # fmt: skip
    return await show_passport(request, revealed=True)


async def compare(request: web.Request) -> web.Response:
    """Return left, order right, as Brightpearl has it this moment; a piece of the passport, or a page of its own."""
    desk, person = request.app[DESK], request[PERSON]
    merchant, number = await the_return(request)
    (instance,) = await perform.load(desk.database, [(merchant, number)])
    async with desk.open_vendors(merchant) as vendors:
        lines, compared = await beside(
            desk.database, vendors.brightpearl, instance, policy=desk.settings.merchants[merchant].policy, now=desk.now
        )
    trouble = instance.trouble if instance.state is State.EXCEPTION else None
    suggested = (trouble.evidence.get("suggested") if trouble is not None else None) or {}
    return await page(
        request, "compare.html" if not request.headers.get("HX-Request") else "compare_part.html",
        title=f"Return {instance.express_code or number} beside its order", cli=f"homeward exception show {number}",
        number=number, instance=instance, lines=lines, compared=compared, trouble=trouble, suggested=suggested,
        returned_sku=(trouble.evidence.get("sku") if trouble is not None else "") or "",
        may_map=person.may(May.MAPS) and merchant in desk.settings.merchants,
        may_accept=person.may_do("accept") and trouble is not None and trouble.cause == "substitution-suspected",
    )  # fmt: skip
