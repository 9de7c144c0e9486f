"""What programs may do: a verb on one return or many, and receipts. The same rules as for people."""

from datetime import UTC
from typing import Any

from aiohttp import web

from daemon.actions import perform
from daemon.actions.imports import take_receipts
from daemon.actions.planner import Verdict, summary
from daemon.actions.verbs import VERBS, Options, lacking
from daemon.filters import FilterError
from daemon.store import board
from daemon.web.access.roles import Person
from daemon.web.api.bodies import ManyBody, ReceiptsBody, VerbOptions
from daemon.web.api.describing import IF_MATCH, Endpoint, Parameter
from daemon.web.api.reading import ID
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.pages.changes import assignable_people, until_or_lack
from daemon.web.pages.lists import condition_of
from daemon.web.pages.returns import the_return

WAIT_SECONDS = 2.0
CHOSEN_MAX = 10_000

DONE = {
    "id": "int", "merchant": "text", "verb": "text", "state_before": "text", "state_after": "text?", "effects": "list",
    "withheld": "list", "bypasses": "text", "changed": "bool", "why": "text", "batch": "int?", "applied": "bool?",
}  # fmt: skip
PLANNED = {
    "verb": "text", "filter": "text", "eligible": "int", "already_done": "int", "not_eligible": "int",
    "not_eligible_by_why": "object", "needs_approval": "int", "changed": "bool", "batches": "list",
}  # fmt: skip
TAKEN = {
    "data": [{"row": "int", "result": "text", "detail": "text", "return_id": "int!", "units": "list!"}],
    "as_of": "moment",
}
VERB = Parameter("verb", "What to do.", {"type": "string", "enum": sorted(VERBS)}, "path")


async def one(request: web.Request, told: Any) -> Any:
    """A verb on one return, waited for a moment; what needs a second person waits as a batch."""
    body, request_key = told
    desk, person, verb = request.app[DESK], request[PERSON], request.match_info["verb"]
    if verb not in VERBS:
        raise web.HTTPNotFound(text=f"There is no verb {verb[:40]}; known: {', '.join(VERBS)}")
    merchant, number = await the_return(request)
    options = _options(desk, verb, body, {merchant}, await assignable_people(desk, [merchant]))
    instances = await perform.load(desk.database, [(merchant, number)])
    expected = request.headers.get("If-Match", "").strip('" ')
    if expected and expected != str(instances[0].version):
        raise web.HTTPPreconditionFailed(
            text=f"return {number} is at version {instances[0].version}, not {expected[:20]}"
        )
    preview = await perform.preview(
        desk.database, desk.settings, verb, options, instances, filter_text=f"ids: {number}", now=desk.now
    )
    (planned,) = preview.planned
    row = planned.as_row()
    head = {
        name: row[name] for name in ("id", "merchant", "state_before", "state_after", "effects", "withheld", "bypasses")
    }
    head |= {"verb": verb, "why": planned.why, "batch": None, "applied": None}
    if planned.verdict is Verdict.NOT:
        raise web.HTTPConflict(text=f"return {number}: {planned.why}")
    if planned.verdict is Verdict.DONE:
        return {**head, "changed": False}
    if preview.needs_approval:
        opened = await perform.begin(desk.database, preview, actor=person.actor, now=desk.now, asker=person.asker)
        return {**head, "changed": opened.is_new, "batch": opened.id, "why": "a second person must agree"}
    key, fresh = await perform.say(
        desk.database,
        planned,
        preview,
        source="api",
        actor=person.actor,
        now=desk.now,
        nonce=f"{person.name}:{request_key}",
    )
    desk.stir(merchant)
    found = await perform.outcome(desk.database, merchant, key, seconds=WAIT_SECONDS)
    if found is not None and found["state"] in ("refused", "parked"):
        raise web.HTTPConflict(text=f"the daemon {found['state']} it: {found['outcome']}")
    return {**head, "changed": fresh, "applied": found["state"] == "applied" if found is not None else None}


async def many(request: web.Request, told: Any) -> Any:
    """A verb on many returns as a batch a merchant; `dry_run` only says what would happen."""
    body, key = told
    assert isinstance(body, ManyBody)
    desk, person = request.app[DESK], request[PERSON]
    chosen, text = await _chosen(desk, person, body)
    instances = await perform.load(desk.database, chosen)
    concerned = {instance.merchant for instance in instances}
    options = _options(desk, body.verb, body.options, concerned, await assignable_people(desk, concerned))
    if options.adopt is not None and len(instances) > 1:
        raise web.HTTPBadRequest(text="adopt: a credit is taken over by one return")
    preview = await perform.preview(
        desk.database, desk.settings, body.verb, options, instances, filter_text=text, now=desk.now
    )
    head = {"verb": body.verb, "filter": text, **summary(list(preview.planned)), "changed": False, "batches": []}
    if body.dry_run or not preview.eligible:
        return head
    batches = []
    for merchant in sorted({each.instance.merchant for each in preview.eligible}):
        mine = perform.Preview(
            preview.verb, options, text, tuple(each for each in preview.planned if each.instance.merchant == merchant)
        )
        opened = await perform.begin(
            desk.database, mine, actor=person.actor, now=desk.now, rate_per_minute=body.rate_per_minute,
            batch_key=f"api:{person.name}:{key}", asker=person.asker,
        )  # fmt: skip
        desk.stir(merchant)
        batches.append(opened.id)
    return {**head, "changed": True, "batches": batches}


async def _chosen(desk: Desk, person: Person, body: ManyBody) -> tuple[list[tuple[str, int]], str]:
    if bool(body.ids) == bool(body.where):
        raise web.HTTPBadRequest(text="say which: ids or where, not both")
    async with desk.database.reading() as connection:
        if body.ids:
            rows = await board.by_ids(connection, body.ids, merchants=person.merchants)
            missing = sorted(set(body.ids) - {row["id"] for row in rows})
            if missing:
                raise web.HTTPNotFound(text=f"there is no return {missing[0]}, or it is not this token's to see")
            return [(row["merchant"], row["id"]) for row in rows], f"ids: {' '.join(map(str, body.ids))}"[:2000]
        try:
            condition = condition_of(body.where, always="", now=desk.now)
        except FilterError as error:
            raise web.HTTPBadRequest(text=f"where: {error}") from error
        chosen = await board.chosen(connection, condition, merchants=person.merchants, rows_max=CHOSEN_MAX + 1)
        if len(chosen) > CHOSEN_MAX:
            raise web.HTTPBadRequest(text=f"where: fits more than {CHOSEN_MAX:,} returns: narrow it")
        return chosen, body.where


def _options(desk: Desk, verb: str, body: VerbOptions, merchants: set[str], people: list[str]) -> Options:
    """Raises HTTPBadRequest for what the verb lacks, or cannot be told."""
    values: dict[str, Any] = {"reason": body.reason, "note": body.note}
    match verb:
        case "hold":
            values["team"] = body.team or ""
        case "assign":
            values["to"] = body.to.strip()
        case "force":
            if body.state is None:
                raise web.HTTPBadRequest(text="state: where to force it")
            values |= {"to": body.state, "adopt": body.adopt, "accepts": ("credit-differs",) if body.adopt else ()}
            if body.adopt is not None and body.state != "credited":
                raise web.HTTPBadRequest(text="adopt: goes with forcing to credited")
        case "same-goods":
            values["way"] = body.way
        case "receive":
            values |= {"condition": body.condition, "units": body.units}
        case "snooze" if body.until is not None:
            moment = body.until if body.until.tzinfo else body.until.replace(tzinfo=UTC)
            _, lack = until_or_lack(moment.isoformat(), desk.now)
            if lack is not None:
                raise web.HTTPBadRequest(text=f"until: {lack.why}")
            values["until"] = moment
    options = Options(**values)
    if verb == "assign" and options.to and options.to not in people:
        raise web.HTTPBadRequest(text=f"to: there is nobody {options.to} who sees these returns")
    for merchant in sorted(merchants & set(desk.settings.merchants)) or [""]:
        codes = desk.settings.merchants[merchant].people.reason_codes if merchant else None
        for lack in lacking(VERBS[verb], options, reason_codes=codes):
            raise web.HTTPBadRequest(text=f"{lack.field}: {lack.why}")
    return options


async def receive(request: web.Request, told: Any) -> Any:
    """What the warehouse received, line by line; what cannot be placed is kept, never dropped."""
    body, key = told
    assert isinstance(body, ReceiptsBody)
    desk, person = request.app[DESK], request[PERSON]
    merchant = body.merchant or (person.merchants[0] if len(person.merchants) == 1 else "")
    if merchant not in person.merchants:
        raise web.HTTPBadRequest(text="merchant: name one that this token may see")
    rows = [
        {
            **{name: getattr(each, name) for name in
               ("happy_item_id", "happy_return_id", "express_code", "order_number", "sku")},
            "quantity": str(each.quantity), "condition": each.condition.value,
            "received_at": each.received_at.isoformat() if each.received_at else "",
        }
        for each in body.receipts
    ]  # fmt: skip
    found = await take_receipts(
        desk.database, merchant, list(enumerate(rows, 1)), desk.now, actor=person.actor, named=f"{person.name}:{key}"
    )
    desk.stir(merchant)
    return {"data": found, "as_of": desk.now}


ENDPOINTS = (
    Endpoint("POST", "/returns/{id}/{verb}", "changeReturn", "Do one thing to one return.", ("write",), one, DONE,
             (ID, VERB, IF_MATCH), VerbOptions, problems=(404, 409, 412)),
    Endpoint("POST", "/changes", "changeReturns", "Do one thing to many returns, as a batch; or see what it would do.",
             ("write",), many, PLANNED, body=ManyBody, problems=(404, 409)),
    Endpoint("POST", "/receipts", "addReceipts", "Say what the warehouse received.", ("warehouse", "write"), receive, TAKEN,
             body=ReceiptsBody),
)  # fmt: skip
