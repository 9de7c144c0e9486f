"""Bank statements in MT940 (SWIFT), read by the `mt-940` library, one statement at a time.

Of a line's two days the entry day is the booking day. RC takes a credit back and RD a debit: their sums go the other way.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.bank import bank_leg
from daemon.finance.formats.notation import within
from daemon.finance.formats.reading import Context, Reading, Row, currency, taken
from daemon.tables import encoding_of

NAME = "mt940"
_BEGINNING = 2000
_STATEMENT = re.compile(r"^(?:\{4:)?\s*:20:", re.MULTILINE)
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
_WORDS = (
    "transaction_details", "posting_text", "purpose", "applicant_name", "recipient_name", "additional_purpose",
    "extra_details",
)  # fmt: skip


def is_it(raw: bytes) -> bool:
    head = raw[:_BEGINNING]
    return b":20:" in head and b":25:" in head and (b":60F:" in head or b":60M:" in head)


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    encoding = encoding_of(raw)
    text = raw.decode(encoding, "replace")
    begins = [found.start() for found in _STATEMENT.finditer(text)]
    if not begins:
        raise MalformedPayloadError("line 1: this is no MT940: it has no statement (:20:)")
    reading = Reading(NAME, "bank")
    pieces = [text[start:end] for start, end in zip(begins, [*begins[1:], len(text)], strict=True)]
    reading.rows = taken(_lines(pieces, reading), lambda n, line: _row(n, line, reading))
    return reading


def _lines(pieces: list[str], reading: Reading) -> Iterator[tuple[int, dict[str, str]]]:
    from mt940.models import Transactions  # here, since it compiles a table of tags when it is imported

    count = 0
    for number, piece in enumerate(pieces, start=1):
        statement = Transactions()
        try:
            statement.parse(piece)
            told, lines = dict(statement.data), [dict(each.data) for each in statement]
        except Exception as error:  # the library names no set of errors for a bad file, and each of them means the same
            raise MalformedPayloadError(
                f"statement {number}: the MT940 cannot be read: {type(error).__name__}: {str(error)[:200]}"
            ) from error
        account = str(told.get("account_identification") or "")
        opening = told.get("final_opening_balance") or told.get("intermediate_opening_balance")
        words = (account, told.get("statement_number"), told.get("sequence_number"), opening)
        name = hashlib.sha256("|".join(map(str, words)).encode()).hexdigest()[:16]
        _check(told, lines, opening, f"statement {number} of {account}", reading)
        for line in lines:
            count += 1
            yield count, {**_cells(line), "account": account.replace("/", ""), "statement": name}


def _cells(line: Mapping[str, Any]) -> dict[str, str]:
    amount = line.get("amount")
    booked = line.get("entry_date") or line.get("date")
    refs = (line.get("bank_reference"), line.get("customer_reference"))
    return {
        "status": str(line.get("status") or ""), "amount": str(abs(amount.amount)) if amount is not None else "",
        "currency": str(amount.currency) if amount is not None else "", "day": str(booked or ""),
        "ref": next((str(each) for each in refs if each and str(each).upper() != "NONREF"), ""),
        "text": " ".join(str(line[name]) for name in _WORDS if line.get(name))[:400],
    }  # fmt: skip


def _row(number: int, line: Mapping[str, str], reading: Reading) -> Row:
    sign = _SIGNS.get(line["status"])
    if sign is None:
        raise MalformedPayloadError(f"61: '{line['status'][:4]}' is none of {', '.join(_SIGNS)}")
    money = currency(line, "currency")
    try:
        value = within(Decimal(line["amount"]), money, line["amount"])
        on = date.fromisoformat(line["day"][:10])
    except MalformedPayloadError as error:
        raise MalformedPayloadError(f"61: {error}") from error
    except (ArithmeticError, ValueError) as error:
        raise MalformedPayloadError(f"61: '{line['amount']}' of '{line['day']}' cannot be read") from error
    reading.days.add(on)
    leg = bank_leg(
        NAME, on, money, value * sign, text=line["text"], account=line["account"], ref=line["ref"],
        statement=line["statement"],
    )  # fmt: skip
    return Row(number, leg)


def _check(told: Mapping[str, Any], lines: list[dict[str, Any]], opening: Any, name: str, reading: Reading) -> None:
    """Whether opening and lines make the closing."""
    closing = told.get("final_closing_balance")
    if opening is None or closing is None:
        return
    sums = (abs(line["amount"].amount) * _SIGNS.get(str(line.get("status")), 0) for line in lines if line.get("amount"))
    moved = sum(sums, Decimal(0))
    if opening.amount.amount + moved != closing.amount.amount:
        reading.warnings.append(
            f"{name}: {opening.amount.amount} and its lines make {opening.amount.amount + moved}, it says"
            f" {closing.amount.amount}: lines are missing, or are not as the bank booked them"
        )
