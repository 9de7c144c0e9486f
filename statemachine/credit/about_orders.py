"""Checks on the order itself and on what the shopper and Happy Returns say."""

from typing import Any

from statemachine.credit.case import Case, reason_of
from statemachine.credit.outcomes import is_never_paid
from statemachine.credit.verdicts import NeedsPerson, Refuse, Verdict, Wait
from statemachine.credit.watching import MAP

_NOT_SHIPPED = {"NST", "SNS"}  # nothing shipped yet; Brightpearl sheet 5.1


def too_large(case: Case) -> Verdict | None:
    if not case.is_too_large:
        return None
    credited, rows = len(case.credits_made), sum(len(credit.rows) for credit in case.credits_made)
    facts = {
        **case.order_facts, "units": len(case.instance.units), "order_rows": len(case.order.rows), "credits": credited,
        "credit_rows": rows, "size": case.size, "limit": case.policy.decision_size_max,
    }  # fmt: skip
    return NeedsPerson(
        cause="too-large", evidence=facts, key=case.order_key, watches=case.on_order,
        explanation=f"{len(case.instance.units)} unit(s) came back of order {case.order.reference} with "
        f"{len(case.order.rows)} rows and {credited} credit(s) of {rows} rows: more than {case.policy.decision_size_max} "
        "together is not decided by itself.",
    )  # fmt: skip


def cancelled(case: Case) -> Verdict | None:
    cancelled = case.reference.cancelled_status_id
    if cancelled is None or case.order.status_id != cancelled:
        return None
    return Refuse(
        cause="order-cancelled", explanation=f"Order {case.order.reference} is cancelled in Brightpearl.",
        evidence=case.order_facts, key=case.order_key, watches=case.on_order,
    )  # fmt: skip


def invoice_pending(case: Case) -> Verdict | None:
    if case.order.invoice_reference != "pending":
        return None
    return Wait(
        cause="invoice-pending", waits_for=f"the invoice of order {case.order.reference} to leave 'pending'",
        explanation=f"Accounting has not finished the invoice of order {case.order.reference}.",
        evidence=case.order_facts, key=case.order_key, watches=case.on_order,
    )  # fmt: skip


def not_shipped(case: Case) -> Verdict | None:
    if case.order.is_historical or case.order.shipping_status not in _NOT_SHIPPED:
        return None
    return Refuse(
        cause="order-not-shipped", explanation=f"Order {case.order.reference} has not been shipped.",
        evidence=case.order_facts, key=case.order_key, watches=case.on_order,
    )  # fmt: skip


def held_when_invoiced(case: Case) -> Verdict | None:
    if (
        not case.order.invoice_reference
        or case.policy.on_invoiced_order == "credit"
        or case.is_accepted("order-locked")
    ):
        return None
    return NeedsPerson(
        cause="order-locked", evidence=case.order_facts, key=case.order_key, watches=case.on_order,
        explanation=f"Order {case.order.reference} is invoiced ({case.order.invoice_reference}); policy holds it.",
    )  # fmt: skip


def no_customer(case: Case) -> Verdict | None:
    if case.order.contact_id:
        return None
    return NeedsPerson(
        cause="customer-missing", explanation=f"Order {case.order.reference} has no customer contact.",
        evidence=case.order_facts, key=case.order_key, watches=case.on_order,
    )  # fmt: skip


def too_old(case: Case) -> Verdict | None:
    limit, placed = case.policy.order_age_days_max, case.order.placed_at
    if limit is None or placed is None or case.is_accepted("order-too-old"):
        return None
    age = (case.today - placed.date()).days
    if age <= limit:
        return None
    facts = {**case.order_facts, "placed_on": placed.date().isoformat(), "age_days": age, "limit_days": limit}
    return NeedsPerson(
        cause="order-too-old", explanation=f"Order {case.order.reference} is {age} days old; the limit is {limit}.",
        evidence=facts, key=case.order_key,
    )  # fmt: skip


def edited(case: Case) -> Verdict | None:
    if not case.known_digests or case.order.digest in case.known_digests or case.is_accepted("order-edited"):
        return None
    facts = {**case.order_facts, "digest_now": case.order.digest, "digests_credited": sorted(case.known_digests)}
    return NeedsPerson(
        cause="order-edited", evidence=facts, key=case.order_key, watches=case.on_order,
        explanation=f"The rows of order {case.order.reference} were edited since an earlier return of it was credited.",
    )  # fmt: skip


def outcomes(case: Case) -> Verdict | None:
    kinds = sorted({case.maps.refund_kind(unit.refund_type) for unit in case.instance.units})
    facts: dict[str, Any] = {"refund_types": sorted({unit.refund_type for unit in case.instance.units}), "kinds": kinds}
    if len(kinds) > 1:
        return NeedsPerson(
            cause="mixed-outcomes",
            explanation=f"One return asks for {' and '.join(kinds)}.",
            evidence=facts,
            key=case.return_key,
            watches=case.on_credits,
        )
    if kinds == ["unknown"]:
        refund_type = case.instance.units[0].refund_type
        means = "says that nothing is refunded" if is_never_paid(refund_type) else "is not known"
        return NeedsPerson(
            cause="refund-type-unknown",
            explanation=f"Refund type '{refund_type}' {means}.",
            evidence=facts,
            key=f"refund_type={refund_type}",
            watches=(*case.on_credits, MAP),
        )
    if kinds == ["exchange"] and case.policy.on_exchange == "hold":
        return NeedsPerson(
            cause="exchange", explanation="The shopper chose an exchange.", evidence=facts, key=case.return_key
        )
    return None


def currency(case: Case) -> Verdict | None:
    told = next(
        (u for u in case.instance.units if u.refund_currency and u.refund_currency != case.order.currency), None
    )
    if told is None:
        return None
    return NeedsPerson(
        cause="currency-differs", key=case.order_key, watches=case.on_order,
        evidence={"unit": told.key, "happy_returns": told.refund_currency, "order": case.order.currency},
        explanation=f"Happy Returns speaks of {told.refund_currency}, the order is in {case.order.currency}.",
    )  # fmt: skip


def fee(case: Case) -> Verdict | None:
    if not case.shopper_fee or case.policy.on_processing_fee == "ignore":
        return None
    if case.policy.on_processing_fee == "deduct" and "processing" in case.maps.fees:
        return None
    return NeedsPerson(
        cause="fee-unmapped", evidence={"fee": str(case.shopper_fee)}, key="fee=processing", watches=(MAP,),
        explanation=f"Happy Returns charged the shopper a fee of {case.shopper_fee}, and no rule says how it is booked.",
    )  # fmt: skip


def reason(case: Case) -> Verdict | None:
    told = next((reason_of(u) for u in case.instance.units if case.maps.reason(reason_of(u)) is None), None)
    if told is None:
        return None
    return NeedsPerson(
        cause="reason-unmapped", explanation=f"Return reason '{told}' is not in the map, and the map has no default.",
        evidence={"reason": told, "map_version": case.maps.version}, key=f"reason={told}", watches=(MAP,),
    )  # fmt: skip
