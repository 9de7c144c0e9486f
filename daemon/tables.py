"""Tables that people bring: CSV as spreadsheets of any country write it, read row by row."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import Any

from daemon.errors import MalformedPayloadError

_PIECE = 1 << 16


def csv_rows(raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by lower-case column name, numbered as an editor numbers lines. Raises MalformedPayloadError."""
    header = next(text_lines(raw), "")
    delimiter = max(",;\t", key=header.count)  # as spreadsheets of some countries write it
    reader = csv.DictReader(text_lines(raw), delimiter=delimiter)
    if not reader.fieldnames:
        raise MalformedPayloadError("the file has no header line")
    try:
        for row in reader:
            yield reader.line_num, {str(k or "").strip().lower(): _cell(v) for k, v in row.items()}
    except csv.Error as error:
        raise MalformedPayloadError(f"line {reader.line_num + 1}: {error}") from error


def text_lines(raw: bytes) -> Iterator[str]:
    """Line by line, decoded as it is read: UTF-8, else what spreadsheets write that do not: Windows-1252.

    Raises MalformedPayloadError.
    """
    if b"\x00" in raw[:1000]:
        raise MalformedPayloadError("the file is no text: save it as CSV")
    encoding, errors = ("utf-8-sig", "strict") if _is_utf8(raw) else ("cp1252", "replace")
    text = io.TextIOWrapper(io.BytesIO(raw), encoding, errors, newline="")
    return (line.replace("\x00", "") for line in text)


def _is_utf8(raw: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(raw), _PIECE):
            decoder.decode(raw[start : start + _PIECE], final=start + _PIECE >= len(raw))
    except UnicodeDecodeError:
        return False
    return True


def _cell(value: Any) -> str:
    """What stands beyond the last heading comes as a list, under the empty name."""
    told = " ".join(str(each) for each in value) if isinstance(value, list) else value
    return told.strip() if isinstance(told, str) else ""
