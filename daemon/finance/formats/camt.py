"""Bank statements in camt.053 (ISO 20022): every version's BkToCstmrStmt, by local names.

XML that defines entities is refused (defusedxml). An amount has no sign: CdtDbtInd says the direction of the entry itself,
also where RvslInd says that it takes another back. A day is the bank's word, whatever time and offset stand behind it.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.bank import bank_leg
from daemon.finance.formats.notation import within, written_day
from daemon.finance.formats.reading import Context, Reading, Row, currency, required, taken
from daemon.tables import encoding_of

NAME = "camt.053"
_BEGINNING = 4000
_OTHERS = {"BkToCstmrAcctRpt": "camt.052, a report of the day", "BkToCstmrDbtCdtNtfctn": "camt.054, a notification"}
_DECIMAL = re.compile(r"\d{1,18}(\.\d{1,17})?")
_OPENS, _CLOSES = frozenset({"OPBD", "PRCD"}), frozenset({"CLBD"})


def is_it(raw: bytes) -> bool:
    return any(name in _beginning(raw) for name in ("BkToCstmrStmt", *_OTHERS))


def _beginning(raw: bytes) -> str:
    encoding = encoding_of(raw[:_BEGINNING])
    return raw[:_BEGINNING].decode("utf-16" if encoding == "utf-16" else "latin-1", "replace")


@dataclass(slots=True)
class _Statement:
    """One statement while its entries are read, and what it says of them itself."""

    account: str = ""
    names: list[str] = field(default_factory=list)
    opening: tuple[Decimal, str] | None = None
    closing: tuple[Decimal, str] | None = None
    booked: Decimal = Decimal(0)
    currencies: set[str] = field(default_factory=set)
    entries: int = 0
    announced: str = ""
    days: set[date] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The same for a statement that is issued again; another for the next, also where a bank repeats its number."""
        opening = f"{self.opening[0].normalize():f} {self.opening[1]}" if self.opening else ""
        words = "|".join((*self.names, self.account, opening))
        return hashlib.sha256(words.encode()).hexdigest()[:16] if self.names else ""


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading = Reading(NAME, "bank")
    reading.rows = taken(_lines(raw, reading), lambda n, line: _row(n, line, reading))
    return reading


def _lines(raw: bytes, reading: Reading) -> Iterator[tuple[int, dict[str, str]]]:
    """Entries of all statements, numbered through; each is forgotten once it has been read."""
    beginning = _beginning(raw)
    if "BkToCstmrStmt" not in beginning and (other := next((o for o in _OTHERS if o in beginning), "")):
        raise MalformedPayloadError(f"line 1: this is {_OTHERS[other]}; a statement, camt.053, is wanted")
    within: list[Element] = []
    count, statements, at = 0, 0, _Statement()
    try:
        for event, element in defusedxml.ElementTree.iterparse(io.BytesIO(raw), events=("start", "end")):
            if event == "start":
                within.append(element)
                if _local(element) == "Stmt":
                    statements, at = statements + 1, _Statement()
                continue
            within.pop()
            if _local(element) == "Stmt" and within:
                _close(at, statements, reading)
            if not within or _local(within[-1]) != "Stmt":
                continue
            match _local(element):
                case "Id" | "ElctrncSeqNb" | "LglSeqNb":
                    at.names.append((element.text or "").strip())
                case "Acct":
                    at.account = _text(element, "Id/IBAN") or _text(element, "Id/Othr/Id")
                case "FrToDt":
                    _cover(element, at)
                case "Bal":
                    _take_balance(element, at)
                case "TxsSummry":
                    at.announced = _text(element, "TtlNtries/NbOfNtries")
                case "Ntry":
                    count += 1
                    line = {**_entry(element), "account": at.account, "statement": at.name}
                    _sum(line, at)
                    yield count, line
                    within[-1].remove(element)
    except ParseError as error:
        line_number = error.position[0] if error.position else 1
        raise MalformedPayloadError(f"line {line_number}: the XML is broken: {error}") from error
    except DefusedXmlException as error:
        raise MalformedPayloadError("line 1: the XML defines entities, which no bank does; it is not read") from error
    except (LookupError, ValueError) as error:
        raise MalformedPayloadError(f"line 1: the XML cannot be read: {error}") from error
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
        "BookgDt": _day(entry, "BookgDt"), "ValDt": _day(entry, "ValDt"), "AcctSvcrRef": _text(entry, "AcctSvcrRef"),
        "text": " ".join(dict.fromkeys(" ".join(words).split()))[:400],
    }  # fmt: skip


def _row(number: int, line: Mapping[str, str], reading: Reading) -> Row:
    if line["Sts"] and line["Sts"] != "BOOK":
        return Row(number)  # announced, not booked: it comes again
    way = required(line, "CdtDbtInd")
    if way not in ("CRDT", "DBIT"):
        raise MalformedPayloadError(f"CdtDbtInd: '{way[:20]}' is neither CRDT nor DBIT")
    money = currency(line, "Ccy")
    value = _money(required(line, "Amt"), money)
    told = line["BookgDt"] or line["ValDt"]
    if not told:
        raise MalformedPayloadError("BookgDt: is empty, and so is ValDt")
    name = "BookgDt" if line["BookgDt"] else "ValDt"
    try:
        on = written_day(told)
    except MalformedPayloadError as error:
        raise MalformedPayloadError(f"{name}: {error}") from error
    reading.days.add(on)
    leg = bank_leg(
        NAME, on, money, value if way == "CRDT" else -value, text=line["text"], account=line["account"],
        ref=line["AcctSvcrRef"], statement=line["statement"],
    )  # fmt: skip
    return Row(number, leg, note="" if line["BookgDt"] else f"has no booking day: its value day, {on}, is taken")


def _money(text: str, money: str) -> Decimal:
    """An amount as XML Schema writes it: digits, and a point before decimals."""
    if text.startswith("-"):
        raise MalformedPayloadError(f"Amt: {text[:40]} is negative; CdtDbtInd says the direction")
    if not _DECIMAL.fullmatch(text.removeprefix("+")):
        raise MalformedPayloadError(f"Amt: '{text[:40]}' is no amount")
    try:
        return within(Decimal(text), money, text)
    except MalformedPayloadError as error:
        raise MalformedPayloadError(f"Amt: {error}") from error


# -- what a statement says of itself ------------------------------------------------------------------------------------


def _sum(line: Mapping[str, str], at: _Statement) -> None:
    at.entries += 1
    if line["Sts"] and line["Sts"] != "BOOK":
        return
    if _DECIMAL.fullmatch(line["Amt"]):
        at.booked += Decimal(line["Amt"]) * (1 if line["CdtDbtInd"] == "CRDT" else -1)
        at.currencies.add(line["Ccy"])


def _take_balance(element: Element, at: _Statement) -> None:
    code = _text(element, "Tp/CdOrPrtry/Cd")
    amount = next((each for each in element if _local(each) == "Amt"), None)
    told = (amount.text or "").strip() if amount is not None else ""
    if amount is None or not _DECIMAL.fullmatch(told):
        return
    found = Decimal(told) * (-1 if _text(element, "CdtDbtInd") == "DBIT" else 1), amount.get("Ccy", "")
    if code in _OPENS and at.opening is None:
        at.opening = found
    elif code in _CLOSES:
        at.closing = found


def _cover(element: Element, at: _Statement) -> None:
    """The days a statement speaks of, also those on which nothing happened."""
    for name in ("FrDtTm", "ToDtTm", "FrDt", "ToDt"):
        if told := _text(element, name):
            try:
                at.days.add(written_day(told))
            except MalformedPayloadError:
                continue  # said of no entry: those have days of their own


def _close(at: _Statement, number: int, reading: Reading) -> None:
    """Whether opening and entries make the closing, and as many entries are there as are announced."""
    reading.days |= at.days
    name = f"statement {number}" + (f" of {at.account}" if at.account else "")
    if at.opening and at.closing:
        (opens, money), (closes, other) = at.opening, at.closing
        if money == other and at.currencies <= {money} and opens + at.booked != closes:
            reading.warnings.append(
                f"{name}: {opens} {money} and its entries make {opens + at.booked}, it says {closes}: entries are missing,"
                " or are not as the bank booked them"
            )
    if at.announced.isdigit() and int(at.announced) != at.entries:
        reading.warnings.append(f"{name}: {at.announced} entries are announced, {at.entries} are there")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _day(entry: Element, name: str) -> str:
    return _text(entry, f"{name}/Dt") or _text(entry, f"{name}/DtTm")


def _text(element: Element, path: str) -> str:
    found: Element | None = element
    for name in path.split("/"):
        found = next((each for each in found if _local(each) == name), None) if found is not None else None
    return (found.text or "").strip() if found is not None else ""
