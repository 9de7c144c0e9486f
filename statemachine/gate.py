"""The message gate: what a customer may be told, decided by the credit alone and never by the parcel. Pure."""

from enum import StrEnum

from statemachine.events import DeadlinePassed
from statemachine.machine import Move
from statemachine.states import State
from statemachine.units import Progress, Return


class Word(StrEnum):
    """What the merchant's own messaging may tell a customer, once a return each."""

    HOLDING = "holding"
    """The credit is late: we have the goods in sight and somebody is at work."""
    REFUNDED = "refunded"
    """The credit is posted, and the refund recorded where one is due."""
    CREDITED = "credited"
    """The credit is posted and no refund goes with it: an exchange, or store credit."""


def word_of(move: Move) -> Word | None:
    """What this move lets the customer be told; most moves let nothing."""
    before, after = move.before, move.after
    if after.is_settled and not before.is_settled:
        return Word.REFUNDED if after.refund_due else Word.CREDITED
    if after.credit is not None:
        return None
    stopped = after.state is State.EXCEPTION and before.state is not State.EXCEPTION
    late = isinstance(move.event, DeadlinePassed) and before.state is State.CREDIT_PENDING
    return Word.HOLDING if _was_handed_over(after) and (stopped or late) else None


def _was_handed_over(instance: Return) -> bool:
    """Nobody is told to wait for goods that were never seen."""
    return any(unit.confirmed >= Progress.DROPPED_OFF for unit in instance.units)


ALLOWED = {
    Word.HOLDING: "We have your return and are working on your refund. It is not done yet.",
    Word.REFUNDED: "Your refund has been issued.",
    Word.CREDITED: "Your return has been credited.",
}
"""The wording that is true at that moment; a merchant may say less, never more."""


ENDED_BY_HAND = {
    "credited-by-hand": "Your return has been credited.",
    "refunded-elsewhere": "Your refund has been issued.",
}
"""What is true of a return that a person ended for this reason."""


def may_be_told(
    *, state: State, is_settled: bool, refund_due: bool, was_handed_over: bool, ended_because: str | None = None
) -> str:
    """What anybody may tell the customer about a return just now.

    `ended_because`: the reason a person gave who ended it by hand.
    """
    if is_settled:
        return ALLOWED[Word.REFUNDED if refund_due else Word.CREDITED]
    if state is State.CLOSED and ended_because is not None:
        return ENDED_BY_HAND.get(
            ended_because, "Your return has been closed; whoever closed it can say what that means."
        )
    if state is State.CLOSED:
        return "This return is over; nothing was refunded for it."
    if was_handed_over:
        return ALLOWED[Word.HOLDING]
    return "We have not received your return yet."
