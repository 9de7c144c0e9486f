"""What Happy Returns showed us, as events for the inbox. Pure.

A webhook is a hint: it may name units that did not take part (sheet 11.1, U-19). Only what an item itself proves, or
what we asked for and read, becomes progress of that unit; a claim without proof is asked about.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from daemon.clients.happy_returns_wire import Item, Occurrence
from daemon.store.inbox import Arrival
from statemachine.events import (
    Approved,
    Cancelled,
    DroppedOff,
    Event,
    Expired,
    MethodChanged,
    Started,
    StatusUnclear,
    UnitEvent,
)
from statemachine.facts import merge_unit
from statemachine.goods import has_offset
from statemachine.refs import order_key
from statemachine.units import PROGRESS, Progress, Unit


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit as stored, with the identifiers it may come back under."""

    order_key: str
    unit_key: str
    happy_item_id: str
    line_item_id: str
    sku: str = ""
    barcode: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at Happy Returns: a webhook (`confirmed` False) or an answer to our own question."""

    items: tuple[Item, ...]
    confirmed: bool
    source: str
    received_at: datetime
    trace: str | None
    digest: str
    """Of the body: tells this look from another in natural keys."""
    occurrences: tuple[Occurrence, ...] = ()
    claimed: str = ""
    """What an earlier webhook claimed for several units of `claimed_for`; settled by this answer."""
    claimed_for: str = ""
    covers_all: bool = False
    """Setting: a claimed status holds for every listed unit."""


@dataclass(frozen=True, slots=True)
class Understood:
    arrivals: tuple[Arrival, ...]
    open_claims: Mapping[str, str]
    """Happy Returns return id → progress that was claimed and is not yet proven: ask again soon."""


def understand(
    seen: Seen, known: Mapping[str, Iterable[KnownUnit]], orders: Mapping[str, Set[str]] | None = None
) -> Understood:
    """Turn one look into events, oldest kind first, one per family and kind.

    `known`: the units stored of each return; `orders`: keys of the orders a return is known to be about. A look at one
    order of a return is not a look at the whole.
    """
    seen = replace(seen, items=_once_each(_begun_by(seen.received_at, each) for each in seen.items))
    families: dict[tuple[str, str], list[Item]] = {}
    returns: dict[str, list[Item]] = {}
    for item in seen.items:
        families.setdefault((item.happy_return_id, item.order_number), []).append(item)
        returns.setdefault(item.happy_return_id, []).append(item)
    arrivals: list[Arrival] = []
    open_claims: dict[str, str] = {}
    for (return_id, order_number), items in families.items():
        recognised = _recognise(items, list(known.get(return_id, ())), order_key(order_number))
        of_return = returns[return_id]
        claim = _open_claim(seen, return_id)
        key = order_key(order_number)
        others = {(unit.order_key, unit.unit_key) for unit in known.get(return_id, ())} - {
            (key, item.unit.key) for item in recognised
        }
        is_only_unit = len(of_return) == 1 and not others and not set((orders or {}).get(return_id, ())) - {key}
        events = _events(seen, recognised, claim, is_only_unit=is_only_unit)
        if claim and not _is_proven(claim, of_return) and not _settled_by(events, claim):
            open_claims[return_id] = claim
        arrivals += [_arrival(seen, return_id, order_number, event) for event in events]
    return Understood(tuple(arrivals), open_claims)


def _begun_by(seen_at: datetime, item: Item) -> Item:
    """Nothing begins after it was seen: what others write meanwhile is told from what went before by when it began."""
    unit = item.unit
    if unit.started_at is None or unit.started_at <= seen_at:
        return item
    return replace(item, unit=replace(unit, started_at=seen_at))


def _once_each(items: Iterable[Item]) -> tuple[Item, ...]:
    """An item that is listed twice, as on the edge of two pages, is one unit; the further of its progress counts."""
    once: dict[tuple[str, ...], Item] = {}
    for number, item in enumerate(items):
        item_id = item.unit.happy_item_id
        name = (item.happy_return_id, order_key(item.order_number), item_id) if item_id else (str(number),)
        first = once.get(name)
        if first is None:
            once[name] = item
        elif item.progress > first.progress:
            once[name] = replace(item, unit=replace(merge_unit(item.unit, first.unit), key=first.unit.key))
        else:
            once[name] = replace(first, unit=merge_unit(first.unit, item.unit))
    return tuple(once.values())


_Name: TypeAlias = tuple[str | bool, ...]


def _recognise(items: list[Item], known: list[KnownUnit], key: str) -> list[Item]:
    """Give each item the key it is already known by: the surest names of all items first.

    An item may leave out identifiers that its unit had before, or bring others: it is a new unit only where none is left
    that it could be. Read as two, one parcel would be paid twice.
    """
    here = sorted((unit for unit in known if unit.order_key == key), key=lambda unit: unit.unit_key)
    unused = {unit.unit_key: unit for unit in here}
    found: dict[int, str] = {}
    for names_of_unit, names_of_item, is_only_one in _WAYS:
        named: dict[_Name, list[str]] = {}
        for unit_key, stored in reversed(unused.items()):
            for name in names_of_unit(stored):
                named.setdefault(name, []).append(unit_key)
        for number, item in enumerate(items):
            if number in found:
                continue
            for name in names_of_item(item.unit):
                left = named.get(name, [])
                while left and left[-1] not in unused:
                    left.pop()
                if left and not (is_only_one and len(left) > 1):
                    found[number] = left.pop()
                    del unused[found[number]]
                    break
    return _with_own_keys(items, found)


def _with_own_keys(items: list[Item], found: Mapping[int, str]) -> list[Item]:
    """Under the key that was found for each; what is new takes its own, or one beside it where another item has that."""
    taken, result = set(found.values()), list[Item]()
    for number, item in enumerate(items):
        unit_key, count = found.get(number, item.unit.key), 0
        while number not in found and unit_key in taken:
            count += 1
            unit_key = f"{item.unit.key}#{count}"
        taken.add(unit_key)
        result.append(replace(item, unit=replace(item.unit, key=unit_key)))
    return result


def _item_id(unit: KnownUnit | Unit) -> list[_Name]:
    return [(unit.happy_item_id,)] if unit.happy_item_id else []


def _line(unit: KnownUnit | Unit) -> list[_Name]:
    return [(unit.line_item_id,)] if unit.line_item_id else []


def _line_without_id(unit: KnownUnit | Unit) -> list[_Name]:
    return _line(unit) if not unit.happy_item_id else []


def _line_and_bare_line(unit: KnownUnit) -> list[_Name]:
    """The line; and without its offset, where it has one."""
    line, has_id = unit.line_item_id, bool(unit.happy_item_id)
    if not line:
        return []
    bare = line.rsplit("-", 2)[0] if has_offset(line) else ""
    return [(line, has_id)] + ([(bare, has_id, "offset")] if bare else [])


def _line_with_or_without_offset(unit: Unit) -> list[_Name]:
    """The same line, or with or without its offset; of two that have item ids those decide."""
    line = unit.line_item_id
    if not line:
        return []
    forms: list[_Name] = [(line,)]
    forms.append((line.rsplit("-", 2)[0],) if has_offset(line) else (line, "offset"))
    has_ids = (False, True) if not unit.happy_item_id else (False,)
    return [(form[0], has_id, *form[1:]) for form in forms for has_id in has_ids]


def _sku(unit: KnownUnit) -> list[_Name]:
    sku = unit.sku.strip().casefold()
    return [(sku, bool(unit.happy_item_id), bool(unit.line_item_id))] if sku else []


def _sku_and_no_other(unit: Unit) -> list[_Name]:
    """The article alone, where not both are named by item ids, nor both by lines."""
    sku = unit.sku.strip().casefold()
    ids = (False, True) if not unit.happy_item_id else (False,)
    lines = (False, True) if not unit.line_item_id else (False,)
    return [(sku, has_id, has_line) for has_id in ids for has_line in lines] if sku else []


def _article(unit: KnownUnit) -> list[_Name]:
    barcode: list[_Name] = [("barcode", unit.barcode)] if unit.barcode else []
    if unit.sku and unit.barcode:
        return barcode
    return [*barcode, ("only SKU" if unit.sku else "only barcode",)]


def _article_told_otherwise(unit: Unit) -> list[_Name]:
    """The article alone, by what its unit was not named by: a SKU and a barcode cannot be told apart here."""
    if unit.happy_item_id or unit.line_item_id:
        return []
    other: list[_Name] = [] if unit.sku and unit.barcode else [("only barcode" if unit.sku else "only SKU",)]
    return [*([("barcode", unit.barcode)] if unit.barcode else ()), *other]


_WAYS: tuple[tuple[Callable[[KnownUnit], list[_Name]], Callable[[Unit], list[_Name]], bool], ...] = (
    (_item_id, _item_id, False),
    (_line_without_id, _line, False),  # its id became known only now
    (_line, _line_without_id, False),
    (_line, _line, True),  # the only unit of its line, under another id
    (_line_and_bare_line, _line_with_or_without_offset, False),
    (_sku, _sku_and_no_other, False),
    (_article, _article_told_otherwise, False),
)
"""By what an item is known to be a unit, surest first: the unit's names, the item's, and whether no other may have them."""


def _settled_by(events: list[UnitEvent], claim: str) -> bool:
    kind = Approved if PROGRESS[claim] is Progress.APPROVED else DroppedOff
    return any(isinstance(event, kind) and event.confirmed for event in events)


def _open_claim(seen: Seen, return_id: str) -> str:
    """The furthest progress claimed for the whole list, if any."""
    claims = [each.value for each in seen.occurrences if each.kind == "status" and each.value in PROGRESS]
    if seen.claimed and seen.claimed_for in ("", return_id):
        claims.append(seen.claimed)
    furthest = max(claims, key=lambda each: PROGRESS[each], default="")
    return furthest if furthest and PROGRESS[furthest] > Progress.STARTED else ""


def _is_proven(claim: str, items: list[Item]) -> bool:
    """Per-unit facts bear the claim out for at least one unit: then the facts of the others count as they are."""
    return any(item.progress >= PROGRESS[claim] for item in items)


def _tells_times(items: list[Item]) -> bool:
    """Whether this source gives per-unit facts at all, so that a missing one means 'not yet'."""
    return any(item.unit.started_at or item.progress > Progress.STARTED or item.status for item in items)


def _events(seen: Seen, items: list[Item], claim: str, *, is_only_unit: bool) -> list[UnitEvent]:
    first = items[0]
    common: dict[str, Any] = {
        "express_code": next((item.express_code for item in items if item.express_code), ""),
        "rma_id": first.rma_id,
        "confirmed": seen.confirmed,
    }
    units = tuple(item.unit for item in items)
    events: list[UnitEvent] = [Started(units=units, **common)]
    if methods := _method_changes(seen, units):
        events.append(MethodChanged(units=methods, **common))
    reached = {item.unit.key: item.progress for item in items}
    if claim and seen.covers_all:
        reached = {key: max(rank, PROGRESS[claim]) for key, rank in reached.items()}
    elif claim and not _is_proven(claim, items):
        if is_only_unit and not (seen.confirmed and _tells_times(items)):
            # One unit only: the claim can be about nothing else.
            reached = {key: max(rank, PROGRESS[claim]) for key, rank in reached.items()}
        elif seen.confirmed and not _tells_times(items):
            events.append(StatusUnclear(units=units, claimed=claim, **common))
    dropped = tuple(unit for unit in units if reached[unit.key] >= Progress.DROPPED_OFF)
    approved = tuple(unit for unit in units if reached[unit.key] >= Progress.APPROVED)
    scanned = tuple(unit for unit in dropped if unit.dropped_off_at or reached[unit.key] < Progress.APPROVED)
    if scanned:
        events.append(DroppedOff(units=scanned, **common))
    if approved:
        events.append(Approved(units=approved, **common))
    events += _endings(seen, items, common)
    return events


def _method_changes(seen: Seen, units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """The newest method told: the webhook's own event, else what the items say."""
    told = [each.value for each in seen.occurrences if each.kind == "method"]
    if told:
        return tuple(replace(unit, dropoff_method=told[-1]) for unit in units)
    return tuple(unit for unit in units if unit.dropoff_method)


def _endings(seen: Seen, items: list[Item], common: dict[str, Any]) -> list[UnitEvent]:
    """Expiry and cancellation: of items that say so; a webhook's own word covers what was never handed over."""
    endings: list[UnitEvent] = []
    kinds: tuple[tuple[str, type[UnitEvent]], ...] = (("expired", Expired), ("cancelled", Cancelled))
    for word, kind in kinds:
        told = any(each.kind == "status" and each.value == word for each in seen.occurrences)
        over = tuple(
            item.unit for item in items if item.is_over == word or (told and item.progress is Progress.STARTED)
        )
        if over:
            endings.append(kind(units=over, **common))
    return endings


def _arrival(seen: Seen, return_id: str, order_number: str, event: Event) -> Arrival:
    assert isinstance(event, UnitEvent)
    tier = "read" if event.confirmed else "told"
    units = hashlib.sha256("|".join(sorted(event.keys)).encode()).hexdigest()[:16]
    key = f"{event.name}:{return_id}:{order_key(order_number)}:{units}:{tier}"
    if isinstance(event, Started | MethodChanged):
        key += f":{seen.digest[:16]}"  # facts may have changed: each different look counts
    if isinstance(event, StatusUnclear):
        key += f":{seen.received_at.isoformat()}"  # asked again after a person resumed it: it may be unclear again
    return Arrival(
        natural_key=key,
        event=event,
        happy_return_id=return_id,
        order_number=order_number,
        source=seen.source,
        received_at=seen.received_at,
        actor="happy-returns",
        trace=seen.trace,
    )
