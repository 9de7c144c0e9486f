"""Whether the order explains the sum Happy Returns announced. A check only: the credit is what the order's rows say.

Nobody documented what that sum means (Happy Returns sheet, U-09), so every reading stands here under which the same goods
of the same order give it, and no other. What none of them gives contradicts the order: somebody must look before money
moves. Delivery, tips and bonuses are no reading, since no returned unit is worth them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from statemachine.credit.amounts import ZERO
from statemachine.credit.case import Case
from statemachine.money import as_stated, in_minor_units, minor_unit
from statemachine.units import Unit

TOLERANCE_COINS = 5
"""Smallest coins by which the two may differ where policy names no sum: what rounding a few times makes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing the announced sum may be."""

    what: str
    amount: Decimal


def tolerance(case: Case) -> Decimal:
    """By how much the two may differ: policy's, else some smallest coins of the order's currency, one a unit at least."""
    if case.policy.amount_tolerance is not None:
        return case.policy.amount_tolerance
    return minor_unit(case.order.currency) * max(TOLERANCE_COINS, len(case.instance.units))


def differs(case: Case) -> bool:
    """Whether the figure is neither the goods' value nor what is left of it after our fees."""
    announced = case.announced
    ours = (case.goods_gross, case.plan.gross)
    return announced is not None and all(abs(announced - amount) > tolerance(case) for amount in ours)


def contradicts(case: Case) -> bool:
    """Whether units that have a figure have, together, one that no reading of the order gives."""
    units = [unit for unit in case.instance.units if unit.refund_amount is not None]
    announced = sum((unit.refund_amount or ZERO for unit in units), ZERO)
    if not units or (not announced and {case.maps.refund_kind(unit.refund_type) for unit in units} == {"exchange"}):
        return False  # of an exchange no money goes back
    return all(abs(announced - reading.amount) > tolerance(case) for reading in readings(case, units))


def as_evidence(case: Case) -> Mapping[str, str]:
    """Every reading with its sum, for whoever must decide."""
    units = [unit for unit in case.instance.units if unit.refund_amount is not None]
    return {
        each.what: f"{as_stated(in_minor_units(each.amount, case.order.currency), case.order.currency):f}"
        for each in readings(case, units)
    }


def readings(case: Case, units: list[Unit]) -> Iterator[Reading]:
    """What these units are worth: as credited or at the order's price, with or without discount, tax and fees."""
    booked = -sum((row.net + row.tax for row in case.fee_rows), ZERO)
    fees = {"": ZERO, ", less the fees booked": booked, ", less Happy Returns' fee": case.shopper_fee}
    for at, worth in (("as credited", case.worth_of), ("at the order's unit price", case.price_of)):
        net, tax = (sum((worth(unit)[kind] for unit in units), ZERO) for kind in (0, 1))
        after_net, after_tax = case.after_discounts(net, tax)
        for discounted, (one, other) in (("", (after_net, after_tax)), (", before discounts", (net, tax))):
            for taxed, amount in (("", one + other), (", without tax", one)):
                for less, fee in fees.items():
                    if fee or not less:
                        yield Reading(f"goods {at}{discounted}{taxed}{less}", amount - fee)
