"""What is recorded of refunds, set against what is due; and which method a refund goes to. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from statemachine.causes import CAUSES
from statemachine.credit.watching import order_fact
from statemachine.refs import is_same_ref
from statemachine.units import Credit, Return, Trouble

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One payment to the customer, as Brightpearl holds it; `amount` without sign, in `currency`."""

    id: int
    order_id: int
    """The credit's, or the sales order's own."""
    amount: Decimal
    currency: str
    reference: str
    created_at: datetime | None
    is_taken_back: bool = False
    """A receipt on the credit: money that came back from the customer, or a refund that never reached them."""

    @property
    def paid(self) -> Decimal:
        """What the customer has of it."""
        return -self.amount if self.is_taken_back else self.amount


@dataclass(frozen=True, slots=True)
class Paid:
    """The refund exists: the payment that stands for it, and what is recorded in all."""

    payment_id: int
    amount: Decimal


def about_refunds(instance: Return, recorded: Iterable[Recorded], *, reference: str) -> Paid | Trouble | None:
    """Whether the refund of this return's credit is recorded, by every payment on the credit and on its order.

    None: nothing is, and it is due; what stands on credits that were given up for lost counts as well.
    `reference` is the one that our own carries: a payment is recorded once under it, and
    all of them together never come to more than the credit.
    """
    assert instance.credit is not None, f"return {instance.id} has a refund but no credit"
    credit, due = instance.credit, instance.credit.net + instance.credit.tax
    payments = list(recorded)
    on_credit = [payment for payment in payments if payment.order_id == credit.id]
    to_customer = [payment for payment in on_credit if not payment.is_taken_back]
    own = [payment for payment in to_customer if is_same_ref(payment.reference, reference)]
    foreign = [payment for payment in on_credit if payment.currency not in ("", credit.currency)]
    total = sum((payment.paid for payment in on_credit if payment not in foreign), _NOTHING)
    is_accepted = all(instance.has_accepted("refund-twice", payment.id) for payment in on_credit)
    if foreign and not (is_accepted and total >= due):
        cause = "refund-twice" if total >= due else "refund-differs"
        return _trouble(
            cause, credit, on_credit, f"A refund on credit {credit.id} is in {foreign[0].currency}; {total} are recorded "
            f"in {credit.currency}, {due} were due.",
        )  # fmt: skip
    if (len(own) > 1 or total > due) and not is_accepted:
        why = f"{len(own)} payments carry {reference}" if len(own) > 1 else f"{total} are recorded, {due} were due"
        return _trouble("refund-twice", credit, on_credit, f"Credit {credit.id} is refunded more than once: {why}.")
    if to_customer and (total >= due or "refund-differs" in instance.accepted):
        return Paid((own or to_customer)[0].id, max(total, _NOTHING))
    if on_credit and "refund-differs" not in instance.accepted:
        back = -sum((payment.paid for payment in on_credit if payment.is_taken_back), _NOTHING)
        explanation = f"{total} are recorded on credit {credit.id}; due were {due}."
        explanation += f" {back} of what was refunded came back." if back else ""
        return _trouble("refund-differs", credit, on_credit, explanation)
    return recorded_elsewhere(instance, payments)


def recorded_elsewhere(instance: Return, recorded: Iterable[Recorded]) -> Trouble | None:
    """A refund that stands on the order itself since this return began, or on a credit of it that was given up for lost,
    unless a person said that it is for other things."""
    assert instance.credit is not None, f"return {instance.id} has a refund but no credit"
    credit = instance.credit
    former = {each.id for each in instance.former_credits} - {credit.id}
    elsewhere = [
        p for p in recorded if p.order_id in former or (p.order_id != credit.id and _is_since_it_began(p, instance))
    ]
    if all(instance.has_accepted("refund-elsewhere", payment.id) for payment in elsewhere):
        return None
    explanation = "A refund was recorded on the order itself since this return began; it may be for the same goods."
    if lost := [p.order_id for p in elsewhere if p.order_id in former]:
        explanation = f"A refund stands on credit {lost[0]}, in whose place credit {credit.id} was made."
    return _trouble("refund-elsewhere", credit, elsewhere, explanation)


def _is_since_it_began(payment: Recorded, instance: Return) -> bool:
    began_at = instance.began_at
    return began_at is None or payment.created_at is None or payment.created_at >= began_at


def _trouble(cause: str, credit: Credit, payments: Iterable[Recorded], explanation: str) -> Trouble:
    facts: dict[str, Any] = {
        "credit_id": credit.id,
        "due": str(credit.net + credit.tax),
        "currency": credit.currency,
        "payments": [
            {"id": p.id, "on": p.order_id, "amount": str(p.amount), "currency": p.currency, "reference": p.reference}
            | ({"is_taken_back": True} if p.is_taken_back else {})
            for p in payments
        ],
    }
    key, watches = f"credit={credit.id}", (order_fact(credit.id),)
    return Trouble(cause, CAUSES[cause].owner, explanation, facts, key, watches)


def method_of(
    instance: Return,
    receipts: Iterable[tuple[str, Decimal]],
    mapped: Mapping[str, str],
    *,
    default: str,
    active: list[str],
    takes_largest: bool,
) -> str | Trouble:
    """The one method a refund goes to: what the order was paid with, as mapped; else the account's only active method.

    `receipts` are (method, amount) of every payment from the customer. Where they lead to several methods a person says
    what goes where, unless `takes_largest`.
    """
    sums: dict[str, Decimal] = {}
    for method, amount in receipts:
        target = mapped.get(method) or mapped.get(default) or method
        sums[target] = sums.get(target, _NOTHING) + amount
    used = {method: amount for method, amount in sums.items() if amount > 0} or sums
    if not used:
        fallback = mapped.get(default) or (active[0] if len(active) == 1 else None)
        return fallback or _no_method(instance)
    largest = max(used, key=lambda method: used[method])
    if len(used) == 1 or takes_largest or "refund-split" in instance.accepted:
        return largest
    facts: dict[str, Any] = {"paid_with": {method: str(amount) for method, amount in used.items()}, "largest": largest}
    explanation = f"The order was paid with {' and '.join(sorted(used))}; a refund goes to one of them."
    return Trouble("refund-split", CAUSES["refund-split"].owner, explanation, facts, f"order={instance.order_number}")


def _no_method(instance: Return) -> Trouble:
    facts = {"order_id": instance.order_id, "credit_id": instance.credit.id if instance.credit else None}
    explanation = "No refund method is set, and the order carries no receipt that would name one."
    return Trouble("refund-method-unknown", CAUSES["refund-method-unknown"].owner, explanation, facts)
