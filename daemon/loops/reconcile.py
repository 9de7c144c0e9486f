"""Reconcile: observe the goods-in notes that the warehouse posts in Brightpearl itself; each becomes an event."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from daemon.clients.brightpearl_wire import GoodsInNote
from daemon.clients.throttle import Lane
from daemon.clock import Rest
from daemon.errors import MalformedPayloadError, RejectedError, TransientError
from daemon.health.kinds import BRIGHTPEARL
from daemon.loops.credit_rows import units_on_notes
from daemon.loops.workplace import Workplace, planned
from daemon.store import inbox, merchant, returns
from daemon.store.inbox import Arrival
from daemon.store.sql import Record
from statemachine.events import StockReceived
from statemachine.units import Return

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=30)
BATCH_MAX = 200  # credits per goods-in read


class Reconcile:
    name = "reconcile"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._rest = Rest(workplace.clock)
        self._has_begun = False

    async def run_once(self, now: datetime) -> int:
        if not self._has_begun:
            await self._begin(now)
        if not self._rest.is_over:
            return 0
        self._rest.begin(EVERY)
        observed = 0
        try:
            observed = await self._observe_goods_in(now)
        except (TransientError, RejectedError, MalformedPayloadError) as error:
            self._at.say(log, "goods-in notes not read", BRIGHTPEARL, error)
        await self._at.keep_cursor("reconcile", {"at": (now + EVERY).isoformat()})
        return observed

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: the comparison is made again at its next time."""

    async def _begin(self, now: datetime) -> None:
        async with self._at.database.reading() as connection:
            told = await merchant.read_cursor(connection, self._at.merchant, "reconcile")
        self._rest.begin(planned(told["at"] if told else None, now=now, at_most=EVERY))
        self._has_begun = True

    async def _observe_goods_in(self, now: datetime) -> int:
        """Walk all credits whose goods are awaited, 200 a call."""
        after, seen = 0, 0
        rows: list[Record] = []
        while not rows or len(rows) == BATCH_MAX:
            async with self._at.database.reading() as connection:
                rows = await returns.stock_awaited(connection, self._at.merchant, after, BATCH_MAX)
                if not rows:
                    break
                instances = await returns.read(connection, self._at.merchant, [row["id"] for row in rows])
            after = rows[-1]["credit_id"]
            notes = await self._at.brightpearl.notes_in(row["credit_id"] for row in rows)
            by_credit: dict[int, list[GoodsInNote]] = {}
            for note in notes:
                by_credit.setdefault(note.order_id, []).append(note)
            arrivals = [
                arrival
                for instance in instances.values()
                if instance.credit is not None
                and (arrival := self._received(instance, by_credit.get(instance.credit.id, ()), now)) is not None
            ]
            if arrivals:
                async with self._at.writing("reconcile") as connection:
                    seen += len(await inbox.put(connection, self._at.merchant, arrivals))
        return seen

    def _received(self, instance: Return, notes: Iterable[GoodsInNote], now: datetime) -> Arrival | None:
        found = units_on_notes(instance, notes)
        if not found:
            return None
        ids = "-".join(str(each) for each in sorted(set(found.values())))
        key = f"goods-in:{instance.id}:{ids}:{len(found)}"
        return Arrival(
            natural_key=key, event=StockReceived(goods_in=found), happy_return_id=instance.happy_return_id,
            order_number=instance.order_number, part=instance.part, source="brightpearl", actor="warehouse",
            received_at=now,
        )  # fmt: skip
