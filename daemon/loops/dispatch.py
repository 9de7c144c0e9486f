"""Dispatch: lease due effects, do them in Brightpearl with no transaction open, settle under the lease's fence."""

import logging
from datetime import datetime, timedelta

from daemon.clients.throttle import Lane
from daemon.errors import MalformedPayloadError, NotPermittedError, RejectedError, TransientError
from daemon.loops import money_wave
from daemon.loops.approve_wave import approve_returns
from daemon.loops.credit_wave import CreditWave
from daemon.loops.mark_wave import mark_credits
from daemon.loops.outcome import Outcome, again, parked, trouble
from daemon.loops.stock_wave import StockWave
from daemon.loops.workplace import Workplace
from daemon.settings import EFFECT_LEASE
from daemon.store import inbox, outbox, returns
from daemon.store.inbox import Arrival
from daemon.store.outbox import Leased, Settlement
from statemachine.effects import ApproveReturn, CloseCredit, CreateSalesCredit, MarkCredit, ReceiveStock, RecordRefund
from statemachine.units import Return

log = logging.getLogger(__name__)

BATCH_MAX = 50  # with every read batched this is 15 s of a share of 140 writes a minute: well inside one lease
UNREADABLE_PAUSE = timedelta(minutes=5)


class Dispatch:
    name = "dispatch"
    lane = Lane.MONEY

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._batch_max = BATCH_MAX
        self._held: list[Leased] = []
        self._is_down = False

    async def run_once(self, now: datetime) -> int:
        async with self._at.writing("lease") as connection:
            effects = await outbox.lease_ready(
                connection, self._at.merchant, now=now, lease_until=now + EFFECT_LEASE, batch_max=self._batch_max
            )
            if not effects:
                return 0
            self._held = effects
            instances = await returns.read(connection, self._at.merchant, [e.return_id for e in effects])
        by_kind: dict[str, list[Leased]] = {}
        for effect in effects:
            by_kind.setdefault(effect.kind, []).append(effect)
        for kind, members in by_kind.items():
            await self._settle(await self._do(kind, members, instances), instances)
        self._held, self._batch_max = [], BATCH_MAX
        return len(effects)

    async def park(self, error: Exception, now: datetime) -> None:
        """One effect broke us: work them one by one, and when it is alone, park it with what happened."""
        held, self._held = self._held, []
        async with self._at.database.reading() as connection:
            instances = await returns.read(connection, self._at.merchant, [e.return_id for e in held])
        if len(held) == 1:
            explanation = f"{type(error).__name__}: {error}"[:500]
            found = trouble("internal-error", explanation, {"effect": held[0].kind, "key": held[0].key})
            await self._settle([parked(held[0], found, keep_intent=True)], instances)
            return
        self._batch_max = 1
        because = TransientError(f"put back: {type(error).__name__}", retry_after_seconds=0)
        put_back = [Outcome(Settlement(e, "again", {"why": str(because)}, due_at=now)) for e in held]
        await self._settle(put_back, instances)

    async def _do(self, kind: str, effects: list[Leased], instances: dict[int, Return]) -> list[Outcome]:
        """One wave. What stops the whole wave (vendor down, token refused) puts all of it off."""
        traces = [effect.trace for effect in effects]
        with self._at.telemetry.span(
            f"dispatch {kind}", parent=traces[0], merchant=self._at.merchant, effects=len(effects)
        ):
            try:
                outcomes = await self._wave(kind, effects, instances)
            except (TransientError, NotPermittedError, MalformedPayloadError, RejectedError) as error:
                if not self._is_down:
                    log.warning("brightpearl not available", extra={"merchant": self._at.merchant, "why": str(error)})
                self._is_down = True
                return [self._put_off(effect, error) for effect in effects]
        if self._is_down:
            log.info("brightpearl is back", extra={"merchant": self._at.merchant})
        self._is_down = False
        return outcomes

    def _put_off(self, effect: Leased, error: Exception) -> Outcome:
        """Reading failed, so nothing was sent in this attempt; an earlier intent stays an open question."""
        now = self._at.clock.now()
        because = error if isinstance(error, TransientError | NotPermittedError) else None
        pause = again(effect, because, now=now).settlement.due_at if because else now + UNREADABLE_PAUSE
        return Outcome(Settlement(effect, "again", {"why": str(error)}, due_at=pause))

    async def _wave(self, kind: str, effects: list[Leased], instances: dict[int, Return]) -> list[Outcome]:
        match kind:
            case CreateSalesCredit.kind:
                return await CreditWave(self._at, effects, instances, self._at.clock.now()).run()
            case RecordRefund.kind:
                return await money_wave.record_refunds(self._at, effects, instances)
            case CloseCredit.kind:
                return await money_wave.close_credits(self._at, effects, instances)
            case MarkCredit.kind:
                return await mark_credits(self._at, effects, instances)
            case ReceiveStock.kind:
                return await StockWave(self._at, effects, instances).run()
            case ApproveReturn.kind:
                return await approve_returns(self._at, effects, instances)
            case _:
                raise AssertionError(f"no wave for {kind}")

    async def _settle(self, outcomes: list[Outcome], instances: dict[int, Return]) -> None:
        """Effects, attempts and the events that tell the machine: one transaction."""
        if not outcomes:
            return
        now = self._at.clock.now()
        arrivals = [
            Arrival(
                natural_key=f"answer:{outcome.settlement.effect.id}:{outcome.settlement.effect.attempts}",
                event=outcome.event,
                happy_return_id=instance.happy_return_id,
                order_number=instance.order_number,
                part=instance.part,
                source="brightpearl",
                actor="brightpearl",
                received_at=now,
                trace=outcome.settlement.effect.trace,
            )
            for outcome in outcomes
            if outcome.event is not None and (instance := instances[outcome.settlement.effect.return_id])
        ]
        async with self._at.writing("settle") as connection:
            await outbox.settle(connection, self._at.merchant, [outcome.settlement for outcome in outcomes], now)
            await inbox.put(connection, self._at.merchant, arrivals)
        settled = {outcome.settlement.effect.id for outcome in outcomes}
        self._held = [effect for effect in self._held if effect.id not in settled]
        for outcome in outcomes:
            self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        """A wave has one span; each return's own trace gets the part that concerns it."""
        effect, how = outcome.settlement.effect, outcome.settlement.outcome
        self._at.telemetry.metrics.effects.labels(self._at.merchant, effect.kind, how).inc()
        why = str(outcome.settlement.detail.get("why", ""))
        told = {
            "outcome": how,
            "attempt": effect.attempts,
            "key": effect.key,
            "return_id": effect.return_id,
            "why": why,
        }
        with self._at.telemetry.span(f"settle {effect.kind}", parent=effect.trace, **told):
            pass
