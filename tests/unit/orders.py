"""Orders, credits and the case of one return against them, for the tests of the decision."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from statemachine.credit.case import Case
from statemachine.credit.maps import CreditMap
from statemachine.credit.policy import CreditPolicy
from statemachine.credit.preflight import preflight
from statemachine.credit.snapshot import CreditRow, ExistingCredit, Order, OrderRow, Plan, Reference
from statemachine.credit.verdicts import Verdict
from statemachine.states import State
from statemachine.units import Return, Unit
from tests.unit.returns import NOON, a_return

TODAY = date(2026, 3, 2)
REFERENCE = Reference(
    {"T20": Decimal(20), "T5": Decimal(5), "T0": Decimal(0)}, cancelled_status_id=5, locked_until=None
)
TEE = Unit("a", sku="TEE")


def row(
    row_id: int, sku: str = "TEE", quantity: int = 1, net: str = "20.00", tax: str = "4.00", **told: Any
) -> OrderRow:
    base = OrderRow(
        row_id, row_id + 1000, sku, f"Product {sku}", Decimal(quantity), Decimal(net), Decimal(tax), "T20", "4000"
    )
    return replace(base, **told)


def bundle_rows(row_id: int, sku: str, quantity: int, net: str, tax: str, **parts: int) -> tuple[OrderRow, ...]:
    """A bundle row and its component rows, ids counting up from the bundle's."""
    parent = row(row_id, sku, quantity, net, tax, bundle_parent=True)
    children = tuple(
        row(row_id + n, part, quantity * count, "0.00", "0.00", bundle_child=True, parent_row_id=row_id,
            item_cost=Decimal(10 * n))
        for n, (part, count) in enumerate(parts.items(), start=1)
    )  # fmt: skip
    return (parent, *children)


def an_order(*rows: OrderRow, **told: Any) -> Order:
    base = Order(55, "SO", "10422", "", 4, "SI-1", "ASS", "GBP", "GBP", "1", 200, rows)
    return replace(base, **told)


def coming_back(*units: Unit, **told: Any) -> Return:
    return replace(a_return(State.CREDIT_PENDING), units=units, express_code="HRK7Q2MX", **told)


def a_case(instance: Return, order: Order, *credits_made: ExistingCredit, **told: Any) -> Case:
    """`known`, `digests`, `maps`, `reference`, `today` as the case has them; everything else is policy."""
    case = Case(
        instance, order, credits_made, told.pop("reference", REFERENCE), CreditPolicy(), told.pop("maps", CreditMap()),
        told.pop("today", TODAY), told.pop("known", frozenset()), told.pop("digests", frozenset()),
    )  # fmt: skip
    return replace(case, policy=CreditPolicy(**told))


def judge(instance: Return, order: Order, *credits_made: ExistingCredit, **told: Any) -> Verdict:
    return preflight(a_case(instance, order, *credits_made, **told))


def credited(plan: Plan, credit_id: int, *, echoed: bool = True) -> ExistingCredit:
    """What Brightpearl would show of a plan that was posted; `echoed`: it shows our row references."""
    rows = tuple(
        CreditRow(
            n,
            each.product_id,
            each.quantity,
            each.net,
            each.tax,
            each.external_ref if echoed else "",
            name=each.name,
            tax_code=each.tax_code,
        )
        for n, each in enumerate(plan.rows, start=1)
    )
    return ExistingCredit(
        credit_id, plan.order_id, f"{plan.external_ref}x{credit_id}", "", plan.currency, NOON, False, rows
    )


def by_hand(credit_id: int, *rows: CreditRow, reference: str = "goodwill", **told: Any) -> ExistingCredit:
    return replace(ExistingCredit(credit_id, 55, "", reference, "GBP", NOON, False, rows), **told)
