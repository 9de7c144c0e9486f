"""A pack: sheets of rows that can be written as CSV files, one workbook and one page to read, the same bytes every time."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import xlsxwriter

from daemon.views.sheets import fill_sheet, separated

_TEMPLATE = Path(__file__).with_name("pack.html")
HTML_ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """`numbers` are the columns that hold sums."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[dict[str, Any]]
    about: str = ""
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pack:
    """`name` begins the names of its files; `dated` is written into them in place of the time of writing."""

    name: str
    title: str
    about: str
    dated: datetime
    sheets: Sequence[Sheet] = field(default_factory=tuple)

    def sheet(self, name: str) -> Sheet:
        return next(each for each in self.sheets if each.name == name)


def as_html(pack: Pack) -> bytes:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return (
        environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(pack=pack, limit=HTML_ROWS_MAX).encode()
    )


def as_workbook(pack: Pack) -> bytes:
    """One sheet each; ids as text, sums as numbers, nothing taken for a formula."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": pack.title, "created": pack.dated.astimezone(UTC).replace(tzinfo=None)})
        bold = book.add_format({"bold": True})
        formats: dict[int, Any] = {}

        def money(decimals: int) -> Any:
            if decimals not in formats:
                shape = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
                formats[decimals] = book.add_format({"num_format": shape})
            return formats[decimals]

        for each in pack.sheets:
            sheet = book.add_worksheet(each.name[:31])
            fill_sheet(sheet, each.columns, each.rows, heading=bold, money=money, numbers=each.numbers)
    return target.getvalue()


def as_zip(pack: Pack) -> bytes:
    """Everything in one file: a CSV a sheet, the workbook, the page, and the digest of each."""
    files = {f"{each.name}.csv": separated(each.columns, each.rows).encode() for each in pack.sheets}
    files |= {f"{pack.name}.xlsx": as_workbook(pack), f"{pack.name}.html": as_html(pack)}
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())
    ).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(
                zipfile.ZipInfo(f"{pack.name}/{name}", (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED
            )
    return target.getvalue()
