"""What a wave of credits reads before it judges: orders, the credits they have, products. All batched over the wave."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from daemon.clients.brightpearl_credits import read_credits
from daemon.clients.results import ById, Complete, Partial, ReadResult, mapped
from daemon.errors import IncompleteReadError
from daemon.loops.credit_facts import with_products
from daemon.loops.outcome import Outcome, done, incomplete, parked, trouble, waits
from daemon.loops.wave import Wave
from daemon.loops.workplace import Backoff
from daemon.store import returns as returns_store
from daemon.store.outbox import Leased, Settlement
from statemachine.causes import STANDING
from statemachine.credit.case import is_same_order
from statemachine.credit.edges import no_order, several_orders
from statemachine.credit.maps import CreditMap
from statemachine.credit.reading import needs_products
from statemachine.credit.snapshot import ExistingCredit, Order
from statemachine.credit.verdicts import Verdict, Wait
from statemachine.credit.watching import order_fact
from statemachine.events import CreditWaits
from statemachine.states import State
from statemachine.units import Trouble

SIBLING_NAMED = 4  # looks at a credit of the same order that is under way, before the wait is given its name
SIBLING_PAUSE = timedelta(seconds=1)  # another credit on the same order is on its way: its rows must be known first
WAIT = Backoff(first=timedelta(seconds=30), cap=timedelta(hours=6))  # beside the watch on the fact: should that fail


@dataclass(slots=True)
class CreditReads(Wave):
    """The effects of one wave, what was read for them, and how those ended that need not be judged any more."""

    now: datetime = field(init=False)
    orders: dict[int, Order] = field(default_factory=dict)
    order_of: dict[int, int] = field(default_factory=dict)
    credits_of: dict[int, ReadResult[list[ExistingCredit]]] = field(default_factory=dict)
    owners: dict[int, set[int]] = field(default_factory=dict)
    """Credit id → the returns of ours that hold it."""
    keys: dict[str, int] = field(default_factory=dict)
    """Key of a credit → the return of ours it belongs to, on the orders of this wave."""
    digests: dict[tuple[int, int], str] = field(default_factory=dict)
    """(Order id, return id) → the order's rows when that return was credited."""
    refs: dict[int, dict[int, str]] = field(default_factory=dict)
    """Credit id → row id → the reference we gave the row, where Brightpearl does not show it."""
    maps: CreditMap = field(default_factory=CreditMap)

    def _park(self, effect: Leased, found: Trouble, **known: Any) -> None:
        """An intent that was sent stays an open question, whatever else is wrong; and the number it was answered with."""
        order_id, version = self.order_of.get(effect.id), self.maps.version
        if effect.intent is not None and (answered := (effect.result or {}).get("credit_id")) is not None:
            known = {"credit_id": answered, **known}
        stopped = parked(
            effect, found, keep_intent=effect.intent is not None, order_id=order_id, map_version=version, **known
        )
        self._settle(stopped)

    def _stop(self, effect: Leased, verdict: Verdict, *, until: datetime | None = None, **known: Any) -> None:
        """A verdict without a credit: wait for the fact it names, or become an exception that watches it."""
        if not isinstance(verdict, Wait):
            self._park(effect, verdict.trouble, **known)
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
        orders = await self.at.brightpearl.find_orders([self._return(effect).order_number for effect in unknown])
        for effect in unknown:
            found = orders[self._return(effect).order_number]
            if isinstance(found, Partial):
                self._wait_for_evidence(effect, found.missing)
            elif len(found.value) == 1:
                self.order_of[effect.id] = found.value[0]
            elif not found.value:
                self._order_missing(effect)
            else:
                self._stop(effect, several_orders(self._return(effect).order_number, found.value))

    def _wait_for_evidence(self, effect: Leased, missing: str) -> None:
        order_id = self.order_of.get(effect.id)
        self._settle(incomplete(effect, self._return(effect), missing, now=self.now, order_id=order_id))

    def _not_read(self, effect: Leased, why: str, *, is_too_large: bool) -> None:
        """An order that is too large to be read is so the next time too: a person decides."""
        if is_too_large:
            facts = {"effect": effect.kind, "key": effect.key, "order_id": self.order_of[effect.id], "fault": why}
            watches = (order_fact(self.order_of[effect.id]),)
            self._park(effect, trouble("too-large", f"{why}.", facts, key=f"effect={effect.key}", watches=watches))
        else:
            self._wait_for_evidence(effect, why)

    def _order_missing(self, effect: Leased) -> None:
        if effect.intent is not None or (effect.result or {}).get("credit_id") is not None:
            order_id = self.order_of.get(effect.id)
            self._wait_for_evidence(effect, f"order {order_id}, for which a credit was sent, is not shown")
            return
        wait = timedelta(hours=self.at.settings.policy.order_wait_hours)
        number = self._return(effect).order_number
        self._stop(effect, no_order(number, since=effect.created_at, now=self.now, wait=wait))

    async def _read_orders(self) -> None:
        read = await self.at.brightpearl.orders({self.order_of[effect.id] for effect in self._open()})
        self.orders = read.items
        for effect in self._open():
            if (why := read.unread.get(self.order_of[effect.id])) is not None:
                self._not_read(effect, why, is_too_large=self.order_of[effect.id] in read.too_large)
        moved = [effect for effect in self._open() if not self._is_its_order(effect)]
        numbers = [self._return(effect).order_number for effect in moved if effect.intent is None]
        found = await self.at.brightpearl.find_orders(numbers) if numbers else {}
        again = await self.at.brightpearl.orders({number for ids in found.values() for number in ids.value})
        self.orders |= again.items
        for effect in moved:
            self._follow(effect, found.get(self._return(effect).order_number, Complete([])), again)

    def _follow(self, effect: Leased, found: ReadResult[list[int]], again: ById[Order]) -> None:
        """The order is not under the number it had: it may have been entered anew under another."""
        if isinstance(found, Partial):
            self._wait_for_evidence(effect, found.missing)
            return
        if len(found.value) == 1:
            self.order_of[effect.id] = found.value[0]
        order_id = self.order_of[effect.id]
        if order_id in again.unread:
            self._not_read(effect, again.unread[order_id], is_too_large=order_id in again.too_large)
        elif not self._is_its_order(effect):
            self._order_missing(effect)

    def _is_its_order(self, effect: Leased) -> bool:
        """A sales order with the shopper's number; what was sent stays with the order it was sent for."""
        order = self.orders.get(self.order_of[effect.id])
        if order is None or order.type_code not in ("SO", ""):
            return False
        return effect.intent is not None or is_same_order(order, self._return(effect).order_number)

    async def _wait_for_siblings(self) -> tuple[dict[int, set[int]], dict[int, dict[int, str]]]:
        """Put off what shares its order with a credit under way; answer the credits we know of ourselves, by order, and
        those that are a number only, which an answer named and nobody read since, with the keys they were sent under.

        What the search index does not show yet is not all that exists: credits of one order are made one after the
        other, the next only once the one before is known.
        """
        orders = sorted({self.order_of[effect.id] for effect in self._open()})
        async with self.at.database.reading() as connection:
            siblings = await returns_store.siblings_on_orders(connection, self.at.merchant, orders)
        own: dict[int, set[int]] = {}
        answered: dict[int, dict[int, str]] = {}
        busy: dict[int, list[int]] = {}
        for row in siblings:
            self.keys[row["key"]] = row["id"]
            if row["credit_rows"]:
                self.refs[row["credit_id"]] = {int(line["id"]): line["external_ref"] for line in row["credit_rows"]}
            if row["order_digest"]:
                self.digests[row["order_id"], row["id"]] = row["order_digest"]
            if row["credit_id"] is not None and row["is_open"]:
                answered.setdefault(row["order_id"], {})[row["credit_id"]] = row["key"]
            elif row["credit_id"] is not None:
                own.setdefault(row["order_id"], set()).add(row["credit_id"])
                self.owners.setdefault(row["credit_id"], set()).add(row["id"])
            if row["is_open"]:
                busy.setdefault(row["order_id"], []).append(row["id"])
        for effect in self._open():  # a credit that was given up for lost may be back
            former = {each.id for each in self._return(effect).former_credits}
            if former:
                own.setdefault(self.order_of[effect.id], set()).update(former)
            others = [number for number in busy.get(self.order_of[effect.id], ()) if number != effect.return_id]
            if others and effect.intent is None:
                self._wait_for_sibling(effect, others[0])
        return own, answered

    def _wait_for_sibling(self, effect: Leased, sibling: int) -> None:
        """Another credit of the order is under way, or nobody knows what became of it."""
        order_id, looks = self.order_of[effect.id], int((effect.result or {}).get("waited_for_sibling", 0)) + 1
        why = f"return {sibling} of the same order has its credit under way"
        event, instance = None, self._return(effect)
        is_new = instance.state is State.CREDIT_PENDING and instance.wait_cause != "sibling-unknown"
        if looks >= SIBLING_NAMED and is_new:
            waits_for = f"the credit of return {sibling} on the same order to be known"
            event = CreditWaits(waits_for, order_id, "sibling-unknown", (order_fact(order_id),), self.maps.version)
        cap = timedelta(hours=1) if instance.state is State.EXCEPTION else timedelta(minutes=15)  # then a person knows
        until = self.now + Backoff(first=SIBLING_PAUSE, cap=cap).after(looks)
        self._settle(waits(effect, why, until=until, event=event, waited_for_sibling=looks))

    async def _read_credits(self) -> None:
        """Every credit of these orders: by the search index, and those we know of ourselves, which it may not show."""
        own, answered = await self._wait_for_siblings()
        orders = sorted({self.order_of[effect.id] for effect in self._open()})
        if not orders:
            return
        lost: dict[int, list[str]] = {}
        for effect in self._open():
            order_id, result = self.order_of[effect.id], effect.result or {}
            if number := result.get("credit_id"):
                answered.setdefault(order_id, {})[int(number)] = effect.key
            if effect.intent is not None and not (number and result.get("is_read")):
                lost.setdefault(order_id, []).append(effect.key)  # the number may be another's
        marks: dict[int, set[str]] = {}
        instances = [self._return(effect) for effect in self._open()]
        for effect, instance in zip(self._open(), instances, strict=True):
            marks.setdefault(self.order_of[effect.id], set()).update(instance.names)
        unparented = await self.at.brightpearl.credits_named(
            {instance.order_number for instance in instances}, {instance.express_code for instance in instances}
        )
        read = await read_credits(
            self.at.brightpearl, orders, own=own, keys=lost, answered=answered, now=self.now, marks=marks,
            unparented=unparented,
        )  # fmt: skip
        self.credits_of = self._with_references(read)
        for effect in self._open():
            credits = self.credits_of[self.order_of[effect.id]]
            if isinstance(credits, Partial):
                self._wait_for_evidence(effect, credits.missing)

    def _with_references(
        self, read: Mapping[int, ReadResult[list[ExistingCredit]]]
    ) -> dict[int, ReadResult[list[ExistingCredit]]]:
        """The same, with the row references that we gave, where the account does not show them."""
        return {
            order_id: mapped(result, lambda credits: [with_refs(c, self.refs.get(c.id, {})) for c in credits])
            for order_id, result in read.items()
        }

    async def _read_products(self) -> None:
        """Barcodes and compositions, only where line id and SKU do not find the row."""
        pairs = [(self._return(effect), self.orders[self.order_of[effect.id]]) for effect in self._open()]
        try:
            self.orders |= await with_products(self.at.brightpearl, pairs)
        except IncompleteReadError as error:
            for effect, (instance, order) in zip(self._open(), pairs, strict=True):
                if any(needs_products(unit, order) for unit in instance.units):
                    self._wait_for_evidence(effect, str(error))


def with_refs(credit: ExistingCredit, refs: Mapping[int, str]) -> ExistingCredit:
    """The credit with the row references we know it was given, where the account does not show them."""
    if not refs or any(row.external_ref for row in credit.rows):
        return credit
    return replace(credit, rows=tuple(replace(row, external_ref=refs.get(row.id, "")) for row in credit.rows))
