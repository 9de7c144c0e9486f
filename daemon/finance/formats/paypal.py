"""PayPal: the settlement report (STL), sections of lines that begin with what they are.

Specification: developer.paypal.com/docs/reports/sftp-reports/settlement-report. RH FH head the file, SH a section, CH names
the columns, SB are the transactions, SF SC RF RC FF close. Amounts are unsigned, in the currency's smallest unit; DR and CR
say the direction; T1107 is a refund, T04xx are withdrawals to the bank.
"""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.reading import (
    Context,
    Payouts,
    Reading,
    Unique,
    currency,
    day_of,
    need_columns,
    payout_leg,
    required,
    taken,
)  # fmt: skip
from daemon.tables import text_lines
from statemachine.books.legs import Leg
from statemachine.money import AMOUNT_LIMIT, Money, minor_unit
from statemachine.refs import is_number, order_key

NAME = "paypal"
COLUMNS = (
    "transaction id", "invoice id", "transaction event code", "transaction initiation date", "transaction debit or credit",
    "gross transaction amount", "gross transaction currency",
)  # fmt: skip
KINDS = frozenset({"RH", "FH", "SH", "CH", "SB", "SF", "SC", "RF", "RC", "FF"})
WHOLE = frozenset({"HUF", "TWD"})
"""Currencies PayPal counts in wholes although the standard gives them decimals. Source: its list of supported currencies."""


def is_it_text(text: str) -> bool:
    return text.lstrip("\ufeff\"' ")[:2] == "RH"


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, payouts, unique = Reading(NAME, "payouts", NAME), Payouts(NAME), Unique("transaction id")

    def take(number: int, line: Mapping[str, str]) -> Leg | None:
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
        on = day_of(line, shown, context.zone)
        if len(code) != 5 or code[0] != "T":
            raise MalformedPayloadError(f"transaction event code: '{code[:20]}' is not T and four digits")
        reading.days.add(on)
        if code.startswith("T04"):
            payouts.moved(name, on, money, -value)
            return None
        is_refund = code == "T1107" and value < 0
        if not is_refund:
            return None
        order = line.get("invoice id") or line.get("custom field") or ""
        refs = (name,)
        return payout_leg(NAME, name, on, money, -value, order=order_key(order), payout_id="", refs=refs)

    reading.rows, reading.payouts = taken(_transactions(raw), take), payouts
    return reading


def _transactions(raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of transactions under the headings that stand before them, and lines that are none of the report's."""
    reader = csv.reader(text_lines(raw))
    columns: list[str] = []
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
            line = dict(zip(columns, (cell.strip() for cell in cells[1:]), strict=False))
            yield reader.line_num, line | {"": "more"} if len(cells) - 1 > len(columns) else line
        elif kind and kind not in KINDS:
            yield reader.line_num, {"section": kind[:20]}
    if not columns:
        raise MalformedPayloadError("line 1: this is no settlement report of PayPal: it has no column headings (CH)")


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
