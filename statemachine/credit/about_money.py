"""Checks on money as it was stated: a currency somebody can be paid in, amounts that can be paid and kept."""

from statemachine.credit.amounts import ZERO
from statemachine.credit.case import Case
from statemachine.credit.verdicts import NeedsPerson, Verdict
from statemachine.money import SUM_LIMIT, is_currency


def currency(case: Case) -> Verdict | None:
    code = case.order.currency
    if is_currency(code):
        return None
    shown = f"'{code}'" if code else "none at all"
    return NeedsPerson(
        cause="currency-unknown",
        key=f"currency={code or 'none'}",
        watches=case.on_order,
        evidence={**case.order_facts, "currency": code},
        explanation=f"Order {case.order.reference} is in {shown}, which is not a currency of ISO 4217 in force.",
    )


def amounts(case: Case) -> Verdict | None:
    """Rows of the order, and of the credits that stand against it, that were stated beyond what money can be."""
    faults = list(case.order.unusable)
    faults += [fault for credit in case.standing for fault in credit.unusable]
    for kind in ("net", "tax"):
        whole = sum((abs(getattr(row, kind)) for row in case.order.rows), ZERO)
        if whole >= SUM_LIMIT:
            faults.append(f"order {case.order.id}: its rows come to {whole:f} {kind}, more than can be kept")
    if not faults:
        return None
    return NeedsPerson(
        cause="amount-unusable",
        key=case.order_key,
        watches=case.on_credits,
        evidence={**case.order_facts, "currency": case.order.currency, "faults": faults},
        explanation=f"Brightpearl states what cannot be paid or kept: {faults[0]}.",
    )


def announced(case: Case) -> Verdict | None:
    """What Happy Returns states and we would go by, were it readable: its fee, and where policy minds its refund."""
    if case.is_accepted("announcement-unreadable"):
        return None
    faults = {
        f"{unit.key}: {fault.why}"
        for unit in case.instance.units
        for fault in case.unreadable_of(unit)
        if case.minds(unit, fault.field)
    }
    if not faults:
        return None
    return NeedsPerson(
        cause="announcement-unreadable",
        key=case.return_key,
        watches=case.on_order,
        evidence={"faults": sorted(faults), "currency": case.order.currency},
        explanation=f"Happy Returns states what cannot be read as money: {sorted(faults)[0]}.",
    )
