"""Receiving: scan a bag, scan what is in it, with no hand off the scanner; and a warehouse's own file, row by row."""

import secrets
from typing import Any

from aiohttp import web

from daemon.actions import perform
from daemon.actions.imports import RECEIPT_COLUMNS, import_receipts, receipt_rows
from daemon.actions.receiving import Box, open_box, park, receive
from daemon.errors import MalformedPayloadError
from daemon.store import inbox
from daemon.store.reports import NAME_MAX, plain_name
from daemon.views.sheets import separated
from daemon.web.access.roles import May
from daemon.web.desk import DESK, PERSON
from daemon.web.guard import form, must, words
from daemon.web.rendering import page
from statemachine.refs import fold_code, fold_id
from statemachine.units import Condition

FILE_MAX = 10 * 1024 * 1024
WAIT_SECONDS = 2.0
SAID = {
    "received": "Received", "over": "Parked: more of it than the return has", "unexpected": "Parked: not in this return",
    "unknown": "Parked: the code is unknown", "nothing": "Nothing was left to receive", "full": "All of it is here already",
    "taken-back": "Taken back: it is parked no more",
}  # fmt: skip


async def scan(request: web.Request) -> web.Response:
    """What the scanned code stands for, unit by unit."""
    desk, person = request.app[DESK], request[PERSON]
    code = request.query.get("scan", "").strip()[:200]
    boxes = await open_box(desk.database, code, person.merchants) if code else []
    condition = request.query.get("condition", "")
    said = request.query.get("said", "")
    policies = {name: desk.settings.merchants[name].policy for name in person.merchants}
    return await page(
        request, "receive.html", title="Receiving", cli="homeward receipt import FILE", code=code, boxes=boxes,
        inside=request.query.get("inside", "").strip()[:200],
        awaited=any(box.awaited for box in boxes), said_full=said == "full",
        said=SAID.get(said, ""), is_parked=said in ("over", "unexpected", "unknown"),
        item=request.query.get("item", "")[:200], key=secrets.token_hex(8), conditions=list(Condition),
        condition=condition if condition in list(Condition) else Condition.SELLABLE.value,
        may_receive=person.may(May.RECEIVE),
        observes=[name for name, policy in policies.items() if policy.restock == "observe"],
    )  # fmt: skip


async def take(request: web.Request) -> web.Response:
    """One scanned unit, or all that is awaited of the box."""
    desk, person = request.app[DESK], must(request, may=May.RECEIVE)
    told, now = await words(request), desk.now
    code, item = told.get("scan", "").strip()[:200], told.get("item", "").strip()[:200]
    key = told.get("key", "")
    if not key.isalnum() or len(key) != 16:
        raise web.HTTPBadRequest(text="This form is not complete. Scan the code again.")
    if told.get("merchant") and told["merchant"] not in person.merchants:
        raise web.HTTPNotFound(text="There is no such merchant, or you may not see it.")
    try:
        condition = Condition(told.get("condition", "") or Condition.SELLABLE)
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"The condition is one of: {', '.join(Condition)}.") from error
    boxes = await open_box(desk.database, code, person.merchants) if code else []
    boxes = [box for box in boxes if box.merchant == told.get("merchant", box.merchant)]
    who: dict[str, Any] = {"condition": condition, "key": key, "actor": person.actor, "source": "warehouse", "now": now}
    if item:
        said, box, keys = await _one(request, boxes, code, item, told.get("merchant", ""), who, more="more" in told)
    else:
        shown = set(told.get("shown", "").split())  # what the person saw, and nothing that came meanwhile
        said, box, keys = "nothing", None, []
        for each in boxes:
            units = [unit for unit in each.awaited if f"{unit['happy_return_id']}/{unit['unit_key']}" in shown]
            keys += await receive(desk.database, each, units, **who) if units else []
            said, box = ("received", each) if keys else (said, box)
    if box is not None:
        desk.stir(box.merchant)
        for natural_key in keys[:5]:
            await perform.outcome(desk.database, box.merchant, natural_key, seconds=WAIT_SECONDS)
    raise web.HTTPSeeOther(f"/warehouse?{_query(scan=code, said=said, item=item, condition=condition.value)}")


def _query(**told: str) -> str:
    from urllib.parse import urlencode

    return urlencode({name: value for name, value in told.items() if value})


async def _one(
    request: web.Request, boxes: list[Box], code: str, item: str, merchant: str, who: dict[str, Any], *, more: bool
) -> tuple[str, Box | None, list[str]]:
    """One unit: the one of the box that it fits; else parked with all that is known of it."""
    desk, person = request.app[DESK], request[PERSON]
    for box in boxes:
        meant = box.meant_by(item)
        if meant and box.is_awaited(meant[0]):
            awaited = [unit for unit in meant if box.is_awaited(unit)]
            keys = await receive(desk.database, box, awaited, at_most=1, **who)
            return "received" if keys else "again", box, keys
    if await _is_another_box(request, boxes, item):
        raise web.HTTPSeeOther(f"/warehouse?{_query(scan=item, condition=who['condition'].value)}")
    if boxes:
        box = boxes[0]
        first = box.units[0]
        is_over = bool(box.meant_by(item))
        if is_over and not more:
            return "full", None, []  # the same label read twice, most likely; a person says when it is one more
        is_one_return = len({unit["happy_return_id"] for unit in box.units}) == 1
        names = ("happy_return_id", "express_code", "order_number") if is_one_return else ()
        sought = {
            "happy_item_id": "", "happy_return_id": "", "express_code": "", "order_number": "",
            **{name: first[name] for name in names}, "sku": plain_name(item),
        }  # fmt: skip
        why = "more of it than the return has" if is_over else f"not in what it came with ({plain_name(code)})"
        fresh = await park(desk.database, box.merchant, sought, why=why, **who)
        return ("again" if not fresh else "over" if is_over else "unexpected"), None, []
    chosen = merchant if merchant in person.merchants else (person.merchants[0] if len(person.merchants) == 1 else "")
    if not chosen:
        raise web.HTTPBadRequest(text="Say whose goods these are: choose the merchant.")
    sought = dict.fromkeys(("happy_item_id", "happy_return_id", "order_number"), "")
    fresh = await park(
        desk.database, chosen, {**sought, "express_code": fold_code(plain_name(code))[:NAME_MAX], "sku": plain_name(item)},
        why="the scanned code is unknown", **who,
    )  # fmt: skip
    return "unknown" if fresh else "again", None, []


async def _is_another_box(request: web.Request, boxes: list[Box], item: str) -> bool:
    """Whether the next bag was scanned into the field of the units."""
    desk, person = request.app[DESK], request[PERSON]
    name = fold_id(plain_name(item))
    found = await open_box(desk.database, item, person.merchants)
    there = {
        (box.merchant, unit["return_id"], unit["unit_key"]) for box in found for unit in box.units
        if name in {fold_id(str(unit[column] or "")) for column in ("bag", "tracking", "express_code", "happy_item_id")}
    }  # fmt: skip
    here = {(box.merchant, unit["return_id"], unit["unit_key"]) for box in boxes for unit in box.units}
    return bool(there) and not there <= here


async def take_back(request: web.Request) -> web.Response:
    """A parked scan that was a mistake: it is kept in the inbox as taken back, by whom and why, and tried no more."""
    desk, person = request.app[DESK], must(request, may=May.RECEIVE)
    merchant, told = request.match_info["merchant"], await words(request)
    if merchant not in person.merchants:
        raise web.HTTPNotFound(text="There is no such receipt, or it belongs to a merchant you may not see.")
    why = told.get("why", "").strip()[:200] or "a mistake"
    async with desk.database.transaction() as connection:
        done = await inbox.take_back(
            connection,
            merchant,
            int(request.match_info["id"]),
            outcome=f"taken back by {person.actor}: {why}",
            now=desk.now,
        )
    if not done:
        raise web.HTTPConflict(text="It is parked no more: it has found its return, or was taken back before.")
    raise web.HTTPSeeOther("/home/warehouse#unexpected")


async def upload(request: web.Request) -> web.Response:
    return await _upload(request)


async def _upload(
    request: web.Request, *, rows: list[dict[str, Any]] | None = None, problem: str = "", merchant: str = "",
    sent: dict[int, dict[str, str]] | None = None,
) -> web.Response:  # fmt: skip
    sent = sent or {}
    rejected = [{**sent.get(row["row"], {}), "why": row["detail"]} for row in rows or () if row["result"] == "rejected"]
    told = {result: sum(row["result"] == result for row in rows or ()) for result in ("received", "parked", "repeated")}
    return await page(
        request, "import.html", title="Import receipts", cli="homeward receipt import FILE", rows=rows, problem=problem,
        rejected=rejected, told=told, chosen=merchant, status=400 if problem else 200,
        rejected_csv=separated((*RECEIPT_COLUMNS, "why"), rejected) if rejected else "",
    )  # fmt: skip


async def take_file(request: web.Request) -> web.Response:
    """A warehouse's CSV. Rows that cannot be read are told and the rest is taken; the same file again changes nothing."""
    desk, person = request.app[DESK], must(request, may=May.RECEIVE)
    sent = await form(request)
    merchant = str(sent.get("merchant") or (person.merchants[0] if len(person.merchants) == 1 else ""))
    if merchant not in person.merchants:
        return await _upload(request, problem="Choose the merchant whose goods these are.")
    file = sent.get("file")
    if not isinstance(file, web.FileField) or not file.filename:
        return await _upload(request, problem="Choose a CSV file.", merchant=merchant)
    raw = file.file.read(FILE_MAX + 1)
    if len(raw) > FILE_MAX:
        return await _upload(request, problem="The file is larger than 10 MB: split it.", merchant=merchant)
    try:
        rows = await import_receipts(desk.database, merchant, raw, desk.now, actor=person.actor)
    except MalformedPayloadError as error:
        return await _upload(request, problem=f"The file cannot be read: {error}", merchant=merchant)
    desk.stir(merchant)
    told = receipt_rows(raw)
    for row in rows:
        row["named"] = " ".join(value for value in (told.get(row["row"]) or {}).values() if value)[:120]
    return await _upload(request, rows=rows, merchant=merchant, sent=told)
