"""How one attempt at an effect ended, and the event that tells the machine."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.errors import HomewardError, NotPermittedError, RejectedError, TransientError
from daemon.loops.workplace import Backoff, spread_of
from daemon.store.outbox import Leased, Settlement
from statemachine.causes import CAUSES
from statemachine.credit.edges import never_seen
from statemachine.effects import CloseCredit, CreateSalesCredit, MarkCredit, ReceiveStock, RecordRefund
from statemachine.events import Event, Troubled
from statemachine.units import Trouble

NOT_PERMITTED_PAUSE = timedelta(minutes=5)  # a refused token concerns everything: no return is parked for it


@dataclass(frozen=True, slots=True)
class Outcome:
    settlement: Settlement
    event: Event | None = None


def done(effect: Leased, event: Event | None, **detail: Any) -> Outcome:
    return Outcome(Settlement(effect, "done", detail, result=detail or None), event)


def waits(
    effect: Leased, why: str, *, until: datetime, event: Event | None = None, forget_intent: bool = False, **known: Any
) -> Outcome:
    """A named fact is missing; nothing was sent, or what was sent is known to be there (`known`)."""
    told = Settlement(effect, "waits", {"why": why}, due_at=until, forget_intent=forget_intent, result=known or None)
    return Outcome(told, event)


LOOKS_MAX = 12  # looks at something that was acknowledged and is never shown, before a person is asked


def look_again(effect: Leased, why: str, *, until: datetime, looks: int, **known: Any) -> Outcome:
    """It may have been done: look at the given time before anything is repeated.

    `known` is what the other side told already, for example the id it answered: with that nothing is ever repeated.
    """
    result = {"looks": looks, **known}
    return Outcome(Settlement(effect, "unknown", {"why": why, **result}, due_at=until, result=result))


def unseen(
    effect: Leased, what: str, answered_as: str, *, lags: tuple[int, ...], now: datetime, order_id: int | None = None
) -> Outcome | None:
    """Sent before and not found: the next look, or a person after too many; None when it may be repeated.

    `answered_as` is where the result keeps the id the other side named: with that nothing is ever repeated. Without one
    the index may lag by `lags` seconds, look after look.
    """
    known = effect.result or {}
    looks, answered = int(known.get("looks", 0)), known.get(answered_as)
    if answered is not None or effect.intent is None:
        if looks >= LOOKS_MAX:
            lost = never_seen(effect.key, what, {answered_as: answered}, order_id=order_id)
            return parked(effect, lost.trouble, keep_intent=True, order_id=order_id)
        until = now + Backoff(cap=timedelta(minutes=5)).after(looks + 1)
        why = f"{what} was named but is not shown yet"
        return look_again(effect, why, until=until, looks=looks + 1, **{answered_as: answered})
    if looks < len(lags):
        why = f"{what} may exist; the search index may lag"
        return look_again(effect, why, until=now + timedelta(seconds=lags[looks]), looks=looks + 1)
    return None


def again(effect: Leased, error: HomewardError, *, now: datetime) -> Outcome:
    """Certainly nothing was done; try again later, deciding afresh."""
    pause = Backoff().after(effect.attempts, spread=spread_of(effect.key))
    if isinstance(error, NotPermittedError):
        pause = NOT_PERMITTED_PAUSE
    elif isinstance(error, TransientError) and error.retry_after_seconds is not None:
        pause = timedelta(seconds=error.retry_after_seconds)
    return Outcome(Settlement(effect, "again", {"why": str(error)}, due_at=now + pause, forget_intent=True))


def parked(
    effect: Leased, trouble: Trouble, *, keep_intent: bool = False, order_id: int | None = None, map_version: str = ""
) -> Outcome:
    """Stopped with a cause: the return becomes an exception."""
    detail = {"why": trouble.explanation, "cause": trouble.cause, "evidence": trouble.evidence}
    stopped = Settlement(effect, "parked", detail, forget_intent=not keep_intent)
    return Outcome(stopped, Troubled(trouble, order_id, map_version))


def withheld(effect: Leased) -> Outcome:
    """A person stopped the return before this was sent; what was sent earlier and never found stays an open question."""
    return Outcome(Settlement(effect, "withheld", {"why": "a person stopped the return"}))


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
            return f"record a refund of {intent['body']['amountPaid']} {intent['body']['currencyCode']}"
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
