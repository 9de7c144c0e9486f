"""Reconcile: compare what we believe with what Brightpearl holds; a difference becomes an event, never an UPDATE.

Goods-in notes that the warehouse posts in Brightpearl itself are observed here.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from daemon.clients.brightpearl_wire import GoodsInNote
from daemon.clients.throttle import Lane
from daemon.errors import MalformedPayloadError, RejectedError, TransientError
from daemon.loops.credit_facts import case_for
from daemon.loops.stock_wave import credit_rows_of
from daemon.loops.workplace import Workplace
from daemon.store import inbox, merchant, returns
from daemon.store.inbox import Arrival
from statemachine.credit.about_credits import own_was_cancelled
from statemachine.credit.preflight import preflight
from statemachine.credit.verdicts import NeedsPerson
from statemachine.events import Resumed, StockReceived, Troubled
from statemachine.units import Return

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=30)
BATCH_MAX = 200  # credits per goods-in read


class Reconcile:
    name = "reconcile"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._next_at: datetime | None = None
        self._doubted_at: datetime | None = None
        """When every credit made until then had been set against credits of others."""

    async def run_once(self, now: datetime) -> int:
        if self._next_at is None:
            self._next_at = await self._planned()
        if self._next_at is not None and now < self._next_at:
            return 0
        self._next_at = now + EVERY
        seen = 0
        try:
            seen = await self._observe_goods_in(now)
        except (TransientError, RejectedError, MalformedPayloadError) as error:
            log.warning("goods-in notes not read", extra={"merchant": self._at.merchant, "why": str(error)})
        try:
            seen += await self._find_rivals((self._doubted_at or now - timedelta(days=1)) - EVERY, now)
            self._doubted_at = now
        except (TransientError, RejectedError, MalformedPayloadError) as error:
            log.warning("credits of others not read", extra={"merchant": self._at.merchant, "why": str(error)})
        async with self._at.writing("reconcile") as connection:
            doubted_at = self._doubted_at.isoformat() if self._doubted_at else None
            told = {"at": self._next_at.isoformat(), "doubted_at": doubted_at}
            await merchant.write_cursor(connection, self._at.merchant, "reconcile", told)
        return seen

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: the comparison is made again at its next time."""

    async def _planned(self) -> datetime | None:
        async with self._at.database.reading() as connection:
            told = await merchant.read_cursor(connection, self._at.merchant, "reconcile")
        if told and told.get("doubted_at"):
            self._doubted_at = datetime.fromisoformat(told["doubted_at"])
        return datetime.fromisoformat(told["at"]) if told else None

    async def _observe_goods_in(self, now: datetime) -> int:
        """Walk all credits whose goods are awaited, 200 a call."""
        after, seen = 0, 0
        while True:
            async with self._at.database.reading() as connection:
                rows = await returns.stock_awaited(connection, self._at.merchant, after, BATCH_MAX)
                if not rows:
                    return seen
                instances = await returns.read(connection, self._at.merchant, [row["id"] for row in rows])
            after = rows[-1]["credit_id"]
            notes = await self._at.brightpearl.goods_in_of(row["credit_id"] for row in rows)
            by_credit: dict[int, list[GoodsInNote]] = {}
            for note in notes:
                by_credit.setdefault(note.order_id, []).append(note)
            arrivals = [
                arrival
                for instance in instances.values()
                if instance.credit is not None
                and (arrival := self._received(instance, by_credit.get(instance.credit.id, ()), now)) is not None
            ]
            async with self._at.writing("reconcile") as connection:
                seen += len(await inbox.put(connection, self._at.merchant, arrivals))

    async def _find_rivals(self, since: datetime, now: datetime) -> int:
        """Credits of others that came beside ours, too late or too well hidden for the look before and after our write.

        One search for 200 orders credited of late; rows are read only where the search shows a credit that is not ours.
        """
        async with self._at.database.reading() as connection:
            rows = await returns.credited_since(connection, self._at.merchant, since)
            instances = await returns.read(connection, self._at.merchant, [row["id"] for row in rows])
        ours = {row["credit_id"] for row in rows}
        stopped = {row["id"] for row in rows if row["is_stopped"]}
        by_order = await self._at.brightpearl.credit_ids_of({row["order_id"] for row in rows})
        doubted = {order_id for order_id, ids in by_order.items() if set(ids) - ours}
        doubted |= {row["order_id"] for row in rows if row["is_stopped"]}
        if not doubted:
            return 0
        async with self._at.database.reading() as connection:
            siblings = await returns.siblings_on_orders(connection, self._at.merchant, sorted(doubted))
        held = {row["credit_id"] for row in siblings if row["credit_id"] is not None}
        account, maps = await self._at.account(now), await self._at.maps()
        orders, _ = await self._at.brightpearl.orders(doubted)
        ids = {each for order_id in doubted for each in by_order[order_id]}
        ids |= {each for key in stopped for each in _rivals_of(instances[key])}
        found, _ = await self._at.brightpearl.credits(
            ids | {row["credit_id"] for row in rows if row["order_id"] in doubted}
        )
        arrivals = []
        for instance in instances.values():
            order = orders.get(instance.order_id or 0)
            if order is None or instance.credit is None or instance.id is None:
                continue
            wanted = {*by_order[order.id], instance.credit.id, *_rivals_of(instance)}
            beside = [found[i] for i in wanted if i in found]
            known = frozenset(held - {instance.credit.id})
            case = case_for(
                instance, order, beside, account=account, policy=self._at.settings.policy, maps=maps, now=now,
                known_credits=known,
            )  # fmt: skip
            if case.cancelled_own is not None:
                gone = own_was_cancelled(case)
                if isinstance(gone, NeedsPerson):
                    arrivals.append(self._troubled(instance, gone, now))
            elif instance.id in stopped:
                # Only what was read can relieve: a credit the index hides, or that cannot be read, may still stand.
                if case.own is not None and _rivals_of(instance) <= set(found) and not case.has_rival_beside_own:
                    arrivals.append(self._relieved(instance, now))
            elif case.has_rival_beside_own and isinstance(verdict := preflight(case), NeedsPerson):
                arrivals.append(self._troubled(instance, verdict, now))
        async with self._at.writing("reconcile") as connection:
            return len(await inbox.put(connection, self._at.merchant, arrivals))

    def _relieved(self, instance: Return, now: datetime) -> Arrival:
        event = Resumed(why="no other credit is for the same goods any more", is_seen=True)
        return _arrival(instance, event, f"rival-gone:{instance.id}:{instance.version}", now)

    def _troubled(self, instance: Return, verdict: NeedsPerson, now: datetime) -> Arrival:
        others = "-".join(str(each) for each in verdict.evidence.get("other_credits", ()))
        key = f"{verdict.cause}:{instance.id}:{instance.version}:{others}"
        return _arrival(instance, Troubled(trouble=verdict.trouble), key, now)

    def _received(self, instance: Return, notes: Iterable[GoodsInNote], now: datetime) -> Arrival | None:
        found = units_on_notes(instance, notes)
        if not found:
            return None
        ids = "-".join(str(each) for each in sorted(set(found.values())))
        key = f"goods-in:{instance.id}:{ids}:{len(found)}"
        return _arrival(instance, StockReceived(goods_in=found), key, now, source="brightpearl", actor="warehouse")


def _arrival(
    instance: Return,
    event: Resumed | Troubled | StockReceived,
    natural_key: str,
    now: datetime,
    *,
    source: str = "reconcile",
    actor: str = "homeward",
) -> Arrival:
    """What the comparison saw of one return, as the inbox takes it."""
    return Arrival(
        natural_key=natural_key,
        event=event,
        happy_return_id=instance.happy_return_id,
        order_number=instance.order_number,
        part=instance.part,
        source=source,
        actor=actor,
        received_at=now,
    )


def _rivals_of(instance: Return) -> set[int]:
    """The credits that stopped this return, by the evidence it was stopped with."""
    told = instance.trouble.evidence.get("other_credits", ()) if instance.trouble is not None else ()
    return {int(each) for each in told}


def units_on_notes(instance: Return, notes: Iterable[GoodsInNote]) -> dict[str, int]:
    """Unit key → note id for goods that others received; our own notes are dispatch's business."""
    assert instance.credit is not None
    found: dict[str, int] = {}
    waiting = [unit for unit in instance.units if unit.goods_in_id is None and not unit.goods_in_ref]
    for note in notes:
        if note.reference.startswith(instance.credit_ref):
            continue
        for row_id, quantity in note.moved:
            left = quantity
            for unit in instance.units:
                pieces = sum(count for row, count in credit_rows_of(instance, unit) if int(row["id"]) == row_id)
                if pieces and unit.goods_in_id == note.id:
                    left -= pieces
            for unit in waiting:
                pieces = sum(count for row, count in credit_rows_of(instance, unit) if int(row["id"]) == row_id)
                if pieces and unit.key not in found and left >= pieces:
                    found[unit.key] = note.id
                    left -= pieces
    return found
