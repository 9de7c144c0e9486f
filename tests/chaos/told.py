"""R25: how long it takes until a person is told of a double that others made beside ours, at whatever hour.

python -m tests.chaos.told --doubles 60

Each double is made on a return of its own that was credited and refunded: a credit by hand of the same goods, a refund by
hand on our credit, ours repeated by a gateway. The clock then goes on minute by minute, with every loop at its own times,
until the return is an exception with an owner. Measured from the moment Brightpearl shows the double.
"""

import argparse
import asyncio
import random
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import anyio

from daemon.store import embedded
from tests.acceptance.processes import open_folder
from tests.world import MERCHANT, World, installed, open_world

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KINDS = ("credit by hand", "refund by hand", "refund repeated")
GIVEN_UP = timedelta(hours=3)


def double(world: World, kind: str, order_number: str) -> None:
    """What somebody else does, now, to an order that we credited and refunded."""
    books = world.sandbox.books
    order = next(each for each in books.orders.values() if each.reference == order_number and each.type_code == "SO")
    (ours,) = books.credits_of([order.id])
    if kind == "credit by hand":
        books.credit_by_hand(order, 0, "by hand", at=world.now)
        return
    paid = next(row for row in books.payments_of([ours.id]) if row["paymentType"] == "PAYMENT")
    other = next(code for code in books.payment_methods if code != paid["paymentMethodCode"])
    repeated = kind == "refund repeated"
    books.pay({
        "transactionRef": paid["transactionRef"] if repeated else f"hand {ours.id}", "paymentMethodCode": other,
        "paymentType": "PAYMENT", "orderId": ours.id, "currencyIsoCode": paid["currencyCode"],
        "amountPaid": paid["amountPaid"], "paymentDate": world.now.isoformat(),
    })  # fmt: skip


async def wait_for_owner(world: World, code: str) -> tuple[timedelta, str]:
    """How long until the return is an exception, and whose."""
    began = world.now
    while world.now < began + GIVEN_UP:
        world.sandbox.clock.move(to=world.now + MINUTE)
        await world.settle()
        shown = await world.show(code)
        if shown["state"] == "exception":
            moment: datetime = world.now
            return moment - began, f"{shown['exception']['owner']}: {shown['exception']['cause']}"
    return GIVEN_UP, "nobody"


async def measure(world: World, *, doubles: int, seed: int) -> dict[str, list[tuple[timedelta, str]]]:
    chance, told = random.Random(seed), defaultdict[str, list[tuple[timedelta, str]]](list)
    begun = [world.begin("bar_single") for _ in range(doubles)]
    await world.pass_time(timedelta(days=14), stride=HOUR)
    for number, truth in enumerate(begun):
        await world.pass_time(timedelta(minutes=chance.randrange(24 * 60)))
        kind = KINDS[number % len(KINDS)]
        double(world, kind, truth["order_number"])
        told[kind].append(await wait_for_owner(world, truth["express_code"]))
    return told


async def run(folder: Path, *, doubles: int, seed: int) -> int:
    server = await anyio.to_thread.run_sync(embedded.ensure, folder / "state")
    try:
        async with installed(server, "told") as database, open_world(database, folder / "told") as world:
            every = world.workplace.settings.policy.verify_minutes
            told = await measure(world, doubles=doubles, seed=seed)
    finally:
        await anyio.to_thread.run_sync(embedded.stop, server)
    print(f"{MERCHANT}: compared every {every} minutes")
    untold = 0
    for kind, cases in told.items():
        minutes = sorted(after.total_seconds() / 60 for after, _ in cases)
        owners = ", ".join(sorted({owner for _, owner in cases}))
        untold += sum(owner == "nobody" for _, owner in cases)
        print(
            f"{kind}: {len(minutes)} doubles, told after {minutes[len(minutes) // 2]:.0f} min (median), "
            f"{minutes[-1]:.0f} min at most; {owners}"
        )
    return 1 if untold else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="told", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--doubles", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open_folder() as folder:
        return asyncio.run(run(folder, doubles=options.doubles, seed=options.seed))


if __name__ == "__main__":
    sys.exit(main())
