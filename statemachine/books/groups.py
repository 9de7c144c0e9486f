"""Groups: legs that were found to belong together, while matching is under way."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from statemachine.books.legs import Kind, Leg
from statemachine.money import zero

_ANCHORS = {kind: number for number, kind in enumerate(Kind)}


class Group:
    """Legs by kind; grows by merging. Its key is its most telling leg's: a unit's before a credit's, and so on."""

    __slots__ = ("by_kind", "is_closed", "passes")

    def __init__(self, legs: Iterable[Leg], *, is_closed: bool = False) -> None:
        self.by_kind: dict[Kind, list[Leg]] = {}
        for leg in legs:
            self.by_kind.setdefault(leg.kind, []).append(leg)
        self.passes: set[str] = {"exact"} if sum(len(each) for each in self.by_kind.values()) > 1 else set()
        self.is_closed = is_closed
        """A person took it apart: nothing is joined to it by itself."""

    def of(self, kind: Kind) -> list[Leg]:
        return self.by_kind.get(kind, [])

    def take(self, other: "Group", how: str) -> None:
        for kind, legs in other.by_kind.items():
            self.by_kind.setdefault(kind, []).extend(legs)
        self.passes |= other.passes | {how}

    def in_customers_money(self, currency: str) -> None:
        """Payout lines as the customer got them, where that was in this currency."""
        if Kind.PAYOUT in self.by_kind:
            self.by_kind[Kind.PAYOUT] = [leg.as_customer_got(currency) for leg in self.by_kind[Kind.PAYOUT]]

    @property
    def legs(self) -> tuple[Leg, ...]:
        ordered = sorted(self.by_kind, key=_ANCHORS.__getitem__)
        return tuple(leg for kind in ordered for leg in sorted(self.by_kind[kind], key=lambda leg: leg.key))

    @property
    def key(self) -> str:
        first = min(self.by_kind, key=_ANCHORS.__getitem__)
        return min(leg.key for leg in self.by_kind[first])

    @property
    def currency(self) -> str:
        """The money's own before what was announced."""
        for kind in (Kind.CREDIT, Kind.REFUND, Kind.PAYOUT, Kind.UNIT, Kind.FEE, Kind.TRANSFER, Kind.BANK, Kind.STOCK):
            for leg in self.by_kind.get(kind, ()):
                if leg.currency:
                    return leg.currency
        return ""

    @property
    def value(self) -> Decimal:
        """Money at stake: the credit's, else the refund's, the payout's, what was announced, the fee's."""
        for kind in (Kind.CREDIT, Kind.REFUND, Kind.PAYOUT, Kind.UNIT, Kind.FEE, Kind.TRANSFER, Kind.BANK):
            if kind in self.by_kind:
                return self.total(kind)
        return zero(self.currency)

    def total(self, kind: Kind) -> Decimal:
        legs = self.by_kind.get(kind, [])
        return sum((leg.value for leg in legs), zero(legs[0].currency if legs else self.currency))

    def first_on(self, kind: Kind) -> date:
        return min(leg.on for leg in self.by_kind[kind])

    @property
    def orders(self) -> set[str]:
        return {leg.order for legs in self.by_kind.values() for leg in legs if leg.order}

    @property
    def is_one_kind(self) -> bool:
        return len(self.by_kind) == 1


def join_exact(legs: Sequence[Leg], *, together: Iterable[tuple[str, ...]], apart: frozenset[str]) -> list[Group]:
    """Union of legs that share an id, or that a person put together.

    What a person took apart is joined by its ids no more: it stands alone, or where a person put it.
    """
    parent = list(range(len(legs)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    holder: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for number, leg in enumerate(legs):
        numbers[leg.key] = number
        if leg.key in apart:
            continue
        for each in leg.ids:
            other = holder.setdefault(each, number)
            parent[root(number)] = root(other)
    by_person: set[int] = set()
    for keys in together:
        known = [numbers[key] for key in keys if key in numbers]
        for number in known[1:]:
            parent[root(number)] = root(known[0])
        by_person |= set(known)
    members: dict[int, list[Leg]] = {}
    marked: set[int] = set()
    for number, leg in enumerate(legs):
        members.setdefault(root(number), []).append(leg)
        if number in by_person:
            marked.add(root(number))
    groups = []
    for number, mine in members.items():
        group = Group(mine, is_closed=len(mine) == 1 and mine[0].key in apart)
        if number in marked:
            group.passes.add("person")
        groups.append(group)
    return groups
