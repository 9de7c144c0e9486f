"""Training: packs of situations with what somebody should do about each, and the scorecard of what they did. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Exercise:
    scenario: str
    """As the sandbox knows it."""
    task: str
    """What the trainee is told beside what the page says."""
    right: str
    """The verb that deals with it."""
    because: str


PACKS: dict[str, tuple[Exercise, ...]] = {
    "customer-service": (
        Exercise("cancelled_order", "The shop says it paid this customer back when the order was cancelled.", "resolve",
                 "It is settled elsewhere: the books must say so, and nothing more may be paid."),
        Exercise("substitution", "The picker confirms: the newer article was sent in place of the ordered one.", "accept",
                 "The suggested reading is right, for this return."),
        Exercise("rival_credit", "Another credit stands on this order. You do not know who made it.", "assign",
                 "Two credits may pay twice: finance decides which stands."),
        Exercise("edited_order", "You compared: the edit concerned a line that did not come back.", "accept",
                 "What was sold of these goods is as it was."),
        Exercise("wrong_item", "The parcel held something else; the warehouse has it on its bench.", "assign",
                 "Who has the goods must say what they are."),
        Exercise("unmatched_order", "The order number in Brightpearl lacked a digit. You have corrected it there.", "retry",
                 "The cause is mended: let it be tried again."),
    ),
    "finance": (
        Exercise("tax_rate_moved", "The rate changed by law after the sale; the order's own rate is the right one.", "accept",
                 "The difference is explained, and the credit reverses what was sold."),
        Exercise("rival_credit", "The other credit was made by hand for this very return, and is refunded.", "resolve",
                 "It is settled elsewhere: ours must not be made."),
        Exercise("free_goods", "It was a gift: nothing was paid for it.", "accept",
                 "There is nothing to refund, and that is right."),
        Exercise("tax_code_left_out", "The tax code is on the order's row now.", "retry",
                 "The cause is mended: let it be tried again."),
        Exercise("sku_of_nobody", "The article is on no line of this order. Nobody has asked the customer.", "assign",
                 "Customer service knows what was sent."),
    ),
}  # fmt: skip

_VERBS = {"assigned": "assign", "held": "hold", "forced": "resolve"}


def verb_of(event: str, payload: Mapping[str, Any]) -> str:
    """What a person did, as they would say it; empty for what decides nothing (notes, snoozes)."""
    if event == "resumed":
        return "accept" if payload.get("accepts") else "retry"
    return _VERBS.get(event, "")


def scored(exercise: Exercise, code: str, said: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One line of the scorecard: the first thing somebody did about it counts. `said`: events of people, oldest first."""
    first = next(((verb, row) for row in said if (verb := verb_of(row["event"], row["payload"]))), None)
    verb, by = (first[0], first[1]["actor"]) if first is not None else ("", "")
    result = "open" if not verb else "right" if verb == exercise.right else "wrong"
    return {
        "express_code": code, "task": exercise.task, "did": verb, "by": by, "result": result,
        "should": exercise.right if result != "open" else "", "because": exercise.because if result != "open" else "",
    }  # fmt: skip


def first_time_right(rows: Iterable[Mapping[str, Any]]) -> str:
    """Of those that somebody has dealt with."""
    dealt = [row["result"] for row in rows if row["result"] != "open"]
    return f"{dealt.count('right')} of {len(dealt)} right at the first try"
