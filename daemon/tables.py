"""Tables that people bring: CSV as spreadsheets of any country write it, read row by row."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from daemon.errors import MalformedPayloadError

_PIECE = 1 << 16
_TITLES_MAX = 30  # lines above the heading among which it is looked for
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

Heading = Callable[[frozenset[str]], bool]
"""Whether these lower-case cells are the table's heading."""


def csv_rows(raw: bytes, heading: Heading | None = None) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by lower-case column name, numbered as an editor numbers lines.

    `heading` finds the line that names the columns below titles; without it that is the first line that is not empty.
    Raises MalformedPayloadError, also for two columns of one name: nobody can tell which is meant.
    """
    above, delimiter = _heading(raw, heading)
    lines = text_lines(raw)
    for _ in islice(lines, above):
        pass
    reader = csv.DictReader(lines, delimiter=delimiter)
    try:
        names = [_name(each) for each in reader.fieldnames or ()]
    except csv.Error as error:
        raise MalformedPayloadError(f"line {above + 1}: {error}") from error
    if not names:
        raise MalformedPayloadError("the file has no header line")
    if twice := sorted(name for name, count in Counter(names).items() if name and count > 1):
        raise MalformedPayloadError(f"line {above + 1}: two columns are called '{twice[0][:60]}'; only one may be")
    reader.fieldnames = names
    try:
        for row in reader:
            yield above + reader.line_num, {str(name or ""): _cell(value) for name, value in row.items()}
    except csv.Error as error:
        raise MalformedPayloadError(f"line {above + reader.line_num + 1}: {error}") from error


def columns_of(raw: bytes, heading: Heading | None = None) -> frozenset[str]:
    """The names of the columns; those of the heading that is looked for, where one is. Raises MalformedPayloadError."""
    above, delimiter = _heading(raw, heading)
    line = next(islice(text_lines(raw), above, None), "")
    return frozenset(map(_name, next(csv.reader([line], delimiter=delimiter), [])))


def _heading(raw: bytes, wanted: Heading | None) -> tuple[int, str]:
    """How many lines stand above the heading, and what parts its cells."""
    first, mark = 0, ","
    for number, line in enumerate(islice(text_lines(raw), _TITLES_MAX)):
        delimiter = max(",;\t", key=line.count)  # as spreadsheets of some countries write it
        if wanted is None:
            if line.strip():
                return number, delimiter
        else:
            cells = next(csv.reader([line], delimiter=delimiter, strict=False), [])
            if wanted(frozenset(map(_name, cells))):
                return number, delimiter
        if not number:
            mark = delimiter
    return first, mark


def text_lines(raw: bytes) -> Iterator[str]:
    """Line by line, decoded as it is read: by its byte order mark, else UTF-8, else Windows-1252 as spreadsheets write it.

    Raises MalformedPayloadError.
    """
    encoding = encoding_of(raw)
    if encoding != "utf-16" and b"\x00" in raw[:1000]:
        raise MalformedPayloadError("the file is no text: save it as CSV")
    errors = "replace" if encoding == "cp1252" else "strict"
    text = io.TextIOWrapper(io.BytesIO(raw), encoding, errors, newline="")
    try:
        for line in text:
            yield line.replace("\x00", "")
    except UnicodeDecodeError as error:
        raise MalformedPayloadError(f"the file is no text in {encoding}, as it says it is: {error.reason}") from error


def encoding_of(raw: bytes) -> str:
    """As Python names it: by the byte order mark, else UTF-8 where it is, else Windows-1252."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding
    return "utf-8" if _is_utf8(raw) else "cp1252"


def _is_utf8(raw: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(raw), _PIECE):
            decoder.decode(raw[start : start + _PIECE], final=start + _PIECE >= len(raw))
    except UnicodeDecodeError:
        return False
    return True


def _name(cell: Any) -> str:
    return " ".join(str(cell or "").split()).lower()


def _cell(value: Any) -> str:
    """What stands beyond the last heading comes as a list, under the empty name."""
    told = " ".join(str(each) for each in value) if isinstance(value, list) else value
    return told.strip() if isinstance(told, str) else ""
