"""What the machine does with parts, progress, legs and clocks."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from statemachine.causes import CAUSES, TEAMS
from statemachine.deadlines import deadline_for, ladder
from statemachine.effects import AskHappyReturns, CloseCredit, CreateSalesCredit, ReceiveStock, RecordRefund
from statemachine.events import (
    Approved,
    CreditVerified,
    CreditWaits,
    DeadlinePassed,
    DroppedOff,
    Expired,
    PaymentRecorded,
    Reissued,
    Resumed,
    Started,
    StockReceived,
    Troubled,
    UnitsReceived,
)
from statemachine.goods import NOTHING_ELSEWHERE
from statemachine.machine import Ignored, Moved, Refused, decide
from statemachine.policy import Policy
from statemachine.states import CloseReason, State
from statemachine.units import Condition, Payment, Place, Progress, Return, Trouble
from tests.unit.returns import ADDRESS, CREDIT, NOON, a_return, ask, unit


def moved(decision: object) -> Moved:
    assert isinstance(decision, Moved), decision
    return decision


def test_a_return_begins_with_its_units() -> None:
    decision = moved(ask(event=Started((unit("a"), unit("b")), express_code="HRK7Q2MX")))

    (move,) = decision.moves
    assert (move.source, move.target, move.after.part) == ("new", State.INITIATED, 1)
    assert (len(move.after.units), move.after.express_code) == (2, "HRK7Q2MX")


def test_only_the_units_that_were_dropped_off_go_ahead_as_their_own_part() -> None:
    whole = a_return(State.INITIATED, keys=("a", "b"))

    decision = moved(ask(whole, event=DroppedOff((unit("a"),), confirmed=True)))

    final = {move.after.part: move.after for move in decision.moves}
    assert [u.key for u in final[1].units] == ["b"]
    assert [u.key for u in final[2].units] == ["a"]
    assert (final[1].state, final[2].state) == (State.INITIATED, State.CREDIT_PENDING)
    assert final[1].credit_ref != final[2].credit_ref


def test_units_that_go_together_stay_together() -> None:
    whole = a_return(State.INITIATED, keys=("a", "b"))

    decision = moved(ask(whole, event=DroppedOff((unit("a"), unit("b")), confirmed=True)))

    assert {move.after.part for move in decision.moves} == {1}


def test_a_hint_moves_no_money_and_is_asked_about() -> None:
    decision = moved(ask(a_return(State.INITIATED), event=DroppedOff((unit(),), confirmed=False)))

    (move,) = decision.moves
    assert move.target is State.SCANNED
    assert [type(effect) for effect in move.effects] == [AskHappyReturns]


def test_a_hint_suffices_where_policy_says_so() -> None:
    policy = Policy(confirm_hints=False)

    decision = moved(ask(a_return(State.INITIATED), event=DroppedOff((unit(),)), policy=policy))

    assert decision.moves[-1].target is State.CREDIT_PENDING


@pytest.mark.parametrize(
    ("trigger", "event", "state"),
    [
        (Progress.STARTED, Started, State.CREDIT_PENDING),
        (Progress.DROPPED_OFF, Started, State.INITIATED),
        (Progress.DROPPED_OFF, DroppedOff, State.CREDIT_PENDING),
        (Progress.APPROVED, DroppedOff, State.SCANNED),
        (Progress.APPROVED, Approved, State.CREDIT_PENDING),
    ],
)
def test_the_credit_falls_due_at_the_merchants_trigger(
    trigger: Progress, event: type[Started | DroppedOff | Approved], state: State
) -> None:
    family = () if event is Started else (a_return(State.INITIATED),)

    decision = moved(ask(*family, event=event((unit(),), confirmed=True), policy=Policy(credit_trigger=trigger)))

    assert decision.moves[-1].target is state
    due = state is State.CREDIT_PENDING
    assert any(isinstance(e, CreateSalesCredit) for e in decision.moves[-1].effects) is due


def test_a_verified_credit_asks_for_refund_close_and_goods_already_in_hand() -> None:
    waiting = a_return(State.CREDIT_PENDING)
    in_hand = replace(waiting.units[0], condition=Condition.SELLABLE, received_at=NOON)

    decision = moved(ask(replace(waiting, units=(in_hand,)), event=CreditVerified(CREDIT, 55, {"a": (Place("55"),)})))

    kinds = [type(effect) for effect in decision.moves[0].effects]
    assert kinds == [RecordRefund, CloseCredit, ReceiveStock]


def test_a_second_credit_is_refused() -> None:
    other = replace(CREDIT, id=9999)

    decision = ask(a_return(State.CREDITED), event=CreditVerified(other, 55, {"a": (Place("55"),)}))

    assert isinstance(decision, Refused)
    assert "second credit" in decision.why


def test_goods_received_in_two_bags_are_booked_in_two_notes() -> None:
    credited = a_return(State.CREDITED, keys=("a", "b"))

    first = moved(ask(credited, event=UnitsReceived(("a",), received_at=NOON)))
    second = moved(ask(first.moves[-1].after, event=UnitsReceived(("b",), received_at=NOON)))

    keys = [effect.key for move in (*first.moves, *second.moves) for effect in move.effects]
    assert len(set(keys)) == 2
    half = moved(ask(second.moves[-1].after, event=StockReceived({"a": 13})))
    assert half.moves[-1].target is State.CREDITED
    assert moved(ask(half.moves[-1].after, event=StockReceived({"b": 14}))).moves[-1].target is State.RESTOCKED


def test_a_retry_asks_for_the_same_goods_under_the_same_key() -> None:
    asked = moved(ask(a_return(State.CREDITED), event=UnitsReceived(("a",), received_at=NOON))).moves[-1]
    trouble = Trouble("goods-in-refused", "warehouse", "Refused.")
    stuck = moved(ask(asked.after, event=Troubled(trouble))).moves[-1].after

    resumed = moved(ask(stuck, event=Resumed("fixed"))).moves[0]

    again = [effect for effect in resumed.effects if isinstance(effect, ReceiveStock)]
    assert [effect.key for effect in again] == [effect.key for effect in asked.effects]


def test_a_missing_unit_is_the_warehouses_exception() -> None:
    decision = moved(ask(a_return(State.CREDITED), event=UnitsReceived(("a",), Condition.MISSING, NOON)))

    final = decision.moves[-1].after
    assert final.state is State.EXCEPTION
    assert final.trouble is not None
    assert (final.trouble.cause, final.trouble.owner) == ("unit-missing", "warehouse")
    assert not any(isinstance(e, ReceiveStock) for move in decision.moves for e in move.effects)


def test_a_returnless_credit_ends_closed_once_the_money_is_done() -> None:
    keep = replace(unit(reached=Progress.APPROVED), dropoff_method="returnless")
    credited = replace(a_return(State.CREDITED), units=(keep,), close_due=False)

    decision = moved(ask(credited, event=PaymentRecorded(Payment(1, "ref", Decimal("24.00"), "GBP", "SHOPIFY"))))

    assert decision.moves[-1].after.close_reason is CloseReason.RETURNLESS


def test_what_expired_comes_back_to_life_when_it_is_dropped_off() -> None:
    gone = moved(ask(a_return(State.INITIATED), event=Expired((unit(),), confirmed=True))).moves[-1].after

    decision = moved(ask(gone, event=DroppedOff((unit(),), confirmed=True)))

    assert decision.moves[-1].target is State.CREDIT_PENDING


def test_a_late_lower_rank_is_recorded_not_applied() -> None:
    assert isinstance(ask(a_return(State.CREDITED), event=DroppedOff((unit(),), confirmed=True)), Ignored)


def test_an_event_about_units_nobody_started_is_refused() -> None:
    assert isinstance(ask(event=Approved((unit(),), confirmed=True)), Refused)


@pytest.mark.parametrize("state", [State.INITIATED, State.SCANNED, State.CREDIT_PENDING, State.CREDITED])
def test_each_ladder_is_climbed_rung_by_rung_and_once(state: State) -> None:
    instance = a_return(state)
    rungs = ladder(state, Policy())

    for level in range(1, len(rungs) + 1):
        event = DeadlinePassed(state, level)
        instance = moved(ask(instance, event=event)).moves[-1].after
        assert isinstance(ask(instance, event=event), Ignored | Refused)

    assert instance.state is (State.CLOSED if state is State.INITIATED else State.EXCEPTION)
    if instance.trouble is not None:
        assert instance.trouble.cause == rungs[-1].cause


def test_a_confirmed_drop_off_that_waits_for_inspection_is_given_weeks_not_hours() -> None:
    policy = Policy(credit_trigger=Progress.APPROVED)
    dropped = DroppedOff((unit(),), confirmed=True)

    waiting = moved(ask(a_return(State.INITIATED), event=dropped, policy=policy)).moves[-1]
    hinted = moved(ask(a_return(State.INITIATED), event=replace(dropped, confirmed=False), policy=policy)).moves[-1]

    assert waiting.target is hinted.target is State.SCANNED
    assert waiting.due_at == NOON + timedelta(days=14)
    assert hinted.due_at == NOON + timedelta(hours=24)
    first = moved(ask(waiting.after, event=DeadlinePassed(State.SCANNED, 1), policy=policy)).moves[-1].after
    last = moved(ask(first, event=DeadlinePassed(State.SCANNED, 2), policy=policy)).moves[-1].after
    assert last.trouble is not None
    assert last.trouble.cause == "approval-overdue"


def test_a_deadline_of_a_state_that_was_left_is_ignored() -> None:
    assert isinstance(ask(a_return(State.CREDITED), event=DeadlinePassed(State.SCANNED, 1)), Ignored)


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_an_owner_a_clock_and_words(cause: str) -> None:
    known = CAUSES[cause]

    assert known.owner in TEAMS
    assert known.clock > timedelta(0)
    assert known.means
    assert known.next_step
    assert deadline_for(State.EXCEPTION, Policy(), entered_at=NOON, cause=cause) == NOON + known.clock


@pytest.mark.parametrize(
    ("cause", "resume", "event", "state"),
    [
        ("drop-off-unconfirmed", State.SCANNED, DroppedOff((unit(),), confirmed=True), State.CREDIT_PENDING),
        ("status-unclear", State.INITIATED, Approved((unit(),), confirmed=True), State.CREDIT_PENDING),
        ("goods-not-received", State.CREDITED, StockReceived({"a": 13}), State.RESTOCKED),
    ],
)
def test_an_exception_ends_by_itself_when_the_very_fact_it_lacked_arrives(
    cause: str, resume: State, event: DroppedOff | Approved | StockReceived, state: State
) -> None:
    stuck = replace(
        a_return(State.EXCEPTION), units=(unit(),), resume_state=resume, trouble=Trouble(cause, "x", "Stuck."),
        credit=CREDIT if resume is State.CREDITED else None,
    )  # fmt: skip

    decision = moved(ask(stuck, event=event))

    assert decision.moves[-1].target is state
    assert "resumed" in [move.event.name for move in decision.moves]


def test_other_exceptions_wait_for_a_person() -> None:
    stuck = replace(a_return(State.EXCEPTION), units=(unit(),))

    assert moved(ask(stuck, event=DroppedOff((unit(),), confirmed=True))).moves[-1].target is State.EXCEPTION


def test_goods_back_with_the_money_unfinished_keep_a_clock() -> None:
    credited = a_return(State.CREDITED)

    unsettled = moved(ask(credited, event=StockReceived({"a": 13}))).moves[-1]
    settled = moved(ask(replace(credited, refund_due=False, close_due=False), event=StockReceived({"a": 13}))).moves[-1]

    assert (unsettled.target, settled.target) == (State.RESTOCKED, State.RESTOCKED)
    assert unsettled.due_at is not None
    assert settled.due_at is None


def test_a_returnless_unit_is_not_waited_for() -> None:
    keep = replace(unit("b", reached=Progress.APPROVED), dropoff_method="returnless")
    credited = replace(a_return(State.CREDITED), units=(unit("a", reached=Progress.APPROVED), keep))

    assert moved(ask(credited, event=StockReceived({"a": 13}))).moves[-1].target is State.RESTOCKED


def test_what_the_warehouse_found_is_not_wiped_by_the_credit() -> None:
    pending = a_return(State.CREDIT_PENDING)
    wrong = moved(ask(pending, event=UnitsReceived(("a",), Condition.WRONG_ITEM, NOON))).moves[-1].after
    assert (wrong.state, wrong.trouble.cause if wrong.trouble else "") == (State.EXCEPTION, "wrong-item")

    verified = moved(ask(wrong, event=CreditVerified(CREDIT, 55, {"a": (Place("55"),)}))).moves[-1]
    waits = ask(wrong, event=CreditWaits("something", cause="period-locked"))
    troubled = ask(wrong, event=Troubled(Trouble("sku-unknown-to-order", "customer-service", "No such row.")))

    assert verified.target is State.EXCEPTION
    assert verified.effects == ()
    assert (verified.after.trouble, verified.after.resume_state) == (wrong.trouble, State.CREDITED)
    assert isinstance(waits, Ignored)
    assert isinstance(troubled, Ignored)


def test_another_wait_has_a_clock_of_its_own() -> None:
    first = moved(ask(a_return(State.CREDIT_PENDING), event=CreditWaits("a", cause="period-locked"))).moves[-1].after
    later = NOON + timedelta(hours=40)

    decision = decide(
        (first,), CreditWaits("b", cause="invoice-pending"), address=ADDRESS, now=later, policy=Policy(),
        elsewhere=NOTHING_ELSEWHERE, part=1,
    )  # fmt: skip

    assert moved(decision).moves[-1].due_at == Policy().calendar.later(later, timedelta(hours=4))


def test_an_exception_is_not_left_for_the_wait_it_came_from() -> None:
    stuck = replace(a_return(State.EXCEPTION), trouble=Trouble("period-locked", "finance", "Locked."))

    same = ask(stuck, event=CreditWaits("the accounting period to open", cause="period-locked"))
    other = moved(ask(stuck, event=CreditWaits("the invoice", cause="invoice-pending")))

    assert isinstance(same, Ignored)
    assert other.moves[-1].target is State.CREDIT_PENDING


def lost(effect: str, *, key: str = "", number: int | None = None) -> Return:
    """Credited, two units on goods-in notes of their own, and stopped since one write is given up for lost."""
    cause = "record-vanished" if number is not None else "outcome-unknown"
    instance = a_return(State.CREDITED, keys=("a", "b"))
    units = tuple(
        replace(u, condition=Condition.SELLABLE, received_at=NOON, goods_in_ref=f"note-{u.key}") for u in instance.units
    )
    trouble = Trouble(cause, "operations", "Lost.", {"effect": effect, "key": key, "number": number})
    return replace(instance, state=State.EXCEPTION, resume_state=State.CREDITED, units=units, trouble=trouble)


@pytest.mark.parametrize("effect", ["record-refund", "receive-stock"])
def test_what_is_made_anew_gets_a_fresh_key_and_changes_no_other(effect: str) -> None:
    before = lost(effect, key="note-a")
    kept = {each.kind: each.key for each in moved(ask(before, event=Resumed("again"))).moves[0].effects}

    (move,) = moved(ask(before, event=Reissued(effect))).moves

    keys = {each.kind: each.key for each in move.effects}
    assert keys[effect] != kept[effect]
    assert {kind: key for kind, key in keys.items() if kind != effect} == {
        kind: key for kind, key in kept.items() if kind in keys and kind != effect
    }
    assert "record-refund" in keys


def test_of_the_goods_only_what_was_lost_is_received_anew() -> None:
    (move,) = moved(ask(lost("receive-stock", key="note-a"), event=Reissued("receive-stock"))).moves

    assert [each.unit_keys for each in move.effects if isinstance(each, ReceiveStock)] == [("a",)]
    assert [unit.goods_in_ref == f"note-{unit.key}" for unit in move.after.units] == [False, True]


def test_each_reissue_of_a_kind_is_another_key() -> None:
    instance, keys = lost("record-refund"), set[str]()
    for _ in range(3):
        (move,) = moved(ask(instance, event=Reissued("record-refund"))).moves
        keys |= {each.key for each in move.effects if isinstance(each, RecordRefund)}
        instance = replace(move.after, state=State.EXCEPTION, resume_state=State.CREDITED, trouble=instance.trouble)

    assert len(keys) == 3
