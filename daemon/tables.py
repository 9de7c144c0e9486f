"""Tables that people bring: CSV as spreadsheets of any country write it, read row by row."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from daemon.errors import MalformedPayloadError


def csv_rows(raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by lower-case column name, numbered as an editor numbers lines. Raises MalformedPayloadError."""
    text = text_of(raw)
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)  # as spreadsheets of some countries write it
    reader = csv.DictReader(io.StringIO(text.replace("\x00", "")), delimiter=delimiter)
    if not reader.fieldnames:
        raise MalformedPayloadError("the file has no header line")
    try:
        for row in reader:
            yield reader.line_num, {str(k or "").strip().lower(): _cell(v) for k, v in row.items()}
    except csv.Error as error:
        raise MalformedPayloadError(f"line {reader.line_num + 1}: {error}") from error


def text_of(raw: bytes) -> str:
    """UTF-8, else what spreadsheets write that do not: Windows-1252. Raises MalformedPayloadError."""
    if b"\x00" in raw[:1000]:
        raise MalformedPayloadError("the file is no text: save it as CSV")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _cell(value: Any) -> str:
    """What stands beyond the last heading comes as a list, under the empty name."""
    told = " ".join(str(each) for each in value) if isinstance(value, list) else value
    return told.strip() if isinstance(told, str) else ""
