"""Our own credit as it stands, set against what it was when it was made; and what a person's word makes of the difference."""

from dataclasses import replace
from decimal import Decimal

from statemachine.credit.changed import about_own_credit
from statemachine.credit.snapshot import CreditRow, ExistingCredit
from statemachine.effects import RecordRefund
from statemachine.events import Resumed
from statemachine.states import State
from tests.unit.returns import CREDIT, NOON, a_return, ask
from tests.unit.test_hands import moved

RETURN = a_return(State.CREDITED)
ROW = CreditRow(1, 7, Decimal(1), CREDIT.net, CREDIT.tax)
AS_MADE = ExistingCredit(CREDIT.id, 901, CREDIT.external_ref, "", "GBP", NOON, is_cancelled=False, rows=(ROW,))
HALF = replace(AS_MADE, rows=(replace(ROW, net=Decimal("10.00"), tax=Decimal("2.00")),))


def test_a_credit_that_is_what_it_was_stops_nothing() -> None:
    assert about_own_credit(RETURN, AS_MADE) is None
    assert about_own_credit(RETURN, replace(AS_MADE, currency="")) is None


def test_other_sums_or_another_currency_or_a_cancellation_stop_the_money() -> None:
    found = [about_own_credit(RETURN, each) for each in (
        HALF, replace(AS_MADE, currency="EUR"), replace(AS_MADE, is_cancelled=True),
        replace(AS_MADE, rows=(replace(ROW, net=ROW.net + 1, tax=ROW.tax - 1),)),
    )]  # fmt: skip

    assert [each.cause if each else "" for each in found] == [
        "credit-differs", "credit-differs", "credit-cancelled", "credit-differs",
    ]  # fmt: skip


def test_a_person_who_accepts_an_edited_credit_makes_its_sum_the_one_that_is_owed_and_no_later_one() -> None:
    stuck = replace(
        RETURN, state=State.EXCEPTION, resume_state=State.CREDITED, trouble=about_own_credit(RETURN, HALF), id=1
    )

    (move,) = moved(ask(stuck, event=Resumed("it is right", accepts=("credit-differs",))))

    assert move.after.credit is not None
    assert (move.after.credit.net, move.after.credit.tax) == (Decimal("10.00"), Decimal("2.00"))
    assert RecordRefund in {type(effect) for effect in move.effects}
    assert about_own_credit(move.after, HALF) is None
    assert about_own_credit(move.after, AS_MADE) is not None
