"""How a file writes amounts and days: decided once a file, since one cell alone may mean two things.

"1,000" is a thousand or one, "03/02/2026" is in February or in March. Cells that can be read one way only decide for the
others; where they contradict each other the file is refused, and where none decides the doubtful cell is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeVar

from daemon.errors import MalformedPayloadError
from statemachine.money import AMOUNT_LIMIT, FractionError, Money, exponent

Mark = Literal[".", ","]
Order = Literal["day", "month"]
_Day = TypeVar("_Day", bound=date)

_GAPS = "  \N{THIN SPACE}\N{NARROW NO-BREAK SPACE}'\N{RIGHT SINGLE QUOTATION MARK}"
_MINUS = "\\-\N{MINUS SIGN}\N{EN DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
_SIGNS: Mapping[str, frozenset[str]] = {
    "£": frozenset({"GBP"}), "€": frozenset({"EUR"}), "¥": frozenset({"JPY", "CNY"}), "zł": frozenset({"PLN"}),
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}), "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
}  # fmt: skip
_SIDES = {"CR": 1, "DR": -1, "C": 1, "D": -1}
_PARTS = re.compile(
    rf"(?P<open>\()?(?P<sign>[+{_MINUS}])?\s*(?P<before>[A-Z]{{3}}|[£€¥$])?\s*(?P<inner>[+{_MINUS}])?\s*"
    rf"(?P<digits>[\d.,{_GAPS}]*\d[.,]?|[.,]\d+)\s*(?P<after>[A-Z]{{3}}|[£€¥$]|zł|kr)?\s*(?P<last>[{_MINUS}])?(?P<close>\))?"
    r"(?:\s*(?P<side>CR|DR|C|D))?",
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1,
    )
    for name in names.split()
}  # fmt: skip
_GROUP = 3
_ISO = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?![\d])")
_NUMBERS = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(r"(\d{1,2})[-/. ]*([A-Za-z]{3,9})\.?,?[-/. ]*(\d{4}|\d{2})(?!\d)")
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.?[ -](\d{1,2}),?[ -](\d{4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Written:
    """One cell of an amount, taken apart. `digits` has no sign and no gaps, but its points and commas."""

    digits: str
    is_minus: bool
    money: str
    """The currency or its sign that stands beside it; empty where none does."""
    side: int
    """1 where CR stands behind it, -1 where DR does, else 0."""

    @property
    def mark(self) -> Mark | Literal["", "?"]:
        """Which mark goes before its decimals: empty where it has neither mark, ? where it may be either."""
        return mark_of(self.digits)


def mark_of(digits: str) -> Mark | Literal["", "?"]:
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        return ""
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    mark: Mark = "." if points else ","
    other: Mark = "," if points else "."
    if points + commas > 1:
        return other
    whole, _, decimals = digits.partition(mark)
    is_group = len(decimals) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return "?" if is_group else mark


def take_apart(text: str) -> Written:
    """Raises MalformedPayloadError for what is no amount."""
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        raise MalformedPayloadError(f"'{text[:40]}' is no amount")
    signs = [found[name] for name in ("sign", "inner", "last") if found[name]]
    brackets = bool(found["open"]), bool(found["close"])
    digits = found["digits"]
    compact = digits.translate(dict.fromkeys(map(ord, _GAPS)))
    if len(signs) > 1 or brackets[0] != brackets[1] or (signs and brackets[0]) or (found["before"] and found["after"]):
        raise MalformedPayloadError(f"'{text[:40]}' is no amount")
    if compact != digits and not re.fullmatch(rf"\d{{1,3}}([{_GAPS}]\d{{3}})+([.,]\d+)?", digits):
        raise MalformedPayloadError(f"'{text[:40]}' is no amount: its thousands are not groups of three")
    is_minus = brackets[0] or any(sign != "+" for sign in signs)
    return Written(compact, is_minus, found["before"] or found["after"] or "", _SIDES.get(found["side"] or "", 0))


def within(value: Decimal, money: str, text: str) -> Decimal:
    """The amount of a currency that `text` says. Raises MalformedPayloadError where it is too large, or too fine."""
    if abs(value) >= AMOUNT_LIMIT:
        raise MalformedPayloadError(f"'{text[:40]}' is no amount that can be")
    try:
        return Money(value, money).amount
    except FractionError as error:
        raise MalformedPayloadError(f"'{text[:40]}' has more decimals than {money} has") from error


@dataclass(frozen=True, slots=True)
class Amounts:
    """How one file writes amounts. `mark` goes before the decimals; empty where no cell of the file tells."""

    mark: Mark | Literal[""] = ""

    def read(self, text: str, money: str) -> Decimal:
        """An amount of a currency, with no more decimals than that has. Brackets and DR are minus.

        Raises MalformedPayloadError naming the value.
        """
        written = take_apart(text)
        if written.money and money not in _SIGNS.get(written.money, frozenset({written.money})):
            raise MalformedPayloadError(f"'{text[:40]}' is written in {written.money}, and the line is in {money}")
        value = Decimal(self._plain(written.digits, text, money))
        if written.side and written.is_minus:
            raise MalformedPayloadError(f"'{text[:40]}' has both a minus and a side")
        value = -value if written.is_minus or written.side < 0 else value
        return within(value, money, text)

    def _plain(self, digits: str, text: str, money: str) -> str:
        mark = self.mark
        if not mark:
            own = mark_of(digits)
            if own == "?":
                raise MalformedPayloadError(
                    f"'{text[:40]}' may be thousands or decimals, and no other amount of the file tells which"
                )
            mark = own or "."
        group = "," if mark == "." else "."
        whole, _, decimals = digits.partition(mark)
        is_whole = (
            whole.isdigit() or not whole or bool(re.fullmatch(rf"[1-9]\d{{0,2}}({re.escape(group)}\d{{3}})+", whole))
        )
        if not is_whole or (decimals and not decimals.isdigit()):
            shown = "1,234.56" if mark == "." else "1.234,56"
            raise MalformedPayloadError(f"'{text[:40]}' is not written as this file's amounts are: {shown}")
        if len(decimals) == _GROUP > exponent(money):  # as many as a group of thousands has: it may be one
            raise MalformedPayloadError(f"'{text[:40]}' has more decimals than {money} has")
        return f"{whole.replace(group, '') or '0'}.{decimals or '0'}"


POINT, COMMA = Amounts("."), Amounts(",")


class _Seen:
    """What the cells of a file say of how it writes something: each way with the first cell that can be read no other."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, str]] = {}

    def _note(self, way: str, number: int, text: str) -> None:
        if way:
            self._first.setdefault(way, (number, text))

    def _one(self, what: str) -> str:
        """The only way there is; empty where no cell tells. Raises MalformedPayloadError where two contradict each other."""
        if len(self._first) > 1:
            (one, first), (other, second) = sorted(self._first.values())
            raise MalformedPayloadError(
                f"line {other}: '{second[:30]}' and '{first[:30]}' on line {one} cannot be of one notation: {what} must be"
                " the same in the whole file"
            )
        return next(iter(self._first), "")


class AmountsSeen(_Seen):
    """What the cells of a file say of how it writes amounts."""

    def add(self, number: int, text: str) -> None:
        try:
            mark = take_apart(text).mark if text else ""
        except MalformedPayloadError:
            return  # its row is refused by itself
        self._note(mark if mark != "?" else "", number, text)

    @property
    def decided(self) -> Amounts:
        """Raises MalformedPayloadError where two cells contradict each other."""
        return Amounts(self._one("which of point and comma goes before decimals"))  # type: ignore[arg-type]


def possible(day: _Day) -> _Day:
    """Raises MalformedPayloadError for a year in which nothing that is imported happened."""
    if not 2000 <= day.year <= 2100:
        raise MalformedPayloadError(f"the year {day.year} cannot be")
    return day


@dataclass(frozen=True, slots=True)
class Days:
    """How one file writes days. `first` of two numbers; empty where no cell of the file tells."""

    first: Order | Literal[""] = ""

    def read(self, text: str) -> date:
        """A day as it is written: a time and a zone behind it change nothing. Raises MalformedPayloadError."""
        told = text.strip()
        year, month, day = self._parts(told)
        try:
            found = date(year, month, day)
        except ValueError as error:
            raise MalformedPayloadError(f"'{told[:40]}' is no day") from error
        return possible(found)

    def _parts(self, told: str) -> tuple[int, int, int]:
        if found := _ISO.match(told):
            return int(found[1]), int(found[2]), int(found[3])
        if found := _NUMBERS.match(told):
            first, second, year = int(found[1]), int(found[3]), _year(found[4])
            order = self.first or order_of(told) or ("day" if first == second else "")
            if not order:
                raise MalformedPayloadError(
                    f"'{told[:40]}' may be day first or month first, and no other day of the file tells which"
                )
            return (year, second, first) if order == "day" else (year, first, second)
        if found := _NAMED.match(told):
            day, name, year = int(found[1]), found[2], _year(found[3])
        elif found := _NAMED_FIRST.match(told):
            name, day, year = found[1], int(found[2]), int(found[3])
        else:
            raise MalformedPayloadError(f"'{told[:40]}' is no day")
        if name.lower() not in _MONTHS:
            raise MalformedPayloadError(f"'{told[:40]}' is no day: '{name}' is no month")
        return year, _MONTHS[name.lower()], day


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def order_of(text: str) -> Order | Literal[""]:
    """Which of day and month a cell writes first; empty where it may be either, or writes no two numbers."""
    found = _NUMBERS.match(text.strip())
    if found is None:
        return ""
    if found[2] == ".":
        return "day"  # nobody writes points with the month first
    first, second = int(found[1]), int(found[3])
    return "day" if first > 12 >= second else "month" if second > 12 >= first else ""


class DaysSeen(_Seen):
    """What the cells of a file say of how it writes days."""

    def add(self, number: int, text: str) -> None:
        self._note(order_of(text), number, text)

    @property
    def decided(self) -> Days:
        """Raises MalformedPayloadError where two cells contradict each other."""
        return Days(self._one("day or month first"))  # type: ignore[arg-type]


def written_day(text: str, shape: str = "") -> date:
    """A day as it is written, by `strptime`'s shape where one is given, else by ISO 8601. Raises MalformedPayloadError."""
    if not shape:
        if not _ISO.match(text.strip()):
            raise MalformedPayloadError(f"'{text[:40]}' is not a day as 2026-01-31")
        return Days().read(text)
    try:
        found = datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007 - a day on paper has no zone
    except ValueError as error:
        raise MalformedPayloadError(f"'{text[:40]}' is not a day as {shape}") from error
    return possible(found)


def seen_amounts(cells: Iterable[tuple[int, str]]) -> Amounts:
    """How a file that has these cells writes amounts. Raises MalformedPayloadError."""
    seen = AmountsSeen()
    for number, text in cells:
        seen.add(number, text)
    return seen.decided


def seen_days(cells: Iterable[tuple[int, str]]) -> Days:
    """How a file that has these cells writes days. Raises MalformedPayloadError."""
    seen = DaysSeen()
    for number, text in cells:
        seen.add(number, text)
    return seen.decided
