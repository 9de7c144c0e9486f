"""The rules: which event takes a return from where to where, under which guard, with which effects. Data only.

Read by the machine, mirrored in `schema.sql`, drawn in the README; a test keeps the three equal.
"""

from collections.abc import Callable
from dataclasses import dataclass

from statemachine.causes import STANDING
from statemachine.deadlines import ladder
from statemachine.effects import (
    ApproveReturn,
    AskHappyReturns,
    CloseCredit,
    CreateSalesCredit,
    Effect,
    MarkCredit,
    ReceiveStock,
    RecordRefund,
)
from statemachine.events import (
    Approved,
    Assigned,
    Cancelled,
    CreditClosed,
    CreditFallsDue,
    CreditMarked,
    CreditVerified,
    CreditWaits,
    DeadlinePassed,
    Departed,
    DroppedOff,
    Event,
    Expired,
    FactChanged,
    Forced,
    FullyRestocked,
    GoodsSettled,
    Held,
    MethodChanged,
    Noted,
    NothingToRestock,
    PaymentRecorded,
    Reissued,
    Resumed,
    Snoozed,
    SplitOff,
    Started,
    StatusUnclear,
    StockReceived,
    Troubled,
    UnitsReceived,
    Way,
)
from statemachine.policy import Policy, Rung
from statemachine.states import NEW, CloseReason, State
from statemachine.units import Return

Guard = Callable[[Return, Event, Policy], bool]


def credit_is_due(instance: Return, event: Event, policy: Policy) -> bool:
    """Every unit has reached the merchant's credit trigger."""
    return bool(instance.units) and all(policy.credit_is_due_for(unit) for unit in instance.units)


def is_whole_return(instance: Return, event: Event, policy: Policy) -> bool:
    """The event speaks of every unit; the machine splits first, so this is a safeguard."""
    keys: frozenset[str] = getattr(event, "keys", frozenset())
    return {unit.key for unit in instance.units} <= keys


def ended_by_silence(instance: Return, event: Event, policy: Policy) -> bool:
    """Only what expired or was cancelled can come back to life; a returnless close cannot."""
    return instance.close_reason in (CloseReason.EXPIRED, CloseReason.CANCELLED)


def is_fully_restocked(instance: Return, event: Event, policy: Policy) -> bool:
    return instance.is_all_received and not instance.is_returnless


def nothing_to_restock(instance: Return, event: Event, policy: Policy) -> bool:
    return instance.is_returnless and instance.is_settled


def names_a_note(instance: Return, event: Event, policy: Policy) -> bool:
    """A goods-in note for a unit of this very return."""
    return isinstance(event, StockReceived) and any(unit.key in event.goods_in for unit in instance.units)


def is_last_rung(instance: Return, event: Event, policy: Policy) -> bool:
    if not isinstance(event, DeadlinePassed) or instance.state is None:
        return False
    return event.level >= len(rungs_of(instance, policy))


def is_not_last_rung(instance: Return, event: Event, policy: Policy) -> bool:
    return not is_last_rung(instance, event, policy)


def rungs_of(instance: Return, policy: Policy) -> tuple[Rung, ...]:
    """The ladder this return is on: by its state, and by the cause it is stuck for or waits for."""
    assert instance.state is not None
    cause = instance.trouble.cause if instance.trouble else instance.wait_cause
    return ladder(instance.state, policy, cause=cause, awaits_approval=policy.awaits_approval(instance))


def credit_is_stuck(instance: Return, event: Event, policy: Policy) -> bool:
    """It stands where its credit does, and neither the goods nor a person's word keep it there."""
    return instance.resume_state is State.CREDIT_PENDING and not stands(instance, event, policy)


def waits_for_something_new(instance: Return, event: Event, policy: Policy) -> bool:
    """An exception is not left for the very wait it came from: its ladder must go on."""
    same = isinstance(event, CreditWaits) and instance.trouble is not None and event.cause == instance.trouble.cause
    return credit_is_stuck(instance, event, policy) and not same


def stands(instance: Return, event: Event, policy: Policy) -> bool:
    return instance.trouble is not None and instance.trouble.cause in STANDING


def is_unfinished(instance: Return, event: Event, policy: Policy) -> bool:
    """Restocked, but refund or invoice are still to come."""
    return not instance.is_settled


def has_a_clock(instance: Return, event: Event, policy: Policy) -> bool:
    return instance.state is not State.RESTOCKED or is_unfinished(instance, event, policy)


def was_written_off(instance: Return, event: Event, policy: Policy) -> bool:
    return instance.close_reason is CloseReason.WRITTEN_OFF


def was_ended_by_hand(instance: Return, event: Event, policy: Policy) -> bool:
    return instance.close_reason in (CloseReason.WRITTEN_OFF, CloseReason.SAME_GOODS)


def was_written_off_uncredited(instance: Return, event: Event, policy: Policy) -> bool:
    return was_written_off(instance, event, policy) and instance.credit is None


def was_written_off_credited(instance: Return, event: Event, policy: Policy) -> bool:
    return was_written_off(instance, event, policy) and instance.credit is not None


def was_credited_or_sent(instance: Return, event: Event, policy: Policy) -> bool:
    """Closed, and its credit stands in Brightpearl, or was sent before a person ended the return and may stand there."""
    is_sent = isinstance(event, Troubled) and event.is_sent
    return instance.credit is not None or (is_sent and was_ended_by_hand(instance, event, policy))


def forces_scanned(instance: Return, event: Event, policy: Policy) -> bool:
    """A person's word that the goods were handed over. What has a credit is past that."""
    return isinstance(event, Forced) and event.to is State.SCANNED and instance.credit is None


def forces_credit(instance: Return, event: Event, policy: Policy) -> bool:
    """To its credit at once; *credited* takes the credit that is named, and only once that was read back."""
    if not isinstance(event, Forced) or instance.credit is not None:
        return False
    return event.to is State.CREDIT_PENDING or (event.to is State.CREDITED and event.adopt is not None)


def forces_credited(instance: Return, event: Event, policy: Policy) -> bool:
    """Back to where its own credit stands."""
    return (
        isinstance(event, Forced) and event.to is State.CREDITED and event.adopt is None and instance.credit is not None
    )


def forces_end(instance: Return, event: Event, policy: Policy) -> bool:
    """Written off; but a credit that was made is seen through first: refund and invoice are owed."""
    owed = instance.credit is not None and not instance.is_settled
    return isinstance(event, Forced) and event.to is State.CLOSED and not owed


def lost_credit(instance: Return, event: Event, policy: Policy) -> bool:
    """Nobody knows what became of the credit, or it is gone."""
    return _is_lost(instance, event) and isinstance(event, Reissued) and event.effect == CreateSalesCredit.kind


def lost_leg(instance: Return, event: Event, policy: Policy) -> bool:
    """The same of a refund record or a goods-in note."""
    is_leg = isinstance(event, Reissued) and event.effect in (RecordRefund.kind, ReceiveStock.kind)
    return _is_lost(instance, event) and is_leg


def lost_refund_of_restocked(instance: Return, event: Event, policy: Policy) -> bool:
    """The same of a refund record alone, where the goods are in."""
    is_refund = isinstance(event, Reissued) and event.effect == RecordRefund.kind
    return _is_lost(instance, event) and is_refund and instance.resume_state is State.RESTOCKED


def _is_lost(instance: Return, event: Event) -> bool:
    trouble = instance.trouble
    if trouble is None or trouble.cause not in ("outcome-unknown", "record-vanished"):
        return False
    return isinstance(event, Reissued) and trouble.evidence.get("effect") == event.effect


def ends_for_its_goods(instance: Return, event: Event, policy: Policy) -> bool:
    """Another return stands for its goods, or it is refused; what has a credit cannot end so."""
    return isinstance(event, GoodsSettled) and event.way in (Way.ADOPT, Way.REFUSE) and instance.credit is None


def takes_the_others_goods(instance: Return, event: Event, policy: Policy) -> bool:
    return isinstance(event, GoodsSettled) and event.way is Way.MERGE


def is_told_apart_to(state: State) -> Guard:
    def told_apart(instance: Return, event: Event, policy: Policy) -> bool:
        is_apart = isinstance(event, GoodsSettled) and event.way is Way.TELL_APART
        return is_apart and instance.resume_state is state

    told_apart.__name__ = f"is_told_apart_to_{state.name.lower()}"
    return told_apart


def resumes_to(state: State) -> Guard:
    def resumes(instance: Return, event: Event, policy: Policy) -> bool:
        return instance.resume_state is state

    resumes.__name__ = f"resumes_to_{state.name.lower()}"
    return resumes


@dataclass(frozen=True, slots=True)
class Rule:
    event: type[Event]
    source: State | str
    target: State
    guard: Guard | None = None
    effects: tuple[type[Effect], ...] = ()


S = State
_HINT = (AskHappyReturns,)
_LEGS = (RecordRefund, CloseCredit, ReceiveStock, MarkCredit)

RULES: tuple[Rule, ...] = (
    # A return begins, and splits while no credit has been asked for
    Rule(Started, NEW, S.INITIATED),
    Rule(Started, S.INITIATED, S.INITIATED),
    Rule(SplitOff, NEW, S.INITIATED),
    Rule(SplitOff, NEW, S.SCANNED),
    Rule(SplitOff, S.INITIATED, S.INITIATED),
    Rule(SplitOff, S.SCANNED, S.SCANNED),
    # Happy Returns reports progress
    Rule(DroppedOff, S.INITIATED, S.SCANNED, effects=_HINT),
    Rule(DroppedOff, S.SCANNED, S.SCANNED),
    Rule(DroppedOff, S.CLOSED, S.SCANNED, guard=ended_by_silence, effects=_HINT),
    Rule(Approved, S.INITIATED, S.SCANNED, effects=_HINT),
    Rule(Approved, S.SCANNED, S.SCANNED, effects=_HINT),
    Rule(Approved, S.CREDIT_PENDING, S.CREDIT_PENDING),
    Rule(Approved, S.CREDITED, S.CREDITED),
    Rule(Approved, S.RESTOCKED, S.RESTOCKED),
    Rule(Approved, S.EXCEPTION, S.EXCEPTION),
    Rule(Approved, S.CLOSED, S.SCANNED, guard=ended_by_silence, effects=_HINT),
    Rule(DroppedOff, S.EXCEPTION, S.EXCEPTION),
    Rule(DroppedOff, S.CREDIT_PENDING, S.CREDIT_PENDING),
    Rule(DroppedOff, S.CREDITED, S.CREDITED),
    Rule(DroppedOff, S.RESTOCKED, S.RESTOCKED),
    Rule(Expired, S.INITIATED, S.CLOSED, guard=is_whole_return),
    Rule(Cancelled, S.INITIATED, S.CLOSED, guard=is_whole_return),
    Rule(StatusUnclear, S.INITIATED, S.EXCEPTION, guard=is_whole_return),
    Rule(StatusUnclear, S.SCANNED, S.EXCEPTION, guard=is_whole_return),
    # Facts that move nothing
    *(Rule(MethodChanged, state, state) for state in State),
    *(Rule(Departed, state, state) for state in State),
    # The credit
    Rule(CreditFallsDue, S.INITIATED, S.CREDIT_PENDING, guard=credit_is_due, effects=(CreateSalesCredit,)),
    Rule(CreditFallsDue, S.SCANNED, S.CREDIT_PENDING, guard=credit_is_due, effects=(CreateSalesCredit,)),
    Rule(CreditWaits, S.CREDIT_PENDING, S.CREDIT_PENDING),
    Rule(CreditWaits, S.EXCEPTION, S.CREDIT_PENDING, guard=waits_for_something_new),
    Rule(FactChanged, S.CREDIT_PENDING, S.CREDIT_PENDING, effects=(CreateSalesCredit,)),
    Rule(FactChanged, S.EXCEPTION, S.EXCEPTION, guard=credit_is_stuck, effects=(CreateSalesCredit,)),
    Rule(CreditVerified, S.CREDIT_PENDING, S.CREDITED, effects=_LEGS),
    Rule(CreditVerified, S.EXCEPTION, S.CREDITED, guard=credit_is_stuck, effects=_LEGS),
    Rule(CreditVerified, S.EXCEPTION, S.EXCEPTION, guard=stands),
    # The other legs
    *(Rule(PaymentRecorded, state, state, effects=(MarkCredit,)) for state in (S.CREDITED, S.RESTOCKED, S.EXCEPTION)),
    *(Rule(CreditClosed, state, state, effects=(MarkCredit,)) for state in (S.CREDITED, S.RESTOCKED, S.EXCEPTION)),
    *(Rule(CreditMarked, state, state) for state in (S.CREDITED, S.RESTOCKED, S.EXCEPTION, S.CLOSED)),
    Rule(UnitsReceived, S.INITIATED, S.SCANNED, effects=(ApproveReturn, AskHappyReturns)),
    Rule(UnitsReceived, S.CLOSED, S.SCANNED, guard=ended_by_silence, effects=_HINT),
    Rule(UnitsReceived, S.SCANNED, S.SCANNED, effects=(ApproveReturn,)),
    Rule(UnitsReceived, S.CREDIT_PENDING, S.CREDIT_PENDING, effects=(ApproveReturn,)),
    Rule(UnitsReceived, S.CREDITED, S.CREDITED, effects=(ApproveReturn, ReceiveStock)),
    Rule(UnitsReceived, S.EXCEPTION, S.EXCEPTION, effects=(ApproveReturn, ReceiveStock)),
    Rule(StockReceived, S.CREDITED, S.CREDITED, guard=names_a_note),
    Rule(StockReceived, S.EXCEPTION, S.EXCEPTION, guard=names_a_note),
    Rule(FullyRestocked, S.CREDITED, S.RESTOCKED, guard=is_fully_restocked),
    Rule(NothingToRestock, S.CREDITED, S.CLOSED, guard=nothing_to_restock),
    # Trouble and the way out of it
    Rule(Troubled, NEW, S.EXCEPTION),
    *(
        Rule(Troubled, state, S.EXCEPTION)
        for state in (S.INITIATED, S.SCANNED, S.CREDIT_PENDING, S.CREDITED, S.RESTOCKED)
    ),
    Rule(Troubled, S.EXCEPTION, S.EXCEPTION),
    Rule(Troubled, S.CLOSED, S.EXCEPTION, guard=was_credited_or_sent),
    Rule(Resumed, S.EXCEPTION, S.INITIATED, guard=resumes_to(S.INITIATED), effects=_HINT),
    Rule(Resumed, S.EXCEPTION, S.SCANNED, guard=resumes_to(S.SCANNED), effects=_HINT),
    Rule(Resumed, S.EXCEPTION, S.CREDIT_PENDING, guard=resumes_to(S.CREDIT_PENDING), effects=(CreateSalesCredit,)),
    Rule(Resumed, S.EXCEPTION, S.CREDITED, guard=resumes_to(S.CREDITED), effects=_LEGS),
    Rule(Resumed, S.EXCEPTION, S.RESTOCKED, guard=resumes_to(S.RESTOCKED), effects=_LEGS),
    # What a person gives up for lost is made anew
    Rule(Reissued, S.EXCEPTION, S.CREDIT_PENDING, guard=lost_credit, effects=(CreateSalesCredit,)),
    Rule(Reissued, S.EXCEPTION, S.RESTOCKED, guard=lost_refund_of_restocked, effects=_LEGS),
    Rule(Reissued, S.EXCEPTION, S.CREDITED, guard=lost_leg, effects=_LEGS),
    # What a person does
    *(Rule(Held, state, S.EXCEPTION) for state in (S.INITIATED, S.SCANNED, S.CREDIT_PENDING, S.CREDITED, S.EXCEPTION)),
    Rule(Held, S.RESTOCKED, S.EXCEPTION, guard=is_unfinished),
    *(
        Rule(Forced, state, S.SCANNED, guard=forces_scanned, effects=_HINT)
        for state in (S.INITIATED, S.EXCEPTION, S.CLOSED)
    ),
    *(
        Rule(Forced, state, S.CREDIT_PENDING, guard=forces_credit, effects=(CreateSalesCredit,))
        for state in (S.INITIATED, S.SCANNED, S.CREDIT_PENDING, S.EXCEPTION, S.CLOSED)
    ),
    Rule(Forced, S.EXCEPTION, S.CREDITED, guard=forces_credited, effects=_LEGS),
    *(
        Rule(Forced, state, S.CLOSED, guard=forces_end)
        for state in (S.INITIATED, S.SCANNED, S.CREDIT_PENDING, S.CREDITED, S.EXCEPTION)
    ),
    Rule(CreditVerified, S.CLOSED, S.CREDITED, guard=was_ended_by_hand, effects=_LEGS),
    Rule(DroppedOff, S.CLOSED, S.CLOSED, guard=was_written_off),
    Rule(Approved, S.CLOSED, S.CLOSED, guard=was_written_off),
    Rule(UnitsReceived, S.CLOSED, S.CREDITED, guard=was_written_off_credited, effects=_LEGS),
    Rule(UnitsReceived, S.CLOSED, S.EXCEPTION, guard=was_written_off_uncredited),
    *(
        Rule(GoodsSettled, state, S.CLOSED, guard=ends_for_its_goods)
        for state in (S.INITIATED, S.SCANNED, S.CREDIT_PENDING, S.EXCEPTION, S.CLOSED)
    ),
    Rule(GoodsSettled, S.EXCEPTION, S.EXCEPTION, guard=takes_the_others_goods),
    Rule(GoodsSettled, S.EXCEPTION, S.INITIATED, guard=is_told_apart_to(S.INITIATED), effects=_HINT),
    Rule(GoodsSettled, S.EXCEPTION, S.SCANNED, guard=is_told_apart_to(S.SCANNED), effects=_HINT),
    Rule(
        GoodsSettled,
        S.EXCEPTION,
        S.CREDIT_PENDING,
        guard=is_told_apart_to(S.CREDIT_PENDING),
        effects=(CreateSalesCredit,),
    ),
    Rule(GoodsSettled, S.EXCEPTION, S.CREDITED, guard=is_told_apart_to(S.CREDITED), effects=_LEGS),
    Rule(GoodsSettled, S.EXCEPTION, S.RESTOCKED, guard=is_told_apart_to(S.RESTOCKED), effects=_LEGS),
    *(Rule(Assigned, state, state) for state in State),
    *(Rule(Snoozed, state, state, guard=has_a_clock) for state in State if state is not S.CLOSED),
    *(Rule(Noted, state, state) for state in State),
    # Clocks
    Rule(DeadlinePassed, S.INITIATED, S.INITIATED, guard=is_not_last_rung, effects=_HINT),
    Rule(DeadlinePassed, S.INITIATED, S.CLOSED, guard=is_last_rung),
    Rule(DeadlinePassed, S.SCANNED, S.SCANNED, guard=is_not_last_rung, effects=_HINT),
    Rule(DeadlinePassed, S.SCANNED, S.EXCEPTION, guard=is_last_rung),
    Rule(DeadlinePassed, S.CREDIT_PENDING, S.CREDIT_PENDING, guard=is_not_last_rung),
    Rule(DeadlinePassed, S.CREDIT_PENDING, S.EXCEPTION, guard=is_last_rung),
    Rule(DeadlinePassed, S.CREDITED, S.CREDITED, guard=is_not_last_rung),
    Rule(DeadlinePassed, S.CREDITED, S.EXCEPTION, guard=is_last_rung),
    Rule(DeadlinePassed, S.RESTOCKED, S.RESTOCKED, guard=is_not_last_rung),
    Rule(DeadlinePassed, S.RESTOCKED, S.EXCEPTION, guard=is_last_rung),
    Rule(DeadlinePassed, S.EXCEPTION, S.EXCEPTION),
)

RULE_BY_MOVE: dict[tuple[str, str, str], Rule] = {
    (rule.event.name, str(rule.source), rule.target.value): rule for rule in RULES
}
assert len(RULE_BY_MOVE) == len(RULES), "an (event, source, target) appears twice"
