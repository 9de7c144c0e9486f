"""Verdicts outside the pre-flight: while no order is found, and when Brightpearl refused or stayed silent. Pure."""

from datetime import datetime, timedelta
from typing import Any

from statemachine.credit.verdicts import NeedsPerson, Verdict, Wait
from statemachine.credit.watching import PERIOD, number_fact, order_fact

ANSWERS: tuple[tuple[str, type[Verdict], str], ...] = (
    ("Is no order found under the shopper's number, and was it not long ago?", Wait, "order-not-found"),
    ("Is none found for longer than policy waits?", NeedsPerson, "order-not-found"),
    ("Are several found?", NeedsPerson, "order-ambiguous"),
    ("Did Brightpearl refuse the credit of an order that is locked?", NeedsPerson, "order-locked"),
    ("Did it refuse the credit's date?", Wait, "period-locked"),
    ("Did it refuse the credit otherwise?", NeedsPerson, "credit-refused"),
    ("Is the outcome of a write unknown for too long?", NeedsPerson, "outcome-unknown"),
)
"""The rest of the decision table: (what is asked, verdict, cause)."""

_ORDER_WORDS = ("locked", "lock ", "invoiced", "closed", "archived", "cannot be modified", "read-only", "read only")
_PERIOD_WORDS = ("period", "tax date", "taxdate", "accounting lock")


def no_order(order_number: str, *, since: datetime, now: datetime, wait: timedelta) -> Verdict:
    """No sales order carries the number: sync lag at first, then somebody's business."""
    facts = {"order_number": order_number, "looked_since": since.isoformat()}
    watches = (number_fact(order_number),)
    if now - since <= wait:
        return Wait(
            cause="order-not-found", waits_for="the order to appear in Brightpearl", evidence=facts, watches=watches,
            explanation=f"Order {order_number} is not in Brightpearl yet.", key=f"order={order_number}",
        )  # fmt: skip
    return NeedsPerson(
        cause="order-not-found", evidence=facts, key=f"order={order_number}", watches=watches,
        explanation=f"No sales order with the number {order_number} was found in Brightpearl.",
    )  # fmt: skip


def several_orders(order_number: str, order_ids: list[int]) -> NeedsPerson:
    return NeedsPerson(
        cause="order-ambiguous", explanation=f"{len(order_ids)} orders carry the number {order_number}.",
        evidence={"order_number": order_number, "order_ids": order_ids}, key=f"order={order_number}",
        watches=(number_fact(order_number), *(order_fact(each) for each in order_ids)),
    )  # fmt: skip


def refused_credit(
    *, order_id: int, reference: str, is_invoiced: bool, status: int, code: str, message: str
) -> NeedsPerson | Wait:
    """What a refusal of the credit means. Nobody published the codes (Brightpearl sheet section 4), so none is read.

    The message's words tell a locked period and a locked order from the rest; on an invoiced order a refusal without
    any other word is the lock that some accounts have.
    """
    facts: dict[str, Any] = {"order_id": order_id, "status": status, "code": code, "message": message}
    told = message.casefold()
    if any(word in told for word in _PERIOD_WORDS):
        return Wait(
            cause="period-locked", waits_for="the accounting period to open", evidence=facts, key="period",
            explanation=f"Brightpearl refused the credit's date: {message}", watches=(PERIOD,),
        )  # fmt: skip
    if is_invoiced and any(word in told for word in _ORDER_WORDS):
        return NeedsPerson(
            cause="order-locked", evidence=facts, key=f"order={reference}", watches=(order_fact(order_id),),
            explanation=f"Brightpearl refuses a credit in the order's present state: {message}",
        )  # fmt: skip
    return NeedsPerson(
        cause="credit-refused", evidence=facts, key=f"code={code or status}", watches=(order_fact(order_id),),
        explanation=f"Brightpearl refused: {message}",
    )  # fmt: skip


def sent_and_overtaken(external_ref: str, verdict: Verdict, *, order_id: int) -> NeedsPerson:
    """Sent with unknown outcome, not to be found, and by now another decision would be made: nothing is repeated."""
    facts = {"key": external_ref, "verdict_now": verdict.kind, "cause_now": verdict.cause, **verdict.evidence}
    rival = verdict.cause in ("credit-exists", "credit-differs", "rival-credit")
    return NeedsPerson(
        cause="rival-credit" if rival else "outcome-unknown", evidence=facts, key=f"key={external_ref}",
        watches=tuple(dict.fromkeys((*verdict.watches, order_fact(order_id)))),
        explanation=f"A credit was sent with unknown outcome and is not to be found. Now: {verdict.explanation}",
    )  # fmt: skip


def never_seen(external_ref: str, what: str, facts: dict[str, Any], *, order_id: int | None = None) -> NeedsPerson:
    """Sent, perhaps acknowledged, and not to be found for too long: a person must look, nothing is repeated.

    When the order changes it is looked up once more, and only then repeated, under the same key.
    """
    return NeedsPerson(
        cause="outcome-unknown", explanation=f"{what} was sent and is not to be found; it was not repeated.",
        evidence={"key": external_ref, **facts}, key=f"key={external_ref}",
        watches=(order_fact(order_id),) if order_id is not None else (),
    )  # fmt: skip
