"""What a person does to a return: hold, release, force, write off, assign, snooze; what it can and cannot make true."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from daemon.actions.verbs import Options, Unfit, event_for
from statemachine.deadlines import deadline_for
from statemachine.effects import CreateSalesCredit, ReceiveStock, RecordRefund
from statemachine.events import (
    Approved,
    Assigned,
    CreditVerified,
    DroppedOff,
    FactChanged,
    Forced,
    Held,
    Noted,
    Resumed,
    Snoozed,
    Troubled,
    UnitsReceived,
)
from statemachine.machine import Decision, Ignored, Move, Moved, Refused
from statemachine.policy import Policy
from statemachine.states import CloseReason, State
from statemachine.units import HELD, Payment, Place, Return, Trouble
from tests.unit.returns import CREDIT, NOON, a_return, an_event, ask

PAID = Payment(1, "ref", Decimal("24.00"), "GBP", "SHOPIFY")
HOUR = timedelta(hours=1)


def moved(decision: Decision) -> tuple[Move, ...]:
    assert isinstance(decision, Moved), decision
    return decision.moves


def held(state: State) -> Return:
    (move,) = moved(ask(a_return(state), event=Held(team="finance", why="police inquiry")))
    return move.after


def written_off(state: State) -> Return:
    (move,) = moved(ask(a_return(state), event=Forced(State.CLOSED)))
    return move.after


@pytest.mark.parametrize("state", [State.INITIATED, State.SCANNED, State.CREDIT_PENDING, State.CREDITED])
def test_what_is_held_stays_until_it_is_released_and_goes_on_where_it_was(state: State) -> None:
    stopped = held(state)

    assert (stopped.state, stopped.resume_state, stopped.is_withheld) == (State.EXCEPTION, state, True)
    assert stopped.trouble is not None
    assert (stopped.trouble.cause, stopped.trouble.owner, stopped.trouble.explanation) == (
        HELD,
        "finance",
        "police inquiry",
    )
    assert isinstance(ask(stopped, event=Resumed("hope")), Ignored)
    assert isinstance(ask(stopped, event=Held()), Ignored)
    released = moved(ask(stopped, event=Resumed("cleared", releases=True)))[0]
    assert (released.target, released.after.is_withheld, released.after.trouble) == (state, False, None)


def test_a_release_of_what_is_not_held_changes_nothing() -> None:
    assert isinstance(ask(a_return(State.EXCEPTION), event=Resumed("x", releases=True)), Ignored)


def test_a_credit_that_was_under_way_when_the_return_was_held_is_kept_and_the_return_stays_held() -> None:
    stopped = held(State.CREDIT_PENDING)

    (move,) = moved(ask(stopped, event=an_event(CreditVerified)))

    assert (move.target, move.after.credit, move.after.resume_state) == (State.EXCEPTION, CREDIT, State.CREDITED)
    assert move.after.is_held
    assert move.effects == ()
    released = moved(ask(move.after, event=Resumed("cleared", releases=True)))[0]
    assert RecordRefund in {type(effect) for effect in released.effects}


@pytest.mark.parametrize(
    "event", [FactChanged("maps", "new"), Troubled(Trouble("credit-refused", "finance", "Refused."))]
)
def test_what_becomes_of_the_credit_meanwhile_does_not_end_a_hold(event: FactChanged | Troubled) -> None:
    assert isinstance(ask(held(State.CREDIT_PENDING), event=event), Ignored)


def test_an_exception_can_be_held_and_is_decided_afresh_when_released() -> None:
    stopped = held(State.EXCEPTION)

    released = moved(ask(stopped, event=Resumed("cleared", releases=True)))[0]

    assert stopped.resume_state is State.CREDIT_PENDING
    assert (released.target, released.effects) == (
        State.CREDIT_PENDING,
        (CreateSalesCredit(released.after.credit_ref),),
    )


def test_a_settled_return_cannot_be_held() -> None:
    settled = replace(a_return(State.RESTOCKED), payment=PAID, credit=replace(CREDIT, invoice_reference="SC-1"))

    assert isinstance(ask(settled, event=Held()), Refused)


def test_forcing_a_hand_over_counts_as_confirmed_and_the_credit_falls_due_as_policy_says() -> None:
    moves = moved(ask(a_return(State.INITIATED), event=Forced(State.SCANNED)))

    assert [move.target for move in moves] == [State.SCANNED, State.CREDIT_PENDING]
    assert moves[-1].effects == (CreateSalesCredit(moves[-1].after.credit_ref),)


@pytest.mark.parametrize("state", [State.INITIATED, State.SCANNED, State.EXCEPTION, State.CLOSED])
def test_forcing_a_credit_asks_for_it_at_once(state: State) -> None:
    (move,) = moved(ask(a_return(state), event=Forced(State.CREDIT_PENDING)))

    assert (move.target, move.effects) == (State.CREDIT_PENDING, (CreateSalesCredit(move.after.credit_ref),))
    assert move.after.close_reason is None


def test_credited_is_not_made_true_by_a_word_but_looked_for() -> None:
    instance = a_return(State.CREDIT_PENDING)

    (move,) = moved(ask(instance, event=Forced(State.CREDITED, adopt=700, accepts=("credit-differs",))))

    assert isinstance(ask(instance, event=Forced(State.CREDITED)), Refused)
    assert (move.target, move.after.adopts, move.after.credit) == (State.CREDIT_PENDING, 700, None)
    assert move.after.accepted == ("credit-differs",)
    (read_back,) = moved(ask(move.after, event=an_event(CreditVerified)))
    assert (read_back.target, read_back.after.adopts) == (State.CREDITED, None)


@pytest.mark.parametrize("state", [State.RESTOCKED, State.INITIATED])
def test_no_word_brings_stock_into_the_books(state: State) -> None:
    assert isinstance(ask(a_return(state), event=Forced(State.RESTOCKED)), Refused)


def test_a_second_credit_is_never_forced() -> None:
    stuck = replace(a_return(State.EXCEPTION), credit=CREDIT, resume_state=State.CREDITED)

    assert isinstance(ask(stuck, event=Forced(State.CREDIT_PENDING)), Refused)
    assert isinstance(ask(stuck, event=Forced(State.CREDITED, adopt=700)), Refused)
    assert [move.target for move in moved(ask(stuck, event=Forced(State.CREDITED)))] == [State.CREDITED]


def test_a_return_whose_refund_is_owed_cannot_be_written_off() -> None:
    owed = a_return(State.CREDITED)
    settled = replace(owed, payment=PAID, credit=replace(CREDIT, invoice_reference="SC-1"))

    assert isinstance(ask(owed, event=Forced(State.CLOSED)), Refused)
    (move,) = moved(ask(settled, event=Forced(State.CLOSED)))
    assert (move.target, move.after.close_reason, move.due_at) == (State.CLOSED, CloseReason.WRITTEN_OFF, None)


def test_late_news_of_a_written_off_return_is_kept_and_brings_nothing_back() -> None:
    over = written_off(State.INITIATED)

    for kind in (DroppedOff, Approved):
        (move,) = moved(ask(over, event=an_event(kind)))
        over = move.after
        assert (over.state, over.close_reason, move.effects) == (State.CLOSED, CloseReason.WRITTEN_OFF, ())


def test_goods_of_an_uncredited_write_off_need_a_persons_word() -> None:
    (move,) = moved(ask(written_off(State.CREDIT_PENDING), event=UnitsReceived(("a",), received_at=NOON)))

    assert move.target is State.EXCEPTION
    assert move.after.trouble is not None
    assert move.after.trouble.cause == "arrived-after-write-off"
    assert [each.target for each in moved(ask(move.after, event=Resumed("credit it")))] == [
        State.SCANNED,
        State.CREDIT_PENDING,
    ]


def test_goods_of_a_credited_write_off_go_to_stock_after_all() -> None:
    settled = replace(a_return(State.CREDITED), payment=PAID, credit=replace(CREDIT, invoice_reference="SC-1"))
    (closed,) = moved(ask(settled, event=Forced(State.CLOSED)))

    (move,) = moved(ask(closed.after, event=UnitsReceived(("a",), received_at=NOON)))

    assert move.target is State.CREDITED
    assert [type(effect) for effect in move.effects] == [ReceiveStock]


def test_a_credit_that_turns_out_to_exist_ends_the_write_off() -> None:
    event = CreditVerified(CREDIT, 55, {"a": (Place("55"),)})

    (move,) = moved(ask(written_off(State.CREDIT_PENDING), event=event))

    assert (move.target, move.after.close_reason) == (State.CREDITED, None)


def test_a_snoozed_clock_rests_until_then_and_no_longer() -> None:
    instance = a_return(State.EXCEPTION)
    usual = deadline_for(State.EXCEPTION, Policy(), entered_at=NOON, cause="sku-unknown-to-order")
    assert usual is not None

    (late,) = moved(ask(instance, event=Snoozed(usual + HOUR)))
    (early,) = moved(ask(instance, event=Snoozed(usual - HOUR)))
    (over,) = moved(ask(late.after, event=Snoozed(None)))

    assert (late.due_at, early.due_at, over.due_at) == (usual + HOUR, usual, usual)
    assert moved(ask(late.after, event=Resumed("fixed")))[0].after.snoozed_until is None


def test_who_works_on_an_exception_is_known_until_it_is_over() -> None:
    (move,) = moved(ask(a_return(State.EXCEPTION), event=Assigned("alice")))

    assert move.after.assignee == "alice"
    (noted,) = moved(ask(move.after, event=Noted()))
    assert (noted.after.assignee, noted.after.version) == ("alice", 3)
    assert moved(ask(move.after, event=Resumed("fixed")))[0].after.assignee == ""


def test_a_credit_that_was_cancelled_is_not_forced_to_be_one_and_a_rival_is_accepted_by_name() -> None:
    stuck = replace(a_return(State.EXCEPTION), credit=CREDIT, resume_state=State.CREDITED)
    cancelled = replace(stuck, trouble=Trouble("credit-cancelled", "finance", "Cancelled."))
    rival = replace(stuck, trouble=Trouble("rival-credit", "finance", "Another one."))
    options = Options(reason="goodwill", note="both are right", to="credited")

    with pytest.raises(Unfit, match="would not be true"):
        event_for("force", options, cancelled, now=NOON)
    event = event_for("force", options, rival, now=NOON)
    assert isinstance(event, Forced)
    assert event.accepts == ("rival-credit",)
    assert moved(ask(rival, event=event))[0].after.accepted == ("rival-credit",)


@pytest.mark.parametrize("cause", ["rival-credit", "outcome-unknown", "credit-after-write-off"])
def test_what_was_sent_before_a_write_off_is_told_of_and_can_be_seen_through(cause: str) -> None:
    found = Trouble(cause, "finance", "It stands there after all.", {"effect": "create-sales-credit"})
    closed = written_off(State.CREDIT_PENDING)

    (move,) = moved(ask(closed, event=Troubled(found, is_sent=True)))

    assert (move.target, move.after.resume_state) == (State.EXCEPTION, State.CREDIT_PENDING)
    assert moved(ask(move.after, event=CreditVerified(CREDIT, 55)))[0].target is State.CREDITED
    assert [each.target for each in moved(ask(move.after, event=Forced(State.CLOSED)))] == [State.CLOSED]


def test_a_trouble_of_what_was_never_sent_does_not_open_a_write_off_again() -> None:
    found = Trouble("sku-unknown-to-order", "customer-service", "No such row.")

    assert isinstance(ask(written_off(State.CREDIT_PENDING), event=Troubled(found)), Refused)
