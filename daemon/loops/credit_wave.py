"""Make sales credits: judge what was read, store the intent, send, read back and judge once more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from daemon.clients import brightpearl_bodies as bodies
from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_transport import Answer
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.credit_facts import case_for
from daemon.loops.credit_reads import WAIT, CreditReads
from daemon.loops.outcome import Outcome, again, done, look_again, parked, trouble, unseen, waits
from daemon.loops.wave import Planned
from daemon.store.outbox import Leased
from statemachine.credit.case import refund_kind
from statemachine.credit.edges import never_seen, refused_credit, sent_and_overtaken
from statemachine.credit.preflight import preflight
from statemachine.credit.snapshot import ExistingCredit, Order, Plan
from statemachine.credit.verdicts import Adopt, CreditNow, Verdict, Wait
from statemachine.credit.watching import order_fact
from statemachine.events import CreditVerified
from statemachine.units import Credit, Place, Trouble


@dataclass(slots=True)
class CreditWave(CreditReads):
    """One wave of CreateSalesCredit effects of one merchant."""

    async def plan(self) -> list[Planned]:
        self.now = self.at.clock.now()
        account = await self.at.account(self.now)
        self.maps = await self.at.maps()
        self._leave_what_is_settled()
        await self._locate()
        await self._read_orders()
        await self._read_credits()
        await self._read_products()
        return self._judge(account)

    # -- judging ----------------------------------------------------------------------------------------------------

    def _judge(self, account: bp.Account) -> list[Planned]:
        planned: list[Planned] = []
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
        body = bodies.credit_body(
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

    def _repeat(self, effect: Leased, order: Order, account: bp.Account, planned: list[Planned]) -> None:
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
        is_owed = policy.record_refund and "exchange" not in kinds and credit.net + credit.tax > 0
        event = CreditVerified(
            credit=Credit(
                id=credit.id, external_ref=credit.external_ref, net=credit.net, tax=credit.tax,
                currency=credit.currency, adopted=not credit.is_ours, invoice_reference="",
                rows=tuple(bp.stored_rows(credit, order, refs, intent["body"]["rows"] if intent else ())),
            ),
            order_id=order.id, places=dict(places), refund_due=is_owed,
            close_due=policy.close_credit, map_version=version, order_digest=digest, marks=marks,
        )  # fmt: skip
        evidence = intent["evidence"] if intent is not None else dict(verdict.evidence)
        self._settle(
            done(effect, event, credit_id=credit.id, order_id=order.id, adopted=not credit.is_ours, evidence=evidence)
        )

    # -- sending ----------------------------------------------------------------------------------------------------

    def write(self, effect: Leased, intent: dict[str, Any]) -> Write:
        return self.at.brightpearl.create_credit(str(effect.id), intent["body"])

    async def conclude(self, sent: list[Planned]) -> None:
        if not sent:
            return
        account = await self.at.account(self.now)
        ids: dict[int, int] = {}
        for effect, intent in sent:
            answer = self.answers[effect.id]
            if isinstance(answer, Answer):
                if isinstance(answer.response, int | str) and str(answer.response).isdigit():
                    ids[effect.id] = int(answer.response)
            elif isinstance(answer, HomewardError):
                self._not_created(effect, intent, answer)
        created = await self._read_back(ids, {intent["order_id"] for _, intent in sent})
        for effect, intent in sent:
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
            asked = replace(effect, intent=intent)
            self._conclude(asked, order, self._verdict(asked, order, account))

    def _accepted_unseen(self, effect: Leased, credit_id: int | None) -> Outcome:
        why = "Brightpearl accepted the credit but did not show it"
        known = {"credit_id": credit_id} if credit_id is not None else {}
        return look_again(effect, why, until=self.at.clock.now() + timedelta(seconds=1), looks=0, **known)

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
        now = self.at.clock.now()
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


def _same_sums(plan: Plan, intent: dict[str, Any]) -> bool:
    return (plan.net, plan.tax, plan.currency) == (Decimal(intent["net"]), Decimal(intent["tax"]), intent["currency"])


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
