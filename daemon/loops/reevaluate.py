"""Re-evaluate: a return that waits or is stuck is decided again when a fact it watches changes, and only then.

Cheap: one batched search for 200 watched orders and credits, one for 50 missing order numbers, the reference data that
is read anyway, and the version of the accepted maps.
"""

import hashlib
import logging
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

import orjson

from daemon.clients.results import Complete
from daemon.clients.throttle import Lane
from daemon.clock import Rest
from daemon.errors import MalformedPayloadError, NotPermittedError, RejectedError, TransientError
from daemon.health.kinds import BRIGHTPEARL
from daemon.loops.workplace import Workplace, planned
from daemon.store import merchant, returns
from daemon.store.inbox import Arrival
from daemon.store.sql import Record
from statemachine.credit.watching import CODES, MAP, PERIOD, number_fact, number_of, order_fact, order_id_of
from statemachine.events import FactChanged

log = logging.getLogger(__name__)

BATCH_MAX = 1000
OVERLAP = timedelta(minutes=10)  # clocks differ and the search index lags; the natural key makes a second look harmless
CURSOR = "reevaluate"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen when the watched facts were last compared."""

    at: str = ""
    map: str = ""
    period: str = ""
    codes: str = ""
    late: dict[str, str] = field(default_factory=dict)
    """What had changed at that look: told once more, to returns that were being decided just then."""


class Reevaluate:
    name = "reevaluate"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._seen: _Seen | None = None
        self._rest = Rest(workplace.clock)
        self._is_down = False
        self._tried_map = ""
        """The maps last looked at: new ones are looked at once at once, and then at the usual pace."""

    async def run_once(self, now: datetime) -> int:
        if self._seen is None:
            async with self._at.database.reading() as connection:
                told = await merchant.read_cursor(connection, self._at.merchant, CURSOR)
            self._seen = _Seen(**told) if told else _Seen()
            if self._seen.at:
                next_at = datetime.fromisoformat(self._seen.at) + self._every
                self._rest.begin(planned(next_at.isoformat(), now=now, at_most=self._every))
        version = (await self._at.maps()).version
        is_new_map = version not in (self._seen.map, self._tried_map)
        if not is_new_map and not self._rest.is_over:
            return 0
        self._rest.begin(self._every)
        self._tried_map = version
        try:
            return await self._look(self._seen, version, now)
        except (TransientError, RejectedError, NotPermittedError, MalformedPayloadError) as error:
            if not self._is_down:
                self._at.say(log, "watched facts not read", BRIGHTPEARL, error)
            self._is_down = True
            return 0

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: the facts are compared again at the next time."""

    @property
    def _every(self) -> timedelta:
        return timedelta(minutes=self._at.settings.policy.watch_orders_minutes)

    async def _look(self, seen: _Seen, version: str, now: datetime) -> int:
        rows = await self._watching()
        changed, is_whole = await self._changed(rows, seen, now) if rows else ({}, True)
        if rows:  # what they were decided with may have been accepted since
            version = (await self._at.maps()).version
        late: dict[str, str] = {}
        looked_at = now.isoformat() if is_whole else seen.at  # what an answer left out is asked for again
        fresh = _Seen(looked_at, version, seen.period, seen.codes)
        if rows or not seen.at:
            account = await self._at.account(now)
            codes = [account.tax_codes, account.nominal_codes]
            digest = hashlib.sha256(orjson.dumps(codes, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
            fresh = _Seen(looked_at, version, str(account.locked_until or ""), digest)
        for name, before, after in (
            (PERIOD, seen.period, fresh.period), (CODES, seen.codes, fresh.codes)
        ):  # fmt: skip
            if seen.at and before != after:
                late[name] = after or "none"
        changed = {**seen.late, **changed, **late}
        arrivals = [
            _arrival(row, fact, changed.get(fact, version), now)
            for row in rows
            if (fact := _news(row, changed, version)) is not None
        ]
        fresh = replace(fresh, late=late)
        known = await self._at.put(arrivals, CURSOR, asdict(fresh))
        self._seen, self._is_down = fresh, False
        return known

    async def _watching(self) -> list[Record]:
        rows: list[Record] = []
        async with self._at.database.reading() as connection:
            page: list[Record] = []
            while not rows or len(page) == BATCH_MAX:
                after = rows[-1]["id"] if rows else 0
                page = await returns.watching(connection, self._at.merchant, after, BATCH_MAX)
                if not page:
                    break
                rows += page
        return rows

    async def _changed(self, rows: list[Record], seen: _Seen, now: datetime) -> tuple[dict[str, str], bool]:
        """Watched facts that Brightpearl says have changed, with what they are now; and whether that is all of them."""
        facts = {fact for row in rows for fact in row["watches"]}
        since = (datetime.fromisoformat(seen.at) if seen.at else now) - OVERLAP
        ids = [order_id for fact in facts if (order_id := order_id_of(fact)) is not None]
        updated = await self._at.brightpearl.orders_changed(ids, since)
        changed = {order_fact(order_id): moment for order_id, moment in updated.value.items()}
        numbers = sorted(number for fact in facts if (number := number_of(fact)) is not None)
        for number, orders in (await self._at.brightpearl.find_orders(numbers)).items() if numbers else ():
            if orders.value:
                changed[number_fact(number)] = "-".join(str(order_id) for order_id in orders.value)
        return changed, isinstance(updated, Complete)


def _news(row: Record, changed: dict[str, str], version: str) -> str | None:
    """The first watched fact that is not what this return was decided with."""
    if MAP in row["watches"] and row["map_version"] != version:
        return MAP
    return next((fact for fact in row["watches"] if fact in changed and fact != MAP), None)


def _arrival(row: Record, fact: str, now_is: str, now: datetime) -> Arrival:
    return Arrival(
        natural_key=f"fact:{row['id']}:{fact}:{now_is}",
        event=FactChanged(fact=fact, why=f"{fact} is now {now_is}"),
        happy_return_id=row["happy_return_id"],
        order_number=row["order_number"],
        part=row["part"],
        source="brightpearl" if fact != MAP else "maps",
        actor="homeward",
        received_at=now,
        trace=row["trace"],
    )
