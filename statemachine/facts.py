"""What an event leaves on a return and its units, and which effects follow: arithmetic without branches on state."""

from dataclasses import replace
from decimal import Decimal

from statemachine.causes import BY_NUMBER, CAUSES
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
    CreditMarked,
    CreditVerified,
    CreditWaits,
    DeadlinePassed,
    Departed,
    DroppedOff,
    Event,
    Expired,
    Forced,
    GoodsSettled,
    Held,
    MethodChanged,
    NothingToRestock,
    PaymentRecorded,
    Reissued,
    Resumed,
    Snoozed,
    Started,
    StatusUnclear,
    StockReceived,
    Troubled,
    UnitEvent,
    UnitsReceived,
    Way,
)
from statemachine.policy import Policy
from statemachine.refs import approve_ref, fresh_ref, goods_in_ref, payment_ref
from statemachine.states import CloseReason, State
from statemachine.units import HELD, Condition, FormerCredit, Progress, Return, Trouble, Unit

_DESCRIPTION = (
    "happy_item_id", "line_item_id", "sku", "barcode", "variant_id", "name", "reason_id", "reason", "refund_type",
    "refund_amount", "refund_currency", "fee", "started_at", "dropped_off_at", "approved_at",
)  # fmt: skip
_LOGISTICS = ("bag", "tracking", "departed_at", "destination")
RESTOCKABLE = (Condition.SELLABLE, Condition.DAMAGED)


def merge_unit(known: Unit, told: Unit) -> Unit:
    """The unit with its blanks filled; what is known is never overwritten by an older or emptier snapshot."""
    blanks = {
        name: getattr(told, name)
        for name in (*_DESCRIPTION, *_LOGISTICS)
        if getattr(known, name) in ("", None) and getattr(told, name) not in ("", None)
    }
    if not known.dropoff_method and told.dropoff_method:
        blanks["dropoff_method"] = told.dropoff_method
    merged = replace(known, **blanks) if blanks else known
    return _with_unreadable(merged, told) if known.unreadable or told.unreadable else merged


def _with_unreadable(unit: Unit, newer: Unit) -> Unit:
    """An amount is unreadable for as long as no snapshot had it in a form that can be read."""
    reasons = {each.field: each for each in (*unit.unreadable, *newer.unreadable)}
    left = tuple(reasons[name] for name in sorted(reasons) if getattr(unit, name) is None)
    return replace(unit, unreadable=left) if left != unit.unreadable else unit


def apply_event(instance: Return, event: Event, policy: Policy) -> Return:
    """The return with the facts of the event on it; its state is the machine's business."""
    match event:
        case UnitEvent():
            return _apply_unit_event(instance, event)
        case UnitsReceived():
            keys = frozenset(event.unit_keys)
            units = tuple(_received(unit, event) if unit.key in keys else unit for unit in instance.units)
            return replace(instance, units=units, trouble=instance.trouble or _come_too_late(instance, event))
        case StockReceived():
            units = tuple(replace(u, goods_in_id=event.goods_in.get(u.key, u.goods_in_id)) for u in instance.units)
            return replace(instance, units=units)
        case CreditVerified():
            units = tuple(replace(u, places=event.places.get(u.key, u.places)) for u in instance.units)
            return replace(
                instance, credit=event.credit, order_id=event.order_id or instance.order_id, units=units,
                refund_due=event.refund_due, close_due=event.close_due, map_version=event.map_version,
                order_digest=event.order_digest, marks=dict(event.marks), adopts=None,
            )  # fmt: skip
        case CreditWaits():
            return replace(
                instance, waits_for=event.waits_for, wait_cause=event.cause, watches=event.watches,
                order_id=event.order_id or instance.order_id, map_version=event.map_version or instance.map_version,
            )  # fmt: skip
        case Troubled():
            watches = event.trouble.watches if event.trouble else ()
            order_id = event.order_id or instance.order_id
            version = event.map_version or instance.map_version
            return replace(instance, trouble=event.trouble, watches=watches, order_id=order_id, map_version=version)
        case Resumed():
            return _with_accepted(instance, event.accepts)
        case Held():
            team = event.team or CAUSES[HELD].owner
            evidence = {"stopped_in": instance.state.value if instance.state else ""}
            return replace(instance, trouble=Trouble(HELD, team, event.why or CAUSES[HELD].means, evidence), watches=())
        case Forced():
            return _forced(instance, event)
        case Reissued():
            return _reissued(instance, event)
        case GoodsSettled():
            return _settled(instance, event)
        case Assigned():
            return replace(instance, assignee=event.to)
        case Snoozed():
            return replace(instance, snoozed_until=event.until)
        case CreditMarked():
            return replace(instance, is_marked=True)
        case PaymentRecorded():
            return replace(instance, payment=event.payment)
        case CreditClosed() if instance.credit is not None:
            return replace(instance, credit=replace(instance.credit, invoice_reference=event.invoice_reference))
        case NothingToRestock():
            return replace(instance, close_reason=CloseReason.RETURNLESS)
        case DeadlinePassed() if instance.state is State.INITIATED:
            return replace(instance, close_reason=CloseReason.EXPIRED)
        case _:
            return instance


def _with_accepted(instance: Return, causes: tuple[str, ...]) -> Return:
    """What a person says is right: a credit that others edited is what they made of it, and that is owed; where others
    refunded beside us, all of it is refunded."""
    trouble, credit, payment = instance.trouble, instance.credit, instance.payment
    if trouble is not None and trouble.cause in causes and trouble.cause in BY_NUMBER:
        causes = (*causes, *(f"{trouble.cause}:{number}" for number in trouble.numbers))
    after = replace(instance, accepted=tuple(dict.fromkeys(instance.accepted + causes)))
    if trouble is None or credit is None or trouble.cause not in causes:
        return after
    found = trouble.evidence
    if trouble.cause == "credit-differs":
        net, tax, currency = Decimal(found["found_net"]), Decimal(found["found_tax"]), found["found_currency"]
        return replace(after, credit=replace(credit, net=net, tax=tax, currency=currency))
    if trouble.cause == "refund-twice" and payment is not None:
        on_credit = [
            Decimal(each["amount"]) * (-1 if each.get("is_taken_back") else 1)
            for each in found.get("payments", ())
            if each["on"] == credit.id and each["currency"] in ("", credit.currency)
        ]
        return replace(after, payment=replace(payment, amount=sum(on_credit, Decimal(0)) or payment.amount))
    return after


def _forced(instance: Return, event: Forced) -> Return:
    accepted = _with_accepted(instance, event.accepts)
    match event.to:
        case State.CLOSED:
            return replace(instance, close_reason=CloseReason.WRITTEN_OFF)
        case State.SCANNED:
            units = tuple(replace(unit, confirmed=max(unit.confirmed, Progress.DROPPED_OFF)) for unit in instance.units)
            return replace(instance, units=units, close_reason=None)
        case _:
            return replace(accepted, adopts=event.adopt, close_reason=None)


def _reissued(instance: Return, event: Reissued) -> Return:
    """Without what was lost, and with another key for what is made in its place; no other key changes with it."""
    count = instance.made_anew
    if event.effect == CreateSalesCredit.kind:
        count = replace(count, credit=count.credit + 1)
        units = tuple(replace(unit, places=(), goods_in_ref="", goods_in_id=None) for unit in instance.units)
        ref = fresh_ref(instance.credit_ref, count.credit)
        former = _given_up(instance)
        return replace(
            instance,
            made_anew=count,
            credit=None,
            payment=None,
            credit_ref=ref,
            units=units,
            is_marked=False,
            former_credits=former,
        )
    if event.effect == RecordRefund.kind:
        return replace(instance, made_anew=replace(count, refund=count.refund + 1), payment=None)
    evidence = instance.trouble.evidence if instance.trouble is not None else {}
    lost = {"key": evidence.get("key"), "number": evidence.get("number")}
    units = tuple(
        replace(unit, goods_in_ref="", goods_in_id=None)
        if (unit.goods_in_ref == lost["key"] if unit.goods_in_id is None else unit.goods_in_id == lost["number"])
        else unit
        for unit in instance.units
    )
    return replace(instance, made_anew=replace(count, goods_in=count.goods_in + 1), units=units)


def _given_up(instance: Return) -> tuple[FormerCredit, ...]:
    """The credits given up so far, with the one that is lost now: ours as it was read, or a number that was but answered."""
    answered = instance.trouble.evidence.get("credit_id") if instance.trouble is not None else None
    number = instance.credit.id if instance.credit is not None else answered
    if not isinstance(number, int):
        return instance.former_credits
    payment_id = instance.payment.id if instance.payment is not None else None
    return (*instance.former_credits, FormerCredit(number, payment_id))


def _settled(instance: Return, event: GoodsSettled) -> Return:
    """A person's word on goods that two returns hold; merging ends the other return, not this one."""
    units = tuple(replace(unit, stands_for=event.pairs.get(unit.key)) for unit in instance.units)
    match event.way:
        case Way.ADOPT:
            return replace(instance, units=units, close_reason=CloseReason.SAME_GOODS)
        case Way.REFUSE:
            return replace(instance, units=units, close_reason=CloseReason.WRITTEN_OFF)
        case Way.TELL_APART:
            units = tuple(
                replace(unit, occurrence=event.occurrences.get(unit.key, unit.occurrence), stands_for=None)
                for unit in instance.units
            )
            return replace(instance, units=units)
        case Way.MERGE:
            return instance


def _come_too_late(instance: Return, event: UnitsReceived) -> Trouble | None:
    """Goods of a return that was written off without a credit: somebody must say what becomes of them."""
    if instance.close_reason is not CloseReason.WRITTEN_OFF or instance.credit is not None:
        return None
    cause = CAUSES["arrived-after-write-off"]
    explanation = f"{len(event.unit_keys)} unit(s) came in after this return was written off."
    return Trouble(cause.code, cause.owner, explanation, {"units": list(event.unit_keys)})


def _apply_unit_event(instance: Return, event: UnitEvent) -> Return:
    told = {unit.key: unit for unit in event.units}
    units = [_told(unit, told[unit.key], event) if unit.key in told else unit for unit in instance.units]
    if isinstance(event, Started):
        known = {unit.key for unit in instance.units}
        units += [replace(unit, confirmed=Progress.STARTED) for unit in event.units if unit.key not in known]
    after = replace(
        instance, units=tuple(units), express_code=instance.express_code or event.express_code,
        rma_id=instance.rma_id or event.rma_id,
    )  # fmt: skip
    match event:
        case Expired():
            return replace(after, close_reason=CloseReason.EXPIRED)
        case Cancelled():
            return replace(after, close_reason=CloseReason.CANCELLED)
        case StatusUnclear():
            return replace(after, trouble=_unclear(event))
        case _:
            return after


def _unclear(event: StatusUnclear) -> Trouble:
    """What was claimed, and why that is not enough."""
    cause = CAUSES["status-unclear"]
    explanation = f"Happy Returns reports '{event.claimed}' for several units without saying for which."
    if event.is_answered:
        count = len(event.keys)
        explanation = (
            f"A webhook reported '{event.claimed}' for {count} unit(s); Happy Returns' answers do not bear it out."
        )
    evidence = {"claimed": event.claimed, "units": sorted(event.keys), "is_answered": event.is_answered}
    return Trouble(cause.code, cause.owner, explanation, evidence)


def _told(unit: Unit, told: Unit, event: UnitEvent) -> Unit:
    unit = merge_unit(unit, told)
    match event:
        case MethodChanged():
            return replace(unit, dropoff_method=told.dropoff_method or unit.dropoff_method)
        case Departed():
            newer = {name: getattr(told, name) for name in _LOGISTICS if getattr(told, name) not in ("", None)}
            return replace(unit, **newer)
        case DroppedOff() | Approved():
            if event.confirmed:
                return replace(unit, confirmed=max(unit.confirmed, event.progress))
            return replace(unit, hinted=max(unit.hinted, event.progress))
        case _:
            return unit


def _received(unit: Unit, event: UnitsReceived) -> Unit:
    in_hand = event.condition is not Condition.MISSING
    confirmed = max(unit.confirmed, Progress.DROPPED_OFF) if in_hand else unit.confirmed
    return replace(unit, received_at=event.received_at, condition=event.condition, confirmed=confirmed)


def effects_for(
    kinds: tuple[type[Effect], ...], before: Return, after: Return, event: Event, policy: Policy
) -> tuple[Effect, ...]:
    """The rule's effects that are really due, each with its key."""
    effects: list[Effect] = []
    for kind in kinds:
        if kind is AskHappyReturns:
            unconfirmed = any(not policy.credit_is_due_for(unit) for unit in after.units)
            if unconfirmed and not getattr(event, "confirmed", False):
                effects.append(AskHappyReturns(key=after.happy_return_id))
        elif kind is CreateSalesCredit:
            effects.append(CreateSalesCredit(key=after.credit_ref))
        elif kind is RecordRefund:
            if after.refund_due and after.payment is None:
                effects.append(RecordRefund(key=payment_ref(after.credit_ref, after.made_anew.refund)))
        elif kind is CloseCredit:
            if after.close_due and after.credit is not None and not after.credit.invoice_reference:
                effects.append(CloseCredit(key=f"{after.credit_ref}-close"))
        elif kind is MarkCredit:
            if after.marks and not after.is_marked and after.is_settled:
                effects.append(MarkCredit(key=f"{after.credit_ref}-mark"))
        elif kind is ApproveReturn:
            effects.extend(_approve(after, event, policy))
        elif kind is ReceiveStock:
            effects.extend(_receive_stock(after, policy, retry=isinstance(event, Resumed | GoodsSettled)))
    return tuple(effects)


def _approve(after: Return, event: Event, policy: Policy) -> list[Effect]:
    """Only what policy wants, only mail, only sellable, only what is not approved yet."""
    if not policy.approve_returns or not isinstance(event, UnitsReceived):
        return []
    received = frozenset(event.unit_keys)
    keys = tuple(
        unit.key
        for unit in after.units
        if unit.key in received
        and unit.condition is Condition.SELLABLE
        and unit.dropoff_method.startswith("mail")
        and unit.happy_item_id
        and unit.confirmed < Progress.APPROVED
    )
    return [ApproveReturn(key=approve_ref(after.happy_return_id, keys), unit_keys=keys)] if keys else []


def _receive_stock(after: Return, policy: Policy, *, retry: bool) -> list[Effect]:
    """Goods-in for the units that are in hand; with policy `credit`, for all of them at once.

    A retry asks again for exactly the sets that were asked for before, under their own keys.
    """
    if after.credit is None or after.is_returnless:
        return []
    open_units = [
        unit for unit in after.units
        if unit.goods_in_id is None and unit.dropoff_method != "returnless" and policy.restock_for(unit) != "observe"
    ]  # fmt: skip
    asked: dict[str, list[str]] = {}
    for unit in open_units:
        if retry and unit.goods_in_ref:
            asked.setdefault(unit.goods_in_ref, []).append(unit.key)
    effects: list[Effect] = [ReceiveStock(key=ref, unit_keys=tuple(keys)) for ref, keys in asked.items()]
    due = tuple(
        unit.key
        for unit in open_units
        if not unit.goods_in_ref
        and (unit.condition in RESTOCKABLE or (unit.condition is None and policy.restock_for(unit) == "credit"))
    )
    if due:
        key = goods_in_ref(after.credit_ref, due, after.made_anew.goods_in)
        effects.append(ReceiveStock(key=key, unit_keys=due))
    return effects
