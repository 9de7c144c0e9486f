"""What others do in Brightpearl by hand, as several tests have it: payments, and credits that name no order."""

from decimal import Decimal
from typing import Any

from daemon.sandbox.books import Order
from tests.integration.test_beside_ours import order_of
from tests.integration.test_misleading_vendor import refunds_of
from tests.same_goods import one_of_many
from tests.world import World


def pay(world: World, on: Order, amount: Decimal, *, kind: str = "PAYMENT", currency: str = "") -> dict[str, Any]:
    """Somebody records a payment by hand."""
    number = world.sandbox.books.pay({
        "transactionRef": f"by hand {world.now.isoformat()} {kind}", "paymentMethodCode": "SHOPIFY", "paymentType": kind,
        "orderId": on.id, "currencyIsoCode": currency or on.currency, "amountPaid": str(amount),
        "paymentDate": world.now.isoformat(),
    })  # fmt: skip
    return world.sandbox.books.payments[number]


def worth(credit: Order) -> Decimal:
    return credit.net + credit.tax


def ours(world: World) -> list[dict[str, Any]]:
    return [payment for payment in world.books()["payments"] if payment["made_by"] == "api"]


async def credited_and_refunded(world: World) -> tuple[dict[str, Any], Order]:
    truth = one_of_many(world)
    await world.pass_until(lambda: bool(refunds_of(world)))
    return truth, world.sandbox.books.credits_of([order_of(world, truth).id])[0]


def parentless(world: World, order: Order, reference: str) -> Order:
    """Somebody makes a credit by hand, and enters no order it is against."""
    books = world.sandbox.books
    made = books.credit_by_hand(order, 0, reference)
    del books.orders[made.id]
    books.orders._by["parent_id", order.id].remove(made.id)
    made.parent_id = 0
    books.orders[made.id] = made
    return made
