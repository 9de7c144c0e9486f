"""How long a return may stay where it is, and the ladder that is climbed when it stays longer. Data and arithmetic."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from statemachine.causes import CAUSES, CUSTOMER_SERVICE, FINANCE, OPERATIONS, WAREHOUSE
from statemachine.policy import Policy
from statemachine.states import State


class Severity(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: `after` counts from entering the state; the team is told; `cause` moves it to exception."""

    after: timedelta
    tell: str
    severity: Severity
    cause: str = ""


def ladder(state: State, policy: Policy, *, cause: str = "", awaits_approval: bool = False) -> tuple[Rung, ...]:
    """The rungs of one state, lowest first; none for the states that are over.

    `cause`: why it is an exception, or what its credit waits for; a named wait has the clock of its cause.
    `awaits_approval`: handed over for certain, and the merchant's trigger is the approval, which may take weeks.
    """
    hours, days = timedelta(hours=1), timedelta(days=1)
    match state:
        case State.INITIATED:
            first = policy.initiated_for
            return (
                Rung(first, CUSTOMER_SERVICE, Severity.NOTICE),
                Rung(first + 7 * days, CUSTOMER_SERVICE, Severity.NOTICE),
            )
        case State.SCANNED if awaits_approval:
            first = policy.approval_for
            return (
                Rung(first, WAREHOUSE, Severity.WARNING),
                Rung(2 * first, CUSTOMER_SERVICE, Severity.URGENT, "approval-overdue"),
            )
        case State.SCANNED:
            first = policy.scanned_for
            return (
                Rung(first, CUSTOMER_SERVICE, Severity.WARNING),
                Rung(first + 48 * hours, CUSTOMER_SERVICE, Severity.URGENT, "drop-off-unconfirmed"),
            )
        case State.CREDIT_PENDING if cause in CAUSES:
            waits = CAUSES[cause]
            return (
                Rung(waits.clock, waits.owner, Severity.WARNING),
                Rung(2 * waits.clock, waits.owner, Severity.URGENT, waits.code),
            )
        case State.CREDIT_PENDING:
            first = policy.credit_pending_for
            return (
                Rung(first, OPERATIONS, Severity.WARNING),
                Rung(first + 24 * hours, CUSTOMER_SERVICE, Severity.URGENT, "waited-too-long"),
            )
        case State.CREDITED:
            first = policy.credited_for
            return (
                Rung(first, WAREHOUSE, Severity.WARNING),
                Rung(first + 14 * days, WAREHOUSE, Severity.URGENT, "goods-not-received"),
            )
        case State.EXCEPTION:
            known = CAUSES.get(cause, CAUSES["internal-error"])
            return (
                Rung(known.clock, known.owner, Severity.WARNING),
                Rung(3 * known.clock, known.owner, Severity.URGENT),
                Rung(7 * known.clock, OPERATIONS, Severity.URGENT),
            )
        case State.RESTOCKED:  # only while refund or invoice are missing
            return (
                Rung(24 * hours, OPERATIONS, Severity.WARNING),
                Rung(72 * hours, FINANCE, Severity.URGENT, "money-unfinished"),
            )
        case State.CLOSED:
            return ()


def deadline_for(
    state: State,
    policy: Policy,
    *,
    entered_at: datetime,
    level: int = 0,
    cause: str = "",
    awaits_approval: bool = False,
) -> datetime | None:
    """When rung `level + 1` is due, or None when the ladder ends there."""
    rungs = ladder(state, policy, cause=cause, awaits_approval=awaits_approval)
    return entered_at + rungs[level].after if level < len(rungs) else None
