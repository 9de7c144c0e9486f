"""What one returned unit may be on an order, by the surest step that says anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from statemachine.credit.lookup import NO_ROWS, Articles
from statemachine.credit.maps import CreditMap, plain_sku
from statemachine.credit.snapshot import Order, OrderRow
from statemachine.refs import fold_id, is_number
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
    if len(parts) == 3 and is_number(parts[1]) and is_number(parts[2]) and int(parts[1]) < int(parts[2]):
        return int(parts[2])
    return None


def needs_products(unit: Unit, order: Order) -> bool:
    """Whether line id and SKU leave a doubt that product data may settle."""
    found = _direct(unit, order, ("line id", "variant id", "sku"))
    return found is None or len(found[1].fitting(plain_sku(unit.sku))) < len(found[1].rows)


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
    lookup, sku = order.lookup, plain_sku(unit.sku)
    found = _direct(unit, order, ("line id", "variant id", "sku", "barcode"))
    if found is not None:
        step, articles = found
        rows = articles.rows
        if agreeing := articles.fitting(sku):
            inside = () if step == "line id" else lookup.parts.of(sku, unit.barcode)
            return Reading(step, rows=agreeing, children=inside)
        if children := lookup.parts_of(articles).of(sku, unit.barcode):
            return Reading(f"{step}, component", children=children)
        if unit.barcode in articles.by_barcode:
            return Reading(f"{step}, barcode agrees", rows=rows)
        if any(sold in articles.by_sku for sold in maps.sold_skus(unit.sku)):
            return Reading(f"{step}, substitution", rows=rows)
        if on_sku_difference == "trust-line":
            return Reading(f"{step}, other SKU", rows=rows)
        return _suspected(unit, order, rows, "the line it came from", "its line id names that row")
    if children := lookup.parts.of(sku, unit.barcode):
        return Reading("bundle component", children=children)
    if bundle := _as_bundle(unit, order, maps):
        return Reading("bundle of rows", bundle=bundle)
    if rows := lookup.goods_of(maps.sold_skus(unit.sku)):
        return Reading("substitution", rows=rows)
    return _unknown(unit, order)


def _direct(unit: Unit, order: Order, steps: tuple[str, ...]) -> tuple[str, Articles] | None:
    """The first step that finds rows, strongest first; components of bundles are looked for later."""
    lookup, line, sku = order.lookup, base_line_id(unit.line_item_id), plain_sku(unit.sku)
    for step in steps:
        match step:
            case "line id":
                articles = lookup.with_refs(line, unit.line_item_id) if line else lookup.articles(NO_ROWS)
            case "variant id":
                articles = lookup.articles(lookup.goods_by_ref.get(fold_id(unit.variant_id), NO_ROWS))
            case "sku":
                articles = lookup.articles(lookup.goods.by_sku.get(sku, NO_ROWS))
            case _:
                articles = lookup.articles(lookup.goods.by_barcode.get(unit.barcode, NO_ROWS))
        if articles.rows:
            return step, articles
    return None


def _as_bundle(unit: Unit, order: Order, maps: CreditMap) -> tuple[tuple[tuple[OrderRow, ...], int], ...]:
    """The rows a returned bundle was sold as, by the map's composition, else by Brightpearl's own."""
    lookup = order.lookup
    if mapped := maps.components(unit.sku):
        goods = lookup.goods.by_sku
        needed = [(goods.get(plain_sku(sku), NO_ROWS), each.count) for sku, each in mapped.items()]
    else:
        product = lookup.bundles_by_sku.get(plain_sku(unit.sku))
        components = product.components if product else {}
        needed = [(lookup.goods_by_product.get(part, NO_ROWS), count) for part, count in components.items()]
    return tuple(needed) if needed and any(rows for rows, _ in needed) else ()


def _unknown(unit: Unit, order: Order) -> Unmatched:
    """No step found a row. A row with the same name or the announced price is suggested, never taken."""
    lookup, price = order.lookup, unit.refund_amount
    same_name = lookup.goods_by_name.get(unit.name.strip().casefold(), NO_ROWS) if unit.name else NO_ROWS
    likely = same_name or (lookup.only_one_near(price) if price is not None else NO_ROWS)
    if len(likely) == 1:
        why = "the name is the same" if same_name else "its unit price is the announced amount"
        return _suspected(unit, order, likely, "nothing on this order by its own codes", why)
    return Unmatched(
        "sku-unknown-to-order",
        f"{unit_name(unit)} is on no row of order {order.reference}.",
        {**unit_facts(unit), "order_skus": lookup.skus},
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
