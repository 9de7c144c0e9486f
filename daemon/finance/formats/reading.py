"""What every format is read to: rows, each with its leg or the reason why it has none."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from zoneinfo import ZoneInfo

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.notation import POINT, Amounts, written_day
from daemon.settings_finance import MappedFileSettings
from statemachine.books.legs import Kind, Leg
from statemachine.books.payouts import Part
from statemachine.money import currency_code, is_currency, shown

CELL_MAX = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file. Neither leg nor reason: read, and of no interest by itself (a sale in a payout)."""

    number: int
    leg: Leg | None = None
    rejected: str = ""
    part: Part | None = None
    note: str = ""
    """What should be known of a line that was read all the same."""
    former: str = ""
    """The leg's key as release 0.3 made it."""
    corrects: str = ""
    """The bank's reference of the line whose place this one takes; without a leg of its own it takes that line away."""


@dataclass(slots=True)
class Reading:
    """A file while it is read. `covers` is what its lines are: payouts, fees or bank.

    `rows` goes over the file once, line by line, so that no more of it is held than whoever reads it keeps; what is said of
    the file as a whole (its days, its warnings) is whole when `rows` has ended.
    """

    format: str
    covers: str
    provider: str = ""
    rows: Iterator[Row] = field(default_factory=lambda: iter(()))
    """May raise MalformedPayloadError where the file breaks off or turns out to be something else."""
    days: set[date] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    """What should be known of the file although it was read: control figures that do not agree, lines left aside."""

    @property
    def first_on(self) -> date | None:
        return min(self.days, default=None)

    @property
    def last_on(self) -> date | None:
        return max(self.days, default=None)


@dataclass(frozen=True, slots=True)
class Context:
    """What a format may need to know beside the file."""

    zone: ZoneInfo
    mapped: Mapping[str, MappedFileSettings] = field(default_factory=dict)


Line = tuple[int, Mapping[str, str]]
Take = Callable[[int, Mapping[str, str]], Row]


def begun(lines: Iterator[Line]) -> tuple[set[str], Iterator[Line]]:
    """The columns of the first line, and all the lines."""
    first = next(lines, None)
    return (set(), iter(())) if first is None else (set(first[1]), chain((first,), lines))


def taken(
    lines: Iterable[Line], take: Take, payout_of: Callable[[Mapping[str, str]], Part] | None = None
) -> Iterator[Row]:
    """Each line by itself: one that cannot be read is refused with its reason, and the others are taken.

    `payout_of` says which payout a refused line leaves incomplete.
    """
    for number, line in lines:
        if not any(line.values()):
            continue
        try:
            if line.get(""):
                raise MalformedPayloadError("has more cells than the heading: is a text with commas not in quotes?")
            long = next((name for name, value in line.items() if len(value) > CELL_MAX), None)
            if long is not None:
                raise MalformedPayloadError(f"{long}: is longer than {CELL_MAX} characters")
            row = take(number, line)
        except MalformedPayloadError as error:
            row = Row(number, rejected=str(error), part=payout_of(line) if payout_of is not None else None)
        yield row


def required(line: Mapping[str, str], name: str) -> str:
    value = line.get(name, "")
    if not value:
        raise MalformedPayloadError(f"{name}: is empty")
    return value


def need_columns(columns: Iterable[str], names: Iterable[str], what: str) -> None:
    """Raises MalformedPayloadError naming every column that is missing."""
    missing = [name for name in names if name not in set(columns)]
    if missing:
        raise MalformedPayloadError(f"line 1: this is no {what}: it lacks the column {', '.join(missing)}")


def amount(
    line: Mapping[str, str], name: str, money: str, notation: Amounts = POINT, *, empty: Decimal | None = None
) -> Decimal:
    """An amount of a currency, written as the file writes amounts.

    Raises MalformedPayloadError naming column and value.
    """
    told = line.get(name, "")
    if not told:
        if empty is not None:
            return empty
        raise MalformedPayloadError(f"{name}: is empty")
    try:
        return notation.read(told, money)
    except MalformedPayloadError as error:
        raise MalformedPayloadError(f"{name}: {error}") from error


def currency(line: Mapping[str, str], name: str, *, otherwise: str = "") -> str:
    """Its code, in capitals. Raises MalformedPayloadError for what is no currency of ISO 4217 in force."""
    code = currency_code(line.get(name, "") or otherwise)
    if not is_currency(code):
        raise MalformedPayloadError(f"{name}: '{code[:20]}' is no currency of ISO 4217 in force")
    return code


def day_of(line: Mapping[str, str], name: str, *, shape: str = "") -> date:
    """A day as it is written, by ISO or as `shape` says: no time or zone behind it makes it another.

    Raises MalformedPayloadError naming column and value.
    """
    try:
        return written_day(required(line, name), shape)
    except MalformedPayloadError as error:
        raise error if str(error).startswith(f"{name}:") else MalformedPayloadError(f"{name}: {error}") from error


def moment_of(line: Mapping[str, str], name: str) -> datetime:
    """A moment: without an offset, UTC where the column says so, else naive. Raises MalformedPayloadError."""
    told = required(line, name)
    try:
        found = datetime.fromisoformat(told.replace(" UTC", "+00:00").replace("/", "-"))
    except ValueError as error:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not a day as 2026-01-31") from error
    if not 2000 <= found.year <= 2100:
        raise MalformedPayloadError(f"{name}: the year {found.year} cannot be")
    return found.replace(tzinfo=UTC) if found.tzinfo is None and name.endswith("_utc") else found


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The merchant's business day of a moment at which a customer was paid: what Brightpearl dates it by."""
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


def same_moment(moment: datetime) -> str:
    """A moment in one form, whatever offset it is written with: for the name of a row."""
    return moment.astimezone(UTC).isoformat() if moment.tzinfo else moment.isoformat()


def name_of_amount(value: Decimal) -> str:
    """An amount as part of a row's name: always as release 0.3 wrote it, which gave every currency two decimals.

    So what was imported then is known again in a later file.
    """
    return shown(value.normalize(), None)


class Numbers:
    """Names for rows that have none of their own: their content, and which of the equal ones it is."""

    def __init__(self) -> None:
        self._counts: dict[bytes, int] = {}
        """Digest of a content → how many rows had it: a file may have very many rows, and long ones."""

    def name(self, *content: str) -> str:
        words = "|".join(content)
        digest = hashlib.sha256(words.encode()).digest()[:16]
        self._counts[digest] = self._counts.get(digest, 0) + 1
        return hashlib.sha256(f"{words}|{self._counts[digest]}".encode()).hexdigest()[:20]


class Unique:
    """Refuses a row whose own name the file has used before."""

    def __init__(self, what: str) -> None:
        self._what, self._seen = what, dict[str, int]()

    def check(self, name: str, number: int) -> None:
        first = self._seen.setdefault(name, number)
        if first != number:
            raise MalformedPayloadError(f"{self._what} {name[:60]}: is on line {first} already")


def content_of(line: Mapping[str, str]) -> str:
    """A name for a refused line: its cells."""
    return hashlib.sha256("|".join(f"{key}={line[key]}" for key in sorted(line)).encode()).hexdigest()[:20]


def payout_leg(
    provider: str, name: str, on: date, money: str, value: Decimal, *, order: str, payout_id: str,
    paid_on: date | None = None, refs: Iterable[str] = (), customer: tuple[Decimal, str] | None = None,
    took: tuple[Decimal, str] | None = None,
) -> Leg:  # fmt: skip
    """A refund line. `order` is a key; `refs` are names the refund may have in Brightpearl; `customer`: what the customer
    got, in the customer's currency; `took`: what it took off the payout, fees included, in the payout's currency.
    """
    ids = [f"payout-line:{provider}/{name}", *(f"txn:{ref.casefold()}" for ref in refs if ref)]
    facts: dict[str, object] = {"provider": provider, "payout_id": payout_id, "line": name}
    if paid_on is not None:
        facts["paid_on"] = paid_on.isoformat()
    if customer is not None and customer[1] != money:
        facts |= {"customer_amount": f"{customer[0]:f}", "customer_currency": customer[1]}
    if took is not None and took != (value, money):
        facts |= {"took": f"{took[0]:f}", "took_currency": took[1]}
    return Leg(f"payout:{provider}/{name}", Kind.PAYOUT, on, money, value, 1, tuple(ids), order, facts=facts)
