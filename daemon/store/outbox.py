"""Outbox: effects waiting to reach Brightpearl, and who holds them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.errors import LeaseLostError
from daemon.store.sql import Connection, Merchants, Record, listed, statements
from statemachine.effects import (
    ApproveReturn,
    AskHappyReturns,
    CloseCredit,
    CreateSalesCredit,
    Effect,
    MarkCredit,
    ReceiveStock,
    RecordRefund,
)

SQL = statements(__file__)
GRACE_AFTER_HOLD = timedelta(hours=1)
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
KINDS = tuple(
    effect.kind for effect in (CreateSalesCredit, RecordRefund, CloseCredit, MarkCredit, ReceiveStock, ApproveReturn)
)
LEGS = tuple(effect.kind for effect in (RecordRefund, CloseCredit, MarkCredit, ReceiveStock))
"""What follows from a credit, and is nothing without it."""


@dataclass(frozen=True, slots=True)
class Leased:
    """An effect in our hands. `sent` tells that it may have been done already: look before repeating."""

    id: int
    return_id: int
    kind: str
    key: str
    payload: dict[str, Any]
    intent: dict[str, Any] | None
    sent_at: datetime | None
    attempts: int
    result: dict[str, Any] | None
    trace: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Beside:
    """Another effect that may have done the very same thing."""

    key: str
    is_resting: bool
    """It is not looked for any more: nothing but a person's word ends it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one attempt ended. `forget_intent`: certainly nothing was done, so the next attempt decides afresh.

    Not `is_counted`: it was no attempt of the effect's own, since nothing can be asked of the vendor. The next one has the
    same number, and none is kept.
    """

    effect: Leased
    outcome: str
    detail: dict[str, Any]
    due_at: datetime | None = None
    forget_intent: bool = False
    result: dict[str, Any] | None = None
    is_counted: bool = True

    @property
    def state(self) -> str:
        return self.outcome if self.outcome in ("done", "parked", "withheld") else "ready"


def effect_row(effect: Effect, *, return_id: int, trace: str | None) -> dict[str, Any] | None:
    """An outbox row, or None for an effect that is none of Brightpearl's."""
    if isinstance(effect, AskHappyReturns):
        return None
    payload = {"unit_keys": list(effect.unit_keys)} if isinstance(effect, ReceiveStock | ApproveReturn) else {}
    return {"return_id": return_id, "kind": effect.kind, "key": effect.key, "payload": payload, "trace": trace}


async def put(connection: Connection, merchant: str, rows: list[dict[str, Any]], now: datetime) -> None:
    if rows:
        await SQL.run(connection, "want_again", merchant=merchant, rows=rows)
        await SQL.run(connection, "put", merchant=merchant, rows=rows, now=now)


async def abandon(
    connection: Connection, merchant: str, *, return_id: int, kind: str, keys: list[str], now: datetime
) -> None:
    """What was sent for this return under another than these keys is given up for lost."""
    await SQL.run(connection, "abandon", merchant=merchant, return_id=return_id, kind=kind, keys=keys, now=now)
    if kind == CreateSalesCredit.kind:
        await SQL.run(connection, "abandon_legs", merchant=merchant, return_id=return_id, legs=list(LEGS), now=now)


async def sent_beside(connection: Connection, merchant: str, effect_ids: list[int]) -> dict[int, Beside]:
    """By effect: another of the same kind and return that was sent, and of which nobody knows what became."""
    rows = await SQL.rows(connection, "sent_beside", merchant=merchant, ids=effect_ids) if effect_ids else []
    return {row["id"]: Beside(row["key"], row["is_resting"]) for row in rows}


async def withhold(connection: Connection, merchant: str, return_ids: list[int]) -> None:
    if return_ids:
        await SQL.run(connection, "withhold", merchant=merchant, return_ids=return_ids)


async def let_go(connection: Connection, merchant: str, return_ids: list[int], now: datetime) -> None:
    if return_ids:
        await SQL.run(connection, "let_go", merchant=merchant, return_ids=return_ids, now=now)


async def not_begun(connection: Connection, merchant: str, return_ids: list[int]) -> dict[int, tuple[str, ...]]:
    """Return id → kinds of effects that are to be done and were never sent."""
    rows = await SQL.rows(connection, "not_begun", merchant=merchant, return_ids=return_ids)
    return {row["return_id"]: tuple(row["kinds"]) for row in rows}


async def due_by_kind(connection: Connection, merchant: str, now: datetime, batch_max: int) -> dict[str, int]:
    """Kind → effects that are due, counted up to `batch_max`."""
    rows = await SQL.rows(connection, "due_by_kind", merchant=merchant, kinds=list(KINDS), now=now, batch_max=batch_max)
    return {row["kind"]: row["due"] for row in rows}


async def open_by_kind(connection: Connection, merchant: str) -> dict[str, int]:
    """What is still to be done, counted up to a bound a kind."""
    return await due_by_kind(connection, merchant, _FOREVER, 1_000_000)


async def lease_ready(
    connection: Connection, merchant: str, *, kind: str, now: datetime, lease_until: datetime, batch_max: int
) -> list[Leased]:
    rows = await SQL.rows(
        connection, "lease_ready", merchant=merchant, kind=kind, now=now, lease_until=lease_until,
        batch_max=batch_max,
    )  # fmt: skip
    return sorted((Leased(**dict(row)) for row in rows), key=lambda effect: effect.id)


async def free_leases(connection: Connection, merchant: str, now: datetime) -> None:
    await SQL.run(connection, "free_leases", merchant=merchant, now=now)


async def give_back(connection: Connection, merchant: str, effects: list[Leased]) -> None:
    """Put back what this very transaction leased, as if it had not."""
    if effects:
        await SQL.run(connection, "give_back", merchant=merchant, ids=[effect.id for effect in effects])


async def store_intents(
    connection: Connection, merchant: str, intents: list[tuple[Leased, int, dict[str, Any]]], now: datetime
) -> set[int]:
    """Persist what is about to be sent, each with the version its return had when it was judged; answer the ids of those
    whose return has moved since, which are not stored. Raises LeaseLostError when any of the leases is gone.
    """
    if not intents:
        return set()
    rows = [
        {"id": effect.id, "attempts": effect.attempts, "version": version, "intent": intent}
        for effect, version, intent in intents
    ]
    stored = await SQL.rows(connection, "store_intents", merchant=merchant, rows=rows, now=now)
    if len(stored) != len(rows):
        raise LeaseLostError(f"merchant {merchant}: {len(rows) - len(stored)} effect(s) were taken over")
    return {row["id"] for row in stored if not row["is_as_judged"]}


async def settle(connection: Connection, merchant: str, settlements: list[Settlement], now: datetime) -> None:
    """Raises LeaseLostError when any of the leases is gone: then nothing may be concluded from the answers."""
    if not settlements:
        return
    rows = [
        {
            "id": each.effect.id,
            "attempts": each.effect.attempts,
            "state": each.state,
            "due_at": each.due_at.isoformat() if each.due_at else None,
            "error": None if each.outcome == "done" else str(each.detail.get("why", ""))[:500],
            "forget_intent": each.forget_intent,
            "result": each.result,
            "counts": int(each.is_counted),
        }
        for each in settlements
    ]
    settled = await SQL.rows(connection, "settle", merchant=merchant, rows=rows, now=now)
    if len(settled) != len(rows):
        raise LeaseLostError(f"merchant {merchant}: {len(rows) - len(settled)} effect(s) were taken over")
    attempts = [
        {"effect_id": s.effect.id, "attempt": s.effect.attempts, "outcome": s.outcome, "detail": s.detail}
        for s in settlements
        if s.is_counted
    ]
    await SQL.run(connection, "keep_attempts", merchant=merchant, rows=attempts, now=now)


async def listing(
    connection: Connection, *, merchants: Merchants, state: str | None, return_id: int | None, kind: str | None,
    rows_max: int, observed: bool = False,
) -> list[Record]:  # fmt: skip
    """`observed`: only what would have been sent, were writes not held."""
    return await SQL.rows(
        connection,
        "listing",
        observed=observed,
        merchants=listed(merchants),
        state=state,
        return_id=return_id,
        kind=kind,
        rows_max=rows_max,
    )


async def attempts_of(connection: Connection, merchant: str, return_id: int) -> list[Record]:
    return await SQL.rows(connection, "attempts_of", merchant=merchant, return_id=return_id)


async def count_observed(connection: Connection, merchant: str) -> int:
    """Effects that would have been sent, were writes not held."""
    return int(await SQL.value(connection, "count_observed", merchant=merchant))


async def observe_no_more(connection: Connection, merchant: str, now: datetime) -> None:
    """Have what was only observed judged again at once; it counts as late an hour from now at the soonest."""
    late_from = now + GRACE_AFTER_HOLD
    await SQL.run(connection, "observe_no_more", merchant=merchant, now=now, late_from=late_from)


async def backlog(connection: Connection, merchant: str, now: datetime) -> Record:
    row = await SQL.row(connection, "backlog", merchant=merchant, now=now)
    assert row is not None
    return row


async def bring_near(connection: Connection, merchant: str, *, now: datetime, at_most: datetime, by: timedelta) -> None:
    """Undo what a clock put off that was ahead, until it was set back `by` (below zero); nothing until after `at_most`."""
    await SQL.run(connection, "bring_near", merchant=merchant, now=now, at_most=at_most, by=by)
