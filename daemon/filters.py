"""The filter language of every list and every bulk change: `state=exception and age>24h and not team=finance`.

    FIELD OP VALUE      OP is one of = != < <= > >= ~ (contains, whatever the case)
    FIELD in (A, B)     and, or, not, ( )

A value with spaces or signs is quoted. Durations (`24h`, `3d`, `90min`) count back from now for moments and are lengths
for ages; dates are ISO. Money may name its currency: `value>=100 GBP`. An empty value is "": `assignee=""`.

A filter becomes a condition on the view `return_board` with its values as parameters; the words of the condition are the
constants below and nothing of what was typed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from statemachine.causes import CAUSES, TEAMS
from statemachine.money import SUM_LIMIT
from statemachine.refs import fold_code, order_key
from statemachine.states import State

GRAMMAR = r"""
?start: either
?either: both ("or"i both)*
?both: term ("and"i term)*
?term: "not"i term -> negation
     | "(" either ")"
     | NAME OP value -> comparison
     | NAME "in"i "(" value ("," value)* ")" -> membership
value: (ESCAPED_STRING | WORD) CURRENCY?
NAME.2: /(?!(?:and|or|not|in)\b)[a-z][a-z_]*(?=\s*(?:!=|<=|>=|=|<|>|~|\bin\b))/
OP: "!=" | "<=" | ">=" | "=" | "<" | ">" | "~"
CURRENCY.3: /(?<=[0-9])\s+[A-Z]{3}\b/
WORD: /[^\s()=<>!~,"]+/
%import common.ESCAPED_STRING
%import common.WS
%ignore WS
"""


NESTED_MAX = 50
_NESTING = re.compile(r"\bnot\b|\(", re.IGNORECASE)


class Kind(Enum):
    """What a field holds, hence what it may be compared with and how."""

    TEXT = "text"
    NUMBER = "a whole number"
    MONEY = "an amount, as 100 or 100 GBP"
    AGE = "a length of time, as 24h or 3d"
    MOMENT = "a date, a time, or a length of time before now"
    STATE = "a state"
    CAUSE = "a cause"
    TEAM = "a team"


@dataclass(frozen=True, slots=True)
class Field:
    kind: Kind
    column: str
    tells: str


FIELDS: dict[str, Field] = {
    "id": Field(Kind.NUMBER, "id", "our id"),
    "merchant": Field(Kind.TEXT, "merchant", "the merchant"),
    "state": Field(Kind.STATE, "state", "the state it is in"),
    "cause": Field(Kind.CAUSE, "cause", "why it is stuck, or what its credit waits for"),
    "team": Field(Kind.TEAM, "owner", "the team that owns it"),
    "fingerprint": Field(Kind.TEXT, "fingerprint", "cause and what must be mended; ~ finds part of it"),
    "order": Field(Kind.TEXT, "order_key", "the shop's order number"),
    "express": Field(Kind.TEXT, "express_code", "Happy Returns' express code"),
    "rma": Field(Kind.TEXT, "rma_id", "the RMA"),
    "credit": Field(Kind.NUMBER, "credit_id", "the sales credit's id in Brightpearl"),
    "sku": Field(Kind.TEXT, "skus", "the SKU of one of its units"),
    "reason": Field(Kind.TEXT, "reasons", "the return reason of one of its units"),
    "method": Field(Kind.TEXT, "methods", "the drop-off method of one of its units"),
    "assignee": Field(Kind.TEXT, "assignee", 'who works on it; "" is nobody'),
    "value": Field(Kind.MONEY, "value", "its credit's value, else what Happy Returns announced"),
    "attempts": Field(Kind.NUMBER, "attempts", "attempts at its most tried effect"),
    "effect": Field(Kind.TEXT, "effects", "state of an effect: ready, retrying, leased, parked, withheld, done"),
    "level": Field(Kind.NUMBER, "escalation", "rungs of its ladder that were told"),
    "overdue": Field(Kind.TEXT, "overdue", "whether its owner's time has run out: yes or no"),
    "touched": Field(Kind.TEXT, "touched", "whether it ever needed a person: yes or no"),
    "credited": Field(Kind.MOMENT, "credited_at", "when its credit was made"),
    "unpaid": Field(Kind.TEXT, "unpaid", "whether its refund record is still due: yes or no"),
    "uninvoiced": Field(Kind.TEXT, "uninvoiced", "whether its credit's invoice is still due: yes or no"),
    "arrived": Field(Kind.TEXT, "arrived", "whether its units are here: yes, part or no"),
    "received": Field(Kind.MOMENT, "received_at", "when the last unit arrived"),
    "departed": Field(Kind.MOMENT, "departed_at", "when the last unit left for the warehouse"),
    "age": Field(Kind.AGE, "since", "how long it has been where it is"),
    "since": Field(Kind.MOMENT, "since", "when it came to where it is"),
    "created": Field(Kind.MOMENT, "created_at", "when it became known"),
    "updated": Field(Kind.MOMENT, "updated_at", "when it last changed"),
    "due": Field(Kind.MOMENT, "due_at", "when its clock runs out"),
    "snoozed": Field(Kind.MOMENT, "snoozed_until", "until when its clock rests"),
}
"""Every field by the name people type."""

MANY = frozenset({"skus", "reasons", "methods", "effects"})
"""Columns that hold several values: one of them must fit."""

FOLDED: Mapping[str, Callable[[str], str]] = {"order_key": order_key, "express_code": fold_code, "rma_id": fold_code}
"""Columns that hold an identifier in the form in which it compares equal."""

_ORDERED = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
_AGED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}  # the older, the earlier it began
_UNITS = {"min": "minutes", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class FilterError(ValueError):
    """What is wrong with a filter, and where: `at` counts characters from 0."""

    def __init__(self, why: str, text: str, at: int) -> None:
        super().__init__(f"{why}\n  {text}\n  {' ' * at}^")
        self.why, self.at = why, at


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    op: str
    values: tuple[str, ...]
    currency: str
    at: int


@dataclass(frozen=True, slots=True)
class Negation:
    of: "Filter"


@dataclass(frozen=True, slots=True)
class Junction:
    word: str
    """`and` or `or`."""
    of: tuple["Filter", ...]


Filter: TypeAlias = Comparison | Negation | Junction


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on `return_board` and the values of its parameters, $1 first."""

    words: str
    values: tuple[Any, ...]

    def numbered_from(self, first: int) -> str:
        """The words with their parameters numbered from `first`, to stand in a statement that has its own before them."""
        return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + first - 1}", self.words)


class _Reader(Transformer[Token, Filter]):
    def value(self, told: list[Token]) -> tuple[str, str]:
        text = str(told[0])
        quoted = told[0].type == "ESCAPED_STRING"
        return (re.sub(r"\\(.)", r"\1", text[1:-1]) if quoted else text), str(told[1]).strip() if len(told) > 1 else ""

    @v_args(inline=True)
    def comparison(self, name: Token, op: Token, value: tuple[str, str]) -> Comparison:
        return Comparison(str(name), str(op), (value[0],), value[1], name.start_pos or 0)

    @v_args(inline=True)
    def membership(self, name: Token, *values: tuple[str, str]) -> Comparison:
        return Comparison(str(name), "=", tuple(each[0] for each in values), values[0][1], name.start_pos or 0)

    @v_args(inline=True)
    def negation(self, of: Filter) -> Negation:
        return Negation(of)

    def both(self, told: list[Filter]) -> Filter:
        return Junction("and", tuple(told))

    def either(self, told: list[Filter]) -> Filter:
        return Junction("or", tuple(told))


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def parse(text: str) -> Filter:
    """Raises FilterError, which points at the character."""
    if len(_NESTING.findall(text)) > NESTED_MAX:
        raise FilterError(f"more than {NESTED_MAX} of not and ( are too many", text, 0)
    try:
        return _Reader().transform(_parser().parse(text))
    except UnexpectedInput as error:
        at = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(text)
        rest = text[at:].split()
        what = f"did not expect {rest[0]!r} here" if rest else "something is missing at the end"
        raise FilterError(f"{what}; write FIELD OP VALUE, joined by and, or, not", text, at) from error
    except VisitError as error:
        raise FilterError(str(error.orig_exc), text, 0) from error


def compile_filter(text: str, now: datetime) -> Condition:
    """Raises FilterError for what cannot be parsed, is no field, or cannot be compared like that."""
    writer = _Writer(text, now)
    return Condition(writer.write(parse(text)), tuple(writer.values))


class _Writer:
    """Writes conditions; what was typed goes into the parameters only."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text, self._now, self.values = text, now, list[Any]()

    def write(self, told: Filter) -> str:
        match told:
            case Junction(word, of):
                return "(" + f" {word} ".join(self.write(each) for each in of) + ")"
            case Negation(of):
                return f"(not coalesce({self.write(of)}, false))"
            case Comparison():
                return self._compare(told)

    def _compare(self, told: Comparison) -> str:
        field = FIELDS.get(told.field)
        if field is None:
            near = ", ".join(sorted(name for name in FIELDS if name[:2] == told.field[:2])) or ", ".join(sorted(FIELDS))
            raise FilterError(f"there is no field {told.field!r}; did you mean: {near}", self._text, told.at)
        match field.kind:
            case Kind.TEXT | Kind.STATE | Kind.CAUSE:
                return self._text_like(told, field)
            case Kind.TEAM:
                return self._team(told)
            case Kind.AGE:
                return self._ordered(told, field, lambda value: self._now - self._length(told, value), _AGED)
            case Kind.MOMENT:
                return self._ordered(told, field, lambda value: self._moment(told, value), _ORDERED)
            case Kind.NUMBER:
                return self._ordered(told, field, lambda value: self._number(told, value), _ORDERED)
            case Kind.MONEY:
                condition = self._ordered(told, field, lambda value: self._amount(told, value), _ORDERED)
                return f"({condition} and currency = {self._put(told.currency)})" if told.currency else condition

    def _text_like(self, told: Comparison, field: Field) -> str:
        if told.op in _ORDERED:
            raise FilterError(f"{told.field} is compared with =, != or ~", self._text, told.at)
        known = {Kind.STATE: [state.value for state in State], Kind.CAUSE: sorted(CAUSES)}.get(field.kind)
        for value in told.values:
            if known is not None and told.op != "~" and value not in known:
                raise FilterError(f"there is no {told.field} {value!r}; known: {', '.join(known)}", self._text, told.at)
        fold = FOLDED.get(field.column, str)
        values = [fold(value) for value in told.values]
        if told.op == "~":
            like = self._put("%" + values[0].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
            if field.column in MANY:
                return f"exists (select from unnest({field.column}) as each where each ilike {like})"
            return f"{field.column} ilike {like}"
        asked = self._put(values)
        condition = (
            f"{field.column} && {asked}::text[]" if field.column in MANY else f"{field.column} = any({asked}::text[])"
        )
        return f"(not coalesce({condition}, false))" if told.op == "!=" else condition

    def _team(self, told: Comparison) -> str:
        """The owner of an exception, or of the cause a credit waits for."""
        if told.op not in ("=", "!="):
            raise FilterError("team is compared with = or !=", self._text, told.at)
        for value in told.values:
            if value not in TEAMS:
                raise FilterError(f"there is no team {value!r}; known: {', '.join(TEAMS)}", self._text, told.at)
        owned = [cause.code for cause in CAUSES.values() if cause.owner in told.values]
        mine = self._put(list(told.values))
        condition = f"(owner = any({mine}::text[]) or wait_cause = any({self._put(owned)}::text[]))"
        return f"(not coalesce({condition}, false))" if told.op == "!=" else condition

    def _ordered(self, told: Comparison, field: Field, read: Callable[[str], Any], words: dict[str, str]) -> str:
        if told.op == "~":
            raise FilterError(
                f"{told.field} holds {field.kind.value}: compare it with = != < <= > >=", self._text, told.at
            )
        if told.op in words:
            return f"{field.column} {words[told.op]} {self._put(read(told.values[0]))}"
        if told.values == ("",):
            return f"{field.column} is null" if told.op == "=" else f"{field.column} is not null"
        either = " or ".join(f"{field.column} = {self._put(read(value))}" for value in told.values)
        return f"(not coalesce(({either}), false))" if told.op == "!=" else f"({either})"

    def _put(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def _number(self, told: Comparison, value: str) -> int:
        if not value.lstrip("-").isascii() or not value.lstrip("-").isdigit() or len(value) > 18:
            raise FilterError(f"{told.field} is a whole number, {value!r} is not", self._text, told.at)
        return int(value)

    def _amount(self, told: Comparison, value: str) -> Decimal:
        try:
            amount = Decimal(value)
        except InvalidOperation as error:
            raise FilterError(f"{told.field} is {Kind.MONEY.value}, {value!r} is not", self._text, told.at) from error
        if not amount.is_finite() or abs(amount) >= SUM_LIMIT:
            raise FilterError(f"{value} is no amount of money", self._text, told.at)
        return amount

    def _length(self, told: Comparison, value: str) -> timedelta:
        length = length_of(value)
        if length is None:
            raise FilterError(f"{told.field} is {Kind.AGE.value}, {value!r} is not", self._text, told.at)
        return length

    def _moment(self, told: Comparison, value: str) -> datetime:
        moment = moment_of(value, self._now)
        if moment is None:
            raise FilterError(f"{told.field} is {Kind.MOMENT.value}, {value!r} is not", self._text, told.at)
        return moment


def length_of(text: str) -> timedelta | None:
    """90min, 24h, 3d or 2w; None for anything else."""
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = _UNITS.get(text[len(digits) :])
    if unit is None or not digits.isascii() or not digits.isdigit() or len(digits) > 4:
        return None
    return timedelta(**{unit: int(digits)})


def moment_of(text: str, now: datetime, *, ahead: bool = False) -> datetime | None:
    """A length of time before now (after it when `ahead`), `now`, `yesterday`, `tomorrow`, or an ISO date or time."""
    if text == "now":
        return now
    if text in ("yesterday", "today", "tomorrow"):
        days = {"yesterday": -1, "today": 0, "tomorrow": 1}[text]
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
    if (length := length_of(text)) is not None:
        return now + length if ahead else now - length
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if 1900 <= moment.year < 9000 else None  # what cannot be reckoned with is no time


def combined(where: str | None, flags: Mapping[str, str | None], *, age: str | None = None, always: str = "") -> str:
    """An expression and single fields as one filter; the fields are short for it, nothing more.

    `age` may begin with how it is compared, as `>24h`; `always` is what every such filter is about.
    """
    terms = [always] if always else []
    terms += [term(name, value) for name, value in flags.items() if value is not None]
    if age:
        op = age[: len(age) - len(age.lstrip("<>="))] or ">="
        terms.append(term("age", age.lstrip("<>= "), op))
    if where:
        terms.append(f"({where})" if terms else where)
    return " and ".join(terms)


def term(field: str, value: str, op: str = "=") -> str:
    """One comparison as text, quoted where needed: what a flag such as --cause stands for."""
    plain = value != "" and all(letter.isalnum() or letter in "-_.:+@/" for letter in value)
    quoted = value if plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{field}{op}{quoted}"
