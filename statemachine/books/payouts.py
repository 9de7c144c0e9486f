"""What the lines of a platform's file say of its payouts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Says(StrEnum):
    """What one line says of a payout."""

    COUNTS = "counts"
    """It is part of the payout's sum."""
    MOVED = "moved"
    """It names the sum that went to the bank."""
    FAILED = "failed"
    """The payout came back, or never left."""
    REFUSED = "refused"
    """It could not be read: what the payout comes to is not known."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one line says of a payout. `line` tells it from the payout's other lines, in whatever file it comes again.

    `net` is what it adds to the payout, `refund` how much of that are refunds; both in `currency`. `payout_id` is empty
    where a refused line does not say which payout it belongs to.
    """

    payout_id: str
    currency: str
    says: Says
    line: str
    on: date | None = None
    """The payout's day, as the platform writes it."""
    net: Decimal = Decimal(0)
    refund: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    """Of a sum that was moved: what the move itself cost, which the bank never sees."""
