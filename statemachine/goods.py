"""The physical thing a credit is for: what names it, and under which other returns the same thing is held. Pure.

One credit for one thing: whoever holds it first, or has asked for its credit, has it. Every other return of the same thing is
stopped before money, until a person says what is true. What names a thing, surest first: Happy Returns' item id; the order
line with its offset, which stands for one unit of an order (sheet 3.3); the express code, unique per return (sheet 3.4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from statemachine.causes import CAUSES, SAME_GOODS
from statemachine.events import Approved, Departed, DroppedOff, Event, GoodsSettled, UnitEvent, UnitsReceived, Way
from statemachine.policy import Policy
from statemachine.refs import fold_id, order_key
from statemachine.states import BEFORE_CREDIT, State
from statemachine.units import Goods, Return, Trouble, Unit

NEWEST = 2**62
"""Age of a family that is not stored yet: younger than any that is."""


class By(StrEnum):
    """By what two units are known to be one thing, surest first."""

    ITEM = "item id"
    LINE = "order line"
    CODE = "express code"


@dataclass(frozen=True, slots=True)
class Holder:
    """One unit of another return, as far as it matters whether it is the same thing.

    `state` is empty once the return was pruned: then only its claim is left. `began` orders returns by age.
    """

    goods: Goods
    part: int = 0
    return_id: int | None = None
    state: str = ""
    happy_item_id: str = ""
    line_item_id: str = ""
    sku: str = ""
    express_code: str = ""
    credit_id: int | None = None
    credit_ref: str = ""
    occurrence: int = 1
    began: int = 0
    has_asked: bool = True
    has_sent: bool = False
    """Its credit may exist: it was sent, or is known."""
    is_stand_in: bool = False
    """It stands for other goods itself, or was refused in favour of them."""
    ended_by_silence: bool = False
    units: int = 1
    """How many units its part has."""

    @property
    def is_pruned(self) -> bool:
        return not self.state


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other returns hold of the goods of one family; `began`: its own age."""

    holders: tuple[Holder, ...] = ()
    began: int = NEWEST
    claimed: frozenset[int] = frozenset()
    """Returns of ours that have claimed their goods."""
    sent: frozenset[int] = frozenset()
    """Returns of ours whose credit was sent, or is known."""


NOTHING_ELSEWHERE = Elsewhere()


@dataclass(frozen=True, slots=True)
class Match:
    holder: Holder
    by: By


def same_goods(instance: Return, elsewhere: Elsewhere, policy: Policy) -> dict[str, tuple[Match, ...]]:
    """Units of this part that another return holds as well, and goes before it; the surest match of each first."""
    if not elsewhere.holders:
        return {}
    has_asked = instance.credit is not None or instance.id in elsewhere.claimed
    matches: dict[str, tuple[Match, ...]] = {}
    for unit in instance.units:
        mine = [
            Match(holder, by)
            for holder in elsewhere.holders
            if (by := _same(instance, unit, holder)) is not None
            and _goes_before(holder, by, unit, elsewhere, policy, has_asked=has_asked)
        ]
        if mine:
            matches[unit.key] = tuple(sorted(mine, key=_surest_first))
    return matches


def _same(instance: Return, unit: Unit, holder: Holder) -> By | None:
    key = order_key(instance.order_number)
    other, other_key = holder.goods.happy_return_id, order_key(holder.goods.order_number)
    is_own = holder.credit_ref == instance.credit_ref if holder.is_pruned else (other, other_key) == (
        instance.happy_return_id, key
    )  # fmt: skip
    if is_own or holder.is_stand_in:
        return None
    if unit.happy_item_id and unit.happy_item_id == holder.happy_item_id:
        return By.ITEM
    both_named = bool(unit.happy_item_id and holder.happy_item_id)
    is_line = bool(unit.line_item_id) and (unit.line_item_id, key) == (holder.line_item_id, other_key)
    if is_line and (not both_named or (has_offset(unit.line_item_id) and holder.has_asked)):
        return By.LINE
    is_other = other != instance.happy_return_id or holder.is_pruned
    has_line = bool(unit.line_item_id) and unit.line_item_id == holder.line_item_id
    if not is_other and has_line and fold_id(unit.sku) == fold_id(holder.sku) and not both_named:
        return By.LINE  # Happy Returns corrected the order's number
    if instance.express_code and instance.express_code == holder.express_code and is_other:
        return By.CODE
    return None


def has_offset(line_item_id: str) -> bool:
    """Whether a line id names one of several units: `12345-0-2`. Source: Happy Returns sheet 3.3."""
    *base, offset, quantity = ("", "", *line_item_id.split("-"))[-3:]
    return bool(base[0]) and offset.isdecimal() and quantity.isdecimal() and int(offset) < int(quantity)


def _goes_before(holder: Holder, by: By, unit: Unit, elsewhere: Elsewhere, policy: Policy, *, has_asked: bool) -> bool:
    """Whether the other return has the goods, and not this one."""
    if holder.occurrence != unit.occurrence:
        return False  # a person told them apart
    if has_asked:
        return holder.has_asked and by is By.ITEM  # both have: it became known too late
    if holder.ended_by_silence and not holder.has_asked and policy.item_ids_come_again:
        return False
    return holder.has_asked or (by is not By.LINE and holder.began < elsewhere.began)


def _surest_first(match: Match) -> tuple[Any, ...]:
    holder = match.holder
    return (list(By).index(match.by), not holder.has_asked, holder.began, holder.goods.unit_key)


def partners(instance: Return, matches: Mapping[str, tuple[Match, ...]]) -> dict[str, Match]:
    """Which unit elsewhere each unit is, one to one; a unit that is left over has none."""
    taken: set[Goods] = set()
    pairs: dict[str, Match] = {}
    units = {unit.key: unit for unit in instance.units}

    def likeness(key: str, match: Match) -> tuple[Any, ...]:
        is_article = bool(match.holder.sku) and match.holder.sku.casefold() == units[key].sku.casefold()
        is_line = bool(match.holder.line_item_id) and match.holder.line_item_id == units[key].line_item_id
        return (list(By).index(match.by), not is_line, not is_article, *_surest_first(match)[1:])

    every = [(key, match) for key, mine in matches.items() for match in mine]
    for key, match in sorted(every, key=lambda pair: (likeness(*pair), pair[0])):
        if key not in pairs and match.holder.goods not in taken:
            pairs[key] = match
            taken.add(match.holder.goods)
    return pairs


def groups(instance: Return, elsewhere: Elsewhere, policy: Policy) -> list[frozenset[str]]:
    """The units that go on, those that are the goods of another return, and those that only share its code."""
    matches = same_goods(instance, elsewhere, policy)
    pairs = partners(instance, matches)
    free = frozenset(unit.key for unit in instance.units if unit.key not in matches)
    return [group for group in (free, frozenset(pairs), frozenset(matches) - frozenset(pairs)) if group]


def next_occurrence(instance: Return, elsewhere: Elsewhere) -> int:
    """The first number under which none of these goods are held yet."""
    held = [
        holder.occurrence for holder in elsewhere.holders if any(_same(instance, u, holder) for u in instance.units)
    ]
    return max([*held, *(unit.occurrence for unit in instance.units)]) + 1


def trouble_of(instance: Return, matches: Mapping[str, tuple[Match, ...]]) -> Trouble:
    """Why this return is stopped, with both sides' facts."""
    cause = CAUSES[SAME_GOODS]
    first = next(iter(matches.values()))[0]
    other = first.holder
    whose = (
        f"return {other.return_id}" if not other.is_pruned else f"a return that is kept no more ({other.credit_ref})"
    )
    paid = f"its credit is {other.credit_id}" if other.credit_id else "its credit was asked for"
    how_far = paid if other.has_asked else f"it is {other.state} and has no credit"
    explanation = f"{len(matches)} unit(s) are goods of {whose} as well, by {first.by}; {how_far}."
    evidence: dict[str, Any] = {
        "goods": [
            {
                "unit": key, "by": match.by.value, "return_id": match.holder.return_id,
                "happy_return_id": match.holder.goods.happy_return_id, "order_number": match.holder.goods.order_number,
                "other_unit": match.holder.goods.unit_key, "state": match.holder.state or "kept no more",
                "credit_id": match.holder.credit_id, "credit_ref": match.holder.credit_ref,
            }
            for key, mine in sorted(matches.items())
            for match in mine[:1]
        ],
    }  # fmt: skip
    return Trouble(cause.code, cause.owner, explanation, evidence, f"return={other.goods.happy_return_id}")


def why_not(event: GoodsSettled, instance: Return, elsewhere: Elsewhere, policy: Policy) -> str:
    """Why a person's word on the goods of a stopped return cannot be followed; empty when it can."""
    if instance.trouble is None or instance.trouble.cause != SAME_GOODS:
        return "it is not stopped for goods of another return"
    matches = same_goods(instance, elsewhere, policy)
    if not matches:
        return "no other return holds these goods any more: ask for another attempt"
    if event.way is Way.TELL_APART:
        return ""
    if instance.credit is not None or instance.id in elsewhere.sent:
        return "its own credit was sent already: cancel the wrong one in Brightpearl first"
    alone = sorted(set(matches) - set(partners(instance, matches)))
    if alone and event.way is not Way.REFUSE:
        return f"unit {alone[0]} has no counterpart there: tell it apart, or refuse it"
    if event.way is Way.MERGE:
        return _why_no_merge(partners(instance, matches).values())
    return ""


def _why_no_merge(pairs: Iterable[Match]) -> str:
    counts: dict[int | None, int] = {}
    for match in pairs:
        holder = match.holder
        counts[holder.return_id] = counts.get(holder.return_id, 0) + 1
        if holder.has_sent or holder.is_pruned:
            return f"return {holder.return_id} has its credit, or may have it: adopt, so that it stands"
    for match in pairs:
        holder = match.holder
        if counts[holder.return_id] < holder.units and holder.state not in BEFORE_CREDIT | {State.CLOSED}:
            return f"return {holder.return_id} holds other goods besides, and can be split no more: adopt"
    return ""


def settled(event: GoodsSettled, instance: Return, elsewhere: Elsewhere, policy: Policy) -> GoodsSettled:
    """The word with what it means for each unit."""
    if event.way is Way.TELL_APART:
        number = next_occurrence(instance, elsewhere)
        return GoodsSettled(event.way, occurrences={unit.key: number for unit in instance.units})
    pairs = partners(instance, same_goods(instance, elsewhere, policy))
    return GoodsSettled(event.way, pairs={key: match.holder.goods for key, match in pairs.items()})


def told_on(instance: Return) -> list[tuple[Goods, Event]]:
    """What a return that ends as the same goods leaves to the one that stands: how far its units came, and where they are."""
    events: list[tuple[Goods, Event]] = []
    for unit in instance.units:
        goods = unit.stands_for
        if goods is None:
            continue
        moved = (replace(unit, key=goods.unit_key, stands_for=None),)
        for kind in (DroppedOff, Approved):
            if unit.confirmed >= kind.progress:
                events.append((goods, kind(units=moved, confirmed=True)))
            elif unit.hinted >= kind.progress:
                events.append((goods, kind(units=moved)))
        if unit.bag or unit.tracking or unit.departed_at:
            events.append((goods, Departed(units=moved, confirmed=True)))
        if unit.received_at is not None and unit.condition is not None:
            events.append((goods, UnitsReceived((goods.unit_key,), unit.condition, unit.received_at)))
    return events


def stand_ins(parts: Iterable[Return]) -> dict[str, Goods]:
    """Unit key → the goods it stands for, of parts that ended as the same goods."""
    return {
        unit.key: unit.stands_for
        for part in parts
        if part.is_stand_in
        for unit in part.units
        if unit.stands_for is not None
    }


def passed_on(event: Event, standing: Mapping[str, Goods]) -> tuple[Event | None, list[tuple[Goods, Event]]]:
    """What of an event is about the return it names, and what belongs to the returns whose goods these are."""
    if isinstance(event, UnitEvent):
        moved = [unit for unit in event.units if unit.key in standing]
        kept = tuple(unit for unit in event.units if unit.key not in standing)
        others: list[tuple[Goods, Event]] = [
            (goods, replace(event, units=(replace(unit, key=goods.unit_key),), express_code="", rma_id=""))
            for unit in moved
            if isinstance(event, DroppedOff | Approved | Departed) and (goods := standing[unit.key])
        ]
        return (replace(event, units=kept) if kept else None) if moved else event, others
    if isinstance(event, UnitsReceived):
        keys = tuple(key for key in event.unit_keys if key in standing)
        kept_keys = tuple(key for key in event.unit_keys if key not in standing)
        received: list[tuple[Goods, Event]] = [
            (standing[key], UnitsReceived((standing[key].unit_key,), event.condition, event.received_at)) for key in keys
        ]  # fmt: skip
        return (replace(event, unit_keys=kept_keys) if kept_keys else None) if keys else event, received
    return event, []
