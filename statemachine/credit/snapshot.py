"""Brightpearl's facts as the decision sees them: an order, its rows, and the credits that already exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

OWN_PREFIX = "HW-"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row; net and tax are the row's totals in order currency, both at two decimals."""

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

    @property
    def is_goods(self) -> bool:
        """A product somebody can bring back; free text, shipping and discounts are not."""
        return bool(self.sku) and self.net >= 0 and not self.bundle_child

    @property
    def is_discount(self) -> bool:
        return self.net < 0 and not self.bundle_child


@dataclass(frozen=True, slots=True)
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
    barcodes: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Product id → every barcode of that product, where they were read."""


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

    @property
    def is_ours(self) -> bool:
        return self.external_ref.startswith(OWN_PREFIX)

    @property
    def net(self) -> Decimal:
        return sum((row.net for row in self.rows if not row.bundle_child), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((row.tax for row in self.rows if not row.bundle_child), Decimal(0))


@dataclass(frozen=True, slots=True)
class Reference:
    """The account's reference data the decision needs."""

    tax_codes: frozenset[str]
    cancelled_status_id: int | None
    locked_until: date | None
    """No posting may carry a tax date on or before this day."""


@dataclass(frozen=True, slots=True)
class CreditPolicy:
    on_invoiced_order: Literal["credit", "hold"] = "credit"
    on_exchange: Literal["credit", "hold"] = "hold"
    on_processing_fee: Literal["hold", "ignore"] = "hold"
    amount_check: Literal["note", "hold"] = "note"
    amount_tolerance: Decimal = Decimal("0.05")


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
class Plan:
    """A credit to be made, complete: sums, rows, and which unit is credited on which row."""

    order_id: int
    external_ref: str
    rows: tuple[PlannedRow, ...]
    unit_rows: Mapping[str, int]
    tax_on: date
    currency: str

    @property
    def net(self) -> Decimal:
        return sum((row.net for row in self.rows), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((row.tax for row in self.rows), Decimal(0))
