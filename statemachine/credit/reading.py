"""What one returned unit may be on an order, by the surest step that says anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from statemachine.credit.maps import CreditMap, plain_sku
from statemachine.credit.snapshot import Order, OrderRow, Product
from statemachine.units import Unit

OnSkuDifference = Literal["hold", "trust-line"]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """`key` names what must be mended; `by_map`: an entry in the maps would mend it."""

    cause: str
    explanation: str
    evidence: Mapping[str, object]
    key: str = ""
    by_map: bool = False
    suggested: OrderRow | None = None
    """What it most likely is; taken only when a person agrees."""


def base_line_id(line_item_id: str) -> str:
    """The platform's line id without Happy Returns' `-<offset>-<quantity>` suffix.

    Parsed from the right, since a bare id may hold dashes itself. Source: Happy Returns sheet 3.3.
    """
    return line_item_id.rsplit("-", 2)[0] if quantity_in_line_id(line_item_id) else line_item_id


def quantity_in_line_id(line_item_id: str) -> int | None:
    """How many of the line could be refunded when the return was started, where the line id says so (same source)."""
    parts = line_item_id.rsplit("-", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit() and int(parts[1]) < int(parts[2]):
        return int(parts[2])
    return None


def needs_products(unit: Unit, order: Order) -> bool:
    """Whether line id and SKU leave a doubt that product data may settle."""
    found = _direct(unit, order, ("line id", "variant id", "sku"))
    return found is None or any(_contradicts(unit, row) for row in found[1])


@dataclass(frozen=True, slots=True)
class Reading:
    """What one unit may be: one of `rows`, a piece of one of the bundle rows' `children`, or a `bundle` made of rows."""

    step: str
    rows: tuple[OrderRow, ...] = ()
    children: tuple[OrderRow, ...] = ()
    bundle: tuple[tuple[tuple[OrderRow, ...], int], ...] = ()
    """For each component: the rows that hold it, and how many of it one bundle needs."""

    @property
    def is_named(self) -> bool:
        """Found by an identifier of the very order line."""
        return self.step.startswith(("line id", "variant id"))


def read_unit(
    unit: Unit, order: Order, maps: CreditMap, on_sku_difference: OnSkuDifference, *, takes_suggestions: bool = False
) -> Reading | Unmatched:
    """What the unit may be. `takes_suggestions`: a person agreed to what is suggested where nothing surer is found."""
    read = _read(unit, order, maps, on_sku_difference)
    if takes_suggestions and isinstance(read, Unmatched) and read.suggested is not None:
        return Reading("suggestion accepted", rows=(read.suggested,))
    return read


def _read(unit: Unit, order: Order, maps: CreditMap, on_sku_difference: OnSkuDifference) -> Reading | Unmatched:
    found = _direct(unit, order, ("line id", "variant id", "sku", "barcode"))
    if found is not None:
        step, rows = found
        children = tuple(c for row in rows for c in order.children_of(row) if _is_same(unit, c, order))
        agreeing = tuple(row for row in rows if not _contradicts(unit, row))
        if agreeing:
            inside = () if step == "line id" else _components(unit, order)
            return Reading(step, rows=agreeing, children=inside)
        if children:
            return Reading(f"{step}, component", children=children)
        if any(unit.barcode and unit.barcode in _product(order, row).barcodes for row in rows):
            return Reading(f"{step}, barcode agrees", rows=rows)
        if any(plain_sku(row.sku) in maps.sold_skus(unit.sku) for row in rows):
            return Reading(f"{step}, substitution", rows=rows)
        if on_sku_difference == "trust-line":
            return Reading(f"{step}, other SKU", rows=rows)
        return _suspected(unit, order, rows, "the line it came from", "its line id names that row")
    children = _components(unit, order)
    if children:
        return Reading("bundle component", children=children)
    if bundle := _as_bundle(unit, order, maps):
        return Reading("bundle of rows", bundle=bundle)
    sold = maps.sold_skus(unit.sku)
    rows = tuple(row for row in order.rows if row.is_goods and plain_sku(row.sku) in sold)
    if rows:
        return Reading("substitution", rows=rows)
    return _unknown(unit, order)


def _direct(unit: Unit, order: Order, steps: tuple[str, ...]) -> tuple[str, tuple[OrderRow, ...]] | None:
    """The first step that finds rows, strongest first; components of bundles are looked for later."""
    line, sku = base_line_id(unit.line_item_id), plain_sku(unit.sku)
    goods = [row for row in order.rows if row.is_goods]
    named = [row for row in order.rows if not row.bundle_child and row.net >= 0 and row.quantity > 0]
    for step in steps:
        match step:
            case "line id":
                rows = [row for row in named if line and row.external_ref in (line, unit.line_item_id)]
            case "variant id":
                rows = [row for row in goods if unit.variant_id and row.external_ref == unit.variant_id]
            case "sku":
                rows = [row for row in goods if sku and plain_sku(row.sku) == sku]
            case _:
                rows = [row for row in goods if unit.barcode and unit.barcode in _product(order, row).barcodes]
        if rows:
            return step, tuple(rows)
    return None


def _contradicts(unit: Unit, row: OrderRow) -> bool:
    """Both name an article, and not the same one."""
    return bool(unit.sku.strip() and row.sku.strip()) and plain_sku(unit.sku) != plain_sku(row.sku)


def _is_same(unit: Unit, row: OrderRow, order: Order) -> bool:
    by_sku = bool(unit.sku.strip()) and plain_sku(unit.sku) == plain_sku(row.sku)
    return by_sku or bool(unit.barcode and unit.barcode in _product(order, row).barcodes)


def _components(unit: Unit, order: Order) -> tuple[OrderRow, ...]:
    parents = {row.id for row in order.rows if row.bundle_parent and row.quantity > 0}
    return tuple(
        row for row in order.rows if row.bundle_child and row.parent_row_id in parents and _is_same(unit, row, order)
    )


def _product(order: Order, row: OrderRow) -> Product:
    return order.products.get(row.product_id or 0) or Product(row.product_id or 0)


def _as_bundle(unit: Unit, order: Order, maps: CreditMap) -> tuple[tuple[tuple[OrderRow, ...], int], ...]:
    """The rows a returned bundle was sold as, by the map's composition, else by Brightpearl's own."""
    goods = [row for row in order.rows if row.is_goods]
    if mapped := maps.components(unit.sku):
        needed = [
            (tuple(row for row in goods if plain_sku(row.sku) == plain_sku(sku)), each.count)
            for sku, each in mapped.items()
        ]
    else:
        sku = plain_sku(unit.sku)
        product = next((p for p in order.products.values() if sku and plain_sku(p.sku) == sku and p.components), None)
        components = product.components if product else {}
        needed = [(tuple(r for r in goods if r.product_id == part), count) for part, count in components.items()]
    return tuple(needed) if needed and any(rows for rows, _ in needed) else ()


def _unknown(unit: Unit, order: Order) -> Unmatched:
    """No step found a row. A row with the same name or the announced price is suggested, never taken."""
    goods = [row for row in order.rows if row.is_goods]
    same_name = [row for row in goods if unit.name and unit.name.strip().casefold() == row.name.strip().casefold()]
    price = unit.refund_amount
    same_price = [row for row in goods if price is not None and abs((row.net + row.tax) / row.quantity - price) < 1]
    likely = tuple(same_name or same_price)
    if len(likely) == 1:
        why = "the name is the same" if same_name else "its unit price is the announced amount"
        return _suspected(unit, order, likely, "nothing on this order by its own codes", why)
    return Unmatched(
        "sku-unknown-to-order",
        f"{unit_name(unit)} is on no row of order {order.reference}.",
        {**unit_facts(unit), "order_skus": sorted({row.sku for row in order.rows if row.sku})},
        key=f"sku={unit.sku or unit.barcode or unit.line_item_id}",
        by_map=True,
    )


def _suspected(unit: Unit, order: Order, rows: tuple[OrderRow, ...], fits: str, why: str) -> Unmatched:
    row = rows[0]
    return Unmatched(
        "substitution-suspected",
        f"{unit_name(unit)} fits {fits}; row {row.id} of order {order.reference} holds {row.sku or row.name}, and {why}.",
        {**unit_facts(unit), "suggested": {"row": row.id, "sku": row.sku, "because": why}},
        key=f"sku={unit.sku}",
        by_map=True,
        suggested=row,
    )


def unit_name(unit: Unit) -> str:
    return unit.sku or unit.name or unit.barcode or unit.key


def unit_facts(unit: Unit) -> dict[str, Any]:
    return {"unit": unit.key, "sku": unit.sku, "barcode": unit.barcode, "line_item_id": unit.line_item_id}
