"""What the judge counts: units, pennies, payments and goods, by the vendors' own books and by nothing of ours."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from daemon.sandbox import catalogue
from daemon.sandbox.app import Sandbox
from daemon.sandbox.books import API, PERSON, Order
from daemon.sandbox.catalogue import Line
from daemon.sandbox.happy_returns import Item
from tests.chaos.physical import Books, Breach, breaches

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PENNY = Decimal("0.01")


@dataclass
class Shop:
    """One order of three equal units, of which some come back."""

    sandbox: Sandbox = field(default_factory=lambda: Sandbox.open(now=NOON, rate=0.0))
    order: Order = field(init=False)
    items: list[Item] = field(init=False)

    def __post_init__(self) -> None:
        season = self.sandbox.season
        season.open(1)
        product = catalogue.goods(self.sandbox.books, season.rng, tax_code="T20")
        self.order = season.order([Line(product, 3)], NOON, order_discount=Decimal("7.00"))
        self.items = season.items(self.order, [(0, 3)])

    def comes_back(self, count: int) -> None:
        items = self.items[:count]
        new = self.sandbox.season.announce("test", NOON, items, "restocked")
        self.sandbox.happy_returns.start(new, NOON)
        self.sandbox.happy_returns.drop_off(new.return_id, [item.item_id for item in items], NOON)

    def credit(self, reference: str, *, by: str = API, share: str = "1", quantity: int = 1, **row: Any) -> int:
        sold = self.order.rows[0]
        part = Decimal(share) * quantity / sold.quantity
        credit_id, _ = self.sandbox.books.create_credit({
            "customer": {"id": 1}, "externalRef": reference, "parentId": self.order.id, "currency": {"code": "GBP"},
            "rows": [{"productId": sold.product_id, "quantity": str(quantity), "taxCode": sold.tax_code,
                      "net": str((sold.net * part).quantize(PENNY)), "tax": str((sold.tax * part).quantize(PENNY)), **row}],
        }, by=by)  # fmt: skip
        return credit_id

    def pay(self, credit_id: int, reference: str, amount: Decimal, *, by: str = API) -> int:
        return self.sandbox.books.pay({
            "transactionRef": reference, "paymentMethodCode": "SHOPIFY", "paymentType": "PAYMENT", "orderId": credit_id,
            "currencyIsoCode": "GBP", "amountPaid": str(amount), "paymentDate": NOON.isoformat(),
        }, by=by)  # fmt: skip

    def gross(self, credit_id: int) -> Decimal:
        credit = self.sandbox.books.orders[credit_id]
        return credit.net + credit.tax

    def pass_time(self, delta: timedelta) -> None:
        self.sandbox.clock.move(to=self.sandbox.clock.now() + delta)

    def found(self) -> list[Breach]:
        return list(breaches(Books(self.sandbox.books.as_json(), self.sandbox.happy_returns.as_json(), MINUTE)))


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_units_that_came_back_and_were_credited_paid_and_received_once_are_no_breach(shop: Shop) -> None:
    shop.comes_back(2)

    for number in range(2):
        credit_id = shop.credit(f"HW-{number}", share="0.9")
        shop.pay(credit_id, f"HW-{number}-refund", shop.gross(credit_id))

    assert shop.found() == []


def test_a_unit_credited_under_another_reference_again_is_found_whatever_the_key(shop: Shop) -> None:
    shop.comes_back(1)

    first, second = shop.credit("HW-one", share="0.9"), shop.credit("HW-two", share="0.9")

    (breach,) = shop.found()
    assert breach.since is None
    assert breach.names == {first, second}


def test_one_unit_under_two_returns_and_in_other_case_is_one_unit(shop: Shop) -> None:
    shop.comes_back(1)
    again = Item(**{name: getattr(shop.items[0], name) for name in Item.__slots__})
    again.item_id = again.item_id.upper()
    new = shop.sandbox.season.announce("again", NOON, [again], "restocked")
    shop.sandbox.happy_returns.start(new, NOON)

    shop.credit("HW-one", share="0.9")
    shop.credit("HW-two", share="0.9")

    assert ["we credited 2" in breach.why for breach in shop.found()] == [True]


@pytest.mark.parametrize("part", ["net", "tax"])
def test_a_penny_above_a_row_is_found_in_net_and_in_tax(shop: Shop, part: str) -> None:
    shop.comes_back(3)
    whole = {name: getattr(shop.order.rows[0], name) for name in ("net", "tax")}
    voucher = shop.order.rows[1]
    free = {"net": str(voucher.net), "tax": str(voucher.tax)}

    credit_id = shop.credit("HW-one", quantity=3, **{part: str(whole[part] + PENNY)})
    shop.sandbox.books.orders[credit_id].rows.append(shop.sandbox.books._credit_row(
        {"name": "Voucher", "quantity": "1", "taxCode": "T20", **free}
    ))  # fmt: skip

    assert len(shop.found()) == 2  # of the product, and of all goods together
    assert all(part in breach.why for breach in shop.found())


def test_more_than_the_goods_less_their_voucher_is_found(shop: Shop) -> None:
    shop.comes_back(3)

    shop.credit("HW-one", quantity=3)

    assert {breach.why.split(":")[1].split()[0] for breach in shop.found()} == {"net", "tax"}
    assert all("all its goods" in breach.why for breach in shop.found())


def test_two_payments_under_one_reference_and_more_than_the_credit_are_found(shop: Shop) -> None:
    shop.comes_back(1)
    shop.sandbox.assumptions.knows_keys = False
    credit_id = shop.credit("HW-one", share="0.9")

    for _ in range(2):
        shop.pay(credit_id, "HW-one-refund", shop.gross(credit_id))

    assert ["refunded of" in each.why or "payments carry" in each.why for each in shop.found()] == [True, True]
    assert all(each.since is None for each in shop.found())


def test_a_credit_beside_one_that_was_to_be_seen_is_ours_to_answer_for_and_a_hidden_one_must_be_told(
    shop: Shop,
) -> None:
    shop.comes_back(3)
    by_hand = shop.credit("goodwill", by=PERSON, quantity=2, share="0.9")
    hidden = shop.sandbox.books.orders[by_hand]

    hidden.indexed_at = NOON + timedelta(hours=3)
    shop.pass_time(timedelta(hours=1))
    shop.credit("HW-one", quantity=2, share="0.9")

    assert {breach.since for breach in shop.found()} == {NOON + timedelta(hours=3)}
    hidden.indexed_at = NOON
    assert {breach.since for breach in shop.found()} == {None}


def test_what_was_acknowledged_and_is_gone_must_be_told_unless_it_was_made_anew(shop: Shop) -> None:
    shop.comes_back(1)
    credit_id = shop.credit("HW-one", share="0.9")

    shop.sandbox.books.forget("credit", credit_id)

    assert [breach.names for breach in shop.found()] == [{credit_id}]
    shop.credit("HW-one", share="0.9")
    assert shop.found() == []


def test_goods_are_taken_in_once_for_each_unit_that_came_back(shop: Shop) -> None:
    shop.comes_back(1)
    credit_id = shop.credit("HW-one", quantity=2, share="0.9")
    row = shop.sandbox.books.orders[credit_id].rows[0]
    line = {"productId": row.product_id, "purchaseOrderRowId": row.id, "quantity": 2}

    shop.sandbox.books.receive(credit_id, {"warehouseId": 2, "goodsMoved": [line]}, by=API)

    assert any("we took in 2, 1 came back" in breach.why for breach in shop.found())


def test_a_sum_with_more_digits_than_its_currency_has_is_found(shop: Shop) -> None:
    shop.comes_back(1)
    credit_id = shop.credit("HW-one", share="0.9")
    shop.sandbox.books.orders[credit_id].currency = "JPY"

    assert any("no sum of that currency" in breach.why for breach in shop.found())
