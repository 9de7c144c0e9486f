"""What a wave of credits reads before it judges: orders, the credits they have, products. All batched over the wave."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from daemon.loops.credit_facts import with_products
from daemon.loops.outcome import Outcome, done, parked, trouble, waits
from daemon.loops.wave import Wave
from daemon.loops.workplace import Backoff
from daemon.store import returns as returns_store
from daemon.store.outbox import Leased, Settlement
from statemachine.causes import STANDING
from statemachine.credit.case import is_same_order
from statemachine.credit.edges import no_order, several_orders
from statemachine.credit.maps import CreditMap
from statemachine.credit.snapshot import ExistingCredit, Order
from statemachine.credit.verdicts import Verdict, Wait
from statemachine.events import CreditWaits
from statemachine.units import Trouble

UNREADABLE_LOOKS, UNREADABLE_PAUSE = 5, timedelta(minutes=5)
SIBLING_PAUSE = timedelta(seconds=1)  # another credit on the same order is on its way: its rows must be known first
WAIT = Backoff(first=timedelta(seconds=30), cap=timedelta(hours=6))  # beside the watch on the fact: should that fail


@dataclass(slots=True)
class CreditReads(Wave):
    """The effects of one wave, what was read for them, and how those ended that need not be judged any more."""

    now: datetime = field(init=False)
    orders: dict[int, Order] = field(default_factory=dict)
    order_of: dict[int, int] = field(default_factory=dict)
    credits_of: dict[int, list[ExistingCredit]] = field(default_factory=dict)
    owners: dict[int, set[int]] = field(default_factory=dict)
    """Credit id → the returns of ours that hold it."""
    digests: dict[tuple[int, int], str] = field(default_factory=dict)
    """(Order id, return id) → the order's rows when that return was credited."""
    refs: dict[int, dict[int, str]] = field(default_factory=dict)
    """Credit id → row id → the reference we gave the row, where Brightpearl does not show it."""
    maps: CreditMap = field(default_factory=CreditMap)

    def _park(self, effect: Leased, found: Trouble) -> None:
        """An intent that was sent stays an open question, whatever else is wrong."""
        order_id = self.order_of.get(effect.id)
        version = self.maps.version
        self._settle(
            parked(effect, found, keep_intent=effect.intent is not None, order_id=order_id, map_version=version)
        )

    def _stop(self, effect: Leased, verdict: Verdict, *, until: datetime | None = None, **known: Any) -> None:
        """A verdict without a credit: wait for the fact it names, or become an exception that watches it."""
        if not isinstance(verdict, Wait):
            self._park(effect, verdict.trouble)
            return
        instance = self._return(effect)
        event = None
        stuck_for = instance.trouble.cause if instance.trouble else ""
        is_known = (instance.waits_for, instance.watches) == (verdict.waits_for, verdict.watches)
        if not (is_known or stuck_for == verdict.cause):  # an exception is not left for the very wait it came from
            event = CreditWaits(
                verdict.waits_for, self.order_of.get(effect.id), verdict.cause, verdict.watches, self.maps.version
            )
        until = until or self.now + WAIT.after(effect.attempts)
        self._settle(waits(effect, verdict.explanation, until=until, event=event, **known))

    def _leave_what_is_settled(self) -> None:
        """A return that has its credit needs none; one whose goods are wrong gets none begun until that is settled."""
        for effect in self.effects:
            instance = self._return(effect)
            if instance.credit is not None:
                self._settle(done(effect, None, credit_id=instance.credit.id))
            elif effect.intent is None and instance.trouble is not None and instance.trouble.cause in STANDING:
                detail = {"why": f"{instance.trouble.cause} must be settled first"}
                self._settle(Outcome(Settlement(effect, "parked", detail, forget_intent=True)))

    async def _locate(self) -> None:
        unknown: list[Leased] = []
        for effect in self._open():
            known = (effect.intent or {}).get("order_id") or self._return(effect).order_id
            if known is not None:
                self.order_of[effect.id] = known
            else:
                unknown.append(effect)
        found = await self.at.brightpearl.find_orders([self._return(effect).order_number for effect in unknown])
        for effect in unknown:
            ids = found[self._return(effect).order_number]
            if len(ids) == 1:
                self.order_of[effect.id] = ids[0]
            elif not ids:
                self._order_missing(effect)
            else:
                self._stop(effect, several_orders(self._return(effect).order_number, ids))

    def _order_missing(self, effect: Leased) -> None:
        wait = timedelta(hours=self.at.settings.policy.order_wait_hours)
        number = self._return(effect).order_number
        self._stop(effect, no_order(number, since=effect.created_at, now=self.now, wait=wait))

    async def _read_orders(self) -> None:
        wanted = {self.order_of[effect.id] for effect in self._open()}
        self.orders, unreadable = await self.at.brightpearl.orders(wanted)
        for effect in self._open():
            if self.order_of[effect.id] in unreadable:
                self._unreadable(effect, unreadable[self.order_of[effect.id]])
        moved = [effect for effect in self._open() if not self._is_its_order(effect)]
        numbers = [self._return(effect).order_number for effect in moved if effect.intent is None]
        found = await self.at.brightpearl.find_orders(numbers) if numbers else {}
        self.orders |= (await self.at.brightpearl.orders({each for ids in found.values() for each in ids}))[0]
        for effect in moved:
            ids = found.get(self._return(effect).order_number, [])
            self.order_of[effect.id] = ids[0] if len(ids) == 1 else self.order_of[effect.id]
            if not self._is_its_order(effect):
                self._order_missing(effect)

    def _is_its_order(self, effect: Leased) -> bool:
        """A sales order with the shopper's number; what was sent stays with the order it was sent for."""
        order = self.orders.get(self.order_of[effect.id])
        if order is None or order.type_code not in ("SO", ""):
            return False
        return effect.intent is not None or is_same_order(order, self._return(effect).order_number)

    def _unreadable(self, effect: Leased, why: str) -> None:
        """Brightpearl broke its own contract for this order: a few more looks, then a person."""
        if effect.attempts >= UNREADABLE_LOOKS:
            facts = {"order_id": self.order_of[effect.id], "fault": why}
            self._park(effect, trouble("internal-error", f"Brightpearl's answer is unusable: {why}", facts))
        else:
            self._settle(waits(effect, why, until=self.now + UNREADABLE_PAUSE))

    async def _wait_for_siblings(self) -> dict[int, list[int]]:
        """Put off what shares its order with a credit under way; answer the credits we know, by order."""
        orders = sorted({self.order_of[effect.id] for effect in self._open()})
        async with self.at.database.reading() as connection:
            siblings = await returns_store.siblings_on_orders(connection, self.at.merchant, orders)
        known: dict[int, list[int]] = {}
        busy: dict[int, list[int]] = {}
        for row in siblings:
            if row["credit_rows"]:
                self.refs[row["credit_id"]] = {int(each["id"]): each["external_ref"] for each in row["credit_rows"]}
            if row["order_digest"]:
                self.digests[row["order_id"], row["id"]] = row["order_digest"]
            if row["credit_id"] is not None:
                known.setdefault(row["order_id"], []).append(row["credit_id"])
                self.owners.setdefault(row["credit_id"], set()).add(row["id"])
            elif row["is_sent"]:
                busy.setdefault(row["order_id"], []).append(row["id"])
        for effect in self._open():
            others = [each for each in busy.get(self.order_of[effect.id], ()) if each != effect.return_id]
            if others and effect.intent is None:
                why = f"return {others[0]} of the same order has its credit under way"
                pause = Backoff(first=SIBLING_PAUSE).after(effect.attempts)
                self._settle(waits(effect, why, until=self.now + pause))
        return known

    async def _read_credits(self) -> None:
        """Every credit of these orders: by the search index, and those we know of ourselves, which it may not show."""
        known = await self._wait_for_siblings()
        orders = sorted({self.order_of[effect.id] for effect in self._open()})
        if not orders:
            return
        by_order = await self.at.brightpearl.credit_ids_of(orders)
        for order_id in orders:
            by_order[order_id] += known.get(order_id, [])
        for effect in self._open():
            if answered := (effect.result or {}).get("credit_id"):
                by_order[self.order_of[effect.id]].append(int(answered))
            elif effect.intent is not None:
                by_order[self.order_of[effect.id]] += await self.at.brightpearl.credit_ids_with_ref(effect.key)
        read, unreadable = await self.at.brightpearl.credits({each for ids in by_order.values() for each in ids})
        keys = {effect.key for effect in self._open()}
        for order_id in orders:
            found = {
                credit_id: with_refs(read[credit_id], self.refs.get(credit_id, {}))
                for credit_id in by_order[order_id]
                if credit_id in read
            }
            self.credits_of[order_id] = [
                c for c in found.values() if c.parent_order_id in (order_id, 0) or c.external_ref in keys
            ]
        for effect in self._open():
            broken = [each for each in by_order[self.order_of[effect.id]] if each in unreadable]
            if broken:
                self._unreadable(effect, unreadable[broken[0]])

    async def _read_products(self) -> None:
        """Barcodes and compositions, only where line id and SKU do not find the row."""
        pairs = [(self._return(effect), self.orders[self.order_of[effect.id]]) for effect in self._open()]
        self.orders |= await with_products(self.at.brightpearl, pairs)


def with_refs(credit: ExistingCredit, refs: Mapping[int, str]) -> ExistingCredit:
    """The credit with the row references we know it was given, where the account does not show them."""
    if not refs or any(row.external_ref for row in credit.rows):
        return credit
    return replace(credit, rows=tuple(replace(row, external_ref=refs.get(row.id, "")) for row in credit.rows))
