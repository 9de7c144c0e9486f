"""Searches of several pages in an account that others write to while they are read."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.clients.results import Complete, Partial
from daemon.sandbox import brightpearl_views as views
from daemon.sandbox.books import Order
from daemon.sandbox.catalogue import Line
from daemon.store.database import Database
from tests.world import World, open_world


def order_with_payments(world: World, count: int) -> Order:
    """An order on which so many payments are recorded, one a second."""
    world.sandbox.season.open(1)
    product = next(iter(world.sandbox.books.products.values()))
    order = world.sandbox.season.order([Line(product, 1)], world.now)
    for number in range(count):
        authorise(world, order, f"authorised {number}")
    return order


def authorise(world: World, order: Order, reference: str) -> int:
    world.sandbox.clock.move(to=world.now + timedelta(seconds=1))
    return world.sandbox.books.pay({
        "transactionRef": reference, "paymentMethodCode": "SHOPIFY", "paymentType": "VOID", "orderId": order.id,
        "currencyIsoCode": order.currency, "amountPaid": "1", "paymentDate": world.now.isoformat(),
    })  # fmt: skip


def after_the_first_page(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], object]) -> None:
    """What happens once, after the first page of several was shown."""
    true_view, waiting = views.search_view, [happen]

    def shifting(*of: Any, **page: Any) -> dict[str, Any]:
        shown = true_view(*of, **page)
        if shown["response"]["metaData"]["morePagesAvailable"] and waiting:
            waiting.pop()()
        return shown

    monkeypatch.setattr(views, "search_view", shifting)


async def test_a_row_that_comes_between_two_pages_hides_none_of_the_others(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        order = order_with_payments(world, 1040)
        after_the_first_page(monkeypatch, lambda: authorise(world, order, "meanwhile"))
        client = world.workplace.brightpearl

        first, second = [(await client.payments_of([order.id]))[order.id] for _ in range(2)]

        assert (isinstance(first, Partial), isinstance(second, Complete)) == (True, True)
        everything = [each for each in world.sandbox.books.payments.values() if each["orderId"] == order.id]
        assert [len(first.value), len(second.value)] == [len(everything)] * 2


@pytest.mark.parametrize("added", [0, 1])
async def test_pages_that_shift_while_they_are_read_prove_no_absence(
    added: int, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where as many come as go, so that the total stays."""
    async with open_world(database, tmp_path) as world:
        order, books = order_with_payments(world, 520), world.sandbox.books
        of_order = [number for number, each in books.payments.items() if each["orderId"] == order.id]

        def shift() -> None:
            books.payments.pop(of_order[0])
            for number in range(added):
                authorise(world, order, f"meanwhile {number}")

        after_the_first_page(monkeypatch, shift)
        client = world.workplace.brightpearl

        first, second = [(await client.payments_of([order.id]))[order.id] for _ in range(2)]

        assert (isinstance(first, Partial), isinstance(second, Complete)) == (True, True)
        assert len(second.value) == len(of_order) - 1 + added
