"""What a Brightpearl order may hold against a credit, and how each such return must end."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.sandbox import catalogue
from daemon.sandbox.books import CANCELLED_STATUS, Order
from daemon.sandbox.catalogue import DECIDED_MAX, Line
from daemon.sandbox.coins import coin
from daemon.sandbox.journeys import RESTOCKED, dropped, exception, one
from daemon.sandbox.season import DAY, HOUR, MINUTE, Season


def unmatched_order(season: Season, name: str, at: datetime) -> None:
    order = one(season, at)
    del season.books.orders[order.id]
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("order-not-found"))
    season.travel(new, new.items, dropped(season, at))


def late_order(season: Season, name: str, at: datetime) -> None:
    """The order reaches Brightpearl some hours after the return was dropped off."""
    order = one(season, at)
    del season.books.orders[order.id]
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    drop = at + DAY
    season.at(drop + 5 * HOUR, "order", order=order)
    season.travel(new, new.items, drop)


def whole_bundle(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.bundle(season.books, season.rng), 2)], at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def bundle_component(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.bundle(season.books, season.rng))], at)
    child = next(row for row in order.rows if row.bundle_child)
    items = season.items(order, [(0, 1)], sku=child.sku, line_item_id="77001", upc="", variant_id="")
    new = season.announce(name, at, items, exception("bundle-incomplete"))
    season.travel(new, new.items, dropped(season, at))


def order_discount(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng, tax_code="T20"), rng.randint(1, 3)) for _ in range(3)]
    order = season.order(lines, at, order_discount=Decimal("10.00"))
    new = season.announce(name, at, season.items(order, [(0, 1), (1, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def row_discount(season: Season, name: str, at: datetime) -> None:
    lines = [Line(catalogue.goods(season.books, season.rng), 3, Decimal("0.15"))]
    new = season.announce(name, at, season.items(season.order(lines, at), [(0, 3)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def mixed_tax(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng, tax_code=code)) for code in ("T20", "T0")]
    new = season.announce(name, at, season.items(season.order(lines, at), [(0, 1), (1, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def several_returns(season: Season, name: str, at: datetime) -> None:
    """Three returns of one order, weeks apart: together exactly the row."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 3)], at, order_discount=Decimal("7.00"))
    for number, item in enumerate(season.items(order, [(0, 3)])):
        begins = at + number * 4 * DAY
        new = season.announce(name, begins, [item], RESTOCKED)
        season.travel(new, new.items, dropped(season, begins))


def earlier_credit(season: Season, name: str, at: datetime) -> None:
    """A person credited another unit of the order before this return began."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 2)], at)
    season.at(at - timedelta(minutes=1), "human_credit", order_id=order.id, row_index=0, reference="phone call")
    items = season.items(order, [(0, 1)])
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, items, at + 2 * DAY)


def rival_credit(season: Season, name: str, at: datetime) -> None:
    order = one(season, at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("rival-credit"))
    season.at(at + HOUR, "human_credit", order_id=order.id, row_index=0, reference="goodwill")
    season.travel(new, new.items, at + DAY)


def adopted_credit(season: Season, name: str, at: datetime) -> None:
    """A person made the very credit already and wrote the express code on it."""
    order = one(season, at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.at(at + HOUR, "human_credit", order_id=order.id, row_index=0, reference=f"return {new.express_code}")
    season.travel(new, new.items, at + DAY)


def cancelled_order(season: Season, name: str, at: datetime) -> None:
    order = one(season, at, invoiced=False)
    order.status_id = CANCELLED_STATUS
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("order-cancelled"))
    season.travel(new, new.items, dropped(season, at))


def over_return(season: Season, name: str, at: datetime) -> None:
    order = one(season, at)
    items = season.items(order, [(0, 1)]) + season.items(order, [(0, 1)])
    items[1].line_item_id = ""
    new = season.announce(name, at, items, exception("over-return"))
    season.travel(new, items, dropped(season, at))


def enormous_order(season: Season, name: str, at: datetime) -> None:
    """More rows than the sandbox's configuration has decided without a person."""
    order = season.order([Line(catalogue.goods(season.books, season.rng)) for _ in range(DECIDED_MAX + 1)], at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("too-large"))
    season.travel(new, new.items, dropped(season, at))


def unshipped_order(season: Season, name: str, at: datetime) -> None:
    order = one(season, at)
    order.shipping = "SNS"
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("order-not-shipped"))
    season.travel(new, new.items, dropped(season, at))


def shipped_after_all(season: Season, name: str, at: datetime) -> None:
    """The shipping was booked late: the return is decided again by itself."""
    order = one(season, at)
    order.shipping = "SNS"
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.at(at + 3 * DAY, "change", order_id=order.id, sets={"shipping": "ASS"})
    season.travel(new, new.items, at + DAY)


def pending_invoice(season: Season, name: str, at: datetime) -> None:
    """Accounting takes some hours over the order's invoice."""
    order = one(season, at)
    order.invoice_reference, order.pending_until = "pending", at + DAY + 5 * HOUR
    season.books.orders[order.id] = order
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, at + DAY)


def locked_order(season: Season, name: str, at: datetime) -> None:
    order = one(season, at)
    order.refuses_credit = "The order has been invoiced and is locked"
    new = season.announce(
        name, at, season.items(order, [(0, 1)]), f"{exception('order-locked')}|{exception('outcome-unknown')}"
    )
    season.travel(new, new.items, dropped(season, at))


def unlocked_order(season: Season, name: str, at: datetime) -> None:
    """Customer service releases the order: the parked return is decided again."""
    order = one(season, at)
    order.refuses_credit = "The order has been invoiced and is locked"
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.at(at + 3 * DAY, "change", order_id=order.id, sets={"refuses_credit": ""})
    season.travel(new, new.items, at + DAY)


def refused_credit(season: Season, name: str, at: datetime) -> None:
    """Where the first answer was lost, a refused repeat proves nothing: that stays an unknown outcome."""
    order = one(season, at)
    order.refuses_credit = "The contact is on hold"
    new = season.announce(
        name, at, season.items(order, [(0, 1)]), f"{exception('credit-refused')}|{exception('outcome-unknown')}"
    )
    season.travel(new, new.items, dropped(season, at))


def missing_customer(season: Season, name: str, at: datetime) -> None:
    """The order has no contact until somebody puts it there."""
    order = one(season, at)
    contact, order.contact_id = order.contact_id, 0
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.at(at + 4 * DAY, "change", order_id=order.id, sets={"contact_id": contact})
    season.travel(new, new.items, at + DAY)


def nobody_on_the_order(season: Season, name: str, at: datetime) -> None:
    order = one(season, at)
    order.contact_id = 0
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("customer-missing"))
    season.travel(new, new.items, dropped(season, at))


def _row_of(season: Season, name: str, at: datetime, cause: str, **sets: Any) -> None:
    """An order whose one goods row carries something odd."""
    order = one(season, at)
    for key, value in sets.items():
        setattr(order.rows[0], key, value)
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception(cause))
    season.travel(new, new.items, dropped(season, at))


def tax_code_left_out(season: Season, name: str, at: datetime) -> None:
    _row_of(season, name, at, "tax-code-missing", tax_code="")


def tax_code_retired(season: Season, name: str, at: datetime) -> None:
    _row_of(season, name, at, "tax-code-unknown", tax_code="T17")


def tax_rate_moved(season: Season, name: str, at: datetime) -> None:
    """Sold when the code stood for another rate."""
    order = season.order([Line(catalogue.goods(season.books, season.rng, tax_code="T20"))], at)
    row = order.rows[0]
    row.tax, row.tax_rate = (row.net * Decimal("0.175")).quantize(coin(order.currency)), Decimal("17.5")
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("tax-rate-differs"))
    season.travel(new, new.items, dropped(season, at))


def nominal_code_retired(season: Season, name: str, at: datetime) -> None:
    _row_of(season, name, at, "nominal-unknown", nominal="4998")


def sku_of_nobody(season: Season, name: str, at: datetime) -> None:
    told = {"sku": "GHOST-1", "line_item_id": "77002", "upc": "", "variant_id": "", "name": "Ghost", "amount": "1.23"}
    items = season.items(one(season, at), [(0, 1)], **told)
    new = season.announce(name, at, items, exception("sku-unknown-to-order"))
    season.travel(new, new.items, dropped(season, at))


def sku_on_two_rows(season: Season, name: str, at: datetime) -> None:
    """The same article at two prices, and no line id."""
    product = catalogue.goods(season.books, season.rng)
    order = season.order([Line(product), Line(product, 1, Decimal("0.30"))], at)
    items = season.items(order, [(0, 1)], line_item_id="", variant_id="")
    new = season.announce(name, at, items, exception("sku-ambiguous"))
    season.travel(new, new.items, dropped(season, at))


def both_of_two_rows(season: Season, name: str, at: datetime) -> None:
    """The same article at two prices, but both come back: nothing to choose."""
    product = catalogue.goods(season.books, season.rng)
    order = season.order([Line(product), Line(product, 1, Decimal("0.30"))], at)
    items = season.items(order, [(0, 1), (1, 1)], line_item_id="", variant_id="")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def substitution(season: Season, name: str, at: datetime) -> None:
    """The shop names another article than the row of that line holds."""
    items = season.items(one(season, at), [(0, 1)], sku="NEW-SEASON-1", upc="")
    new = season.announce(name, at, items, exception("substitution-suspected"))
    season.travel(new, new.items, dropped(season, at))


def edited_order(season: Season, name: str, at: datetime) -> None:
    """Two of three units are taken off the order while all three are announced."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 3)], at)
    row = order.rows[0]
    third = {key: (getattr(row, key) / 3).quantize(coin(order.currency)) for key in ("net", "tax")}
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("order-edited"))
    season.at(at + HOUR, "edit", order_id=order.id, row_index=0, sets={"quantity": Decimal(1), **third})
    season.travel(new, new.items, at + DAY)


def value_gone(season: Season, name: str, at: datetime) -> None:
    """A person credited one unit for the value of both, before this return began."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 2)], at)
    season.at(at - MINUTE, "human_credit", order_id=order.id, row_index=0, reference="phone call", whole_value=True)
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("value-above-row"))
    season.travel(new, new.items, at + 2 * DAY)


def other_currency(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], currency="USD")
    new = season.announce(name, at, items, exception("currency-differs"))
    season.travel(new, new.items, dropped(season, at))


def order_in_yen(season: Season, name: str, at: datetime) -> None:
    """One of three comes back, and then another: thirds of a price that has no smaller coin than one yen."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 3)], at, currency="JPY")
    for number, item in enumerate(season.items(order, [(0, 2)])):
        begins = at + number * 4 * DAY
        new = season.announce(name, begins, [item], RESTOCKED)
        season.travel(new, new.items, dropped(season, begins))


def order_in_no_currency(season: Season, name: str, at: datetime) -> None:
    """Its currency is a code that no standard has."""
    order = one(season, at)
    order.currency = "XXX"
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("currency-unknown"))
    season.travel(new, new.items, dropped(season, at))


def part_of_a_yen(season: Season, name: str, at: datetime) -> None:
    """A row was sold for half a yen more than anybody can pay."""
    order = one(season, at, currency="JPY")
    order.rows[0].net += Decimal("0.5")
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("amount-unusable"))
    season.travel(new, new.items, dropped(season, at))


def fee_in_words(season: Season, name: str, at: datetime) -> None:
    """Happy Returns states a fee that is no amount."""
    items = season.items(one(season, at), [(0, 1)], fee="four pounds")
    new = season.announce(name, at, items, exception("announcement-unreadable"))
    season.travel(new, items, dropped(season, at))


def _mixed_order(season: Season, at: datetime) -> Order:
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng, tax_code=code)) for code in ("T20", "T0")]
    return season.order(lines, at, order_discount=Decimal("6.00"))


def voucher_over_all(season: Season, name: str, at: datetime) -> None:
    """One voucher over goods at two rates: its tax is that of a tenth of both, and each comes back by itself."""
    order = _mixed_order(season, at)
    goods, voucher = [row for row in order.rows if row.sku], next(row for row in order.rows if row.net < 0)
    share = Decimal("0.1")
    voucher.net = -(sum((row.net for row in goods), Decimal(0)) * share).quantize(coin(order.currency))
    voucher.tax = -(sum((row.tax for row in goods), Decimal(0)) * share).quantize(coin(order.currency))
    for number, item in enumerate(season.items(order, [(0, 1), (1, 1)])):
        begins = at + number * 4 * DAY
        new = season.announce(name, begins, [item], RESTOCKED)
        season.travel(new, new.items, dropped(season, begins))


def voucher_of_nothing(season: Season, name: str, at: datetime) -> None:
    """A voucher whose tax is that of no goods of the order."""
    order = _mixed_order(season, at)
    voucher = next(row for row in order.rows if row.net < 0)
    voucher.tax = voucher.net * Decimal("0.05")
    new = season.announce(name, at, season.items(order, [(1, 1)]), exception("discount-unclear"))
    season.travel(new, new.items, dropped(season, at))


def quicker_rival(season: Season, name: str, at: datetime) -> None:
    """A colleague credits the same unit between our look and our write."""
    order = one(season, at)
    order.quicker_hand = "goodwill"
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("rival-credit"))
    season.travel(new, new.items, dropped(season, at))


def hidden_rival(season: Season, name: str, at: datetime) -> None:
    """The same, but Brightpearl's index shows the colleague's credit only minutes later."""
    order = one(season, at)
    order.quicker_hand, order.hand_is_hidden = "goodwill", True
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("rival-credit"))
    season.travel(new, new.items, dropped(season, at))


def bundle_in_pieces(season: Season, name: str, at: datetime) -> None:
    """Every component of a bundle comes back, each under its own SKU."""
    order = season.order([Line(catalogue.bundle(season.books, season.rng))], at)
    children = [row for row in order.rows if row.bundle_child]
    items = [
        item for child in children
        for item in season.items(order, [(0, 1)], sku=child.sku, upc="", variant_id="", amount="0.00")
    ]  # fmt: skip
    for item in items:
        item.amount = ""
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, items, dropped(season, at))


def bundle_of_rows(season: Season, name: str, at: datetime) -> None:
    """The shop calls it a set; Brightpearl's order lists the articles."""
    bundle = catalogue.bundle(season.books, season.rng)
    lines = [Line(season.books.products[part], count) for part, count in bundle.components]
    order = season.order(lines, at)
    told = {
        "sku": bundle.sku,
        "line_item_id": "",
        "upc": bundle.barcode,
        "variant_id": "",
        "name": bundle.name,
        "amount": "",
    }
    new = season.announce(name, at, season.items(order, [(0, 1)], **told), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def free_goods(season: Season, name: str, at: datetime) -> None:
    """A gift with the purchase comes back."""
    order = one(season, at)
    order.rows[0].net = order.rows[0].tax = Decimal(0)
    items = season.items(order, [(0, 1)], amount="")
    new = season.announce(name, at, items, exception("nothing-to-refund"))
    season.travel(new, items, dropped(season, at))


def same_number_twice(season: Season, name: str, at: datetime) -> None:
    """Two orders carry the shopper's number."""
    order = one(season, at)
    other = one(season, at)
    other.reference = order.reference
    season.books.orders[other.id] = other
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("order-ambiguous"))
    season.travel(new, new.items, dropped(season, at))


def two_outcomes(season: Season, name: str, at: datetime) -> None:
    """One article is refunded, the other one becomes a gift card."""
    order = season.order([Line(catalogue.goods(season.books, season.rng)) for _ in range(2)], at)
    items = season.items(order, [(0, 1), (1, 1)])
    items[1].refund_type = "gift-card"
    new = season.announce(name, at, items, exception("mixed-outcomes"))
    season.travel(new, items, dropped(season, at))


def odd_outcome(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], refund_type="barter")
    new = season.announce(name, at, items, exception("refund-type-unknown"))
    season.travel(new, items, dropped(season, at))


def other_sum_announced(season: Season, name: str, at: datetime) -> None:
    """Happy Returns has told the shopper of a sum that nothing on the order is worth."""
    items = season.items(one(season, at), [(0, 1)], amount="1234.56")
    new = season.announce(name, at, items, exception("amount-differs"))
    season.travel(new, items, dropped(season, at))


def no_refund(season: Season, name: str, at: datetime) -> None:
    """The shopper gets nothing back: whoever reads a refund into that word pays."""
    items = season.items(one(season, at), [(0, 1)], refund_type="no-refund", amount="0.00")
    new = season.announce(name, at, items, exception("refund-type-unknown"))
    season.travel(new, items, dropped(season, at))


def other_sums_by_hand(season: Season, name: str, at: datetime) -> None:
    """A person credited this return, naming it, but for the value of two units."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 2)], at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("credit-differs"))
    reference = f"return {new.express_code}"
    season.at(at + HOUR, "human_credit", order_id=order.id, row_index=0, reference=reference, whole_value=True)
    season.travel(new, new.items, at + DAY)


ORDER_TROUBLES = (
    (1, unmatched_order), (2, late_order), (4, whole_bundle), (1, bundle_component), (5, order_discount),
    (4, row_discount), (5, mixed_tax), (2, several_returns), (2, earlier_credit), (1, rival_credit),
    (1, adopted_credit), (1, cancelled_order), (1, over_return), (1, enormous_order), (1, unshipped_order),
    (2, shipped_after_all), (2, pending_invoice), (1, locked_order), (2, unlocked_order), (1, refused_credit),
    (2, missing_customer),
    (1, nobody_on_the_order), (1, tax_code_left_out), (1, tax_code_retired), (1, tax_rate_moved),
    (1, nominal_code_retired), (1, sku_of_nobody), (1, sku_on_two_rows), (2, both_of_two_rows),
    (1, substitution), (1, edited_order), (1, value_gone), (1, other_currency), (1, quicker_rival),
    (1, hidden_rival), (3, bundle_in_pieces), (3, bundle_of_rows),
    (1, order_in_yen), (1, order_in_no_currency), (1, part_of_a_yen), (1, fee_in_words),
    (2, voucher_over_all), (1, voucher_of_nothing),
    (1, free_goods), (1, same_number_twice), (1, two_outcomes), (1, odd_outcome), (1, no_refund),
    (1, other_sum_announced), (1, other_sums_by_hand),
)  # fmt: skip
"""How often each occurs in a season, against the others."""
