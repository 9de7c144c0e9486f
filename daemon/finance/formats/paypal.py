"""PayPal: the settlement report (STL), sections of lines that begin with what they are.

Specification: developer.paypal.com/docs/reports/sftp-reports/settlement-report. RH FH head the file, SH a section, CH names
the columns, SB are the transactions, SF SC RF RC FF close; SC and RC count the transactions above them. Amounts are unsigned,
in the currency's smallest unit; DR and CR say the direction; T1107 is a refund (taken back where it is a credit), T04xx are
withdrawals to the bank.
"""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.reading import (
    Context,
    Reading,
    Row,
    Unique,
    content_of,
    currency,
    local_day,
    moment_of,
    need_columns,
    payout_leg,
    required,
    taken,
)  # fmt: skip
from daemon.tables import text_lines
from statemachine.books.payouts import Part, Says
from statemachine.money import AMOUNT_LIMIT, Money, minor_unit
from statemachine.refs import is_number, order_key

NAME = "paypal"
COLUMNS = (
    "transaction id", "invoice id", "transaction event code", "transaction initiation date", "transaction debit or credit",
    "gross transaction amount", "gross transaction currency",
)  # fmt: skip
KINDS = frozenset({"RH", "FH", "SH", "CH", "SB", "SF", "SC", "RF", "RC", "FF"})
REFUND, WITHDRAWAL = "T1107", "T04"
WHOLE = frozenset({"HUF", "TWD"})
"""Currencies PayPal counts in wholes although the standard gives them decimals. Source: its list of supported currencies."""


def is_it_text(text: str) -> bool:
    return text.lstrip("\ufeff\"' ")[:2] == "RH"


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, unique = Reading(NAME, "payouts", NAME), Unique("transaction id")

    def take(number: int, line: Mapping[str, str]) -> Row:
        if "section" in line:
            raise MalformedPayloadError(f"begins with '{line['section']}', which is none of {', '.join(sorted(KINDS))}")
        name, code = required(line, "transaction id"), required(line, "transaction event code").upper()
        unique.check(name, number)
        money = currency(line, "gross transaction currency")
        value = _cents(line, "gross transaction amount", money) * _sign(line, "transaction debit or credit")
        if line.get("fee amount"):
            _cents(line, "fee amount", money)
            _sign(line, "fee debit or credit")
        shown = (
            "transaction completion date" if line.get("transaction completion date") else "transaction initiation date"
        )
        moment = moment_of(line, shown)
        if len(code) != 5 or code[0] != "T":
            raise MalformedPayloadError(f"transaction event code: '{code[:20]}' is not T and four digits")
        on = local_day(moment, context.zone)
        reading.days.add(on)
        if code.startswith(WITHDRAWAL):
            came_back = value > 0 and line.get("paypal reference id")
            if came_back:
                return Row(number, part=Part(line["paypal reference id"], money, Says.FAILED, name))
            return Row(number, part=Part(name, money, Says.MOVED, name, moment.date(), -value))
        if code != REFUND:
            return Row(number)
        order = line.get("invoice id") or line.get("custom field") or ""
        refs = (line.get("paypal reference id", ""),) if value > 0 else (name,)
        leg = payout_leg(NAME, name, on, money, -value, order=order_key(order), payout_id="", refs=refs)
        return Row(number, leg)

    def payout_of(line: Mapping[str, str]) -> Part:
        return Part("", line.get("gross transaction currency", "").upper()[:3], Says.REFUSED, content_of(line))

    reading.rows = taken(_transactions(raw, reading.warnings), take, payout_of)
    return reading


def _transactions(raw: bytes, warnings: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of transactions under the headings that stand before them, and lines that are none of the report's."""
    reader = csv.reader(text_lines(raw))
    columns: list[str] = []
    section = report = 0
    for cells in _lines(reader):
        kind = cells[0].strip().upper() if cells else ""
        if kind == "CH":
            columns = [" ".join(cell.lower().split()) for cell in cells[1:]]
            need_columns(columns, COLUMNS, "settlement report of PayPal")
        elif kind == "SB":
            if not columns:
                raise MalformedPayloadError(
                    f"line {reader.line_num}: transactions come before their column headings (CH)"
                )
            section, report = section + 1, report + 1
            line = dict(zip(columns, (cell.strip() for cell in cells[1:]), strict=False))
            yield reader.line_num, line | {"": "more"} if len(cells) - 1 > len(columns) else line
        elif kind in ("SC", "RC"):
            _check_count(cells, section if kind == "SC" else report, reader.line_num, warnings)
            section = 0 if kind == "SC" else section
        elif kind and kind not in KINDS:
            yield reader.line_num, {"section": kind[:20]}
    if not columns:
        raise MalformedPayloadError("line 1: this is no settlement report of PayPal: it has no column headings (CH)")


def _check_count(cells: list[str], found: int, number: int, warnings: list[str]) -> None:
    """What the report says it holds; a file that was cut says more than is there."""
    told = cells[1].strip() if len(cells) > 1 else ""
    if is_number(told) and int(told) != found:
        warnings.append(f"line {number}: {told} transactions are announced, {found} are there")


def _lines(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise MalformedPayloadError(f"line {reader.line_num + 1}: {error}") from error


def _sign(line: Mapping[str, str], name: str) -> int:
    told = required(line, name).upper()
    if told not in ("DR", "CR"):
        raise MalformedPayloadError(f"{name}: '{told[:20]}' is neither DR nor CR")
    return -1 if told == "DR" else 1


def _cents(line: Mapping[str, str], name: str, money: str) -> Decimal:
    told = required(line, name)
    if not is_number(told):
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not a count of the smallest unit, without sign or point")
    value = Decimal(told) * (1 if money in WHOLE else minor_unit(money))
    if value >= AMOUNT_LIMIT:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is no amount that can be")
    return Money(value, money).amount
