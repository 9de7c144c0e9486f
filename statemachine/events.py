"""What can happen to a return. Frozen data; `name` is what journal and table call it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from statemachine.states import State
from statemachine.units import Condition, Credit, Goods, Payment, Place, Progress, Trouble, Unit


@dataclass(frozen=True, slots=True)
class Event:
    """Root of all events. Event names are unique and appear in the journal."""

    name: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class UnitEvent(Event):
    """Something Happy Returns said about some units of one return, with their descriptions as just read."""

    units: tuple[Unit, ...] = ()
    express_code: str = ""
    rma_id: str = ""
    confirmed: bool = False
    """Read from Happy Returns by us (E1, E3) or told by its signed hint only."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(unit.key for unit in self.units)


@dataclass(frozen=True, slots=True)
class Started(UnitEvent):
    name: ClassVar[str] = "started"
    progress: ClassVar[Progress] = Progress.STARTED


@dataclass(frozen=True, slots=True)
class DroppedOff(UnitEvent):
    name: ClassVar[str] = "dropped-off"
    progress: ClassVar[Progress] = Progress.DROPPED_OFF


@dataclass(frozen=True, slots=True)
class Approved(UnitEvent):
    name: ClassVar[str] = "approved"
    progress: ClassVar[Progress] = Progress.APPROVED


@dataclass(frozen=True, slots=True)
class Expired(UnitEvent):
    name: ClassVar[str] = "expired"


@dataclass(frozen=True, slots=True)
class Cancelled(UnitEvent):
    name: ClassVar[str] = "cancelled"


@dataclass(frozen=True, slots=True)
class MethodChanged(UnitEvent):
    """The shopper chose (another) drop-off method. A → B → A is legal."""

    name: ClassVar[str] = "method-changed"


@dataclass(frozen=True, slots=True)
class Departed(UnitEvent):
    """A hub shipment or bag label names these units: a departure notice, never a receipt."""

    name: ClassVar[str] = "departed"


@dataclass(frozen=True, slots=True)
class StatusUnclear(UnitEvent):
    """A webhook claimed progress, and nothing that was read says for which units it is true, or that it is true at all."""

    name: ClassVar[str] = "status-unclear"
    claimed: str = ""
    is_answered: bool = False
    """Happy Returns was asked about these units, for a good while, and its answers do not bear it out."""


@dataclass(frozen=True, slots=True)
class SplitOff(Event):
    """Emitted by the machine itself: some units went ahead of the others and became the next part."""

    name: ClassVar[str] = "split-off"
    unit_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitsReceived(Event):
    """The warehouse has these units in hand."""

    name: ClassVar[str] = "units-received"
    unit_keys: tuple[str, ...] = ()
    condition: Condition = Condition.SELLABLE
    received_at: datetime | None = None
    sought: dict[str, str] | None = None
    """What identifies the unit, while it is not yet known to us."""


@dataclass(frozen=True, slots=True)
class CreditFallsDue(Event):
    """Emitted by the machine itself when policy says the credit is due."""

    name: ClassVar[str] = "credit-falls-due"


@dataclass(frozen=True, slots=True)
class CreditVerified(Event):
    """The sales credit was read back from Brightpearl and matches what was asked for."""

    name: ClassVar[str] = "credit-verified"
    credit: Credit | None = None
    order_id: int | None = None
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    refund_due: bool = True
    close_due: bool = True
    map_version: str = ""
    order_digest: str = ""
    marks: dict[str, Any] = field(default_factory=dict)
    """What is to be written on the credit once its legs are done."""


@dataclass(frozen=True, slots=True)
class CreditWaits(Event):
    """The credit cannot be made yet: it waits for a fact that can come about by itself."""

    name: ClassVar[str] = "credit-waits"
    waits_for: str = ""
    order_id: int | None = None
    cause: str = ""
    watches: tuple[str, ...] = ()
    map_version: str = ""


@dataclass(frozen=True, slots=True)
class FactChanged(Event):
    """A fact that a waiting or stuck credit watches has changed: it is decided again."""

    name: ClassVar[str] = "fact-changed"
    fact: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Troubled(Event):
    """An effect, or the pre-flight before it, found a cause that needs a person."""

    name: ClassVar[str] = "troubled"
    trouble: Trouble | None = None
    order_id: int | None = None
    map_version: str = ""
    is_sent: bool = False
    """It is about something that was sent: it concerns a return that a person has ended since."""


@dataclass(frozen=True, slots=True)
class PaymentRecorded(Event):
    name: ClassVar[str] = "payment-recorded"
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class CreditMarked(Event):
    """The credit carries the status, note and custom fields that its maps and policy want."""

    name: ClassVar[str] = "credit-marked"


@dataclass(frozen=True, slots=True)
class CreditClosed(Event):
    """The credit carries its invoice reference: accounting has posted it."""

    name: ClassVar[str] = "credit-closed"
    invoice_reference: str = ""


@dataclass(frozen=True, slots=True)
class StockReceived(Event):
    """Goods-in notes exist in Brightpearl for these units, ours or the warehouse's own."""

    name: ClassVar[str] = "stock-received"
    goods_in: dict[str, int] = field(default_factory=dict)
    """Unit key → goods-in note id."""


@dataclass(frozen=True, slots=True)
class FullyRestocked(Event):
    """Emitted by the machine itself when the last unit has its goods-in note."""

    name: ClassVar[str] = "fully-restocked"


@dataclass(frozen=True, slots=True)
class NothingToRestock(Event):
    """Emitted by the machine itself: returnless, and every money leg is done."""

    name: ClassVar[str] = "nothing-to-restock"


@dataclass(frozen=True, slots=True)
class DeadlinePassed(Event):
    name: ClassVar[str] = "deadline-passed"
    state: State | None = None
    level: int = 1


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """The cause of an exception is gone, or a person asks for another attempt."""

    name: ClassVar[str] = "resumed"
    why: str = ""
    accepts: tuple[str, ...] = ()
    """Causes the person says are all right for this return."""
    is_seen: bool = False
    """The cause itself was seen to be gone; not merely hoped."""
    releases: bool = False
    """A person lets go of what a person had stopped."""


@dataclass(frozen=True, slots=True)
class Held(Event):
    """A person stops the return where it is; `team` owns it meanwhile."""

    name: ClassVar[str] = "held"
    team: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Forced(Event):
    """A person moves the return past a rule. What must be true in Brightpearl is read back there all the same.

    `adopt`: the credit to take over; the return is credited once that credit was read back.
    `accepts`: causes the person says are all right for this return.
    """

    name: ClassVar[str] = "forced"
    to: State = State.CREDIT_PENDING
    adopt: int | None = None
    accepts: tuple[str, ...] = ()


class Way(StrEnum):
    """What a person says of goods that two returns hold."""

    ADOPT = "adopt"
    """The same: the other return stands for both, this one ends."""
    MERGE = "merge"
    """The same: this return stands for both, the other ends without money."""
    REFUSE = "refuse"
    """This return is not owed anything, whatever the goods are."""
    TELL_APART = "tell-apart"
    """Other goods: their ids were used again. This alone lets a second credit be asked for under one id."""


@dataclass(frozen=True, slots=True)
class GoodsSettled(Event):
    """A person's word on goods that another return holds as well.

    `pairs`: unit key → what it is elsewhere; `occurrences`: unit key → its number among the things of that id. Both are
    worked out when the word is decided on; with `pairs` given, the word comes from the other return.
    """

    name: ClassVar[str] = "goods-settled"
    way: Way = Way.ADOPT
    pairs: dict[str, Goods] = field(default_factory=dict)
    occurrences: dict[str, int] = field(default_factory=dict)
    frees: int | None = None
    """The part of the other return that goes on once this one has ended."""


@dataclass(frozen=True, slots=True)
class Reissued(Event):
    """A person says that Brightpearl lost what was sent: it is made anew, under a fresh key.

    `effect`: the kind of what was lost: create-sales-credit, record-refund or receive-stock.
    """

    name: ClassVar[str] = "reissued"
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Assigned(Event):
    """Somebody works on it; nobody when `to` is empty."""

    name: ClassVar[str] = "assigned"
    to: str = ""


@dataclass(frozen=True, slots=True)
class Snoozed(Event):
    """Its clock rests until then; at once over when `until` is None."""

    name: ClassVar[str] = "snoozed"
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """A person's note; its words stand beside the event, as with every event by a person."""

    name: ClassVar[str] = "noted"


EVENTS: tuple[type[Event], ...] = (
    Started, DroppedOff, Approved, Expired, Cancelled, MethodChanged, Departed, StatusUnclear, SplitOff,
    UnitsReceived, CreditFallsDue, CreditVerified, CreditWaits, FactChanged, Troubled, PaymentRecorded, CreditClosed,
    CreditMarked, StockReceived, FullyRestocked, NothingToRestock, DeadlinePassed, Resumed,
    Held, Forced, Reissued, GoodsSettled, Assigned, Snoozed, Noted,
)  # fmt: skip

BY_NAME: dict[str, type[Event]] = {event.name: event for event in EVENTS}


def without_personal_data(event: Event) -> dict[str, Any]:
    """What the journal keeps of an event: keys and figures, no descriptions."""
    if isinstance(event, UnitEvent):
        return {"units": sorted(event.keys), "confirmed": event.confirmed}
    if isinstance(event, SplitOff):
        return {"units": sorted(event.unit_keys)}
    if isinstance(event, UnitsReceived):
        return {"units": sorted(event.unit_keys), "condition": event.condition.value}
    if isinstance(event, CreditVerified) and event.credit is not None:
        credit = event.credit
        return {
            "credit_id": credit.id,
            "external_ref": credit.external_ref,
            "net": str(credit.net),
            "tax": str(credit.tax),
            "currency": credit.currency,
            "adopted": credit.adopted,
            "map_version": event.map_version,
        }
    if isinstance(event, CreditWaits):
        return {"waits_for": event.waits_for, "cause": event.cause}
    if isinstance(event, FactChanged):
        return {"fact": event.fact, "why": event.why}
    if isinstance(event, Troubled) and event.trouble is not None:
        return {"cause": event.trouble.cause, "owner": event.trouble.owner, "explanation": event.trouble.explanation}
    if isinstance(event, PaymentRecorded) and event.payment is not None:
        return {"payment_id": event.payment.id, "amount": str(event.payment.amount)}
    if isinstance(event, CreditClosed):
        return {"invoice_reference": event.invoice_reference}
    if isinstance(event, StockReceived):
        return {"goods_in": dict(event.goods_in)}
    if isinstance(event, DeadlinePassed):
        return {"level": event.level}
    if isinstance(event, Resumed):
        return {"why": event.why, "accepts": list(event.accepts)}
    if isinstance(event, Held):
        return {"team": event.team, "why": event.why}
    if isinstance(event, Forced):
        return {"to": event.to.value, "adopt": event.adopt, "accepts": list(event.accepts)}
    if isinstance(event, Reissued):
        return {"effect": event.effect}
    if isinstance(event, GoodsSettled):
        pairs = {key: f"{goods.happy_return_id}/{goods.unit_key}" for key, goods in sorted(event.pairs.items())}
        return {"way": event.way.value, "pairs": pairs, "occurrences": dict(sorted(event.occurrences.items()))}
    if isinstance(event, Assigned):
        return {"to": event.to}
    if isinstance(event, Snoozed):
        return {"until": event.until.isoformat() if event.until else None}
    return {}
