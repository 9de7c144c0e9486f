"""What a merchant wants of its credits, as far as the decision must know it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from statemachine.credit.matching import OnBundlePart
from statemachine.credit.reading import OnSkuDifference


@dataclass(frozen=True, slots=True)
class CreditPolicy:
    """Per merchant and drop-off method; every field has the default of the README's settings table."""

    on_invoiced_order: Literal["credit", "hold"] = "credit"
    on_exchange: Literal["credit", "hold"] = "hold"
    on_processing_fee: Literal["hold", "deduct", "ignore"] = "hold"
    on_locked_period: Literal["later-date", "wait"] = "later-date"
    lock_ahead_days_max: int = 31
    """A lock that reaches further ahead is waited for: no credit is dated later than this many days from today."""
    on_sku_difference: OnSkuDifference = "hold"
    on_bundle_part: OnBundlePart = "hold"
    amount_check: Literal["unexplained", "hold", "note"] = "unexplained"
    amount_tolerance: Decimal | None = None
    """In the order's currency; None: some of its smallest coins."""
    value_ceiling: Decimal | None = None
    """In the account's base currency, tax included."""
    order_age_days_max: int | None = None
    decision_size_max: int = 10_000
    """Units of a return, rows of its order and rows of its order's credits, together: more is not decided by itself."""
    credit_status_id: int | None = None
    done_status_id: int | None = None
    authorised_status_id: int | None = None
    return_warehouse_id: int | None = None
