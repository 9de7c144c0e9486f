"""What is left of an order's rows, and the share of it that some units take. Always sums to the row exactly.

The rule: units take their share of what *remains* of a row, rounded half up to the currency's smallest unit, and whoever
takes the last of it takes all that is left. So the parts sum exactly, also over credits months apart. Where prices include
tax, the gross is shared and net is what tax leaves of it, so that each unit's price is the one the shopper saw.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from statemachine.credit.snapshot import CreditRow, ExistingCredit, Order, OrderRow
from statemachine.money import in_minor_units, minor_unit, split

ZERO, ONE = Decimal(0), Decimal(1)
DISCOUNT_REF, PART_REF, FEE_REF = "discount-", "part-", "fee-"
DISCOUNT_NAME = "Share of: "


@dataclass(frozen=True, slots=True)
class Taken:
    """What credits already took of one order row. Of a bundle row: money in whole and in parts, quantity in whole."""

    quantity: Decimal = ZERO
    net: Decimal = ZERO
    tax: Decimal = ZERO

    def plus(self, quantity: Decimal, net: Decimal, tax: Decimal) -> "Taken":
        return Taken(self.quantity + quantity, self.net + net, self.tax + tax)


def pieces_per_bundle(row: OrderRow, child: OrderRow) -> Decimal:
    """How many of a component one bundle holds; 0 for a bundle row that was emptied."""
    return child.quantity / row.quantity if row.quantity else ZERO


def whole_units_left(order: Order, row: OrderRow, taken: Mapping[int, Taken]) -> Decimal:
    """Units of a row that no credit holds; of a bundle, those whose components are all still there."""
    left = row.quantity - taken[row.id].quantity
    for child in order.children_of(row) if row.bundle_parent else ():
        each = pieces_per_bundle(row, child)
        if each > 0:
            left = min(left, ((child.quantity - taken[child.id].quantity) / each).to_integral_value(ROUND_DOWN))
    return left


# -- what credits took --------------------------------------------------------------------------------------------------


def taken_by_row(order: Order, credits_made: Iterable[ExistingCredit]) -> dict[int, Taken]:
    """Assign every row of the existing credits to an order row: by our own row reference, else by product.

    A credit made by others names only the product; where several rows hold it, they fill up in row order, and what
    exceeds them all stays on the last one, so that an over-credit is never hidden.
    """
    taken: dict[int, Taken] = {row.id: Taken() for row in order.rows}
    by_id = {row.id: row for row in order.rows}
    for credit in credits_made:
        if credit.is_cancelled:
            continue
        for row in credit.rows:
            if not row.bundle_child and not _is_fee(row, credit):
                named = _named(row, credit, by_id)
                if named is not None:
                    _take(order, taken, named, row.quantity, row.net, row.tax)
                else:
                    _spread(order, taken, row)
    return taken


def _is_fee(row: CreditRow, credit: ExistingCredit) -> bool:
    """A deduction of ours that is no order row's; where references are not echoed its name tells it from a discount."""
    if not credit.is_ours or row.net >= 0:
        return False
    return row.external_ref.startswith(FEE_REF) or (not row.external_ref and not row.name.startswith(DISCOUNT_NAME))


def _named(row: CreditRow, credit: ExistingCredit, by_id: Mapping[int, OrderRow]) -> OrderRow | None:
    ref = row.external_ref.removeprefix(DISCOUNT_REF).removeprefix(PART_REF)
    return by_id.get(int(ref)) if credit.is_ours and ref.isdigit() else None


def _take(order: Order, taken: dict[int, Taken], row: OrderRow, quantity: Decimal, net: Decimal, tax: Decimal) -> None:
    taken[row.id] = taken[row.id].plus(quantity, net, tax)
    if row.bundle_child and row.parent_row_id in taken:
        taken[row.parent_row_id] = taken[row.parent_row_id].plus(ZERO, net, tax)
    for child in order.children_of(row) if row.bundle_parent else ():
        taken[child.id] = taken[child.id].plus(quantity * pieces_per_bundle(row, child), ZERO, ZERO)


def _spread(order: Order, taken: dict[int, Taken], told: CreditRow) -> None:
    """A row that names no order row: by its product, in row order."""
    if told.net < 0 or told.tax < 0:
        _spread_discount(order, taken, told)
        return
    rows = rows_of_product(order, told)
    if not rows or told.quantity <= 0:
        return
    left = told.quantity
    for row in rows:
        part = left if row is rows[-1] else min(left, max(row.quantity - taken[row.id].quantity, ZERO))
        if part > 0:
            share = part / told.quantity
            net, tax = (in_minor_units(value * share, order.currency) for value in (told.net, told.tax))
            _take(order, taken, row, part, net, tax)
            left -= part


def rows_of_product(order: Order, told: CreditRow) -> list[OrderRow]:
    """The order rows a credit row that names none may be for: those most like it in code and price first.

    Rows of the product itself come before components of bundles that hold it.
    """
    each = told.net / told.quantity if told.quantity else ZERO

    def unlike(row: OrderRow) -> tuple[bool, bool, Decimal]:
        price = row.net / row.quantity if row.quantity and not row.bundle_child else each
        gap = abs(price - each)
        return (
            row.bundle_child,
            bool(told.tax_code) and row.tax_code != told.tax_code,
            gap if gap > minor_unit(order.currency) else ZERO,
        )

    rows = [
        r for r in order.rows if (r.is_goods or r.bundle_child) and told.product_id and r.product_id == told.product_id
    ]
    return sorted(rows, key=unlike)


def _spread_discount(order: Order, taken: dict[int, Taken], told: CreditRow) -> None:
    """A deduction counts against the order's discounts: first those it resembles, then in row order."""
    net, tax = told.net, told.tax
    discounts = [row for row in order.rows if row.is_discount]

    def unlike(row: OrderRow) -> tuple[bool, bool]:
        return told.name != f"{DISCOUNT_NAME}{row.name}", told.tax_code != row.tax_code

    for row in sorted(discounts, key=unlike):
        if net >= 0 and tax >= 0:
            return
        part = max(net, row.net - taken[row.id].net)
        share = part / net if net else ONE
        tax_part = in_minor_units(tax * share, order.currency)
        taken[row.id] = taken[row.id].plus(ZERO, part, tax_part)
        net, tax = net - part, tax - tax_part


# -- what the units now coming back take --------------------------------------------------------------------------------


class Ledger:
    """The order's rows while one credit is being drawn: each take is worth its share of what is left then.

    `shares` gives the value of each component row of a bundle, as a part of the bundle's; needed only where pieces of
    a bundle are credited on their own.
    """

    def __init__(self, order: Order, taken: Mapping[int, Taken], shares: Mapping[int, Decimal]) -> None:
        self._order, self._taken, self._shares = order, dict(taken), shares
        self._by_id = {row.id: row for row in order.rows}

    def left(self, row: OrderRow) -> tuple[Decimal, Decimal]:
        taken = self._taken[row.id]
        return row.net - taken.net, row.tax - taken.tax

    def take(self, row: OrderRow, units: Decimal, *, in_parts: bool = False) -> tuple[Decimal, Decimal]:
        """Net and tax of `units` more units of a row. `in_parts`: pieces of this bundle are credited on their own too."""
        if in_parts or self._is_broken(row):
            return self._take_pieces(row, units)
        net, tax = self.left(row)
        found = self._share(net, tax, units, row.quantity - self._taken[row.id].quantity)
        _take(self._order, self._taken, row, units, *found)
        return found

    def take_piece(self, child: OrderRow, pieces: Decimal) -> tuple[Decimal, Decimal]:
        """Net and tax of pieces of one component of a bundle row, by their share of the bundle's value."""
        row = self._by_id[child.parent_row_id]
        found = self._piece(row, child, pieces)
        _take(self._order, self._taken, child, pieces, *found)
        return found

    def _is_broken(self, row: OrderRow) -> bool:
        """Whether pieces of this bundle row were credited on their own."""
        if not row.bundle_parent:
            return False
        whole = self._taken[row.id].quantity
        children = self._order.children_of(row)
        return any(self._taken[c.id].quantity != whole * pieces_per_bundle(row, c) for c in children)

    def _take_pieces(self, row: OrderRow, units: Decimal) -> tuple[Decimal, Decimal]:
        net = tax = ZERO
        for child in self._order.children_of(row):
            more = self.take_piece(child, units * pieces_per_bundle(row, child))
            net, tax = net + more[0], tax + more[1]
        return net, tax

    def _piece(self, row: OrderRow, child: OrderRow, pieces: Decimal) -> tuple[Decimal, Decimal]:
        children = self._order.children_of(row)
        net_left, tax_left = self.left(row)
        here = child.quantity - self._taken[child.id].quantity
        elsewhere = any(self._taken[c.id].quantity < c.quantity for c in children if c.id != child.id)
        if pieces >= here and not elsewhere:
            return net_left, tax_left  # the last of the bundle takes all that is left of it
        weights = {each.id: self._shares.get(each.id, ZERO) for each in children}
        net = split(row.net, weights, self._order.currency)[child.id] - self._spent(row, child, "net")
        tax = split(row.tax, weights, self._order.currency)[child.id] - self._spent(row, child, "tax")
        share = self._share(max(self._round(net), ZERO), max(self._round(tax), ZERO), pieces, here)
        return _within(share[0], net_left), _within(share[1], tax_left)

    def _spent(self, row: OrderRow, child: OrderRow, kind: str) -> Decimal:
        """What was taken of one component's value: on its own, and inside whole bundles by its share."""
        children = self._order.children_of(row)
        alone = sum((getattr(self._taken[each.id], kind) for each in children), ZERO)
        whole: Decimal = getattr(self._taken[row.id], kind) - alone
        spent: Decimal = getattr(self._taken[child.id], kind) + whole * self._shares.get(child.id, ZERO)
        return spent

    def discount(
        self, discount: OrderRow, base: Iterable[OrderRow], now: Mapping[int, tuple[Decimal, Decimal]]
    ) -> tuple[Decimal, Decimal]:
        """The share of an order-level discount row that falls on what is credited now, both parts negative or zero.

        By value over the `base` rows, its net by their net and its tax by their tax: so each row gets back the discount's
        tax at its own rate. `now` is the net and tax being credited on each. Ask before the rows are taken.
        """
        left, taking = Taken(), Taken()
        for row in base:
            row_net, row_tax = self.left(row)
            left = left.plus(ZERO, max(row_net, ZERO), max(row_tax, ZERO))
            taking = taking.plus(ZERO, *now.get(row.id, (ZERO, ZERO)))
        if taking.net <= 0 or left.net <= 0:
            return ZERO, ZERO
        net, tax = (min(value, ZERO) for value in self.left(discount))
        if taking.net >= left.net:
            return net, tax  # the last of the goods takes all that is left of it
        by_net = taking.net / left.net
        by_tax = min(taking.tax / left.tax, ONE) if left.tax > 0 else by_net
        tax_share = _within(self._round(tax * by_tax), tax)
        if self._order.price_mode == "EXC":
            return _within(self._round(net * by_net), net), tax_share
        return _within(self._round(net * by_net + tax * by_tax) - tax_share, net), tax_share

    def _share(self, net: Decimal, tax: Decimal, part: Decimal, whole: Decimal) -> tuple[Decimal, Decimal]:
        if part >= whole:
            return net, tax
        tax_share = _within(self._round(tax * part / whole), tax)
        if self._order.price_mode == "EXC":
            return _within(self._round(net * part / whole), net), tax_share
        return _within(self._round((net + tax) * part / whole) - tax_share, net), tax_share

    def _round(self, value: Decimal) -> Decimal:
        return in_minor_units(value, self._order.currency)


def _within(value: Decimal, limit: Decimal) -> Decimal:
    """Between zero and the limit, whichever side of zero that lies."""
    return min(max(value, ZERO), limit) if limit >= 0 else max(min(value, ZERO), limit)


def discount_base(order: Order, discount: OrderRow) -> tuple[OrderRow, ...] | None:
    """The goods an order-level discount is spread over, as its own net and tax tell; None where they fit no reading.

    A discount that is spread over goods by value carries their mix of taxes: its tax is to its net as theirs is. So its
    own sums say whether it spans the goods of its tax code, where these can bear it, or all goods. Where rounding lets
    both be, it is the one whose tax is nearer, and of two alike its own code's. A discount without any tax for whose code
    there are no goods is taken off the whole sum, as a voucher that was paid for is.
    """
    goods = tuple(row for row in order.rows if row.is_goods)
    own = tuple(row for row in goods if row.tax_code == discount.tax_code)
    bears = bool(own) and sum((row.net for row in own), ZERO) + discount.net >= 0
    if not discount.tax and not bears:
        return goods
    others = tuple(row for row in order.rows if row.is_discount and row.id != discount.id)
    readings = [(own, own)] if bears else []
    readings += [(goods, goods), (goods, goods + others)]  # all goods, at their prices or after the other discounts
    fits = [
        (abs(in_minor_units(tax - discount.tax, order.currency)), place, base)
        for place, (base, taxed) in enumerate(readings)
        if (tax := _tax_over(taxed, discount)) is not None and abs(tax - discount.tax) <= _noise(order, taxed, discount)
    ]
    return min(fits, key=lambda each: each[:2])[2] if fits else None


def _tax_over(rows: tuple[OrderRow, ...], discount: OrderRow) -> Decimal | None:
    """The tax a discount of that net has when it is spread over these rows by value."""
    net = sum((row.net for row in rows), ZERO)
    return discount.net * sum((row.tax for row in rows), ZERO) / net if net > 0 else None


def _noise(order: Order, rows: tuple[OrderRow, ...], discount: OrderRow) -> Decimal:
    """By how much rounding may move that tax: its own, and its part of what each unit's tax was rounded by."""
    net = sum((row.net for row in rows), ZERO)
    units = sum((row.quantity for row in rows), ZERO)
    return minor_unit(order.currency) * (ONE + units * abs(discount.net) / net)


def without_tax(gross: Decimal, rate: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    """Net and tax inside an amount that includes tax at `rate` percent, both in whole minor units."""
    whole = in_minor_units(gross, currency)
    net = in_minor_units(whole / (ONE + rate / 100), currency)
    return net, whole - net
