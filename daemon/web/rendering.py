"""Pages from templates: what every page shows around its own content, and how values are written."""

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jinja2
from aiohttp import web
from markupsafe import Markup

from daemon.filters import term
from daemon.health.kinds import HAPPY_RETURNS, NOT_WORKED
from daemon.views.health import banner
from daemon.views.moments import age
from daemon.views.steps import on_a_page
from daemon.web.access.roles import HOMES, May, Person
from daemon.web.desk import DESK, MARK, PERSON, Desk
from daemon.web.figures import Heard
from statemachine.causes import CAUSES
from statemachine.money import stated
from statemachine.states import SENTENCES, State

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
SCRIPTS = ("htmx-2.0.11.min.js", "homeward.js")

HOME_TITLES = {
    "customer-service": "Today’s queue", "finance": "Period status", "warehouse": "Inbound", "operator": "Health",
}  # fmt: skip


@cache
def templates() -> jinja2.Environment:
    """Everything that is written is escaped; a name that is not there is a mistake, not an empty place."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "money": money, "words": in_words, "day": day_of, "number": number, "plain": plain_value, "step": on_a_page,
    }  # fmt: skip
    environment.globals |= {
        "CAUSES": CAUSES, "SENTENCES": {str(state): words for state, words in SENTENCES.items()}, "May": May,
        "HOMES": HOMES, "HOME_TITLES": HOME_TITLES, "query": query, "term": term, "shell": shlex.quote, "SCRIPTS": SCRIPTS,
        "STATES": [str(state) for state in State],
    }  # fmt: skip
    return environment


async def page(
    request: web.Request, template: str, *, title: str, cli: str = "", status: int = 200, **told: Any
) -> web.Response:
    """A whole page. `cli`: the command that shows the same."""
    desk, person = request.app[DESK], request.get(PERSON)
    now, zone = desk.now, zone_of(request, person)
    known = await desk.figures.heard_of(person.merchants) if person is not None else []
    shared = await desk.figures.of_installation() if person is not None and person.runs_installation else []
    text = templates().get_template(template).render(
        title=title, cli=cli, person=person, now=now, zone=zone, when=lambda moment: when(moment, now, zone),
        environment_name=desk.settings.web.environment, known=known, path=request.path, mark=request.get(MARK, 0),
        banners=[*_warnings(desk, person), *map(banner, shared), *banners(known)],
        path_qs=request.path_qs, url=desk.settings.web.url or "", merchants=desk.settings.merchants,
        is_one_merchant=person is not None and len(person.merchants) == 1, **told,
    )  # fmt: skip
    return web.Response(text=text, content_type="text/html", status=status)


def _warnings(desk: Desk, person: Person | None) -> list[str]:
    """What only those who can mend it are told."""
    if desk.is_kept_apart or person is None or not person.is_global or not person.may(May.ACCOUNTS):
        return []
    return [
        "The database does not keep merchants apart for these pages: they run as a role that sees every row. "
        "homeward doctor says what to do."
    ]


def banners(known: list[Heard]) -> list[str]:
    """What everybody should know before believing a page."""
    told = []
    for each in known:
        if not each.is_worked:
            told.append(
                f"{each.merchant}: no daemon works this merchant just now. What you ask for is kept, and done as soon as "
                "one does."
            )
        if each.held:
            told.append(
                f"{each.merchant}: nothing is sent to Brightpearl and Happy Returns ({each.held.removeprefix('user:')}). "
                "Everything is decided and waits."
            )
        if each.is_doubted:
            told.append(
                f"{each.merchant}: the database was switched over. What was sent last is being looked for; nothing new is "
                "sent for about a minute."
            )
        told += [banner(signal) for signal in each.troubles if signal.status != NOT_WORKED]
        is_out = any(signal.subject == HAPPY_RETURNS for signal in each.troubles)
        if each.is_silent and not is_out and each.happy_returns_at is not None:
            told.append(
                f"{each.merchant}: nothing was heard of Happy Returns since {each.happy_returns_at:%Y-%m-%d %H:%M} UTC. "
                "Newer returns may be missing here."
            )
    return told


def zone_of(request: web.Request, person: Person | None) -> ZoneInfo:
    """The zone the browser says it is in, else the merchant's."""
    desk: Desk = request.app[DESK]
    names = [request.cookies.get("zone", "")]
    if person is not None and person.merchants:
        names.append(desk.settings.merchants[person.merchants[0]].calendar.timezone)
    for name in names:
        if name and len(name) <= 60:
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return ZoneInfo("UTC")


def when(moment: datetime | None, now: datetime, zone: ZoneInfo) -> Markup:
    """A time in the reader's zone, with how long ago that is; both in words and for machines."""
    if moment is None:
        return Markup('<span class="none">–</span>')
    local, here = moment.astimezone(zone), now.astimezone(zone)
    shape = "%H:%M" if local.date() == here.date() else "%-d %b %H:%M" if local.year == here.year else "%-d %b %Y"
    return Markup('<time datetime="{}" title="{}">{} <span class="ago">{}</span></time>').format(
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        local.strftime(shape), "now" if abs((now - moment).total_seconds()) < 1 else age(moment, now),
    )  # fmt: skip


def money(value: Decimal | str | None, currency: str | None = "") -> str:
    if value is None:
        return "–"
    return stated(Decimal(value), currency, grouped=True)


def number(value: int | float | None) -> str:
    return "–" if value is None else f"{value:,}"


def in_words(name: str | None) -> str:
    """A code as words: customer-service → customer service."""
    return (name or "").replace("-", " ")


def day_of(value: datetime, zone: ZoneInfo) -> str:
    return value.astimezone(zone).strftime("%a %-d %b")


def plain_value(value: Any) -> str:
    """A fact of an event or an attempt, as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {plain_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain_value(each) for each in value)
    return "–" if value in (None, "") else str(value)


def query(**told: Any) -> str:
    """A query string of what is not empty."""
    given = {name: value for name, value in told.items() if value not in (None, "", [])}
    return f"?{urlencode(given, doseq=True)}" if given else ""
