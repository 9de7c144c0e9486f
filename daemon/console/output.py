"""How commands print: data on stdout in the format asked for, everything else on stderr.

JSON, NDJSON and YAML carry every field and are a contract (`homeward schema`); table, CSV, TSV and XLSX show columns.
Colour only on a terminal that allows it (NO_COLOR); nothing is ever sent through a pager.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from daemon.errors import HomewardError
from daemon.views.sheets import separated, workbook

WIDE = 240  # columns when nobody looks: piped tables are not squeezed into a terminal's width

CODES = frozenset({"id", "express_code", "order_number", "state", "cause", "owner", "fate", "row"})
"""Columns people copy from or filter by: kept whole, while sentences beside them fold."""

errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Format(StrEnum):
    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    YAML = "yaml"
    IDS = "ids"


class UnknownFieldError(HomewardError):
    """--fields names what is not there."""


@dataclass
class Shown:
    """What the person wants to see of every list, as the options before the command said."""

    fields: tuple[str, ...] = ()
    utc: bool = False
    envelope: bool = False
    asks: bool = True
    command: str = ""


shown = Shown()


def emit_list(
    rows: Iterable[Mapping[str, Any]], columns: list[str], how: Format, *, hint: str = "", after: int | None = None
) -> None:
    """A list. Empty is `[]` in JSON, nothing in NDJSON, a header in CSV; `hint` names the next useful command.

    `after`: what --after takes for the next page, when there is one.
    """
    told = [dict(row) for row in rows]
    if shown.fields:
        columns = list(shown.fields)
        unknown = [name for name in columns if told and not any(name.split(".")[0] in row for row in told)]
        if unknown:
            raise UnknownFieldError(f"there is no field {', '.join(unknown)}; there are: {', '.join(told[0])}")
        told = [{name: field_of(row, name) for name in columns} for row in told]
    match how:
        case Format.JSON:
            _raw(orjson.dumps(_enveloped(told, after), default=_plain, option=orjson.OPT_INDENT_2))
        case Format.NDJSON:
            for row in told:
                _raw(orjson.dumps(row, default=_plain))
        case Format.YAML:
            sys.stdout.write(_yaml(told))
        case Format.IDS:
            for row in told:
                sys.stdout.write(f"{row.get('id', row.get('key', row.get(columns[0], '')))}\n")
        case Format.CSV | Format.TSV:
            sys.stdout.write(separated(columns, told, delimiter="\t" if how is Format.TSV else ",", cell=_cell))
        case Format.XLSX:
            sys.stdout.flush()
            sys.stdout.buffer.write(workbook(columns, told, cell=_cell))
        case Format.TABLE | Format.WIDE:
            _table(told, columns, how)
            if not told:
                errors.print("nothing to show")
            elif hint:
                errors.print(hint, style="dim")


def emit_one(value: Mapping[str, Any], how: Format) -> None:
    """One object: JSON or YAML, else key and value lines."""
    told = {name: field_of(value, name) for name in shown.fields} if shown.fields else dict(value)
    match how:
        case Format.NDJSON:
            _raw(orjson.dumps(told, default=_plain))
        case Format.JSON:
            _raw(orjson.dumps(_enveloped(told, None), default=_plain, option=orjson.OPT_INDENT_2))
        case Format.YAML:
            sys.stdout.write(_yaml(told))
        case Format.IDS:
            sys.stdout.write(f"{told.get('id', '')}\n")
        case Format.CSV | Format.TSV | Format.XLSX:
            emit_list([told], list(told), how)
        case Format.TABLE | Format.WIDE:
            console = Console(highlight=False, soft_wrap=True)
            for key, each in told.items():
                console.print(f"{key:<22} {_cell(each)}", markup=False)


def _enveloped(told: Any, after: int | None) -> Any:
    """With --envelope: the data beside its schema, its time and the next page."""
    if not shown.envelope:
        return told
    return {
        "schema": f"homeward:{shown.command.replace(' ', '-')}/v1", "data": told, "page": {"next": after},
        "meta": {"as_of": datetime.now(UTC).isoformat()},
    }  # fmt: skip


def field_of(row: Mapping[str, Any], path: str) -> Any:
    """A field by its path, as `credit.id`; None where there is none."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _table(told: list[dict[str, Any]], columns: list[str], how: Format) -> None:
    """Merchant only where there are several or the rows are about merchants.

    `wide` shows every field that holds no list or object, unfolded.
    """
    names = columns
    if how is Format.WIDE and told:
        names = [name for name, value in told[0].items() if not isinstance(value, dict | list)]
    is_told = names[:1] == ["merchant"] or len({row.get("merchant") for row in told}) > 1
    names = [name for name in names if name != "merchant" or is_told]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, no_wrap=how is Format.WIDE or name in CODES)
    for row in told:
        table.add_row(*(Text(_cell(row.get(name)), overflow="fold") for name in names))
    width = None if sys.stdout.isatty() else WIDE
    Console(highlight=False, width=4000 if how is Format.WIDE else width).print(table)


def _yaml(told: Any) -> str:
    """Through JSON, so that it says the same."""
    return str(yaml.safe_dump(orjson.loads(orjson.dumps(told, default=_plain)), sort_keys=False, allow_unicode=True))


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
        local = value.astimezone(UTC) if shown.utc or not sys.stdout.isatty() else value.astimezone()
        return local.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=_plain).decode()
    return str(value)
