"""A person is asked about each write that nobody knows of, and told once of each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from daemon.loops.outcome import Outcome, incomplete, parked, unsettled, withheld
from daemon.store.outbox import Leased
from statemachine.events import Troubled
from statemachine.states import CloseReason, State
from statemachine.units import Return, Trouble
from tests.unit.returns import NOON, a_return

SENT = Leased(1, 1, "record-refund", "HW-1-pay", {}, {"body": {}}, NOON, 3, None, None, NOON)


def unknown(effect: str) -> Trouble:
    return Trouble("outcome-unknown", "operations", "Sent, and not to be found.", {"effect": effect})


def stopped_for(trouble: Trouble) -> Return:
    return replace(a_return(State.CREDITED), state=State.EXCEPTION, trouble=trouble, resume_state=State.CREDITED)


def asked(instance: Return, effect: Leased = SENT) -> Outcome:
    return unsettled(effect, instance, unknown("record-refund"), now=NOON + timedelta(hours=1))


def test_a_second_write_that_nobody_knows_of_is_told_while_the_first_stands() -> None:
    assert isinstance(asked(stopped_for(unknown("receive-stock"))).event, Troubled)
    assert asked(stopped_for(unknown("record-refund"))).event is None


def test_two_such_writes_do_not_take_turns_in_telling() -> None:
    once = asked(stopped_for(unknown("receive-stock")))
    known = replace(SENT, result=once.settlement.result)

    assert asked(stopped_for(unknown("receive-stock")), known).event is None
    assert isinstance(asked(a_return(State.CREDITED), known).event, Troubled)  # somebody let it go on: it is told again


def ended() -> Return:
    return replace(a_return(State.CREDIT_PENDING), state=State.CLOSED, close_reason=CloseReason.WRITTEN_OFF)


@pytest.mark.parametrize("instance", [ended(), stopped_for(Trouble("held", "operations", "Stopped."))])
def test_what_was_sent_before_a_person_stopped_its_return_is_looked_for_and_never_dropped(instance: Return) -> None:
    sent = withheld(SENT, instance, now=NOON + timedelta(hours=4))
    not_sent = withheld(replace(SENT, intent=None), instance, now=NOON + timedelta(hours=4))

    assert (sent.settlement.state, sent.settlement.forget_intent, sent.event) == ("ready", False, None)
    assert sent.settlement.due_at is not None
    assert not_sent.settlement.state == "withheld"


def test_what_is_never_found_after_a_write_off_is_asked_of_a_person_once() -> None:
    days_later = withheld(SENT, ended(), now=NOON + timedelta(days=3))
    knowing = withheld(replace(SENT, result=days_later.settlement.result), ended(), now=NOON + timedelta(days=4))

    assert isinstance(days_later.event_as_sent, Troubled)
    assert days_later.event_as_sent.is_sent
    assert (knowing.settlement.state, knowing.settlement.forget_intent, knowing.event) == ("parked", False, None)
    assert asked(ended(), replace(SENT, result=days_later.settlement.result)).event is None


def test_a_number_that_was_answered_is_kept_when_the_return_becomes_an_exception() -> None:
    stopped = parked(SENT, unknown("create-sales-credit"), keep_intent=True, credit_id=77)

    assert stopped.settlement.result == {"credit_id": 77}


@pytest.mark.parametrize(
    ("gone_on", "least", "most"),
    [
        (timedelta(0), timedelta(0), timedelta(minutes=10)),
        (timedelta(hours=1), timedelta(minutes=5), timedelta(minutes=10)),
        (timedelta(hours=3), timedelta(minutes=15), timedelta(minutes=15)),
        (timedelta(days=9), timedelta(minutes=30), timedelta(minutes=30)),
    ],
)
def test_what_stays_incomplete_is_read_less_and_less_often(
    gone_on: timedelta, least: timedelta, most: timedelta
) -> None:
    since = NOON - gone_on
    known = {"incomplete": {"tries": 40, "since": since.isoformat(), "attempt": SENT.attempts - 1}}

    outcome = incomplete(replace(SENT, result=known), a_return(State.CREDITED), "a row", now=NOON)

    assert outcome.settlement.due_at is not None
    assert least <= outcome.settlement.due_at - NOON <= most
