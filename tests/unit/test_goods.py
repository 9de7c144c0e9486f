"""Which goods are the same, who goes first, and that no order of events asks twice for one thing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.store.claims import Register
from statemachine.causes import SAME_GOODS
from statemachine.effects import CreateSalesCredit, RecordRefund
from statemachine.events import (
    Approved,
    CreditVerified,
    Departed,
    DroppedOff,
    Event,
    Expired,
    Forced,
    GoodsSettled,
    Reissued,
    Resumed,
    Started,
    UnitsReceived,
    Way,
)
from statemachine.goods import By, Elsewhere, Holder, has_offset, next_occurrence, partners, same_goods
from statemachine.machine import Ignored, Moved, Refused, decide
from statemachine.policy import Policy
from statemachine.states import CloseReason, State
from statemachine.units import Condition, Goods, Place, Return, Trouble, Unit
from tests.unit.returns import CREDIT, NOON, a_return, ask, unit

ELDER = Holder(
    Goods("hr-0", "10422", "x"), 1, 7, "initiated", happy_item_id="a", began=7, has_asked=False, credit_ref="HW-0-1"
)
MINE = 9


def elsewhere(*holders: Holder, **more: object) -> Elsewhere:
    return replace(Elsewhere(holders, MINE), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("12345-0-2", True),
        ("88-12-0-5", True),
        ("12345", False),
        ("12345-2-2", False),
        ("-0-2", False),
        ("a-b-c", False),
    ],
)
def test_a_line_id_with_an_offset_names_one_unit(line: str, answer: bool) -> None:
    assert has_offset(line) is answer


SAME: dict[str, tuple[Unit, Holder, By | None]] = {
    "its item id": (unit(), ELDER, By.ITEM),
    "another item id": (unit(), replace(ELDER, happy_item_id="b"), None),
    "its express code": (unit(), replace(ELDER, happy_item_id="b", express_code="HRK7Q2MX"), By.CODE),
    "the code of its own return, in another order": (
        unit(), replace(ELDER, happy_item_id="b", express_code="HRK7Q2MX", goods=Goods("hr-1", "10423", "x")), None,
    ),
    "its item id in another order of the same return": (unit(), replace(ELDER, goods=Goods("hr-1", "10423", "x")), By.ITEM),
    "its line, asked for without an item id": (
        Unit("l", line_item_id="5"), replace(ELDER, happy_item_id="", line_item_id="5", has_asked=True), By.LINE,
    ),
    "its line in another order": (
        Unit("l", line_item_id="5"),
        replace(ELDER, happy_item_id="", line_item_id="5", has_asked=True, goods=Goods("hr-0", "99", "x")), None,
    ),
    "its line with an offset, under another item id": (
        Unit("a", "a", line_item_id="5-0-2"),
        replace(ELDER, happy_item_id="b", line_item_id="5-0-2", has_asked=True), By.LINE,
    ),
    "its bare line under another item id": (
        Unit("a", "a", line_item_id="5"), replace(ELDER, happy_item_id="b", line_item_id="5", has_asked=True), None,
    ),
    "its line, merely begun": (
        Unit("l", line_item_id="5"), replace(ELDER, happy_item_id="", line_item_id="5"), None,
    ),
    "a younger return that asked for nothing": (unit(), replace(ELDER, began=MINE + 1), None),
    "a younger return that asked": (unit(), replace(ELDER, began=MINE + 1, has_asked=True), By.ITEM),
    "told apart": (replace(unit(), occurrence=2), ELDER, None),
    "a stand-in": (unit(), replace(ELDER, is_stand_in=True), None),
    "a pruned return": (unit(), replace(ELDER, state="", has_asked=True), By.ITEM),
    "its own pruned credit": (
        unit(), replace(ELDER, state="", has_asked=True, credit_ref=a_return(State.SCANNED).credit_ref), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_what_is_the_same_goods(case: str) -> None:
    mine, holder, by = SAME[case]
    instance = replace(a_return(State.SCANNED), units=(mine,), express_code="HRK7Q2MX")

    matches = same_goods(instance, elsewhere(holder), Policy())

    assert [match.by for match in matches.get(mine.key, ())] == ([by] if by else [])


def test_a_return_that_ended_in_silence_is_passed_over_only_where_ids_come_again() -> None:
    silent = replace(ELDER, state="closed", ended_by_silence=True)
    instance = a_return(State.SCANNED)

    assert same_goods(instance, elsewhere(silent), Policy())
    assert not same_goods(instance, elsewhere(silent), Policy(item_ids_come_again=True))
    assert same_goods(instance, elsewhere(replace(silent, has_asked=True)), Policy(item_ids_come_again=True))


def test_what_has_claimed_its_goods_is_stopped_only_by_another_claim_on_the_same_item() -> None:
    instance = a_return(State.CREDIT_PENDING)
    claimed = {"claimed": frozenset({instance.id})}

    assert not same_goods(instance, elsewhere(ELDER, **claimed), Policy())
    assert same_goods(instance, elsewhere(replace(ELDER, has_asked=True), **claimed), Policy())


def test_units_that_share_only_a_code_are_paired_by_article_one_to_one() -> None:
    others = [
        replace(ELDER, happy_item_id="", express_code="HRK7Q2MX", sku=sku, goods=Goods("hr-0", "1", sku))
        for sku in "pq"
    ]
    units = (Unit("1", sku="q"), Unit("2", sku="p"), Unit("3", sku="q"))
    instance = replace(a_return(State.SCANNED), units=units, express_code="HRK7Q2MX")

    pairs = partners(instance, same_goods(instance, elsewhere(*others), Policy()))

    assert {key: match.holder.goods.unit_key for key, match in pairs.items()} == {"1": "q", "2": "p"}


def test_the_credit_falls_due_for_the_others_while_the_goods_of_another_return_are_stopped() -> None:
    both = a_return(State.SCANNED, keys=("a", "b"))
    event = DroppedOff((unit("a"), unit("b")), confirmed=True)

    decision = ask(both, event=event, elsewhere=elsewhere(ELDER))

    assert isinstance(decision, Moved)
    final = {move.after.part: move.after for move in decision.moves}
    assert {part: (i.state, [u.key for u in i.units]) for part, i in final.items()} == {
        1: (State.CREDIT_PENDING, ["b"]), 2: (State.EXCEPTION, ["a"]),
    }  # fmt: skip
    stopped = final[2]
    assert stopped.trouble is not None
    assert (stopped.trouble.cause, stopped.resume_state) == (SAME_GOODS, State.SCANNED)
    assert sum(isinstance(e, CreateSalesCredit) for move in decision.moves for e in move.effects) == 1


@pytest.mark.parametrize("state", [State.INITIATED, State.SCANNED, State.EXCEPTION])
@pytest.mark.parametrize("event", [Forced(State.CREDIT_PENDING), Forced(State.CREDITED, adopt=5), Resumed("again")])
def test_no_persons_force_asks_for_a_credit_of_anothers_goods(state: State, event: Event) -> None:
    decision = ask(a_return(state), event=event, elsewhere=elsewhere(replace(ELDER, has_asked=True)))

    if isinstance(decision, Moved):
        assert not any(isinstance(effect, CreateSalesCredit) for move in decision.moves for effect in move.effects)
        assert decision.moves[-1].after.trouble is not None
        assert decision.moves[-1].after.trouble.cause == SAME_GOODS
    else:
        assert isinstance(decision, Refused)


def stopped(*, resume: State = State.SCANNED) -> Return:
    trouble = Trouble(SAME_GOODS, "finance", "The same.")
    return replace(a_return(State.SCANNED), state=State.EXCEPTION, trouble=trouble, resume_state=resume)


@pytest.mark.parametrize(
    ("way", "holder", "expected"),
    [
        (Way.ADOPT, replace(ELDER, has_asked=True, has_sent=True), CloseReason.SAME_GOODS),
        (Way.ADOPT, ELDER, CloseReason.SAME_GOODS),
        (Way.REFUSE, ELDER, CloseReason.WRITTEN_OFF),
        (Way.MERGE, ELDER, None),
        (Way.MERGE, replace(ELDER, has_asked=True, has_sent=True), "adopt"),
        (Way.MERGE, replace(ELDER, state="", has_asked=True, has_sent=True), "adopt"),
        (Way.MERGE, replace(ELDER, state="credit-pending", has_asked=True, units=2), "split no more"),
        (Way.MERGE, replace(ELDER, state="scanned", units=2), None),
    ],
)
def test_a_persons_word_ends_what_it_can_and_says_why_it_cannot(
    way: Way, holder: Holder, expected: CloseReason | str | None
) -> None:
    decision = ask(stopped(), event=GoodsSettled(way), elsewhere=elsewhere(holder))

    if isinstance(decision, Moved):
        (move,) = decision.moves
        assert move.after.close_reason == expected
        assert isinstance(move.event, GoodsSettled)
        assert move.event.pairs == {"a": holder.goods}
    else:
        assert isinstance(decision, Refused)
        assert str(expected) in decision.why


def test_goods_told_apart_get_a_number_of_their_own() -> None:
    holders = (replace(ELDER, has_asked=True), replace(ELDER, goods=Goods("hr-2", "1", "z"), occurrence=2))

    decision = ask(
        replace(stopped(), units=(replace(unit(), confirmed=DroppedOff.progress),)), event=GoodsSettled(Way.TELL_APART),
        elsewhere=elsewhere(*holders),
    )  # fmt: skip

    assert isinstance(decision, Moved)
    final = decision.moves[-1].after
    assert (final.state, final.units[0].occurrence) == (State.CREDIT_PENDING, 3)
    assert next_occurrence(final, elsewhere(*holders)) == 4


def test_what_was_sent_does_not_end_for_another_return() -> None:
    pairs = {"a": Goods("hr-0", "10422", "x")}
    sent = a_return(State.CREDIT_PENDING)

    refused = ask(sent, event=GoodsSettled(pairs=pairs), elsewhere=elsewhere(ELDER, sent=frozenset({sent.id})))
    ended = ask(sent, event=GoodsSettled(pairs=pairs), elsewhere=elsewhere(ELDER))

    assert isinstance(refused, Refused)
    assert isinstance(ended, Moved)
    assert ended.moves[-1].after.is_stand_in
    assert isinstance(ask(ended.moves[-1].after, event=GoodsSettled(pairs=pairs), elsewhere=elsewhere(ELDER)), Ignored)


FAMILIES = (("hr-1", "10422"), ("hr-2", "10422"), ("hr-3", "777"))
EVENTS = st.one_of(
    st.builds(Started, st.just((unit(),))),
    st.builds(DroppedOff, st.just((unit(),)), confirmed=st.booleans()),
    st.builds(Approved, st.just((unit(),)), confirmed=st.booleans()),
    st.builds(Expired, st.just((unit(),)), confirmed=st.just(True)),
    st.builds(UnitsReceived, st.just(("a",)), st.just(Condition.SELLABLE), st.just(NOON)),
    st.builds(Forced, st.sampled_from([State.SCANNED, State.CREDIT_PENDING, State.CLOSED])),
    st.builds(Resumed, st.just("again"), st.sampled_from([(), (SAME_GOODS,)])),
    st.builds(GoodsSettled, st.sampled_from([Way.ADOPT, Way.REFUSE, Way.MERGE])),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FAMILIES), EVENTS), max_size=25), st.booleans())
def test_no_order_of_events_asks_twice_for_one_thing(
    steps: list[tuple[tuple[str, str], Event]], comes_again: bool
) -> None:
    policy = Policy(item_ids_come_again=comes_again)
    families: dict[tuple[str, str], dict[int, Return]] = {family: {} for family in FAMILIES}
    held = Register((), (), families_of(families))
    asked: set[str] = set()
    for number, (family, event) in enumerate(steps, start=1):
        parts = families[family]
        decision = decide(
            tuple(parts.values()), event, address=Return("acme", *family), now=NOON, policy=policy,
            elsewhere=held.of(family, parts.values(), [event]), part=1,
        )  # fmt: skip
        if isinstance(decision, Moved):
            for move in decision.moves:
                parts[move.after.part] = replace(move.after, id=move.after.id or number)
                asked |= {effect.key for effect in move.effects if isinstance(effect, CreateSalesCredit)}
        held.note(family, parts.values())

    assert len(asked) <= 1


def families_of(families: dict[tuple[str, str], dict[int, Return]]) -> dict[tuple[str, str], tuple[Return, ...]]:
    return {family: tuple(parts.values()) for family, parts in families.items()}


# -- goods that are known to be another's only once they were credited here --------------------------------------------------

PAID_ELSEWHERE = replace(ELDER, state="restocked", has_asked=True, has_sent=True, credit_id=5)


def credited_twice(cause: str, *, resume: State = State.CREDITED, late: bool = False) -> Return:
    """Credited here, credited there, and stopped for `cause`; `late`: its item id is not known yet."""
    instance = a_return(State.CREDITED)
    units = tuple(replace(each, happy_item_id="" if late else each.happy_item_id) for each in instance.units)
    trouble = Trouble(cause, "finance", "Stopped.", {"effect": "record-refund"})
    return replace(instance, state=State.EXCEPTION, units=units, trouble=trouble, resume_state=resume)


def twice(instance: Return) -> Elsewhere:
    return elsewhere(PAID_ELSEWHERE, claimed=frozenset({instance.id}), sent=frozenset({instance.id}))


def asks_for_money(decision: object) -> bool:
    moves = decision.moves if isinstance(decision, Moved) else ()
    return any(isinstance(each, CreateSalesCredit | RecordRefund) for move in moves for each in move.effects)


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize("resume", [State.CREDITED, State.RESTOCKED, State.CREDIT_PENDING])
def test_what_is_stopped_for_its_goods_does_not_go_on_while_another_return_holds_them(
    resume: State, is_seen: bool
) -> None:
    instance = credited_twice(SAME_GOODS, resume=resume)
    event = Resumed("again", accepts=(SAME_GOODS,), is_seen=is_seen)

    decision = ask(instance, event=event, elsewhere=twice(instance))

    assert isinstance(decision, Ignored if is_seen else Refused)
    assert "return 7 holds these goods" in decision.why
    assert isinstance(ask(instance, event=event), Moved)


@pytest.mark.parametrize(
    "cause", ["refund-split", "outcome-unknown", "goods-in-refused", "unit-missing", "held", "rival-credit"]
)
def test_an_item_id_that_comes_while_a_credited_return_is_stopped_keeps_its_refund_back(cause: str) -> None:
    instance = credited_twice(cause, late=True)

    named = ask(instance, event=Departed((unit(),), confirmed=True), elsewhere=twice(instance))
    assert isinstance(named, Moved)
    after = named.moves[-1].after
    event = Resumed("again", accepts=(cause,), releases=cause == "held", is_seen=cause == "rival-credit")
    resumed = ask(after, event=event, elsewhere=twice(instance))

    final = resumed.moves[-1].after if isinstance(resumed, Moved) else after
    assert not asks_for_money(named)
    assert not asks_for_money(resumed)
    assert (final.state, final.trouble and final.trouble.cause) == (State.EXCEPTION, SAME_GOODS)


MONEY_MOVES: dict[str, tuple[Return, Event]] = {
    "a credit that is verified": (
        replace(a_return(State.CREDIT_PENDING)), CreditVerified(CREDIT, 55, {"a": (Place("55"),)}),
    ),
    "a credit that turns up for a stopped return": (
        replace(credited_twice("outcome-unknown", resume=State.CREDIT_PENDING), credit=None),
        CreditVerified(CREDIT, 55, {"a": (Place("55"),)}),
    ),
    "a credit that turns up after a write-off": (
        replace(a_return(State.CLOSED), close_reason=CloseReason.WRITTEN_OFF), CreditVerified(CREDIT, 55),
    ),
    "a cause that is accepted": (credited_twice("refund-split"), Resumed("ok", accepts=("refund-split",))),
    "a force": (credited_twice("refund-split"), Forced(State.CREDITED)),
    "a refund made anew": (credited_twice("outcome-unknown"), Reissued("record-refund")),
    "a refund made anew with the goods in": (
        credited_twice("outcome-unknown", resume=State.RESTOCKED), Reissued("record-refund"),
    ),
    "a credit made anew": (
        replace(
            credited_twice("outcome-unknown", resume=State.CREDIT_PENDING), credit=None,
            trouble=Trouble("outcome-unknown", "operations", "Lost.", {"effect": "create-sales-credit"}),
        ),
        Reissued("create-sales-credit"),
    ),
    "goods of a write-off": (
        replace(a_return(State.CREDITED), state=State.CLOSED, close_reason=CloseReason.WRITTEN_OFF),
        UnitsReceived(("a",), received_at=NOON),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MONEY_MOVES)
def test_no_way_to_a_refund_goes_past_the_goods(case: str) -> None:
    instance, event = MONEY_MOVES[case]

    decision = ask(instance, event=event, elsewhere=twice(instance))

    assert isinstance(decision, Moved)
    final = decision.moves[-1].after
    assert not asks_for_money(decision)
    assert (final.state, final.trouble and final.trouble.cause) == (State.EXCEPTION, SAME_GOODS)
    if isinstance(event, CreditVerified):
        assert (final.credit, final.resume_state) == (CREDIT, State.CREDITED)
    assert asks_for_money(ask(instance, event=event))


def test_what_a_person_accepted_is_kept_and_its_refund_follows_once_the_goods_are_told_apart() -> None:
    instance = credited_twice("refund-split")

    stopped_again = ask(instance, event=Resumed("ok", accepts=("refund-split",)), elsewhere=twice(instance))
    assert isinstance(stopped_again, Moved)
    apart = ask(
        stopped_again.moves[-1].after, event=GoodsSettled(Way.TELL_APART), elsewhere=twice(instance)
    )  # fmt: skip

    assert isinstance(apart, Moved)
    assert (apart.moves[-1].target, apart.moves[-1].after.accepted) == (State.CREDITED, ("refund-split",))
    assert asks_for_money(apart)
