"""Whether a credit can be made now, and exactly which: order + existing credits + return + policy → verdict. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from statemachine.causes import CAUSES
from statemachine.credit.amounts import DISCOUNT_REF, ZERO, share_of_discount, share_of_row, taken_by_row
from statemachine.credit.matching import Unmatched, match_units
from statemachine.credit.snapshot import (
    CreditPolicy,
    ExistingCredit,
    Order,
    Plan,
    PlannedRow,
    Reference,
)
from statemachine.refs import order_key
from statemachine.units import Return, Trouble

_NOT_SHIPPED = {"NST", "SNS"}  # nothing shipped yet; Brightpearl sheet 5.1


@dataclass(frozen=True, slots=True)
class CreditNow:
    plan: Plan
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Adopt:
    """A credit for this very return exists already, made by us earlier or by somebody else."""

    credit: ExistingCredit
    unit_rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Wait:
    """A fact that can come about by itself is missing; decide again when it does."""

    waits_for: str


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    trouble: Trouble


Verdict = CreditNow | Adopt | Wait | NeedsPerson


def preflight(
    instance: Return,
    order: Order,
    credits_made: Iterable[ExistingCredit],
    *,
    reference: Reference,
    policy: CreditPolicy,
    today: date,
    known_credits: frozenset[int] = frozenset(),
) -> Verdict:
    """Judge one return against its order as just read. `known_credits` belong to other returns of ours."""
    credits_made = tuple(credit for credit in credits_made if not credit.is_cancelled)
    own = next((credit for credit in credits_made if credit.external_ref == instance.credit_ref), None)
    if own is not None:
        return Adopt(own, _rows_of_own(instance, order, own))
    stop = _order_stops(instance, order, reference, policy) or _units_stop(instance, order, policy)
    if stop is not None:
        return stop
    foreign = [credit for credit in credits_made if credit.id not in known_credits]
    claimed = [credit for credit in foreign if not credit.is_ours and _claims(credit, instance)]
    others = [credit for credit in credits_made if credit not in claimed]
    drawn = _draw(instance, order, others, reference=reference, policy=policy, today=today)
    if claimed and isinstance(drawn, CreditNow):
        return _adopt_or_ask(claimed, drawn.plan)
    rival = _rival(instance, order, [credit for credit in others if credit in foreign], drawn)
    if rival is not None and isinstance(drawn, CreditNow | NeedsPerson):
        return rival
    return drawn


def _order_stops(instance: Return, order: Order, reference: Reference, policy: CreditPolicy) -> Verdict | None:
    facts = {"order_id": order.id, "reference": order.reference, "status_id": order.status_id}
    if reference.cancelled_status_id is not None and order.status_id == reference.cancelled_status_id:
        return _person("order-cancelled", f"Order {order.reference} is cancelled in Brightpearl.", facts)
    if order.invoice_reference == "pending":
        return Wait("the order's invoice to leave 'pending'")
    if order.shipping_status in _NOT_SHIPPED:
        facts["shipping_status"] = order.shipping_status
        return _person("order-not-shipped", f"Order {order.reference} has not been shipped.", facts)
    if order.invoice_reference and policy.on_invoiced_order == "hold":
        facts["invoice_reference"] = order.invoice_reference
        return _person(
            "order-locked", f"Order {order.reference} is invoiced ({order.invoice_reference}); policy holds it.", facts
        )
    if not order.contact_id:
        return _person("customer-missing", f"Order {order.reference} has no customer contact.", facts)
    return None


def _units_stop(instance: Return, order: Order, policy: CreditPolicy) -> Verdict | None:
    kinds = sorted({refund_kind(unit.refund_type) for unit in instance.units})
    if len(kinds) > 1:
        return _person("mixed-outcomes", f"One return asks for {' and '.join(kinds)}.", {"kinds": kinds})
    for unit in instance.units:
        kind = refund_kind(unit.refund_type)
        facts: dict[str, Any] = {"unit": unit.key, "refund_type": unit.refund_type}
        if kind == "unknown":
            return _person("refund-type-unknown", f"Refund type '{unit.refund_type}' is not known.", facts)
        if kind == "exchange" and policy.on_exchange == "hold":
            return _person("exchange", "The shopper chose an exchange.", facts)
        if unit.refund_currency and unit.refund_currency != order.currency:
            facts |= {"happy_returns": unit.refund_currency, "order": order.currency}
            explanation = f"Happy Returns speaks of {unit.refund_currency}, the order is in {order.currency}."
            return _person("currency-differs", explanation, facts)
        if unit.fee and policy.on_processing_fee == "hold":
            facts["fee"] = str(unit.fee)
            return _person("fee-unmapped", f"Happy Returns charged the shopper a fee of {unit.fee}.", facts)
    return None


def refund_kind(refund_type: str) -> str:
    """One of original, exchange, store-credit, unknown; no type means the original payment.

    Source: Happy Returns sheet section 6 (values are UNCONFIRMED U-14, so substrings, case-insensitively).
    """
    text = refund_type.casefold()
    if not text:
        return "original"
    if "exchange" in text:
        return "exchange"
    if "gift" in text or "credit" in text:
        return "store-credit"
    if "refund" in text or "original" in text:
        return "original"
    return "unknown"


def _draw(
    instance: Return,
    order: Order,
    credits_made: Iterable[ExistingCredit],
    *,
    reference: Reference,
    policy: CreditPolicy,
    today: date,
) -> Verdict:
    """Match, price and check the credit for exactly these units."""
    taken = taken_by_row(order, credits_made)
    matched = match_units(instance.units, order, taken)
    if isinstance(matched, Unmatched):
        return _person(matched.cause, matched.explanation, dict(matched.evidence))
    counts: dict[int, Decimal] = {}
    for row_id in matched.unit_rows.values():
        counts[row_id] = counts.get(row_id, ZERO) + 1
    by_id = {row.id: row for row in order.rows}
    rows: list[PlannedRow] = []
    for row_id, units in sorted(counts.items()):
        row = by_id[row_id]
        if row.tax_code not in reference.tax_codes:
            facts = {"row": row.id, "sku": row.sku, "tax_code": row.tax_code}
            return _person("tax-code-unknown", f"Row {row.id} carries tax code '{row.tax_code}'.", facts)
        net, tax = share_of_row(row, taken[row.id], units)
        if net < 0 or tax < 0:
            facts = {"row": row.id, "net_left": str(net), "tax_left": str(tax)}
            return _person("value-above-row", f"More than row {row.id} was worth has been credited already.", facts)
        rows.append(
            PlannedRow(row.id, row.product_id, row.name, units, net, tax, row.tax_code, row.nominal_code, str(row.id))
        )
    for row in order.rows:
        if not row.is_discount:
            continue
        net, tax = share_of_discount(row, order, taken, counts)
        if net or tax:
            name = f"Share of: {row.name}"
            ref = f"{DISCOUNT_REF}{row.id}"
            rows.append(PlannedRow(row.id, None, name, Decimal(1), net, tax, row.tax_code, row.nominal_code, ref))
    tax_on = today
    if reference.locked_until is not None and today <= reference.locked_until:
        tax_on = reference.locked_until + timedelta(days=1)
    plan = Plan(order.id, instance.credit_ref, tuple(rows), matched.unit_rows, tax_on, order.currency)
    if plan.net + plan.tax <= 0:
        facts = {"net": str(plan.net), "tax": str(plan.tax)}
        return _person("value-above-row", "Nothing of these rows' value is left to credit.", facts)
    announced = _announced(instance)
    evidence: dict[str, Any] = {"match": dict(matched.steps), "order_id": order.id, "tax_on": tax_on.isoformat()}
    if announced is not None and abs(announced - plan.net - plan.tax) > policy.amount_tolerance:
        evidence["happy_returns_amount"] = str(announced)
        if policy.amount_check == "hold":
            explanation = f"Happy Returns announced {announced}, the order rows give {plan.net + plan.tax}."
            return _person("amount-differs", explanation, evidence)
    return CreditNow(plan, evidence)


def _announced(instance: Return) -> Decimal | None:
    """Happy Returns' own figure, when every unit has one; a check only, never the amount."""
    amounts = [unit.refund_amount for unit in instance.units]
    return sum((a for a in amounts if a is not None), ZERO) if amounts and None not in amounts else None


def _claims(credit: ExistingCredit, instance: Return) -> bool:
    """Somebody wrote this return's own identifiers on the credit."""
    text = f"{credit.external_ref} {credit.reference}".casefold()
    marks = (instance.express_code, instance.happy_return_id, instance.rma_id)
    return any(mark and mark.casefold() in text for mark in marks)


def _adopt_or_ask(claimed: list[ExistingCredit], plan: Plan) -> Verdict:
    facts = {"credits": [credit.id for credit in claimed], "planned_net": str(plan.net), "planned_tax": str(plan.tax)}
    if len(claimed) > 1:
        return _person("rival-credit", f"{len(claimed)} credits name this return.", facts)
    credit = claimed[0]
    if (credit.net, credit.tax, credit.currency) == (plan.net, plan.tax, plan.currency):
        return Adopt(credit, plan.unit_rows)
    facts |= {"found_net": str(credit.net), "found_tax": str(credit.tax)}
    return _person("credit-differs", f"Credit {credit.id} names this return but has other sums.", facts)


def _rival(instance: Return, order: Order, foreign: Iterable[ExistingCredit], drawn: Verdict) -> Verdict | None:
    """A credit that may be for these very units: made by others since the return began, for goods of the same kind.

    One with our own prefix that the database does not know was forgotten by a restore: it counts whenever it was made.
    """
    skus = {unit.sku.strip().casefold() for unit in instance.units if unit.sku}
    products = {row.product_id for row in order.rows if row.sku.strip().casefold() in skus}
    if isinstance(drawn, CreditNow):
        products |= {row.product_id for row in drawn.plan.rows if row.product_id is not None}
    began = min((unit.started_at for unit in instance.units if unit.started_at), default=None)
    for credit in foreign:
        if not any(row.product_id in products for row in credit.rows):
            continue
        earlier = began is not None and credit.created_at is not None and credit.created_at < began
        if earlier and not credit.is_ours:
            continue  # made before this return was even started: an earlier return's credit
        facts = {"credit_id": credit.id, "external_ref": credit.external_ref, "net": str(credit.net)}
        return _person(
            "rival-credit",
            f"Credit {credit.id} was made by others, or forgotten by us, for goods of this order.",
            facts,
        )
    return None


def _rows_of_own(instance: Return, order: Order, own: ExistingCredit) -> Mapping[str, int]:
    """Which unit sits on which order row of our own credit that was found again."""
    room = {
        int(row.external_ref): row.quantity
        for row in own.rows
        if row.external_ref.isdigit() and any(each.id == int(row.external_ref) for each in order.rows)
    }
    narrowed = tuple(row for row in order.rows if row.id in room)
    from_credit = {row.id: Decimal(0) for row in order.rows}
    for row in narrowed:
        from_credit[row.id] = row.quantity - room[row.id]
    only = Order(
        id=order.id, type_code=order.type_code, reference=order.reference, external_ref=order.external_ref,
        status_id=order.status_id, invoice_reference=order.invoice_reference, shipping_status=order.shipping_status,
        currency=order.currency, accounting_currency=order.accounting_currency, exchange_rate=order.exchange_rate,
        contact_id=order.contact_id, rows=narrowed, barcodes=order.barcodes,
    )  # fmt: skip
    taken = taken_by_row(only, ())
    taken = {row_id: each.plus(from_credit[row_id], ZERO, ZERO) for row_id, each in taken.items()}
    matched = match_units(instance.units, only, taken)
    return matched.unit_rows if not isinstance(matched, Unmatched) else {}


def is_same_order(order: Order, order_number: str) -> bool:
    """Whether Brightpearl's order carries the shopper's number in one of its reference fields."""
    wanted = order_key(order_number)
    return wanted in (order_key(order.reference), order_key(order.external_ref), str(order.id))


def _person(cause: str, explanation: str, evidence: dict[str, Any]) -> NeedsPerson:
    return NeedsPerson(Trouble(cause, CAUSES[cause].owner, explanation, evidence))
