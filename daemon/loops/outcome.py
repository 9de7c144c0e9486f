"""How one attempt at an effect ended, and the event that tells the machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.errors import HomewardError, NotPermittedError, RejectedError, TransientError
from daemon.loops.workplace import Backoff, spread_of
from daemon.store.outbox import Beside, Leased, Settlement
from statemachine.causes import CAUSES
from statemachine.credit.edges import never_seen
from statemachine.credit.watching import order_fact
from statemachine.effects import CloseCredit, CreateSalesCredit, Effect, MarkCredit, ReceiveStock, RecordRefund
from statemachine.events import CreditWaits, Event, Troubled
from statemachine.states import State
from statemachine.units import Return, Trouble

NOT_PERMITTED_PAUSE = timedelta(minutes=5)  # what our token may not do parks no return: it is tried again this often


@dataclass(frozen=True, slots=True)
class Outcome:
    settlement: Settlement
    event: Event | None = None

    @property
    def event_as_sent(self) -> Event | None:
        """The event with whether the attempt left something in Brightpearl that may stand there."""
        if isinstance(self.event, Troubled) and not self.settlement.forget_intent:
            return replace(self.event, is_sent=True)
        return self.event


def done(effect: Leased, event: Event | None, **detail: Any) -> Outcome:
    return Outcome(Settlement(effect, "done", detail, result=detail or None), event)


def judged_anew(effect: Leased, *, now: datetime) -> Outcome:
    """Not sent: its return changed since it was judged, by a person's word or its own."""
    why = {"why": "the return changed while this was about to be sent"}
    return Outcome(Settlement(effect, "again", why, due_at=now, is_counted=False))


def waits(
    effect: Leased, why: str, *, until: datetime, event: Event | None = None, forget_intent: bool = False, **known: Any
) -> Outcome:
    """A named fact is missing; nothing was sent, or what was sent is known to be there (`known`)."""
    told = Settlement(effect, "waits", {"why": why}, due_at=until, forget_intent=forget_intent, result=known or None)
    return Outcome(told, event)


def look_again(effect: Leased, why: str, *, until: datetime, looks: int, **known: Any) -> Outcome:
    """It may have been done: look at the given time before anything is repeated.

    `known` is what the other side told already, for example the id it answered: with that nothing is ever repeated.
    """
    result = {"looks": looks, **known}
    return Outcome(Settlement(effect, "unknown", {"why": why, **result}, due_at=until, result=result))


@dataclass(frozen=True, slots=True)
class Search:
    """How a write is looked for whose answer was lost, or that was answered and is not shown."""

    what: str
    """What was written, as people call it: The credit."""
    answered_as: str
    """Where an effect's result keeps the number that the other side answered; empty where no number settles it alone."""
    patience: timedelta
    """How long it is looked for before it counts as not found: longer than the search index lags."""
    first_looks: tuple[int, ...]
    """Seconds before each of the first looks."""
    may_repeat: bool
    """Whether the other side is known to hold the key, so that a second write of it changes nothing."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was looked at, for the person who is asked."""


def look_for(
    effect: Leased, instance: Return, search: Search, *, now: datetime, order_id: int | None = None
) -> Outcome | None:
    """Sent before and not found by a complete read: the next look, or a person; None when it may be sent again.

    What the other side answered with a number is never sent again. A person is asked once it was looked for long enough,
    and it is still looked for meanwhile: what turns up late ends the question by itself.
    """
    result = effect.result or {}
    looks, answered = int(result.get("looks", 0)), result.get(search.answered_as)
    waited = now - (effect.sent_at or effect.created_at)
    known = {search.answered_as: answered} if answered is not None else {}
    if waited < search.patience:
        wait = _next_look(looks, search, waited)
        why = f"{search.what} {'was named but is not shown yet' if known else 'may exist; the search index may lag'}"
        return look_again(effect, why, until=now + wait, looks=looks + 1, **known)
    if answered is None and search.may_repeat:
        return None
    facts = {
        "effect": effect.kind, "sent_at": (effect.sent_at or effect.created_at).isoformat(), "looks": looks,
        "looked_for_minutes": int(waited.total_seconds() // 60), "key_is_held": search.may_repeat, **known, **search.facts,
    }  # fmt: skip
    return _ask_person(
        effect, instance, never_seen(effect.key, search.what, facts, order_id=order_id).trouble, now=now, looks=looks + 1,
        order_id=order_id, **known,
    )  # fmt: skip


def _next_look(looks: int, search: Search, waited: timedelta) -> timedelta:
    """Soon at first, then at growing distances, the last one when patience ends."""
    if looks < len(search.first_looks):
        return timedelta(seconds=search.first_looks[looks])
    rest = max(search.patience - waited, timedelta(seconds=1))
    return min(Backoff(first=timedelta(seconds=15), cap=timedelta(minutes=2)).after(looks), rest)


LOOKED_FOR_STILL = Backoff(first=timedelta(minutes=5), cap=timedelta(hours=6))


def _ask_person(
    effect: Leased, instance: Return, found: Trouble, *, now: datetime, looks: int, order_id: int | None = None, **known: Any
) -> Outcome:  # fmt: skip
    """The return becomes an exception, told once; the effect stays open and is looked at less and less often."""
    result = {"looks": looks, **known}
    detail = {"why": found.explanation, "cause": found.cause, "evidence": found.evidence, **result}
    until = now + LOOKED_FOR_STILL.after(max(looks - 8, 1), spread=spread_of(effect.key))
    current = instance.trouble
    is_same_cause = current is not None and current.cause == found.cause
    is_known = current is not None and is_same_cause and current.evidence.get("effect") == found.evidence.get("effect")
    # Told before: it stands, or another trouble took its place and goes first, or a person ended the return knowing of it.
    is_stopped = current is not None or instance.state is State.CLOSED
    was_told = is_stopped and (effect.result or {}).get("told") == found.cause
    event = None if is_known or was_told else Troubled(found, order_id)
    result["told"] = found.cause
    return Outcome(Settlement(effect, "unknown", detail, due_at=until, result=result), event)


INCOMPLETE_PAUSE = Backoff(first=timedelta(seconds=1), cap=timedelta(minutes=5))
INCOMPLETE_SHARE = 12  # the pause grows to that part of the time it has gone on: to five minutes in an hour
INCOMPLETE_CAP = timedelta(minutes=30)
INCOMPLETE_NAMED = 3  # answers that left something out, in a row, before the wait is given its name
INCOMPLETE_STUCK = timedelta(minutes=15)  # a leg of a credit that exists: then a person is told


def incomplete(
    effect: Leased, instance: Return, missing: str, *, now: datetime, order_id: int | None = None
) -> Outcome:
    """An answer left something out, so nothing may be concluded from what it does not show: read again, in seconds.

    A credit waits under a name of its own from the third time on; another leg becomes an exception when it goes on.
    """
    before = (effect.result or {}).get("incomplete") or {}
    if before.get("attempt") != effect.attempts - 1:  # another attempt had a whole answer
        before = {}
    tries = int(before.get("tries", 0)) + 1
    since = min(datetime.fromisoformat(before["since"]), now) if before else now  # a clock may have been ahead
    kept = {"incomplete": {"tries": tries, "since": since.isoformat(), "attempt": effect.attempts}}
    pause = INCOMPLETE_PAUSE.after(tries, spread=spread_of((effect.key, tries)))
    until = now + max(pause, min((now - since) / INCOMPLETE_SHARE, INCOMPLETE_CAP))
    settlement = Settlement(effect, "waits", {"why": missing, **kept}, due_at=until, result=kept)
    order_id = order_id or instance.order_id
    watches = (order_fact(order_id),) if order_id is not None else ()
    if effect.kind == CreateSalesCredit.kind:
        is_new = instance.state is State.CREDIT_PENDING and instance.wait_cause != "evidence-incomplete"
        named = CreditWaits(
            f"a complete answer of Brightpearl: {missing}"[:500], order_id, "evidence-incomplete", watches
        )
        return Outcome(settlement, named if is_new and tries >= INCOMPLETE_NAMED else None)
    if now - since < INCOMPLETE_STUCK or instance.trouble is not None:
        return Outcome(settlement)
    facts = {"effect": effect.kind, "missing": missing, "since": since.isoformat(), "tries": tries}
    explanation = f"Brightpearl's answers have left something out since {since:%H:%M} UTC: {missing}"[:500]
    return Outcome(settlement, Troubled(trouble("evidence-incomplete", explanation, facts, watches=watches)))


def unsettled(effect: Leased, instance: Return, found: Trouble, *, now: datetime) -> Outcome:
    """Stopped with a cause that can pass by itself: an exception, and still looked at."""
    before = int((effect.result or {}).get("looks", 0))
    return _ask_person(effect, instance, found, now=now, looks=before + 1)


def again(effect: Leased, error: HomewardError, *, now: datetime) -> Outcome:
    """Certainly nothing was done; try again later, deciding afresh.

    What our token may not do is no attempt of the effect's own: it waits, and uses none up.
    """
    pause = Backoff().after(effect.attempts, spread=spread_of(effect.key))
    if isinstance(error, NotPermittedError):
        pause = NOT_PERMITTED_PAUSE
    elif isinstance(error, TransientError) and error.retry_after_seconds is not None:
        pause = timedelta(seconds=error.retry_after_seconds)
    is_own = not isinstance(error, NotPermittedError)
    detail = {"why": str(error)}
    return Outcome(Settlement(effect, "again", detail, due_at=now + pause, forget_intent=True, is_counted=is_own))


def parked(
    effect: Leased, trouble: Trouble, *, keep_intent: bool = False, order_id: int | None = None, map_version: str = "",
    **known: Any,
) -> Outcome:  # fmt: skip
    """Stopped with a cause: the return becomes an exception, and the effect rests until it is asked for again.

    `known` is what the other side told already, as in `look_again`.
    """
    detail = {"why": trouble.explanation, "cause": trouble.cause, "evidence": trouble.evidence}
    stopped = Settlement(effect, "parked", detail, forget_intent=not keep_intent, result=known or None)
    return Outcome(stopped, Troubled(trouble, order_id, map_version))


def behind(effect: Leased, instance: Return, other: Beside, *, now: datetime) -> Outcome:
    """Another effect of this return may have done the same: wait for it, or ask a person where nobody looks for it."""
    if not other.is_resting:
        why = f"{other.key} was sent for this return, and it is not known yet what became of it"
        return waits(effect, why, until=now + Backoff(cap=timedelta(minutes=5)).after(effect.attempts))
    facts = {"effect": effect.kind, "sent_before": other.key}
    found = never_seen(other.key, f"What was asked for under {other.key}", facts)
    return unsettled(effect, instance, found.trouble, now=now)


def still_looked_for(effect: Leased, why: str, *, now: datetime) -> Outcome:
    """Nothing is sent while the return stands, but what was sent before may exist: less and less often it is looked for."""
    looks = int((effect.result or {}).get("looks", 0)) + 1
    until = now + LOOKED_FOR_STILL.after(max(looks - 8, 1), spread=spread_of(effect.key))
    return look_again(
        effect, f"{why}; what was sent before may exist, and is looked for still", until=until, looks=looks
    )


LOOKED_FOR_ENDED = timedelta(days=2)  # a day more than the search index is trusted to lag


def withheld(effect: Leased, instance: Return, *, now: datetime) -> Outcome:
    """A person stopped the return. What was not sent is not begun; what was sent is looked for, and is not sent again.

    What still is not found when the return was ended long ago is a question for a person, asked once.
    """
    if effect.intent is None:
        return Outcome(Settlement(effect, "withheld", {"why": "a person stopped the return"}))
    result, sent_at = effect.result or {}, effect.sent_at or effect.created_at
    if instance.is_held or now - sent_at < LOOKED_FOR_ENDED:
        return still_looked_for(effect, "a person stopped the return", now=now)
    if "told" in result:
        return Outcome(Settlement(effect, "parked", {"why": "never found; a person who knew of it ended the return"}))
    facts = {"effect": effect.kind, "sent_at": sent_at.isoformat(), "looks": int(result.get("looks", 0)) + 1}
    lost = never_seen(effect.key, "What was asked for before this return was ended", facts)
    return unsettled(effect, instance, lost.trouble, now=now)


OBSERVED_AGAIN = timedelta(hours=6)  # what is only observed is judged again so often, in case it was settled elsewhere


def observed(effect: Leased, intent: dict[str, Any], *, now: datetime) -> Outcome:
    """Everything is decided and nothing was sent, since writes are held: what would have been."""
    told = {"why": f"observed: would {would(effect.kind, intent)}", "would": intent}
    return Outcome(Settlement(effect, "observed", told, due_at=now + OBSERVED_AGAIN))


def would(kind: str, intent: dict[str, Any]) -> str:
    """What sending this intent would do, in words."""
    match kind:
        case CreateSalesCredit.kind:
            worth = Decimal(intent["net"]) + Decimal(intent["tax"])
            return f"credit {worth} {intent['currency']} against order {intent['order_id']}"
        case RecordRefund.kind:
            return f"record a refund of {intent['body']['amountPaid']} {intent['body']['currencyIsoCode']}"
        case ReceiveStock.kind:
            count = sum(int(line["quantity"]) for note in intent["notes"] for line in note["body"]["goodsMoved"])
            return f"receive {count} unit(s) of stock"
        case CloseCredit.kind:
            return "close the credit with an invoice"
        case MarkCredit.kind:
            return "mark the credit with its status and note"
        case _:
            return f"{kind.replace('-', ' ')}"


def refused(effect: Leased, cause: str, error: RejectedError, **evidence: Any) -> Outcome:
    facts = {"status": error.status, "code": error.code, "message": str(error), **evidence}
    return parked(effect, trouble(cause, f"Brightpearl refused: {error}", facts))


def trouble(
    cause: str, explanation: str, evidence: dict[str, Any], *, key: str = "", watches: tuple[str, ...] = ()
) -> Trouble:
    return Trouble(cause, CAUSES[cause].owner, explanation, evidence, key, watches)


def vanished(instance: Return, what: str, number: int, effect: type[Effect]) -> Trouble:
    """Brightpearl acknowledged and showed it, and knows nothing of it any more."""
    assert instance.credit is not None, f"return {instance.id} has nothing in Brightpearl that could vanish"
    credit = instance.credit
    facts = {
        "effect": effect.kind, "what": what, "number": number, "credit_id": credit.id,
        "external_ref": credit.external_ref, "net": str(credit.net), "tax": str(credit.tax), "currency": credit.currency,
    }  # fmt: skip
    explanation = f"The {what} {number} was read back when it was made, and is no longer in Brightpearl."
    return trouble("record-vanished", explanation, facts, key=f"credit={credit.id}")
