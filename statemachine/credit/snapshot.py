"""Brightpearl's facts as the decision sees them: an order, its rows, the credits that exist, the account's codes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from statemachine.credit.lookup import NO_ROWS, RowLookup
from statemachine.money import shown
from statemachine.units import Place

OWN_PREFIX = "HW-"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row; net and tax are the row's totals in order currency, both in its minor units.

    `tax_rate` in percent, as the row itself names it; None where it does not. `taxed_elsewhere`: another service than
    Brightpearl worked out the tax, so that the code's own rate says nothing about it.
    """

    id: int
    product_id: int | None
    sku: str
    name: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_code: str
    nominal_code: str
    external_ref: str = ""
    item_cost: Decimal | None = None
    bundle_parent: bool = False
    bundle_child: bool = False
    parent_row_id: int = 0
    tax_rate: Decimal | None = None
    taxed_elsewhere: bool = False

    @property
    def is_goods(self) -> bool:
        """A product somebody can bring back; free text, shipping and discounts are not."""
        return bool(self.sku) and self.net >= 0 and not self.bundle_child and self.quantity > 0

    @property
    def is_discount(self) -> bool:
        return self.net < 0 and not self.bundle_child


@dataclass(frozen=True, slots=True)
class Product:
    """What the catalogue says of a product: every barcode it has, and what it is made of when it is a bundle."""

    id: int
    sku: str = ""
    barcodes: frozenset[str] = frozenset()
    components: Mapping[int, int] = field(default_factory=dict)
    """Component product id → how many of it one bundle holds."""


@dataclass(frozen=True)
class Order:
    id: int
    type_code: str
    reference: str
    external_ref: str
    status_id: int
    invoice_reference: str
    shipping_status: str
    currency: str
    accounting_currency: str
    exchange_rate: str
    contact_id: int | None
    rows: tuple[OrderRow, ...]
    copied: Mapping[str, Any] = field(default_factory=dict)
    """What the credit takes over unchanged: channel, warehouse, price list and mode, addresses, owners."""
    price_mode: str = "INC"
    """INC: prices include tax, so a unit's gross is kept whole; EXC: its net is."""
    placed_at: datetime | None = None
    updated_at: datetime | None = None
    is_historical: bool = False
    products: Mapping[int, Product] = field(default_factory=dict)
    """By product id, where they had to be read."""
    unusable: tuple[str, ...] = ()
    """What is wrong with its money, in words: amounts that cannot be paid in its currency, or kept."""

    @cached_property
    def lookup(self) -> RowLookup:
        """The rows by everything they are asked for, worked out when first asked."""
        return RowLookup(self)

    def children_of(self, row: OrderRow) -> tuple[OrderRow, ...]:
        """The component rows of a bundle row."""
        return self.lookup.children.get(row.id, NO_ROWS)

    @property
    def digest(self) -> str:
        """The same for as long as nobody edits what was sold at which price."""
        told = [
            (
                row.id,
                row.sku,
                f"{row.quantity.normalize():f}",
                *(shown(value, self.currency) for value in (row.net, row.tax)),
            )
            for row in self.rows
            if row.is_goods or row.is_discount
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class CreditRow:
    id: int
    product_id: int | None
    quantity: Decimal
    net: Decimal
    tax: Decimal
    external_ref: str = ""
    bundle_parent: bool = False
    bundle_child: bool = False
    parent_row_id: int = 0
    sku: str = ""
    name: str = ""
    tax_code: str = ""


@dataclass(frozen=True, slots=True)
class ExistingCredit:
    id: int
    parent_order_id: int
    external_ref: str
    reference: str
    currency: str
    created_at: datetime | None
    is_cancelled: bool
    rows: tuple[CreditRow, ...]
    warehouse_id: int | None = None
    invoice_reference: str = ""
    exchange_rate: str = "1"
    status_id: int | None = None
    taxed_at: datetime | None = None
    """When its tax counts: the day it is posted on."""
    stock_status: str = ""
    updated_at: datetime | None = None
    total: Decimal | None = None
    """What Brightpearl says it comes to, tax included; None where it does not say."""
    unusable: tuple[str, ...] = ()
    """What is wrong with its money, in words."""

    @property
    def is_ours(self) -> bool:
        return self.external_ref.upper().startswith(OWN_PREFIX)

    @property
    def adds_up(self) -> bool:
        """Whether its rows are all there, by its total. Rows may be told to more decimals than the total."""
        return self.total is None or abs(self.net + self.tax - self.total) <= Decimal("0.01") * len(self.rows)

    @property
    def net(self) -> Decimal:
        return sum((row.net for row in self.rows if not row.bundle_child), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((row.tax for row in self.rows if not row.bundle_child), Decimal(0))


@dataclass(frozen=True, slots=True)
class Reference:
    """The account's reference data the decision needs."""

    tax_rates: Mapping[str, Decimal]
    """Active tax code → rate in percent."""
    cancelled_status_id: int | None
    locked_until: date | None
    """No posting may carry a tax date on or before this day."""
    nominal_codes: frozenset[str] | None = None
    """Active nominal codes; None where the account does not tell them, and then none is doubted."""


@dataclass(frozen=True, slots=True)
class PlannedRow:
    order_row_id: int
    product_id: int | None
    name: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_code: str
    nominal_code: str
    external_ref: str


@dataclass(frozen=True, slots=True)
class Header:
    """What the maps and policy say of the credit as a whole; None leaves Brightpearl's or the order's own."""

    status_id: int | None = None
    channel_id: int | None = None
    warehouse_id: int | None = None
    marks: Mapping[str, Any] = field(default_factory=dict)
    """What is written on the credit once its legs are done: status_id, note, custom_fields."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A credit to be made, complete: sums, rows, and where each unit stands on it."""

    order_id: int
    external_ref: str
    rows: tuple[PlannedRow, ...]
    places: Mapping[str, tuple[Place, ...]]
    """Unit key → where it stands on the credit."""
    tax_on: date
    currency: str
    header: Header = Header()
    order_digest: str = ""

    @property
    def net(self) -> Decimal:
        return sum((row.net for row in self.rows), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((row.tax for row in self.rows), Decimal(0))

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax
