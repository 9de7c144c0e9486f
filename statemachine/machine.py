"""Ask the machine: `decide(family, event, now, policy)` says what moves, or why nothing does. Pure.

A *family* is all parts of one return against one order. Events of Happy Returns speak of units, wherever those are;
every other event names its part.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from transitions import Machine

from statemachine import goods
from statemachine.causes import CAUSES, OF_OTHER_CREDITS, OF_OTHERS, OF_THE_GOODS, OF_THE_REFUND, SAME_GOODS, STANDING
from statemachine.deadlines import deadline_for
from statemachine.effects import CloseCredit, CreateSalesCredit, Effect, MarkCredit, ReceiveStock, RecordRefund
from statemachine.events import (
    Approved,
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
    NothingToRestock,
    PaymentRecorded,
    Resumed,
    SplitOff,
    Started,
    StatusUnclear,
    StockReceived,
    Troubled,
    UnitEvent,
    UnitsReceived,
)
from statemachine.facts import apply_event, effects_for, merge_unit
from statemachine.goods import Elsewhere
from statemachine.policy import Policy
from statemachine.refs import credit_ref
from statemachine.states import BEFORE_CREDIT, NEW, State
from statemachine.table import RULE_BY_MOVE, RULES, Rule, rungs_of
from statemachine.units import PROGRESS, Condition, Progress, Return, Trouble, Unit

UNITS_MAX = 20_000
"""Units of one return against one order. More is no return: everything that is done to it is done unit by unit."""


@dataclass(frozen=True, slots=True)
class Move:
    """One journal row: what `before` became, through which event, and what must now be done about it."""

    before: Return
    after: Return
    event: Event
    source: str
    target: State
    effects: tuple[Effect, ...]
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moved:
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Late or repeated: kept with the reason, changes nothing."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A contradiction: kept with the reason, and somebody is told."""

    why: str


Decision = Moved | Ignored | Refused


class _Model:
    """What `transitions` drives; holds the state between two lines of one call, nothing more."""

    state: str
    trigger: Any


class _Table:
    """The library's machine over RULES: one for the process, asked synchronously."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._model = _Model()
        self._machine = Machine(
            model=self._model, states=[NEW, *(state.value for state in State)], initial=NEW, auto_transitions=False,
            send_event=True,
        )  # fmt: skip
        for rule in rules:
            self._machine.add_transition(
                rule.event.name, str(rule.source), rule.target.value, conditions=[self._asks(rule)]
            )
        self._triggers = {rule.event.name for rule in rules}
        self._sources = {(rule.event.name, str(rule.source)) for rule in rules}

    @staticmethod
    def _asks(rule: Rule) -> Any:
        def condition(data: Any) -> bool:
            if rule.guard is None:
                return True
            return rule.guard(data.kwargs["instance"], data.kwargs["fact"], data.kwargs["policy"])

        return condition

    def target(self, instance: Return, event: Event, policy: Policy) -> State | None:
        """Where the event takes this return, or None when no rule lets it move."""
        source = instance.state.value if instance.state else NEW
        if (event.name, source) not in self._sources:
            return None
        self._machine.set_state(source, self._model)
        moved = self._model.trigger(event.name, instance=instance, fact=event, policy=policy)
        return State(self._model.state) if moved else None


_TABLE = _Table(RULES)


def decide(
    family: tuple[Return, ...],
    event: Event,
    *,
    address: Return,
    now: datetime,
    policy: Policy,
    elsewhere: Elsewhere,
    part: int | None = None,
) -> Decision:
    """Say what `event` does to this family.

    `address` names merchant, return id and order of a family that may still be empty. `part` names the part an
    answer is about; None for events that speak of units. `elsewhere`: what other returns hold of the same goods; no
    credit is asked for what another return holds, whatever the event.
    """
    desk = _Desk(family, address, now, policy, elsewhere)
    if isinstance(event, UnitEvent):
        return desk.take_unit_event(event)
    if isinstance(event, UnitsReceived | StockReceived):
        return desk.take_by_units(event)
    if isinstance(event, GoodsSettled) and event.pairs:
        return desk.end_for_another(event)
    target = next((each for each in family if each.part == part), None)
    if target is None and not family and isinstance(event, Troubled):
        return desk.begin_stopped(event)
    if target is None:
        return Refused(f"{event.name}: there is no part {part} of this return")
    return desk.take_part_event(target, event)


class _Desk:
    """The working state of one decision: the family as it changes, and the moves so far."""

    def __init__(
        self, family: tuple[Return, ...], address: Return, now: datetime, policy: Policy, elsewhere: Elsewhere
    ) -> None:
        self.parts = {each.part: each for each in family}
        self.address, self.now, self.policy, self.elsewhere = address, now, policy, elsewhere
        self.moves: list[Move] = []

    # -- what Happy Returns says ------------------------------------------------------------------------------------

    def take_unit_event(self, event: UnitEvent) -> Decision:
        known = {unit.key: part for part, each in self.parts.items() for unit in each.units}
        fresh = tuple(unit for unit in event.units if unit.key not in known)
        if fresh and len(known) + len(fresh) > UNITS_MAX:
            return Refused(f"{event.name}: {len(known) + len(fresh)} units of one return against one order cannot be")
        if fresh and not isinstance(event, Started):
            return Refused(f"{event.name}: units {[unit.key for unit in fresh]} were never started")
        refused: list[str] = []
        for part in sorted({known[unit.key] for unit in event.units if unit.key in known}):
            told = self._told_to(self.parts[part], event)
            if told is not None:
                self._move_units(self.parts[part], told, refused)
        if fresh:
            self._begin(replace(event, units=fresh))
        if not self.moves and refused:
            return Refused("; ".join(refused))
        return self._outcome(f"{event.name}: already known for all units")

    def _told_to(self, instance: Return, event: UnitEvent) -> UnitEvent | None:
        """The event cut down to the units of this part for which it is news."""
        if isinstance(event, Started) and instance.state is not State.INITIATED:
            return None
        if isinstance(event, Expired | Cancelled) and instance.state is State.CLOSED:
            return None
        if isinstance(event, StatusUnclear) and instance.state not in BEFORE_CREDIT:
            return None
        if instance.is_stand_in:
            return None  # what is said of its goods is the other return's
        mine = {unit.key: unit for unit in instance.units}
        units = tuple(unit for unit in event.units if unit.key in mine and _is_news(mine[unit.key], event, unit))
        return replace(event, units=units) if units else None

    def _move_units(self, instance: Return, event: UnitEvent, refused: list[str]) -> None:
        whole = event.keys >= {unit.key for unit in instance.units}
        moves_state = isinstance(event, DroppedOff | Approved | Expired | Cancelled | StatusUnclear)
        if not whole and moves_state and instance.state in BEFORE_CREDIT and self._would_leave(instance, event):
            instance = self._split(instance, event.keys)
        if not self._fire(instance, event):
            refused.append(f"{event.name}: not possible in state {instance.state}")

    def _would_leave(self, instance: Return, event: UnitEvent) -> bool:
        """Whether these units go where the others do not: to another state, or to their credit."""
        keys = event.keys
        mine = replace(instance, units=tuple(unit for unit in instance.units if unit.key in keys))
        target = _TABLE.target(mine, event, self.policy)
        if target is not None and target is not instance.state:
            return True
        after = apply_event(mine, event, self.policy)
        return all(self.policy.credit_is_due_for(unit) for unit in after.units)

    def _begin(self, event: UnitEvent) -> None:
        """New units: they join a part that is still being started, else they are a part of their own."""
        empty = next((each for each in self.parts.values() if not each.units), None)
        if empty is not None and empty.state is State.EXCEPTION:
            self._fire(empty, Resumed(why="its events can be decided on"))
        open_part = next((each for each in self.parts.values() if each.state is State.INITIATED), None)
        if open_part is not None:
            self._fire(open_part, event)
            return
        self._fire(self._blank(), event)

    def begin_stopped(self, event: Troubled) -> Decision:
        """A return of which nothing is known but that its events cannot be decided on."""
        self._fire(self._blank(), event)
        return self._outcome("")

    def _blank(self) -> Return:
        part = max(self.parts, default=0) + 1
        sibling = next(iter(self.parts.values()), self.address)
        return replace(
            self.address, part=part, express_code=sibling.express_code, rma_id=sibling.rma_id,
            order_id=sibling.order_id, refund_due=self.policy.record_refund, close_due=self.policy.close_credit,
            credit_ref=credit_ref(self.address.merchant, self.address.happy_return_id, self.address.order_number, part),
        )  # fmt: skip

    def _split(self, instance: Return, keys: frozenset[str]) -> Return:
        """Give the named units a part of their own, in the same state; answer that part."""
        going = tuple(unit for unit in instance.units if unit.key in keys)
        staying = tuple(unit for unit in instance.units if unit.key not in keys)
        event = SplitOff(unit_keys=tuple(unit.key for unit in going))
        self._record(replace(instance, units=staying), instance, event, instance.state or State.INITIATED, ())
        blank = replace(self._blank(), entered_at=instance.entered_at)
        # The state a split-off part starts in is its sibling's: the table allows initiated and scanned.
        after = replace(blank, units=going, state=instance.state, express_code=instance.express_code)
        self._record(after, blank, event, instance.state or State.INITIATED, ())
        return self.parts[blank.part]

    # -- what is said of units by others ----------------------------------------------------------------------------

    def take_by_units(self, event: UnitsReceived | StockReceived) -> Decision:
        named = set(event.unit_keys if isinstance(event, UnitsReceived) else event.goods_in)
        news = [
            part
            for part, instance in self.parts.items()
            if not instance.is_stand_in
            and any(unit.key in named and _is_received_news(unit, event) for unit in instance.units)
        ]
        refused: list[str] = []
        for part in news:
            instance = self.parts[part]
            mine = {unit.key for unit in instance.units}
            told: Event
            if isinstance(event, UnitsReceived):
                told = replace(event, unit_keys=tuple(key for key in event.unit_keys if key in mine))
            else:
                told = replace(event, goods_in={key: note for key, note in event.goods_in.items() if key in mine})
            here = frozenset(named & mine)
            if here != mine and instance.state is State.INITIATED:
                instance = self._split(instance, here)
            if not self._fire(instance, told):
                refused.append(f"{event.name}: not possible in state {instance.state}")
        if not self.moves and refused:
            return Refused("; ".join(refused))
        known = {unit.key for each in self.parts.values() for unit in each.units}
        if not named & known:
            return Refused(f"{event.name}: units {sorted(named)} are not part of this return")
        return self._outcome(f"{event.name}: already known for all units")

    # -- what is said of one part -----------------------------------------------------------------------------------

    def take_part_event(self, instance: Return, event: Event) -> Decision:
        if isinstance(event, DeadlinePassed) and (
            event.state is not instance.state or event.level != instance.escalation + 1
        ):
            return Ignored(f"deadline {event.level} of {event.state} passed, but the return has moved since")
        if isinstance(event, FactChanged) and State.CREDIT_PENDING not in (instance.state, instance.resume_state):
            return Ignored(f"{event.fact} changed, but the return no longer waits for it")
        of_the_credit = isinstance(event, FactChanged | CreditWaits | Troubled) and not _is_of_the_goods(event)
        if of_the_credit and _stands(instance):
            assert instance.trouble is not None
            return Ignored(f"{instance.trouble.cause} stands; the credit is decided again once that is settled")
        if isinstance(event, Held) and instance.is_held:
            return Ignored("it is held already")
        if isinstance(event, Resumed) and instance.is_held and not event.releases:
            return Ignored("a person has stopped it: it goes on when it is released")
        if isinstance(event, Resumed) and event.releases and not instance.is_held:
            return Ignored("it is not held")
        if isinstance(event, Resumed) and (other := self._still_held_by(instance)):
            why = f"{other} holds these goods still: say what is true of them; trying again changes nothing"
            return Ignored(why) if event.is_seen else Refused(why)
        if isinstance(event, Resumed) and _hopes_away_others(instance, event):
            return Ignored("what others wrote beside ours must go, or be accepted; trying again changes nothing")
        if isinstance(event, CreditWaits) and instance.trouble is not None and event.cause == instance.trouble.cause:
            return Ignored(f"still waits for {event.waits_for}, for which it was escalated")
        if isinstance(event, CreditVerified) and instance.credit is not None:
            if event.credit is not None and event.credit.id == instance.credit.id:
                return Ignored(f"credit {instance.credit.id} is already known")
            return Refused(f"a second credit is reported; {instance.credit.id} is already the credit of this return")
        if isinstance(event, GoodsSettled):
            return self._settle_goods(instance, event)
        if isinstance(event, Forced) and instance.state is State.CLOSED and self._is_held_elsewhere(instance, event):
            return Refused("another return holds these goods; a closed return cannot be credited for them")
        if not self._fire(instance, event):
            return Refused(f"{event.name}: not possible in state {instance.state}")
        return self._outcome("")

    # -- goods that two returns hold --------------------------------------------------------------------------------

    def _settle_goods(self, instance: Return, event: GoodsSettled) -> Decision:
        """A person's word on a return that is stopped because another holds its goods."""
        if why := goods.why_not(event, instance, self.elsewhere, self.policy):
            return Refused(why)
        if not self._fire(instance, goods.settled(event, instance, self.elsewhere, self.policy)):
            return Refused(f"{event.name}: not possible in state {instance.state}")
        return self._outcome("")

    def end_for_another(self, event: GoodsSettled) -> Decision:
        """It was said of another return that it stands for these units: whatever holds them here ends, without money."""
        refused: list[str] = []
        for instance in list(self.parts.values()):
            keys = frozenset(unit.key for unit in instance.units) & set(event.pairs)
            if not keys or instance.is_stand_in:
                continue
            whole = keys == {unit.key for unit in instance.units}
            if instance.credit is not None or instance.id in self.elsewhere.sent:
                refused.append(f"part {instance.part} has its credit, or may have it: it cannot end for another return")
            elif not whole and instance.state not in BEFORE_CREDIT:
                refused.append(f"part {instance.part} holds other goods besides, and can be split no more")
            else:
                ending = instance if whole else self._split(instance, keys)
                if not self._fire(ending, replace(event, pairs={key: event.pairs[key] for key in sorted(keys)})):
                    refused.append(f"{event.name}: not possible in state {instance.state}")
        if refused and not self.moves:
            return Refused("; ".join(refused))
        return self._outcome("it has ended for these goods already")

    def _still_held_by(self, instance: Return) -> str:
        """The return for whose goods this one is stopped; empty where it is not, or no other holds them any more."""
        if instance.trouble is None or instance.trouble.cause != SAME_GOODS:
            return ""
        matches = goods.same_goods(instance, self.elsewhere, self.policy)
        first = next((mine[0].holder for mine in matches.values()), None)
        return "" if first is None else f"return {first.return_id or first.goods.happy_return_id}"

    def _is_held_elsewhere(self, instance: Return, event: Forced) -> bool:
        to_credit = event.to in (State.CREDIT_PENDING, State.CREDITED)
        return to_credit and bool(goods.same_goods(instance, self.elsewhere, self.policy))

    def _by_goods(self, instance: Return) -> list[Return]:
        """Before a credit is asked for: the units that another return holds become parts of their own."""
        _, *others = goods.groups(instance, self.elsewhere, self.policy)
        split = [self._split(self.parts[instance.part], keys) for keys in others]
        return [self.parts[instance.part], *(self.parts[part.part] for part in split)]

    # -- moving -----------------------------------------------------------------------------------------------------

    def _fire(self, instance: Return, event: Event) -> bool:
        target = _TABLE.target(instance, event, self.policy)
        if target is None:
            return False
        after = apply_event(instance, event, self.policy)
        source = instance.state.value if instance.state else NEW
        rule = RULE_BY_MOVE[event.name, source, target.value]
        moves_money = CreateSalesCredit in rule.effects or RecordRefund in rule.effects
        matches = goods.same_goods(after, self.elsewhere, self.policy) if moves_money else {}
        if matches and CreateSalesCredit in rule.effects:
            return self._fire(instance, Troubled(goods.trouble_of(after, matches)))
        if target is State.EXCEPTION and instance.state is not State.EXCEPTION:
            stopped_in = instance.state or State.INITIATED
            after = replace(
                after, resume_state=stopped_in, trouble=after.trouble or self._rung_trouble(instance, event)
            )
        if instance.state is State.CLOSED and target is State.EXCEPTION:
            uncredited = State.CREDIT_PENDING if isinstance(event, Troubled) else State.SCANNED
            after = replace(after, resume_state=State.CREDITED if instance.credit is not None else uncredited)
        if isinstance(event, CreditVerified) and target is State.EXCEPTION:
            after = replace(after, resume_state=State.CREDITED)
        if target is not State.EXCEPTION and instance.state is State.EXCEPTION:
            after = replace(after, resume_state=None, trouble=None, assignee="")
        if target is not State.CLOSED and instance.state is State.CLOSED:
            after = replace(after, close_reason=None)
        kinds = rule.effects if not matches else ()  # its credit exists and is kept; nothing follows from it
        effects = effects_for(kinds, instance, replace(after, state=target), event, self.policy)
        asked = {key: effect.key for effect in effects if isinstance(effect, ReceiveStock) for key in effect.unit_keys}
        if asked:
            units = tuple(replace(u, goods_in_ref=asked.get(u.key, u.goods_in_ref)) for u in after.units)
            after = replace(after, units=units)
        self._record(after, instance, event, target, effects)
        if matches:
            return self._fire(self.parts[after.part], Troubled(goods.trouble_of(after, matches)))
        self._follow_on(self.parts[after.part], event)
        return True

    def _record(self, after: Return, before: Return, event: Event, target: State, effects: tuple[Effect, ...]) -> None:
        moved = before.state is not target
        entered_at = self.now if moved else (before.entered_at or self.now)
        escalation = event.level if isinstance(event, DeadlinePassed) and not moved else before.escalation
        if moved:
            escalation, after = 0, replace(after, snoozed_until=None)
        cause = after.trouble.cause if after.trouble else ""
        if isinstance(event, Troubled | Held) and before.trouble and before.trouble.cause != cause:
            entered_at, escalation = self.now, 0
        if target is not State.CREDIT_PENDING or (moved and not isinstance(event, CreditWaits)):
            after = replace(after, waits_for="", wait_cause="")
        if target not in (State.CREDIT_PENDING, State.EXCEPTION):
            after = replace(after, watches=())
        if target is State.CREDIT_PENDING and after.wait_cause != before.wait_cause:
            entered_at, escalation = self.now, 0  # another wait, another ladder
        after = replace(
            after, state=target, entered_at=entered_at, escalation=escalation, version=before.version + 1
        )  # fmt: skip
        due_at = deadline_for(
            target, self.policy, entered_at=entered_at, level=escalation, cause=cause or after.wait_cause,
            awaits_approval=self.policy.awaits_approval(after),
        )  # fmt: skip
        if due_at is not None and after.snoozed_until is not None:
            due_at = max(due_at, after.snoozed_until)
        if target is State.RESTOCKED and after.is_settled:
            due_at = None
        source = before.state.value if before.state else NEW
        self.moves.append(Move(before, after, event, source, target, effects, due_at))
        self.parts[after.part] = after

    def _follow_on(self, instance: Return, event: Event) -> None:
        """What the machine does by itself once the facts are there."""
        if isinstance(event, UnitsReceived) and event.condition in (Condition.MISSING, Condition.WRONG_ITEM):
            code = "unit-missing" if event.condition is Condition.MISSING else "wrong-item"
            evidence = {"units": list(event.unit_keys), "condition": event.condition.value}
            explanation = f"The warehouse reports {len(event.unit_keys)} unit(s) as {event.condition.value}."
            self._fire(instance, Troubled(Trouble(code, CAUSES[code].owner, explanation, evidence)))
            return
        if instance.state in BEFORE_CREDIT:
            due = frozenset(unit.key for unit in instance.units if self.policy.credit_is_due_for(unit))
            if due and due != {unit.key for unit in instance.units}:
                instance = self._split(instance, due)
            for part in self._by_goods(instance) if due else ():
                self._fire(part, CreditFallsDue())
        elif instance.state is State.CREDITED and not self._fire(instance, FullyRestocked()):
            self._fire(instance, NothingToRestock())
        elif instance.state is State.EXCEPTION and (cured := self._cured(instance, event)):
            self._fire(instance, Resumed(cured))
        if isinstance(event, UnitEvent):
            self._mind_late_names(self.parts[instance.part])

    def _mind_late_names(self, instance: Return) -> None:
        """An id that became known only after the credit was asked for shows the goods to be another return's as well."""
        is_going_on = instance.state in (State.CREDIT_PENDING, State.CREDITED, State.RESTOCKED)
        if not is_going_on and not _may_be_refunded(instance):
            return
        if matches := goods.same_goods(instance, self.elsewhere, self.policy):
            found = goods.trouble_of(instance, matches)
            if instance.trouble is not None:
                before = {"cause": instance.trouble.cause, "explanation": instance.trouble.explanation}
                found = replace(found, evidence={**found.evidence, "was_stopped_for": before})
            self._fire(instance, Troubled(found))

    def _cured(self, instance: Return, event: Event) -> str:
        """Why an exception is over by itself: the very fact it lacked has come; empty when it has not."""
        cause = instance.trouble.cause if instance.trouble else ""
        if isinstance(event, PaymentRecorded) and (cause in OF_THE_REFUND or _is_about(instance, RecordRefund)):
            return "the refund is recorded"
        if isinstance(event, CreditClosed) and _is_about(instance, CloseCredit):
            return "the credit is invoiced"
        if isinstance(event, StockReceived) and _is_about(instance, ReceiveStock) and instance.is_all_received:
            return "the goods came in"
        if isinstance(event, CreditMarked) and _is_about(instance, MarkCredit):
            return "the credit is marked"
        if cause in ("drop-off-unconfirmed", "approval-overdue", "status-unclear") and any(
            self.policy.credit_is_due_for(unit) for unit in instance.units
        ):
            return "Happy Returns confirmed it"
        if cause in ("goods-not-received", "unit-missing", "goods-in-refused") and instance.is_all_received:
            return "the goods came in"
        if cause == "money-unfinished" and instance.is_settled:
            return "refund and invoice are there"
        if cause == SAME_GOODS and not goods.same_goods(instance, self.elsewhere, self.policy):
            return "no other return holds these goods any more"
        return ""

    def _rung_trouble(self, instance: Return, event: Event) -> Trouble | None:
        """The trouble a last rung names; the machine explains what did not happen in time."""
        if not isinstance(event, DeadlinePassed) or instance.state is None:
            return None
        code = rungs_of(instance, self.policy)[-1].cause or "internal-error"
        entered = instance.entered_at.isoformat() if instance.entered_at else "an unknown time"
        waited = f" It waits for: {instance.waits_for}." if instance.waits_for else ""
        explanation = f"The return has been {instance.state.value} since {entered}.{waited} {CAUSES[code].means}"
        evidence = {"state": instance.state.value, "since": entered, "waits_for": instance.waits_for}
        key = f"fact={instance.watches[0]}" if instance.watches else ""
        return Trouble(code, CAUSES[code].owner, explanation, evidence, key, instance.watches)

    def _outcome(self, why: str) -> Decision:
        return Moved(tuple(self.moves)) if self.moves else Ignored(why)


def _is_news(unit: Unit, event: UnitEvent, told: Unit) -> bool:
    if isinstance(event, Departed):
        return merge_unit(unit, told) != unit
    if isinstance(event, MethodChanged):
        return bool(told.dropoff_method) and told.dropoff_method != unit.dropoff_method
    if isinstance(event, Started):
        return merge_unit(unit, told) != unit and unit.confirmed is Progress.STARTED
    if isinstance(event, DroppedOff | Approved):
        reached = unit.confirmed if event.confirmed else max(unit.confirmed, unit.hinted)
        return event.progress > reached
    if isinstance(event, Expired | Cancelled):
        return unit.confirmed is Progress.STARTED
    if isinstance(event, StatusUnclear):
        return unit.confirmed < PROGRESS.get(event.claimed, Progress.APPROVED)
    return True


def _hopes_away_others(instance: Return, event: Resumed) -> bool:
    """With our credit made, only the end of what others wrote, or a person's word, lets the money go on."""
    cause = instance.trouble.cause if instance.trouble is not None and instance.credit is not None else ""
    return cause in OF_OTHERS and cause not in event.accepts and not event.is_seen


def _may_be_refunded(instance: Return) -> bool:
    """Whether it is stopped with its credit made, for something that does not keep its refund from being recorded."""
    if instance.state is not State.EXCEPTION or instance.credit is None or instance.trouble is None:
        return False
    return instance.trouble.cause not in OF_OTHER_CREDITS and not instance.is_held


def _is_about(instance: Return, effect: type[Effect]) -> bool:
    """Whether nobody knew what became of this effect, or Brightpearl's answers did not show it."""
    trouble = instance.trouble
    is_open = trouble is not None and trouble.cause in ("outcome-unknown", "evidence-incomplete")
    return is_open and trouble is not None and trouble.evidence.get("effect") == effect.kind


def _stands(instance: Return) -> bool:
    return instance.state is State.EXCEPTION and instance.trouble is not None and instance.trouble.cause in STANDING


def _is_of_the_goods(event: Event) -> bool:
    return isinstance(event, Troubled) and event.trouble is not None and event.trouble.cause in OF_THE_GOODS


def _is_received_news(unit: Unit, event: UnitsReceived | StockReceived) -> bool:
    """Whether it changes a unit that it names."""
    is_other = isinstance(event, StockReceived) or unit.condition is not event.condition
    return is_other and unit.goods_in_id is None
