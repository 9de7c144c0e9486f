"""Legs: one fact each about a returned unit, a credit, stock, a refund, a payout, the bank or a fee.

A leg says what somebody's system holds; matching says which legs tell of the same thing. Amounts are positive, tax
included, in the order's currency. Dates are business dates by the merchant's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from statemachine.money import as_stated, zero


class Kind(StrEnum):
    UNIT = "unit"
    """One physical unit of a return we know."""
    MENTION = "mention"
    """What Happy Returns tells of a unit beside the return itself: a line of a hub's shipment."""
    CREDIT = "credit"
    """One row of a sales credit in Brightpearl; a cancelled credit has none."""
    STOCK = "stock"
    """One line of a goods-in note against a credit."""
    REFUND = "refund"
    """One payment to the customer, recorded in Brightpearl."""
    PAYOUT = "payout"
    """One refund line of a payment platform's payout."""
    TRANSFER = "transfer"
    """One payout as a whole: what the platform says it moved to or from the bank."""
    BANK = "bank"
    """One line of a bank statement."""
    FEE = "fee"
    """One line of a Happy Returns invoice."""


class Stage(StrEnum):
    """How far a unit has come; facts["stage"] of a unit's leg."""

    STARTED = "started"
    HANDED_OVER = "handed-over"
    APPROVED = "approved"
    OVER = "over"
    """Expired or cancelled: nothing is due."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One fact. `ids` name things exactly (`credit:77`, `item:…`): legs that share one belong together.

    facts by kind — unit: stage, credit_due, due_from, received_on, returnless, written_off, refund_due, bundle_row, method,
    code, departed_on, fee (the shopper's); mention: code, shipment;
    credit: row, sold (the order row's quantity, net, tax, tax_code), claims, is_ours, is_fee, stock_quantity;
    refund: method; payout: provider, payout_id, line, and as far as told: paid_on, customer_amount, customer_currency, took
    and took_currency (fees included; where it differs from the amount); transfer: provider, payout_id, lines, sum, told,
    refunds, refused (lines of it that could not be read); bank: text, and as far as told: account, ref, statement, format;
    fee: type, method, invoice, code.
    """

    key: str
    kind: Kind
    on: date
    currency: str
    amount: Decimal | None
    quantity: int = 1
    ids: tuple[str, ...] = ()
    order: str = ""
    sku: str = ""
    tax: Decimal | None = None
    tax_code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    known_from: datetime | None = None

    def __post_init__(self) -> None:
        """Amounts have the decimals of their currency, however they were written or stored."""
        if self.amount is not None:
            object.__setattr__(self, "amount", as_stated(self.amount, self.currency))
        if self.tax is not None:
            object.__setattr__(self, "tax", as_stated(self.tax, self.currency))

    def as_customer_got(self, currency: str) -> "Leg":
        """A payout's line in the customer's currency, where the platform says what it was there; else as it is.

        What it took off the payout stays in facts["paid_out"] and facts["paid_out_currency"].
        """
        told = self.facts.get("customer_amount")
        if self.currency == currency or told is None or self.facts.get("customer_currency") != currency:
            return self
        paid = {"paid_out": str(self.amount), "paid_out_currency": self.currency}
        return replace(self, amount=Decimal(str(told)), currency=currency, facts={**self.facts, **paid})

    @property
    def value(self) -> Decimal:
        return self.amount if self.amount is not None else zero(self.currency)
