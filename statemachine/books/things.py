"""Physical things: units counted by what they are, whatever returns and keys they came in under.

A unit that is re-keyed or merged at Happy Returns has a leg under each return. It came back once, is credited once and
refunded once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from statemachine.books.legs import Kind, Leg, Stage
from statemachine.money import minor_unit


def thing_of(leg: Leg) -> str:
    """What a unit's leg is about; a unit that nothing names is known by its leg alone."""
    item = leg.facts.get("item")
    return str(leg.facts.get("thing") or (f"item:{item}" if item else leg.key))


def one_each(units: Iterable[Leg]) -> list[Leg]:
    """Each thing once: under the return that is credited for it, else where its credit is due, else where it is not over."""
    best: dict[str, Leg] = {}
    for leg in units:
        name = thing_of(leg)
        if name not in best or _rank(leg) < _rank(best[name]):
            best[name] = leg
    return list(best.values())


def _rank(leg: Leg) -> tuple[bool, bool, bool, str]:
    has_credit = any(name.startswith("credit:") for name in leg.ids)
    return (not has_credit, not leg.facts.get("credit_due"), leg.facts.get("stage") == Stage.OVER, leg.key)


@dataclass(frozen=True, slots=True)
class Doubled:
    """A thing that was paid for more than once; `value` is what was paid too much, at least."""

    thing: str
    what: str
    """`credited` or `refunded`."""
    by: tuple[int, ...]
    """The credits, or those whose refunds."""
    value: Decimal
    currency: str
    returns: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        whose = f" of returns {', '.join(map(str, self.returns))}" if len(self.returns) > 1 else ""
        credits = ", ".join(map(str, self.by))
        if self.what == "credited":
            return f"{self.thing}{whose} is credited more than once, by credits {credits}"
        return f"{self.thing}{whose} is refunded more than once, on credit {credits}"


@dataclass(frozen=True, slots=True)
class Twice:
    """Everything that was paid for more than once, by thing and by credit."""

    things: Mapping[str, tuple[Doubled, ...]] = field(default_factory=dict)
    credits: Mapping[int, tuple[Doubled, ...]] = field(default_factory=dict)

    def of(self, what: str) -> list[Doubled]:
        return [each for name in sorted(self.things) for each in self.things[name] if each.what == what]


def paid_twice(legs: Iterable[Leg]) -> Twice:
    """Things with two credits, or with refunds on two credits or beyond one, over all legs, whatever match they lie in."""
    worth: dict[int, Decimal] = {}
    currency: dict[int, str] = {}
    by_ref: dict[str, set[int]] = {}
    paid: dict[int, Decimal] = {}
    payments: dict[int, int] = {}
    units: dict[str, list[Leg]] = {}
    for leg in legs:
        match leg.kind:
            case Kind.CREDIT:
                credit = int(leg.facts["credit_id"])
                worth[credit] = worth.get(credit, Decimal(0)) + leg.value
                currency[credit] = leg.currency
                for name in leg.ids:
                    if name.startswith("ref:"):
                        by_ref.setdefault(name, set()).add(credit)
            case Kind.REFUND:
                for credit in _credits_named(leg):
                    paid[credit] = paid.get(credit, Decimal(0)) + leg.value
                    payments[credit] = payments.get(credit, 0) + (leg.value > 0)
                    currency.setdefault(credit, leg.currency)
            case Kind.UNIT:
                units.setdefault(thing_of(leg), []).append(leg)
    things: dict[str, list[Doubled]] = {}
    for thing, mine in units.items():
        named = {credit for leg in mine for credit in _credits_named(leg)}
        named |= {credit for leg in mine for name in leg.ids for credit in by_ref.get(name, ())}
        if len(named) > 1 or any(payments.get(credit, 0) > 1 for credit in named):
            things[thing] = list(_doubled(thing, mine, sorted(named), worth, paid, payments, currency))
    found = {thing: tuple(doubled) for thing, doubled in things.items() if doubled}
    credits: dict[int, list[Doubled]] = {}
    for doubled in found.values():
        for each in doubled:
            for credit in each.by:
                credits.setdefault(credit, []).append(each)
    return Twice(found, {credit: tuple(mine) for credit, mine in credits.items()})


def _doubled(
    thing: str, units: list[Leg], named: list[int], worth: Mapping[int, Decimal], paid: Mapping[int, Decimal],
    payments: Mapping[int, int], currency: Mapping[int, str],
) -> Iterable[Doubled]:  # fmt: skip
    returns = tuple(sorted({int(leg.facts["return_id"]) for leg in units if leg.facts.get("return_id")}))
    standing = [credit for credit in named if credit in worth]
    if len(standing) > 1:
        least = sum(sorted(worth[credit] for credit in standing)[:-1], Decimal(0))
        yield Doubled(thing, "credited", tuple(standing), least, currency[standing[0]], returns)
    refunded = [credit for credit in named if paid.get(credit, Decimal(0)) > 0]
    over = [
        credit
        for credit in refunded
        if payments.get(credit, 0) > 1 and paid[credit] > worth.get(credit, Decimal(0)) + minor_unit(currency[credit])
    ]
    if len(refunded) > 1:
        least = sum(sorted(paid[credit] for credit in refunded)[:-1], Decimal(0))
        yield Doubled(thing, "refunded", tuple(refunded), least, currency[refunded[0]], returns)
    elif over:
        (credit,) = over
        least = paid[credit] - worth.get(credit, Decimal(0))
        yield Doubled(thing, "refunded", (credit,), least, currency[credit], returns)


def _credits_named(leg: Leg) -> list[int]:
    numbers = [name.removeprefix("credit:") for name in leg.ids if name.startswith("credit:")]
    return [int(number) for number in numbers if number.isdecimal()]
