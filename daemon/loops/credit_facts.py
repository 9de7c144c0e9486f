"""The facts a credit is decided on, as the pure decision takes them: read in batches, shared by deciding and replaying."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl_books import BookReads
from daemon.clients.brightpearl_wire import Account
from daemon.clients.results import require_whole
from daemon.offloop import off_the_loop
from daemon.settings_merchant import PolicySettings
from statemachine.credit.case import Case
from statemachine.credit.maps import CreditMap, plain_sku
from statemachine.credit.preflight import preflight
from statemachine.credit.reading import needs_products
from statemachine.credit.snapshot import ExistingCredit, Order, Reference
from statemachine.credit.verdicts import Verdict
from statemachine.units import Return, Unit


async def with_products(client: BookReads, pairs: Iterable[tuple[Return, Order]]) -> dict[int, Order]:
    """Orders with the product data that some unit's match turns on: barcodes, and what a returned bundle is made of.

    Read only where line id and SKU leave a doubt; answers only the orders that were completed.

    Raises IncompleteReadError: a product that was not shown is no proof that a unit is none of the order's.
    """
    doubted: dict[int, Order] = {}
    strangers: dict[int, set[str]] = {}
    for instance, order in pairs:
        units = await off_the_loop(partial(_doubtful, instance, order), size=len(instance.units) + len(order.rows))
        if units:
            doubted[order.id] = order
            known = {plain_sku(row.sku) for row in order.rows}
            found = strangers.setdefault(order.id, set())
            found |= {unit.sku.strip() for unit in units if unit.sku.strip() and plain_sku(unit.sku) not in known}
    if not doubted:
        return {}
    wanted = {row.product_id for order in doubted.values() for row in order.rows if row.product_id is not None}
    by_sku: dict[str, set[int]] = {}
    for sku in sorted({sku for skus in strangers.values() for sku in skus}):
        rows = [row for row in require_whole(await client.products_by_sku(sku)) if row.get("productId")]
        by_sku[sku] = {wire.identifier(row["productId"], "productId") for row in rows}
        wanted |= by_sku[sku]
    read = await client.products(wanted)
    require_whole(read.of(wanted))
    products = {product_id: bp.read_product(product) for product_id, product in read.items.items()}
    completed: dict[int, Order] = {}
    for order_id, order in doubted.items():
        ids = {row.product_id for row in order.rows} | {i for sku in strangers[order_id] for i in by_sku[sku]}
        completed[order_id] = replace(order, products={key: each for key, each in products.items() if key in ids})
    return completed


def _doubtful(instance: Return, order: Order) -> list[Unit]:
    return [unit for unit in instance.units if needs_products(unit, order)]


async def decided(case: Case) -> Verdict:
    """The decision on a case, which takes as long as the case is large, and keeps nobody waiting meanwhile."""
    return await off_the_loop(partial(preflight, case), size=case.size)


def reference_of(account: Account) -> Reference:
    nominal = account.nominal_codes
    active = frozenset(code for code, is_active in nominal.items() if is_active) if nominal is not None else None
    return Reference(account.tax_codes, account.cancelled_status_id, account.locked_until, active)


def case_for(
    instance: Return, order: Order, credits_made: Iterable[ExistingCredit], *, account: Account, policy: PolicySettings,
    maps: CreditMap, now: datetime, known_credits: frozenset[int] = frozenset(),
    known_digests: frozenset[str] = frozenset(),
) -> Case:  # fmt: skip
    """One return set against its order, by the policy of its drop-off method, today in the account's own zone."""
    method = next((unit.dropoff_method for unit in instance.units if unit.dropoff_method), "")
    return Case(
        instance, order, tuple(credits_made), reference_of(account), policy.credit(method), maps,
        now.astimezone(account.zone).date(), known_credits, known_digests,
    )  # fmt: skip
