"""Returns in every state, and one event of every kind, for the machine's tests."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from statemachine.events import (
    EVENTS,
    CreditClosed,
    CreditVerified,
    CreditWaits,
    DeadlinePassed,
    Event,
    MethodChanged,
    PaymentRecorded,
    Resumed,
    SplitOff,
    StatusUnclear,
    StockReceived,
    Troubled,
    UnitEvent,
    UnitsReceived,
)
from statemachine.goods import NOTHING_ELSEWHERE, Elsewhere
from statemachine.machine import Decision, decide
from statemachine.policy import Policy
from statemachine.refs import credit_ref
from statemachine.states import CloseReason, State
from statemachine.units import Credit, Payment, Place, Progress, Return, Trouble, Unit

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADDRESS = Return("acme", "hr-1", "10422")
CREDIT = Credit(
    3417, credit_ref("acme", "hr-1", "10422", 1), Decimal("20.00"), Decimal("4.00"), "GBP",
    rows=({"id": 1, "product_id": 7, "quantity": "1", "external_ref": "55", "bundle_child": False, "parent_row_id": 0},),
)  # fmt: skip


def unit(key: str = "a", *, reached: Progress = Progress.STARTED) -> Unit:
    return Unit(key, happy_item_id=key, sku=f"SKU-{key}", confirmed=reached, hinted=reached)


def a_return(state: State, *, part: int = 1, keys: tuple[str, ...] = ("a",)) -> Return:
    """One part in the given state with the facts such a part has."""
    reached = Progress.STARTED if state in (State.INITIATED, State.CLOSED) else Progress.DROPPED_OFF
    instance = replace(
        ADDRESS, part=part, state=state, units=tuple(unit(key, reached=reached) for key in keys), entered_at=NOON,
        credit_ref=credit_ref("acme", "hr-1", "10422", part), id=part, version=1,
    )  # fmt: skip
    match state:
        case State.SCANNED:
            return replace(instance, units=tuple(replace(u, confirmed=Progress.STARTED) for u in instance.units))
        case State.CREDITED:
            return replace(instance, credit=CREDIT)
        case State.RESTOCKED:
            return replace(instance, credit=CREDIT, units=tuple(replace(u, goods_in_id=9) for u in instance.units))
        case State.EXCEPTION:
            trouble = Trouble("sku-unknown-to-order", "customer-service", "No such row.")
            return replace(instance, trouble=trouble, resume_state=State.CREDIT_PENDING)
        case State.CLOSED:
            return replace(instance, close_reason=CloseReason.EXPIRED)
        case _:
            return instance


def an_event(kind: type[Event], state: State | None = None) -> Event:
    """A plausible, confirmed event of this kind about unit a."""
    if issubclass(kind, StatusUnclear):
        return StatusUnclear((unit(),), claimed="approved", confirmed=True)
    if issubclass(kind, MethodChanged):
        return MethodChanged((replace(unit(), dropoff_method="mail"),), confirmed=True)
    if issubclass(kind, UnitEvent):
        return kind((replace(unit(), bag="HR2BAG"),), confirmed=True)
    special: dict[type[Event], Event] = {
        SplitOff: SplitOff(("a",)),
        UnitsReceived: UnitsReceived(("a",), received_at=NOON),
        CreditVerified: CreditVerified(CREDIT, 55, {"a": (Place("55"),)}),
        CreditWaits: CreditWaits("the order to appear in Brightpearl"),
        Troubled: Troubled(Trouble("credit-refused", "finance", "Refused.")),
        PaymentRecorded: PaymentRecorded(Payment(1, "ref", Decimal("24.00"), "GBP", "SHOPIFY")),
        CreditClosed: CreditClosed("SC-3417"),
        StockReceived: StockReceived({"a": 13}),
        DeadlinePassed: DeadlinePassed(state, 1),
        Resumed: Resumed("fixed"),
    }
    return special.get(kind) or kind()


def ask(
    *parts: Return, event: Event, part: int | None = 1, policy: Policy | None = None,
    elsewhere: Elsewhere = NOTHING_ELSEWHERE,
) -> Decision:  # fmt: skip
    return decide(parts, event, address=ADDRESS, now=NOON, policy=policy or Policy(), elsewhere=elsewhere, part=part)


ALL_EVENTS = EVENTS
