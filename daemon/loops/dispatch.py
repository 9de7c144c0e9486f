"""Dispatch: lease due effects, do them in Brightpearl with no transaction open, settle under the lease's fence."""

import logging
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import accumulate

import anyio

from daemon.clients.throttle import LANE, Lane
from daemon.clock import Rest
from daemon.errors import (
    HomewardError,
    IncompleteReadError,
    MalformedPayloadError,
    NotPermittedError,
    RejectedError,
    TransientError,
)
from daemon.health.kinds import BRIGHTPEARL, FORBIDDEN, GARBLED, HAPPY_RETURNS, REFUSES, SILENT
from daemon.loops.approve_wave import ApproveWave
from daemon.loops.credit_wave import CreditWave
from daemon.loops.mark_wave import MarkWave
from daemon.loops.money_wave import CloseWave, RefundWave
from daemon.loops.outcome import (
    INCOMPLETE_PAUSE,
    NOT_PERMITTED_PAUSE,
    Outcome,
    behind,
    incomplete,
    judged_anew,
    observed,
    parked,
    trouble,
    withheld,
)
from daemon.loops.probe import answers
from daemon.loops.stock_wave import StockWave
from daemon.loops.wave import Planned, Wave
from daemon.loops.workplace import Backoff, Workplace, spread_of
from daemon.settings import EFFECT_LEASE
from daemon.store import health as health_store
from daemon.store import inbox, outbox, returns
from daemon.store.inbox import Arrival
from daemon.store.outbox import Leased, Settlement
from daemon.store.sql import Connection
from daemon.telemetry import traceparent
from statemachine.effects import ApproveReturn, CloseCredit, CreateSalesCredit, MarkCredit, ReceiveStock, RecordRefund
from statemachine.events import CreditWaits
from statemachine.units import Return

log = logging.getLogger(__name__)

WAVE_MAX = 200  # effects of one wave: as many ids as one read may name
APPROVE_MAX = 10  # approvals go one after the other through a slow bucket
UNITS_MAX = 20_000  # of the returns of one wave; a return with more is a wave by itself
PASSED_OVER_MAX = 8  # waves after which a later lane has its turn all the same
WAITS_FOR = {
    REFUSES: "Brightpearl to accept our token", SILENT: "an answer of Brightpearl",
    GARBLED: "answers of Brightpearl that can be read",
}  # fmt: skip
NAME_EVERY = timedelta(minutes=1)  # at most so often, and a wave at a time: it hurries nobody
QUOTA = "brightpearl-quota"  # the cursor where the use of our share is told
TELL_EVERY = timedelta(seconds=10)
UNANSWERED_PAUSE = Backoff(first=timedelta(seconds=1), cap=timedelta(minutes=1))

LANES: dict[str, tuple[Lane, type[Wave]]] = {
    # in this order when there is too much to do: the money a customer waits for, then stock, then what only tidies up
    RecordRefund.kind: (Lane.MONEY, RefundWave),
    CreateSalesCredit.kind: (Lane.MONEY, CreditWave),
    ApproveReturn.kind: (Lane.MONEY, ApproveWave),
    ReceiveStock.kind: (Lane.STOCK, StockWave),
    CloseCredit.kind: (Lane.STOCK, CloseWave),
    MarkCredit.kind: (Lane.STOCK, MarkWave),
}


def wave_max(kind: str) -> int:
    return APPROVE_MAX if kind == ApproveReturn.kind else WAVE_MAX


def next_kind(due: Mapping[str, int], passed_over: Mapping[str, int]) -> str | None:
    """Which kind of effect to work next. `due` counts what waits, up to a full wave; `passed_over` whole waves waited.

    A kind with a full wave goes before one with less: reads are paid by the wave, not by the effect.
    """
    waiting = [kind for kind in LANES if due.get(kind)]
    patient = [kind for kind in waiting if passed_over.get(kind, 0) >= PASSED_OVER_MAX]
    full = [kind for kind in waiting if due[kind] >= wave_max(kind)]
    return next(iter(patient or full or waiting), None)


class Dispatch:
    name = "dispatch"
    lane = Lane.MONEY

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._held: list[Leased] = []
        """What is in our hands: put back or parked when a wave breaks."""
        self._singly = 0
        """A wave broke: so many effects one at a time, until the one that breaks it is found."""
        self._largest: dict[str, int] = {}
        """Kind → effects of its next wave, where a larger one could not be read."""
        self._passed_over: Counter[str] = Counter()
        self._forbidden: dict[str, datetime] = {}
        """Kind → when one effect of it is tried again, where our token may not do it while it may do other things."""
        self._named_at: datetime | None = None
        """When it was last looked which credits wait for a vendor that is out."""
        self._unanswered: Counter[str] = Counter()
        """Kind → its waves in a row that one operation without an answer put off, while the vendor answered others."""
        self._observed = True
        """Something may have been only observed: once writes are not held, it is due."""
        self._quota_told = Rest(workplace.clock)
        self._gathers = Rest(workplace.clock)
        """Requests are short: until it is over only a full wave is worked, so that one round serves many."""
        self._wave: str | None = None
        """The span of the wave in hand, for what must be found from each of its returns."""

    async def run_once(self, now: datetime) -> int:
        if self._at.lease.is_in_doubt:
            return 0
        kinds = await self._workable()
        if len(kinds) < len(LANES):
            await self._name_what_waits(now)
        if self._held:  # an earlier round of ours was cut off: what it held is ours to take again
            async with self._at.writing("take-again") as connection:
                await outbox.free_leases(connection, self._at.merchant, now)
            self._held = []
        if self._observed and not self._at.lease.writes_held:
            async with self._at.writing("observed") as connection:
                await outbox.observe_no_more(connection, self._at.merchant, now)
        self._observed = self._at.lease.writes_held
        async with self._at.database.reading() as connection:
            due = await outbox.due_by_kind(connection, self._at.merchant, now, WAVE_MAX)
        kind = next_kind({name: count for name, count in due.items() if name in kinds}, self._passed_over)
        if kind is None or (due[kind] < wave_max(kind) and not self._gathers.is_over):
            return 0
        async with self._at.writing("lease") as connection:
            largest = 1 if self._singly else min(wave_max(kind), self._largest.get(kind, WAVE_MAX))
            effects = await outbox.lease_ready(
                connection, self._at.merchant, kind=kind, now=now, lease_until=now + EFFECT_LEASE, batch_max=largest
            )
            if not effects:
                return 0
            effects = await self._as_many_as_fit(connection, effects)
            instances = await returns.read(connection, self._at.merchant, [e.return_id for e in effects])
        self._held = effects
        self._passed_over.update(other for other in LANES if other != kind)
        self._passed_over[kind] = 0
        quota = self._at.brightpearl.transport.quota
        before = quota.used
        await self._work(kind, effects, instances)
        self._gathers.begin(quota.breath(max(quota.used - before, 1)))
        self._held, self._singly = [], max(self._singly - 1, 0)
        await self._tell_quota(self._at.clock.now())
        return len(effects)

    async def _workable(self) -> set[str]:
        """The kinds of effects whose vendor is worth a wave, and allows it. No effect of the others is touched."""
        kinds = set(LANES)
        if not await answers(self._at, BRIGHTPEARL):
            kinds &= {ApproveReturn.kind}
            self._forbidden.clear()  # refused with all others: that says nothing of each
        if not await answers(self._at, HAPPY_RETURNS):
            kinds -= {ApproveReturn.kind}
        now = self._at.clock.now()
        return {kind for kind in kinds if kind not in self._forbidden or now >= self._forbidden[kind]}

    async def _name_what_waits(self, now: datetime) -> None:
        """Credits that are due while Brightpearl has been out for so long that somebody is told: they wait for it by name."""
        wait = self._vendor_wait(now)
        if wait is None:
            self._named_at = None
            return
        if self._named_at is not None and timedelta(0) <= now - self._named_at < NAME_EVERY:
            return
        self._named_at = now
        async with self._at.database.reading() as connection:
            rows = await health_store.waiting(connection, self._at.merchant, now, WAVE_MAX)
        if rows:
            arrivals = [
                Arrival(
                    natural_key=f"{wait.cause}:{row['id']}:{row['version']}", event=wait,
                    happy_return_id=row["happy_return_id"], order_number=row["order_number"], part=row["part"],
                    source="health", actor="homeward", received_at=now, trace=row["trace"],
                )
                for row in rows
            ]  # fmt: skip
            async with self._at.writing("vendor-out") as connection:
                await inbox.put(connection, self._at.merchant, arrivals)

    def _vendor_wait(self, now: datetime) -> CreditWaits | None:
        """What a credit waits for that Brightpearl keeps from being made; None while it does not, or has not for long."""
        whole, *parts = self._at.health(BRIGHTPEARL).signals(now)
        if whole.is_trouble and whole.is_told(now):
            return CreditWaits(WAITS_FOR[whole.status], None, whole.status)
        forbidden = next((each for each in parts if each.status == FORBIDDEN and each.is_told(now)), None)
        if forbidden is not None and CreateSalesCredit.kind in self._forbidden:
            right = forbidden.subject.partition(":")[2].replace("-", " ")
            return CreditWaits(f"Brightpearl to give our token the right to {right}", None, REFUSES)
        return None

    async def _as_many_as_fit(self, connection: Connection, effects: list[Leased]) -> list[Leased]:
        """Of what was leased as much as one wave can hold of units; the rest is put back for the next one."""
        counts = await returns.unit_counts(connection, self._at.merchant, [effect.return_id for effect in effects])
        units = list(accumulate(counts.get(effect.return_id, 0) for effect in effects))
        fitting = max(bisect_right(units, UNITS_MAX), 1)
        await outbox.give_back(connection, self._at.merchant, effects[fitting:])
        return effects[:fitting]

    async def park(self, error: Exception, now: datetime) -> None:
        """One effect broke us: work them one by one, and when it is alone, park it with what happened."""
        held, self._held = self._held, []
        async with self._at.database.reading() as connection:
            instances = await returns.read(connection, self._at.merchant, [e.return_id for e in held])
        if len(held) == 1:
            explanation = f"{type(error).__name__}: {error}"[:500]
            found = trouble("internal-error", explanation, {"effect": held[0].kind, "key": held[0].key})
            await self._settle([parked(held[0], found, keep_intent=True)], instances)
            self._singly = 0
            return
        self._singly = len(held)
        because = f"put back: {type(error).__name__}"
        put_back = [Outcome(Settlement(e, "again", {"why": because}, due_at=now)) for e in held]
        await self._settle(put_back, instances)

    async def _work(self, kind: str, effects: list[Leased], instances: dict[int, Return]) -> None:
        """One wave. What stops the whole wave (vendor down, token refused) puts all of it off."""
        lane, make = LANES[kind]
        LANE.set(lane)
        effects = await self._rest_without_credit(effects, instances)
        if not effects:
            return
        wave = make(self._at, effects, instances)
        with self._at.telemetry.span(
            f"dispatch {kind}",
            parent=effects[0].trace,
            links=[e.trace for e in effects[1:] if e.trace],
            merchant=self._at.merchant,
            effects=len(effects),
            return_ids=[e.return_id for e in effects],
        ) as span:
            self._wave = traceparent(span)
            try:
                planned = await wave.plan()
            except (TransientError, NotPermittedError, MalformedPayloadError, RejectedError) as error:
                self._shrink(kind, len(effects), error)
                self._unanswered[kind] += isinstance(error, TransientError)
                self._at.say(log, "wave put off", BRIGHTPEARL, error, kind=kind)
                put_off = [self._put_off(effect, instances[effect.return_id], error) for effect in effects]
                await self._settle(put_off, instances)
                return
            self._largest[kind] = min(self._largest.get(kind, WAVE_MAX) * 2, WAVE_MAX)
            self._unanswered.pop(kind, None)
            for each in planned:
                if instances[each.effect.return_id].is_withheld:
                    instance, now = instances[each.effect.return_id], self._at.clock.now()
                    wave.outcomes[each.effect.id] = withheld(each.effect, instance, now=now)
            await self._hold_back_seconds(wave, planned, instances)
            await self._send(wave, [each for each in planned if each.effect.id not in wave.outcomes], instances)

    async def _rest_without_credit(self, effects: list[Leased], instances: dict[int, Return]) -> list[Leased]:
        """Those that can be worked: a leg whose credit was given up for lost rests; the next credit asks for its own."""
        resting = [e for e in effects if e.kind in outbox.LEGS and instances[e.return_id].credit is None]
        why = {"why": "its credit was given up for lost"}
        await self._settle([Outcome(Settlement(effect, "parked", why)) for effect in resting], instances)
        return [effect for effect in effects if effect not in resting]

    async def _hold_back_seconds(self, wave: Wave, planned: list[Planned], instances: dict[int, Return]) -> None:
        """Whatever key it has: what another effect of its return may have done already is not sent as well."""
        fresh = [p.effect.id for p in planned if p.effect.intent is None and p.effect.id not in wave.outcomes]
        async with self._at.database.reading() as connection:
            beside = await outbox.sent_beside(connection, self._at.merchant, fresh)
        now = self._at.clock.now()
        for each in planned:
            if (other := beside.get(each.effect.id)) is not None:
                instance = instances[each.effect.return_id]
                wave.outcomes[each.effect.id] = behind(each.effect, instance, other, now=now)

    async def _send(self, wave: Wave, planned: list[Planned], instances: dict[int, Return]) -> None:
        """Send as the quota allows; each part's intents are stored in the moment before it leaves.

        For the quota it may wait a minute: a return that changed meanwhile, by a person's word or its own, is judged anew.
        """
        sent: list[Planned] = []
        while planned:
            if self._at.lease.writes_held:
                now = self._at.clock.now()
                wave.outcomes |= {p.effect.id: observed(p.effect, p.intent, now=now) for p in planned}
                break
            room = await self._room(len(planned))
            if room == 0:
                break  # asked to leave: what was not begun stays as it is, and whoever is next takes it
            part, planned = planned[:room], planned[room:]
            moved = await self._settle(list(wave.outcomes.values()), instances, intents=part)
            wave.outcomes.clear()
            wave.outcomes |= {
                p.effect.id: judged_anew(p.effect, now=self._at.clock.now()) for p in part if p.effect.id in moved
            }
            part = [p for p in part if p.effect.id not in moved]
            if not part:
                continue
            await wave.send(part)
            sent += part
            refused = next((a for p in part if isinstance(a := wave.answers.get(p.effect.id), NotPermittedError)), None)
            if refused is not None:  # the rest would only be refused too
                self._forbid(part[0].effect.kind)
                for rest in planned:
                    instance = instances[rest.effect.return_id]
                    wave.outcomes[rest.effect.id] = self._put_off(rest.effect, instance, refused)
                break
        await wave.conclude(sent)
        await self._settle(list(wave.outcomes.values()), instances)

    async def _room(self, writes: int) -> int:
        """How many writes may leave now; waits for the quota, but not when we are to leave."""
        room = 0
        if self._at.lease.leaving.is_set():
            return 0
        async with anyio.create_task_group() as group:

            async def leave() -> None:
                await self._at.lease.leaving.wait()
                group.cancel_scope.cancel()

            group.start_soon(leave)
            room = await self._at.brightpearl.room(writes)
            group.cancel_scope.cancel()
        return room

    async def _tell_quota(self, now: datetime) -> None:
        """For `merchant status`, now and then while there is work."""
        if not self._quota_told.is_over:
            return
        self._quota_told.begin(TELL_EVERY)
        transport = self._at.brightpearl.transport
        told = {
            "at": now.isoformat(), "used": transport.quota.used, "remaining": transport.quota.remaining,
            "refused": transport.quota.refused_count, "bundle_cost": transport.bundle_cost.told,
        }  # fmt: skip
        await self._at.keep_cursor(QUOTA, told)

    def _shrink(self, kind: str, size: int, error: HomewardError) -> None:
        """One bad id may fail the read of a whole set: halve the wave until it stands alone.

        What is forbidden is forbidden to each: one finds out when it is not any more.
        """
        if isinstance(error, NotPermittedError):
            self._forbid(kind)
        elif isinstance(error, MalformedPayloadError | IncompleteReadError | RejectedError):
            self._largest[kind] = max(size // 2, 1)

    def _forbid(self, kind: str) -> None:
        self._largest[kind] = 1
        self._forbidden[kind] = self._at.clock.now() + NOT_PERMITTED_PAUSE

    def _put_off(self, effect: Leased, instance: Return, error: HomewardError) -> Outcome:
        """Reading failed, so nothing was sent in this attempt; an earlier intent stays an open question.

        A vendor that is out as a whole is watched by its health: when it is back, everything is due at once. Neither that
        nor what is forbidden to us is the effect's own doing: it is no attempt of its own. An answer that cannot be read is
        asked for again in seconds, and less and less often when it goes on.
        """
        health, now = self._at.health(BRIGHTPEARL), self._at.clock.now()
        if isinstance(error, IncompleteReadError | MalformedPayloadError):
            return incomplete(effect, instance, str(error), now=now)
        if isinstance(error, TransientError):
            grown = UNANSWERED_PAUSE.after(self._unanswered[effect.kind], spread=spread_of(effect.key))
            pause = timedelta(seconds=error.retry_after_seconds) if error.retry_after_seconds is not None else grown
            pause = health.opens_in if health.is_open else pause
        elif isinstance(error, NotPermittedError):
            pause = health.opens_in if health.is_open else NOT_PERMITTED_PAUSE
        else:
            pause = INCOMPLETE_PAUSE.after(effect.attempts, spread=spread_of(effect.key))
        is_own = not isinstance(error, TransientError | NotPermittedError)
        return Outcome(Settlement(effect, "again", {"why": str(error)}, due_at=now + pause, is_counted=is_own))

    async def _settle(
        self, outcomes: list[Outcome], instances: dict[int, Return], *, intents: list[Planned] | None = None
    ) -> set[int]:
        """Effects, attempts, the events that tell the machine, and what is about to be sent: one transaction.

        Answers which of the intents were not stored, since their return is not what it was when they were judged.
        """
        if not outcomes and not intents:
            return set()
        now = self._at.clock.now()
        arrivals = [
            Arrival(
                natural_key=f"answer:{outcome.settlement.effect.id}:{outcome.settlement.effect.attempts}",
                event=event,
                happy_return_id=instance.happy_return_id,
                order_number=instance.order_number,
                part=instance.part,
                source="brightpearl",
                actor="brightpearl",
                received_at=now,
                trace=outcome.settlement.effect.trace,
            )
            for outcome in outcomes
            if (event := outcome.event_as_sent) is not None
            and (instance := instances[outcome.settlement.effect.return_id])
        ]
        async with self._at.writing("intent" if intents else "settle") as connection:
            await outbox.settle(connection, self._at.merchant, [outcome.settlement for outcome in outcomes], now)
            await inbox.put(connection, self._at.merchant, arrivals)
            begun = [(each.effect, instances[each.effect.return_id].version, each.intent) for each in intents or ()]
            moved = await outbox.store_intents(connection, self._at.merchant, begun, now)
        settled = {outcome.settlement.effect.id for outcome in outcomes}
        self._held = [effect for effect in self._held if effect.id not in settled]
        for outcome in outcomes:
            self._tell(outcome)
        return moved

    def _tell(self, outcome: Outcome) -> None:
        """A wave has one span, in the trace of its first return; each return's own trace links to it."""
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
        links = [self._wave] if self._wave else []
        with self._at.telemetry.span(f"settle {effect.kind}", parent=effect.trace, links=links, **told):
            pass
