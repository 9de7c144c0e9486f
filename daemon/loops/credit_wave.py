"""Make sales credits: judge what was read, store the intent, send, read back and judge once more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from daemon.clients import brightpearl_bodies as bodies
from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_credits import is_created, read_credits
from daemon.clients.results import Complete, ReadResult
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.credit_facts import case_for, decided
from daemon.loops.credit_reads import WAIT, CreditReads
from daemon.loops.index_lag import Awaited
from daemon.loops.outcome import Outcome, Search, again, done, look_again, look_for, trouble, unsettled, waits
from daemon.loops.wave import Planned
from daemon.store.outbox import Leased
from statemachine.credit.edges import never_seen, refused_credit, sent_and_overtaken
from statemachine.credit.outcomes import is_never_paid
from statemachine.credit.snapshot import ExistingCredit, Order, Plan
from statemachine.credit.verdicts import Adopt, CreditNow, Verdict, Wait
from statemachine.credit.watching import order_fact
from statemachine.events import CreditVerified
from statemachine.refs import is_same_ref
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
        return await self._judge(account)

    # -- judging ----------------------------------------------------------------------------------------------------

    async def _judge(self, account: bp.Account) -> list[Planned]:
        planned: list[Planned] = []
        taken: set[int] = set()
        adopted: set[int] = set()
        for effect in self._open():
            order = self.orders[self.order_of[effect.id]]
            read = self.credits_of[order.id]
            assert isinstance(read, Complete), f"effect {effect.id}: a partial read must have been put off"
            if effect.intent is not None and self._own(effect, read) is None:
                search = self._search(order, read, keyed=effect.intent["body"])
                looked = look_for(effect, self._return(effect), search, now=self.now, order_id=order.id)
                if looked is not None:
                    self._settle(looked)
                elif order.id not in taken:
                    taken |= await self._repeat(effect, order, account, read, planned)
                continue
            verdict = await self._verdict(effect, order, account, read)
            if isinstance(verdict, Adopt) and verdict.credit.id in adopted:
                self._settle(waits(effect, "another return takes that credit first", until=self.now))
            elif not isinstance(verdict, CreditNow):
                adopted |= {verdict.credit.id} if isinstance(verdict, Adopt) else set()
                self._conclude(effect, order, verdict, read)
            elif order.id in taken:
                self._settle(waits(effect, "another return of the same order goes first", until=self.now))
            else:
                taken.add(order.id)
                intent = self._intent(effect, order, verdict.plan, verdict.evidence, account)
                planned.append(Planned(effect, intent, read))
        return planned

    def _own(self, effect: Leased, read: ReadResult[list[ExistingCredit]]) -> ExistingCredit | None:
        """The credit of this effect: under its key, or under the number that Brightpearl answered, unless it is another's."""
        answered, order_id = (effect.result or {}).get("credit_id"), self.order_of[effect.id]
        by_key = next((c for c in read.value if is_same_ref(c.external_ref, effect.key)), None)
        by_number = (
            c for c in read.value
            if c.id == answered and is_created(c, order_id, effect.key)
            and self.owners.get(c.id, {effect.return_id}) == {effect.return_id}
        )  # fmt: skip
        return by_key or next(by_number, None)

    def _search(self, order: Order, read: Complete[list[ExistingCredit]], *, keyed: Mapping[str, Any]) -> Search:
        """How a lost credit is looked for. Its key is held only together with an instance id (Brightpearl sheet 6.1)."""
        settings = self.at.settings.brightpearl
        held = settings.keys_held
        may_repeat = "credit" in held if held is not None else keyed.get("installedIntegrationInstanceId") is not None
        facts = {
            "order_id": order.id, "credits_of_the_order": sorted(credit.id for credit in read.value),
            "looked_at": "order-search by parentOrderId and by externalRef, sales-credit and order by id",
        }  # fmt: skip
        patience = self.at.lag.patience("credit", settings)
        return Search("The credit", "credit_id", patience, settings.search_lag_seconds, may_repeat, facts)

    async def _verdict(
        self, effect: Leased, order: Order, account: bp.Account, read: ReadResult[list[ExistingCredit]]
    ) -> Verdict:
        held = {number for number, owners in self.owners.items() if owners != {effect.return_id}}
        held |= {c.id for c in read.value if self.keys.get(c.external_ref, effect.return_id) != effect.return_id}
        digests = {
            d for (order_id, owner), d in self.digests.items() if order_id == order.id and owner != effect.return_id
        }
        case = case_for(
            self._return(effect), order, self._with_own_key(effect, read), account=account,
            policy=self.at.settings.policy, maps=self.maps, now=self.now, known_credits=frozenset(held),
            known_digests=frozenset(digests),
        )  # fmt: skip
        return await decided(case)

    def _with_own_key(self, effect: Leased, read: ReadResult[list[ExistingCredit]]) -> list[ExistingCredit]:
        """Our own credit carries our key, however the account shows it: folded, cut short, or not at all."""
        own = self._own(effect, read)
        return [replace(credit, external_ref=effect.key) if credit is own else credit for credit in read.value]

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

    def _conclude(self, effect: Leased, order: Order, verdict: Verdict, read: ReadResult[list[ExistingCredit]]) -> None:
        """What follows from a verdict that asks for no new credit."""
        own = self._own(effect, read)
        if isinstance(verdict, Adopt):
            self._adopt(effect, order, verdict)
        elif isinstance(verdict, CreditNow):  # sent and read, but gone again since: somebody is at work there
            self._stop(effect, never_seen(effect.key, "The credit", {"order_id": order.id}, order_id=order.id))
        elif own is not None and isinstance(verdict, Wait):
            self._stop(effect, verdict, credit_id=own.id, is_read=True)
        elif own is not None:
            self._stop(effect, verdict, credit_id=own.id)
        else:
            self._stop(effect, verdict)

    async def _repeat(
        self, effect: Leased, order: Order, account: bp.Account, read: Complete[list[ExistingCredit]],
        planned: list[Planned],
    ) -> set[int]:  # fmt: skip
        """Send the very same body again under the same key, but only while it is still what would be decided.

        Answers the order whose turn this was.
        """
        intent, verdict = effect.intent, await self._verdict(effect, order, account, read)
        assert intent is not None
        if isinstance(verdict, CreditNow) and _same_sums(verdict.plan, intent):
            planned.append(Planned(effect, intent, read))
            return {order.id}
        if isinstance(verdict, Wait):
            self._stop(effect, verdict)
        elif "rival-credit" in self._return(effect).accepted and not isinstance(verdict, CreditNow):
            self._conclude(effect, order, verdict, read)
        else:
            self._stop(effect, sent_and_overtaken(effect.key, verdict, order_id=order.id))
        return set()

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
                self._park(effect, _differs(credit, intent), credit_id=credit.id)
                return
            places = {key: tuple(Place(**each) for each in told) for key, told in intent["places"].items()}
            marks, digest, version = intent["marks"], intent["order_digest"], intent["map_version"]
        kinds = {self.maps.refund_kind(unit.refund_type) for unit in instance.units}
        is_refused = any(is_never_paid(unit.refund_type) for unit in instance.units)
        policy = self.at.settings.policy.of_method(instance.units[0].dropoff_method)
        refs = [place.ref for each in places.values() for place in each]
        is_paid = "exchange" not in kinds and not is_refused
        is_owed = policy.record_refund and is_paid and credit.net + credit.tax > 0
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

    def write(self, planned: Planned) -> Write:
        assert isinstance(planned.permit, Complete), f"effect {planned.effect.id}: nothing permits this credit"
        return self.at.brightpearl.create_credit(str(planned.effect.id), planned.intent["body"], without=planned.permit)

    async def conclude(self, sent: list[Planned]) -> None:
        if not sent:
            return
        account, answered_at = await self.at.account(self.now), self.at.clock.monotonic()
        ids: dict[int, int] = {}
        for each in sent:
            answer = self.answers[each.effect.id]
            if isinstance(answer, HomewardError):
                self._not_created(each.effect, each.intent, answer)
            elif (credit_id := wire.answered_id(answer.response)) is not None:
                ids[each.effect.id] = credit_id
        read = await self._read_back(sent, ids, answered_at)
        for each in sent:
            effect, order = each.effect, self.orders[each.intent["order_id"]]
            if effect.id in self.outcomes:
                continue
            asked = replace(
                effect, intent=each.intent, result={**(effect.result or {}), "credit_id": ids.get(effect.id)}
            )
            result = read.get(order.id)
            if not isinstance(result, Complete) or self._own(asked, result) is None:
                # Taken, but not to be seen under its key: a duplicate's answer without a body, or a lagging store.
                self._settle(self._accepted_unseen(effect, ids.get(effect.id)))
                continue
            self._conclude(asked, order, await self._verdict(asked, order, account, result), result)

    def _accepted_unseen(self, effect: Leased, credit_id: int | None) -> Outcome:
        why = "Brightpearl accepted the credit but did not show it"
        known = {"credit_id": credit_id} if credit_id is not None else {}
        return look_again(effect, why, until=self.at.clock.now() + timedelta(seconds=1), looks=0, **known)

    async def _read_back(
        self, sent: list[Planned], ids: Mapping[int, int], answered_at: timedelta
    ) -> dict[int, ReadResult[list[ExistingCredit]]]:
        """Every credit of these orders once more: what was just created, and any rival that came meanwhile.

        What cannot be read now is looked up in the next attempt.
        """
        own: dict[int, set[int]] = {}
        answered: dict[int, dict[int, str]] = {}
        for each in sent:
            order_id = each.intent["order_id"]
            own.setdefault(order_id, set()).update(credit.id for credit in self.credits_of[order_id].value)
            if each.effect.id in ids:
                answered.setdefault(order_id, {})[ids[each.effect.id]] = each.effect.key
        try:
            read = await read_credits(
                self.at.brightpearl, list(own), own=own, keys={}, answered=answered, now=self.at.clock.now()
            )
        except HomewardError:
            read = {}
        for each in sent:
            shown = read[each.intent["order_id"]].value if each.intent["order_id"] in read else []
            if (number := ids.get(each.effect.id)) is not None and number in {credit.id for credit in shown}:
                awaited = Awaited(number, each.intent["order_id"], answered_at)
                self.at.lag.wait_for("credit", awaited, answered_at)
        return self._with_references(read)

    def _not_created(self, effect: Leased, intent: dict[str, Any], error: HomewardError) -> None:
        was_sent_before = effect.intent is not None
        now = self.at.clock.now()
        if isinstance(error, OutcomeUnknownError):
            self._settle(look_again(effect, str(error), until=now, looks=0))
        elif isinstance(error, RejectedError) and not isinstance(error, NotPermittedError):
            if was_sent_before:
                # Refusing the repeat may mean that the first one was taken: never guess.
                facts = {"effect": effect.kind, "message": str(error), "body": intent["body"]}
                lost = never_seen(effect.key, "The credit", facts, order_id=intent["order_id"])
                self._settle(unsettled(effect, self._return(effect), lost.trouble, now=now))
            else:
                self._refused(effect, intent, error)
        elif was_sent_before:
            self._settle(look_again(effect, str(error), until=now + timedelta(seconds=10), looks=0))
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
