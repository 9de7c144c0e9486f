"""Check a merchant's maps against its live Brightpearl account and against everything returns have really shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.brightpearl_wire import Account
from daemon.clients.results import require_whole
from daemon.settings_merchant import PolicySettings
from daemon.store import maps as maps_store
from daemon.store.database import Database
from statemachine.credit.maps import DEFAULT, CreditMap, plain_sku
from statemachine.credit.snapshot import Product

_WHOLE = Decimal("0.001")  # how far shares may be from 1


@dataclass(frozen=True, slots=True)
class Fault:
    entry: str
    fault: str
    detail: str
    fix: str

    def as_row(self) -> dict[str, Any]:
        return {"entry": self.entry, "fault": self.fault, "detail": self.detail, "fix": self.fix}


async def lint(
    maps: CreditMap,
    client: BrightpearlClient,
    database: Database,
    *,
    merchant: str,
    policy: PolicySettings,
    since: datetime,
) -> list[Fault]:
    """Every entry that would stop or misbook a return. Codes and statuses cost no call of their own; SKUs one each."""
    account = await client.account()
    faults = list(_codes(maps, account, policy))
    if maps.warehouses:
        known = await client.warehouses()
        for destination, warehouse in maps.warehouses.items():
            if warehouse not in known:
                detail = f"warehouse {warehouse} does not exist; there are {known}"
                faults.append(Fault(f"warehouses.{destination}", "missing", detail, "name one that exists"))
    faults += await _products(maps, client)
    faults += await _coverage(maps, database, merchant, since)
    return sorted(faults, key=lambda each: each.entry)


def _codes(maps: CreditMap, account: Account, policy: PolicySettings) -> Iterator[Fault]:
    for source, target in maps.tax.items():
        entry = f"tax.{source}"
        yield from _tax_code(entry, target, account)
        before, after = account.tax_codes.get(source), account.tax_codes.get(target)
        if before is not None and after is not None and before != after:
            detail = f"{source} stands for {before.normalize():f} %, {target} for {after.normalize():f} %"
            yield Fault(entry, "wrong rate", detail, "map it to a code of the same rate")
    for source, target in maps.nominal.items():
        yield from _nominal_code(f"nominal.{source}", target, account)
    for slug, rule in maps.reasons.items():
        entry = f"reasons.{slug}"
        if rule.status_id is not None and rule.status_id not in account.credit_statuses:
            other = account.other_statuses.get(rule.status_id)
            detail = (
                f"status {rule.status_id} is one of {other} orders"
                if other
                else f"status {rule.status_id} does not exist"
            )
            fix = f"use a status of sales credits: {dict(account.credit_statuses)}"
            yield Fault(f"{entry}.status_id", "wrong order type" if other else "missing", detail, fix)
        for code in rule.custom_fields:
            if not code.startswith("PCF_"):
                detail = f"{code} is no custom field code"
                yield Fault(f"{entry}.custom_fields", "wrong code", detail, "custom field codes begin with PCF_")
    for source, target in maps.refund_methods.items():
        if not account.payment_methods.get(target, False):
            fault = "inactive" if target in account.payment_methods else "missing"
            active = ", ".join(sorted(code for code, on in account.payment_methods.items() if on))
            yield Fault(
                f"refund_methods.{source}", fault, f"payment method {target} is {fault}", f"use one of {active}"
            )
    for name, fee in maps.fees.items():
        yield from _tax_code(f"fees.{name}.tax_code", fee.tax_code, account)
        yield from _nominal_code(f"fees.{name}.nominal_code", fee.nominal_code, account)
        if name == "restocking" and not fee.percent and not fee.amount:
            yield Fault(
                f"fees.{name}", "no effect", "it has neither percent nor amount", "give one of them, or remove it"
            )
    told = [policy.on_processing_fee, *(each.on_processing_fee for each in policy.by_method.values())]
    if "deduct" in told and "processing" not in maps.fees:
        fix = "add [fees.processing] with name, nominal_code and tax_code"
        yield Fault("fees.processing", "missing", 'policy on_processing_fee is "deduct", and no rule says how', fix)


def _tax_code(entry: str, code: str, account: Account) -> Iterator[Fault]:
    if code not in account.tax_codes:
        known = ", ".join(sorted(account.tax_codes))
        yield Fault(entry, "missing", f"tax code {code} is not active in Brightpearl", f"use one of {known}")


def _nominal_code(entry: str, code: str, account: Account) -> Iterator[Fault]:
    if account.nominal_codes is not None and not account.nominal_codes.get(code, False):
        fault = "inactive" if code in account.nominal_codes else "missing"
        yield Fault(entry, fault, f"nominal code {code} is {fault} in Brightpearl", "use an active nominal code")


async def _products(maps: CreditMap, client: BrightpearlClient) -> list[Fault]:
    """Whether the SKUs of bundles and substitutions exist, and bundles are made of what the map says."""
    wanted = {plain_sku(s): s for skus in maps.substitutions.values() for s in skus}
    wanted |= {plain_sku(s): s for s in maps.bundles} | {
        plain_sku(s): s for each in maps.bundles.values() for s in each
    }
    ids: dict[str, int] = {}
    for plain, sku in sorted(wanted.items()):
        for row in require_whole(await client.products_by_sku(sku)):
            ids[plain] = int(row["productId"])
    faults = [
        Fault(f"substitutions.{sku}", "missing", f"SKU {each} is no product in Brightpearl", "correct or remove it")
        for sku, sold in maps.substitutions.items() for each in sold if plain_sku(each) not in ids
    ]  # fmt: skip
    bundles = {sku: ids[plain_sku(sku)] for sku in maps.bundles if plain_sku(sku) in ids}
    read = await client.products(bundles.values())
    require_whole(read.of(bundles.values()))
    products = {product_id: bp.read_product(product) for product_id, product in read.items.items()}
    for sku, components in maps.bundles.items():
        entry = f"bundles.{sku}"
        unknown = [each for each in components if plain_sku(each) not in ids]
        if unknown:
            faults.append(Fault(entry, "missing", f"components {', '.join(unknown)} are no products", "correct them"))
        shares = [each.share for each in components.values()]
        told = [each for each in shares if each is not None]
        if told and (len(told) < len(shares) or abs(sum(told, Decimal(0)) - 1) > _WHOLE):
            detail = f"shares {', '.join(str(each) for each in shares)} do not make 1"
            faults.append(Fault(entry, "wrong shares", detail, "give every component its share; together they are 1"))
        found = products.get(bundles.get(sku, 0))
        if found is not None and found.components and not unknown:
            faults += _composition(entry, {ids[plain_sku(s)]: each.count for s, each in components.items()}, found)
    return faults


def _composition(entry: str, mapped: dict[int, int], found: Product) -> list[Fault]:
    if mapped == dict(found.components):
        return []
    detail = f"Brightpearl makes it of {dict(found.components)} (product: count), the map of {mapped}"
    return [Fault(entry, "wrong composition", detail, "take Brightpearl's composition")]


async def _coverage(maps: CreditMap, database: Database, merchant: str, since: datetime) -> list[Fault]:
    """What returns have shown since, and the maps do not cover."""
    async with database.reading() as connection:
        reasons = await maps_store.reasons_seen(connection, merchant, since)
        skus = await maps_store.skus_without_a_row(connection, merchant)
        bundles = await maps_store.bundles_in_parts(connection, merchant)
        destinations = await maps_store.destinations_seen(connection, merchant, since)
    faults = []
    for name, fee in maps.fees.items():
        for reason in fee.reasons:
            if reason not in maps.reasons and reason not in reasons:
                detail = f"nobody ever gave the reason '{reason}', and it is not mapped: the fee never applies"
                faults.append(Fault(f"fees.{name}.reasons", "unknown reason", detail, "correct or remove it"))
    for reason, units in reasons.items():
        if maps.reason(reason) is None:
            detail = f"given for {units} unit(s), and there is no default"
            faults.append(
                Fault(f"reasons.{reason}", "not covered", detail, f'add it, or a default [reasons."{DEFAULT}"]')
            )
    for sku, units in skus.items():
        if not maps.sold_skus(sku) and not maps.components(sku) and not maps.is_component(sku):
            detail = f"{units} returned unit(s) are stuck: no row of their orders is certainly theirs"
            faults.append(Fault(f"substitutions.{sku}", "not covered", detail, "map it to the SKU it stands for"))
    for bundle, stuck in bundles.items():
        shares = [each.share for each in maps.components(bundle).values()]
        if not shares or None in shares:
            detail = f"{stuck} return(s) of parts of it are stuck; nobody has said what a part is worth"
            faults.append(Fault(f"bundles.{bundle}", "not covered", detail, "give each component its count and share"))
    for destination, units in destinations.items():
        if maps.warehouses and maps.warehouse(destination) is None:
            detail = f"{units} unit(s) went there, and there is no default"
            faults.append(Fault(f"warehouses.{destination}", "not covered", detail, "name its warehouse"))
    return faults
