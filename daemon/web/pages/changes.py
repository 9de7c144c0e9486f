"""Changing one return or many: ask what the verb wants said, show what would happen, do exactly that.

Nothing is changed before the preview was seen, except what is undone as easily (a note, an assignment, a snooze).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from daemon.actions import adoption, perform
from daemon.actions.perform import Preview
from daemon.actions.planner import Verdict, summary
from daemon.actions.verbs import VERBS, Guard, Lack, Options, Verb, lacking
from daemon.errors import HomewardError
from daemon.filters import FilterError, moment_of
from daemon.store import accounts, board
from daemon.views.passport import summary_view
from daemon.web.access.roles import Person
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.guard import form, must
from daemon.web.pages.lists import condition_of
from daemon.web.rendering import page
from statemachine.causes import TEAMS
from statemachine.events import Way
from statemachine.states import State
from statemachine.units import Condition

CHOSEN_MAX = 100_000
SHOWN_MAX = 50
WAIT_SECONDS = 3.0
FORCED_TO = (State.SCANNED, State.CREDIT_PENDING, State.CREDITED, State.EXCEPTION, State.CLOSED)
FIELDS: dict[str, tuple[str, ...]] = {
    "retry": ("reason",),
    "accept": ("reason", "note"),
    "hold": ("reason", "team", "note"),
    "release": ("reason",),
    "resolve": ("code", "note"),
    "reissue": ("code", "note"),
    "force": ("to", "adopt", "code", "note"),
    "same-goods": ("way", "code", "note"),
    "receive": ("condition", "reason"),
    "assign": ("person",),
    "snooze": ("until", "note"),
    "note": ("note",),
}
"""What each verb's form asks for."""
WAYS = {
    Way.ADOPT: "the same goods: the other return stands, this one ends and leaves it what is still to come",
    Way.MERGE: "the same goods: this return stands, the other ends unpaid",
    Way.REFUSE: "this return is owed nothing: it ends unpaid",
    Way.TELL_APART: "other goods under a reused id: credit them too",
}
"""What is true of goods that two returns hold, in the words of the form."""
SNOOZED_MAX = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request to change something, as the form said it."""

    verb: Verb
    options: Options
    lacks: list[Lack]
    chosen: list[tuple[str, int]]
    filter_text: str
    """As the batch remembers it."""
    hidden: list[tuple[str, str]]
    """What the next step's form must say again."""
    told: dict[str, str]


async def change(request: web.Request) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    wanted = await _wanted(request)
    must(request, verb=wanted.verb.name)
    step = wanted.told.get("step", "ask")
    instances = await perform.load(desk.database, wanted.chosen)
    people = await assignable_people(desk, {merchant for merchant, _ in wanted.chosen})
    lacks = _with_reasons(desk, wanted, {each.merchant for each in instances})
    if wanted.verb.name == "assign" and wanted.options.to and wanted.options.to not in people:
        lacks.append(
            Lack(
                "person",
                f"there is nobody {wanted.options.to} who sees these returns; there are: {', '.join(people)[:300]}",
            )
        )
    preview = await perform.preview(
        desk.database, desk.settings, wanted.verb.name, wanted.options, instances, filter_text=wanted.filter_text,
        now=desk.now,
    )  # fmt: skip
    is_direct = step == "do" and wanted.verb.guard is Guard.MILD and len(wanted.chosen) == 1
    if step == "ask" or (lacks and step != "ask"):
        return await _ask(request, wanted, preview, lacks if step != "ask" else [], people)
    credit = await _credit(desk, wanted, preview)
    if isinstance(credit, Lack):
        return await _ask(request, wanted, preview, [credit], people)
    hint = "" if step == "preview" or is_direct else _why_again(wanted, preview)
    if step != "do" or hint:
        return await _show(request, wanted, preview, credit=credit, hint=hint)
    return await _do(request, person, wanted, preview)


def _why_again(wanted: Wanted, preview: Preview) -> str:
    """Why what was previewed is not done: the words for the person; empty when all is as they saw it."""
    if wanted.told.get("key") != preview.key:
        return "Something has moved since the preview. This is how it stands now; nothing was changed."
    count = len(preview.eligible)
    if wanted.verb.guard is Guard.SERIOUS and count > 1 and wanted.told.get("typed", "").strip() != str(count):
        return f"Type the number of returns this is about ({count}) to go on; nothing was changed."
    return ""


async def _wanted(request: web.Request) -> Wanted:
    desk, person, sent = request.app[DESK], request[PERSON], await form(request)
    told = {name: value for name, value in sent.items() if isinstance(value, str)}
    verb = VERBS.get(told.get("verb", ""))
    if verb is None:
        raise web.HTTPBadRequest(text="Choose what is to be done.")
    given = [value for value in sent.getall("ids", []) if isinstance(value, str)]
    scope, where, always = told.get("scope", "selected"), told.get("where", "")[:4000], told.get("always", "")
    always = always if always in ("", "state=exception") else ""
    match scope:
        case "matching":
            chosen, text = await _matching(desk, person, where, always)
        case "page":
            chosen = _read_ids(told.get("on_page", "").split(","), person)
            text = f"page: {' '.join(str(number) for _, number in chosen)}"
        case _:
            chosen = _read_ids(given, person)
            text = f"ids: {' '.join(str(number) for _, number in chosen)}"
    if not chosen:
        raise web.HTTPBadRequest(
            text="Nothing is selected. Select lines, or choose the page or everything that matches."
        )
    hidden = [
        ("verb", verb.name),
        ("scope", scope),
        ("where", where),
        ("always", always),
        ("from", told.get("from", "")),
    ]
    hidden += [("on_page", told.get("on_page", ""))] if scope == "page" else []
    hidden += [("ids", value) for value in given] if scope not in ("page", "matching") else []
    options, lacks = _options(verb, told, person, desk.now)
    return Wanted(verb, options, lacks, chosen, text[:2000], hidden, told)


async def _matching(desk: Desk, person: Person, where: str, always: str) -> tuple[list[tuple[str, int]], str]:
    try:
        condition = condition_of(where, always=always, now=desk.now)
    except FilterError as error:
        raise web.HTTPBadRequest(text=f"This filter cannot be understood: {error}") from error
    async with desk.database.reading() as connection:
        chosen = await board.chosen(connection, condition, merchants=person.merchants, rows_max=CHOSEN_MAX)
    if len(chosen) == CHOSEN_MAX:
        raise web.HTTPBadRequest(text=f"This fits {CHOSEN_MAX:,} returns or more: narrow the filter.")
    return chosen, f"{always} and ({where})" if always and where else always or where or "everything"


def _read_ids(given: Iterable[str], person: Person) -> list[tuple[str, int]]:
    """`merchant:id`; what is not the person's to see does not exist for them."""
    chosen: dict[tuple[str, int], None] = {}
    for each in given:
        merchant, _, number = each.partition(":")
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            continue
        if merchant not in person.merchants:
            raise web.HTTPNotFound(text=f"There is no return {number}, or it belongs to a merchant you may not see.")
        chosen[merchant, int(number)] = None
    return list(chosen)


def _options(verb: Verb, told: dict[str, str], person: Person, now: datetime) -> tuple[Options, list[Lack]]:
    """The fields of this verb's form as its options; other fields are not looked at."""
    fields, lacks = FIELDS[verb.name], []
    values: dict[str, Any] = {}
    if "reason" in fields or "code" in fields:
        values["reason"] = told.get("reason", "").strip()
    if "note" in fields:
        values["note"] = told.get("note", "").strip().replace("\r\n", "\n")
    if "team" in fields and told.get("team"):
        values["team"] = told["team"]
        if told["team"] not in TEAMS:
            lacks.append(Lack("team", f"there is no team {told['team']}"))
    if "to" in fields:
        values["to"] = told.get("to", "") or State.CLOSED.value
        if values["to"] not in FORCED_TO:
            lacks.append(Lack("to", f"returns can be forced to: {', '.join(FORCED_TO)}"))
            values["to"] = State.CLOSED.value
    if "adopt" in fields and told.get("adopt", "").strip():
        number = told["adopt"].strip()
        if number.isascii() and number.isdigit() and len(number) <= 18 and values["to"] == State.CREDITED:
            values |= {"adopt": int(number), "accepts": ("credit-differs",)}
        else:
            lacks.append(Lack("adopt", "a credit to take over is a number, and goes with forcing to credited"))
    if "way" in fields and told.get("way"):
        try:
            values["way"] = Way(told["way"])
        except ValueError:
            lacks.append(Lack("do", f"is one of: {', '.join(Way)}"))
    if "condition" in fields:
        try:
            values["condition"] = Condition(told.get("condition", "") or Condition.SELLABLE)
        except ValueError:
            lacks.append(Lack("condition", f"is one of: {', '.join(Condition)}"))
    if "person" in fields:
        to = told.get("person", "").strip().lower()
        values["to"] = person.name if to == "me" else to[:100]
    if "until" in fields:
        until, lack = until_or_lack(told.get("until", "").strip(), now)
        values["until"] = until
        lacks += [lack] if lack else []
    return Options(**values), lacks


def until_or_lack(told: str, now: datetime) -> tuple[datetime | None, Lack | None]:
    """4h, 3d, tomorrow, a date or a time; `now` ends the rest."""
    if told == "now":
        return None, None
    moment = moment_of(told, now, ahead=True)
    if moment is None:
        return None, Lack("until", "give it as 4h, 3d, tomorrow, or a date as 2026-01-31")
    if moment <= now:
        return None, Lack("until", f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC is over already")
    if moment > now + SNOOZED_MAX:
        return None, Lack("until", "lies more than a year ahead: hold it, or end it")
    return moment, None


def _with_reasons(desk: Desk, wanted: Wanted, merchants: set[str]) -> list[Lack]:
    """What is missing in the words, by the reasons of every merchant concerned."""
    found = wanted.lacks + lacking(wanted.verb, wanted.options)
    for merchant in sorted(merchants & set(desk.settings.merchants)):
        codes = desk.settings.merchants[merchant].people.reason_codes
        found += lacking(wanted.verb, wanted.options, reason_codes=codes)
    return list(dict.fromkeys(found))


async def _credit(desk: Desk, wanted: Wanted, preview: Preview) -> dict[str, Any] | Lack | None:
    """The credit that is to be taken over, as Brightpearl has it now."""
    if wanted.options.adopt is None or not preview.eligible:
        return None
    if len(preview.eligible) > 1:
        return Lack("adopt", f"a credit is taken over by one return, not by {len(preview.eligible)}")
    instance = preview.eligible[0].instance
    try:
        async with desk.open_vendors(instance.merchant) as vendors:
            return await adoption.look(vendors.brightpearl, instance, wanted.options.adopt)
    except HomewardError as error:
        return Lack("adopt", str(error))


async def assignable_people(desk: Desk, merchants: Iterable[str]) -> list[str]:
    """Who returns of all these merchants can be given to: whoever sees them."""
    async with desk.database.reading() as connection:
        return await accounts.assignable(connection, sorted(merchants))


async def _ask(
    request: web.Request, wanted: Wanted, preview: Preview, lacks: list[Lack], people: list[str]
) -> web.Response:
    desk, person = request.app[DESK], request[PERSON]
    codes: dict[str, None] = {}
    for merchant in person.merchants:
        codes |= dict.fromkeys(desk.settings.merchants[merchant].people.reason_codes)
    return await page(
        request, "ask.html", title=f"{wanted.verb.name.capitalize()}: {_how_many(len(wanted.chosen))}", cli=_cli(wanted),
        status=400 if lacks else 200, wanted=wanted, fields=FIELDS[wanted.verb.name], lacks=lacks,
        lacking={lack.field for lack in lacks}, codes=list(codes), people=people, teams=TEAMS, forced_to=FORCED_TO,
        own_team=person.role.value if person.role.value in TEAMS else "",
        conditions=list(Condition), ways=WAYS, one=_one(wanted, preview), summary=summary(list(preview.planned)),
    )  # fmt: skip


async def _show(
    request: web.Request, wanted: Wanted, preview: Preview, *, credit: dict[str, Any] | None, hint: str
) -> web.Response:
    desk = request.app[DESK]
    shown = sorted(preview.planned, key=lambda each: each.verdict is not Verdict.ELIGIBLE)[:SHOWN_MAX]
    by_merchant: dict[str, list[int]] = {}
    for each in shown:
        by_merchant.setdefault(each.instance.merchant, []).append(each.instance.id or 0)
    async with desk.database.reading() as connection:
        rows = [
            row for name, ids in by_merchant.items() for row in await board.by_ids(connection, ids, merchants=[name])
        ]
    return await page(
        request, "preview.html", title=f"{wanted.verb.name.capitalize()}: preview", cli=f"{_cli(wanted)} --dry-run",
        wanted=wanted, preview=preview, summary=summary(list(preview.planned)), shown=shown, hint=hint, credit=credit,
        heads={row["id"]: summary_view(row) for row in rows}, count=len(preview.eligible),
        fields=_carried(wanted), nonce=secrets.token_hex(8),
        merchants_concerned=sorted({each.instance.merchant for each in preview.eligible}),
        is_serious=wanted.verb.guard is Guard.SERIOUS, one=_one(wanted, preview),
    )  # fmt: skip


def _carried(wanted: Wanted) -> list[tuple[str, str]]:
    """The words of the form, for the next one; a length of time as the moment it meant when it was previewed."""
    names = ("reason", "note", "team", "to", "adopt", "way", "condition", "person", "until")
    told = {name: wanted.told[name] for name in names if wanted.told.get(name)}
    if wanted.options.until is not None:
        told["until"] = wanted.options.until.isoformat()
    return list(told.items())


def _one(wanted: Wanted, preview: Preview) -> dict[str, Any] | None:
    if len(wanted.chosen) != 1 or not preview.planned:
        return None
    return {**preview.planned[0].as_row(), "state": str(preview.planned[0].instance.state)}


async def _do(request: web.Request, person: Person, wanted: Wanted, preview: Preview) -> web.Response:
    """One return at once, many as batches, one a merchant; what needs a second person as a batch that waits."""
    desk, now = request.app[DESK], request.app[DESK].now
    is_one = len(preview.planned) == 1
    if is_one and not preview.needs_approval:
        (planned,) = preview.planned
        back = f"/returns/{planned.instance.id}"
        if planned.verdict is not Verdict.ELIGIBLE:
            if planned.verdict is Verdict.DONE:
                raise web.HTTPSeeOther(f"{back}?asked={wanted.verb.name}&outcome=ignored")
            raise web.HTTPConflict(text=f"Return {planned.instance.id}: {planned.why}.")
        key, _ = await perform.say(
            desk.database, planned, preview, source="web", actor=person.actor, now=now, nonce=_nonce(wanted)
        )
        desk.stir(planned.instance.merchant)
        row = await perform.outcome(desk.database, planned.instance.merchant, key, seconds=WAIT_SECONDS)
        raise web.HTTPSeeOther(f"{back}?asked={wanted.verb.name}&outcome={row['state'] if row else 'waiting'}")
    if not preview.eligible:
        raise web.HTTPConflict(text=f"None of these returns can be changed: {_whys(preview)}.")
    opened = []
    for merchant in sorted({each.instance.merchant for each in preview.eligible}):
        planned_here = tuple(each for each in preview.planned if each.instance.merchant == merchant)
        mine = Preview(preview.verb, preview.options, preview.filter_text, planned_here)
        opened.append(await perform.begin(
            desk.database, mine, actor=person.actor, now=now, rate_per_minute=_rate(wanted),
            batch_key=f"web:{person.name}:{_nonce(wanted)}" if _nonce(wanted) else None, asker=person.asker,
        ))  # fmt: skip
        desk.stir(merchant)
    raise web.HTTPSeeOther(f"/batches/{opened[0].id}" if len(opened) == 1 else "/batches")


def _nonce(wanted: Wanted) -> str:
    """What names the form that was sent: sent twice, it is done once."""
    told = wanted.told.get("nonce", "")
    return told if told.isalnum() and len(told) == 16 else ""


def _rate(wanted: Wanted) -> int | None:
    told = wanted.told.get("rate", "").strip()
    return max(1, min(int(told), 100_000)) if told.isascii() and told.isdigit() and len(told) < 7 else None


def _whys(preview: Preview) -> str:
    told = summary(list(preview.planned))["not_eligible_by_why"]
    return "; ".join(f"{count} × {why}" for why, count in told.items()) or "all are done already"


def _how_many(count: int) -> str:
    return "1 return" if count == 1 else f"{count:,} returns"


def _cli(wanted: Wanted) -> str:
    """The command that does the same."""
    import shlex

    noun = "exception" if wanted.told.get("always") else "return"
    is_filter = dict(wanted.hidden)["scope"] == "matching"
    ids = " ".join(str(number) for _, number in wanted.chosen[:20])
    which = f"--where {shlex.quote(wanted.filter_text)}" if is_filter else ids
    flags = {"reason": wanted.options.reason, "note": wanted.options.note}
    told = "".join(f" --{name} {shlex.quote(value)}" for name, value in flags.items() if value)
    told += f" --do {wanted.options.way}" if wanted.options.way is not None else ""
    told += f" --to {shlex.quote(wanted.options.to)}" if wanted.verb.name in ("force", "assign") else ""
    return f"homeward {noun} {wanted.verb.name} {which}{told}"
