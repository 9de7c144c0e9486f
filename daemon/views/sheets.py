"""Rows for spreadsheets: CSV, TSV and XLSX, where nothing that somebody wrote is taken for a formula."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import orjson
import xlsxwriter

Cell: TypeAlias = Callable[[Any], str]


def plain_cell(value: Any) -> str:
    """A value as text: times in UTC by ISO 8601, nothing for None, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def separated(
    columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, delimiter: str = ",", cell: Cell = plain_cell
) -> str:
    """Heading and rows as CSV, or TSV by its delimiter."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows([_harmless(cell(row.get(column))) for column in columns] for row in rows)
    return target.getvalue()


def workbook(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, cell: Cell = plain_cell) -> bytes:
    """One sheet: a heading, then rows; ids and words as text, sums as numbers, nothing taken for a formula."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    ) as book:
        fill_sheet(book.add_worksheet(), columns, rows, heading=book.add_format({"bold": True}), cell=cell)
    return target.getvalue()


def fill_sheet(
    sheet: Any,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    heading: Any,
    money: Callable[[int], Any] | None = None,
    cell: Cell = plain_cell,
    numbers: frozenset[str] = frozenset(),
) -> None:
    """A heading that stays in sight, then rows: sums, and counts in the columns `numbers`, as numbers; ids as text.

    `money` gives the format of a sum with so many decimals.
    """
    for number, name in enumerate(columns):
        sheet.write_string(0, number, name, heading)
    for line, row in enumerate(rows, 1):
        for number, name in enumerate(columns):
            value = row.get(name)
            if isinstance(value, Decimal):
                sheet.write_number(line, number, float(value), money(_decimals(value)) if money else None)
            elif name in numbers and isinstance(value, int):
                sheet.write_number(line, number, value)
            else:
                sheet.write_string(line, number, cell(value))
    sheet.freeze_panes(1, 0)
    sheet.autofit()


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _harmless(told: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{told}" if told[:1] in ("=", "+", "@", "\t", "\r") or (told[:1] == "-" and not _is_number(told)) else told


def _is_number(told: str) -> bool:
    return told.lstrip("-").replace(".", "", 1).isdigit()
