"""A unit that a later look names otherwise, or under another order: it is one unit, and paid once."""

from pathlib import Path
from typing import Any

import pytest

from daemon.sandbox.catalogue import Line
from daemon.store.database import Database
from tests.by_hand import ours
from tests.integration.test_border import post
from tests.integration.test_decisions import our_credits
from tests.integration.test_misleading_vendor import DAY
from tests.integration.test_same_goods import body_of
from tests.world import open_world

OTHER_NAMES: dict[str, dict[str, Any]] = {
    "without its line": {"happyReturnsItemID": "", "orderLineItemID": ""},
    "its line with an offset": {"happyReturnsItemID": "", "orderLineItemID": "{line}-0-4"},
    "its line padded": {"happyReturnsItemID": "", "orderLineItemID": "{line}\u200b"},
    "by its barcode alone": {"happyReturnsItemID": "", "orderLineItemID": "", "sku": "", "upc": "{barcode}"},
    "without anything but its article in other case": {"happyReturnsItemID": "", "orderLineItemID": "", "sku": "{low}"},
}


@pytest.mark.parametrize("name", OTHER_NAMES)
@pytest.mark.parametrize("item_id", ["", "b1c7c8c2"])
async def test_a_unit_that_a_later_look_names_otherwise_is_paid_once(
    item_id: str, name: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config="confirm_webhooks = false\n") as world:
        world.sandbox.season.open(1)
        order = world.sandbox.season.order([Line(next(iter(world.sandbox.books.products.values())), 4)], world.now)
        row = next(row for row in order.rows if row.sku)
        first = {
            "orderNumber": order.reference, "orderLineItemID": row.external_ref, "sku": row.sku, "refundAmount": None,
            "happyReturnsItemID": item_id, "upc": "", "labelBarcode": "",
        }  # fmt: skip
        barcode = next(iter(world.sandbox.books.products.values())).barcode
        later = {
            key: told.format(line=row.external_ref, low=row.sku.lower(), barcode=barcode)
            for key, told in OTHER_NAMES[name].items()
        }

        for told in (first, {**first, **later}):
            assert await post(world, body_of(("ret-1", "HRAAAAAA"), **told)) == 200
            await world.settle()
            await world.pass_time(DAY)

        assert sum(int(row["quantity"]) for credit in our_credits(world) for row in credit["rows"]) == 1
        assert len(ours(world)) == 1


@pytest.mark.parametrize("spelled", ["ABC-0-2", " abc-0-2 "])
async def test_a_line_that_another_return_spells_otherwise_is_paid_once(
    spelled: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config="confirm_webhooks = false\n") as world:
        world.sandbox.season.open(1)
        order = world.sandbox.season.order([Line(next(iter(world.sandbox.books.products.values())), 4)], world.now)
        row = next(row for row in order.rows if row.sku)
        told = {"sku": row.sku, "refundAmount": None, "happyReturnsItemID": "", "orderNumber": order.reference}

        for number, line in enumerate(("abc-0-2", spelled)):
            key = (f"ret-{number}", f"HRAAAAA{number}")
            assert await post(world, body_of(key, orderLineItemID=line, **told)) == 200
            await world.settle()
            await world.pass_time(DAY)

        assert {row["cause"] for row in await world.all_returns()} == {None, "same-goods"}
        assert (len(our_credits(world)), len(ours(world))) == (1, 1)


@pytest.mark.parametrize(("code", "line"), [("HRAAAAAA", "77-0-2"), ("", "77-0-2"), ("", "77")])
async def test_a_unit_whose_return_is_said_to_be_of_another_order_later_is_paid_once(
    code: str, line: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config="confirm_webhooks = false\n") as world:
        world.sandbox.season.open(1)
        sold = Line(next(iter(world.sandbox.books.products.values())), 4)
        orders = [world.sandbox.season.order([sold], world.now) for _ in range(2)]
        row = next(row for row in orders[0].rows if row.sku)
        told = {"orderLineItemID": line, "sku": row.sku, "refundAmount": None, "happyReturnsItemID": ""}

        for order in orders:
            assert await post(world, body_of(("ret-1", code), orderNumber=order.reference, **told)) == 200
            await world.settle()
            await world.pass_time(DAY)

        assert {row["cause"] for row in await world.all_returns()} == {None, "same-goods"}
        assert (len(our_credits(world)), len(ours(world))) == (1, 1)
