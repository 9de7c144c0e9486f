"""Why a return is where it is: the shortest chain of facts that leaves no other place for it. Pure."""

from datetime import datetime
from typing import Any

from statemachine.causes import CAUSES
from statemachine.states import State

TURNS = frozenset({
    "started", "dropped-off", "approved", "units-received", "credit-falls-due", "credit-verified", "payment-recorded",
    "credit-closed", "stock-received", "fully-restocked", "nothing-to-restock", "expired", "cancelled", "held", "forced",
})  # fmt: skip
"""Events that decide where a return is; notes, repeats and clocks that only told somebody do not."""


def explanation(found: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Step by step: the moves that led here without detours, what it lacks, whose it is, and the command."""
    facts = [(f"{row['event']} at {row['at']:%Y-%m-%d %H:%M}", _because(row)) for row in _chain(found["journal"])]
    if found["journal"] and found["journal"][-1]["event"] == "deadline-passed":
        last = found["journal"][-1]
        facts.append((f"its clock ran out at {last['at']:%Y-%m-%d %H:%M}", f"rung {last['facts'].get('level')}"))
    facts.append((f"so it is {found['state']}", found["means"]))
    trouble, wait = found["exception"], found["wait_cause"]
    if trouble is not None:
        cause = CAUSES.get(trouble["cause"], CAUSES["internal-error"])
        facts.append((f"it is stuck: {trouble['cause']}", trouble["explanation"]))
        facts.append((f"{trouble['owner']} owns it" + (f", {found['assignee']} works on it" if found["assignee"] else ""),
                      cause.means))  # fmt: skip
    elif found["waits_for"]:
        facts.append((f"it waits for {found['waits_for']}", found["wait_next_step"] or "it is tried again by itself"))
    if found["held_up"]:
        facts.append(("a vendor is out", found["held_up"]))
    if found["snoozed_until"] and found["snoozed_until"] > now:
        facts.append((f"its clock rests until {found['snoozed_until']:%Y-%m-%d %H:%M}", "somebody let it rest"))
    if found["due_at"]:
        facts.append((f"its clock runs out at {found['due_at']:%Y-%m-%d %H:%M}", "then the next rung is told"))
    told = [{"step": number, "fact": fact, "because": because} for number, (fact, because) in enumerate(facts, 1)]
    return [*told, {"step": len(facts) + 1, "fact": "do", "because": _command(found, trouble, wait)}]


def _chain(journal: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The moves that led here: a way out and back again is left out, and so is what moved nothing and decided nothing."""
    chain: list[dict[str, Any]] = []
    for row in journal:
        moves = row["from"] != row["to"]
        if moves:
            for number, earlier in enumerate(chain):
                if earlier["to"] == row["to"] and earlier["from"] != earlier["to"]:
                    del chain[number + 1 :]
                    break
            else:
                chain.append(row)
        elif row["event"] in TURNS and row["event"] not in {each["event"] for each in chain}:
            chain.append(row)
    return chain


def _because(row: dict[str, Any]) -> str:
    facts = row["facts"]
    words = [str(facts[name]) for name in ("explanation", "why", "waits_for", "reason", "note") if facts.get(name)]
    if "credit_id" in facts:
        words.append(f"credit {facts['credit_id']} of {facts['net']} + {facts['tax']} {facts['currency']}")
    if "units" in facts:
        words.append(f"{len(facts['units'])} unit(s)")
    told = "; ".join(words)
    return f"{row['actor']}: {told}" if told else str(row["actor"])


def _command(found: dict[str, Any], trouble: dict[str, Any] | None, wait: str) -> str:
    """What changes it."""
    number = str(found["id"])
    if trouble is not None:
        return CAUSES.get(trouble["cause"], CAUSES["internal-error"]).next_step.replace(" ID", f" {number}")
    if wait in CAUSES:
        return CAUSES[wait].next_step.replace(" ID", f" {number}")
    match State(found["state"]):
        case State.INITIATED:
            return (
                f"homeward return force {number} --to scanned --reason CODE --note TEXT (if the goods were handed over)"
            )
        case State.SCANNED:
            return (
                f"homeward return force {number} --to credit-pending --reason CODE --note TEXT (to credit it at once)"
            )
        case State.CREDIT_PENDING:
            return (
                f"nothing: the credit is due; watch it: homeward return watch {number} (while writes are held it waits: "
                "homeward merchant list)"
            )
        case State.CREDITED:
            return f"homeward return receive {number} --reason arrived (when the goods are here)"
        case _:
            return "nothing: it is over"
