"""Bank statements in OFX: version 1 (SGML, where closing tags may be left out) and 2 (XML), read tag by tag.

Source: OFX 2.2, sections 3.2.8 (dates), 3.2.9 (amounts) and 11.4 (bank statements). What its tags say is taken as it is
written: no library is used since the one that is kept (ofxtools) is GPL-3.0 and loses what follows an empty element, and the
other (ofxparse) turns booking days into instants and has had no release since 2021.
"""

import codecs
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.bank import bank_leg
from daemon.finance.formats.notation import Amounts, AmountsSeen
from daemon.finance.formats.reading import Context, Reading, Row, amount, currency, required, taken
from daemon.tables import encoding_of
from statemachine.books.legs import Leg

NAME = "ofx"
_BEGINNING = 2000
_TAG = re.compile(r"<(/?)([A-Za-z0-9_.]+)\s*(/?)>((?:<!\[CDATA\[.*?\]\]>|[^<])*)", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_CHARSET = re.compile(r"CHARSET:\s*([\w-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(r"<\?xml[^>]*encoding=[\"']([\w-]+)[\"']", re.IGNORECASE)
_CODECS = {"1252": "cp1252", "WINDOWS-1252": "cp1252", "8859-1": "latin-1", "ISO-8859-1": "latin-1", "NONE": "cp1252"}
_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS"})
_INVESTMENTS = frozenset({"INVSTMTRS"})
_ACCOUNTS = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"})
_INSIDE = frozenset({"PAYEE", "CURRENCY", "ORIGCURRENCY", "BANKACCTTO", "CCACCTTO", "IMAGEDATA"})
"""What holds other elements within a transaction; whatever else has no text there is empty."""
_OUT, _IN = frozenset({"DEBIT", "DIRECTDEBIT"}), frozenset({"CREDIT", "DIRECTDEP", "DEP"})
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{2}|\D|$)")


def is_it(raw: bytes) -> bool:
    text = (
        raw[:_BEGINNING].decode("utf-16" if encoding_of(raw[:_BEGINNING]) == "utf-16" else "latin-1", "replace").upper()
    )
    return "OFXHEADER" in text or "<OFX>" in text


@dataclass(slots=True)
class _Statement:
    """One account's statement while it is read."""

    money: str = ""
    account: str = ""
    bank: str = ""

    @property
    def number(self) -> str:
        """The account's number with its bank's before it, unless it is an IBAN or has it already."""
        is_whole = self.account[:2].isalpha() or (self.bank and self.account.startswith(self.bank))
        return self.account if is_whole else self.bank + self.account


@dataclass(slots=True)
class _File:
    """What a file says beside its transactions."""

    accounts: int = 0
    aside: list[str] = field(default_factory=list)
    """Investment accounts, of which nothing is read."""
    span: list[str] = field(default_factory=list)


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading = Reading(NAME, "bank")
    corrected: dict[tuple[str, str], str] = {}
    told, seen = _File(), AmountsSeen()
    for number, line in _transactions(raw, told):
        seen.add(number, line.get("TRNAMT", ""))
        if line.get("CORRECTFITID"):
            corrected[line["account"], line["CORRECTFITID"]] = line.get("FITID", "")
    if not told.accounts:
        aside = f"; it holds {told.aside[0]}, of which nothing is read" if told.aside else ""
        raise MalformedPayloadError(f"line 1: this OFX holds no account with a bank statement{aside}")
    reading.warnings += [f"{each} is left aside: only bank and card accounts are read" for each in told.aside]
    written = seen.decided
    _cover(told, reading)
    reading.rows = taken(
        _transactions(raw, _File()), lambda n, line: _row(n, line, written, corrected, reading)
    )  # fmt: skip
    return reading


def _row(
    number: int, line: Mapping[str, str], written: Amounts, corrected: Mapping[tuple[str, str], str], reading: Reading
) -> Row:
    if line["booked"] != "yes":
        return Row(number)  # announced, not booked: it comes again
    ref = line.get("FITID", "")
    corrects = line.get("CORRECTFITID", "")
    action = line.get("CORRECTACTION", "").upper()
    if corrects and action not in ("REPLACE", "DELETE"):
        raise MalformedPayloadError(f"CORRECTACTION: '{action[:20]}' is neither REPLACE nor DELETE")
    if (line["account"], ref) in corrected and not corrects:
        return Row(number, note=f"line {ref} is corrected further down: it is not booked")
    if action == "DELETE":
        return Row(number, corrects=corrects)
    leg = _leg(line, written, ref)
    reading.days.add(leg.on)
    return Row(number, leg, corrects=corrects)


def _leg(line: Mapping[str, str], written: Amounts, ref: str) -> Leg:
    money = currency(line, "CURSYM", otherwise=line["money"])
    value = amount(line, "TRNAMT", money, written)
    kind = line.get("TRNTYPE", "").upper()
    if (kind in _OUT and value > 0) or (kind in _IN and value < 0):
        raise MalformedPayloadError(f"TRNAMT: {value} contradicts TRNTYPE {kind}: did the money come or go?")
    text = " ".join(line[name] for name in ("NAME", "PAYEE", "MEMO", "CHECKNUM") if line.get(name))
    return bank_leg(NAME, _day(line, "DTPOSTED"), money, value, text=text, account=line["account"], ref=ref)


def _day(line: Mapping[str, str], name: str) -> date:
    """The day as it is written: what time and zone stand behind it changes nothing."""
    told = required(line, name)
    found = _DAY.match(told)
    try:
        on = date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        on = None
    if on is None or not 2000 <= on.year <= 2100:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not a day as 20260131")
    return on


def _cover(told: _File, reading: Reading) -> None:
    """The days the file says it speaks of, at most until it was made."""
    found = []
    for text in told.span:
        try:
            found.append(_day({"day": text}, "day"))
        except MalformedPayloadError:
            return
    if len(found) == 3:  # first, last, and when it was made
        first, last, made = found
        reading.days |= {first, min(last, made)} if first <= min(last, made) else set()


# -- tags -----------------------------------------------------------------------------------------------------------------


def _transactions(raw: bytes, told: _File) -> Iterator[tuple[int, dict[str, str]]]:
    """Transactions of all bank and card accounts, numbered through."""
    at: _Statement | None = None
    within: list[str] = []
    line: dict[str, str] | None = None
    number, is_booked, made = 0, True, ""
    for closing, tag, text in _tags(raw):
        inside = within[-1] if within else ""
        if closing:
            if tag == "STMTTRN" and line is not None and at is not None:
                number += 1
                yield number, {**line, "account": at.number, "money": at.money, "booked": "yes" if is_booked else ""}
                line = None
            elif tag in _STATEMENTS | _INVESTMENTS:
                at = None
            if tag in within:
                del within[within.index(tag) :]
            is_booked = is_booked or tag == "BANKTRANLISTP"
            continue
        match tag:
            case _ if tag in _STATEMENTS:
                at, told.accounts = _Statement(), told.accounts + 1
            case _ if tag in _INVESTMENTS:
                at = None
                told.aside.append("an investment account")
            case "BANKTRANLISTP":
                is_booked = False
            case "STMTTRN" if at is not None:
                line = {}
            case "DTSERVER":
                made = text
            case "DTSTART" | "DTEND" if at is not None and len(told.span) < 2:
                told.span.append(text)
            case "CURDEF" if at is not None and line is None:
                at.money = text
            case "ACCTID" if inside in _ACCOUNTS:
                if at is not None:
                    at.account = text
                elif told.aside:
                    told.aside[-1] = f"the investment account {text}"
            case "BANKID" if at is not None and inside in _ACCOUNTS:
                at.bank = text
            case _ if line is not None:
                _put(line, inside, tag, text)
        is_holder = tag in _ACCOUNTS or (line is not None and tag in _INSIDE)
        if is_holder or (not text and line is None):
            within.append(tag)
    if len(told.span) == 2:
        told.span.append(made)
    if line is not None:
        raise MalformedPayloadError("the OFX breaks off within a transaction")


def _put(line: dict[str, str], inside: str, tag: str, text: str) -> None:
    """An element of a transaction. A currency is the amount's own; that of ORIGCURRENCY is what it was converted from."""
    if inside == "PAYEE" and tag == "NAME":
        line["PAYEE"] = text
    elif inside == "CURRENCY" and tag == "CURSYM":
        line["CURSYM"] = text
    elif inside not in _INSIDE and tag not in _INSIDE:
        line[tag] = text


def _tags(raw: bytes) -> Iterator[tuple[bool, str, str]]:
    text = _decoded(raw)
    begin = text.upper().find("<OFX>")
    if begin < 0:
        raise MalformedPayloadError("line 1: this is no OFX: it has no <OFX>")
    for found in _TAG.finditer(text, begin):
        closing, tag, empty, rest = found.groups()
        name = tag.upper()
        said = _CDATA.sub(lambda each: html.escape(each[1]), rest)
        yield bool(closing), name, " ".join(html.unescape(said).split())
        if empty:
            yield True, name, ""


def _decoded(raw: bytes) -> str:
    """By its byte order mark, by what it is where that is UTF-8, else by what its header says."""
    encoding = encoding_of(raw)
    if encoding == "cp1252":
        head = raw[:_BEGINNING].decode("latin-1")
        said = next((each[1].upper() for each in chain(_CHARSET.finditer(head), _XML_ENCODING.finditer(head))), "")
        named = _CODECS.get(said, said)
        try:
            encoding = codecs.lookup(named).name if named else encoding
        except LookupError as error:
            raise MalformedPayloadError(
                f"line 1: its text is said to be in '{said[:20]}', which nobody knows"
            ) from error
    try:
        return raw.decode(encoding, "replace" if encoding in ("cp1252", "utf-8") else "strict")
    except UnicodeDecodeError as error:
        raise MalformedPayloadError(f"line 1: its text is not in {encoding}, as it says: {error.reason}") from error
