"""A return and its physical units, as the machine sees them: frozen, one row a unit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, Literal

from statemachine.refs import fold_code, fold_id
from statemachine.states import CloseReason, State

HELD = "held"
"""The cause of a return that a person has stopped."""


class Progress(IntEnum):
    """How far Happy Returns has taken a unit; a lower rank that arrives later is recorded, not applied."""

    STARTED = 1
    DROPPED_OFF = 2
    APPROVED = 3


PROGRESS = {"started": Progress.STARTED, "dropped_off": Progress.DROPPED_OFF, "approved": Progress.APPROVED}
"""Progress by the word a claim names it with."""


class Condition(StrEnum):
    """What the warehouse found. Values: the condition enum of Happy Returns' approve call, plus *unexpected*."""

    SELLABLE = "sellable"
    DAMAGED = "damaged"
    MISSING = "missing"
    WRONG_ITEM = "wrong-item"


def _fold(value: object, fold: Callable[[str], str], *names: str) -> None:
    """Whoever builds it, its identifiers are in the one form: two spellings of one id are no two things."""
    for name in names:
        spelled = getattr(value, name)
        if (folded := fold(spelled)) != spelled:
            object.__setattr__(value, name, folded)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit stands on its credit.

    `ref` is the row's reference, `quantity` how many of the row one unit is. `product_id` is set when the unit is one
    component of a bundle that was credited whole: then the unit is that component row below it.
    """

    ref: str
    quantity: int = 1
    product_id: int | None = None


@dataclass(frozen=True, slots=True)
class Goods:
    """One unit of one return, by name: what a unit of another return may turn out to be."""

    happy_return_id: str
    order_number: str
    unit_key: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An amount that Happy Returns stated and nobody can read. `field` is where in the unit it would stand."""

    field: Literal["refund_amount", "fee"]
    why: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One physical unit of a return.

    `confirmed` is the furthest progress read from Happy Returns itself; `hinted` the furthest a webhook claimed.
    """

    key: str
    happy_item_id: str = ""
    line_item_id: str = ""
    sku: str = ""
    barcode: str = ""
    variant_id: str = ""
    name: str = ""
    reason_id: str = ""
    reason: str = ""
    refund_type: str = ""
    dropoff_method: str = ""
    hinted: Progress = Progress.STARTED
    confirmed: Progress = Progress.STARTED
    started_at: datetime | None = None
    dropped_off_at: datetime | None = None
    approved_at: datetime | None = None
    refund_amount: Decimal | None = None
    refund_currency: str = ""
    fee: Decimal | None = None
    bag: str = ""
    tracking: str = ""
    departed_at: datetime | None = None
    destination: str = ""
    received_at: datetime | None = None
    condition: Condition | None = None
    goods_in_ref: str = ""
    goods_in_id: int | None = None
    places: tuple[Place, ...] = ()
    occurrence: int = 1
    """Which of the things that carry these ids: more than the first only where a person told them apart."""
    stands_for: Goods | None = None
    """The same thing, under the return that is paid for it."""
    unreadable: tuple[Unreadable, ...] = ()
    """Of amounts that are stated, and blank here because they cannot be read."""

    def __post_init__(self) -> None:
        _fold(self, fold_id, "happy_item_id", "line_item_id")
        _fold(self, fold_code, "bag")


@dataclass(frozen=True, slots=True)
class Credit:
    """The Brightpearl sales credit of a return. Money in order currency; tax as Brightpearl stored it."""

    id: int
    external_ref: str
    net: Decimal
    tax: Decimal
    currency: str
    invoice_reference: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class FormerCredit:
    """A credit that a person gave up for lost, and the refund that was recorded on it, if any was."""

    id: int
    payment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    id: int
    transaction_ref: str
    amount: Decimal
    currency: str
    method: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a return needs somebody: cause code, owning team, the words people read and the facts used.

    `key` is what must be mended, as FIELD=VALUE: with the cause it is the fingerprint, so that everything stopped by
    one missing entry is one piece of work. `watches` are the facts whose change may cure it (see `watching`).
    """

    cause: str
    owner: str
    explanation: str
    evidence: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    watches: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The credits or payments of others that it is about."""
        others = self.evidence.get("other_credits") or [each["id"] for each in self.evidence.get("payments", ())]
        return tuple(int(number) for number in others)

    @property
    def fingerprint(self) -> str:
        return f"{self.cause}:{self.key}" if self.key else self.cause


@dataclass(frozen=True, slots=True)
class MadeAnew:
    """How often each of these was given up for lost, and made anew under a fresh key."""

    credit: int = 0
    refund: int = 0
    goods_in: int = 0


@dataclass(frozen=True, slots=True)
class Return:
    """One instance of the machine: a part of one Happy Returns return against one order.

    `part` 0 stands for a return that does not exist yet.
    """

    merchant: str
    happy_return_id: str
    order_number: str
    part: int = 0
    state: State | None = None
    units: tuple[Unit, ...] = ()
    express_code: str = ""
    rma_id: str = ""
    order_id: int | None = None
    credit_ref: str = ""
    credit: Credit | None = None
    payment: Payment | None = None
    trouble: Trouble | None = None
    resume_state: State | None = None
    close_reason: CloseReason | None = None
    waits_for: str = ""
    wait_cause: str = ""
    watches: tuple[str, ...] = ()
    """Facts whose change has this return decided again, while it waits or is stuck."""
    accepted: tuple[str, ...] = ()
    """Causes a person has waved through; of those in BY_NUMBER also CAUSE:NUMBER, one for each number in the evidence."""
    adopts: int | None = None
    """The credit a person wants taken over; none other is made while this stands."""
    assignee: str = ""
    """The person who works on it."""
    snoozed_until: datetime | None = None
    """Its clock rests until then."""
    map_version: str = ""
    """The accepted maps that decided the credit."""
    order_digest: str = ""
    """The order's rows as they were when they were credited."""
    marks: dict[str, Any] = field(default_factory=dict)
    """What is still to be written on the credit once its legs are done: status_id, note, custom_fields."""
    is_marked: bool = False
    former_credits: tuple[FormerCredit, ...] = ()
    """Credits of this return that were given up for lost, oldest first: what was paid on one is paid."""
    made_anew: MadeAnew = MadeAnew()
    escalation: int = 0
    entered_at: datetime | None = None
    refund_due: bool = True
    close_due: bool = True
    id: int | None = None
    version: int = 0

    def __post_init__(self) -> None:
        _fold(self, fold_id, "happy_return_id")
        _fold(self, fold_code, "express_code", "rma_id")

    def has_accepted(self, cause: str, number: int) -> bool:
        """Whether a person has waved this cause through, and this credit or payment was in its evidence.

        Where no number is kept of it (as release 0.3 did, which kept the cause alone) it was any.
        """
        if f"{cause}:{number}" in self.accepted:
            return True
        return cause in self.accepted and not any(each.startswith(f"{cause}:") for each in self.accepted)

    @property
    def names(self) -> frozenset[str]:
        """What a person may have written on a credit that is for this return, or for its order."""
        told = (self.order_number, self.express_code, self.happy_return_id, self.rma_id)
        return frozenset(each for each in told if each)

    @property
    def began_at(self) -> datetime | None:
        """Since when it is under way, by the earliest that is told of it; None where nothing is."""
        told = (each for unit in self.units for each in (unit.started_at, unit.dropped_off_at, unit.approved_at))
        return min((at for at in told if at is not None), default=None)

    @property
    def is_returnless(self) -> bool:
        return bool(self.units) and all(unit.dropoff_method == "returnless" for unit in self.units)

    @property
    def is_held(self) -> bool:
        """Whether a person has stopped it."""
        return self.state is State.EXCEPTION and self.trouble is not None and self.trouble.cause == HELD

    @property
    def is_withheld(self) -> bool:
        """Whether it is held or was ended by hand: what is not under way in Brightpearl must not be begun."""
        by_hand = (CloseReason.WRITTEN_OFF, CloseReason.SAME_GOODS)
        return self.is_held or (self.state is State.CLOSED and self.close_reason in by_hand)

    @property
    def is_stand_in(self) -> bool:
        """Whether it ended because its goods are another return's."""
        return self.state is State.CLOSED and self.close_reason is CloseReason.SAME_GOODS

    @property
    def value(self) -> Decimal | None:
        """Money at stake in the order's currency: the credit's, else what Happy Returns announced; None if unknown."""
        if self.credit is not None:
            return self.credit.net + self.credit.tax
        announced = [unit.refund_amount for unit in self.units if unit.refund_amount is not None]
        return sum(announced, Decimal(0)) if announced else None

    @property
    def is_all_received(self) -> bool:
        return all(unit.goods_in_id is not None or unit.dropoff_method == "returnless" for unit in self.units)

    @property
    def is_settled(self) -> bool:
        """Whether every leg that is due exists: credit, refund record, invoice; stock is the state's own matter."""
        if self.credit is None:
            return False
        paid = self.payment is not None or not self.refund_due
        invoiced = bool(self.credit.invoice_reference) or not self.close_due
        return paid and invoiced
