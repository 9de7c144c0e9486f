"""Giving every returned unit its place on an order's rows, surest readings first; each step goes into the evidence.

What a unit may be is read by line id, variant id, SKU, barcode, bundle composition (components of a bundle row, and a
bundle of component rows) and configured substitutions, in that order: `reading.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from statemachine.credit.amounts import PART_REF, ZERO, Taken, pieces_per_bundle, whole_units_left
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
    desk = _Desk(order, taken, maps, on_bundle_part, mind_edits=mind_edits)
    readings: list[tuple[Unit, Reading]] = []
    for unit in sorted(units, key=lambda each: each.key):
        reading = read_unit(unit, order, maps, on_sku_difference, takes_suggestions=takes_suggestions)
        if isinstance(reading, Unmatched):
            return reading
        readings.append((unit, reading))
    readings.sort(key=lambda each: (not each[1].is_named, len(each[1].rows), each[0].key))  # surest first
    for place in (desk.place_rows, desk.place_bundles, desk.place_pieces, desk.share_broken_bundles):
        stop = place(readings)
        if stop is not None:
            return stop
    return Matched(desk.whole, desk.pieces, desk.places, desk.steps, desk.shares)


class _Desk:
    """What room is left while units are placed, surest readings first."""

    def __init__(
        self,
        order: Order,
        taken: Mapping[int, Taken],
        maps: CreditMap,
        on_bundle_part: OnBundlePart,
        *,
        mind_edits: bool,
    ) -> None:
        self._order, self._taken, self._maps, self._on_bundle_part = order, taken, maps, on_bundle_part
        self._mind_edits = mind_edits
        self._by_id = {row.id: row for row in order.rows}
        self.room = {row.id: whole_units_left(order, row, taken) for row in order.rows}
        self.whole: dict[int, Decimal] = {}
        self.pieces: dict[int, Decimal] = {}
        self.places: dict[str, tuple[Place, ...]] = {}
        self.steps: dict[str, str] = {}
        self.shares: dict[int, Decimal] = {}

    def _put(self, unit: Unit, row: OrderRow, step: str) -> None:
        self.whole[row.id] = self.whole.get(row.id, ZERO) + 1
        self.room[row.id] -= 1
        self.places[unit.key] = (Place(str(row.id)),)
        self.steps[unit.key] = f"{step} → row {row.id}"

    def place_rows(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        for unit, reading in readings:
            if not reading.rows:
                continue
            open_rows = [row for row in reading.rows if self.room[row.id] >= 1] or self._equal_rows(reading.rows)
            inside = [child for child in reading.children if self._pieces_left(child) >= 1]
            if not open_rows and inside:
                continue  # the same article also stands inside a bundle
            if inside and not self._all_of_it_comes_back(unit, open_rows, inside, readings):
                return self._ambiguous(unit, [*open_rows, *(self._by_id[child.parent_row_id] for child in inside)])
            if not open_rows:
                if self._edited(unit, reading):
                    return self._order_edited(unit, reading.rows[0])
                return self._over(unit, reading.rows)
            if len({_terms(row) for row in open_rows}) > 1 and not self._all_come_back(open_rows, readings):
                return self._ambiguous(unit, open_rows)
            if self._edited(unit, reading):
                return self._order_edited(unit, open_rows[0])
            self._put(unit, open_rows[0], reading.step)
        return None

    def _equal_rows(self, rows: tuple[OrderRow, ...]) -> list[OrderRow]:
        """Other rows of the same article at the very same terms: it makes no difference which of them is credited."""
        terms = {(plain_sku(row.sku), _terms(row)) for row in rows if row.sku}
        return [
            row for row in self._order.rows
            if row.is_goods and self.room[row.id] >= 1 and (plain_sku(row.sku), _terms(row)) in terms
        ]  # fmt: skip

    def _all_of_it_comes_back(
        self, unit: Unit, rows: list[OrderRow], inside: list[OrderRow], readings: list[tuple[Unit, Reading]]
    ) -> bool:
        same = sum(1 for each, reading in readings if each.key not in self.places and set(reading.rows) & set(rows))
        return same == sum((self.room[row.id] for row in rows), ZERO) + sum(
            (self._pieces_left(child) for child in inside), ZERO
        )

    def share_broken_bundles(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        """A bundle of which pieces were credited on their own is worth its pieces: their shares must be known."""
        for row_id in self.whole:
            row = self._by_id[row_id]
            if not row.bundle_parent or not self._is_broken(row):
                continue
            shares = self._shares_of(row)
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

    def _edited(self, unit: Unit, reading: Reading) -> bool:
        """The row holds less now than could be refunded of its line when the return was started."""
        was = quantity_in_line_id(unit.line_item_id)
        if not self._mind_edits or was is None or not reading.step.startswith("line id"):
            return False
        return sum((row.quantity for row in reading.rows), ZERO) < was

    def _order_edited(self, unit: Unit, row: OrderRow) -> Unmatched:
        was, now = quantity_in_line_id(unit.line_item_id), f"{row.quantity.normalize():f}"
        return Unmatched(
            "order-edited",
            f"{was} of row {row.id} ({row.sku}) could come back when the return began; it holds {now} now.",
            {**unit_facts(unit), "row": row.id, "quantity_then": was, "quantity_now": now},
            key=f"order={self._order.reference}",
        )

    def _all_come_back(self, open_rows: list[OrderRow], readings: list[tuple[Unit, Reading]]) -> bool:
        """Nothing to choose between when everything left on these rows comes back at once."""
        ids = {row.id for row in open_rows}
        waiting = sum(
            1
            for unit, each in readings
            if unit.key not in self.places and each.rows and ids <= {r.id for r in each.rows}
        )
        return waiting == sum((self.room[row_id] for row_id in ids), ZERO)

    def place_bundles(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        """A bundle came back that was sold as its components: it stands on all their rows."""
        for unit, reading in readings:
            places: list[Place] = []
            for rows, count in reading.bundle:
                row = next((each for each in rows if self.room[each.id] >= count), None)
                if row is None:
                    return Unmatched(
                        "bundle-incomplete",
                        f"{unit_name(unit)} is a bundle; the order lacks room for one of its components.",
                        {**unit_facts(unit), "component_rows": [each.id for each in rows], "needed": count},
                        key=f"bundle={unit.sku}",
                        by_map=True,
                    )
                self.whole[row.id] = self.whole.get(row.id, ZERO) + count
                self.room[row.id] -= count
                places.append(Place(str(row.id), count))
            if places:
                self.places[unit.key] = tuple(places)
                self.steps[unit.key] = f"{reading.step} → rows {', '.join(place.ref for place in places)}"
        return None

    def place_pieces(self, readings: list[tuple[Unit, Reading]]) -> Unmatched | None:
        """Components of bundle rows: complete sets are the bundle; what is left over is credited by its share."""
        loose = {
            unit.key: (unit, reading.children)
            for unit, reading in readings
            if reading.children and unit.key not in self.places
        }
        for row in self._order.rows:
            if row.bundle_parent and row.quantity > 0:
                self._put_sets(row, loose)
        for unit, children in list(loose.values()):
            stop = self._put_piece(unit, children)
            if stop is not None:
                return stop
        return None

    def _put_sets(self, row: OrderRow, loose: dict[str, tuple[Unit, tuple[OrderRow, ...]]]) -> None:
        children = self._order.children_of(row)
        while children and self.room[row.id] >= 1:
            chosen: dict[str, OrderRow] = {}
            for child in children:
                mine = [key for key, (_, each) in loose.items() if child in each and key not in chosen]
                needed = int(pieces_per_bundle(row, child))
                if len(mine) < needed:
                    return
                chosen |= dict.fromkeys(mine[:needed], child)
            self.whole[row.id] = self.whole.get(row.id, ZERO) + 1
            self.room[row.id] -= 1
            for key, child in chosen.items():
                del loose[key]
                self.places[key] = (Place(str(row.id), product_id=child.product_id),)
                self.steps[key] = f"bundle complete → row {row.id}"

    def _put_piece(self, unit: Unit, children: tuple[OrderRow, ...]) -> Unmatched | None:
        open_children = [child for child in children if self._pieces_left(child) >= 1]
        if len({_terms(self._by_id[child.parent_row_id]) for child in open_children}) > 1:
            return self._ambiguous(unit, [self._by_id[child.parent_row_id] for child in open_children])
        for child in open_children:
            row = self._by_id[child.parent_row_id]
            shares = self._shares_of(row)
            if not shares:
                return Unmatched(
                    "bundle-incomplete",
                    f"{unit_name(unit)} was sold inside the bundle on row {row.id} ({row.sku}); the bundle has one price.",
                    {**unit_facts(unit), "bundle_row": row.id, "bundle": row.sku,
                     "components": sorted(each.sku for each in self._order.children_of(row))},
                    key=f"bundle={row.sku}", by_map=True,
                )  # fmt: skip
            self.shares |= shares
            self.pieces[child.id] = self.pieces.get(child.id, ZERO) + 1
            self.places[unit.key] = (Place(f"{PART_REF}{child.id}"),)
            percent = (shares[child.id] * 100).quantize(Decimal(1))
            self.steps[unit.key] = f"bundle component → row {row.id}, {percent} % of it"
            return None
        return self._over(unit, children)

    def _pieces_left(self, child: OrderRow) -> Decimal:
        row = self._by_id[child.parent_row_id]
        whole = self.whole.get(row.id, ZERO) * pieces_per_bundle(row, child)
        return child.quantity - self._taken[child.id].quantity - self.pieces.get(child.id, ZERO) - whole

    def _shares_of(self, row: OrderRow) -> dict[int, Decimal]:
        """Each component's part of the bundle's value: the map's shares, or by item cost where policy says so."""
        children = self._order.children_of(row)
        mapped = {plain_sku(sku): each.share for sku, each in self._maps.components(row.sku).items()}
        told = {child.id: mapped.get(plain_sku(child.sku)) for child in children}
        weights = {key: share for key, share in told.items() if share is not None}
        if len(weights) < len(children) and self._on_bundle_part == "cost":
            weights = {c.id: (c.item_cost or ZERO) * c.quantity for c in children}
        total = sum(weights.values(), ZERO)
        if len(weights) < len(children) or total <= 0:
            return {}
        return {key: each / total for key, each in weights.items()}

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
            "left": f"{self.room[row.id]:f}",
        }


def _terms(row: OrderRow) -> tuple[object, ...]:
    """What one unit of the row is worth and under which codes: rows with equal terms are interchangeable."""
    return (row.net / row.quantity, row.tax / row.quantity, row.tax_code, row.nominal_code)
