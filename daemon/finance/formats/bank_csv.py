"""Bank statements in CSV under the headings that most banks use (banks.py): read as the file itself says, or refused.

The direction of a sum is its sign, a column of its own, or which of two columns it stands in. What the file leaves open
(which of day and month comes first, which of point and comma goes before decimals) no other cell may contradict.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats import banks
from daemon.finance.formats.bank import bank_leg
from daemon.finance.formats.notation import Amounts, AmountsSeen, Days, DaysSeen
from daemon.finance.formats.reading import Context, Reading, Row, amount, begun, currency, required, taken
from daemon.tables import csv_rows

NAME = "bank-csv"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column says what; empty where none does."""

    date: str
    amount: str = ""
    out: str = ""
    into: str = ""
    direction: str = ""
    currency: str = ""
    money: str = ""
    """The currency where no column says it."""
    texts: tuple[str, ...] = ()
    account: str = ""
    sort_code: str = ""
    balance: str = ""
    ref: str = ""
    state: str = ""
    day_first: bool = False

    @property
    def sums(self) -> tuple[str, ...]:
        return tuple(name for name in (self.amount, self.out, self.into, self.balance) if name)


def is_it(columns: frozenset[str]) -> bool:
    """Whether these are a statement's columns; also how its heading is found below titles."""
    return layout_of(columns) is not None


def layout_of(columns: frozenset[str]) -> Layout | None:
    """What the columns say by their names; None where day, sum, words or currency have none."""
    preset = banks.preset_of(columns)
    renames = preset.renames if preset is not None else {}
    own = {renames.get(name, name): name for name in columns}

    def first(names: Iterable[str]) -> str:
        return next((own[name] for name in names if name in own), "")

    date, total = first(banks.DATES), first(banks.AMOUNTS)
    out, into = first(banks.OUT), first(banks.IN)
    texts = tuple(own[name] for name in banks.TEXTS if name in own)
    money = preset.currency if preset is not None else ""
    said = next((name[-4:-1].upper() for name in columns if name.endswith(("(gbp)", "(eur)", "(usd)"))), "")
    has_currency = first(banks.CURRENCIES) or money or said
    if not date or not texts or not has_currency or not (total or (out and into)):
        return None
    is_pair = bool(out and into) and not total
    return Layout(
        date, "" if is_pair else total, out if is_pair else "", into if is_pair else "", first(banks.DIRECTIONS),
        first(banks.CURRENCIES), said or money, texts, first(banks.ACCOUNTS), first(banks.SORT_CODES),
        first(banks.BALANCES), first(banks.REFS), first(banks.STATES), day_first=preset is not None,
    )  # fmt: skip


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError."""
    columns, lines = begun(csv_rows(raw, is_it))
    layout = layout_of(frozenset(columns))
    if layout is None:
        raise MalformedPayloadError(
            f"line 1: no bank statement: it needs a day ({', '.join(banks.DATES[:6])}), an amount or a debit and a credit"
            f" column, a currency and a text ({', '.join(banks.TEXTS[:5])}); others are mapped (finance.files)"
        )
    amounts, days = AmountsSeen(), DaysSeen()
    for number, line in csv_rows(raw, is_it):
        days.add(number, line.get(layout.date, ""))
        for name in layout.sums:
            amounts.add(number, line.get(name, ""))
    day = days.decided
    reader = _Reader(layout, amounts.decided, Days("day") if layout.day_first and not day.first else day)
    reading = Reading(NAME, "bank")
    reading.rows = _followed(reader, lines, reading)
    return reading


@dataclass(slots=True)
class _Reader:
    """One file under its layout, and its running balance."""

    layout: Layout
    amounts: Amounts
    days: Days
    _last: tuple[Decimal, Decimal] | None = None
    """Balance and sum of the line before."""
    _broken: dict[str, int] = field(default_factory=dict)
    """Order of the lines, oldest or newest first → where its balances first do not follow."""

    def take(self, number: int, line: Mapping[str, str], reading: Reading) -> Row:
        layout = self.layout
        if layout.state and line.get(layout.state, "").lower() not in banks.BOOKED_WORDS:
            return Row(number)  # pending, declined or taken back: not booked
        try:
            on = self.days.read(required(line, layout.date))
        except MalformedPayloadError as error:
            told = str(error)
            raise (
                error if told.startswith(f"{layout.date}:") else MalformedPayloadError(f"{layout.date}: {told}")
            ) from error
        money = currency(line, layout.currency or "currency", otherwise=layout.money)
        value = self._value(line, money)
        if layout.balance and line.get(layout.balance):
            self._follow(number, amount(line, layout.balance, money, self.amounts), value)
        reading.days.add(on)
        text = " ".join(line[name] for name in layout.texts if line.get(name))
        account = line.get(layout.sort_code, "") + line.get(layout.account, "") if layout.account else ""
        return Row(number, bank_leg(NAME, on, money, value, text=text, account=account, ref=line.get(layout.ref, "")))

    def _value(self, line: Mapping[str, str], money: str) -> Decimal:
        layout = self.layout
        if layout.amount:
            value = amount(line, layout.amount, money, self.amounts)
            return directed(value, line.get(layout.direction, ""), layout.direction) if layout.direction else value
        nothing = Decimal(0)
        out = amount(line, layout.out, money, self.amounts, empty=nothing)
        into = amount(line, layout.into, money, self.amounts, empty=nothing)
        return paired(out, into, layout.out, layout.into)

    def _follow(self, number: int, balance: Decimal, value: Decimal) -> None:
        if self._last is not None:
            before, moved = self._last
            if before + value != balance:
                self._broken.setdefault("oldest first", number)
            if balance + moved != before:
                self._broken.setdefault("newest first", number)
        self._last = balance, value

    @property
    def warning(self) -> str:
        """Said where the balances follow from the sums in neither order."""
        if len(self._broken) < 2:
            return ""
        return (
            f"line {max(self._broken.values())}: its balance does not follow from the line before it: lines are missing, or"
            " are not as the bank booked them"
        )


def _followed(reader: _Reader, lines: Iterable[tuple[int, Mapping[str, str]]], reading: Reading) -> Iterator[Row]:
    yield from taken(lines, lambda number, line: reader.take(number, line, reading))
    if reader.warning:
        reading.warnings.append(reader.warning)


def directed(value: Decimal, word: str, name: str) -> Decimal:
    """A sum whose direction a column says. Raises MalformedPayloadError for an unknown word, or a contrary sign."""
    told = " ".join(word.lower().split())
    if told not in banks.DEBIT_WORDS | banks.CREDIT_WORDS:
        raise MalformedPayloadError(f"{name}: '{word[:20]}' says neither debit nor credit")
    if value < 0 and told in banks.CREDIT_WORDS:
        raise MalformedPayloadError(f"{name}: '{word[:20]}' contradicts the amount {value}")
    return -abs(value) if told in banks.DEBIT_WORDS else value


def paired(out: Decimal, into: Decimal, out_name: str, in_name: str) -> Decimal:
    """A sum that stands in one of two columns. One that went out may have a minus. Raises MalformedPayloadError."""
    if out and into:
        raise MalformedPayloadError(f"{out_name}, {in_name}: both hold a sum")
    if not out and not into:
        raise MalformedPayloadError(f"{out_name}, {in_name}: both are empty")
    if into < 0:
        raise MalformedPayloadError(f"{in_name}: {into} is negative: did the money come or go?")
    return into or -abs(out)
