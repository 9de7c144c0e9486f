"""Every state × every event: adding either forces an answer here."""

import pytest

from statemachine.diagram import mermaid
from statemachine.events import Event
from statemachine.machine import Ignored, Moved, Refused
from statemachine.states import SENTENCES, State
from statemachine.table import RULE_BY_MOVE, RULES
from tests.unit.returns import ALL_EVENTS, a_return, an_event, ask

# Columns: initiated | scanned | credit-pending | credited | restocked | exception | closed. An arrow shows what the
# machine does by itself afterwards.
MATRIX = {
    "started": "initiated | ignored | ignored | ignored | ignored | ignored | ignored",
    "dropped-off": "scanned→credit-pending | scanned→credit-pending | ignored | ignored | ignored | ignored | scanned→credit-pending",
    "approved": "scanned→credit-pending | scanned→credit-pending | credit-pending | credited | restocked | exception | scanned→credit-pending",
    "expired": "closed | refused | ignored | ignored | ignored | ignored | ignored",
    "cancelled": "closed | refused | ignored | ignored | ignored | ignored | ignored",
    "method-changed": "initiated | scanned | credit-pending | credited | restocked | exception | closed",
    "departed": "initiated | scanned | credit-pending | credited | restocked | exception | closed",
    "status-unclear": "exception | exception | ignored | ignored | ignored | ignored | ignored",
    "split-off": "initiated | scanned | refused | refused | refused | refused | refused",
    "units-received": "scanned→credit-pending | scanned→credit-pending | credit-pending | credited | ignored | exception | scanned→credit-pending",
    "credit-falls-due": "refused | refused | refused | refused | refused | refused | refused",
    "credit-verified": "refused | refused | credited | ignored | ignored | credited | refused",
    "credit-waits": "refused | refused | credit-pending | refused | refused | credit-pending | refused",
    "fact-changed": "ignored | ignored | credit-pending | ignored | ignored | exception | ignored",
    "troubled": "exception | exception | exception | exception | exception | exception | refused",
    "payment-recorded": "refused | refused | refused | credited | restocked | exception | refused",
    "credit-closed": "refused | refused | refused | credited | restocked | exception | refused",
    "credit-marked": "refused | refused | refused | credited | restocked | exception | closed",
    "stock-received": "refused | refused | refused | credited→restocked | ignored | exception | refused",
    "fully-restocked": "refused | refused | refused | refused | refused | refused | refused",
    "nothing-to-restock": "refused | refused | refused | refused | refused | refused | refused",
    "deadline-passed": "initiated | scanned | credit-pending | credited | restocked | exception | refused",
    "resumed": "refused | refused | refused | refused | refused | credit-pending | refused",
    "held": "exception | exception | exception | exception | exception | exception | refused",
    "forced": "credit-pending | credit-pending | credit-pending | refused | refused | credit-pending | credit-pending",
    "reissued": "refused | refused | refused | refused | refused | refused | refused",
    "goods-settled": "refused | refused | refused | refused | refused | refused | refused",
    "assigned": "initiated | scanned | credit-pending | credited | restocked | exception | closed",
    "snoozed": "initiated | scanned | credit-pending | credited | restocked | exception | refused",
    "noted": "initiated | scanned | credit-pending | credited | restocked | exception | closed",
}


@pytest.mark.parametrize("kind", ALL_EVENTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("state", State)
def test_every_state_answers_every_event(kind: type[Event], state: State) -> None:
    expected = MATRIX[kind.name].split(" | ")[list(State).index(state)]

    decision = ask(a_return(state), event=an_event(kind, state))

    match decision:
        case Moved(moves):
            assert "→".join(move.target.value for move in moves) == expected
            assert all((m.event.name, m.source, m.target.value) in RULE_BY_MOVE for m in moves)
            assert [m.after.version for m in moves] == list(range(2, 2 + len(moves)))
        case Ignored(why):
            assert (expected, bool(why)) == ("ignored", True)
        case Refused(why):
            assert (expected, bool(why)) == ("refused", True)


def test_every_event_and_state_is_in_the_matrix() -> None:
    assert set(MATRIX) == {kind.name for kind in ALL_EVENTS}
    assert all(len(row.split(" | ")) == len(State) for row in MATRIX.values())
    assert set(SENTENCES) == set(State)


def test_every_event_has_a_rule_and_every_state_can_be_reached() -> None:
    assert {rule.event for rule in RULES} == set(ALL_EVENTS)
    assert {rule.target for rule in RULES} == set(State)


def test_the_diagram_shows_every_rule_that_moves() -> None:
    drawn = mermaid()

    moving = [rule for rule in RULES if str(rule.source) != rule.target.value]
    assert drawn.startswith("stateDiagram-v2")
    assert all(rule.event.name in drawn for rule in moving)
