"""An order's rows by everything they are asked for: worked out once an order, so that a unit costs a look and not a walk.

Several rows come in the order's own order. What is asked twice is answered with the very same tuple, so that thousands of
units with one answer can be told from thousands of answers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from statemachine.credit.maps import plain_sku
from statemachine.refs import fold_id

if TYPE_CHECKING:
    from statemachine.credit.snapshot import Order, OrderRow, Product

Rows: TypeAlias = "tuple[OrderRow, ...]"
NO_ROWS: Rows = ()

_Key = TypeVar("_Key")


class RowLookup:
    """The rows of one order, by id, reference, article, product, name, price, tax code and bundle."""

    def __init__(self, order: "Order") -> None:
        self._order = order
        self._articles: dict[int, Articles] = {}
        self._by_refs: dict[tuple[str, str], Articles] = {}
        self._by_skus: dict[tuple[str, ...], Rows] = {}
        self._component_skus: dict[int, list[str]] = {}
        self._terms: dict[int, int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}

    @cached_property
    def by_id(self) -> "dict[int, OrderRow]":
        return {row.id: row for row in self._order.rows}

    @cached_property
    def _places(self) -> dict[int, int]:
        return {row.id: place for place, row in enumerate(self._order.rows)}

    def together(self, some: Rows, others: Rows) -> Rows:
        """Both, each row once."""
        if not some or not others or some is others:
            return some or others
        return self._in_order((*some, *others))

    def _in_order(self, rows: "Iterable[OrderRow]") -> Rows:
        once = {row.id: row for row in rows}
        return tuple(sorted(once.values(), key=lambda row: self._places[row.id]))

    # -- what can come back ---------------------------------------------------------------------------------------------

    @cached_property
    def goods(self) -> "Articles":
        return self.articles(tuple(row for row in self._order.rows if row.is_goods))

    def goods_of(self, skus: tuple[str, ...]) -> Rows:
        """Goods that carry one of these plain SKUs."""
        if skus not in self._by_skus:
            groups = [self.goods.by_sku[sku] for sku in skus if sku in self.goods.by_sku]
            self._by_skus[skus] = groups[0] if len(groups) == 1 else self._in_order(r for rows in groups for r in rows)
        return self._by_skus[skus]

    @cached_property
    def children(self) -> dict[int, Rows]:
        """Bundle row id → its component rows."""
        return _grouped((row.parent_row_id, row) for row in self._order.rows if row.bundle_child)

    @cached_property
    def parts(self) -> "Articles":
        """Component rows of every bundle that was not emptied."""
        bundles = {row.id for row in self._order.rows if row.bundle_parent and row.quantity > 0}
        rows = (row for row in self._order.rows if row.bundle_child and row.parent_row_id in bundles)
        return self.articles(tuple(rows))

    def parts_of(self, bundles: "Articles") -> "Articles":
        """Component rows of these bundle rows."""
        if bundles.parts is None:
            bundles.parts = Articles(self, tuple(c for row in bundles.rows for c in self.children.get(row.id, NO_ROWS)))
        return bundles.parts

    @cached_property
    def bundles(self) -> "tuple[tuple[OrderRow, tuple[tuple[OrderRow, int], ...]], ...]":
        """Bundle rows that pieces can make complete, each with its component rows and how many of each one bundle takes.

        A component that was taken out of the order is not needed; of a bundle that holds a broken number of one, or nothing
        at all, no pieces make a whole.
        """
        made = []
        for row in self._order.rows:
            if not row.bundle_parent or row.quantity <= 0:
                continue
            held = [(child, child.quantity / row.quantity) for child in self.children.get(row.id, NO_ROWS)]
            needed = tuple((child, int(count)) for child, count in held if count)
            if needed and all(count > 0 and count == int(count) for _, count in held if count):
                made.append((row, needed))
        return tuple(made)

    def component_skus(self, bundle: "OrderRow") -> list[str]:
        if bundle.id not in self._component_skus:
            self._component_skus[bundle.id] = sorted(row.sku for row in self.children.get(bundle.id, NO_ROWS))
        return self._component_skus[bundle.id]

    def articles(self, rows: Rows) -> "Articles":
        if id(rows) not in self._articles:
            self._articles[id(rows)] = Articles(self, rows)
        return self._articles[id(rows)]

    def with_refs(self, line: str, full: str) -> "Articles":
        """What was sold under a line of its own, goods or not, that carries one of two line ids as its reference."""
        if (line, full) not in self._by_refs:
            rows = self.together(self._lines.get(line, NO_ROWS), self._lines.get(full, NO_ROWS))
            self._by_refs[line, full] = self.articles(rows)
        return self._by_refs[line, full]

    @cached_property
    def _lines(self) -> dict[str, Rows]:
        lines = (row for row in self._order.rows if not row.bundle_child and row.net >= 0 and row.quantity > 0)
        return _grouped((fold_id(row.external_ref), row) for row in lines)

    @cached_property
    def goods_by_ref(self) -> dict[str, Rows]:
        return _grouped((fold_id(row.external_ref), row) for row in self.goods.rows if row.external_ref)

    @cached_property
    def goods_by_product(self) -> dict[int | None, Rows]:
        return _grouped((row.product_id, row) for row in self.goods.rows)

    @cached_property
    def goods_by_name(self) -> dict[str, Rows]:
        return _grouped((row.name.strip().casefold(), row) for row in self.goods.rows)

    @cached_property
    def _goods_by_price(self) -> tuple[list[Decimal], Rows]:
        rows = sorted(self.goods.rows, key=lambda row: (row.net + row.tax) / row.quantity)
        return [(row.net + row.tax) / row.quantity for row in rows], tuple(rows)

    def only_one_near(self, price: Decimal) -> Rows:
        """The one row whose unit price, tax included, is less than one away; none where several are."""
        prices, rows = self._goods_by_price
        first, end = bisect_right(prices, price - 1), bisect_left(prices, price + 1)
        return rows[first:end] if end - first == 1 else NO_ROWS

    def barcodes(self, row: "OrderRow") -> frozenset[str]:
        """Of the row's product, where it was read."""
        product = self._order.products.get(row.product_id or 0)
        return product.barcodes if product is not None else frozenset()

    @cached_property
    def bundles_by_sku(self) -> "dict[str, Product]":
        """Products that are made of others, by plain SKU, where they were read."""
        made: dict[str, Product] = {}
        for product in self._order.products.values():
            if product.components and plain_sku(product.sku):
                made.setdefault(plain_sku(product.sku), product)
        return made

    @cached_property
    def skus(self) -> list[str]:
        return sorted({row.sku for row in self._order.rows if row.sku})

    # -- what rows are worth --------------------------------------------------------------------------------------------

    def terms(self, row: "OrderRow") -> int:
        """A number for what one unit is worth and under which codes; rows of one article and number are interchangeable."""
        if row.id not in self._terms:
            terms = (row.net / row.quantity, row.tax / row.quantity, row.tax_code, row.nominal_code)
            self._terms[row.id] = self._numbers.setdefault(terms, len(self._numbers))
        return self._terms[row.id]

    @cached_property
    def _goods_by_terms(self) -> dict[tuple[str, int], Rows]:
        return _grouped(((plain_sku(row.sku), self.terms(row)), row) for row in self.goods.rows)

    def goods_on(self, terms: Iterable[tuple[str, int]]) -> Rows:
        """Goods of one of these plain SKUs and terms each."""
        groups = [self._goods_by_terms.get(each, NO_ROWS) for each in terms]
        return groups[0] if len(groups) == 1 else self._in_order(row for rows in groups for row in rows)

    @cached_property
    def goods_by_tax_code(self) -> dict[str, Rows]:
        return _grouped((row.tax_code, row) for row in self.goods.rows)

    @cached_property
    def sums_by_tax_code(self) -> "dict[str, Sums]":
        """Of the goods."""
        return {code: Sums.of(rows) for code, rows in self.goods_by_tax_code.items()}

    @cached_property
    def sums_of_goods(self) -> "Sums":
        return Sums.of(self.goods.rows)

    @cached_property
    def sums_of_discounts(self) -> "Sums":
        return Sums.of(self.discounts)

    @cached_property
    def discounts(self) -> Rows:
        return tuple(row for row in self._order.rows if row.is_discount)

    @cached_property
    def by_product(self) -> dict[int | None, Rows]:
        """Goods and components, by the product they are of."""
        return _grouped((row.product_id, row) for row in self._order.rows if row.is_goods or row.bundle_child)

    @cached_property
    def products_sold(self) -> frozenset[int | None]:
        return frozenset(row.product_id for row in self._order.rows if row.sku)

    @cached_property
    def charges(self) -> tuple[dict[str, Decimal], frozenset[Decimal]]:
        """Rows without SKU that cost something, such as delivery: the highest net by name, and every net there is."""
        highest: dict[str, Decimal] = {}
        rows = [row for row in self._order.rows if not row.sku and row.net > 0]
        for row in rows:
            highest[row.name.casefold()] = max(highest.get(row.name.casefold(), row.net), row.net)
        return highest, frozenset(row.net for row in rows)


@dataclass(frozen=True, slots=True)
class Sums:
    """What some rows come to."""

    net: Decimal
    tax: Decimal
    units: Decimal

    @classmethod
    def of(cls, rows: "Iterable[OrderRow]") -> "Sums":
        net = tax = units = Decimal(0)
        for row in rows:
            net, tax, units = net + row.net, tax + row.tax, units + row.quantity
        return cls(net, tax, units)

    def plus(self, others: "Sums") -> "Sums":
        return Sums(self.net + others.net, self.tax + others.tax, self.units + others.units)

    def less(self, row: "OrderRow") -> "Sums":
        return Sums(self.net - row.net, self.tax - row.tax, self.units - row.quantity)


class Articles:
    """Some rows of an order, by the SKUs they carry and the barcodes of their products."""

    def __init__(self, lookup: RowLookup, rows: Rows) -> None:
        self._lookup, self.rows = lookup, rows
        self.parts: Articles | None = None
        self._of: dict[tuple[str, str], Rows] = {}
        self._fitting: dict[str, Rows] = {}

    @cached_property
    def by_sku(self) -> dict[str, Rows]:
        """By plain SKU; rows without one are left out."""
        return _grouped((sku, row) for row in self.rows if (sku := plain_sku(row.sku)))

    @cached_property
    def by_barcode(self) -> dict[str, Rows]:
        return _grouped((code, row) for row in self.rows for code in self._lookup.barcodes(row) if code)

    def of(self, sku: str, barcode: str) -> Rows:
        """Rows of this plain SKU or of this barcode; an empty name finds nothing."""
        if (sku, barcode) not in self._of:
            found = self._lookup.together(self.by_sku.get(sku, NO_ROWS), self.by_barcode.get(barcode, NO_ROWS))
            self._of[sku, barcode] = found
        return self._of[sku, barcode]

    def fitting(self, sku: str) -> Rows:
        """Rows that do not name another SKU than this plain one: all of them where either side names none."""
        if not sku:
            return self.rows
        known = sku if sku in self.by_sku else ""
        if known not in self._fitting:
            self._fitting[known] = self._lookup.together(self.by_sku.get(known, NO_ROWS), self._nameless)
        return self._fitting[known]

    @cached_property
    def _nameless(self) -> Rows:
        return tuple(row for row in self.rows if not plain_sku(row.sku))


def _grouped(pairs: "Iterable[tuple[_Key, OrderRow]]") -> dict[_Key, Rows]:
    groups: dict[_Key, list[OrderRow]] = {}
    for key, row in pairs:
        groups.setdefault(key, []).append(row)
    return {key: tuple(rows) for key, rows in groups.items()}
