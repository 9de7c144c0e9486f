"""What if the maps were others: past and stuck returns decided again, with the maps in force and with the changed ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.brightpearl_credits import read_credits
from daemon.clients.brightpearl_wire import Account
from daemon.clients.results import require_whole
from daemon.loops.credit_facts import case_for, decided, with_products
from daemon.maps import NO_MAPS, from_content
from daemon.settings_merchant import PolicySettings
from daemon.store import maps as maps_store
from daemon.store import returns as returns_store
from daemon.store.database import Database
from statemachine.credit.comparison import without_own
from statemachine.credit.maps import CreditMap
from statemachine.credit.snapshot import Plan
from statemachine.credit.verdicts import CreditNow, Verdict
from statemachine.credit.watching import MAP
from statemachine.units import Return

BATCH_MAX = 200  # returns a page: one order read and one search each


@dataclass(frozen=True, slots=True)
class Replayed:
    """One return under both maps; `changes` is empty where they post the same."""

    instance: Return
    before: Verdict
    after: Verdict
    changes: tuple[str, ...]

    @property
    def fate(self) -> str:
        """unchanged, posting differs, would pass, would be tried again, would stop, stops otherwise, not comparable."""
        if self.instance.credit is not None and not isinstance(self.before, CreditNow):
            return "not comparable"  # made by hand, or under another policy: what was posted is not what we would draw
        was, now = isinstance(self.before, CreditNow), isinstance(self.after, CreditNow)
        if was and now:
            return "posting differs" if self.changes else "unchanged"
        if was or now:
            watched = MAP in self.instance.watches
            return ("would pass" if watched else "would be tried again") if now else "would stop"
        return "stops otherwise" if self.changes else "unchanged"

    def as_row(self) -> dict[str, Any]:
        return {
            "id": self.instance.id, "express_code": self.instance.express_code,
            "order_number": self.instance.order_number, "state": str(self.instance.state), "fate": self.fate,
            "now": f"{self.before.kind}: {self.before.cause}", "then": f"{self.after.kind}: {self.after.cause}",
            "changes": "; ".join(self.changes),
        }  # fmt: skip


async def replay(
    in_force: CreditMap, changed: CreditMap, client: BrightpearlClient, database: Database, *, merchant: str,
    policy: PolicySettings, since: datetime, now: datetime, tell: Callable[[int], None],
) -> list[Replayed]:  # fmt: skip
    """Decide every return that was credited, waits or is stuck since, twice. Reads only; `tell` hears the count so far.

    A credited return is set against the maps that decided it, a stuck one against those in force.
    """
    account = await client.account()
    found: list[Replayed] = []
    after = 0
    while True:
        async with database.reading() as connection:
            ids = await maps_store.decided_since(connection, merchant, since=since, after=after, batch_max=BATCH_MAX)
            if not ids:
                return found
            instances = list((await returns_store.read(connection, merchant, ids)).values())
        after = ids[-1]
        found += await replay_page(
            instances, in_force, changed, client, database, merchant=merchant, account=account, policy=policy, now=now
        )
        tell(len(found))


async def replay_page(
    instances: list[Return], in_force: CreditMap, changed: CreditMap, client: BrightpearlClient, database: Database, *,
    merchant: str, account: Account, policy: PolicySettings, now: datetime,
) -> list[Replayed]:  # fmt: skip
    """These returns, at most BATCH_MAX, as Brightpearl has their orders now; those without a known order are left out."""
    wanted = sorted({each.map_version for each in instances if each.map_version})
    async with database.reading() as connection:
        siblings = await returns_store.siblings_on_orders(
            connection, merchant, sorted({each.order_id for each in instances if each.order_id is not None})
        )
        contents = await maps_store.versions(connection, merchant, wanted)
    maps_of = {version: from_content(content) for version, content in contents.items()}
    owners = {row["credit_id"]: row["id"] for row in siblings if row["credit_id"] is not None}
    page = [each for each in instances if each.order_id is not None]
    orders = (await client.orders({each.order_id for each in page if each.order_id is not None})).items
    credits_made = await read_credits(client, list(orders), own={}, keys={}, now=now)
    known = [each for each in page if each.order_id in orders]
    orders |= await with_products(client, [(each, orders[each.order_id or 0]) for each in known])
    found = []
    for instance in known:
        order = orders[instance.order_id or 0]
        beside = require_whole(credits_made[order.id])
        held = frozenset(credit_id for credit_id, owner in owners.items() if owner != instance.id)
        decided_by = maps_of.get(instance.map_version, NO_MAPS) if instance.credit is not None else in_force
        case = without_own(
            case_for(
                instance, order, beside, account=account, policy=policy, maps=decided_by, now=now, known_credits=held
            )
        )
        before, after = await decided(case), await decided(replace(case, maps=changed))
        found.append(Replayed(instance, before, after, tuple(_changes(before, after))))
    return found


def _changes(before: Verdict, after: Verdict) -> list[str]:
    if isinstance(before, CreditNow) and isinstance(after, CreditNow):
        return _posting_changes(before.plan, after.plan)
    if (before.kind, before.cause) != (after.kind, after.cause):
        return [after.explanation]
    return []


def _posting_changes(before: Plan, after: Plan) -> list[str]:
    """What the books would hold otherwise: rows, codes, sums, and the credit's own header."""
    told = []
    was, now = ({row.external_ref: row for row in plan.rows} for plan in (before, after))
    for ref in dict.fromkeys((*was, *now)):
        if ref not in now or ref not in was:
            row = was.get(ref) or now[ref]
            told.append(f"row {ref} {'gone' if ref in was else 'new'}: {row.name} {row.net} + {row.tax}")
            continue
        for name in ("quantity", "net", "tax", "tax_code", "nominal_code", "product_id"):
            old, new = getattr(was[ref], name), getattr(now[ref], name)
            if old != new:
                told.append(f"row {ref}: {name.replace('_', ' ')} {old} → {new}")
    for name in ("status_id", "channel_id", "warehouse_id", "marks"):
        old, new = getattr(before.header, name), getattr(after.header, name)
        if old != new:
            told.append(f"{name.replace('_', ' ')} {_told(old)} → {_told(new)}")
    return told


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or "none"
    return str(value) if value else "default"
