"""Make sales credits: locate orders, judge, store the intent, send, read back. All reads batched over the wave."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_transport import Answer
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.credit_facts import case_for, with_products
from daemon.loops.outcome import Outcome, again, done, look_again, parked, trouble, unseen, waits
from daemon.loops.workplace import Backoff, Workplace
from daemon.store import outbox
from daemon.store import returns as returns_store
from daemon.store.outbox import Leased, Settlement
from statemachine.causes import OF_THE_GOODS
from statemachine.credit.case import is_same_order, refund_kind
from statemachine.credit.edges import never_seen, no_order, refused_credit, sent_and_overtaken, several_orders
from statemachine.credit.maps import CreditMap
from statemachine.credit.preflight import preflight
from statemachine.credit.snapshot import ExistingCredit, Order, Plan
from statemachine.credit.verdicts import Adopt, CreditNow, Verdict, Wait
from statemachine.credit.watching import order_fact
from statemachine.events import CreditVerified, CreditWaits
from statemachine.units import Credit, Place, Return, Trouble

UNREADABLE_LOOKS, UNREADABLE_PAUSE = 5, timedelta(minutes=5)
SIBLING_PAUSE = timedelta(seconds=1)  # another credit on the same order is on its way: its rows must be known first
WAIT = Backoff(first=timedelta(seconds=30), cap=timedelta(hours=6))  # beside the watch on the fact: should that fail


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
    digests: dict[tuple[int, int], str] = field(default_factory=dict)
    """(Order id, return id) → the order's rows when that return was credited."""
    refs: dict[int, dict[int, str]] = field(default_factory=dict)
    """Credit id → row id → the reference we gave the row, where Brightpearl does not show it."""
    maps: CreditMap = field(default_factory=CreditMap)

    async def run(self) -> list[Outcome]:
        account = await self.at.account(self.now)
        self.maps = await self.at.maps()
        self._leave_what_is_settled()
        await self._locate()
        await self._read_orders()
        await self._read_credits()
        await self._read_products()
        planned = self._judge(account)
        await self._send(planned, account)
        return list(self.outcomes.values())

    def _leave_what_is_settled(self) -> None:
        """A return that has its credit needs none; one whose goods are wrong gets none begun until that is settled."""
        for effect in self.effects:
            instance = self._return(effect)
            if instance.credit is not None:
                self._settle(done(effect, None, credit_id=instance.credit.id))
            elif effect.intent is None and instance.trouble is not None and instance.trouble.cause in OF_THE_GOODS:
                detail = {"why": "what the warehouse found must be settled first"}
                self._settle(Outcome(Settlement(effect, "parked", detail, forget_intent=True)))

    def _open(self) -> list[Leased]:
        return [effect for effect in self.effects if effect.id not in self.outcomes]

    def _return(self, effect: Leased) -> Return:
        return self.returns[effect.return_id]

    # -- reading ----------------------------------------------------------------------------------------------------

    async def _locate(self) -> None:
        unknown: list[Leased] = []
        for effect in self._open():
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
                self._stop(effect, several_orders(self._return(effect).order_number, ids))

    def _order_missing(self, effect: Leased) -> None:
        wait = timedelta(hours=self.at.settings.policy.order_wait_hours)
        number = self._return(effect).order_number
        self._stop(effect, no_order(number, since=effect.created_at, now=self.now, wait=wait))

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
        order_id = self.order_of.get(effect.id)
        version = self.maps.version
        self._settle(
            parked(effect, found, keep_intent=effect.intent is not None, order_id=order_id, map_version=version)
        )

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
        for order_id in orders:
            found = {
                credit_id: with_refs(read[credit_id], self.refs.get(credit_id, {}))
                for credit_id in by_order[order_id]
                if credit_id in read
            }
            self.credits_of[order_id] = [c for c in found.values() if c.parent_order_id in (order_id, 0)]
        for effect in self._open():
            broken = [each for each in by_order[self.order_of[effect.id]] if each in unreadable]
            if broken:
                self._unreadable(effect, unreadable[broken[0]])
                continue

    async def _read_products(self) -> None:
        """Barcodes and compositions, only where line id and SKU do not find the row."""
        pairs = [(self._return(effect), self.orders[self.order_of[effect.id]]) for effect in self._open()]
        self.orders |= await with_products(self.at.brightpearl, pairs)

    # -- judging ----------------------------------------------------------------------------------------------------

    def _judge(self, account: bp.Account) -> list[tuple[Leased, dict[str, Any]]]:
        planned: list[tuple[Leased, dict[str, Any]]] = []
        taken: set[int] = set()
        adopted: set[int] = set()
        for effect in self._open():
            order = self.orders[self.order_of[effect.id]]
            own = next((c for c in self.credits_of[order.id] if c.external_ref == effect.key), None)
            if (effect.intent is not None and own is None) or (own is not None and not own.rows):
                again_later = unseen(
                    effect, "The credit", "credit_id", lags=self.at.settings.brightpearl.search_lag_seconds, now=self.now,
                    order_id=order.id,
                )  # fmt: skip
                if again_later is not None:
                    self._settle(again_later)
                elif effect.intent is not None:
                    self._repeat(effect, order, account, planned)
                continue
            verdict = self._verdict(effect, order, account)
            if isinstance(verdict, Adopt) and verdict.credit.id in adopted:
                self._settle(waits(effect, "another return takes that credit first", until=self.now))
            elif not isinstance(verdict, CreditNow):
                adopted |= {verdict.credit.id} if isinstance(verdict, Adopt) else set()
                self._conclude(effect, order, verdict)
            elif order.id in taken:
                self._settle(waits(effect, "another return of the same order goes first", until=self.now))
            else:
                taken.add(order.id)
                planned.append((effect, self._intent(effect, order, verdict.plan, verdict.evidence, account)))
        return planned

    def _verdict(self, effect: Leased, order: Order, account: bp.Account) -> Verdict:
        held = frozenset(i for i, owners in self.owners.items() if owners != {effect.return_id})
        digests = {
            d for (order_id, owner), d in self.digests.items() if order_id == order.id and owner != effect.return_id
        }
        case = case_for(
            self._return(effect), order, self.credits_of[order.id], account=account, policy=self.at.settings.policy,
            maps=self.maps, now=self.now, known_credits=held, known_digests=frozenset(digests),
        )  # fmt: skip
        return preflight(case)

    def _intent(
        self, effect: Leased, order: Order, plan: Plan, evidence: Mapping[str, Any], account: bp.Account
    ) -> dict[str, Any]:
        """What is about to be sent, with everything that is needed to judge the answer."""
        body = bp.credit_body(
            plan, order, reference=self._human_reference(effect), zone=account.zone,
            instance_id=self.at.brightpearl.transport.instance_id,
        )  # fmt: skip
        return {
            "body": body, "net": str(plan.net), "tax": str(plan.tax), "currency": plan.currency, "order_id": order.id,
            "places": {key: [_plain(place) for place in places] for key, places in plan.places.items()},
            "evidence": dict(evidence), "order_digest": plan.order_digest, "marks": dict(plan.header.marks),
            "map_version": self.maps.version,
        }  # fmt: skip

    def _conclude(self, effect: Leased, order: Order, verdict: Verdict) -> None:
        """What follows from a verdict that asks for no new credit."""
        own = next((c for c in self.credits_of[order.id] if c.external_ref == effect.key), None)
        if isinstance(verdict, Adopt):
            self._adopt(effect, order, verdict)
        elif isinstance(verdict, CreditNow):  # sent and read, but gone again since: somebody is at work there
            self._stop(effect, never_seen(effect.key, "The credit", {"order_id": order.id}, order_id=order.id))
        elif own is not None and isinstance(verdict, Wait):
            self._stop(effect, verdict, credit_id=own.id)
        else:
            self._stop(effect, verdict)

    def _repeat(
        self, effect: Leased, order: Order, account: bp.Account, planned: list[tuple[Leased, dict[str, Any]]]
    ) -> None:
        """Send the very same body again under the same key, but only while it is still what would be decided."""
        intent, verdict = effect.intent, self._verdict(effect, order, account)
        assert intent is not None
        if isinstance(verdict, CreditNow) and _same_sums(verdict.plan, intent):
            planned.append((effect, intent))
        elif isinstance(verdict, Wait):
            self._stop(effect, verdict)
        elif "rival-credit" in self._return(effect).accepted and not isinstance(verdict, CreditNow):
            self._conclude(effect, order, verdict)
        else:
            self._stop(effect, sent_and_overtaken(effect.key, verdict, order_id=order.id))

    def _human_reference(self, effect: Leased) -> str:
        instance = self._return(effect)
        return instance.express_code or instance.rma_id or instance.order_number

    def _adopt(self, effect: Leased, order: Order, verdict: Adopt) -> None:
        """Take over what exists; what we asked for ourselves must be what is there, unless a person accepted it."""
        credit, intent = verdict.credit, effect.intent
        instance = self._return(effect)
        places: Mapping[str, tuple[Place, ...]] = verdict.places
        marks: dict[str, Any] = {}
        digest, version = verdict.order_digest, self.maps.version
        if intent is not None and credit.is_ours:
            if not _is_as_asked(credit, intent) and "credit-differs" not in instance.accepted:
                self._settle(parked(effect, _differs(credit, intent), keep_intent=True))
                return
            places = {key: tuple(Place(**each) for each in told) for key, told in intent["places"].items()}
            marks, digest, version = intent["marks"], intent["order_digest"], intent["map_version"]
        kinds = {refund_kind(unit.refund_type) for unit in instance.units}
        policy = self.at.settings.policy.of_method(instance.units[0].dropoff_method)
        refs = [place.ref for each in places.values() for place in each]
        event = CreditVerified(
            credit=Credit(
                id=credit.id, external_ref=credit.external_ref, net=credit.net, tax=credit.tax,
                currency=credit.currency, adopted=not credit.is_ours, invoice_reference="",
                rows=tuple(bp.stored_rows(credit, order, refs, intent["body"]["rows"] if intent else ())),
            ),
            order_id=order.id, places=dict(places), refund_due=policy.record_refund and "exchange" not in kinds,
            close_due=policy.close_credit, map_version=version, order_digest=digest, marks=marks,
        )  # fmt: skip
        evidence = intent["evidence"] if intent is not None else dict(verdict.evidence)
        self._settle(
            done(effect, event, credit_id=credit.id, order_id=order.id, adopted=not credit.is_ours, evidence=evidence)
        )

    # -- sending ----------------------------------------------------------------------------------------------------

    async def _send(self, planned: list[tuple[Leased, dict[str, Any]]], account: bp.Account) -> None:
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
        created = await self._read_back(ids, {intent["order_id"] for _, intent in planned})
        for effect, intent in planned:
            if effect.id in self.outcomes:
                continue
            credit = created.get(ids.get(effect.id, 0))
            if credit is None or credit.external_ref != effect.key or not credit.rows:
                # Taken, but not to be seen under its key: a duplicate's answer without a body, or a lagging store.
                self._settle(self._accepted_unseen(effect, ids.get(effect.id)))
                continue
            order = self.orders[intent["order_id"]]
            beside = [c for c in created.values() if c.parent_order_id in (order.id, 0) and c.id != credit.id]
            known = [c for c in self.credits_of[order.id] if c.id not in created]
            self.credits_of[order.id] = [*known, *beside, credit]
            sent = replace(effect, intent=intent)
            self._conclude(sent, order, self._verdict(sent, order, account))

    def _accepted_unseen(self, effect: Leased, credit_id: int | None) -> Outcome:
        why = "Brightpearl accepted the credit but did not show it"
        known = {"credit_id": credit_id} if credit_id is not None else {}
        return look_again(effect, why, until=self.clock_now() + timedelta(seconds=1), looks=0, **known)

    def clock_now(self) -> datetime:
        return self.at.clock.now()

    async def _read_back(self, ids: dict[int, int], orders: set[int]) -> dict[int, ExistingCredit]:
        """What was just created, as stored, and any rival that came between our look and our write.

        If it cannot be read now, it is looked up in the next attempt.
        """
        seen = {credit.id for order_id in orders for credit in self.credits_of[order_id]}
        try:
            beside = {each for found in (await self.at.brightpearl.credit_ids_of(orders)).values() for each in found}
            return (await self.at.brightpearl.credits({*ids.values(), *(beside - seen)}))[0]
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
                facts = {"message": str(error), "body": intent["body"]}
                self._stop(effect, never_seen(effect.key, "The credit", facts, order_id=intent["order_id"]))
            else:
                self._refused(effect, intent, error)
        elif was_sent_before:
            self._settle(look_again(effect, str(error), until=now + timedelta(seconds=10), looks=99))
        else:
            self._settle(again(effect, error, now=now))

    def _refused(self, effect: Leased, intent: dict[str, Any], error: RejectedError) -> None:
        """Certainly nothing was made: the refusal says whether to wait, or who must look."""
        order = self.orders[intent["order_id"]]
        verdict = refused_credit(
            order_id=order.id, reference=order.reference, is_invoiced=bool(order.invoice_reference),
            status=error.status, code=error.code, message=str(error),
        )  # fmt: skip
        if not isinstance(verdict, Wait):
            self._stop(effect, verdict)
            return
        self.at.forget_account()  # its period lock is not what we held it to be
        times = int((effect.result or {}).get("refused", 0)) + 1
        until = self.now + (timedelta(minutes=1) if times == 1 else WAIT.cap)  # the second time the watch must tell
        self._stop(effect, verdict, until=until, forget_intent=True, refused=times)

    def _settle(self, outcome: Outcome) -> None:
        self.outcomes[outcome.settlement.effect.id] = outcome


def _same_sums(plan: Plan, intent: dict[str, Any]) -> bool:
    return (plan.net, plan.tax, plan.currency) == (Decimal(intent["net"]), Decimal(intent["tax"]), intent["currency"])


def with_refs(credit: ExistingCredit, refs: Mapping[int, str]) -> ExistingCredit:
    """The credit with the row references we know it was given, where the account does not show them."""
    if not refs or any(row.external_ref for row in credit.rows):
        return credit
    return replace(credit, rows=tuple(replace(row, external_ref=refs.get(row.id, "")) for row in credit.rows))


def _plain(place: Place) -> dict[str, Any]:
    return {"ref": place.ref, "quantity": place.quantity, "product_id": place.product_id}


def _is_as_asked(credit: ExistingCredit, intent: dict[str, Any]) -> bool:
    sums = (credit.net, credit.tax, credit.currency)
    return sums == (Decimal(intent["net"]), Decimal(intent["tax"]), intent["currency"])


def _differs(credit: ExistingCredit, intent: dict[str, Any]) -> Trouble:
    facts = {
        "credit_id": credit.id, "found_net": str(credit.net), "found_tax": str(credit.tax),
        "found_currency": credit.currency, "asked_net": intent["net"], "asked_tax": intent["tax"],
        "asked_currency": intent["currency"],
    }  # fmt: skip
    explanation = f"Credit {credit.id} is not what was asked for."
    return trouble("credit-differs", explanation, facts, key=f"credit={credit.id}", watches=(order_fact(credit.id),))
