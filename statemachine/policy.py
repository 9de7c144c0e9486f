"""What a merchant wants done, as far as the machine must know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeVar

from statemachine.calendar import Calendar
from statemachine.units import Progress, Return, Unit

Restock = Literal["receipt", "credit", "observe"]

_T = TypeVar("_T")


def for_method(table: Mapping[str, _T], method: str) -> _T | None:
    """The entry for a drop-off method: its own, else that of its family, `mail` for every kind of mail.

    `retailer-store` is another name of `in-store`. Source: Happy Returns sheet 2.1.
    """
    method = "in-store" if method == "retailer-store" else method
    return table.get(method) or (table.get("mail") if method.startswith("mail") else None)


class Severity(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: `after` counts from entering the state; the team is told; `cause` moves it to exception."""

    after: timedelta
    tell: str
    severity: Severity
    cause: str = ""
    in_business_time: bool = False
    """Whether the clock stands still while nobody works; else it counts as parcels and machines do, all the time."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Per merchant; every field has the default of the README's settings table."""

    credit_trigger: Progress = Progress.DROPPED_OFF
    credit_trigger_by_method: Mapping[str, Progress] = field(default_factory=dict)
    confirm_hints: bool = True
    """Money moves only on what Happy Returns answered to our own question, not on a webhook alone."""
    restock: Restock = "receipt"
    """receipt: we post goods-in when the warehouse has the unit; credit: at once; observe: the warehouse posts it."""
    restock_by_method: Mapping[str, Restock] = field(default_factory=dict)
    record_refund: bool = True
    item_ids_come_again: bool = False
    """Happy Returns gives a unit its item id again when its first return expired or was cancelled: such a return is passed
    over, and does not hold the goods."""
    approve_returns: bool = False
    """Approve mailed units at Happy Returns once the warehouse has found them sellable."""
    close_credit: bool = True
    initiated_for: timedelta = timedelta(days=35)
    scanned_for: timedelta = timedelta(hours=24)
    approval_for: timedelta = timedelta(days=14)
    credit_pending_for: timedelta = timedelta(hours=1)
    credited_for: timedelta = timedelta(days=28)
    calendar: Calendar = field(default_factory=Calendar)
    """When the merchant's people work."""
    ladders: Mapping[str, tuple[Rung, ...]] = field(default_factory=dict)
    """Ladders in place of the default ones, by the state's name, `approval`, or a cause's code."""

    def trigger_for(self, unit: Unit) -> Progress:
        return for_method(self.credit_trigger_by_method, unit.dropoff_method) or self.credit_trigger

    def restock_for(self, unit: Unit) -> Restock:
        return for_method(self.restock_by_method, unit.dropoff_method) or self.restock

    def awaits_approval(self, instance: Return) -> bool:
        """Handed over for certain, and only the approval is missing that this merchant's credit waits for."""
        return any(unit.confirmed is Progress.DROPPED_OFF < self.trigger_for(unit) for unit in instance.units)

    def credit_is_due_for(self, unit: Unit) -> bool:
        known = unit.confirmed if self.confirm_hints else max(unit.confirmed, unit.hinted)
        return known >= self.trigger_for(unit)
