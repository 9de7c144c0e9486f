"""What a move tells a team: that a clock ran out, or that a return stopped and is theirs. Pure."""

from dataclasses import dataclass

from statemachine.causes import CAUSES
from statemachine.events import DeadlinePassed
from statemachine.machine import Move
from statemachine.policy import Policy, Severity
from statemachine.states import State
from statemachine.table import rungs_of
from statemachine.units import HELD, Return


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing one team is told about one return. `topic`: the cause it is stuck for or waits for, else its state."""

    topic: str
    team: str
    severity: Severity
    level: int
    """The rung that was reached; 0 when the return has only just stopped."""


def topic_of(instance: Return) -> str:
    """What this return would be alerted for as it stands now."""
    if instance.state is State.EXCEPTION and instance.trouble is not None:
        return instance.trouble.cause
    if instance.state is State.CREDIT_PENDING and instance.wait_cause:
        return instance.wait_cause
    return instance.state.value if instance.state else ""


def notice_of(move: Move, policy: Policy) -> Notice | None:
    """What this move tells, and whom; most moves tell nobody anything."""
    before, after, event = move.before, move.after, move.event
    stopped = after.state is State.EXCEPTION and topic_of(before) != topic_of(after) and after.trouble is not None
    if stopped:
        assert after.trouble is not None
        known = after.trouble.cause in CAUSES and after.trouble.cause != HELD  # who holds says whose it is
        owner = CAUSES[after.trouble.cause].owner if known else after.trouble.owner
        is_urgent = after.trouble.cause in CAUSES and CAUSES[after.trouble.cause].is_urgent
        severity = Severity.URGENT if is_urgent else Severity.WARNING
        if isinstance(event, DeadlinePassed):
            severity = rungs_of(before, policy)[-1].severity
        return Notice(after.trouble.cause, owner, severity, 0)
    if isinstance(event, DeadlinePassed) and before.state is not None:
        rungs = rungs_of(before, policy)
        rung = rungs[min(event.level, len(rungs)) - 1] if rungs else None
        return Notice(topic_of(before), rung.tell, rung.severity, event.level) if rung else None
    return None
