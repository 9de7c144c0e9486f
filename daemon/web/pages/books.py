"""The books: where they stand, matches down to bank line and physical unit, orphans, fees, months, files, checks."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web
from anyio import to_thread

from daemon.actions import closing
from daemon.finance import periods as rules
from daemon.finance.books_check import CHECKS
from daemon.store import files, legs, matches, periods
from daemon.store import merchant as merchant_store
from daemon.store.sql import Record
from daemon.views.books import (
    FEE_COLUMNS,
    FILE_COLUMNS,
    KIND_WORDS,
    MATCH_COLUMNS,
    ORPHAN_COLUMNS,
    PERIOD_COLUMNS,
    file_view,
    match_detail,
    match_view,
    orphan_view,
    totals,
)
from daemon.views.pack import as_zip
from daemon.web.desk import DESK, PERSON
from daemon.web.pages.lists import sheet
from daemon.web.rendering import page
from statemachine.books.fees import Finding
from statemachine.books.matching import SETTLED, Action, Status
from statemachine.books.orphans import OrphanClass
from statemachine.money import stated
from statemachine.refs import is_number, order_key

ROWS = 100
EXPORTED_MAX = 100_000
OPEN = tuple(str(each) for each in Status if each not in SETTLED)


def chosen(request: web.Request) -> str:
    """The merchant whose books are looked at: named in the address, else the first that may be seen."""
    person = request[PERSON]
    wanted = request.query.get("merchant", "")
    if wanted and wanted not in person.merchants:
        raise web.HTTPNotFound(text="There is no such merchant, or you may not see it.")
    if not person.merchants:
        raise web.HTTPForbidden(text="You may see no merchant's books yet: ask an administrator to give you one.")
    return wanted or person.merchants[0]


def today_of(request: web.Request, merchant: str) -> date:
    desk = request.app[DESK]
    return desk.settings.merchants[merchant].calendar.today(desk.now)


async def _page(request: web.Request, template: str, merchant: str, **told: Any) -> web.Response:
    return await page(request, template, merchant=merchant, here=request.path, **told)


async def _run(request: web.Request, merchant: str) -> Record | None:
    async with request.app[DESK].database.reading() as connection:
        return await matches.run_at(connection, merchant, None)


async def overview(request: web.Request) -> web.Response:
    """The last run in figures, each opening its list."""
    merchant, desk = chosen(request), request.app[DESK]
    async with desk.database.reading() as connection:
        run = await matches.run_at(connection, merchant, None)
        counts = await matches.counts(connection, merchant)
        orphans = await matches.orphans(connection, merchant, None)
        checks = await periods.checks(connection, merchant, None)
        runs = await matches.runs(connection, merchant, 10)
    by_status: dict[str, int] = {}
    for row in counts:
        if row["is_return"]:
            by_status[row["status"]] = by_status.get(row["status"], 0) + row["matches"]
    figures = run["figures"] if run else {}
    return await _page(
        request, "books.html", merchant, title="Books", cli="homeward match runs",
        said=request.query.get("said", "")[:200], run=run, figures=figures, runs=runs,
        by_status=by_status, still_open=sum(count for status, count in by_status.items() if status in OPEN),
        orphans=len(orphans), orphan_worth=_worth(orphans), failed=[row for row in checks if row["violations"]],
        periods=dict(sorted(figures.get("periods", {}).items(), reverse=True)),
        unbanked=sum(row["matches"] for row in counts if not row["is_return"] and row["status"] in OPEN),
        fee_count=sum(r["count"] for r in figures.get("fees", ()) if r["finding"] != Finding.AS_AGREED),
    )  # fmt: skip


def _worth(rows: list[Record]) -> str:
    return ", ".join(
        stated(value, currency, grouped=True) for currency, value in sorted(matches.value_of(rows).items())
    )


def _asked(request: web.Request) -> tuple[matches.Wanted, dict[str, str]]:
    """The filter in the address. Raises HTTPBadRequest."""
    told = {
        name: request.query.get(name, "").strip()[:200]
        for name in ("status", "currency", "order", "from", "until", "what")
    }
    if told["status"] and told["status"] not in (*Status, "open"):
        raise web.HTTPBadRequest(text=f"There is no status {told['status']}.")
    try:
        first, last = (date.fromisoformat(told[name]) if told[name] else None for name in ("from", "until"))
    except ValueError as error:
        raise web.HTTPBadRequest(text="A day is written as 2026-01-31.") from error
    statuses = OPEN if told["status"] == "open" else (told["status"],) if told["status"] else None
    wanted = matches.Wanted(
        statuses, told["currency"].upper() or None, order_key(told["order"]) or None, first, last,
        is_return=told["what"] != "payouts",
    )  # fmt: skip
    return wanted, {name: value for name, value in told.items() if value}


async def matches_page(request: web.Request) -> web.Response:
    merchant, desk = chosen(request), request.app[DESK]
    wanted, told = _asked(request)
    skip = int(request.query["skip"]) if is_number(request.query.get("skip", "")) else 0
    async with desk.database.reading() as connection:
        rows = [
            match_view(row) for row in await matches.listing(connection, merchant, wanted, skip=skip, rows_max=ROWS)
        ]
        total = await matches.counted(connection, merchant, wanted)
    options = " ".join(f"--{name} {value}" for name, value in told.items() if name not in ("what", "status"))
    cli = f"homeward match list {'--payouts ' if told.get('what') else ''}{options}".strip()
    return await _page(
        request, "matches.html", merchant, title="Matches", cli=cli, rows=rows, told=told, total=total, skip=skip, size=ROWS,
        statuses=[str(each) for each in Status], sums=totals(rows), actions=_actions(),
    )  # fmt: skip


def _actions() -> list[str]:
    return [str(each) for each in Action if each is not Action.UNMATCH]


async def export_matches(request: web.Request) -> web.Response:
    merchant, desk = chosen(request), request.app[DESK]
    wanted, _ = _asked(request)
    async with desk.database.reading() as connection:
        found = await matches.listing(connection, merchant, wanted, rows_max=EXPORTED_MAX)
    return await _sheet(request, "matches", MATCH_COLUMNS, [match_view(row) for row in found])


async def _sheet(request: web.Request, name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> web.Response:
    now = request.app[DESK].now
    return await sheet(request.match_info["how"], f"{name}-{now:%Y%m%d-%H%M}", columns, rows)


async def match_page(request: web.Request) -> web.Response:
    """One match from bank line to physical unit; a payout shows every refund that it bundles."""
    merchant, desk = chosen(request), request.app[DESK]
    key = request.query.get("key", "")[:300]
    async with desk.database.reading() as connection:
        row = await matches.of_key(connection, merchant, key)
        if row is None:
            raise web.HTTPNotFound(text="There is no such match now. Legs move when the books are matched anew.")
        told = match_detail(row, await legs.of_keys(connection, merchant, row["legs"]))
        transfer = next((leg for leg in told["legs"] if leg["kind"] == "transfer"), None)
        lines = []
        if transfer is not None:
            facts: Mapping[str, Any] = transfer["facts"]
            lines = await matches.payout_lines(connection, merchant, facts["provider"], facts["payout_id"])
        history = await matches.history(connection, merchant, row["key"])
    order = list(KIND_WORDS)
    told["legs"].sort(key=lambda leg: (order.index(leg["kind"]), leg["key"]))
    return await _page(
        request, "match.html", merchant, title=f"Match {row['order_key'] or row['key']}",
        cli=f"homeward match show {row['key']}",
        found=told, key=row["key"], kinds=KIND_WORDS, lines=lines, history=history, actions=_actions(), payout=transfer,
        payout_of=_payout_of(told["legs"]),
    )  # fmt: skip


def _payout_of(found: list[dict[str, Any]]) -> str:
    """The payout that a refund line came in, as its match is named."""
    leg = next((each for each in found if each["kind"] == "payout" and each["facts"].get("payout_id")), None)
    return f"transfer:{leg['facts']['provider']}/{leg['facts']['payout_id']}/{leg['currency']}" if leg else ""


async def _orphans(request: web.Request, merchant: str) -> list[dict[str, Any]]:
    desk, today = request.app[DESK], today_of(request, merchant)
    name, team = request.query.get("class") or None, request.query.get("team", "")
    if name is not None and name not in tuple(OrphanClass):
        raise web.HTTPBadRequest(text="There is no such class of orphans.")
    bounds = desk.settings.merchants[merchant].finance.age_bounds
    async with desk.database.reading() as connection:
        rows = await matches.orphans(connection, merchant, None, name)
    told = [orphan_view(row, today, bounds) for row in rows]
    return [row for row in told if not team or row["owner"] == team]


async def orphans_page(request: web.Request) -> web.Response:
    merchant = chosen(request)
    rows = await _orphans(request, merchant)
    by_class: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_class.setdefault(row["class"], []).append(row)
    groups = [
        {"class": name, "owner": mine[0]["owner"], "means": mine[0]["means"], "count": len(mine), "worth": totals(mine)}
        for name, mine in sorted(by_class.items(), key=lambda each: -len(each[1]))
    ]  # fmt: skip
    asked = {name: request.query[name] for name in ("class", "team") if request.query.get(name)}
    return await _page(
        request, "orphans.html", merchant, title="Orphans", cli="homeward orphan list", rows=rows[:500], total=len(rows),
        groups=groups, asked=asked, sums=totals(rows),
    )  # fmt: skip


async def export_orphans(request: web.Request) -> web.Response:
    return await _sheet(request, "orphans", ORPHAN_COLUMNS, await _orphans(request, chosen(request)))


def _fee_lines(run: Record | None, request: web.Request) -> list[dict[str, Any]]:
    finding, period = request.query.get("finding", ""), request.query.get("period", "")
    rows = run["figures"].get("fee_lines", ()) if run else ()
    return [
        {**row, **{name: Decimal(row[name]) for name in ("expected", "charged", "difference")}} for row in rows
        if (not finding or row["finding"] == finding) and (not period or row["on"][:7] == period)
    ]  # fmt: skip


async def fees_page(request: web.Request) -> web.Response:
    merchant = chosen(request)
    run = await _run(request, merchant)
    figures = run["figures"] if run else {}
    asked = {name: request.query[name] for name in ("finding", "period") if request.query.get(name)}
    return await _page(
        request, "fees.html", merchant, title="Fees of Happy Returns", cli="homeward fee list", asked=asked,
        rows=_fee_lines(run, request)[:500], summary=figures.get("fees", ()), journal=figures.get("fee_journal", ()),
        shoppers=figures.get("shopper_fees", {}),
        has_rates=bool(request.app[DESK].settings.merchants[merchant].finance.rates),
    )  # fmt: skip


async def export_fees(request: web.Request) -> web.Response:
    run = await _run(request, chosen(request))
    return await _sheet(request, "fees", FEE_COLUMNS, _fee_lines(run, request))


async def periods_page(request: web.Request) -> web.Response:
    merchant, desk = chosen(request), request.app[DESK]
    async with desk.database.reading() as connection:
        lock = await merchant_store.read_cursor(connection, merchant, "period-lock") or {}
        until = date.fromisoformat(lock["until"]) if lock.get("until") else None
        rows = await rules.listing(
            connection, merchant, desk.settings.merchants[merchant], desk.now, locked_until=until
        )
        run = await matches.run_at(connection, merchant, None)
    return await _page(
        request, "periods.html", merchant, title="Months", cli="homeward period list", rows=rows, locked_until=until,
        periods=run["figures"].get("periods", {}) if run else {}, said=request.query.get("said", "")[:200],
        me=request[PERSON].actor,
    )  # fmt: skip


async def pack(request: web.Request) -> web.Response:
    """The close pack: as of the close, or as it stands where the month is open."""
    merchant, desk, period = chosen(request), request.app[DESK], request.match_info["period"]
    found, _ = await closing.pack_as_of(
        desk.database, merchant, desk.settings.merchants[merchant], period, None, desk.now
    )
    raw = await to_thread.run_sync(as_zip, found)
    headers = {"Content-Disposition": f'attachment; filename="{found.name}.zip"'}
    return web.Response(body=raw, content_type="application/zip", headers=headers)


async def export(request: web.Request) -> web.Response:
    """Files, months and checks as they are listed."""
    merchant, desk, what = chosen(request), request.app[DESK], request.match_info["what"]
    columns: tuple[str, ...]
    async with desk.database.reading() as connection:
        match what:
            case "files":
                columns, rows = FILE_COLUMNS, [file_view(row) for row in await files.listing(connection, merchant)]
            case "periods":
                columns = PERIOD_COLUMNS
                rows = await rules.listing(connection, merchant, desk.settings.merchants[merchant], desk.now)
            case _:
                columns = ("name", "violations", "at", "actor", "detail")
                rows = [dict(row) for row in await periods.checks(connection, merchant, None)]
    return await _sheet(request, what, columns, rows)


async def files_page(request: web.Request) -> web.Response:
    return await files_shown(request, chosen(request))


async def files_shown(request: web.Request, merchant: str, **told: Any) -> web.Response:
    desk = request.app[DESK]
    async with desk.database.reading() as connection:
        rows = [file_view(row) for row in await files.listing(connection, merchant)]
    return await _page(
        request, "files.html", merchant, title="Files", cli="homeward import file FILE", rows=rows,
        mapped=sorted(desk.settings.merchants[merchant].finance.files),
        **{"preview": None, "problem": "", "said": request.query.get("said", "")[:300], "status": 200, **told},
    )  # fmt: skip


async def file_page(request: web.Request) -> web.Response:
    merchant, desk = chosen(request), request.app[DESK]
    file_id = int(request.match_info["id"])
    result = request.query.get("result") or None
    async with desk.database.reading() as connection:
        found = await files.listing(connection, merchant, file_id=file_id)
        if not found:
            raise web.HTTPNotFound(text="There is no such file, or it belongs to a merchant you may not see.")
        rows = await files.rows(connection, merchant, file_id, result=result, rows_max=500)
    return await _page(
        request, "file.html", merchant, title=found[0]["name"], cli=f"homeward import show {file_id}", found=found[0],
        rows=rows, result=result or "",
    )  # fmt: skip


async def checks_page(request: web.Request) -> web.Response:
    merchant, desk = chosen(request), request.app[DESK]
    async with desk.database.reading() as connection:
        known = {row["name"]: row for row in await periods.checks(connection, merchant, None)}
    rows = [
        {"name": name, "says": says, "owner": owner, "result": known.get(name)}
        for name, (says, owner, _) in CHECKS.items()
    ]
    return await _page(request, "checks.html", merchant, title="Books checks", cli="homeward audit books", rows=rows)
