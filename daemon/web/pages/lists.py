"""Lists of returns in the address: the filter, the order, the page; and the same rows as a file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from aiohttp import web
from anyio import CapacityLimiter, to_thread

from daemon.filters import Condition, FilterError, combined, compile_filter
from daemon.store import board
from daemon.store.board import EVERYTHING, After
from daemon.views.passport import summary_view
from daemon.views.sheets import separated, workbook
from daemon.web.desk import DESK, PERSON, Desk

ROWS = 50
COUNTED_MAX = 1000
EXPORTED_MAX = 100_000
FLAGS = ("state", "cause", "team", "order", "sku", "assignee", "fingerprint", "merchant")
ORDERS = ("clock", "newest")
COLUMNS = (
    "id", "merchant", "happy_return_id", "express_code", "order_number", "part", "state", "since", "due_at", "units",
    "cause", "owner", "assignee", "explanation", "value", "currency", "credit_id", "payment_id", "close_reason",
)  # fmt: skip
TYPES = {
    "csv": "text/csv", "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    where: str
    """The filter in full, as people write it."""
    condition: Condition
    order: str
    after: str
    problem: str = ""
    """Why the filter cannot be understood; then nothing is listed."""


def asked(request: web.Request, *, always: str = "", order: str = "newest") -> Asked:
    """The single fields of the form and the expression are one filter."""
    told = request.query
    flags = {name: told[name] for name in FLAGS if told.get(name)}
    where = combined(told.get("where", "").strip()[:4000] or None, flags, age=told.get("age", "").strip()[:20] or None)
    order = told.get("sort", order) if told.get("sort") in ORDERS else order
    try:
        condition = condition_of(where, always=always, now=request.app[DESK].now)
    except FilterError as error:
        return Asked(where, EVERYTHING, order, "", str(error))
    return Asked(where, condition, order, told.get("after", "")[:80])


def condition_of(where: str, *, always: str, now: datetime) -> Condition:
    """Raises FilterError, which points into what was asked for and not into what is always so."""
    if where:
        compile_filter(where, now)
    full = f"{always} and ({where})" if always and where else always or where
    return compile_filter(full, now) if full else EVERYTHING


@dataclass(frozen=True, slots=True)
class Listed:
    rows: list[dict[str, Any]]
    next_after: str
    """What the next page begins after; empty on the last."""
    total: str
    """How many there are, as far as they were counted."""


async def listed(desk: Desk, what: Asked, merchants: tuple[str, ...], *, rows_max: int = ROWS) -> Listed:
    if what.problem:
        return Listed([], "", "")
    async with desk.database.reading() as connection:
        if what.order == "clock":
            in_lanes = await board.by_clock(
                connection, what.condition, merchants=merchants, after=_after_clock(what.after) or After(),
                rows_max=rows_max + 1,
            )  # fmt: skip
            found, ends = [row for _, row in in_lanes], [_told_of(lane, row) for lane, row in in_lanes]
        else:
            found = await board.listing(
                connection, what.condition, merchants=merchants, after=_after_id(what.after), rows_max=rows_max + 1
            )
            ends = [str(row["id"]) for row in found]
        total = await board.counted(connection, what.condition, merchants=merchants, rows_max=COUNTED_MAX + 1)
    rows = [summary_view(row) for row in found[:rows_max]]
    after = ends[rows_max - 1] if len(found) > rows_max else ""
    return Listed(rows, after, f"{COUNTED_MAX:,}+" if total > COUNTED_MAX else f"{total:,}")


def _told_of(lane: int, row: Any) -> str:
    """Where the next page begins, as it stands in the address."""
    at = row["since"] if lane == 0 else row["due_at"]
    return f"{lane}|{at.astimezone(UTC).isoformat() if at is not None else ''}|{row['id']}"


def is_after(told: str, order: str) -> bool:
    """Whether it is where a page of this order can begin."""
    return (_after_clock(told) if order == "clock" else _after_id(told)) is not None


def _after_id(told: str) -> int | None:
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 18 else None


def _after_clock(told: str) -> After | None:
    lane, _, rest = told.partition("|")
    moment, _, number = rest.partition("|")
    after = _after_id(number)
    if lane not in ("0", "1", "2") or after is None:
        return None
    try:
        return After(int(lane), datetime.fromisoformat(moment).astimezone(UTC) if moment else None, after)
    except (ValueError, OverflowError):
        return None


async def export(request: web.Request, *, always: str, name: str) -> web.Response:
    """Every row the filter fits, in the format the address ends in; never more than EXPORTED_MAX."""
    desk, person, how = request.app[DESK], request[PERSON], request.match_info["how"]
    what = asked(request, always=always)
    if what.problem:
        raise web.HTTPBadRequest(text=f"This filter cannot be understood: {what.problem}")
    async with desk.database.reading() as connection:
        found = await board.listing(connection, what.condition, merchants=person.merchants, rows_max=EXPORTED_MAX)
    rows = [summary_view(row) for row in found]
    return await sheet(how, f"{name}-{desk.now:%Y%m%d-%H%M}", COLUMNS, rows)


async def sheet(how: str, name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> web.Response:
    """Rows as a file to keep, written beside the daemon's own work."""
    body = await to_thread.run_sync(_written, how, columns, rows, limiter=_writers())
    return web.Response(
        body=body, content_type=TYPES[how], headers={"Content-Disposition": f'attachment; filename="{name}.{how}"'}
    )


@cache
def _writers() -> CapacityLimiter:
    return CapacityLimiter(1)


def _written(how: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> bytes:
    match how:
        case "csv":
            return separated(columns, rows).encode("utf-8-sig")
        case "xlsx":
            return workbook(columns, rows)
        case _:
            return orjson.dumps(rows, default=str)
