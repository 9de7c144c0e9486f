"""Which order row a returned unit came from. Each step is written into the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from statemachine.credit.amounts import Taken
from statemachine.credit.snapshot import Order, OrderRow
from statemachine.units import Unit


@dataclass(frozen=True, slots=True)
class Matched:
    unit_rows: Mapping[str, int]
    """Unit key → order row id."""
    steps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unmatched:
    cause: str
    explanation: str
    evidence: Mapping[str, object] = field(default_factory=dict)


def base_line_id(line_item_id: str) -> str:
    """The platform's line id without Happy Returns' `-<offset>-<quantity>` suffix.

    Parsed from the right, since a bare id may hold dashes itself. Source: Happy Returns sheet 3.3.
    """
    parts = line_item_id.rsplit("-", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit() and int(parts[1]) < int(parts[2]):
        return parts[0]
    return line_item_id


def has_direct_match(unit: Unit, order: Order) -> bool:
    """Whether line id or SKU suffice, so that no product data need be read."""
    return any(candidates for step, candidates in _candidates(unit, order) if step != "barcode")


def match_units(units: tuple[Unit, ...], order: Order, taken: Mapping[int, Taken]) -> Matched | Unmatched:
    """Give every unit a row with room for it, or say which unit has none and why."""
    room = {row.id: row.quantity - taken[row.id].quantity for row in order.rows}
    found: dict[str, int] = {}
    steps: dict[str, str] = {}
    for unit in sorted(units, key=lambda each: each.key):
        step, rows = next(((step, rows) for step, rows in _candidates(unit, order) if rows), ("none", []))
        if not rows:
            return _unknown(unit, order)
        open_rows = [row for row in rows if room[row.id] >= 1]
        if not open_rows:
            sold = sum((row.quantity for row in rows), Decimal(0))
            return Unmatched(
                "over-return",
                f"{unit.sku or unit.name}: {sold:f} sold on this order, and nothing of it is left to credit.",
                {"unit": unit.key, "sku": unit.sku, "sold": str(sold), "rows": [row.id for row in rows]},
            )
        if len({_terms(row) for row in open_rows}) > 1:
            return Unmatched(
                "sku-ambiguous",
                f"{unit.sku or unit.name} stands on {len(open_rows)} rows of the order at different terms.",
                {"unit": unit.key, "sku": unit.sku, "rows": [row.id for row in open_rows]},
            )
        row = open_rows[0]
        found[unit.key] = row.id
        steps[unit.key] = f"{step} → row {row.id}"
        room[row.id] -= 1
    return Matched(found, steps)


def _candidates(unit: Unit, order: Order) -> list[tuple[str, list[OrderRow]]]:
    """Candidate rows by each step, strongest first. Goods only; bundle components are a cause of their own."""
    goods = [row for row in order.rows if row.is_goods]
    line = base_line_id(unit.line_item_id) if unit.line_item_id else ""
    sku = unit.sku.strip().casefold()
    return [
        ("line id", [row for row in goods if line and row.external_ref in (line, unit.line_item_id)]),
        ("variant id", [row for row in goods if unit.variant_id and row.external_ref == unit.variant_id]),
        ("sku", [row for row in goods if sku and row.sku.strip().casefold() == sku]),
        ("barcode", [row for row in goods if unit.barcode and unit.barcode in _barcodes(order, row)]),
    ]


def _barcodes(order: Order, row: OrderRow) -> frozenset[str]:
    return order.barcodes.get(row.product_id, frozenset()) if row.product_id is not None else frozenset()


def _terms(row: OrderRow) -> tuple[object, ...]:
    """What one unit of the row is worth and under which codes: rows with equal terms are interchangeable."""
    return (row.net / row.quantity, row.tax / row.quantity, row.tax_code, row.nominal_code)


def _unknown(unit: Unit, order: Order) -> Unmatched:
    sku = unit.sku.strip().casefold()
    child = next((row for row in order.rows if row.bundle_child and sku and row.sku.strip().casefold() == sku), None)
    evidence = {
        "unit": unit.key,
        "sku": unit.sku,
        "barcode": unit.barcode,
        "line_item_id": unit.line_item_id,
        "order_skus": sorted(row.sku for row in order.rows if row.sku),
    }
    if child is not None:
        return Unmatched(
            "bundle-incomplete",
            f"{unit.sku} was sold inside the bundle on row {child.parent_row_id}; the bundle has one price.",
            {**evidence, "bundle_row": child.parent_row_id},
        )
    return Unmatched(
        "sku-unknown-to-order",
        f"{unit.sku or unit.name or unit.key} is on no row of order {order.reference}.",
        evidence,
    )
