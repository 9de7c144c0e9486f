"""How commands print: data on stdout in the format asked for, everything else on stderr."""

import csv
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 240  # columns when nobody looks: piped tables are not squeezed into a terminal's width

CODES = frozenset({"id", "express_code", "order_number", "state", "cause", "owner", "fate", "row"})
"""Columns people copy from or filter by: kept whole, while sentences beside them fold."""

errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


def emit_list(rows: Iterable[Mapping[str, Any]], columns: list[str], how: Format, *, hint: str = "") -> None:
    """A list. Empty is `[]` in JSON, nothing in NDJSON, a header in CSV; `hint` names the next useful command."""
    told = [dict(row) for row in rows]
    match how:
        case Format.JSON:
            _raw(orjson.dumps(told, default=_plain, option=orjson.OPT_INDENT_2))
        case Format.NDJSON:
            for row in told:
                _raw(orjson.dumps(row, default=_plain))
        case Format.CSV:
            writer = csv.writer(sys.stdout)
            writer.writerow(columns)
            writer.writerows([_safe(row.get(column)) for column in columns] for row in told)
        case Format.TABLE:
            shown = [name for name in columns if name != "merchant" or len({row.get(name) for row in told}) > 1]
            table = Table(box=None, pad_edge=False, header_style="bold")
            for name in shown:
                table.add_column(name, no_wrap=name in CODES)
            for row in told:
                table.add_row(*(Text(_cell(row.get(name)), overflow="fold") for name in shown))
            Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
            if not told:
                errors.print("nothing to show")
            elif hint:
                errors.print(hint, style="dim")


def emit_one(value: Mapping[str, Any], how: Format) -> None:
    """One object: JSON, or key and value lines."""
    if how is Format.NDJSON:
        _raw(orjson.dumps(dict(value), default=_plain))
    elif how is Format.TABLE:
        console = Console(highlight=False, soft_wrap=True)
        for key, each in value.items():
            console.print(f"{key:<22} {_cell(each)}", markup=False)
    else:
        _raw(orjson.dumps(dict(value), default=_plain, option=orjson.OPT_INDENT_2))


def age(moment: datetime | None, now: datetime) -> str:
    """'3 h ago' for people."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    word = "ago" if seconds >= 0 else "from now"
    seconds = abs(seconds)
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} {word}"
    return f"{int(seconds)} s {word}"


def _raw(data: bytes) -> None:
    sys.stdout.write(data.decode() + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=_plain).decode()
    return str(value)


def _safe(value: Any) -> str:
    """A CSV cell that no spreadsheet takes for a formula."""
    told = _cell(value)
    return f"'{told}" if told[:1] in ("=", "+", "@", "\t", "\r") or (told[:1] == "-" and not _is_number(told)) else told


def _is_number(told: str) -> bool:
    return told.lstrip("-").replace(".", "", 1).isdigit()
