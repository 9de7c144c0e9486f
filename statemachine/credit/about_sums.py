"""Checks on the credit as drawn: announced sums, ceilings, the period; and the verdict when nothing stops it."""

from decimal import Decimal, InvalidOperation
from typing import Any, assert_never

from statemachine.credit.amounts import ZERO
from statemachine.credit.announcement import as_evidence, contradicts, differs
from statemachine.credit.case import Case
from statemachine.credit.verdicts import CreditLaterDated, CreditNow, NeedsPerson, Verdict, Wait
from statemachine.credit.watching import PERIOD
from statemachine.money import in_minor_units, stated


def announced(case: Case) -> Verdict | None:
    """The figure Happy Returns gave, where it contradicts the order and policy minds."""
    match case.policy.amount_check:
        case "note":
            stops = False
        case "hold":
            stops = differs(case)
        case "unexplained":
            stops = contradicts(case)
        case _ as never:
            assert_never(never)
    if not stops or case.is_accepted("amount-differs"):
        return None
    figure = sum((unit.refund_amount for unit in case.instance.units if unit.refund_amount is not None), ZERO)
    ours = {"order_rows": str(case.goods_gross), "credit": str(case.plan.gross)}
    return NeedsPerson(
        cause="amount-differs",
        key=case.return_key,
        watches=case.on_order,
        evidence={"happy_returns": str(figure), **ours, "readings": as_evidence(case)},
        explanation=f"Happy Returns announced {stated(figure, case.order.currency)}, the order rows give {case.plan.gross}.",
    )


def ceiling(case: Case) -> Verdict | None:
    ceiling = case.policy.value_ceiling
    if ceiling is None or case.is_accepted("value-ceiling"):
        return None
    base = case.order.accounting_currency
    value = in_minor_units(case.plan.gross / _rate(case.order.exchange_rate), base)
    if value <= ceiling:
        return None
    worth = f"{value:f}"
    return NeedsPerson(
        cause="value-ceiling",
        key=case.return_key,
        evidence={"value": worth, "ceiling": str(ceiling)},
        explanation=f"The credit is worth {worth} {base}, the account's currency; above {ceiling} a person decides.",
    )


def _rate(told: str) -> Decimal:
    try:
        rate = Decimal(told)
    except InvalidOperation:
        return Decimal(1)
    return rate if rate > 0 else Decimal(1)


def period(case: Case) -> Verdict | None:
    days = (case.earliest_open_day - case.today).days
    if days <= 0:
        return None
    locked = case.reference.locked_until
    facts = {"locked_until": locked.isoformat() if locked else "", "today": case.today.isoformat()}
    if case.policy.on_locked_period == "wait" or days > case.policy.lock_ahead_days_max:
        return Wait(
            cause="period-locked", waits_for="the accounting period to open", evidence=facts, key="period",
            explanation=f"The accounting period is locked until {locked}.", watches=(PERIOD,),
        )  # fmt: skip
    return CreditLaterDated(
        cause="period-locked", evidence={**_evidence(case), **facts}, plan=case.plan,
        explanation=f"The period is locked until {locked}: the credit is dated {case.earliest_open_day}.",
    )  # fmt: skip


def in_order(case: Case) -> Verdict:
    return CreditNow(
        cause="in-order", explanation="Nothing stands in the way.", evidence=_evidence(case), plan=case.plan
    )


def _evidence(case: Case) -> dict[str, Any]:
    """The facts a credit was decided on, as they are kept with it."""
    told: dict[str, Any] = {
        "order_id": case.order.id, "order_digest": case.order.digest, "match": dict(case.match.steps),
        "tax_on": case.earliest_open_day.isoformat(), "credits_before": [credit.id for credit in case.others],
        "map_version": case.maps.version, "accepted": list(case.instance.accepted),
    }  # fmt: skip
    if differs(case):
        told["happy_returns_amount"] = str(case.announced)
    return {key: value for key, value in told.items() if value not in ("", [], {})}
