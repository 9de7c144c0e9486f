"""Giving every returned unit its place on an order's rows, surest readings first; each step goes into the evidence.

What a unit may be is read by line id, variant id, SKU, barcode, bundle composition (components of a bundle row, and a
bundle of component rows) and configured substitutions, in that order: `reading.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from statemachine.credit.amounts import PART_REF, ZERO, Taken, pieces_per_bundle, whole_units_left
from statemachine.credit.lookup import Rows
from statemachine.credit.maps import CreditMap, plain_sku
from statemachine.credit.reading import (
    OnSkuDifference,
    Reading,
    Unmatched,
    quantity_in_line_id,
    read_unit,
    unit_facts,
    unit_name,
)
from statemachine.credit.room import LoosePieces, OpenRows, Room, Sought, distinct
from statemachine.credit.snapshot import Order, OrderRow
from statemachine.money import shown
from statemachine.units import Place, Unit

OnBundlePart = Literal["hold", "cost"]


@dataclass(frozen=True, slots=True)
class Matched:
    """Order row id → units of it; component row id → pieces credited on their own; and each unit's place and step."""

    whole: Mapping[int, Decimal]
    pieces: Mapping[int, Decimal]
    places: Mapping[str, tuple[Place, ...]]
    steps: Mapping[str, str]
    shares: Mapping[int, Decimal] = field(default_factory=dict)
    """Component row id → its part of its bundle's value, where pieces are credited on their own."""


def match_units(
    units: Iterable[Unit],
    order: Order,
    taken: Mapping[int, Taken],
    maps: CreditMap,
    *,
    on_sku_difference: OnSkuDifference = "hold",
    on_bundle_part: OnBundlePart = "hold",
    mind_edits: bool = True,
    takes_suggestions: bool = False,
) -> Matched | Unmatched:
    """Give every unit a place with room for it, or say which unit has none and why."""
    matcher = Matcher(
        order, taken, maps, on_sku_difference=on_sku_difference, on_bundle_part=on_bundle_part, mind_edits=mind_edits,
        takes_suggestions=takes_suggestions,
    )  # fmt: skip
    return matcher.match(units)


class Matcher:
    """Matches units against one order as its credits left it; each call begins with the same room."""

    def __init__(
        self,
        order: Order,
        taken: Mapping[int, Taken],
        maps: CreditMap,
        *,
        on_sku_difference: OnSkuDifference = "hold",
        on_bundle_part: OnBundlePart = "hold",
        mind_edits: bool = True,
        takes_suggestions: bool = False,
    ) -> None:
        self.order, self.taken, self.maps = order, taken, maps
        self.on_bundle_part, self.mind_edits = on_bundle_part, mind_edits
        self._on_sku_difference, self._takes_suggestions = on_sku_difference, takes_suggestions
        self.room = {row.id: whole_units_left(order, row, taken) for row in order.rows}
        self._shares: dict[int, dict[int, Decimal]] = {}

    def read(self, unit: Unit) -> Reading | Unmatched:
        return read_unit(
            unit, self.order, self.maps, self._on_sku_difference, takes_suggestions=self._takes_suggestions
        )

    def match(self, units: Iterable[Unit]) -> Matched | Unmatched:
        readings: list[tuple[Unit, Reading]] = []
        for unit in sorted(units, key=lambda each: each.key):
            reading = self.read(unit)
            if isinstance(reading, Unmatched):
                return reading
            readings.append((unit, reading))
        readings.sort(key=lambda each: (not each[1].is_named, len(each[1].rows), each[0].key))  # surest first
        desk = _Desk(self)
        for place in (desk.place_rows, desk.place_bundles, desk.place_pieces, desk.share_broken_bundles):
            stop = place(readings)
            if stop is not None:
                return stop
        return Matched(desk.whole, desk.pieces, desk.places, desk.steps, desk.shares)

    def shares_of(self, row: OrderRow) -> dict[int, Decimal]:
        """Each component's part of the bundle's value: the map's shares, or by item cost where policy says so."""
        if row.id not in self._shares:
            self._shares[row.id] = self._share_out(row)
        return self._shares[row.id]

    def _share_out(self, row: OrderRow) -> dict[int, Decimal]:
        children = self.order.children_of(row)
        mapped = {plain_sku(sku): each.share for sku, each in self.maps.components(row.sku).items()}
        mapped_share = {child.id: mapped.get(plain_sku(child.sku)) for child in children}
        weights = {key: share for key, share in mapped_share.items() if share is not None}
        if len(weights) < len(children) and self.on_bundle_part == "cost":
            weights = {c.id: (c.item_cost or ZERO) * c.quantity for c in children}
        total = sum(weights.values(), ZERO)
        if len(weights) < len(children) or total <= 0:
            return {}
        return {key: each / total for key, each in weights.items()}


class _Desk:
    """What room is left while units are placed, surest readings first."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher, self._order, self._taken = matcher, matcher.order, matcher.taken
        self._lookup = matcher.order.lookup
        self.room = Room(dict(matcher.room), self._lookup.terms)
        self._equal: dict[frozenset[tuple[str, int]], OpenRows] = {}
        self._inside: dict[int, tuple[list[OrderRow], Decimal]] = {}
        self._inside_of: dict[int, set[int]] = {}
        """Bundle row id → what is kept in `_inside` and changes with it."""
        self.whole: dict[int, Decimal] = {}
        self.pieces: dict[int, Decimal] = {}
        self.places: dict[str, tuple[Place, ...]] = {}
        self.steps: dict[str, str] = {}
        self.shares: dict[int, Decimal] = {}

    def _put(self, unit: Unit, row: OrderRow, step: str) -> None:
        self._take(row, 1)
        self.places[unit.key] = (Place(str(row.id)),)
        self.steps[unit.key] = f"{step} → row {row.id}"

    def _take(self, row: OrderRow, count: int) -> None:
        self.whole[row.id] = self.whole.get(row.id, ZERO) + count
        self.room.take(row, count)
        for key in self._inside_of.pop(row.id, ()):
            self._inside.pop(key, None)

    def place_rows(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        sought = {key: self.room.sought(rows) for key, rows in distinct(each.rows for _, each in readings).items()}
        for _, reading in readings:
            if reading.rows:
                sought[id(reading.rows)].waiting += 1
        for unit, reading in readings:
            if not reading.rows:
                continue
            mine = sought[id(reading.rows)]
            open_rows = mine.open if mine.open.count else self._equal_rows(mine)
            inside, pieces = self._pieces_inside(reading.children)
            if not open_rows.count and inside:
                continue  # the same article also stands inside a bundle
            if inside and self.room.who_seek(open_rows, all_of_them=False) != open_rows.room + pieces:
                parents = [self._lookup.by_id[child.parent_row_id] for child in inside]
                return self._ambiguous(unit, [*open_rows.listed(), *parents])
            if not open_rows.count:
                if self._edited(unit, reading, mine):
                    return self._order_edited(unit, reading.rows[0])
                return self._over(unit, reading.rows)
            if len(open_rows.terms) > 1 and not self._all_come_back(open_rows):
                return self._ambiguous(unit, open_rows.listed())
            if self._edited(unit, reading, mine):
                return self._order_edited(unit, open_rows.first)
            self._put(unit, open_rows.first, reading.step)
            mine.waiting -= 1
        return None

    def _equal_rows(self, sought: Sought) -> OpenRows:
        """Other rows of the same article at the very same terms: it makes no difference which of them is credited."""
        if sought.equal is None:
            terms = frozenset((plain_sku(row.sku), self._lookup.terms(row)) for row in sought.rows if row.sku)
            if terms not in self._equal:
                self._equal[terms] = self.room.open_rows(self._lookup.goods_on(terms))
            sought.equal = self._equal[terms]
        return sought.equal

    def _pieces_inside(self, children: Rows) -> tuple[list[OrderRow], Decimal]:
        """Those of these component rows of which a piece is left, and how many pieces that is."""
        if not children:
            return [], ZERO
        if id(children) not in self._inside:
            open_children = [child for child in children if self._pieces_left(child) >= 1]
            self._inside[id(children)] = open_children, sum((self._pieces_left(each) for each in open_children), ZERO)
            for child in children:
                self._inside_of.setdefault(child.parent_row_id, set()).add(id(children))
        return self._inside[id(children)]

    def _all_come_back(self, rows: OpenRows) -> bool:
        """Nothing to choose between when everything left on these rows comes back at once."""
        return self.room.who_seek(rows, all_of_them=True) == rows.room

    def share_broken_bundles(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        """A bundle of which pieces were credited on their own is worth its pieces: their shares must be known."""
        for row_id in self.whole:
            row = self._lookup.by_id[row_id]
            if not row.bundle_parent or not self._is_broken(row):
                continue
            shares = self._matcher.shares_of(row)
            if not shares:
                return Unmatched(
                    "bundle-incomplete",
                    f"Pieces of bundle {row.sku} (row {row.id}) were credited on their own; their shares are not known.",
                    {"bundle_row": row.id, "bundle": row.sku}, key=f"bundle={row.sku}", by_map=True,
                )  # fmt: skip
            self.shares |= shares
        return None

    def _is_broken(self, row: OrderRow) -> bool:
        whole = self._taken[row.id].quantity
        return any(
            self._taken[child.id].quantity != whole * pieces_per_bundle(row, child) or child.id in self.pieces
            for child in self._order.children_of(row)
        )

    def _edited(self, unit: Unit, reading: Reading, sought: Sought) -> bool:
        """The row holds less now than could be refunded of its line when the return was started."""
        was = quantity_in_line_id(unit.line_item_id)
        if not self._matcher.mind_edits or was is None or not reading.step.startswith("line id"):
            return False
        return sought.quantity < was

    def _order_edited(self, unit: Unit, row: OrderRow) -> Unmatched:
        was, now = quantity_in_line_id(unit.line_item_id), f"{row.quantity.normalize():f}"
        return Unmatched(
            "order-edited",
            f"{was} of row {row.id} ({row.sku}) could come back when the return began; it holds {now} now.",
            {**unit_facts(unit), "row": row.id, "quantity_then": was, "quantity_now": now},
            key=f"order={self._order.reference}",
        )

    def place_bundles(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        """A bundle came back that was sold as its components: it stands on all their rows."""
        first: dict[tuple[int, int], int] = {}
        for unit, reading in readings:
            places: list[Place] = []
            for rows, count in reading.bundle:
                at = first.get((id(rows), count), 0)  # a row without room for so many gets none
                while at < len(rows) and self.room.of(rows[at]) < count:
                    at += 1
                first[id(rows), count] = at
                if at == len(rows):
                    return Unmatched(
                        "bundle-incomplete",
                        f"{unit_name(unit)} is a bundle; the order lacks room for one of its components.",
                        {**unit_facts(unit), "component_rows": [each.id for each in rows], "needed": count},
                        key=f"bundle={unit.sku}",
                        by_map=True,
                    )
                self._take(rows[at], count)
                places.append(Place(str(rows[at].id), count))
            if places:
                self.places[unit.key] = tuple(places)
                self.steps[unit.key] = f"{reading.step} → rows {', '.join(place.ref for place in places)}"
        return None

    def place_pieces(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        """Components of bundle rows: complete sets are the bundle; what is left over is credited by its share."""
        loose = [
            (unit, reading.children) for unit, reading in readings if reading.children and unit.key not in self.places
        ]
        queues = LoosePieces(loose)
        for row, needed in self._lookup.bundles:
            self._put_sets(row, needed, queues)
        children = distinct(children for unit, children in loose if unit.key not in self.places)
        left = Room(
            {child.id: self._pieces_left(child) for rows in children.values() for child in rows},
            lambda child: self._lookup.terms(self._lookup.by_id[child.parent_row_id]),
        )
        open_children = {key: left.open_rows(rows) for key, rows in children.items()}
        for unit, rows in loose:
            if unit.key not in self.places:
                stop = self._put_piece(unit, open_children[id(rows)], left)
                if stop is not None:
                    return stop
        return None

    def _put_sets(self, row: OrderRow, needed: tuple[tuple[OrderRow, int], ...], loose: LoosePieces) -> None:
        while self.room.of(row) >= 1:
            chosen = loose.take_set(needed)
            if chosen is None:
                return
            self._take(row, 1)
            for unit, child in chosen:
                self.places[unit.key] = (Place(str(row.id), product_id=child.product_id),)
                self.steps[unit.key] = f"bundle complete → row {row.id}"

    def _put_piece(self, unit: Unit, open_children: OpenRows, left: Room) -> Unmatched | None:
        if len(open_children.terms) > 1:
            parents = [self._lookup.by_id[child.parent_row_id] for child in open_children.listed()]
            return self._ambiguous(unit, parents)
        if not open_children.count:
            return self._over(unit, open_children.rows)
        child = open_children.first
        row = self._lookup.by_id[child.parent_row_id]
        shares = self._matcher.shares_of(row)
        if not shares:
            return Unmatched(
                "bundle-incomplete",
                f"{unit_name(unit)} was sold inside the bundle on row {row.id} ({row.sku}); the bundle has one price.",
                {**unit_facts(unit), "bundle_row": row.id, "bundle": row.sku,
                 "components": self._lookup.component_skus(row)},
                key=f"bundle={row.sku}", by_map=True,
            )  # fmt: skip
        if child.id not in self.shares:
            self.shares |= shares
        left.take(child)
        self.pieces[child.id] = self.pieces.get(child.id, ZERO) + 1
        self.places[unit.key] = (Place(f"{PART_REF}{child.id}"),)
        percent = (shares[child.id] * 100).quantize(Decimal(1))
        self.steps[unit.key] = f"bundle component → row {row.id}, {percent} % of it"
        return None

    def _pieces_left(self, child: OrderRow) -> Decimal:
        """Before any piece is credited on its own."""
        row = self._lookup.by_id[child.parent_row_id]
        whole = self.whole.get(row.id, ZERO) * pieces_per_bundle(row, child)
        return child.quantity - self._taken[child.id].quantity - whole

    def _over(self, unit: Unit, rows: tuple[OrderRow, ...]) -> Unmatched:
        sold = sum((row.quantity for row in rows), ZERO)
        return Unmatched(
            "over-return",
            f"{unit_name(unit)}: {sold.normalize():f} sold on this order, and nothing of it is left to credit.",
            {**unit_facts(unit), "sold": f"{sold.normalize():f}", "rows": [row.id for row in rows]},
            key=f"order={self._order.reference}",
        )

    def _ambiguous(self, unit: Unit, rows: list[OrderRow]) -> Unmatched:
        return Unmatched(
            "sku-ambiguous",
            f"{unit_name(unit)} stands on {len(rows)} rows of the order at different terms.",
            {**unit_facts(unit), "rows": [self._terms_of(row) for row in rows]},
            key=f"order={self._order.reference}",
        )

    def _terms_of(self, row: OrderRow) -> dict[str, object]:
        return {
            "row": row.id,
            "unit_net": shown(row.net / row.quantity, self._order.currency),
            "tax_code": row.tax_code,
            "left": f"{self.room.of(row):f}",
        }
