"""Bank statements: camt.053 (ISO 20022) and OFX, and the plainest CSV.

camt.053: every version's BkToCstmrStmt, by local names; XML that defines entities is refused (defusedxml). OFX: read by
ofxparse. Money that came in is positive.
"""

import io
import warnings
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from daemon.errors import MalformedPayloadError
from daemon.finance.formats import mapped
from daemon.finance.formats.reading import (
    Context,
    Numbers,
    Reading,
    Row,
    amount,
    begun,
    currency,
    day_of,
    required,
    taken,
)  # fmt: skip
from daemon.settings_finance import MappedFileSettings
from daemon.tables import csv_rows
from statemachine.books.legs import Kind, Leg

OFX_MAX = 5 * 1024 * 1024
"""The parser holds some thirty times what it reads; a year of a busy account is a tenth of that."""
CAMT, OFX, BANK_CSV = "camt.053", "ofx", "bank-csv"
_DATES = ("booking date", "date", "value date", "transaction date", "posting date")
_AMOUNTS = ("amount", "value")
_TEXTS = ("reference", "description", "details", "narrative", "memo", "text")


def is_camt(raw: bytes) -> bool:
    return b"BkToCstmrStmt" in raw[:4000]


def is_ofx(raw: bytes) -> bool:
    return b"OFXHEADER" in raw[:400].upper() or b"<OFX>" in raw[:2000].upper()


def is_bank_csv(columns: set[str]) -> bool:
    return all(set(names) & columns for names in (_DATES, _AMOUNTS, _TEXTS)) and "currency" in columns


def read_camt(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, numbers = Reading(CAMT, "bank"), Numbers()
    reading.rows = taken(_camt_lines(raw), lambda n, line: _camt_leg(line, context, numbers, reading))
    return reading


def _camt_lines(raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Entries of all statements, numbered through; each is forgotten once it has been read."""
    within: list[Element] = []
    statements, number, account = 0, 0, ""
    try:
        for event, element in defusedxml.ElementTree.iterparse(io.BytesIO(raw), events=("start", "end")):
            if event == "start":
                within.append(element)
                if _local(element) == "Stmt":
                    statements, account = statements + 1, ""
                continue
            within.pop()
            if not within or _local(within[-1]) != "Stmt":
                continue
            if _local(element) == "Acct":
                account = _text(element, "Id/IBAN") or _text(element, "Id/Othr/Id")
            elif _local(element) == "Ntry":
                number += 1
                yield number, {**_entry(element), "account": account}
                within[-1].remove(element)
    except ParseError as error:
        line = error.position[0] if error.position else 1
        raise MalformedPayloadError(f"line {line}: the XML is broken: {error}") from error
    except DefusedXmlException as error:
        raise MalformedPayloadError("line 1: the XML defines entities, which no bank does; it is not read") from error
    if not statements:
        raise MalformedPayloadError("line 1: this is no camt.053: it holds no statement (Stmt)")


def _entry(entry: Element) -> dict[str, str]:
    sums = [each for each in entry if _local(each) == "Amt"]
    words = [
        each.text or ""
        for each in entry.iter()
        if _local(each) in ("Ustrd", "AddtlNtryInf", "EndToEndId", "AddtlTxInf")
    ]
    return {
        "Amt": (sums[0].text or "").strip() if sums else "", "Ccy": sums[0].get("Ccy", "") if sums else "",
        "CdtDbtInd": _text(entry, "CdtDbtInd"), "Sts": _text(entry, "Sts/Cd") or _text(entry, "Sts"),
        "RvslInd": _text(entry, "RvslInd"), "BookgDt": _text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm"),
        "AcctSvcrRef": _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef"),
        "text": " ".join(dict.fromkeys(" ".join(words).split()))[:400],
    }  # fmt: skip


def _camt_leg(line: Mapping[str, str], context: Context, numbers: Numbers, reading: Reading) -> Leg | None:
    if line["Sts"] and line["Sts"] != "BOOK":
        return None  # announced, not booked: it comes again
    way = required(line, "CdtDbtInd")
    if way not in ("CRDT", "DBIT"):
        raise MalformedPayloadError(f"CdtDbtInd: '{way[:20]}' is neither CRDT nor DBIT")
    money = currency(line, "Ccy")
    value = amount(line, "Amt", money)
    if value < 0:
        raise MalformedPayloadError(f"Amt: {value} is negative; CdtDbtInd says the direction")
    on = day_of(line, "BookgDt", context.zone)
    reading.days.add(on)
    name = numbers.name(line["account"], line["AcctSvcrRef"], line["BookgDt"], line["Amt"], way, line["text"])
    return _bank(CAMT, name, on, money, value if way == "CRDT" else -value, line["text"], line["account"])


def _bank(file_format: str, name: str, on: Any, money: str, value: Decimal, text: str, account: str) -> Leg:
    return Leg(f"bank:{file_format}/{name}", Kind.BANK, on, money, value, 1, facts={"text": text, "account": account})


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: Element, path: str) -> str:
    found: Element | None = element
    for name in path.split("/"):
        found = next((each for each in found if _local(each) == name), None) if found is not None else None
    return (found.text or "").strip() if found is not None else ""


def read_ofx(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    if len(raw) > OFX_MAX:
        raise MalformedPayloadError(
            f"the OFX is larger than {OFX_MAX // 1024 // 1024} MB, and is only read whole: split it"
        )
    from ofxparse import OfxParser  # here, since it brings an HTML parser with it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # names of its HTML parser that ofxparse still uses
            told = OfxParser.parse(io.BytesIO(raw), fail_fast=False)
    except Exception as error:  # the parser names no set of errors for a bad file, and each of them means the same
        raise MalformedPayloadError(f"line 1: the OFX cannot be read: {type(error).__name__}: {error}") from error
    reading = Reading(OFX, "bank")
    accounts = [account for account in told.accounts or () if getattr(account, "statement", None) is not None]
    if not accounts:
        raise MalformedPayloadError("line 1: this OFX holds no account with a statement")
    reading.rows = _ofx_rows(accounts, context, reading)
    return reading


def _ofx_rows(accounts: list[Any], context: Context, reading: Reading) -> Iterator[Row]:
    count = 0
    for account in accounts:
        for row in taken(_ofx_lines(account, count), lambda n, line: _ofx_leg(line, context, reading)):
            count += 1
            yield row
        for discarded in account.statement.discarded_entries:
            count += 1
            yield Row(count, rejected=str(discarded.get("error", "cannot be read")))


def _ofx_lines(account: Any, first: int) -> Iterator[tuple[int, dict[str, str]]]:
    money = str(account.statement.currency or account.curdef or "")
    for number, each in enumerate(account.statement.transactions, start=first + 1):
        yield number, {
            "FITID": str(each.id or ""), "DTPOSTED": each.date.date().isoformat() if each.date else "",
            "TRNAMT": str(each.amount), "CURDEF": money, "account": str(account.account_id or ""),
            "text": " ".join(str(word) for word in (each.payee, each.memo, each.checknum) if word),
        }  # fmt: skip


def _ofx_leg(line: Mapping[str, str], context: Context, reading: Reading) -> Leg:
    on, money = day_of(line, "DTPOSTED", context.zone), currency(line, "CURDEF")
    name = f"{line['account']}/{required(line, 'FITID')}"
    reading.days.add(on)
    return _bank(OFX, name, on, money, amount(line, "TRNAMT", money), line["text"], line["account"])


def read_bank_csv(raw: bytes, context: Context) -> Reading:
    """Date, amount, currency and words, under the names most banks use. Raises MalformedPayloadError."""
    columns, _ = begun(csv_rows(raw))
    if not is_bank_csv(columns):
        raise MalformedPayloadError(
            f"line 1: no bank statement: it needs a date ({', '.join(_DATES)}), an amount, a currency and a reference"
        )
    told = {
        "date": next(name for name in _DATES if name in columns),
        "amount": next(name for name in _AMOUNTS if name in columns), "currency": "currency",
        "text": next(name for name in _TEXTS if name in columns),
    }  # fmt: skip
    return mapped.read(raw, context, BANK_CSV, MappedFileSettings(covers="bank", columns=told))
