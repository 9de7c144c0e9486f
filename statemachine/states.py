"""The states a return can be in, each with the sentence people read."""

from enum import StrEnum


class State(StrEnum):
    INITIATED = "initiated"
    SCANNED = "scanned"
    CREDIT_PENDING = "credit-pending"
    CREDITED = "credited"
    RESTOCKED = "restocked"
    EXCEPTION = "exception"
    CLOSED = "closed"


NEW = "new"  # where a return comes from before its first event; never stored as a state

SENTENCES: dict[State, str] = {
    State.INITIATED: "The shopper started a return; nothing has been handed over yet.",
    State.SCANNED: "The goods were handed over at a Return Bar, a store or to the carrier.",
    State.CREDIT_PENDING: "A sales credit is due; it is being checked, created, or waits for a named fact.",
    State.CREDITED: "The sales credit exists in Brightpearl and was read back; the goods are still to be restocked.",
    State.RESTOCKED: "Credit and goods-in note both exist in Brightpearl.",
    State.EXCEPTION: "A person or an outside fact is needed; cause, owner and next step are named.",
    State.CLOSED: "Over without stock being due: expired, cancelled, returnless, written off, or the same goods as another "
    "return's; the reason is stored.",
}

BEFORE_CREDIT = frozenset({State.INITIATED, State.SCANNED})
"""Here a return may still split into parts: no credit has been asked for."""

TERMINAL = frozenset({State.RESTOCKED, State.CLOSED})


class CloseReason(StrEnum):
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RETURNLESS = "returnless"
    WRITTEN_OFF = "written-off"
    SAME_GOODS = "same-goods"
    """Its goods are another return's, which stands for both."""
