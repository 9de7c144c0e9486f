"""Record refunds and close credits: look first, send, read back. All reads batched over the wave."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from daemon.clients import brightpearl_bodies as bodies
from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl import Write, payment_matches, refund_method
from daemon.clients.brightpearl_transport import Answer
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.outcome import (
    Outcome,
    again,
    done,
    look_again,
    parked,
    refused,
    trouble,
    unseen,
    waits,
)
from daemon.loops.wave import Planned, Wave
from daemon.loops.workplace import Backoff, Workplace
from daemon.store.outbox import Leased, Settlement
from statemachine.causes import OF_OTHER_CREDITS
from statemachine.credit.case import refund_kind
from statemachine.credit.edges import never_seen
from statemachine.credit.maps import DEFAULT, CreditMap
from statemachine.events import CreditClosed, PaymentRecorded
from statemachine.units import Credit, Payment, Return

CLOSE_AGAIN_MAX = 5  # a credit that stays pending through this many closes needs a person


class RefundWave(Wave):
    """Refunds to record: at most two batched searches and one write each."""

    async def plan(self) -> list[Planned]:
        account, maps = await self.at.account(self.at.clock.now()), await self.at.maps()
        self.outcomes |= _held_back(self.effects, self.returns)
        credit_ids = {self._credit(effect).id for effect in self.effects}
        parents = {order_id for effect in self.effects if (order_id := self._return(effect).order_id)}
        rows = await self.at.brightpearl.payments_of(credit_ids | parents)
        planned: list[Planned] = []
        for effect in self._open():
            instance, credit = self._return(effect), self._credit(effect)
            found = _found_payment(effect, credit, rows)
            if found is None and effect.intent is not None:
                lags = self.at.settings.brightpearl.search_lag_seconds
                found = unseen(effect, "The refund record", "payment_id", lags=lags, now=self.at.clock.now())
            if found is not None:
                self._settle(found)
                continue
            method = _method(self.at, instance, rows, account, maps)
            if method is None:
                facts = {"order_id": instance.order_id, "credit_id": credit.id}
                explanation = "No refund method is set, and the order carries no receipt that would name one."
                self._settle(parked(effect, trouble("refund-method-unknown", explanation, facts)))
                continue
            planned.append((effect, effect.intent or {"body": self._body(effect, method, account)}))
        return planned

    def _credit(self, effect: Leased) -> Credit:
        return _credit(self._return(effect))

    def _body(self, effect: Leased, method: str, account: bp.Account) -> dict[str, Any]:
        instance, credit = self._return(effect), self._credit(effect)
        paid_at = self.at.clock.now().astimezone(account.zone)
        if account.locked_until is not None and paid_at.date() <= account.locked_until:
            paid_at += timedelta(days=(account.locked_until - paid_at.date()).days + 1)
        return bodies.payment_body(
            transaction_ref=effect.key, method=method, credit_id=credit.id, currency=credit.currency,
            amount=credit.net + credit.tax, paid_at=paid_at, exchange_rate=_rate(credit),
            journal_ref=f"Refund {instance.express_code or instance.order_number}",
        )  # fmt: skip

    def write(self, effect: Leased, intent: dict[str, Any]) -> Write:
        return self.at.brightpearl.record_payment(str(effect.id), intent["body"])

    async def conclude(self, sent: list[Planned]) -> None:
        if not sent:
            return
        after = await _payments_after(self.at, {self._credit(effect).id for effect, _ in sent})
        for effect, _ in sent:
            self._settle(_judge_payment(self.at, effect, self._credit(effect), self.answers[effect.id], after))


def _held_back(effects: list[Leased], returns: dict[int, Return]) -> dict[int, Outcome]:
    """No money moves while another credit stands for the same goods; when that is settled the legs are asked for again."""
    return {
        effect.id: Outcome(Settlement(effect, "parked", {"why": "another credit stands beside ours"}))
        for effect in effects
        if (found := returns[effect.return_id].trouble) is not None and found.cause in OF_OTHER_CREDITS
    }


def _credit(instance: Return) -> Credit:
    assert instance.credit is not None, f"return {instance.id} has an effect that needs a credit, but none"
    return instance.credit


def _rate(credit: Credit) -> str:
    return next((str(row["exchange_rate"]) for row in credit.rows if row.get("exchange_rate")), "1.0")


def _method(
    at: Workplace, instance: Return, rows: list[dict[str, Any]], account: bp.Account, maps: CreditMap
) -> str | None:
    """Policy first; else what the order was paid with, as mapped; else the account's only active method."""
    policy = at.settings.policy.of_method(instance.units[0].dropoff_method)
    if any(refund_kind(unit.refund_type) == "store-credit" for unit in instance.units):
        return policy.store_credit_payment_method
    if policy.refund_payment_method:
        return policy.refund_payment_method
    paid_with = refund_method(rows, instance.order_id) if instance.order_id else None
    mapped = maps.refund_methods.get(paid_with or "") or maps.refund_methods.get(DEFAULT)
    if mapped or paid_with:
        return mapped or paid_with
    active = [code for code, is_active in account.payment_methods.items() if is_active]
    return active[0] if len(active) == 1 else None


def _found_payment(effect: Leased, credit: Credit, rows: list[dict[str, Any]]) -> Outcome | None:
    """A payment that exists already: ours from an earlier attempt, or somebody's own of the same sum."""
    on_credit = [r for r in rows if str(r.get("orderId")) == str(credit.id) and r.get("paymentType") == "PAYMENT"]
    for row in on_credit:
        if payment_matches(row, credit_id=credit.id, transaction_ref=effect.key):
            return _paid(effect, credit, row)
    if not on_credit:
        return None
    total = sum((Decimal(str(row.get("amountPaid") or 0)) for row in on_credit), Decimal(0))
    if total == credit.net + credit.tax:
        return _paid(effect, credit, on_credit[0])
    facts = {"credit_id": credit.id, "found": str(total), "due": str(credit.net + credit.tax)}
    explanation = f"Somebody recorded {total} on credit {credit.id}; due were {credit.net + credit.tax}."
    return parked(effect, trouble("payment-refused", explanation, facts))


def _paid(effect: Leased, credit: Credit, row: dict[str, Any]) -> Outcome:
    payment = Payment(
        int(row["paymentId"]), str(row.get("transactionRef") or ""), credit.net + credit.tax, credit.currency,
        str(row.get("paymentMethodCode") or ""),
    )  # fmt: skip
    return done(effect, PaymentRecorded(payment=payment), payment_id=payment.id)


async def _payments_after(at: Workplace, credit_ids: set[int]) -> list[dict[str, Any]] | None:
    try:
        return await at.brightpearl.payments_of(credit_ids)
    except HomewardError:
        return None


def _judge_payment(
    at: Workplace, effect: Leased, credit: Credit, answer: Answer | HomewardError, after: list[dict[str, Any]] | None
) -> Outcome:
    now = at.clock.now()
    found = _found_payment(effect, credit, after) if after is not None else None
    if found is not None:
        return found
    if isinstance(answer, Answer):
        told = answer.response
        known = {"payment_id": int(told)} if isinstance(told, int | str) and str(told).isdigit() else {}
        return look_again(effect, "not to be seen yet", until=now + timedelta(seconds=1), looks=0, **known)
    if isinstance(answer, OutcomeUnknownError):
        return look_again(effect, str(answer), until=now, looks=0)
    was_sent_before = effect.intent is not None
    if isinstance(answer, RejectedError) and not isinstance(answer, NotPermittedError):
        if was_sent_before:  # refusing the repeat may mean that the first one was taken: never guess
            lost = never_seen(effect.key, "The refund record", {"message": str(answer)})
            return parked(effect, lost.trouble, keep_intent=True)
        return refused(effect, "payment-refused", answer, credit_id=credit.id, transaction_ref=effect.key)
    if was_sent_before:
        return look_again(effect, str(answer), until=now + timedelta(seconds=10), looks=99)
    return again(effect, answer, now=now)


class CloseWave(Wave):
    """Credits to close. A close is asked for once; `pending` is waited for, then asked again."""

    async def plan(self) -> list[Planned]:
        account = await self.at.account(self.at.clock.now())
        self.outcomes |= _held_back(self.effects, self.returns)
        states = await self.at.brightpearl.order_states({self._credit(e).id for e in self._open() if _must_look(e)})
        planned: list[Planned] = []
        for effect in self._open():
            credit = self._credit(effect)
            if _must_look(effect):
                finished = _judge_close(self.at, effect, credit, states.get(credit.id))
                if finished is not None:
                    self._settle(finished)
                    continue
            today = self.at.clock.now().astimezone(account.zone).date()
            tax_date = None
            if account.locked_until is not None and today <= account.locked_until:
                tax_date = bodies.local_midnight(account.locked_until + timedelta(days=1), account.zone)
            closes = int((effect.result or {}).get("closes", 0)) + 1
            planned.append((effect, {"credit_id": credit.id, "tax_date": tax_date, "closes": closes}))
        return planned

    def _credit(self, effect: Leased) -> Credit:
        return _credit(self._return(effect))

    def write(self, effect: Leased, intent: dict[str, Any]) -> Write:
        return self.at.brightpearl.close_credit(str(effect.id), intent["credit_id"], intent["tax_date"])

    async def conclude(self, sent: list[Planned]) -> None:
        if not sent:
            return
        # A close that was taken is looked at some seconds later, when accounting has had the time for it (sheet 6.4).
        doubtful = {i["credit_id"] for effect, i in sent if not isinstance(self.answers[effect.id], Answer)}
        after = await _states_after(self.at, doubtful)
        for effect, intent in sent:
            credit, answer = self._credit(effect), self.answers[effect.id]
            state = after.get(credit.id)
            self._settle(_closed_or_not(self.at, effect, credit, answer, state, intent["closes"]))


def _must_look(effect: Leased) -> bool:
    """At the first attempt nothing is to be seen that the close itself would not answer: a closed credit refuses it."""
    return effect.intent is not None or effect.attempts > 1


async def _states_after(at: Workplace, ids: set[int]) -> dict[int, bp.OrderState]:
    if not ids:
        return {}
    try:
        return await at.brightpearl.order_states(ids)
    except HomewardError:
        return {}


def _judge_close(at: Workplace, effect: Leased, credit: Credit, state: bp.OrderState | None) -> Outcome | None:
    """What needs no close (any more); None when one must be sent. Source: Brightpearl sheet 6.4."""
    if state is None:
        facts = {"credit_id": credit.id}
        return parked(effect, trouble("credit-differs", f"Credit {credit.id} is no longer in Brightpearl.", facts))
    if state.invoice_reference and state.invoice_reference != "pending":
        event = CreditClosed(invoice_reference=state.invoice_reference)
        return done(effect, event, invoice_reference=state.invoice_reference)
    if state.invoice_reference == "pending":
        closes = int((effect.result or {}).get("closes", 0))
        asked_at = effect.sent_at or effect.created_at
        if at.clock.now() - asked_at < timedelta(minutes=at.settings.brightpearl.pending_close_minutes):
            return _pending(at, effect, closes)
        if closes >= CLOSE_AGAIN_MAX:
            facts = {"credit_id": credit.id, "closes": closes}
            explanation = f"Credit {credit.id} stays 'pending' after {closes} closes."
            return parked(effect, trouble("close-stuck", explanation, facts), keep_intent=True)
    return None


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
        if state is not None and state.invoice_reference == "pending":
            return _pending(at, effect, closes)
        return refused(effect, "close-refused", answer, credit_id=credit.id)
    if isinstance(answer, Answer | OutcomeUnknownError):
        return _pending(at, effect, closes)
    return again(effect, answer, now=at.clock.now())
