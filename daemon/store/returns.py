"""Returns: loaded as the machine's frozen values, written back as moves."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from anyio.lowlevel import checkpoint
from pydantic import TypeAdapter

from daemon.store import chain
from daemon.store.sql import Connection, Record, plain, statements
from statemachine.events import without_personal_data
from statemachine.machine import Move
from statemachine.refs import fold_code, fold_id, order_key
from statemachine.states import CloseReason, State
from statemachine.units import Credit, FormerCredit, Goods, MadeAnew, Payment, Return, Trouble, Unit

SQL = statements(__file__)
UNITS_AT_A_TIME = 500  # that are read before others have their turn
_UNIT = TypeAdapter(Unit)


def _from_row(row: Record, units: tuple[Unit, ...]) -> Return:
    credit = payment = trouble = None
    if row["credit_id"] is not None:
        credit = Credit(
            row["credit_id"], row["credit_external_ref"], row["credit_net"], row["credit_tax"], row["credit_currency"],
            row["invoice_reference"], tuple(row["credit_rows"] or ()), row["credit_adopted"],
        )  # fmt: skip
    if row["payment_id"] is not None:
        payment = Payment(
            row["payment_id"], row["payment_ref"], row["payment_amount"], row["payment_currency"], row["payment_method"]
        )
    if row["cause"] is not None:
        key = row["fingerprint"].removeprefix(row["cause"]).removeprefix(":")
        watches = tuple(row["watches"])
        trouble = Trouble(row["cause"], row["owner"], row["explanation"], row["evidence"] or {}, key, watches)
    return Return(
        merchant=row["merchant"], happy_return_id=row["happy_return_id"], order_number=row["order_number"],
        part=row["part"], state=State(row["state"]), units=units, express_code=row["express_code"],
        rma_id=row["rma_id"], order_id=row["order_id"], credit_ref=row["credit_ref"], credit=credit, payment=payment,
        trouble=trouble, resume_state=State(row["resume_state"]) if row["resume_state"] else None,
        close_reason=CloseReason(row["close_reason"]) if row["close_reason"] else None, waits_for=row["waits_for"],
        escalation=row["escalation"], entered_at=row["entered_at"], refund_due=row["refund_due"],
        close_due=row["close_due"], wait_cause=row["wait_cause"], watches=tuple(row["watches"]),
        accepted=tuple(row["accepted"]), map_version=row["map_version"], order_digest=row["order_digest"],
        marks=row["marks"], is_marked=row["is_marked"], adopts=row["adopts"], assignee=row["assignee"],
        made_anew=MadeAnew(row["credits_anew"], row["refunds_anew"], row["goods_in_anew"]),
        former_credits=tuple(FormerCredit(**former) for former in row["former_credits"]),
        snoozed_until=row["snoozed_until"], id=row["id"], version=row["version"],
    )  # fmt: skip


async def _with_units(connection: Connection, merchant: str, rows: list[Record]) -> list[tuple[Return, str | None]]:
    units: dict[int, list[Unit]] = {}
    stored = await SQL.rows(connection, "read_units", merchant=merchant, ids=[row["id"] for row in rows])
    for number, unit in enumerate(stored, start=1):
        units.setdefault(unit["return_id"], []).append(_UNIT.validate_python(unit["facts"]))
        if number % UNITS_AT_A_TIME == 0:
            await checkpoint()
    return [(_from_row(row, tuple(units.get(row["id"], ()))), row["trace"]) for row in rows]


async def unit_counts(connection: Connection, merchant: str, ids: Iterable[int]) -> dict[int, int]:
    """Return id → how many units it has."""
    rows = await SQL.rows(connection, "unit_counts", merchant=merchant, ids=sorted(set(ids)))
    return {row["return_id"]: row["units"] for row in rows}


async def lock_families(
    connection: Connection, merchant: str, families: list[tuple[str, str]]
) -> dict[tuple[str, str], list[tuple[Return, str | None]]]:
    """The parts of each family, locked until the transaction ends, each with its stored trace context."""
    rows = await SQL.rows(
        connection, "lock_families", merchant=merchant, happy_return_ids=[f[0] for f in families],
        order_keys=[f[1] for f in families],
    )  # fmt: skip
    found: dict[tuple[str, str], list[tuple[Return, str | None]]] = {family: [] for family in families}
    for instance, trace in await _with_units(connection, merchant, rows):
        found[instance.happy_return_id, order_key(instance.order_number)].append((instance, trace))
    return found


async def units_of_families(connection: Connection, merchant: str, families: list[tuple[str, str]]) -> list[int]:
    """How many units each family has, in the order given."""
    if not families:
        return []
    rows = await SQL.rows(
        connection, "units_of_families", merchant=merchant, happy_return_ids=[f[0] for f in families],
        order_keys=[f[1] for f in families],
    )  # fmt: skip
    return [row["units"] for row in rows]


async def read(connection: Connection, merchant: str, ids: Iterable[int]) -> dict[int, Return]:
    rows = await SQL.rows(connection, "read_returns", merchant=merchant, ids=sorted(set(ids)))
    return {instance.id: instance for instance, _ in await _with_units(connection, merchant, rows) if instance.id}


async def next_ids(connection: Connection, count: int) -> list[int]:
    return [row["id"] for row in await SQL.rows(connection, "next_ids", count=count)] if count else []


def journal_row(
    move: Move, *, return_id: int, actor: str, inbox_id: int, trace: str | None, words: Mapping[str, str]
) -> dict[str, Any]:
    """`words`: reason and note of the person whose event this is; empty for everything else."""
    return {
        "return_id": return_id,
        "version": move.after.version,
        "event": move.event.name,
        "from_state": move.source,
        "to_state": move.target.value,
        "actor": actor,
        "facts": {**without_personal_data(move.event), **words},
        "inbox_id": inbox_id,
        "trace": trace,
    }


def return_row(instance: Return, trace: str | None) -> dict[str, Any]:
    credit, payment, trouble = instance.credit, instance.payment, instance.trouble
    assert instance.state is not None
    assert instance.entered_at is not None
    return {
        "id": instance.id,
        "happy_return_id": instance.happy_return_id,
        "order_number": instance.order_number,
        "order_key": order_key(instance.order_number),
        "part": instance.part,
        "state": instance.state.value,
        "version": instance.version,
        "entered_at": instance.entered_at.isoformat(),
        "escalation": instance.escalation,
        "express_code": instance.express_code,
        "rma_id": instance.rma_id,
        "order_id": instance.order_id,
        "credit_ref": instance.credit_ref,
        "credit_external_ref": credit.external_ref if credit else None,
        "credit_id": credit.id if credit else None,
        "credit_net": str(credit.net) if credit else None,
        "credit_tax": str(credit.tax) if credit else None,
        "credit_currency": credit.currency if credit else None,
        "credit_rows": list(credit.rows) if credit else None,
        "credit_adopted": credit.adopted if credit else False,
        "invoice_reference": credit.invoice_reference if credit else "",
        "refund_due": instance.refund_due,
        "close_due": instance.close_due,
        "payment_id": payment.id if payment else None,
        "payment_ref": payment.transaction_ref if payment else None,
        "payment_amount": str(payment.amount) if payment else None,
        "payment_currency": payment.currency if payment else None,
        "payment_method": payment.method if payment else None,
        "waits_for": instance.waits_for,
        "cause": trouble.cause if trouble else None,
        "owner": trouble.owner if trouble else None,
        "explanation": trouble.explanation if trouble else None,
        "evidence": trouble.evidence if trouble else None,
        "resume_state": instance.resume_state.value if instance.resume_state else None,
        "close_reason": instance.close_reason.value if instance.close_reason else None,
        "wait_cause": instance.wait_cause,
        "watches": list(instance.watches),
        "accepted": list(instance.accepted),
        "adopts": instance.adopts,
        "assignee": instance.assignee,
        "snoozed_until": instance.snoozed_until.isoformat() if instance.snoozed_until else None,
        "map_version": instance.map_version,
        "order_digest": instance.order_digest,
        "marks": instance.marks,
        "is_marked": instance.is_marked,
        "credits_anew": instance.made_anew.credit,
        "refunds_anew": instance.made_anew.refund,
        "goods_in_anew": instance.made_anew.goods_in,
        "former_credits": [{"id": former.id, "payment_id": former.payment_id} for former in instance.former_credits],
        "fingerprint": trouble.fingerprint if trouble else "",
        "trace": trace,
    }


def unit_row(instance: Return, unit: Unit) -> dict[str, Any]:
    return {
        "happy_return_id": instance.happy_return_id,
        "order_key": order_key(instance.order_number),
        "unit_key": unit.key,
        "return_id": instance.id,
        "happy_item_id": unit.happy_item_id,
        "line_item_id": unit.line_item_id,
        "sku": unit.sku,
        "bag": unit.bag,
        "tracking": unit.tracking,
        "departed_at": unit.departed_at.isoformat() if unit.departed_at else None,
        "received_at": unit.received_at.isoformat() if unit.received_at else None,
        "condition": unit.condition.value if unit.condition else None,
        "goods_in_id": unit.goods_in_id,
        "facts": plain(_UNIT, unit),
        "occurrence": unit.occurrence,
        "stands_for": _place(unit.stands_for) if unit.stands_for is not None else None,
    }


def _place(goods: Goods) -> dict[str, str]:
    """Where a unit is to be looked for, with the key by which its row is found."""
    return {
        "happy_return_id": goods.happy_return_id, "order_number": goods.order_number, "unit_key": goods.unit_key,
        "order_key": order_key(goods.order_number),
    }  # fmt: skip


async def write(
    connection: Connection,
    merchant: str,
    *,
    journal: list[dict[str, Any]],
    returns: list[dict[str, Any]],
    units: list[dict[str, Any]],
    deadlines: list[dict[str, Any]],
    over: list[int],
    now: datetime,
) -> None:
    """Store what a batch of decisions changed. `over` are returns whose clock stops."""
    await SQL.run(connection, "write_returns", merchant=merchant, rows=returns, now=now)
    await chain.put(connection, merchant, journal, now)
    await SQL.run(connection, "write_units", merchant=merchant, rows=units)
    if deadlines:
        await SQL.run(connection, "write_deadlines", merchant=merchant, rows=deadlines)
    if over:
        await SQL.run(connection, "clear_deadlines", merchant=merchant, ids=over)


async def due_deadlines(
    connection: Connection, merchant: str, now: datetime, batch_max: int, *, resting: list[str]
) -> list[Record]:
    """`resting`: states whose clocks are not looked at just now."""
    return await SQL.rows(
        connection, "due_deadlines", merchant=merchant, now=now, batch_max=batch_max, resting=resting
    )  # fmt: skip


async def find_units(
    connection: Connection, merchant: str, *, happy_item_id: str, happy_return_id: str, express_code: str,
    order_number: str, sku: str,
) -> list[Record]:  # fmt: skip
    return await SQL.rows(
        connection, "find_units", merchant=merchant, happy_item_id=fold_id(happy_item_id),
        happy_return_id=fold_id(happy_return_id), express_code=fold_code(express_code), order_key=order_key(order_number),
        sku=sku,
    )  # fmt: skip


async def known_units(connection: Connection, merchant: str, happy_return_ids: list[str]) -> list[Record]:
    if not happy_return_ids:
        return []
    return await SQL.rows(connection, "known_units", merchant=merchant, happy_return_ids=happy_return_ids)


async def before_credit(connection: Connection, merchant: str, happy_return_ids: list[str]) -> list[Record]:
    """Units of these returns for which no credit was asked yet, with what was said and what was read of them."""
    if not happy_return_ids:
        return []
    return await SQL.rows(connection, "before_credit", merchant=merchant, happy_return_ids=happy_return_ids)


async def stock_awaited(connection: Connection, merchant: str, after: int, batch_max: int) -> list[Record]:
    return await SQL.rows(connection, "stock_awaited", merchant=merchant, after=after, batch_max=batch_max)


def unit_from_facts(facts: dict[str, Any]) -> Unit:
    unit: Unit = _UNIT.validate_python(facts)
    return unit


async def siblings_on_orders(connection: Connection, merchant: str, order_ids: list[int]) -> list[Record]:
    return await SQL.rows(connection, "siblings_on_orders", merchant=merchant, order_ids=order_ids)


async def watching(connection: Connection, merchant: str, after: int, batch_max: int) -> list[Record]:
    """Returns that wait for a fact or are stuck until one changes, in id order."""
    return await SQL.rows(connection, "watching", merchant=merchant, after=after, batch_max=batch_max)


async def to_verify(
    connection: Connection,
    merchant: str,
    *,
    numbers: list[int],
    named: list[int],
    since: list[datetime],
    until: list[datetime],
    rows_max: int,
) -> list[Record]:
    """Returns to be set against Brightpearl again, the newest first. `numbers`: orders and credits of which there is news;
    `named`: returns themselves; `since` and `until`: windows of time in which a credit was made."""
    return await SQL.rows(
        connection, "to_verify", merchant=merchant, numbers=numbers, named=named, since=since, until=until,
        rows_max=rows_max,
    )  # fmt: skip


async def stopped_for(
    connection: Connection, merchant: str, causes: list[str], *, after: int, rows_max: int
) -> list[int]:
    """Returns beyond this number that are stopped for one of these causes with their credit made, by number."""
    rows = await SQL.rows(connection, "stopped_for", merchant=merchant, causes=causes, after=after, rows_max=rows_max)
    return [row["id"] for row in rows]


async def awaiting_credit(connection: Connection, merchant: str, refs: list[str]) -> list[Record]:
    """Returns without a credit whose key is one of these."""
    return await SQL.rows(connection, "awaiting_credit", merchant=merchant, refs=refs) if refs else []


async def payment_by_credit(connection: Connection, merchant: str, numbers: list[int]) -> dict[int, int | None]:
    """Of these numbers the credits that returns of ours hold, with the payment recorded of each."""
    rows = await SQL.rows(connection, "payment_by_credit", merchant=merchant, numbers=numbers)
    return {row["credit_id"]: row["payment_id"] for row in rows}


async def written_at(connection: Connection, merchant: str, numbers: list[int]) -> dict[int, datetime]:
    """When we last wrote to each of these credits of ours, as far as what came of it is known."""
    rows = await SQL.rows(connection, "written_at", merchant=merchant, numbers=numbers)
    return {row["credit_id"]: row["written_at"] for row in rows}


async def orders_named(connection: Connection, merchant: str, names: list[str]) -> list[tuple[str, int]]:
    """Which of these names (folded) are of returns of ours that have a credit, each with the order that was credited."""
    codes = [name.upper() for name in names]
    rows = await SQL.rows(connection, "orders_named", merchant=merchant, names=names, codes=codes)
    return [(row["name"], row["order_id"]) for row in rows]


async def shift(connection: Connection, merchant: str, *, since: datetime, until: datetime, by: timedelta) -> None:
    """What moved while our clock said these times, moved so much later or earlier; its deadlines with it."""
    await SQL.run(connection, "shift_deadlines", merchant=merchant, since=since, until=until, by=by)
    await SQL.run(connection, "shift_returns", merchant=merchant, since=since, until=until, by=by)


async def grant_grace(
    connection: Connection, merchant: str, *, late_from: datetime, states: list[str] | None = None
) -> None:
    """Nothing of this merchant, or nothing in these states, counts as late before then."""
    await SQL.run(connection, "grant_grace", merchant=merchant, late_from=late_from, states=states)
