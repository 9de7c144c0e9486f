"""Checks on the credit as drawn: announced sums, ceilings, the period; and the verdict when nothing stops it."""

from decimal import Decimal, InvalidOperation
from typing import Any

from statemachine.credit.case import Case
from statemachine.credit.verdicts import CreditLaterDated, CreditNow, NeedsPerson, Verdict, Wait
from statemachine.credit.watching import PERIOD
from statemachine.money import shown


def announced(case: Case) -> Verdict | None:
    if case.policy.amount_check == "note" or case.is_accepted("amount-differs") or not amount_differs(case):
        return None
    return NeedsPerson(
        cause="amount-differs", key=case.return_key, watches=case.on_order,
        evidence={"happy_returns": str(case.announced), "order_rows": str(case.goods_gross), "credit": str(case.plan.gross)},
        explanation=f"Happy Returns announced {case.announced}, the order rows give {case.plan.gross}.",
    )  # fmt: skip


def amount_differs(case: Case) -> bool:
    """Whether Happy Returns' figure is neither the goods' value nor what is left of it after fees (U-09)."""
    told, tolerance = case.announced, case.policy.amount_tolerance
    return told is not None and all(abs(told - ours) > tolerance for ours in (case.goods_gross, case.plan.gross))


def ceiling(case: Case) -> Verdict | None:
    ceiling = case.policy.value_ceiling
    if ceiling is None or case.is_accepted("value-ceiling"):
        return None
    base = case.order.accounting_currency
    value = case.plan.gross / _rate(case.order.exchange_rate)
    if value <= ceiling:
        return None
    worth = shown(value, base)
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
    if amount_differs(case):
        told["happy_returns_amount"] = str(case.announced)
    return {key: value for key, value in told.items() if value not in ("", [], {})}
