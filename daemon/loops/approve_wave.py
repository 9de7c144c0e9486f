"""Approve mailed units at Happy Returns: looked at first, never sent twice on a guess. Off unless policy says so."""

from dataclasses import replace
from datetime import timedelta

from daemon.errors import (
    HomewardError,
    MalformedPayloadError,
    NotPermittedError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from daemon.loops.outcome import Outcome, again, done, incomplete, judged_anew, observed, parked, refused, trouble
from daemon.loops.wave import Planned, Wave
from daemon.loops.workplace import Workplace
from daemon.store import outbox
from daemon.store.outbox import Leased
from statemachine.units import Progress, Return


class ApproveWave(Wave):
    """One call after the other: Happy Returns' bucket wants it so."""

    async def plan(self) -> list[Planned]:
        for effect in self.effects:
            self._settle(await _approve(self.at, effect, self._return(effect)))
        return []


async def _approve(at: Workplace, effect: Leased, instance: Return) -> Outcome:
    wanted = {u.happy_item_id for u in instance.units if u.key in effect.payload["unit_keys"] and u.happy_item_id}
    try:
        answer = await at.happy_returns.get_return(
            express_code=instance.express_code, order_number="" if instance.express_code else instance.order_number
        )
        if answer is None:
            return again(
                effect,
                TransientError("Happy Returns does not know the return", retry_after_seconds=600),
                now=at.clock.now(),
            )
        spelled = {item.unit.happy_item_id: item for item in answer[0]}
        absent = wanted - spelled.keys()
        if absent:  # what is not shown, or cannot be read, may be approved already
            why = f"Happy Returns does not show {', '.join(sorted(absent))}; {'; '.join(answer[1])}"[:400]
            return incomplete(effect, instance, why, now=at.clock.now())
        approved = {item_id for item_id, item in spelled.items() if item.progress is Progress.APPROVED}
        missing = sorted(wanted - approved)
        if not missing:
            return done(effect, None, approved=sorted(wanted))
        if effect.intent is not None:
            # Sent before, and the units do not show as approved: approving twice is not ours to risk.
            facts = {"items": missing, "return": instance.express_code or instance.rma_id}
            explanation = "An approval was sent; Happy Returns does not show it."
            return parked(effect, trouble("outcome-unknown", explanation, facts), keep_intent=True)
        names = [spelled[item_id].item_id_as_sent if item_id in spelled else item_id for item_id in missing]
        body = [{"happyReturnsItemID": name, "approve": True, "condition": "sellable"} for name in names]
        async with at.writing("intent") as connection:
            if at.lease.writes_held:  # as this transaction found it
                return observed(effect, {"returning": missing}, now=at.clock.now())
            begun = [(effect, instance.version, {"returning": body})]
            if await outbox.store_intents(connection, at.merchant, begun, at.clock.now()):
                return judged_anew(effect, now=at.clock.now())
        rma_id = next((item.rma_id_as_sent for item in answer[0] if item.rma_id_as_sent), instance.rma_id)
        await at.happy_returns.approve(rma_id or instance.express_code, body)
    except (TransientError, NotPermittedError, MalformedPayloadError, OutcomeUnknownError) as error:
        return _again_or_look(effect, error, at)
    except RejectedError as error:
        return refused(effect, "approve-refused", error, items=sorted(wanted))
    return done(effect, None, approved=missing)


def _again_or_look(effect: Leased, error: HomewardError, at: Workplace) -> Outcome:
    """Whatever was not answered is looked up in the next attempt; the stored intent keeps it from being repeated."""
    told = again(effect, error, now=at.clock.now() + timedelta(seconds=30)).settlement
    return Outcome(replace(told, outcome="unknown", forget_intent=False))
