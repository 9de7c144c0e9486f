"""Verify: look again at what was written, and at what others wrote beside it.

Every ten minutes everything that was credited, changed or refunded of late is set against what we know. Each order we
credited is looked at again as a whole after an hour and after a day, since a search index may hide a rival for as long, and
whenever its return stopped being an exception: what a person's word covered may stand still. What differs becomes an event;
what is seen to be gone again ends the exception it was.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl_credits import read_credits, words_on
from daemon.clients.brightpearl_reads import Row, number_of, text_of
from daemon.clients.results import ById, Complete, Partial, ReadResult, joined, mapped
from daemon.clients.throttle import Lane
from daemon.clock import Rest
from daemon.errors import MalformedPayloadError, RejectedError, TransientError
from daemon.health.kinds import BRIGHTPEARL
from daemon.loops.credit_facts import case_for
from daemon.loops.looked import Looked, put_off
from daemon.loops.money_wave import recorded
from daemon.loops.outcome import trouble, vanished
from daemon.loops.workplace import Workplace, planned
from daemon.offloop import off_the_loop
from daemon.store import chain, merchant, returns
from daemon.store.inbox import Arrival
from daemon.store.sql import Record
from statemachine.causes import BY_NUMBER, OF_OTHERS, SEEN_IN_BRIGHTPEARL
from statemachine.credit.about_credits import rival_beside_own
from statemachine.credit.changed import about_own_credit
from statemachine.credit.refunds import about_refunds, recorded_elsewhere
from statemachine.credit.snapshot import OWN_PREFIX, ExistingCredit, Order
from statemachine.credit.watching import order_fact
from statemachine.effects import CreateSalesCredit, ReceiveStock, RecordRefund
from statemachine.events import FactChanged, Resumed, Troubled
from statemachine.refs import payment_ref
from statemachine.states import State
from statemachine.units import Return, Trouble

log = logging.getLogger(__name__)

CURSOR = "verify"
AFTER = (timedelta(hours=1), timedelta(days=1))  # after being credited, an order is looked at as a whole
RECENT = timedelta(days=2)  # whose credits and refunds are asked for; a day more than the index is trusted to lag
OWN_CHANGED = timedelta(hours=1)  # before the last look: for what the index may be slow to show of our own credits
OWN_WRITE = timedelta(minutes=1)  # a change of our own credit that long after we wrote to it is others'
YOUNG = timedelta(minutes=45)  # a credit that is looked at as a whole before long
RETRY = timedelta(minutes=1)
BATCH_MAX = 200
ROWS_MAX = 5000
EXCEPTIONS_MAX = 1000  # of each kind at a time; the others have their turn at the next
STUCK = timedelta(hours=1)  # an order that is not read whole for so long is told to a person
_OF_PAYMENTS = frozenset({"refund-twice", "refund-elsewhere", "refund-differs", "record-vanished"})
"""What no other finding takes the place of while the payments, or the notes, cannot be read."""
JUDGED_MAX = 2000  # remembered so that what was judged is not read again every time; what falls out is


@dataclass(frozen=True, slots=True)
class Facts:
    """What Brightpearl shows of some orders and of what we wrote against them."""

    orders: ById[Order]
    credits: dict[int, ReadResult[list[ExistingCredit]]]
    """By order."""
    payments: dict[int, ReadResult[list[bp.CustomerPayment]]]
    """By credit and by order."""
    notes: dict[int, ReadResult[list[bp.GoodsInNote]]]
    """By credit."""
    keys: dict[str, int]
    """Key of a credit in the one case it is compared in → the return of ours that it was sent for."""
    held: frozenset[int]
    """Credits that returns of ours hold."""

    def of_others(self, instance: Return, credits: Iterable[ExistingCredit]) -> frozenset[int]:
        """Which of these credits are other returns' of ours, by number or by key."""
        sent_for = {credit.id: self.keys.get(credit.external_ref.casefold(), instance.id) for credit in credits}
        return self.held | {number for number, return_id in sent_for.items() if return_id != instance.id}


class Verify:
    name = "verify"
    lane = Lane.COMPARE

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._rest = Rest(workplace.clock)
        self._done: Looked | None = None
        """How far it has come, once that was read."""

    async def run_once(self, now: datetime) -> int:
        if self._done is None:
            self._done = await self._load(now)
        if not self._rest.is_over:
            return 0
        self._rest.begin(self._every)
        try:
            return await self._verify(self._done, now)
        except (TransientError, RejectedError, MalformedPayloadError) as error:
            self._at.say(log, "what others wrote was not read", BRIGHTPEARL, error)
            self._done = self._note_unread(self._done, str(error), now)
            self._rest.begin(RETRY)
            return 0

    async def park(self, error: Exception, now: datetime) -> None:
        """Nothing to put aside: it is looked at again at its next time."""

    @property
    def _every(self) -> timedelta:
        return timedelta(minutes=self._at.settings.policy.verify_minutes)

    async def _load(self, now: datetime) -> Looked:
        async with self._at.database.reading() as connection:
            stored = await merchant.read_cursor(connection, self._at.merchant, CURSOR) or {}
        self._rest.begin(planned(stored.get("at"), now=now, at_most=self._every))
        return Looked.read(stored)

    async def _verify(self, done: Looked, now: datetime) -> int:
        # What was written down by a clock that was ahead says nothing of what lies between.
        looked_at = done.looked_at if done.looked_at is not None and done.looked_at <= now else None
        fresh = await self._written_by_others(done, looked_at or now)
        windows = [((looked_at or now - after - RECENT) - after, now - after) for after in AFTER] + done.left
        numbers = sorted(fresh.orders | {int(order_id) for order_id in done.partial})
        async with self._at.database.reading() as connection:
            stopped = await returns.stopped_for(
                connection, self._at.merchant, sorted(SEEN_IN_BRIGHTPEARL), after=done.stopped_after,
                rows_max=EXCEPTIONS_MAX,
            )  # fmt: skip
            let_go, moved = await chain.left_exception(
                connection, self._at.merchant, after=done.moved, rows_max=EXCEPTIONS_MAX
            )
            rows = await returns.to_verify(
                connection, self._at.merchant, numbers=numbers, named=stopped + let_go,
                since=[start for start, _ in windows], until=[end for _, end in windows], rows_max=ROWS_MAX,
            )  # fmt: skip
            instances = await returns.read(connection, self._at.merchant, [row["id"] for row in rows])
            lost = await returns.awaiting_credit(connection, self._at.merchant, sorted(fresh.found))
        arrivals = [_found(row, fresh.found[row["credit_ref"]], now) for row in lost]
        pending = [each for each in instances.values() if each.credit is not None and each.order_id is not None]
        partial: set[int] = set()
        for start in range(0, len(pending), BATCH_MAX):
            page = pending[start : start + BATCH_MAX]
            found, not_whole = await self._compare(page, fresh.unparented, done, now)
            arrivals += found
            partial |= not_whole
        since = {order_id: done.since(order_id, now).isoformat() for order_id in partial}
        whole = [instance for instance in pending if instance.order_id not in partial]
        orders = {instance.order_id for instance in whole if instance.order_id is not None}
        credits = {instance.credit.id for instance in whole if instance.credit is not None}
        further = Looked(
            looked_at=now,
            left=put_off(windows, rows) if len(rows) >= ROWS_MAX else [],
            partial={str(order_id): began for order_id, began in list(since.items())[-JUDGED_MAX:]},
            stopped_after=stopped[-1] if len(stopped) == EXCEPTIONS_MAX else 0,
            moved=moved,
            judged=dict(list((done.judged | fresh.judged(orders, credits)).items())[-JUDGED_MAX:]),
        )
        further = self._note_unread(replace(further, unread=done.unread), fresh.missing, now)
        self._rest.end()  # what is not committed is not done
        cursor = {"at": (now + self._every).isoformat(), **further.as_json()}
        stored = await self._at.put(arrivals, CURSOR, cursor)
        self._done = further
        self._rest.begin(self._every)
        return stored

    def _note_unread(self, done: Looked, missing: str, now: datetime) -> Looked:
        """What others wrote of late was read whole, or what is missing; after a while people are told."""
        since = min(datetime.fromisoformat(done.unread), now) if done.unread else now
        self._at.unread = (since, missing[:500]) if missing and now - since >= STUCK else None
        return replace(done, unread=since.isoformat() if missing else None)

    # -- what is to be looked at --------------------------------------------------------------------------------------

    async def _written_by_others(self, done: Looked, looked_at: datetime) -> "_Fresh":
        """Credits and refunds of late, as far as they are shown, that are not ours and were not set against ours yet.

        Late is since the last look and somewhat before, however long ago that was. A credit that was changed, or is not
        cancelled any more, is as good as a new one; of our own what changed since the last look, and not by our own writing.
        """
        since = (looked_at - RECENT).date()
        made = await self._at.brightpearl.credits_since(since)
        refunds = await self._at.brightpearl.refunds_since(since, column="createdOn")
        numbers = {int(row["orderId"]) for row in made.value} | {payment.order_id for payment in refunds.value}
        late = [row for row in made.value if _is_after(_changed(row), looked_at - OWN_CHANGED)]
        async with self._at.database.reading() as connection:
            ours = await returns.payment_by_credit(connection, self._at.merchant, sorted(numbers))
            written = await returns.written_at(connection, self._at.merchant, [int(row["orderId"]) for row in late])
        as_written = {int(row["orderId"]) for row in late if _is_as_written(row, written, looked_at)}
        edited = {int(row["orderId"]) for row in late} - as_written
        whole = joined([mapped(made, lambda _: [None]), mapped(refunds, lambda _: [None])])
        fresh = _Fresh({}, {}, {}, {}, [], whole.missing if isinstance(whole, Partial) else "")
        for row in made.value:
            reference = str(row.get("externalRef") or "")
            if int(row["orderId"]) not in ours and reference.upper().startswith(OWN_PREFIX):
                fresh.found[OWN_PREFIX + reference[len(OWN_PREFIX) :].lower()] = int(row["orderId"])
        for row in made.value:
            number, parent = int(row["orderId"]), number_of(row, "parentOrderId")
            changed, is_due = _changed(row), number not in ours or number in edited
            if is_due and parent and done.judged.get(f"credit:{number}") != changed:
                fresh.credits[number] = ({parent}, changed)
            elif number in as_written and parent:
                fresh.as_written[number] = ({parent}, changed)
        unparented = [row for row in made.value if not number_of(row, "parentOrderId")]
        fresh.unparented.extend(unparented)
        fresh.credits.update(await self._orders_named(unparented, ours, done))
        for payment in refunds.value:
            if ours.get(payment.order_id) != payment.id and f"payment:{payment.id}" not in done.judged:
                fresh.payments[payment.id] = payment.order_id
        return fresh

    async def _orders_named(
        self, rows: list[Row], ours: Mapping[int, int | None], done: Looked
    ) -> dict[int, tuple[set[int], str]]:
        """Credits that name no order, but by what is written on them some of ours: with those, and when last changed."""
        words = {int(row["orderId"]): words_on(row) for row in rows if int(row["orderId"]) not in ours}
        async with self._at.database.reading() as connection:
            names = sorted(frozenset[str]().union(*words.values()))
            orders = await returns.orders_named(connection, self._at.merchant, names) if names else []
        found: dict[int, tuple[set[int], str]] = {}
        for row in rows:
            number, changed = int(row["orderId"]), _changed(row)
            named = {order_id for name, order_id in orders if name in words.get(number, ())}
            if named and done.judged.get(f"credit:{number}") != changed:
                found[number] = (named, changed)
        return found

    # -- comparing ----------------------------------------------------------------------------------------------------

    async def _compare(
        self, instances: list[Return], unparented: list[Row], done: Looked, now: datetime
    ) -> tuple[list[Arrival], set[int]]:
        """What is to be said of these returns; and the orders of which not everything was read."""
        facts = await self._read(instances, unparented, now)
        account, maps = await self._at.account(now), await self._at.maps()
        arrivals: list[Arrival] = []
        not_whole: set[int] = set()
        for instance in instances:
            order_id = instance.order_id or 0
            order, read = facts.orders.items.get(order_id), facts.credits[order_id]
            assert instance.credit is not None
            own = instance.credit
            if order is None or isinstance(read, Partial):
                not_whole.add(order_id)
                why = read.missing if isinstance(read, Partial) else facts.orders.unread.get(order_id, "")
                arrival = _told_as_lost(instance, own.id, read, done, now)
                gap = _told_of_gap(instance, why or f"order {order_id} is not shown", done, now)
                arrivals += [arrival] if arrival is not None else gap
                continue
            beside = [credit for credit in read.value if credit.id != own.id]
            # As our own, taken over or not.
            mine = [replace(credit, external_ref=instance.credit_ref) for credit in read.value if credit.id == own.id]
            case = case_for(
                instance, order, [*mine, *beside], account=account, policy=self._at.settings.policy, maps=maps, now=now,
                known_credits=facts.of_others(instance, beside) - {own.id},
            )  # fmt: skip
            found = self._trouble_of(instance, facts, is_here=bool(mine))
            if found is None and mine:
                found = about_own_credit(instance, mine[0])
            if found is None:
                rival = await off_the_loop(partial(rival_beside_own, case), size=case.size)
                found = rival.trouble if rival is not None else None
            may_stand = instance.trouble is not None and instance.trouble.cause in _OF_PAYMENTS and found is not None
            if (found is None or may_stand) and not self._is_readable(instance, facts):
                not_whole.add(order_id)
                payments = self._payments(instance, facts)
                why = payments.missing if isinstance(payments, Partial) else "its goods-in notes are not shown whole"
                arrivals += _told_of_gap(instance, why, done, now)
            elif (arrival := _arrival_of(instance, found, now)) is not None:
                arrivals.append(arrival)
        return arrivals, not_whole

    async def _read(self, instances: list[Return], unparented: list[Row], now: datetime) -> Facts:
        client = self._at.brightpearl
        order_ids = {instance.order_id for instance in instances if instance.order_id is not None}
        async with self._at.database.reading() as connection:
            siblings = await returns.siblings_on_orders(connection, self._at.merchant, sorted(order_ids))
        held = {row["credit_id"]: row["order_id"] for row in siblings if row["credit_id"] is not None}
        wanted: dict[int, set[int]] = {order_id: set() for order_id in order_ids}
        for credit_id, order_id in held.items():
            wanted[order_id].add(credit_id)
        former = {each.id for instance in instances for each in instance.former_credits}
        for instance in instances:  # only what was read can relieve: what the index hides may still stand
            wanted[instance.order_id or 0] |= _rivals_of(instance) | {each.id for each in instance.former_credits}
        credit_ids = {instance.credit.id for instance in instances if instance.credit is not None}
        received = {
            instance.credit.id for instance in instances
            if instance.credit is not None and any(unit.goods_in_id for unit in instance.units)
        }  # fmt: skip
        orders = await client.orders(order_ids)
        marks: dict[int, set[str]] = {}
        for instance in instances:
            marks.setdefault(instance.order_id or 0, set()).update(instance.names)
        credits = await read_credits(
            client, order_ids, own=wanted, keys={}, now=now, marks=marks, unparented=unparented
        )
        async with self._at.database.reading() as connection:  # once more: what was sent meanwhile was stored before
            siblings = [*siblings, *await returns.siblings_on_orders(connection, self._at.merchant, sorted(order_ids))]
        return Facts(
            orders, credits, await client.payments_of(credit_ids | order_ids | former),
            await client.goods_in_of(received), {row["key"].casefold(): row["id"] for row in siblings},
            frozenset(row["credit_id"] for row in siblings if row["credit_id"] is not None),
        )  # fmt: skip

    def _trouble_of(self, instance: Return, facts: Facts, *, is_here: bool) -> Trouble | None:
        """What contradicts this return's own credit, refund or goods."""
        assert instance.credit is not None
        credit = instance.credit
        if not is_here:
            return vanished(instance, "credit", credit.id, CreateSalesCredit)
        payments = self._payments(instance, facts)
        if isinstance(payments, Complete):
            moved = recorded(payments.value, credit.id)
            refunds = [each for each in moved if not each.is_taken_back]
            reference = payment_ref(instance.credit_ref, instance.made_anew.refund)
            verdict = about_refunds(instance, moved, reference=reference)
            # Where the refund is not ours to record, how much of it is paid is others' matter.
            told_of = SEEN_IN_BRIGHTPEARL if instance.refund_due else OF_OTHERS
            if isinstance(verdict, Trouble) and verdict.cause in told_of:
                return verdict
            if (elsewhere := recorded_elsewhere(instance, refunds)) is not None:
                return elsewhere
            if instance.payment is not None and instance.payment.id not in {refund.id for refund in refunds}:
                return vanished(instance, "refund record", instance.payment.id, RecordRefund)
        notes = facts.notes.get(credit.id)
        shown = {note.id for note in notes.value} if isinstance(notes, Complete) else None
        lost = [unit.goods_in_id for unit in instance.units if unit.goods_in_id and shown is not None
                and unit.goods_in_id not in shown]  # fmt: skip
        return vanished(instance, "goods-in note", lost[0], ReceiveStock) if lost else None

    def _payments(self, instance: Return, facts: Facts) -> ReadResult[list[bp.CustomerPayment]]:
        assert instance.credit is not None
        numbers = {instance.credit.id, *(each.id for each in instance.former_credits)}
        numbers |= {instance.order_id} if instance.order_id is not None else set()
        return joined(facts.payments[number] for number in sorted(numbers))

    def _is_readable(self, instance: Return, facts: Facts) -> bool:
        assert instance.credit is not None
        notes = facts.notes.get(instance.credit.id)
        return isinstance(self._payments(instance, facts), Complete) and not isinstance(notes, Partial)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What others may have written of late."""

    credits: dict[int, tuple[set[int], str]]
    """Credit → its order, or those it may be of, and when it was last changed."""
    as_written: dict[int, tuple[set[int], str]]
    """Credits of ours that only we have changed, in the same form: they are not looked at for that."""
    payments: dict[int, int]
    """Payment to a customer → the credit or order it stands on."""
    found: dict[str, int]
    """Key of ours → the credit that carries it, and that no return of ours holds."""
    unparented: list[Row]
    """Search rows of credits that name no order."""
    missing: str
    """What of late was not read; empty where all was."""

    @property
    def orders(self) -> set[int]:
        return {order_id for orders, _ in self.credits.values() for order_id in orders} | set(self.payments.values())

    def judged(self, orders: Collection[int], credits: Collection[int]) -> dict[str, str]:
        """What of it concerns these orders and credits of ours, as it is remembered."""
        concerned = {
            f"credit:{number}": changed
            for number, (named, changed) in (self.credits | self.as_written).items()
            if named.intersection(orders)
        }
        payments = {number for number, on in self.payments.items() if on in credits or on in orders}
        return concerned | {f"payment:{number}": "" for number in payments}


def _changed(row: Row) -> str:
    return text_of(row, "updatedOn") or text_of(row, "createdOn")


def _is_as_written(row: Row, written: Mapping[int, datetime], looked_at: datetime) -> bool:
    """Whether a young credit of ours was last changed by our own writing, as far as times tell."""
    at = written.get(int(row["orderId"]))
    is_young = _is_after(text_of(row, "createdOn"), looked_at - YOUNG)
    return at is not None and is_young and not _is_after(_changed(row), at + OWN_WRITE)


def _is_after(changed: str, moment: datetime) -> bool:
    """Whether it was changed after this moment; what cannot be read may have been."""
    try:
        at = wire.moment(changed, "updatedOn")
    except MalformedPayloadError:
        return True
    return at is None or at > moment


def _rivals_of(instance: Return) -> set[int]:
    """The credits that stopped this return, by the evidence it was stopped with."""
    is_stopped = instance.trouble is not None and instance.trouble.cause == "rival-credit"
    return set(instance.trouble.numbers) if is_stopped and instance.trouble is not None else set()


def _arrival_of(instance: Return, found: Trouble | None, now: datetime) -> Arrival | None:
    """What the comparison says of one return that is not said already."""
    current = instance.trouble.cause if instance.trouble is not None else ""
    was_gap = instance.trouble is not None and instance.trouble.evidence.get("effect") == Verify.name
    if found is None:
        if current not in SEEN_IN_BRIGHTPEARL and not was_gap:
            return None
        event: Resumed | Troubled = Resumed(why="what stood against it is not there any more", is_seen=True)
        return _arrival(instance, event, f"seen-gone:{instance.id}:{instance.version}", now)
    if found.cause in instance.accepted and found.cause not in BY_NUMBER | {"credit-differs"}:
        return None
    if current == found.cause and (instance.trouble is None or set(found.numbers) <= set(instance.trouble.numbers)):
        return None
    key = f"{found.cause}:{instance.id}:{instance.version}:{'-'.join(str(number) for number in found.numbers)}"
    return _arrival(instance, Troubled(trouble=found), key, now)


def _told_as_lost(
    instance: Return, own: int, read: ReadResult[list[ExistingCredit]], done: Looked, now: datetime
) -> Arrival | None:
    """The search may leave something out because our credit is gone: asked for by number at two looks, it is."""
    is_lost = isinstance(read, Partial) and own in read.gone and done.since(instance.order_id or 0, now) < now
    return _arrival_of(instance, vanished(instance, "credit", own, CreateSalesCredit), now) if is_lost else None


def _told_of_gap(instance: Return, missing: str, done: Looked, now: datetime) -> list[Arrival]:
    """What is said of a return whose order is not read whole: nothing at first, nor beside another trouble."""
    since = done.since(instance.order_id or 0, now)
    if now - since < STUCK or instance.trouble is not None or "evidence-incomplete" in instance.accepted:
        return []
    facts = {"effect": Verify.name, "order_id": instance.order_id, "missing": missing, "since": since.isoformat()}
    explanation = f"What others wrote beside this credit has not been read whole since {since:%H:%M} UTC: {missing}"
    found = trouble("evidence-incomplete", explanation[:500], facts, key=f"order={instance.order_id}")
    return [_arrival(instance, Troubled(found), f"{found.cause}:{instance.id}:{instance.version}", now)]


def _found(row: Record, credit_id: int, now: datetime) -> Arrival:
    """The credit of a return that counts as not made turned up: it is decided again, and takes it over.

    What a person ended meanwhile is told to a person.
    """
    why = f"credit {credit_id} carries this return's key"
    event: FactChanged | Troubled = FactChanged(fact=order_fact(credit_id), why=why)
    if row["state"] == State.CLOSED:
        facts = {"credit_id": credit_id, "key": row["credit_ref"]}
        explanation = f"Credit {credit_id} carries the key of this return, which a person ended without a credit."
        found = trouble("credit-after-write-off", explanation, facts, key=f"credit={credit_id}")
        event = Troubled(found, is_sent=True)
    return Arrival(
        natural_key=f"credit-found:{row['state']}:{row['id']}:{credit_id}", event=event,
        happy_return_id=row["happy_return_id"], order_number=row["order_number"], part=row["part"], source="verify",
        received_at=now,
    )  # fmt: skip


def _arrival(instance: Return, event: Resumed | Troubled, natural_key: str, now: datetime) -> Arrival:
    return Arrival(
        natural_key=natural_key, event=event, happy_return_id=instance.happy_return_id,
        order_number=instance.order_number, part=instance.part, source="verify", received_at=now,
    )  # fmt: skip
