"""Orphans: a leg without the one that must go with it, past its clock. Each class has an owner and a next step."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from statemachine.books.checking import credit_clock, due_units, goods_without_place, refund_due, stock_due, uncredited
from statemachine.books.groups import Group
from statemachine.books.legs import Kind, Leg, Stage
from statemachine.books.matching import Match, Status
from statemachine.books.terms import Terms, age_bucket
from statemachine.money import in_minor_units, zero


class OrphanClass(StrEnum):
    STOCK_WITHOUT_CREDIT = "stock-without-credit"
    GOODS_WITHOUT_PLACE = "goods-without-place"
    CREDIT_WITHOUT_STOCK = "credit-without-stock"
    REFUNDED_WITHOUT_CREDIT = "refunded-without-credit"
    CREDIT_WITHOUT_REFUND = "credit-without-refund"
    REFUND_WITHOUT_RETURN = "refund-without-return"
    FEE_WITHOUT_RETURN = "fee-without-return"
    RETURN_UNKNOWN = "return-unknown"
    CREDIT_CLAIMS_UNKNOWN_RETURN = "credit-claims-unknown-return"


@dataclass(frozen=True, slots=True)
class Meaning:
    means: str
    owner: str
    next_step: str


MEANS: dict[OrphanClass, Meaning] = {
    OrphanClass.STOCK_WITHOUT_CREDIT: Meaning(
        "The goods are here and the customer has no credit.", "customer-service",
        "Open the return and clear what stops its credit: homeward return explain RETURN",
    ),
    OrphanClass.GOODS_WITHOUT_PLACE: Meaning(
        "The goods are here and a person ended the return without a credit: nobody said what became of them.", "warehouse",
        "Say what became of them, with the reason: homeward match write-off LEG, or homeward match out-of-scope LEG; or "
        "credit the return after all: homeward exception retry RETURN",
    ),
    OrphanClass.CREDIT_WITHOUT_STOCK: Meaning(
        "The customer has a credit and the goods did not come.", "warehouse",
        "Look for the parcel; receive it, or write the goods off: homeward receipt import, homeward match write-off",
    ),
    OrphanClass.REFUNDED_WITHOUT_CREDIT: Meaning(
        "Happy Returns or the payment platform says refunded, and Brightpearl has no credit.", "finance",
        "Find why no credit was made: homeward return explain RETURN; then homeward exception retry",
    ),
    OrphanClass.CREDIT_WITHOUT_REFUND: Meaning(
        "A credit stands and no refund was recorded or paid out.", "finance",
        "Refund the customer or record the refund that was made: homeward return show RETURN",
    ),
    OrphanClass.REFUND_WITHOUT_RETURN: Meaning(
        "Money went to a customer and no return or credit is known.", "finance",
        "Match it to a return, or say why it is none of ours: homeward match accept, homeward match out-of-scope",
    ),
    OrphanClass.FEE_WITHOUT_RETURN: Meaning(
        "Happy Returns charged for a return that is not known.", "finance",
        "Dispute the line with Happy Returns: homeward match dispute LEG",
    ),
    OrphanClass.RETURN_UNKNOWN: Meaning(
        "Happy Returns has a return that Homeward does not know.", "operations",
        "Read it: homeward event pull CODE",
    ),
    OrphanClass.CREDIT_CLAIMS_UNKNOWN_RETURN: Meaning(
        "A credit in Brightpearl names a return that Happy Returns lacks.", "finance",
        "Ask whoever made it; cancel it in Brightpearl or match it: homeward match accept",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Orphan:
    """One missing partner. `since` is the first leg's business date, `due_on` the day its clock ran out."""

    name: OrphanClass
    key: str
    """The class and the match it is part of: the same as long as it is open."""
    match: str
    legs: tuple[str, ...]
    order: str
    codes: tuple[str, ...]
    quantity: int
    value: Decimal
    currency: str
    since: date
    due_on: date
    detail: str

    def age(self, today: date) -> int:
        return (today - self.since).days

    def bucket(self, today: date, terms: Terms) -> str:
        return age_bucket(self.age(today), terms.age_bounds)


def find_orphans(matches: Iterable[Match], *, terms: Terms, today: date) -> list[Orphan]:
    """Every orphan of that day, the dearest first. What a person settled, or said to be out of scope, is none."""
    found: list[Orphan] = []
    for each in matches:
        if each.is_return and each.status not in (Status.WRITTEN_OFF, Status.OUT_OF_SCOPE, Status.MATCHED,
                                                  Status.WITHIN_TOLERANCE):  # fmt: skip
            found += [orphan for orphan in _of(each, terms) if today > orphan.due_on]
    return sorted(found, key=lambda each: (-each.value, each.key))


def _of(match: Match, terms: Terms) -> list[Orphan]:
    group = Group(match.legs)
    units, credits = group.of(Kind.UNIT), group.of(Kind.CREDIT)
    if not units and group.of(Kind.MENTION):
        return [_orphan(match, OrphanClass.RETURN_UNKNOWN, group.of(Kind.MENTION), terms.return_days)]
    if not units:
        if any(leg.facts.get("claims") for leg in credits):
            return [_orphan(match, OrphanClass.CREDIT_CLAIMS_UNKNOWN_RETURN, credits, terms.return_days)]
        for kind, name in (
            (Kind.REFUND, OrphanClass.REFUND_WITHOUT_RETURN), (Kind.PAYOUT, OrphanClass.REFUND_WITHOUT_RETURN),
            (Kind.FEE, OrphanClass.FEE_WITHOUT_RETURN),
        ):  # fmt: skip
            if group.of(kind):
                return [_orphan(match, name, group.of(kind), terms.return_days)]
        return []
    return [*_credit_missing(match, group, terms), *_goods_left(match, group, terms), *_stock_missing(match, group, terms),
            *_refund_missing(match, group, terms)]  # fmt: skip


def _credit_missing(match: Match, group: Group, terms: Terms) -> list[Orphan]:
    """Of units without a credit: those that are here, and those that somebody says are refunded."""
    credits, found = group.of(Kind.CREDIT), []
    missing = uncredited(due_units(group), credits)
    money = [*group.of(Kind.PAYOUT), *group.of(Kind.REFUND)]
    if not credits and not due_units(group) and money:
        return [_orphan(match, OrphanClass.REFUNDED_WITHOUT_CREDIT, money, terms.credit_days)]
    here = [leg for leg in missing if leg.facts.get("received_on")]
    said = [
        leg
        for leg in missing
        if leg not in here and (leg.facts.get("stage") == Stage.APPROVED or (money and not credits))
    ]
    for name, legs in ((OrphanClass.STOCK_WITHOUT_CREDIT, here), (OrphanClass.REFUNDED_WITHOUT_CREDIT, said)):
        if legs:
            found.append(_orphan(match, name, legs, terms.credit_days, from_clock=True))
    return found


def _goods_left(match: Match, group: Group, terms: Terms) -> list[Orphan]:
    left = goods_without_place(group, group.of(Kind.CREDIT))
    return [_orphan(match, OrphanClass.GOODS_WITHOUT_PLACE, left, terms.credit_days, from_clock=True)] if left else []


def _stock_missing(match: Match, group: Group, terms: Terms) -> list[Orphan]:
    credits = group.of(Kind.CREDIT)
    missing = stock_due(group) - sum(leg.quantity for leg in group.of(Kind.STOCK))
    if not credits or missing <= 0:
        return []
    whole = stock_due(group)
    value = in_minor_units(_total(credits, match.currency) * missing / whole, match.currency)
    first = min(leg.on for leg in credits)
    return [
        _orphan(
            match, OrphanClass.CREDIT_WITHOUT_STOCK, credits, terms.stock_days, first=first, value=value, count=missing
        )
    ]


def _refund_missing(match: Match, group: Group, terms: Terms) -> list[Orphan]:
    """What of the credits was not refunded, beyond what is tolerated."""
    credits = group.of(Kind.CREDIT)
    legs = group.of(Kind.REFUND) or group.of(Kind.PAYOUT)
    expected, found = _total(credits, match.currency), _total(legs, match.currency)
    is_elsewhere = any(leg.currency != match.currency for leg in legs)
    if not credits or not refund_due(group) or expected <= found or is_elsewhere:
        return []
    if legs and terms.tolerance(match.currency).holds(expected, found, match.currency):
        return []
    first = min(leg.on for leg in credits)
    return [
        _orphan(
            match, OrphanClass.CREDIT_WITHOUT_REFUND, credits, terms.refund_days, first=first, value=expected - found
        )
    ]


def _total(legs: list[Leg], currency: str) -> Decimal:
    return sum((leg.value for leg in legs), zero(currency))


def _orphan(
    match: Match, name: OrphanClass, legs: list[Leg], days: int, *, first: date | None = None,
    value: Decimal | None = None, count: int | None = None, from_clock: bool = False,
) -> Orphan:  # fmt: skip
    starts = first or (max(credit_clock(leg) for leg in legs) if from_clock else min(leg.on for leg in legs))
    codes = {str(leg.facts["code"]) for leg in match.legs if leg.facts.get("code")}
    codes |= {str(claim) for leg in legs for claim in leg.facts.get("claims", ())}
    quantity = count if count is not None else sum(leg.quantity for leg in legs)
    return Orphan(
        name, f"{name}:{match.key}", match.key, tuple(leg.key for leg in legs),
        next((leg.order for leg in match.legs if leg.order), ""), tuple(sorted(codes)), quantity,
        value if value is not None else _total(legs, match.currency), match.currency, match.opened_on,
        starts + timedelta(days=days), MEANS[name].means,
    )  # fmt: skip
