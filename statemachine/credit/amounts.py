"""What is left of an order's rows, and the share of it that some units take. Always sums to the row exactly.

The rule: units take their share of what *remains* of a row, rounded half up to the currency's smallest unit, and whoever
takes the last of it takes all that is left. So the parts sum exactly, also over credits months apart. Where prices include
tax, the gross is shared and net is what tax leaves of it, so that each unit's price is the one the shopper saw.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from itertools import islice

from statemachine.credit.likest import LikestRows
from statemachine.credit.lookup import NO_ROWS, Rows, Sums
from statemachine.credit.snapshot import CreditRow, ExistingCredit, Order, OrderRow
from statemachine.money import in_minor_units, minor_unit, split
from statemachine.refs import is_number

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
    taking = _Taking(order)
    for credit in credits_made:
        if credit.is_cancelled:
            continue
        for row in credit.rows:
            if not row.bundle_child and not _is_fee(row, credit):
                named = _named(row, credit, order.lookup.by_id)
                if named is not None:
                    taking.take(named, row.quantity, row.net, row.tax)
                else:
                    taking.spread(row)
    return taking.taken


def _is_fee(row: CreditRow, credit: ExistingCredit) -> bool:
    """A deduction of ours that is no order row's; where references are not echoed its name tells it from a discount."""
    if not credit.is_ours or row.net >= 0:
        return False
    return row.external_ref.startswith(FEE_REF) or (not row.external_ref and not row.name.startswith(DISCOUNT_NAME))


def _named(row: CreditRow, credit: ExistingCredit, by_id: Mapping[int, OrderRow]) -> OrderRow | None:
    ref = row.external_ref.removeprefix(DISCOUNT_REF).removeprefix(PART_REF)
    return by_id.get(int(ref)) if credit.is_ours and is_number(ref) else None


def _take(order: Order, taken: dict[int, Taken], row: OrderRow, quantity: Decimal, net: Decimal, tax: Decimal) -> None:
    taken[row.id] = taken[row.id].plus(quantity, net, tax)
    if row.bundle_child and row.parent_row_id in taken:
        taken[row.parent_row_id] = taken[row.parent_row_id].plus(ZERO, net, tax)
    for child in order.children_of(row) if row.bundle_parent else ():
        taken[child.id] = taken[child.id].plus(quantity * pieces_per_bundle(row, child), ZERO, ZERO)


class _Taking:
    """What each order row has lost, while the rows of credits are assigned one after the other."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self.taken: dict[int, Taken] = {row.id: Taken() for row in order.rows}
        self._likest: dict[tuple[int, str], LikestRows] = {}
        self._discounts: dict[tuple[str, str], list[OrderRow]] = {}
        self._spent: dict[tuple[str, str], int] = {}
        """Of each such list how many rows at its begin are spent to the penny."""

    def take(self, row: OrderRow, quantity: Decimal, net: Decimal, tax: Decimal) -> None:
        _take(self._order, self.taken, row, quantity, net, tax)
        if quantity < 0 or any(child.quantity * row.quantity < 0 for child in self._order.children_of(row)):
            self._likest.clear()  # what was full may have room again
        if row.is_discount:
            self._spent.clear()

    def room(self, row: OrderRow) -> Decimal:
        return max(row.quantity - self.taken[row.id].quantity, ZERO)

    def spread(self, row: CreditRow) -> None:
        """A row that names no order row: by its product, the likest rows first; what none has room for is the last one's."""
        if row.net < 0 or row.tax < 0:
            self._spread_discount(row)
            return
        if not row.product_id or row.quantity <= 0:
            return
        key = (row.product_id, row.tax_code)
        if key not in self._likest:
            rows = self._order.lookup.by_product.get(row.product_id, NO_ROWS)
            self._likest[key] = LikestRows(rows, row.tax_code, self.room, near=minor_unit(self._order.currency))
        likest, left, unit_net = self._likest[key], row.quantity, row.net / row.quantity
        last = likest.last(unit_net)
        if last is None:
            return
        for each in likest.with_room(unit_net):
            if each is last:
                break
            part = min(left, self.room(each))
            self._take_part(each, row, part)
            left -= part
            if left <= 0:
                return
        self._take_part(last, row, left)

    def _take_part(self, row: OrderRow, credited: CreditRow, part: Decimal) -> None:
        share = part / credited.quantity
        net, tax = (in_minor_units(value * share, self._order.currency) for value in (credited.net, credited.tax))
        self.take(row, part, net, tax)

    def _spread_discount(self, row: CreditRow) -> None:
        """A deduction counts against the order's discounts: first those it resembles, then in row order."""
        net, tax = row.net, row.tax
        key = (row.name, row.tax_code)
        if key not in self._discounts:
            self._discounts[key] = sorted(
                self._order.lookup.discounts,
                key=lambda each: (row.name != f"{DISCOUNT_NAME}{each.name}", row.tax_code != each.tax_code),
            )
        rows, at = self._discounts[key], 0
        if net < 0:
            at = self._spent.get(key, 0)
            while at < len(rows) and rows[at].net == self.taken[rows[at].id].net:
                at += 1
            self._spent[key] = at
        else:
            self._spent.clear()  # what was spent may not be any more
        for each in islice(rows, at, None):
            if net >= 0 and tax >= 0:
                return
            part = max(net, each.net - self.taken[each.id].net)
            share = part / net if net else ONE
            tax_part = in_minor_units(tax * share, self._order.currency)
            self.taken[each.id] = self.taken[each.id].plus(ZERO, part, tax_part)
            net, tax = net - part, tax - tax_part


# -- what the units now coming back take --------------------------------------------------------------------------------


class Ledger:
    """The order's rows while one credit is being drawn: each take is worth its share of what is left then.

    `shares` gives the value of each component row of a bundle, as a part of the bundle's; needed only where pieces of
    a bundle are credited on their own.
    """

    def __init__(self, order: Order, taken: Mapping[int, Taken], shares: Mapping[int, Decimal]) -> None:
        self._order, self._taken, self._shares = order, dict(taken), shares
        self._broken: dict[int, _BrokenBundle] = {}

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
        self._broken.pop(row.id, None)
        return found

    def take_piece(self, child: OrderRow, pieces: Decimal) -> tuple[Decimal, Decimal]:
        """Net and tax of pieces of one component of a bundle row, by their share of the bundle's value."""
        row = self._order.lookup.by_id[child.parent_row_id]
        if row.id not in self._broken:
            self._broken[row.id] = _BrokenBundle(self._order, row, self._shares, self._taken)
        bundle, before = self._broken[row.id], self._taken[child.id]
        found = self._piece(row, bundle, child, pieces)
        _take(self._order, self._taken, child, pieces, *found)
        bundle.has_lost(child, before, self._taken[child.id])
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

    def _piece(
        self, row: OrderRow, bundle: "_BrokenBundle", child: OrderRow, pieces: Decimal
    ) -> tuple[Decimal, Decimal]:
        net_left, tax_left = self.left(row)
        lost, alone = self._taken[child.id], bundle.alone
        here = child.quantity - lost.quantity
        if pieces >= here and bundle.unfinished == (here > 0):
            return net_left, tax_left  # the last of the bundle takes all that is left of it
        # What was taken of one component's value: on its own, and inside whole bundles by its share.
        whole, share = self._taken[row.id], self._shares.get(child.id, ZERO)
        net = bundle.net[child.id] - (lost.net + (whole.net - alone.net) * share)
        tax = bundle.tax[child.id] - (lost.tax + (whole.tax - alone.tax) * share)
        part = self._share(max(self._round(net), ZERO), max(self._round(tax), ZERO), pieces, here)
        return _within(part[0], net_left), _within(part[1], tax_left)

    def discounts(
        self, spans: Callable[[OrderRow], Rows], now: Mapping[int, tuple[Decimal, Decimal]]
    ) -> Iterator[tuple[OrderRow, Decimal, Decimal]]:
        """Every order-level discount with the share of it that falls on what is credited now, net and tax.

        By value over the rows it `spans`, its net by their net and its tax by their tax: so each row gets back the
        discount's tax at its own rate. `now` is the net and tax being credited on each. Both parts are negative or zero.
        Ask before the rows are taken.
        """
        values: dict[int, tuple[Taken, Taken]] = {}
        for row in self._order.lookup.discounts:
            base = spans(row)
            if id(base) not in values:
                values[id(base)] = self._left_and_taking(base, now)
            left, taking = values[id(base)]
            if taking.net > 0 and left.net > 0:
                yield row, *self._discount(row, left, taking)

    def _left_and_taking(self, base: Rows, now: Mapping[int, tuple[Decimal, Decimal]]) -> tuple[Taken, Taken]:
        left, taking = Taken(), Taken()
        for row in base:
            row_net, row_tax = self.left(row)
            left = left.plus(ZERO, max(row_net, ZERO), max(row_tax, ZERO))
            taking = taking.plus(ZERO, *now.get(row.id, (ZERO, ZERO)))
        return left, taking

    def _discount(self, discount: OrderRow, left: Taken, taking: Taken) -> tuple[Decimal, Decimal]:
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


class _BrokenBundle:
    """A bundle row whose pieces are credited on their own: what each component is worth, and what is gone of them all."""

    def __init__(self, order: Order, row: OrderRow, shares: Mapping[int, Decimal], taken: Mapping[int, Taken]) -> None:
        children = order.children_of(row)
        weights = {each.id: shares.get(each.id, ZERO) for each in children}
        self.net, self.tax = (split(value, weights, order.currency) for value in (row.net, row.tax))
        lost = [taken[each.id] for each in children]
        self.alone = Taken(ZERO, sum((each.net for each in lost), ZERO), sum((each.tax for each in lost), ZERO))
        """Money taken of the components on their own."""
        self.unfinished = sum(taken[each.id].quantity < each.quantity for each in children)
        """Components of which pieces are left."""

    def has_lost(self, child: OrderRow, before: Taken, after: Taken) -> None:
        self.alone = self.alone.plus(ZERO, after.net - before.net, after.tax - before.tax)
        self.unfinished += (after.quantity < child.quantity) - (before.quantity < child.quantity)


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
    lookup, code = order.lookup, discount.tax_code
    goods, own = lookup.goods.rows, lookup.goods_by_tax_code.get(code, NO_ROWS)
    bears = bool(own) and lookup.sums_by_tax_code[code].net + discount.net >= 0
    if not discount.tax and not bears:
        return goods
    others = lookup.sums_of_discounts.less(discount) if discount.is_discount else lookup.sums_of_discounts
    readings = [(own, lookup.sums_by_tax_code[code])] if bears else []
    # all goods, at their prices or after the other discounts
    readings += [(goods, lookup.sums_of_goods), (goods, lookup.sums_of_goods.plus(others))]
    fits = [
        (abs(in_minor_units(tax - discount.tax, order.currency)), place, base)
        for place, (base, taxed) in enumerate(readings)
        if (tax := _tax_over(taxed, discount)) is not None and abs(tax - discount.tax) <= _noise(order, taxed, discount)
    ]
    return min(fits, key=lambda each: each[:2])[2] if fits else None


def _tax_over(rows: Sums, discount: OrderRow) -> Decimal | None:
    """The tax a discount of that net has when it is spread over these rows by value."""
    return discount.net * rows.tax / rows.net if rows.net > 0 else None


def _noise(order: Order, rows: Sums, discount: OrderRow) -> Decimal:
    """By how much rounding may move that tax: its own, and its part of what each unit's tax was rounded by."""
    return minor_unit(order.currency) * (ONE + rows.units * abs(discount.net) / rows.net)


def without_tax(gross: Decimal, rate: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    """Net and tax inside an amount that includes tax at `rate` percent, both in whole minor units."""
    whole = in_minor_units(gross, currency)
    net = in_minor_units(whole / (ONE + rate / 100), currency)
    return net, whole - net
