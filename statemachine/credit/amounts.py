"""What is left of an order row, and the share of it that some units take. Always sums to the row, to the penny."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from statemachine.credit.snapshot import ExistingCredit, Order, OrderRow

PENNY = Decimal("0.01")
DISCOUNT_REF = "discount-"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Taken:
    """What the existing credits already took of one order row."""

    quantity: Decimal = ZERO
    net: Decimal = ZERO
    tax: Decimal = ZERO

    def plus(self, quantity: Decimal, net: Decimal, tax: Decimal) -> "Taken":
        return Taken(self.quantity + quantity, self.net + net, self.tax + tax)


def pennies(value: Decimal) -> Decimal:
    return value.quantize(PENNY, ROUND_HALF_UP)


def taken_by_row(order: Order, credits_made: Iterable[ExistingCredit]) -> dict[int, Taken]:
    """Assign every row of the existing credits to an order row: by our own row reference, else by product.

    A credit made by others names only the product; where several rows hold it, they fill up in row order, and what
    exceeds them all stays on the last one, so that an over-credit is never hidden.
    """
    taken: dict[int, Taken] = {row.id: Taken() for row in order.rows}
    for credit in credits_made:
        if credit.is_cancelled:
            continue
        for row in credit.rows:
            if row.bundle_child:
                continue
            ref = row.external_ref.removeprefix(DISCOUNT_REF)
            if credit.is_ours and ref.isdigit() and int(ref) in taken:
                taken[int(ref)] = taken[int(ref)].plus(row.quantity, row.net, row.tax)
                continue
            _spread(order, taken, row.product_id, row.quantity, row.net, row.tax)
    return taken


def _spread(
    order: Order, taken: dict[int, Taken], product_id: int | None, quantity: Decimal, net: Decimal, tax: Decimal
) -> None:
    if net < 0:
        _spread_discount(order, taken, net, tax)
        return
    rows = [row for row in order.rows if row.is_goods and row.product_id == product_id]
    if not rows or quantity <= 0:
        return
    left = quantity
    for row in rows:
        part = left if row is rows[-1] else min(left, max(row.quantity - taken[row.id].quantity, ZERO))
        if part > 0:
            share = part / quantity
            taken[row.id] = taken[row.id].plus(part, pennies(net * share), pennies(tax * share))
            left -= part


def _spread_discount(order: Order, taken: dict[int, Taken], net: Decimal, tax: Decimal) -> None:
    """A deduction others made counts against the order's discounts, in row order."""
    for row in order.rows:
        if not row.is_discount or net >= 0:
            continue
        part = max(net, row.net - taken[row.id].net)
        share = part / net
        taken[row.id] = taken[row.id].plus(ZERO, part, pennies(tax * share))
        net, tax = net - part, tax - pennies(tax * share)


def share_of_row(row: OrderRow, taken: Taken, units: Decimal) -> tuple[Decimal, Decimal]:
    """Net and tax of `units` more units of a row: their share of what remains; the last unit takes all that is left.

    Sharing the remainder instead of the whole makes the parts sum exactly, also over credits months apart.
    """
    remaining = row.quantity - taken.quantity
    net, tax = row.net - taken.net, row.tax - taken.tax
    if units >= remaining:
        return net, tax
    return pennies(net * units / remaining), pennies(tax * units / remaining)


def share_of_discount(
    discount: OrderRow, order: Order, taken: Mapping[int, Taken], returned: Mapping[int, Decimal]
) -> tuple[Decimal, Decimal]:
    """The share of an order-level discount row that falls on the units coming back now, both parts negative or zero.

    Rule: the discount is spread over the goods rows with its own tax code (over all goods rows when none has it), by
    value; the credit that takes the last of those goods takes all that remains of the discount.
    """
    base = [row for row in order.rows if row.is_goods and row.tax_code == discount.tax_code]
    base = base or [row for row in order.rows if row.is_goods]
    value_left = sum((_value_of(row, row.quantity - taken[row.id].quantity) for row in base), ZERO)
    value_now = sum((_value_of(row, returned.get(row.id, ZERO)) for row in base), ZERO)
    if value_now <= 0 or value_left <= 0:
        return ZERO, ZERO
    net, tax = discount.net - taken[discount.id].net, discount.tax - taken[discount.id].tax
    if value_now >= value_left:
        return min(net, ZERO), min(tax, ZERO)
    return min(pennies(net * value_now / value_left), ZERO), min(pennies(tax * value_now / value_left), ZERO)


def _value_of(row: OrderRow, units: Decimal) -> Decimal:
    return row.net * units / row.quantity if row.quantity else ZERO
