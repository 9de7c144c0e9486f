"""What the fate of one return means for another that holds the same goods: events for that one. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from daemon.store.inbox import Arrival, Waiting
from statemachine import goods
from statemachine.events import Event, GoodsSettled, Resumed, Way
from statemachine.machine import Move
from statemachine.refs import order_key
from statemachine.units import Goods, Return


@dataclass(frozen=True, slots=True)
class Passed:
    """An event for the return that stands for a unit; `key` tells it from others in natural keys."""

    to: Goods
    event: Event
    key: str
    cause: Waiting
    part: int | None = None

    def arrival(self, now: datetime) -> Arrival:
        return Arrival(
            natural_key=self.key, event=self.event, happy_return_id=self.to.happy_return_id,
            order_number=self.to.order_number, part=self.part, source=self.cause.source, actor=self.cause.actor,
            received_at=now, trace=self.cause.trace, reason=self.cause.reason, note=self.cause.note,
        )  # fmt: skip


def of_move(move: Move, cause: Waiting) -> list[Passed]:
    """What this move tells other returns."""
    event, after = move.event, move.after
    if not isinstance(event, GoodsSettled):
        return []
    stem = f"same-goods:{cause.id}:{after.part}"
    if event.way is Way.MERGE:
        return _to_the_others(event, after, stem, cause)
    if event.way is not Way.ADOPT:
        return []
    passed = [
        Passed(to, what, f"{stem}:{to.unit_key}:{what.name}:{getattr(what, 'confirmed', '')}", cause)
        for to, what in goods.told_on(after)
        if not _is_own(to, after)
    ]
    if event.frees is not None:
        stands = next(iter(event.pairs.values()))
        resumed = Resumed(why="the other return of these goods ended for this one", is_seen=True)
        passed.append(Passed(stands, resumed, f"{stem}:resumed", cause, event.frees))
    return passed


def _to_the_others(event: GoodsSettled, after: Return, stem: str, cause: Waiting) -> list[Passed]:
    """The returns whose goods this one takes over are to end for it."""
    by_return: dict[tuple[str, str], dict[str, Goods]] = {}
    for key, theirs in event.pairs.items():
        mine = Goods(after.happy_return_id, after.order_number, key)
        by_return.setdefault((theirs.happy_return_id, theirs.order_number), {})[theirs.unit_key] = mine
    return [
        Passed(
            Goods(*name, ""), GoodsSettled(Way.ADOPT, pairs=pairs, frees=after.part),
            f"{stem}:{name[0]}/{order_key(name[1])}", cause,
        )
        for name, pairs in by_return.items()
    ]  # fmt: skip


def of_event(event: Event, parts: Iterable[Return], cause: Waiting) -> tuple[Event | None, list[Passed]]:
    """What of an event is left for the return it names, once what concerns goods of other returns is passed on."""
    parts = tuple(parts)
    standing = goods.stand_ins(parts)
    if not standing:
        return event, []
    left, others = goods.passed_on(event, standing)
    passed = [
        Passed(to, what, f"passed-on:{cause.id}:{to.unit_key}:{what.name}", cause)
        for to, what in others
        if not any(_is_own(to, instance) for instance in parts)
    ]
    return left, passed


def _is_own(to: Goods, instance: Return) -> bool:
    return (to.happy_return_id, order_key(to.order_number)) == (
        instance.happy_return_id, order_key(instance.order_number),
    )  # fmt: skip
