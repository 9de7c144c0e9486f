"""Record refunds and close credits: look first, send, read back. All reads batched over the wave."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from daemon.clients import brightpearl_bodies as bodies
from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_credits import unfinished
from daemon.clients.brightpearl_transport import Answer
from daemon.clients.results import ById, Complete, Partial, ReadResult, Repeatable, joined
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.index_lag import Awaited
from daemon.loops.outcome import (
    Outcome,
    Search,
    again,
    done,
    incomplete,
    look_again,
    look_for,
    parked,
    refused,
    still_looked_for,
    trouble,
    unsettled,
    vanished,
    waits,
)
from daemon.loops.wave import Planned, Wave
from daemon.loops.workplace import Backoff, Workplace
from daemon.store.outbox import Leased, Settlement
from statemachine.causes import OF_OTHER_CREDITS
from statemachine.credit.changed import about_own_credit
from statemachine.credit.edges import never_seen
from statemachine.credit.maps import DEFAULT, CreditMap
from statemachine.credit.refunds import Recorded, about_refunds, method_of
from statemachine.credit.snapshot import ExistingCredit
from statemachine.effects import CreateSalesCredit
from statemachine.events import CreditClosed, PaymentRecorded
from statemachine.money import Money, MoneyError
from statemachine.units import Credit, Payment, Return, Trouble

CLOSE_AGAIN_MAX = 5  # a credit that stays pending through this many closes needs a person
Payments = dict[int, ReadResult[list[bp.CustomerPayment]]]


@dataclass(slots=True)
class RefundWave(Wave):
    """Refunds to record: at most two batched searches, one read of the credits they are for, and one write each."""

    payments: Payments = field(default_factory=dict)
    """By credit and by order."""
    credits: ById[ExistingCredit] = field(default_factory=ById)
    """The credits that are to be refunded, as they are now."""

    async def plan(self) -> list[Planned]:
        account, maps = await self.at.account(self.at.clock.now()), await self.at.maps()
        held = _held_back(self.effects, self.returns, self.at.clock.now())
        self.outcomes |= {
            effect.id: held[effect.id] for effect in self.effects if effect.id in held and not effect.intent
        }
        credit_ids = {self._credit(effect).id for effect in self.effects}
        parents = {order_id for effect in self.effects if (order_id := self._return(effect).order_id)}
        former = {number for effect in self.effects for number in _former(self._return(effect))}
        self.payments = await self.at.brightpearl.payments_of(credit_ids | parents | former)
        self.credits = await self.at.brightpearl.credits({self._credit(effect).id for effect in self._open()})
        planned: list[Planned] = []
        for effect in self._open():
            read = self._read(effect)
            if effect.id in held:
                found = self._settled_by(effect, read) if isinstance(read, Complete) else None
                self._settle(found or held[effect.id])
                continue
            settled = self._stopped_by_the_credit(effect) or self._settled_by(effect, read)
            if settled is None and effect.intent is not None:
                settled = look_for(effect, self._return(effect), self._search(effect, read), now=self.at.clock.now())
            if settled is not None:
                self._settle(settled)
                continue
            assert isinstance(read, Complete), f"effect {effect.id}: a partial read must have been put off"
            method = self._method(effect, account, maps)
            if isinstance(method, Trouble):
                self._settle(unsettled(effect, self._return(effect), method, now=self.at.clock.now()))
                continue
            try:
                intent = effect.intent or {"body": self._body(effect, method, account)}
            except MoneyError as error:  # credited by release 0.3, with a fraction that nobody can be paid
                self._settle(parked(effect, _cannot_be_paid(self._credit(effect), error)))
                continue
            planned.append(Planned(effect, intent, read))
        return planned

    def _credit(self, effect: Leased) -> Credit:
        return _credit(self._return(effect))

    def _read(self, effect: Leased) -> ReadResult[list[bp.CustomerPayment]]:
        """Every payment on the credit, on its order, and on credits that this one was made in the place of."""
        instance = self._return(effect)
        numbers = {self._credit(effect).id, *_former(instance), *([instance.order_id] if instance.order_id else [])}
        return joined(self.payments[number] for number in sorted(numbers))

    def _stopped_by_the_credit(self, effect: Leased) -> Outcome | None:
        """How the effect ends by what became of its credit; None while the credit is what it was when it was made."""
        instance, number, now = self._return(effect), self._credit(effect).id, self.at.clock.now()
        credit = self.credits.items.get(number)
        if credit is None and number in self.credits.gone:
            found: Trouble | None = vanished(instance, "credit", number, CreateSalesCredit)
        elif credit is None:
            missing = self.credits.unread.get(number, f"credit {number} was not read")
            return incomplete(effect, instance, missing, now=now)
        elif missing := unfinished(credit, now, is_ours=True):
            return incomplete(effect, instance, missing, now=now)
        else:
            found = about_own_credit(instance, credit)
        return parked(effect, found, keep_intent=effect.intent is not None) if found is not None else None

    def _settled_by(self, effect: Leased, read: ReadResult[list[bp.CustomerPayment]]) -> Outcome | None:
        """How the effect ends by what is recorded; None when, by a complete read, nothing is."""
        instance, credit, now = self._return(effect), self._credit(effect), self.at.clock.now()
        if isinstance(read, Partial):
            return incomplete(effect, instance, read.missing, now=now)
        verdict = about_refunds(instance, recorded(read.value, credit.id), reference=effect.key)
        if isinstance(verdict, Trouble):
            return unsettled(effect, instance, verdict, now=now)
        if verdict is None:
            return None
        row = next(payment for payment in read.value if payment.id == verdict.payment_id)
        found = Payment(row.id, row.reference, verdict.amount, credit.currency, row.method)
        return done(effect, PaymentRecorded(payment=found), payment_id=row.id)

    def _search(self, effect: Leased, read: ReadResult[list[bp.CustomerPayment]]) -> Search:
        """How a lost payment is looked for. That its key is held was documented, never observed (sheet 9.1)."""
        settings = self.at.settings.brightpearl
        facts = {
            "credit_id": self._credit(effect).id, "payments_seen": [payment.id for payment in read.value],
            "looked_at": "customer-payment-search by credit and by order",
        }  # fmt: skip
        return Search(
            "The refund record", "payment_id", self.at.lag.patience("payment", settings), settings.search_lag_seconds,
            "payment" in (settings.keys_held or ()), facts,
        )  # fmt: skip

    def _method(self, effect: Leased, account: bp.Account, maps: CreditMap) -> str | Trouble:
        """Policy first; else what the order was paid with, as mapped; else the account's only active method."""
        instance = self._return(effect)
        policy = self.at.settings.policy.of_method(instance.units[0].dropoff_method)
        if any(maps.refund_kind(unit.refund_type) == "store-credit" for unit in instance.units):
            named = policy.store_credit_payment_method
        else:
            named = policy.refund_payment_method
        if named:
            return named
        receipts = self.payments[instance.order_id].value if instance.order_id is not None else []
        paid = [(payment.method, payment.amount) for payment in receipts if payment.is_receipt and payment.method]
        active = [code for code, is_active in account.payment_methods.items() if is_active]
        return method_of(
            instance, paid, maps.refund_methods, default=DEFAULT, active=active,
            takes_largest=policy.on_mixed_payment == "largest",
        )  # fmt: skip

    def _body(self, effect: Leased, method: str, account: bp.Account) -> dict[str, Any]:
        instance, credit = self._return(effect), self._credit(effect)
        paid_at = self.at.clock.now().astimezone(account.zone)
        if account.locked_until is not None and paid_at.date() <= account.locked_until:
            paid_at += timedelta(days=(account.locked_until - paid_at.date()).days + 1)
        return bodies.payment_body(
            transaction_ref=effect.key, method=method, credit_id=credit.id,
            amount=Money(credit.net + credit.tax, credit.currency), paid_at=paid_at, exchange_rate=_rate(credit),
            journal_ref=f"Refund {instance.express_code or instance.order_number}",
        )  # fmt: skip

    def write(self, planned: Planned) -> Write:
        assert isinstance(planned.permit, Complete), f"effect {planned.effect.id}: nothing permits this refund"
        return self.at.brightpearl.record_payment(
            str(planned.effect.id), planned.intent["body"], without=planned.permit
        )

    async def conclude(self, sent: list[Planned]) -> None:
        if not sent:
            return
        answered_at = self.at.clock.monotonic()
        try:
            after = await self.at.brightpearl.payments_of({self._credit(each.effect).id for each in sent})
        except HomewardError:
            after = {}
        for each in sent:
            read = after.get(self._credit(each.effect).id)
            settled = self._settled_by(each.effect, read) if isinstance(read, Complete) else None
            answer = self.answers[each.effect.id]
            self._measure(each.effect, answer, answered_at, is_shown=settled is not None)
            self._settle(settled or self._unseen(each.effect, answer))

    def _measure(self, effect: Leased, answer: Answer | HomewardError, at: timedelta, *, is_shown: bool) -> None:
        payment_id, now = _number(answer), self.at.clock.monotonic()
        if payment_id is None:
            return
        if is_shown:
            self.at.lag.shown("payment", at, now)
        else:
            self.at.lag.wait_for("payment", Awaited(payment_id, self._credit(effect).id, at), now)

    def _unseen(self, effect: Leased, answer: Answer | HomewardError) -> Outcome:
        """Sent, and not to be seen: what its answer says of that."""
        now, was_sent_before = self.at.clock.now(), effect.intent is not None
        if isinstance(answer, Answer):
            payment_id = _number(answer)
            named = {"payment_id": payment_id} if payment_id is not None else {}
            return look_again(effect, "not to be seen yet", until=now + timedelta(seconds=1), looks=0, **named)
        if isinstance(answer, OutcomeUnknownError):
            return look_again(effect, str(answer), until=now, looks=0)
        if isinstance(answer, RejectedError) and not isinstance(answer, NotPermittedError):
            if not was_sent_before:
                credit_id = self._credit(effect).id
                return refused(effect, "payment-refused", answer, credit_id=credit_id, transaction_ref=effect.key)
            # Refusing the repeat may mean that the first one was taken: never guess.
            facts = {"effect": effect.kind, "message": str(answer)}
            lost = never_seen(effect.key, "The refund record", facts)
            return unsettled(effect, self._return(effect), lost.trouble, now=now)
        if was_sent_before:
            return look_again(effect, str(answer), until=now + timedelta(seconds=10), looks=0)
        return again(effect, answer, now=now)


def recorded(payments: Iterable[bp.CustomerPayment], credit_id: int) -> list[Recorded]:
    """Payments to the customer as the decision takes them, and what was taken back of those on the credit."""
    return [
        Recorded(p.id, p.order_id, p.amount, p.currency, p.reference, p.created_at, is_taken_back=not p.is_refund)
        for p in payments
        if p.is_refund or (p.is_receipt and p.order_id == credit_id)
    ]


def _number(answer: Answer | HomewardError) -> int | None:
    """The id that was answered, if any."""
    return wire.answered_id(answer.response) if isinstance(answer, Answer) else None


def _held_back(effects: Iterable[Leased], returns: dict[int, Return], now: datetime) -> dict[int, Outcome]:
    """No money moves while another credit stands for the same goods; when that is settled the legs are asked for again.

    What was sent before is looked for meanwhile.
    """
    why = "others changed our credit, or one stands beside it"
    held: dict[int, Outcome] = {}
    for effect in effects:
        stands = returns[effect.return_id].trouble
        if stands is None or stands.cause not in OF_OTHER_CREDITS:
            continue
        if effect.intent is None:
            held[effect.id] = Outcome(Settlement(effect, "parked", {"why": why}))
        else:
            held[effect.id] = still_looked_for(effect, why, now=now)
    return held


def _credit(instance: Return) -> Credit:
    assert instance.credit is not None, f"return {instance.id} has an effect that needs a credit, but none"
    return instance.credit


def _former(instance: Return) -> set[int]:
    return {former.id for former in instance.former_credits}


def _cannot_be_paid(credit: Credit, error: MoneyError) -> Trouble:
    sums = {"credit_id": credit.id, "net": str(credit.net), "tax": str(credit.tax)}
    return trouble("payment-refused", f"Credit {credit.id} cannot be refunded as it stands: {error}.", sums)


def _rate(credit: Credit) -> str:
    return next((str(row["exchange_rate"]) for row in credit.rows if row.get("exchange_rate")), "1.0")


class CloseWave(Wave):
    """Credits to close. A close is asked for once; `pending` is waited for, then asked again."""

    async def plan(self) -> list[Planned]:
        account = await self.at.account(self.at.clock.now())
        held = _held_back(self._open(), self.returns, self.at.clock.now())
        looked = {self._credit(effect).id for effect in self._open() if _must_look(effect)}
        states = await self.at.brightpearl.order_states(looked)
        planned: list[Planned] = []
        for effect in self._open():
            credit = self._credit(effect)
            if _must_look(effect):
                finished = self._judge(effect, credit, states)
                if finished is not None:
                    self._settle(finished)
                    continue
            if effect.id in held:
                self._settle(held[effect.id])
                continue
            today = self.at.clock.now().astimezone(account.zone).date()
            tax_date = None
            if account.locked_until is not None and today <= account.locked_until:
                tax_date = bodies.local_midnight(account.locked_until + timedelta(days=1), account.zone)
            closes = int((effect.result or {}).get("closes", 0)) + 1
            intent = {"credit_id": credit.id, "tax_date": tax_date, "closes": closes}
            planned.append(Planned(effect, intent, Repeatable("an invoiced credit refuses it: Brightpearl sheet 6.4")))
        return planned

    def _credit(self, effect: Leased) -> Credit:
        return _credit(self._return(effect))

    def write(self, planned: Planned) -> Write:
        intent = planned.intent
        return self.at.brightpearl.close_credit(str(planned.effect.id), intent["credit_id"], intent["tax_date"])

    def _judge(self, effect: Leased, credit: Credit, states: ById[bp.OrderState]) -> Outcome | None:
        """What needs no close (any more); None when one must be sent. Source: Brightpearl sheet 6.4."""
        if (missing := states.unread.get(credit.id)) is not None:
            return incomplete(effect, self._return(effect), missing, now=self.at.clock.now())
        state = states.items.get(credit.id)
        if state is None:
            lost = vanished(self._return(effect), "credit", credit.id, CreateSalesCredit)
            return unsettled(effect, self._return(effect), lost, now=self.at.clock.now())
        if state.invoice_reference and state.invoice_reference != "pending":
            event = CreditClosed(invoice_reference=state.invoice_reference)
            return done(effect, event, invoice_reference=state.invoice_reference)
        if state.invoice_reference == "pending":
            closes = int((effect.result or {}).get("closes", 0))
            asked_at = effect.sent_at or effect.created_at
            if self.at.clock.now() - asked_at < timedelta(minutes=self.at.settings.brightpearl.pending_close_minutes):
                return _pending(self.at, effect, closes)
            if closes >= CLOSE_AGAIN_MAX:
                facts = {"credit_id": credit.id, "closes": closes}
                explanation = f"Credit {credit.id} stays 'pending' after {closes} closes."
                return parked(effect, trouble("close-stuck", explanation, facts), keep_intent=True)
        return None

    async def conclude(self, sent: list[Planned]) -> None:
        if not sent:
            return
        # A close that was taken is looked at some seconds later, when accounting has had the time for it (sheet 6.4).
        doubtful = {e.intent["credit_id"] for e in sent if not isinstance(self.answers[e.effect.id], Answer)}
        try:
            after = (await self.at.brightpearl.order_states(doubtful)).items if doubtful else {}
        except HomewardError:
            after = {}
        for each in sent:
            credit, answer = self._credit(each.effect), self.answers[each.effect.id]
            state, closes = after.get(credit.id), each.intent["closes"]
            self._settle(_closed_or_not(self.at, each.effect, credit, answer, state, closes))


def _must_look(effect: Leased) -> bool:
    """At the first attempt nothing is to be seen that the close itself would not answer: a closed credit refuses it."""
    return effect.intent is not None or effect.attempts > 1


def _pending(at: Workplace, effect: Leased, closes: int) -> Outcome:
    pause = Backoff(first=timedelta(seconds=5), cap=timedelta(minutes=2)).after(effect.attempts)
    return waits(effect, "the invoice is pending in Brightpearl", until=at.clock.now() + pause, closes=closes)


def _closed_or_not(
    at: Workplace, effect: Leased, credit: Credit, answer: Answer | HomewardError, state: bp.OrderState | None,
    closes: int,
) -> Outcome:  # fmt: skip
    if state is not None and state.invoice_reference not in ("", "pending"):
        event = CreditClosed(invoice_reference=state.invoice_reference)
        return done(effect, event, invoice_reference=state.invoice_reference)
    if isinstance(answer, RejectedError) and not isinstance(answer, NotPermittedError):
        if state is None:  # it may be invoiced already, which refuses a close: look once more before a person is asked
            return waits(effect, str(answer), until=at.clock.now() + timedelta(seconds=2), closes=closes - 1)
        if state.invoice_reference == "pending":
            return _pending(at, effect, closes)
        return refused(effect, "close-refused", answer, credit_id=credit.id)
    if isinstance(answer, Answer | OutcomeUnknownError):
        return _pending(at, effect, closes)
    return again(effect, answer, now=at.clock.now())
