"""What must be done in the other systems. Frozen data, never a callback; the key is the same on every attempt."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Effect:
    """Root of all effects. `key` makes a second one impossible: Brightpearl and the outbox both refuse it."""

    kind: ClassVar[str] = ""
    key: str


@dataclass(frozen=True, slots=True)
class CreateSalesCredit(Effect):
    """key = the credit's externalRef."""

    kind: ClassVar[str] = "create-sales-credit"


@dataclass(frozen=True, slots=True)
class RecordRefund(Effect):
    """key = the customer payment's transactionRef."""

    kind: ClassVar[str] = "record-refund"


@dataclass(frozen=True, slots=True)
class CloseCredit(Effect):
    """key names the close; its true key is the credit's own invoice reference."""

    kind: ClassVar[str] = "close-credit"


@dataclass(frozen=True, slots=True)
class MarkCredit(Effect):
    """Write status, note and custom fields on a credit whose legs are done; its true key is what the credit carries."""

    kind: ClassVar[str] = "mark-credit"


@dataclass(frozen=True, slots=True)
class ReceiveStock(Effect):
    """key = the stem of the goods-in notes' userBatchReference."""

    kind: ClassVar[str] = "receive-stock"
    unit_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApproveReturn(Effect):
    """Tell Happy Returns that mailed units were inspected. Moves money, cannot be undone: only where policy says so."""

    kind: ClassVar[str] = "approve-return"
    unit_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskHappyReturns(Effect):
    """Read the return from Happy Returns soon: a hint must be confirmed, or a silence explained."""

    kind: ClassVar[str] = "ask-happy-returns"


EFFECTS: tuple[type[Effect], ...] = (
    CreateSalesCredit, RecordRefund, CloseCredit, MarkCredit, ReceiveStock, ApproveReturn, AskHappyReturns,
)  # fmt: skip
