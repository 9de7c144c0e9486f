"""What every format is read to: rows, each with its leg or the reason why it has none."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain
from zoneinfo import ZoneInfo

from daemon.errors import MalformedPayloadError
from daemon.settings_finance import MappedFileSettings
from statemachine.books.legs import Kind, Leg
from statemachine.money import AMOUNT_LIMIT, FractionError, Money, currency_code, is_currency, shown

CELL_MAX = 500
_THOUSANDS = re.compile(r"(?<=\d)[,' \u00a0](?=\d{3}(\D|$))")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file. Neither leg nor reason: read, and of no interest by itself (a sale in a payout)."""

    number: int
    leg: Leg | None = None
    rejected: str = ""


@dataclass(slots=True)
class Reading:
    """A file while it is read. `covers` is what its lines are: payouts, fees or bank.

    `rows` goes over the file once, line by line, so that no more of it is held than whoever reads it keeps; what is said of
    the file as a whole (its days, its transfers) is whole when `rows` has ended.
    """

    format: str
    covers: str
    provider: str = ""
    rows: Iterator[Row] = field(default_factory=lambda: iter(()))
    """May raise MalformedPayloadError where the file breaks off or turns out to be something else."""
    payouts: "Payouts | None" = None
    days: set[date] = field(default_factory=set)

    @property
    def transfers(self) -> list[Leg]:
        """The payouts that the lines make up."""
        return self.payouts.legs() if self.payouts is not None else []

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


Take = Callable[[int, Mapping[str, str]], Leg | None]


Line = tuple[int, Mapping[str, str]]


def begun(lines: Iterator[Line]) -> tuple[set[str], Iterator[Line]]:
    """The columns of the first line, and all the lines."""
    first = next(lines, None)
    return (set(), iter(())) if first is None else (set(first[1]), chain((first,), lines))


def taken(lines: Iterable[Line], take: Take) -> Iterator[Row]:
    """Each line by itself: one that cannot be read is refused with its reason, and the others are taken."""
    for number, line in lines:
        if not any(line.values()):
            continue
        try:
            if line.get(""):
                raise MalformedPayloadError("has more cells than the heading: is a text with commas not in quotes?")
            long = next((name for name, value in line.items() if len(value) > CELL_MAX), None)
            if long is not None:
                raise MalformedPayloadError(f"{long}: is longer than {CELL_MAX} characters")
            row = Row(number, take(number, line))
        except MalformedPayloadError as error:
            row = Row(number, rejected=str(error))
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
    line: Mapping[str, str], name: str, money: str, *, decimal_comma: bool = False, empty: Decimal | None = None
) -> Decimal:
    """An amount of a currency, with no more decimals than that has. Brackets are minus.

    Raises MalformedPayloadError naming column and value.
    """
    told = line.get(name, "")
    if not told:
        if empty is not None:
            return empty
        raise MalformedPayloadError(f"{name}: is empty")
    plain = told.strip().replace("\u2212", "-")
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    if decimal_comma:
        plain = plain.replace(".", "").replace(",", ".")
    plain = _THOUSANDS.sub("", plain).lstrip("+")
    try:
        value = Decimal(plain)
    except InvalidOperation as error:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is no amount") from error
    if not value.is_finite() or abs(value) >= AMOUNT_LIMIT:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is no amount that can be")
    try:
        return Money(value, money).amount
    except FractionError as error:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' has more decimals than {money} has") from error


def currency(line: Mapping[str, str], name: str, *, otherwise: str = "") -> str:
    """Its code, in capitals. Raises MalformedPayloadError for what is no currency of ISO 4217 in force."""
    code = currency_code(line.get(name, "") or otherwise)
    if not is_currency(code):
        raise MalformedPayloadError(f"{name}: '{code[:20]}' is no currency of ISO 4217 in force")
    return code


def day_of(line: Mapping[str, str], name: str, zone: ZoneInfo, *, shape: str = "") -> date:
    """A day: ISO, or as `shape` says; with a time and an offset it is taken to the merchant's zone."""
    told = required(line, name)
    try:
        if shape:
            found = datetime.strptime(told, shape)  # noqa: DTZ007 - a day on paper has no zone
        else:
            found = datetime.fromisoformat(told.replace(" UTC", "+00:00").replace("/", "-"))
    except ValueError as error:
        wanted = f"a day as {shape}" if shape else "a day as 2026-01-31"
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not {wanted}") from error
    if found.tzinfo is None and name.endswith("_utc"):
        found = found.replace(tzinfo=UTC)
    on = found.astimezone(zone).date() if found.tzinfo else found.date()
    if not 2000 <= on.year <= 2100:
        raise MalformedPayloadError(f"{name}: the year {on.year} cannot be")
    return on


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


@dataclass(slots=True)
class Payout:
    """One payout while its lines are summed."""

    id: str
    on: date
    currency: str
    total: Decimal = Decimal(0)
    refunds: Decimal = Decimal(0)
    lines: int = 0
    told: Decimal | None = None
    """What the file itself says was moved; None where it does not."""


class Payouts:
    """Sums lines to payouts, and answers the legs of those."""

    def __init__(self, provider: str) -> None:
        self._provider, self._known = provider, dict[tuple[str, str], Payout]()

    def add(self, payout_id: str, on: date, money: str, net: Decimal, *, refund: Decimal = Decimal(0)) -> None:
        found = self._known.setdefault((payout_id, money), Payout(payout_id, on, money))
        found.total += net
        found.refunds += refund
        found.lines += 1

    def moved(self, payout_id: str, on: date, money: str, amount: Decimal) -> None:
        """The file names the sum that was moved."""
        found = self._known.setdefault((payout_id, money), Payout(payout_id, on, money))
        found.told, found.on = amount + (found.told or Decimal(0)), on

    def legs(self) -> list[Leg]:
        return [
            Leg(
                f"transfer:{self._provider}/{each.id}/{each.currency}", Kind.TRANSFER, each.on, each.currency,
                each.told if each.told is not None else each.total, 1,
                (f"payout:{self._provider}/{each.id}/{each.currency}",),
                facts={
                    "provider": self._provider, "payout_id": each.id, "lines": each.lines, "refunds": str(each.refunds),
                    "sum": str(each.total), "told": str(each.told) if each.told is not None else "",
                },
            )
            for each in self._known.values()
        ]  # fmt: skip


def payout_leg(
    provider: str, name: str, on: date, money: str, value: Decimal, *, order: str, payout_id: str, refs: Iterable[str] = ()
) -> Leg:  # fmt: skip
    """A refund line. `order` is a key; `refs` are names the refund may have in Brightpearl."""
    ids = [f"payout-line:{provider}/{name}", *(f"txn:{ref.casefold()}" for ref in refs if ref)]
    return Leg(
        f"payout:{provider}/{name}", Kind.PAYOUT, on, money, value, 1, tuple(ids), order,
        facts={"provider": provider, "payout_id": payout_id, "line": name},
    )  # fmt: skip
