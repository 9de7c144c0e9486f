"""What every bank statement is read to: lines with their account, day and sum, and the names a bank gives them."""

import hashlib
import re
from datetime import date
from decimal import Decimal

from statemachine.books.legs import Kind, Leg

TEXT_MAX = 400
NO_REFS = frozenset({"NONREF", "NOREF", "NOTPROVIDED", "NOT PROVIDED", "NA", "N/A", "NONE", "NULL", "-"})
"""What banks write where a line has no reference."""
_NOT_OF_ACCOUNTS = re.compile(r"[^0-9A-Z]")


def bank_leg(
    file_format: str, on: date, money: str, value: Decimal, *, text: str, account: str = "", ref: str = "",
    statement: str = "",
) -> Leg:  # fmt: skip
    """One booked line; money that came in is positive. `ref` is the bank's own name of it, `statement` of the statement.

    Its key is its content: whether it is known already is found out when it is imported (statemachine/books/lines.py).
    """
    facts = {
        "text": " ".join(text.split())[:TEXT_MAX], "account": account_key(account), "ref": _ref(ref),
        "statement": statement, "format": file_format,
    }  # fmt: skip
    told = {name: said for name, said in facts.items() if said}
    words = "|".join((facts["account"], str(on), money, str(value), facts["ref"], statement, facts["text"]))
    key = hashlib.sha256(words.encode()).hexdigest()[:24]
    return Leg(f"bank:{key}", Kind.BANK, on, money, value, 1, facts=told | {"text": facts["text"]})


def account_key(account: str) -> str:
    """An account's number as it compares equal: an IBAN, or a bank's own number, without gaps."""
    return _NOT_OF_ACCOUNTS.sub("", account.upper())


def _ref(told: str) -> str:
    ref = told.strip()
    return "" if ref.upper() in NO_REFS or not ref.strip("0") else ref
