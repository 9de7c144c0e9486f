"""How long a return may stay where it is, and the ladder that is climbed when it stays longer. Data and arithmetic."""

from dataclasses import replace
from datetime import datetime, timedelta

from statemachine.causes import CAUSES, CUSTOMER_SERVICE, FINANCE, OPERATIONS, WAREHOUSE
from statemachine.policy import Policy, Rung, Severity
from statemachine.states import State

APPROVAL = "approval"
"""Name of the ladder of returns that were handed over for certain and wait for their approval."""
LADDERS = (State.INITIATED, State.SCANNED, APPROVAL, State.CREDIT_PENDING, State.CREDITED, State.RESTOCKED)
"""Names a merchant may give its own ladder for, besides the causes' codes."""


def ladder(state: State, policy: Policy, *, cause: str = "", awaits_approval: bool = False) -> tuple[Rung, ...]:
    """The rungs of one state, lowest first; none for the states that are over.

    `cause`: why it is an exception, or what its credit waits for; a named wait has the clock of its cause.
    `awaits_approval`: handed over for certain, and the merchant's trigger is the approval, which may take weeks.
    A merchant's own ladder goes before the default one; where it leads is the same: its last rung ends as that one's.
    """
    rungs = _default(state, policy, cause=cause, awaits_approval=awaits_approval)
    name = APPROVAL if state is State.SCANNED and awaits_approval else state.value
    if state is State.EXCEPTION or (state is State.CREDIT_PENDING and cause in CAUSES):
        name = cause
    own = policy.ladders.get(name)
    return (*own[:-1], replace(own[-1], cause=rungs[-1].cause)) if own and rungs else rungs


def _default(state: State, policy: Policy, *, cause: str, awaits_approval: bool) -> tuple[Rung, ...]:
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
                Rung(waits.clock, waits.owner, Severity.WARNING, in_business_time=True),
                Rung(2 * waits.clock, waits.owner, Severity.URGENT, waits.code, in_business_time=True),
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
                Rung(known.clock, known.owner, Severity.WARNING, in_business_time=True),
                Rung(3 * known.clock, known.owner, Severity.URGENT, in_business_time=True),
                Rung(7 * known.clock, OPERATIONS, Severity.URGENT, in_business_time=True),
            )
        case State.RESTOCKED:  # only while refund or invoice are missing
            return (
                Rung(1 * days, OPERATIONS, Severity.WARNING, in_business_time=True),
                Rung(3 * days, FINANCE, Severity.URGENT, "money-unfinished", in_business_time=True),
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
    if level >= len(rungs):
        return None
    rung = rungs[level]
    return policy.calendar.later(entered_at, rung.after) if rung.in_business_time else entered_at + rung.after
