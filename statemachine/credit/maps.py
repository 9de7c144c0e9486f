"""The merchant's maps: what its own words mean in its Brightpearl account. Reviewed files; here their meaning.

Read from TOML and CSV by `daemon/maps.py`; `version` names exactly one content.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeVar

from statemachine.credit.outcomes import Outcome, OutcomeKind, refund_kind

DEFAULT = "*"
"""The entry that holds where no other does."""

Disposition = Literal["restock", "quarantine", "write-off"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """What a return reason means in the books."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}  # a misspelt key is a fault, never ignored

    status_id: int | None = None
    """Status of the new credit."""
    note: str = ""
    """Text of a note on the credit."""
    disposition: Disposition = "restock"
    """restock; quarantine: into the quarantine location; write-off: nothing is booked in."""
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    """Custom field code (PCF_...) → value on the credit."""


@dataclass(frozen=True, slots=True)
class FeeRule:
    """A deduction as a negative row with its own nominal and tax code; the amount includes tax."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    nominal_code: str
    tax_code: str
    name: str = "Return fee"
    percent: Decimal | None = None
    """Restocking: percent of the goods' gross value."""
    amount: Decimal | None = None
    """Restocking: so much a unit, in order currency."""
    reasons: tuple[str, ...] = ()
    """Restocking: only for these return reasons; empty: for all."""
    methods: tuple[str, ...] = ()
    """Restocking: only for these drop-off methods; empty: for all."""


@dataclass(frozen=True, slots=True)
class Component:
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    count: int = 1
    share: Decimal | None = None
    """Part of the bundle's value that all of this component's pieces are worth, 0 to 1."""


@dataclass(frozen=True)
class CreditMap:
    """Every map of one merchant. Each is empty unless the merchant says something."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    reasons: Mapping[str, ReasonRule] = field(default_factory=dict)
    """Return reason slug, or "*" for all others → what it means. Empty: reasons do not matter."""
    tax: Mapping[str, str] = field(default_factory=dict)
    """Tax code of an order row → the code its credit carries."""
    nominal: Mapping[str, str] = field(default_factory=dict)
    """Nominal code of an order row → the code its credit carries."""
    channels: Mapping[int, int] = field(default_factory=dict)
    """Channel of an order → the channel of its credits."""
    warehouses: Mapping[str, int] = field(default_factory=dict)
    """Happy Returns destination, or "*" → warehouse. Empty: policy or the order's own."""
    refund_methods: Mapping[str, str] = field(default_factory=dict)
    """Payment method an order was paid with, or "*" → method of its refunds."""
    bundles: Mapping[str, Mapping[str, Component]] = field(default_factory=dict)
    """Bundle SKU → component SKU → how many of it, and what share of the bundle's value they are."""
    substitutions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Returned SKU → the sold SKUs it may stand for."""
    fees: Mapping[Literal["processing", "restocking"], FeeRule] = field(default_factory=dict)
    """processing: Happy Returns' fee to the shopper; restocking: the merchant's own."""
    refund_types: Mapping[str, Outcome] = field(default_factory=dict)
    """The merchant's own words for what a shopper chose → original, exchange or store-credit."""
    version: str = ""

    def refund_kind(self, refund_type: str) -> OutcomeKind:
        """What the shopper chose, by the merchant's words and ours."""
        return refund_kind(refund_type, self.refund_types)

    def reason(self, reason_id: str) -> ReasonRule | None:
        """None: reasons are mapped, and this one is not."""
        if not self.reasons:
            return ReasonRule()
        return self.reasons.get(reason_id) or self.reasons.get(DEFAULT)

    def warehouse(self, destination: str) -> int | None:
        return self.warehouses.get(destination) or self.warehouses.get(DEFAULT)

    def sold_skus(self, sku: str) -> tuple[str, ...]:
        """SKUs, casefolded, that a returned one may stand for."""
        return self._sold_by_sku.get(plain_sku(sku), ())

    def components(self, sku: str) -> Mapping[str, Component]:
        return self._bundles_by_sku.get(plain_sku(sku), {})

    def is_component(self, sku: str) -> bool:
        """Whether a bundle of the map is made of it."""
        return plain_sku(sku) in self._component_skus

    @cached_property
    def _component_skus(self) -> frozenset[str]:
        return frozenset(plain_sku(sku) for components in self.bundles.values() for sku in components) - {""}

    @cached_property
    def _sold_by_sku(self) -> dict[str, tuple[str, ...]]:
        plain = {sku: tuple(plain_sku(each) for each in sold) for sku, sold in self.substitutions.items()}
        return _by_sku(plain)

    @cached_property
    def _bundles_by_sku(self) -> dict[str, Mapping[str, Component]]:
        return _by_sku(self.bundles)


def plain_sku(sku: str) -> str:
    """SKUs compare trimmed and without case: whether Brightpearl minds case is UNCONFIRMED (sheet section 10)."""
    return sku.strip().casefold()


def _by_sku(table: Mapping[str, _T]) -> dict[str, _T]:
    """By plain SKU; of two spellings of one SKU the first holds, and an empty one stands for nothing."""
    plain: dict[str, _T] = {}
    for sku, value in table.items():
        if plain_sku(sku):
            plain.setdefault(plain_sku(sku), value)
    return plain
