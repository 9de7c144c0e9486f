"""Make sales credits: locate orders, judge, store the intent, send, read back. All reads batched over the wave."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_transport import Answer
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.outcome import (
    LOOKS_MAX,
    Outcome,
    again,
    done,
    look_again,
    lost_from_sight,
    parked,
    refused,
    trouble,
    waits,
)
from daemon.loops.workplace import Backoff, Workplace
from daemon.store import outbox
from daemon.store import returns as returns_store
from daemon.store.outbox import Leased
from statemachine.credit.matching import has_direct_match
from statemachine.credit.preflight import Adopt, CreditNow, NeedsPerson, Wait, is_same_order, preflight, refund_kind
from statemachine.credit.snapshot import ExistingCredit, Order, Reference
from statemachine.events import CreditVerified, CreditWaits
from statemachine.units import Credit, Return, Trouble

ORDER_TO_APPEAR = "the order to appear in Brightpearl"
UNREADABLE_LOOKS, UNREADABLE_PAUSE = 5, timedelta(minutes=5)
SIBLING_PAUSE = timedelta(seconds=1)  # another credit on the same order is on its way: its rows must be known first


@dataclass(slots=True)
class CreditWave:
    """One wave of CreateSalesCredit effects of one merchant."""

    at: Workplace
    effects: list[Leased]
    returns: dict[int, Return]
    now: datetime
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    order_of: dict[int, int] = field(default_factory=dict)
    credits_of: dict[int, list[ExistingCredit]] = field(default_factory=dict)
    owners: dict[int, set[int]] = field(default_factory=dict)
    """Credit id → the returns of ours that hold it."""

    async def run(self) -> list[Outcome]:
        account = await self.at.account(self.now)
        await self._locate()
        await self._read_orders()
        await self._read_credits()
        await self._read_products()
        planned = self._judge(account)
        await self._send(planned)
        return list(self.outcomes.values())

    def _open(self) -> list[Leased]:
        return [effect for effect in self.effects if effect.id not in self.outcomes]

    def _return(self, effect: Leased) -> Return:
        return self.returns[effect.return_id]

    # -- reading ----------------------------------------------------------------------------------------------------

    async def _locate(self) -> None:
        unknown: list[Leased] = []
        for effect in self.effects:
            known = self._return(effect).order_id
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
                facts = {"order_number": self._return(effect).order_number, "order_ids": ids}
                self._park(effect, trouble("order-ambiguous", f"{len(ids)} orders carry this number.", facts))

    def _order_missing(self, effect: Leased) -> None:
        number = self._return(effect).order_number
        waited = self.now - effect.created_at
        if waited > timedelta(hours=self.at.settings.policy.order_wait_hours):
            explanation = f"No sales order with the number {number} was found in Brightpearl."
            facts = {"order_number": number, "looked_since": effect.created_at.isoformat()}
            self._park(effect, trouble("order-not-found", explanation, facts))
            return
        known = self._return(effect).waits_for == ORDER_TO_APPEAR
        event = None if known else CreditWaits(waits_for=ORDER_TO_APPEAR)
        pause = Backoff(first=timedelta(seconds=30), cap=timedelta(minutes=30)).after(effect.attempts)
        self._settle(waits(effect, f"order {number} is not in Brightpearl yet", until=self.now + pause, event=event))

    async def _read_orders(self) -> None:
        wanted = {self.order_of[effect.id] for effect in self._open()}
        self.orders, unreadable = await self.at.brightpearl.orders(wanted)
        for effect in self._open():
            order = self.orders.get(self.order_of[effect.id])
            if self.order_of[effect.id] in unreadable:
                self._unreadable(effect, unreadable[self.order_of[effect.id]])
            elif order is None or order.type_code not in ("SO", "") or not is_same_order(
                order, self._return(effect).order_number
            ):  # fmt: skip
                self._order_missing(effect)

    def _unreadable(self, effect: Leased, why: str) -> None:
        """Brightpearl broke its own contract for this order: a few more looks, then a person."""
        if effect.attempts >= UNREADABLE_LOOKS:
            facts = {"order_id": self.order_of[effect.id], "fault": why}
            self._park(effect, trouble("internal-error", f"Brightpearl's answer is unusable: {why}", facts))
        else:
            self._settle(waits(effect, why, until=self.now + UNREADABLE_PAUSE))

    def _park(self, effect: Leased, found: Trouble) -> None:
        """An intent that was sent stays an open question, whatever else is wrong."""
        self._settle(parked(effect, found, keep_intent=effect.intent is not None))

    async def _wait_for_siblings(self) -> dict[int, list[int]]:
        """Put off what shares its order with a credit under way; answer the credits we know, by order."""
        orders = sorted({self.order_of[effect.id] for effect in self._open()})
        async with self.at.database.reading() as connection:
            siblings = await returns_store.siblings_on_orders(connection, self.at.merchant, orders)
        known: dict[int, list[int]] = {}
        busy: dict[int, list[int]] = {}
        for row in siblings:
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
            if effect.intent is not None:
                by_order[self.order_of[effect.id]] += await self._ids_by_ref(effect)
            if answered := (effect.result or {}).get("credit_id"):
                by_order[self.order_of[effect.id]].append(int(answered))
        read, unreadable = await self.at.brightpearl.credits({each for ids in by_order.values() for each in ids})
        for order_id in orders:
            found = {credit_id: read[credit_id] for credit_id in by_order[order_id] if credit_id in read}
            self.credits_of[order_id] = [c for c in found.values() if c.parent_order_id in (order_id, 0)]
        for effect in self._open():
            broken = [each for each in by_order[self.order_of[effect.id]] if each in unreadable]
            if broken:
                self._unreadable(effect, unreadable[broken[0]])
                continue

    async def _ids_by_ref(self, effect: Leased) -> list[int]:
        return await self.at.brightpearl.credit_ids_with_ref(effect.key)

    async def _read_products(self) -> None:
        """Barcodes of the order's products, only where line id and SKU do not find the row."""
        wanted: set[int] = set()
        needing: set[int] = set()
        for effect in self._open():
            order = self.orders[self.order_of[effect.id]]
            if any(unit.barcode and not has_direct_match(unit, order) for unit in self._return(effect).units):
                needing.add(order.id)
                wanted |= {row.product_id for row in order.rows if row.is_goods and row.product_id is not None}
        if not wanted:
            return
        products = await self.at.brightpearl.products(wanted)
        barcodes = {product_id: bp.barcodes_of(product) for product_id, product in products.items()}
        for order_id in needing:
            self.orders[order_id] = bp.with_barcodes(self.orders[order_id], barcodes)

    # -- judging ----------------------------------------------------------------------------------------------------

    def _judge(self, account: bp.Account) -> list[tuple[Leased, dict[str, Any]]]:
        reference = Reference(frozenset(account.tax_codes), account.cancelled_status_id, account.locked_until)
        planned: list[tuple[Leased, dict[str, Any]]] = []
        taken: set[int] = set()
        for effect in self._open():
            order = self.orders[self.order_of[effect.id]]
            own = next((c for c in self.credits_of[order.id] if c.external_ref == effect.key), None)
            if (effect.intent is not None and own is None) or (own is not None and not own.rows):
                self._not_yet_seen(effect, planned)
                continue
            held = frozenset(i for i, owners in self.owners.items() if owners != {effect.return_id})
            verdict = preflight(
                self._return(effect), order, self.credits_of[order.id], reference=reference,
                policy=self.at.settings.policy.credit(), today=self.now.astimezone(account.zone).date(),
                known_credits=held,
            )  # fmt: skip
            match verdict:
                case Adopt(credit, unit_rows):
                    self._adopt(effect, order, credit, dict(unit_rows))
                case Wait(fact):
                    event = None if self._return(effect).waits_for == fact else CreditWaits(fact, order.id)
                    pause = Backoff(first=timedelta(seconds=30), cap=timedelta(minutes=15)).after(effect.attempts)
                    self._settle(waits(effect, fact, until=self.now + pause, event=event))
                case NeedsPerson(found):
                    self._settle(parked(effect, found))
                case CreditNow(plan, evidence):
                    if order.id in taken:
                        why = "another return of the same order goes first"
                        self._settle(waits(effect, why, until=self.now))
                        continue
                    taken.add(order.id)
                    body = bp.credit_body(
                        plan, order, reference=self._human_reference(effect), zone=account.zone,
                        status_id=self.at.settings.policy.credit_status_id,
                        warehouse_id=self.at.settings.policy.return_warehouse_id,
                        instance_id=self.at.brightpearl.transport.instance_id,
                    )  # fmt: skip
                    intent = {
                        "body": body, "net": str(plan.net), "tax": str(plan.tax), "currency": plan.currency,
                        "unit_rows": dict(plan.unit_rows), "order_id": order.id, "evidence": dict(evidence),
                    }  # fmt: skip
                    planned.append((effect, intent))
        return planned

    def _not_yet_seen(self, effect: Leased, planned: list[tuple[Leased, dict[str, Any]]]) -> None:
        """Sent before with an unknown outcome, and not found: wait for the index, then repeat the very same body."""
        lags = self.at.settings.brightpearl.search_lag_seconds
        looks = int((effect.result or {}).get("looks", 0))
        answered = (effect.result or {}).get("credit_id")
        if answered is not None or effect.intent is None:
            if looks >= LOOKS_MAX:
                self._settle(lost_from_sight(effect, "The credit", credit_id=answered))
                return
            until = self.now + Backoff(cap=timedelta(minutes=5)).after(looks + 1)
            why = "Brightpearl named the credit but does not show it yet"
            self._settle(look_again(effect, why, until=until, looks=looks + 1, credit_id=answered))
            return
        if looks < len(lags):
            why = "the credit may exist; the search index may lag"
            self._settle(look_again(effect, why, until=self.now + timedelta(seconds=lags[looks]), looks=looks + 1))
            return
        planned.append((effect, effect.intent))

    def _human_reference(self, effect: Leased) -> str:
        instance = self._return(effect)
        return instance.express_code or instance.rma_id or instance.order_number

    def _adopt(self, effect: Leased, order: Order, credit: ExistingCredit, unit_rows: dict[str, int]) -> None:
        intent = effect.intent
        if intent is not None:
            unit_rows = unit_rows or dict(intent["unit_rows"])
            if not _is_as_asked(credit, intent):
                self._settle(parked(effect, _differs(credit, intent), keep_intent=True))
                return
        adopted = not credit.is_ours
        self._settle(self._verified(effect, order.id, credit, unit_rows, adopted=adopted))

    # -- sending ----------------------------------------------------------------------------------------------------

    async def _send(self, planned: list[tuple[Leased, dict[str, Any]]]) -> None:
        if not planned:
            return
        async with self.at.database.transaction() as connection:
            await self.at.hold(connection)
            await outbox.store_intents(connection, self.at.merchant, planned, self.now)
        writes: list[Write] = [
            self.at.brightpearl.create_credit(str(effect.id), intent["body"]) for effect, intent in planned
        ]
        answers = await self.at.brightpearl.send(writes)
        ids: dict[int, int] = {}
        for effect, intent in planned:
            answer = answers[str(effect.id)]
            if isinstance(answer, Answer):
                if isinstance(answer.response, int | str) and str(answer.response).isdigit():
                    ids[effect.id] = int(answer.response)
            elif isinstance(answer, HomewardError):
                self._not_created(effect, intent, answer)
        created = await self._read_back(ids)
        for effect, intent in planned:
            if effect.id in self.outcomes:
                continue
            credit = created.get(ids.get(effect.id, 0))
            if credit is None or credit.external_ref != effect.key or not credit.rows:
                # Taken, but not to be seen under its key: a duplicate's answer without a body, or a lagging store.
                self._settle(self._accepted_unseen(effect, ids.get(effect.id)))
            elif not _is_as_asked(credit, intent):
                self._settle(parked(effect, _differs(credit, intent), keep_intent=True))
            else:
                unit_rows = dict(intent["unit_rows"])
                self._settle(self._verified(effect, intent["order_id"], credit, unit_rows, adopted=False))

    def _accepted_unseen(self, effect: Leased, credit_id: int | None) -> Outcome:
        why = "Brightpearl accepted the credit but did not show it"
        known = {"credit_id": credit_id} if credit_id is not None else {}
        return look_again(effect, why, until=self.clock_now() + timedelta(seconds=1), looks=0, **known)

    def clock_now(self) -> datetime:
        return self.at.clock.now()

    async def _read_back(self, ids: dict[int, int]) -> dict[int, ExistingCredit]:
        """What was just created, as stored. If it cannot be read now, it is looked up in the next attempt."""
        try:
            return (await self.at.brightpearl.credits(ids.values()))[0]
        except HomewardError:
            return {}

    def _not_created(self, effect: Leased, intent: dict[str, Any], error: HomewardError) -> None:
        was_sent_before = effect.intent is not None
        now = self.clock_now()
        if isinstance(error, OutcomeUnknownError):
            self._settle(look_again(effect, str(error), until=now, looks=0))
        elif isinstance(error, RejectedError) and not isinstance(error, NotPermittedError):
            if was_sent_before:
                # Refusing the repeat may mean that the first one was taken: never guess.
                facts = {"external_ref": effect.key, "message": str(error), "body": intent["body"]}
                explanation = (
                    "A credit was sent with unknown outcome; its repeat was refused and it is not to be found."
                )
                self._settle(parked(effect, trouble("outcome-unknown", explanation, facts), keep_intent=True))
            else:
                self._settle(refused(effect, "credit-refused", error, order_id=intent["order_id"]))
        elif was_sent_before:
            self._settle(look_again(effect, str(error), until=now + timedelta(seconds=10), looks=99))
        else:
            self._settle(again(effect, error, now=now))

    def _verified(
        self, effect: Leased, order_id: int, credit: ExistingCredit, unit_rows: dict[str, int], *, adopted: bool
    ) -> Outcome:
        instance = self._return(effect)
        kinds = {refund_kind(unit.refund_type) for unit in instance.units}
        policy = self.at.settings.policy
        event = CreditVerified(
            credit=Credit(
                id=credit.id, external_ref=credit.external_ref, net=credit.net, tax=credit.tax,
                currency=credit.currency, adopted=adopted,
                rows=tuple(bp.stored_rows(credit, self.orders[order_id], unit_rows.values())),
                invoice_reference="",
            ),
            order_id=order_id, unit_rows=unit_rows, refund_due=policy.record_refund and "exchange" not in kinds,
            close_due=policy.close_credit,
        )  # fmt: skip
        return done(effect, event, credit_id=credit.id, adopted=adopted)

    def _settle(self, outcome: Outcome) -> None:
        self.outcomes[outcome.settlement.effect.id] = outcome


def _is_as_asked(credit: ExistingCredit, intent: dict[str, Any]) -> bool:
    sums = (credit.net, credit.tax, credit.currency)
    return sums == (Decimal(intent["net"]), Decimal(intent["tax"]), intent["currency"])


def _differs(credit: ExistingCredit, intent: dict[str, Any]) -> Any:
    facts = {
        "credit_id": credit.id, "found_net": str(credit.net), "found_tax": str(credit.tax),
        "found_currency": credit.currency, "asked_net": intent["net"], "asked_tax": intent["tax"],
        "asked_currency": intent["currency"],
    }  # fmt: skip
    return trouble("credit-differs", f"Credit {credit.id} is not what was asked for.", facts)
