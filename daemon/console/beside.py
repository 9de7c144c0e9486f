"""A return beside its order, line by line, as Brightpearl has it now."""

from typing import Any

from daemon import app as application
from daemon.clock import Clock
from daemon.errors import HomewardError
from daemon.loops.credit_facts import case_for, with_products
from daemon.maps import NO_MAPS, from_content
from daemon.settings import Settings
from daemon.store import maps as maps_store
from daemon.store import returns as returns_store
from daemon.store.database import Database
from daemon.telemetry import Telemetry
from statemachine.credit.comparison import Line, side_by_side


async def beside(
    database: Database, settings: Settings, clock: Clock, found: dict[str, Any]
) -> tuple[list[dict[str, Any]], str]:
    """Return lines beside order rows, from Brightpearl as it is now; without it, the return's side alone."""
    name = found["merchant"]
    async with database.reading() as connection:
        instance = (await returns_store.read(connection, name, [found["id"]]))[found["id"]]
        row = await maps_store.latest(connection, name)
    if instance.order_id is None or name not in settings.merchants:
        return [Line(unit, None, "", ()).as_row() for unit in instance.units], "no order is known"
    maps = from_content(row["content"]) if row is not None else NO_MAPS
    try:
        async with application.new_http_session() as http:
            client = application.build_clients(
                settings, name, clock=clock, telemetry=Telemetry(otlp_endpoint=None), http=http
            ).brightpearl
            account = await client.account()
            orders, _ = await client.orders([instance.order_id])
            order = orders[instance.order_id]
            order = (await with_products(client, [(instance, order)])).get(order.id, order)
            made, _ = await client.credits((await client.credit_ids_of([order.id]))[order.id])
    except (HomewardError, KeyError) as error:
        return [Line(unit, None, "", ()).as_row() for unit in instance.units], f"Brightpearl could not be read: {error}"
    case = case_for(
        instance,
        order,
        made.values(),
        account=account,
        policy=settings.merchants[name].policy,
        maps=maps,
        now=clock.now(),
    )
    return [line.as_row() for line in side_by_side(case)], f"order {order.reference} as read {clock.now().isoformat()}"
