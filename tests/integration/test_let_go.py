"""What others wrote stands until it is gone or accepted, whatever else a return was stopped for meanwhile."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.loops import verify
from daemon.store.database import Database
from tests.integration.test_misleading_vendor import refunds_of
from tests.world import World, open_world

LOOK = timedelta(minutes=11)
"""Within it Verify has looked once."""


async def refunded_by_hand_too(world: World) -> dict[str, Any]:
    """A return that we refunded and somebody else after us: it is stopped for that."""
    truth = world.begin("bar_single")
    before = len(refunds_of(world))
    await world.pass_until(lambda: len(refunds_of(world)) > before)
    await world.pass_time(timedelta(minutes=2))
    ours = refunds_of(world)[-1]
    world.sandbox.books.pay({
        "transactionRef": "", "paymentMethodCode": "PAYPAL", "paymentType": "PAYMENT", "orderId": ours["orderId"],
        "currencyIsoCode": ours["currencyCode"], "amountPaid": ours["amountPaid"], "paymentDate": world.now.isoformat(),
    })  # fmt: skip
    await world.pass_time(LOOK)
    shown = await world.show(str(truth["express_code"]))
    assert shown["exception"]["cause"] == "refund-twice"
    return shown


async def test_a_second_refund_is_told_of_again_when_its_return_is_released(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        shown = await refunded_by_hand_too(world)
        for _ in range(2):
            for verb in ("hold", "release"):
                code, _, said = await world.homeward(
                    "return", verb, str(shown["id"]), "--reason", "other", "--note", "looked at it", "--yes"
                )
                assert code == 0, said
                await world.settle()

            await world.pass_time(LOOK)

            told = await world.show(str(shown["express_code"]))
            assert (told["state"], (told["exception"] or {}).get("cause")) == ("exception", "refund-twice"), told


async def test_each_exception_has_its_turn_where_there_are_more_than_are_looked_at_together(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "EXCEPTIONS_MAX", 1)
    async with open_world(database, tmp_path) as world:
        shown = [await refunded_by_hand_too(world) for _ in range(3)]
        for each in refunds_of(world):
            if each["transactionRef"] == "":
                del world.sandbox.books.payments[each["paymentId"]]

        for _ in (*shown, "the look at which it begins anew"):
            await world.pass_time(LOOK)

        assert [(await world.show(str(each["express_code"])))["exception"] for each in shown] == [None] * 3
