"""One return in plain words: what happened, what happens next, by when, and what the customer may be told. Pure."""

from datetime import datetime
from typing import Any

from statemachine.causes import CAUSES
from statemachine.money import stated
from statemachine.states import State

_HAPPENED = {
    State.INITIATED: "The shopper started a return and has not handed it over yet.",
    State.SCANNED: "The goods were handed over.",
    State.CREDIT_PENDING: "The goods count as handed over, and the credit is due.",
    State.RESTOCKED: "The credit exists, and the goods are back in stock.",
}
_NEXT = {
    State.INITIATED: "nothing, until it is handed over; without that it expires.",
    State.SCANNED: "the credit is to be made as soon as the hand-over is confirmed.",
    State.CREDIT_PENDING: "the order is to be checked and the credit made.",
}
_CLOSED = {
    "expired": "The return was never handed over, and expired.",
    "cancelled": "The return was cancelled.",
    "returnless": "The customer keeps the goods; the credit exists.",
    "written-off": "The return was ended by hand.",
    "same-goods": "Its goods are those of another return, which stands for them.",
}


def sentence_of(found: dict[str, Any], now: datetime) -> dict[str, Any]:
    """`found`: a passport. `promise_at`: by when the next step is to be done; None where nothing is awaited."""
    state = State(found["state"])
    return {
        "happened": _happened(found, state),
        "next": _next(found, state),
        "owner": found["exception"]["owner"] if found["exception"] else found["wait_owner"],
        "promise_at": found["due_at"] if _is_awaited(found, state) else None,
        "is_late": _is_awaited(found, state)
        and (
            state is State.EXCEPTION or not found["held_up"]
        )  # its clock rests: nobody is late with what cannot be done
        and (found["level"] > 0 or bool(found["due_at"] and found["due_at"] <= now)),
        "may_be_told": found["customer_may_be_told"],
    }


def _is_awaited(found: dict[str, Any], state: State) -> bool:
    return state in (State.SCANNED, State.CREDIT_PENDING, State.EXCEPTION) or (
        state is State.CREDITED and _money_due(found)
    )


def _money_due(found: dict[str, Any]) -> bool:
    return "issued" not in found["customer_may_be_told"] and "credited" not in found["customer_may_be_told"]


def _happened(found: dict[str, Any], state: State) -> str:
    match state:
        case State.CREDITED:
            credit = found["credit"]
            total = stated(credit["net"] + credit["tax"], credit["currency"])
            paid = "and refunded" if found["payment"] else "and its refund is not recorded yet"
            return f"Credited with {total} {paid}."
        case State.CLOSED:
            return _CLOSED.get(found["close_reason"] or "", "The return is over.")
        case State.EXCEPTION:
            return f"It is stuck: {_ended(found['exception']['explanation'])}"
        case _:
            return _HAPPENED[state]


def _next(found: dict[str, Any], state: State) -> str:
    if found["held_up"] and state is not State.EXCEPTION:
        return str(found["held_up"])
    if state is State.EXCEPTION:
        cause = CAUSES.get(found["exception"]["cause"], CAUSES["internal-error"])
        return f"{_team(found['exception']['owner'])} is to act. {cause.means}"
    if state is State.CREDIT_PENDING and found["waits_for"]:
        return f"the credit waits for {found['waits_for']} and is tried again by itself."
    if state is State.CREDITED:
        if _money_due(found):
            return "the refund is to be recorded and the credit closed."
        return "the goods are to come into the warehouse; the customer's part is done."
    return _NEXT.get(state, "nothing, it is over.")


def _team(name: str) -> str:
    return name.replace("-", " ")


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
