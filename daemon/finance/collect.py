"""Collect: read what changed in both systems since the last time, and write it down as legs.

Reads batch at 200 ids. What is not settled is read again each time, since goods and payments do not move a credit's
`updatedOn` (UNCONFIRMED); once a week everything within reach is read again, so that what was deleted is found.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.clients import wire
from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.brightpearl_wire import CustomerPayment
from daemon.clients.happy_returns import HappyReturnsClient
from daemon.clients.results import Partial, require_whole
from daemon.errors import MalformedPayloadError, RejectedError, TransientError
from daemon.finance.brightpearl_legs import credit_legs, posted_by_credit, refund_leg, stock_legs
from daemon.finance.unit_legs import day, unit_legs, unit_scope
from daemon.settings_merchant import MerchantSettings
from daemon.store import legs, merchant, returns
from daemon.store.database import Database
from daemon.store.legs import Told, scope_of_credit
from statemachine.books.legs import Kind, Leg
from statemachine.credit.snapshot import ExistingCredit
from statemachine.money import SUM_LIMIT
from statemachine.refs import order_key

log = logging.getLogger(__name__)

OVERLAP = timedelta(days=2)
"""How far a reading reaches back over the last one: search indexes lag, clocks differ."""
WHOLE_EVERY = timedelta(days=7)
PAGE = 500
BATCH = 200
SHIPMENT_WINDOW = timedelta(days=14)


def _silent(text: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Sources:
    """One merchant, to be read."""

    merchant: str
    settings: MerchantSettings
    database: Database
    brightpearl: BrightpearlClient
    happy_returns: HappyReturnsClient | None
    clock: Callable[[], datetime]
    """What is written down is known from the moment of writing, not from when the reading began."""
    tell: Callable[[str], None] = _silent
    """Where progress is told."""


@dataclass(slots=True)
class Collected:
    """What a collection read, and what it could not."""

    returns: int = 0
    credits: int = 0
    new_legs: int = 0
    faults: list[str] | None = None

    def fault(self, what: str) -> None:
        self.faults = [*(self.faults or []), what]


async def collect(at: Sources, now: datetime, *, whole: bool = False) -> Collected:
    """Everything new. A source that does not answer is named in `faults`; the others are read all the same."""
    async with at.database.reading() as connection:
        cursor = await merchant.read_cursor(connection, at.merchant, "collect") or {}
    zone = ZoneInfo(at.settings.calendar.timezone)
    done = Collected()
    since = datetime.fromisoformat(cursor["at"]) if cursor.get("at") else None
    whole_at = datetime.fromisoformat(cursor["whole_at"]) if cursor.get("whole_at") else None
    is_whole = whole or whole_at is None or now - whole_at >= WHOLE_EVERY
    await _own_returns(at, None if is_whole else since, zone, now, done)
    books_at = datetime.fromisoformat(cursor["books_at"]) if cursor.get("books_at") else None
    first = now - timedelta(days=at.settings.finance.history_days)
    try:
        await _brightpearl(
            at, first if is_whole or books_at is None else books_at - OVERLAP, zone, now, done, whole=is_whole
        )
        await _period_lock(at, now)
        cursor |= {"books_at": now.isoformat(), **({"whole_at": now.isoformat()} if is_whole else {})}
    except (TransientError, RejectedError, MalformedPayloadError) as error:
        done.fault(f"Brightpearl's books: {error}")
        level = at.brightpearl.transport.health.loudness(error)
        log.log(level, "books not read", extra={"merchant": at.merchant, "why": str(error)})
    shipped_at = datetime.fromisoformat(cursor["shipped_at"]) if cursor.get("shipped_at") else None
    try:
        await _shipments(at, shipped_at - OVERLAP if shipped_at else first, zone, now, done)
        cursor |= {"shipped_at": now.isoformat()}
    except (TransientError, RejectedError, MalformedPayloadError) as error:
        done.fault(f"Happy Returns' shipments: {error}")
        level = at.happy_returns.health.loudness(error) if at.happy_returns is not None else logging.WARNING
        log.log(level, "shipments not read", extra={"merchant": at.merchant, "why": str(error)})
    async with at.database.transaction("collect") as connection:
        await merchant.write_cursor(connection, at.merchant, "collect", {**cursor, "at": now.isoformat()})
    return done


async def _own_returns(at: Sources, since: datetime | None, zone: ZoneInfo, now: datetime, done: Collected) -> None:
    """Every return that moved, five hundred a commit."""
    policy, after = at.settings.machine_policy(), 0
    while True:
        async with at.database.reading() as connection:
            ids = await legs.changed_returns(
                connection, at.merchant, since=since - OVERLAP if since else legs.EPOCH, after=after, rows_max=PAGE
            )
            if not ids:
                return
            found = await returns.read(connection, at.merchant, ids)
        after = ids[-1]
        told = [(unit_scope(each), leg) for each in found.values() for leg in unit_legs(each, policy, zone)]
        done.returns += len(found)
        at.tell(f"{done.returns} returns of ours")
        await _put(at, Told(tuple(told), tuple(unit_scope(each) for each in found.values())), now, done)


async def _put(at: Sources, told: Told, now: datetime, done: Collected) -> None:
    async with at.database.transaction("collect") as connection:
        moment = await legs.tick(connection, at.merchant, at.clock())
        done.new_legs += await legs.put(connection, at.merchant, told, moment)


async def _brightpearl(
    at: Sources, since: datetime, zone: ZoneInfo, now: datetime, done: Collected, *, whole: bool
) -> None:
    start = day(since, zone)
    assert start is not None
    ids = {
        wire.identifier(row["orderId"], "orderId") for row in require_whole(await at.brightpearl.credits_since(start))
    }
    async with at.database.reading() as connection:
        ids |= await legs.open_credits(connection, at.merchant)
        if whole:
            ids |= await legs.credits_known(connection, at.merchant, start)
            horizon = now - timedelta(days=at.settings.finance.horizon_days)
            ids |= await legs.credits_of_returns(connection, at.merchant, horizon)
    try:
        refunds = require_whole(await at.brightpearl.refunds_since(start))
    except RejectedError as error:  # what is recorded on credits is read all the same
        refunds = []
        done.fault(f"refunds on sales: {error}")
    ordered = sorted(ids)
    for first in range(0, len(ordered), BATCH):
        at.tell(f"credit {first + 1} of {len(ordered)}")
        await _credits(at, ordered[first : first + BATCH], zone, now, done)
    await _other_refunds(at, refunds, zone, now, done)


async def _credits(at: Sources, ids: list[int], zone: ZoneInfo, now: datetime, done: Collected) -> None:
    """Two hundred credits with their orders, goods, payments and journals: five calls."""
    read = await at.brightpearl.credits(ids)
    orders = await at.brightpearl.orders({c.parent_order_id for c in read.items.values() if c.parent_order_id})
    notes = await at.brightpearl.goods_in_of(ids)
    payments = await at.brightpearl.payments_of(ids)
    unread = {**read.unread}
    for number, found in read.items.items():
        missing = [orders.unread[found.parent_order_id]] if found.parent_order_id in orders.unread else []
        missing += [result.missing for result in (notes[number], payments[number]) if isinstance(result, Partial)]
        missing += found.unusable[:1] if not _can_be_kept(found) else ()
        if missing:
            unread[number] = "; ".join(missing)
    for why in dict.fromkeys(unread.values()):
        done.fault(why)
    try:
        currencies = {number: found.currency for number, found in read.items.items()}
        posted = posted_by_credit(require_whole(await at.brightpearl.journals_of(ids)), currencies)
    except (TransientError, RejectedError, MalformedPayloadError) as error:
        done.fault(f"journals: {error}")
        async with at.database.reading() as connection:  # as it was told before: nothing is known to have changed
            posted = await legs.posted_of(connection, at.merchant, [scope_of_credit(credit_id) for credit_id in ids])
    told: list[tuple[str, Leg]] = []
    for credit_id in [credit_id for credit_id in ids if credit_id not in unread]:
        scope, credit = scope_of_credit(credit_id), read.items.get(credit_id)
        order = orders.items.get(credit.parent_order_id) if credit is not None else None
        key = _order_key(at, order.reference, order.external_ref) if order else ""
        if credit is not None:
            lines = credit_legs(credit, order, zone, order_key=key, posted=posted.get(credit.id, ""))
            lines += stock_legs(notes[credit.id].value, credit, zone, order_key=key) if lines else []
            told += [(scope, leg) for leg in lines]
        refunds = [payment for payment in payments[credit_id].value if payment.is_refund]
        told += [(scope, refund_leg(payment, zone, order_key=key, is_on_credit=True)) for payment in refunds]
    done.credits += len(read.items)
    scopes = tuple(scope_of_credit(credit_id) for credit_id in ids if credit_id not in unread)
    await _put(at, Told(tuple(told), scopes), now, done)


async def _period_lock(at: Sources, now: datetime) -> None:
    """Brightpearl's lock, and since when we know of it."""
    until = await at.brightpearl.locked_until()
    async with at.database.transaction("collect") as connection:
        told = await merchant.read_cursor(connection, at.merchant, "period-lock") or {}
        wanted = until.isoformat() if until else ""
        if told.get("until", "") != wanted:
            lock = {"until": wanted, "seen_at": now.isoformat()}
            await merchant.write_cursor(connection, at.merchant, "period-lock", lock)


def _order_key(at: Sources, reference: str, external_ref: str) -> str:
    return order_key(external_ref if at.settings.brightpearl.order_number_field == "external_ref" else reference)


def _can_be_kept(credit: ExistingCredit) -> bool:
    return all(abs(row.net) + abs(row.tax) < SUM_LIMIT for row in credit.rows)


async def _other_refunds(
    at: Sources, refunds: list[CustomerPayment], zone: ZoneInfo, now: datetime, done: Collected
) -> None:
    """Payments to customers that were recorded on the sale itself, not on a credit: each sale's are read as a whole."""
    async with at.database.reading() as connection:
        keys = [f"payment:{payment.id}" for payment in refunds]
        known = await legs.known_keys(connection, at.merchant, keys)
        sales = await legs.sales_known(connection, at.merchant)
    fresh = {payment.order_id for payment in refunds if payment.order_id and f"payment:{payment.id}" not in known}
    read = await at.brightpearl.orders(fresh | sales)
    for why in dict.fromkeys(read.unread.values()):
        done.fault(why)
    orders = read.items
    late = sorted(order.id for order in orders.values() if order.type_code == "SC")
    for first in range(0, len(late), BATCH):  # credits older than what was read, and refunded only now
        await _credits(at, late[first : first + BATCH], zone, now, done)
    wanted = sorted((fresh | sales) - set(late) - set(read.unread))
    payments = await at.brightpearl.payments_of(wanted)
    told: list[tuple[str, Leg]] = []
    whole_scopes: list[str] = []
    for sale, result in payments.items():
        if isinstance(result, Partial):
            done.fault(result.missing)
            continue
        whole_scopes.append(f"sale:{sale}")
        key = _order_key(at, orders[sale].reference, orders[sale].external_ref) if sale in orders else ""
        on_sale = [payment for payment in result.value if payment.is_refund]
        told += [(f"sale:{sale}", refund_leg(each, zone, order_key=key, is_on_credit=False)) for each in on_sale]
    if whole_scopes:
        await _put(at, Told(tuple(told), tuple(whole_scopes)), now, done)


async def _shipments(at: Sources, since: datetime, zone: ZoneInfo, now: datetime, done: Collected) -> None:
    """What left Happy Returns' hubs names units: those we do not know are found here."""
    if at.happy_returns is None:
        return
    start = since
    while start < now:
        end = min(start + SHIPMENT_WINDOW, now)
        at.tell(f"shipments until {end:%Y-%m-%d}")
        for shipment in await at.happy_returns.list_shipments(start, end):
            lines, _ = await at.happy_returns.shipment_lines(shipment.id)
            on = day(shipment.departed_at, zone) or date(now.year, now.month, now.day)
            told = [
                (f"shipment:{shipment.id}", Leg(
                    f"mention:{line.unit.happy_item_id}", Kind.MENTION, on, "", None, 1,
                    (f"item:{line.unit.happy_item_id}",), order_key(line.order_number), line.unit.sku,
                    facts={"code": line.express_code, "shipment": shipment.id},
                ))
                for line in lines if line.unit.happy_item_id
            ]  # fmt: skip
            await _put(at, Told(tuple(told), (f"shipment:{shipment.id}",)), now, done)
        start = end
