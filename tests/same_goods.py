"""What tests of goods that come under two returns share: another key for a return, and how it is stopped and settled."""

from datetime import timedelta
from typing import Any

from daemon.sandbox.catalogue import Line
from statemachine.causes import CAUSES
from tests.integration.test_decisions import our_credits, payments
from tests.world import World

MINUTE, HOUR, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEW_ID, NEW_CODE = "11111111-2222-4333-8444-555555555555", "HRNEWKEY"


def rekey(world: World, *truths: dict[str, Any], code: str = NEW_CODE, new_id: str = NEW_ID, **more: Any) -> None:
    """Happy Returns gives these returns another key, now."""
    ids = [truth["happy_return_id"] for truth in truths]
    world.sandbox.happy_returns.rekey(ids, new_id, code, world.now, **more)


def key_of(number: int) -> tuple[str, str]:
    """Another new return id and express code for each number."""
    return f"{number}{NEW_ID[1:]}", f"{NEW_CODE[:-1]}{number}"


def without(world: World, *kinds: str, truth: dict[str, Any] | None = None) -> None:
    """These steps are not made, by one return or by any."""
    season, mine = world.sandbox.season, truth and truth["happy_return_id"]
    season.steps = [
        step for step in season.steps if step.kind not in kinds or (mine and step.told.get("return_id") != mine)
    ]


async def rows_of(world: World, happy_return_id: str) -> list[dict[str, Any]]:
    return [row for row in await world.all_returns() if row["happy_return_id"] == happy_return_id]


async def the_one(world: World, happy_return_id: str) -> dict[str, Any]:
    (row,) = await rows_of(world, happy_return_id)
    return await world.show(str(row["id"]))


async def stopped_for_its_goods(world: World, happy_return_id: str = NEW_ID) -> dict[str, Any]:
    shown = await the_one(world, happy_return_id)
    assert shown["state"] == "exception", shown
    assert shown["exception"]["cause"] == "same-goods"
    assert shown["exception"]["owner"] == CAUSES["same-goods"].owner
    assert shown["exception"]["evidence"]["goods"]
    assert shown["due_at"] is not None
    assert shown["credit"] is None
    return shown


async def settle_goods(world: World, number: int, way: str) -> tuple[int, Any, str]:
    told = ("--reason", "data-error", "--note", "looked at both", "--yes")
    answer = await world.homeward("exception", "same-goods", str(number), "--do", way, *told)
    await world.settle()
    return answer


def paid_once(world: World) -> None:
    assert len(our_credits(world)) == 1
    assert len(payments(world)) == 1


def one_of_many(world: World, name: str = "one of many") -> dict[str, Any]:
    """A return of one unit of an order that has room for more: what the order sold stops no second credit."""
    season = world.sandbox.season
    if not world.sandbox.books.products:
        season.open(1)
    product = next(iter(world.sandbox.books.products.values()))
    order = season.order([Line(product, 4)], world.now)
    new = season.announce(name, world.now + MINUTE, season.items(order, [(0, 1)]), "restocked")
    season.travel(new, new.items, world.now + HOUR)
    return season.truth[-1]
