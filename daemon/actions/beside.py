"""A return beside its order, line by line, as Brightpearl has it now."""

from datetime import datetime
from functools import partial
from typing import Any

from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.brightpearl_credits import read_credits
from daemon.clients.results import Partial, require_whole
from daemon.errors import HomewardError
from daemon.loops.credit_facts import case_for, with_products
from daemon.offloop import off_the_loop
from daemon.settings_merchant import PolicySettings
from daemon.store import maps as maps_store
from daemon.store.database import Database
from statemachine.credit.case import Case
from statemachine.credit.comparison import Line, side_by_side
from statemachine.units import Return


async def beside(
    database: Database, client: BrightpearlClient, instance: Return, *, policy: PolicySettings, now: datetime
) -> tuple[list[dict[str, Any]], str]:
    """Return lines beside order rows, from Brightpearl as it is now, and what they were compared with.

    Where Brightpearl cannot be read, the return's side alone.
    """
    if instance.order_id is None:
        return units_alone(instance), "no order is known"
    async with database.reading() as connection:
        maps = await maps_store.in_force(connection, instance.merchant)
    try:
        account = await client.account()
        order = next(iter(require_whole((await client.orders([instance.order_id])).of([instance.order_id]))), None)
        if order is None:
            return units_alone(instance), f"Brightpearl has no order {instance.order_id} any more"
        order = (await with_products(client, [(instance, order)])).get(order.id, order)
        read = (await read_credits(client, [order.id], own={}, keys={}, now=now))[order.id]
    except HomewardError as error:
        return units_alone(instance), f"Brightpearl could not be read: {error}"
    case = case_for(instance, order, read.value, account=account, policy=policy, maps=maps, now=now)
    if case.is_too_large:
        too_large = f"order {order.reference} and its credits are too large to be compared line by line"
        return units_alone(instance), too_large
    compared = f"order {order.reference} as Brightpearl had it at {now:%Y-%m-%d %H:%M} UTC"
    if isinstance(read, Partial):
        compared += f"; its credits were not read whole: {read.missing}"
    return await off_the_loop(partial(_lines, case), size=case.size), compared


def _lines(case: Case) -> list[dict[str, Any]]:
    return [line.as_row() for line in side_by_side(case)]


def units_alone(instance: Return) -> list[dict[str, Any]]:
    """What came back, with nothing beside it."""
    return [Line(unit, None, "", ()).as_row() for unit in instance.units]
