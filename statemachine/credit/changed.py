"""Our own credit as it is now, set against what it was when it was read back: others may edit or cancel it. Pure."""

from typing import Any

from statemachine.causes import CAUSES
from statemachine.credit.snapshot import ExistingCredit
from statemachine.credit.watching import order_fact
from statemachine.units import Return, Trouble


def about_own_credit(instance: Return, credit: ExistingCredit) -> Trouble | None:
    """Why no money may move on this return's credit as it stands; None where it is what it was."""
    own = instance.credit
    assert own is not None, f"return {instance.id} has no credit that could have changed"
    facts: dict[str, Any] = {"credit_id": own.id, "external_ref": own.external_ref}
    if credit.is_cancelled:
        return _trouble(
            "credit-cancelled", own.id, f"Credit {own.id} of this return was cancelled in Brightpearl.", facts
        )
    currency = credit.currency or own.currency
    if (credit.net, credit.tax, currency) == (own.net, own.tax, own.currency):
        return None
    facts |= {
        "asked_net": str(own.net), "asked_tax": str(own.tax), "asked_currency": own.currency,
        "found_net": str(credit.net), "found_tax": str(credit.tax), "found_currency": currency,
    }  # fmt: skip
    explanation = (
        f"Credit {own.id} was {own.net + own.tax} {own.currency} when it was made, and is {credit.net + credit.tax} "
        f"{currency} now."
    )
    return _trouble("credit-differs", own.id, explanation, facts)


def _trouble(cause: str, credit_id: int, explanation: str, facts: dict[str, Any]) -> Trouble:
    return Trouble(cause, CAUSES[cause].owner, explanation, facts, f"credit={credit_id}", (order_fact(credit_id),))
