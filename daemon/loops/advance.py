"""Advance: take waiting events, ask the machine, commit journal, state, outbox, deadline and "applied" together."""

import logging
from bisect import bisect_right
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from anyio.lowlevel import checkpoint

from daemon.alerts import customer
from daemon.alerts.channels import channels_of
from daemon.clients.throttle import Lane
from daemon.loops.outcome import trouble
from daemon.loops.passing_on import Passed, of_event, of_move
from daemon.loops.workplace import Workplace
from daemon.settings_merchant import ObjectiveSettings
from daemon.store import claims, inbox, notice, outbox, returns, watch
from daemon.store.inbox import Waiting
from daemon.store.notice import Message
from daemon.store.sql import Connection
from daemon.telemetry import Metrics, trace_id_of, traceparent
from statemachine.effects import AskHappyReturns
from statemachine.events import Approved, CreditVerified, DroppedOff, Event, GoodsSettled, Reissued, UnitsReceived
from statemachine.gate import word_of
from statemachine.machine import Decision, Ignored, Move, Moved, Refused, decide
from statemachine.notices import Notice, notice_of, topic_of
from statemachine.states import TERMINAL, State
from statemachine.units import Return, Unit

log = logging.getLogger(__name__)

FAMILIES_MAX = 200
EVENTS_MAX = 2000
UNITS_MAX = 20_000
"""Units that the events of one round are decided for, each event for all of its family's: a fraction of a second of work, in
which the transaction waits. The rest is decided in the next round."""


class Advance:
    """The only writer of returns."""

    name = "advance"
    lane = Lane.MONEY

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._families_max = FAMILIES_MAX
        self._family: tuple[str, str] | None = None
        """The family being decided: what to put aside when that breaks."""

    async def run_once(self, now: datetime) -> int:
        async with self._at.database.reading() as connection:
            families = await inbox.waiting_families(connection, self._at.merchant, self._families_max)
            units = await returns.units_of_families(connection, self._at.merchant, families)
        if not families:
            self._families_max, self._family = FAMILIES_MAX, None
            return 0
        families = families[: max(bisect_right(list(accumulate(units)), UNITS_MAX), 1)]
        async with self._at.writing("advance") as connection:
            if len(families) == 1:
                self._family = families[0]
            locked = await returns.lock_families(connection, self._at.merchant, families)
            waiting = await inbox.read_waiting(connection, self._at.merchant, families, EVENTS_MAX)
            events: dict[tuple[str, str], list[Waiting]] = {family: [] for family in families}
            for each in waiting:
                events[each.happy_return_id, each.order_key].append(each)
            held = await claims.register(
                connection, self._at.merchant,
                {family: [instance for instance, _ in parts] for family, parts in locked.items()},
                {family: [each.event for each in mine] for family, mine in events.items()},
            )  # fmt: skip
            batch = _Batch(self._at, now, held)
            for family in families:
                self._family = family
                batch.decide(locked[family], events[family])
                await checkpoint()
                if batch.units_looked_at > UNITS_MAX:
                    break
            if len(families) > 1:
                self._family = None
            await batch.store(connection)
        self._family, self._families_max = None, FAMILIES_MAX
        batch.tell()
        return len(waiting)

    async def park(self, error: Exception, now: datetime) -> None:
        """Put the family that broke aside; if it is not known which one it was, look at them one by one."""
        if self._family is None:
            self._families_max = 1
            return
        family, self._family = self._family, None
        log.error("events parked", extra={"merchant": self._at.merchant, "happy_return_id": family[0]})
        why = f"{type(error).__name__}: {error}"[:400]
        explanation = f"An event of this return cannot be decided on, and its events are put aside: {why}"
        found = trouble("internal-error", explanation, {"error": why, "loop": self.name})
        async with self._at.writing("advance-park") as connection:
            await inbox.park_family(connection, self._at.merchant, family, found, now)


class _Batch:
    """The decisions of one transaction, and the rows they become."""

    def __init__(self, workplace: Workplace, now: datetime, held: claims.Register) -> None:
        self._at, self._now, self._held = workplace, now, held
        self._passed: list[Passed] = []
        """What concerns goods of other returns, and is told on to those."""
        self._moves: list[tuple[Move, Waiting, str | None]] = []
        self._latest: dict[tuple[str, str, int], tuple[Return, str | None]] = {}
        self._outcomes: list[dict[str, Any]] = []
        self._refused: list[tuple[Waiting, str]] = []
        self._notices: list[tuple[Notice, Return]] = []
        self.units_looked_at = 0

    def decide(self, stored: list[tuple[Return, str | None]], events: list[Waiting]) -> None:
        """Apply a family's waiting events one after the other, oldest first, as many as one round may take."""
        parts = {instance.part: instance for instance, _ in stored}
        trace = next((trace for _, trace in stored if trace), None)
        for whole, members in _merged(events):
            units = sum(len(instance.units) for instance in parts.values()) + len(getattr(whole, "units", ()))
            self.units_looked_at += units
            first = members[0]
            name = (first.happy_return_id, first.order_key)
            trace = trace or first.trace
            event, passed = of_event(whole, parts.values(), first)
            self._passed += passed
            if event is None:
                self._say(members, "ignored", "these units are goods of another return, which stands for them")
                continue
            address = Return(self._at.merchant, first.happy_return_id, first.order_number)
            if parts:
                address = replace(address, order_number=next(iter(parts.values())).order_number)
            with self._at.telemetry.span(
                f"advance {event.name}",
                parent=trace,
                merchant=self._at.merchant,
                actor=first.actor,
                happy_return_id=first.happy_return_id,
                **first.words,
            ) as span:
                trace = trace or traceparent(span)
                decision = decide(
                    tuple(parts.values()),
                    event,
                    address=address,
                    now=self._now,
                    policy=self._at.policy,
                    elsewhere=self._held.of(name, parts.values(), [event]),
                    part=first.part,
                )
                if span.is_recording():
                    span.set_attributes(_told_of(decision))
            match decision:
                case Moved(moves):
                    for move in moves:
                        parts[move.after.part] = move.after
                        self._moves.append((move, first, trace))
                        family = (move.after.happy_return_id, first.order_key, move.after.part)
                        self._latest[family] = (move.after, trace)
                        self._passed += of_move(move, first)
                    self._held.note(name, parts.values())
                    self._say(members, "applied", None)
                case Ignored(why):
                    self._say(members, "ignored", why)
                case Refused(why):
                    self._say(members, "refused", why)
                    self._refused.append((first, why))
            if self.units_looked_at > UNITS_MAX:
                return

    def _say(self, members: list[Waiting], state: str, outcome: str | None) -> None:
        self._outcomes += [{"id": each.id, "state": state, "outcome": outcome} for each in members]

    async def store(self, connection: Connection) -> None:
        merchant, now = self._at.merchant, self._now
        ids = await self._give_ids(connection)
        final: dict[tuple[str, str, int], tuple[Return, str | None]] = {
            key: (replace(instance, id=instance.id or ids[key]), trace)
            for key, (instance, trace) in self._latest.items()
        }
        due = {
            (move.after.happy_return_id, first.order_key, move.after.part): move.due_at
            for move, first, _ in self._moves
        }
        journal, effects, notices, ask = [], [], [], set()
        for move, first, trace in self._moves:
            key = (move.after.happy_return_id, first.order_key, move.after.part)
            return_id = final[key][0].id
            assert return_id is not None
            actor = first.actor if move.event.name == first.event.name else "homeward"
            words = first.words if actor == first.actor else {}
            journal.append(
                returns.journal_row(move, return_id=return_id, actor=actor, inbox_id=first.id, trace=trace, words=words)
            )
            if told := notice_of(move, self._at.policy):
                notices.append(notice.notice_row(told, return_id=return_id, version=move.after.version))
                self._notices.append((told, move.after))
            for effect in move.effects:
                if isinstance(effect, AskHappyReturns):
                    ask.add(effect.key)
                elif row := outbox.effect_row(effect, return_id=return_id, trace=trace):
                    effects.append(row)
        if final:
            deadlines = [
                {
                    "return_id": instance.id,
                    "state": instance.state.value if instance.state else "",
                    "level": instance.escalation + 1,
                    "due_at": due_at.isoformat(),
                }
                for key, (instance, _) in final.items()
                if (due_at := due[key]) is not None
            ]
            over = [i.id for key, (i, _) in final.items() if due[key] is None and i.id is not None]
            await returns.write(
                connection, merchant, journal=journal,
                returns=[returns.return_row(instance, trace) for instance, trace in final.values()],
                units=[returns.unit_row(i, unit) for i, _ in final.values() for unit in i.units],
                deadlines=deadlines, over=over, now=now,
            )  # fmt: skip
            topics = {instance.id: topic_of(instance) for instance, _ in final.values() if instance.id is not None}
            await notice.put(connection, merchant, notices, topics, now)
            for message in self._words(final):
                await notice.put_message(connection, merchant, message, now)
        for move, first, _ in self._moves:
            if isinstance(move.event, Reissued):
                return_id = final[move.after.happy_return_id, first.order_key, move.after.part][0].id
                assert return_id is not None
                keys = [effect.key for effect in move.effects if effect.kind == move.event.effect]
                keys += [
                    unit.goods_in_ref for unit in move.after.units if unit.goods_in_ref
                ]  # other notes stay as they are
                await outbox.abandon(
                    connection, merchant, return_id=return_id, kind=move.event.effect, keys=keys, now=now
                )
        ended = [move.after for move, _, _ in self._moves if isinstance(move.event, GoodsSettled)]
        await claims.give_up(
            connection, merchant, [each.id for each in ended if each.is_stand_in and each.id is not None]
        )
        unique = {(row["kind"], row["key"]): row for row in effects}
        await outbox.put(connection, merchant, list(unique.values()), now)
        await self._withhold(connection, final)
        await watch.ask_soon(connection, merchant, sorted(ask), now)
        await self._pass_on(connection)
        await inbox.settle(connection, merchant, self._outcomes, now)

    async def _pass_on(self, connection: Connection) -> None:
        """To returns that are still kept; what was pruned cannot be told anything."""
        there = await claims.kept(connection, self._at.merchant, [passed.to for passed in self._passed])
        arrivals = [passed.arrival(self._now) for passed in self._passed if passed.to in there]
        await inbox.put(connection, self._at.merchant, arrivals)

    async def _withhold(
        self, connection: Connection, final: dict[tuple[str, str, int], tuple[Return, str | None]]
    ) -> None:
        """What a person stopped is not begun; what they let go of goes on."""
        stopped = {instance.id for instance, _ in final.values() if instance.is_withheld and instance.id is not None}
        went_on = {
            move.before.id for move, _, _ in self._moves if move.before.is_withheld and move.before.id is not None
        }
        await outbox.withhold(connection, self._at.merchant, sorted(stopped))
        await outbox.let_go(connection, self._at.merchant, sorted(went_on - stopped), self._now)

    def _words(self, final: dict[tuple[str, str, int], tuple[Return, str | None]]) -> list[Message]:
        """What customers may now be told; for the merchant's own messaging, where it wants to know."""
        settings, messages = self._at.settings.messaging, []
        for move, first, _ in self._moves:
            word = word_of(move)
            return_id = final[move.after.happy_return_id, first.order_key, move.after.part][0].id
            if word is None or word.value not in settings.words or return_id is None:
                continue
            content = customer.compose(move.after, return_id, word, self._now)
            messages += [
                Message(
                    customer.notice_id(move.after, return_id, word, channel), customer.CUSTOMER, channel, content, 0,
                    self._now,
                )
                for channel in channels_of(settings)
            ]  # fmt: skip
        return messages

    async def _give_ids(self, connection: Connection) -> dict[tuple[str, str, int], int]:
        fresh = [key for key, (instance, _) in self._latest.items() if instance.id is None]
        return dict(zip(fresh, await returns.next_ids(connection, len(fresh)), strict=True))

    def tell(self) -> None:
        """Logs and metrics, once the transaction has committed."""
        for move, first, trace in self._moves:
            self._at.telemetry.metrics.moves.labels(self._at.merchant, move.event.name, move.target.value).inc()
            tell_objectives(
                self._at.telemetry.metrics, self._at.merchant, move, self._now, self._at.settings.objectives
            )
            if move.source != move.target.value:
                log.info(
                    "return moved",
                    extra={
                        "merchant": self._at.merchant, "happy_return_id": move.after.happy_return_id,
                        "part": move.after.part, "event": move.event.name, "from": move.source,
                        "to": move.target.value, "inbox_id": first.id,
                        "over": move.target in TERMINAL, "trace_id": trace_id_of(trace),
                    },
                )  # fmt: skip
        for told, instance in self._notices:
            log.info(
                "team to be told",
                extra={
                    "merchant": self._at.merchant, "happy_return_id": instance.happy_return_id, "topic": told.topic,
                    "team": told.team, "severity": told.severity.value, "rung": told.level,
                },
            )  # fmt: skip
        for waiting, why in self._refused:
            log.error(
                "event refused",
                extra={
                    "merchant": self._at.merchant, "happy_return_id": waiting.happy_return_id,
                    "event": waiting.event.name, "inbox_id": waiting.id, "why": why,
                },
            )  # fmt: skip


def tell_objectives(metrics: Metrics, merchant: str, move: Move, now: datetime, objectives: ObjectiveSettings) -> None:
    """Count what this move says about what was promised: a credit in time, an exception taken up in time."""
    if isinstance(move.event, CreditVerified) and move.before.credit is None:
        dropped = [unit.dropped_off_at for unit in move.after.units if unit.dropped_off_at is not None]
        if dropped:
            delay = (now - min(dropped)).total_seconds()
            metrics.credit_delay.labels(merchant).observe(delay)
            kept = delay <= objectives.credit_minutes * 60
            metrics.objectives.labels(merchant, "credit-in-time", "kept" if kept else "missed").inc()
    was_stuck = move.source == State.EXCEPTION.value
    if was_stuck and move.before.escalation == 0:
        if move.after.escalation > 0:
            metrics.objectives.labels(merchant, "exception-owned-in-time", "missed").inc()
        elif not move.before.assignee and (move.target is not State.EXCEPTION or move.after.assignee):
            metrics.objectives.labels(merchant, "exception-owned-in-time", "kept").inc()


def _told_of(decision: Decision) -> dict[str, Any]:
    """What a span says of a decision: which returns moved from where to where, or why nothing did."""
    told: dict[str, Any] = {"decision": type(decision).__name__.lower()}
    if not isinstance(decision, Moved):
        return {**told, "why": decision.why}
    ids = [move.before.id for move in decision.moves if move.before.id is not None]
    moves = [f"{move.source} → {move.target}" for move in decision.moves]
    troubles = [move.after.trouble.cause for move in decision.moves if move.after.trouble is not None]
    return {**told, "return_ids": ids, "moves": moves, **({"cause": troubles[-1]} if troubles else {})}


def _merged(events: list[Waiting]) -> list[tuple[Any, list[Waiting]]]:
    """Neighbouring events of one kind about different units become one, so that units which go together stay together."""
    runs: list[_Run] = []
    for each in events:
        if not runs or not runs[-1].takes(each):
            runs.append(_Run(each))
    return [(run.event, run.members) for run in runs]


class _Run:
    """Neighbouring events of one kind, said by one actor, about different units."""

    def __init__(self, first: Waiting) -> None:
        self.members = [first]
        self._units: dict[str, Unit] = {}
        self._take(first.event)

    def takes(self, each: Waiting) -> bool:
        """Whether it is one more of them; then it is taken."""
        first, event = self.members[0].event, each.event
        if type(first) is not type(event) or self.members[0].actor != each.actor:
            return False
        if isinstance(first, DroppedOff | Approved) and isinstance(event, DroppedOff | Approved):
            if first.confirmed != event.confirmed or any(unit.key in self._units for unit in event.units):
                return False
        elif isinstance(first, UnitsReceived) and isinstance(event, UnitsReceived):
            if first.condition is not event.condition:
                return False
        else:
            return False
        self.members.append(each)
        self._take(event)
        return True

    def _take(self, event: Event) -> None:
        if isinstance(event, DroppedOff | Approved):
            self._units |= {unit.key: unit for unit in event.units}

    @property
    def event(self) -> Any:
        first = self.members[0].event
        if len(self.members) == 1:
            return first
        if isinstance(first, DroppedOff | Approved):
            return replace(first, units=tuple(self._units.values()))
        keys = (key for each in self.members if isinstance(each.event, UnitsReceived) for key in each.event.unit_keys)
        assert isinstance(first, UnitsReceived)
        return replace(first, unit_keys=tuple(dict.fromkeys(keys)))
