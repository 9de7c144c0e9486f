"""Watch list: what must be asked of Happy Returns next, and when."""

from datetime import datetime
from typing import Any

from daemon.store.sql import Connection, Record, statements
from statemachine.refs import fold_code, fold_id, order_key

SQL = statements(__file__)


def of_return(
    happy_return_id: str, *, express_code: str = "", order_number: str = "", claimed: str = "", next_poll_at: datetime
) -> dict[str, Any]:
    """A return to be read again: by its code as a whole, without one order by order, since a read answers for one order.

    Source: Happy Returns sheet 1.4, E1: exactly one criterion.
    """
    name = fold_id(happy_return_id)
    return {
        "key": f"return:{name}" if express_code else f"return:{name}/{order_key(order_number)}",
        "tier": "return",
        "happy_return_id": name,
        "express_code": fold_code(express_code),
        "order_number": order_number,
        "claimed": claimed,
        "next_poll_at": next_poll_at.isoformat(),
    }


def of_code(express_code: str, next_poll_at: datetime) -> dict[str, Any]:
    return {
        "key": f"code:{fold_code(express_code)}",
        "tier": "code",
        "happy_return_id": "",
        "express_code": fold_code(express_code),
        "order_number": "",
        "claimed": "",
        "next_poll_at": next_poll_at.isoformat(),
    }


def of_order(order_number: str, next_poll_at: datetime) -> dict[str, Any]:
    return {
        "key": f"order:{order_number}",
        "tier": "order",
        "happy_return_id": "",
        "express_code": "",
        "order_number": order_number,
        "claimed": "",
        "next_poll_at": next_poll_at.isoformat(),
    }


async def open_watches(connection: Connection, merchant: str, rows: list[dict[str, Any]], now: datetime) -> None:
    """Ask about these; of one that is named several times, the soonest moment and the last claim count."""
    unique: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = unique.get(row["key"], row)
        claimed = row["claimed"] or known["claimed"]
        soonest = min(row["next_poll_at"], known["next_poll_at"], key=datetime.fromisoformat)
        unique[row["key"]] = {**known, "claimed": claimed, "next_poll_at": soonest}
    if unique:
        await SQL.run(connection, "open", merchant=merchant, rows=list(unique.values()), now=now)


async def open_quietly(connection: Connection, merchant: str, order_numbers: list[str], now: datetime) -> int:
    rows = [{"key": f"order:{number}", "order_number": number} for number in dict.fromkeys(order_numbers)]
    return await SQL.run(connection, "open_quietly", merchant=merchant, rows=rows, now=now) if rows else 0


async def orders_of(connection: Connection, merchant: str, happy_return_ids: list[str]) -> dict[str, set[str]]:
    """Happy Returns return → keys of the orders it is watched under."""
    orders: dict[str, set[str]] = {}
    if happy_return_ids:
        for row in await SQL.rows(connection, "orders_of", merchant=merchant, happy_return_ids=happy_return_ids):
            orders.setdefault(row["happy_return_id"], set()).add(order_key(row["order_number"]))
    return orders


async def ask_soon(connection: Connection, merchant: str, happy_return_ids: list[str], now: datetime) -> None:
    if happy_return_ids:
        await SQL.run(connection, "ask_soon", merchant=merchant, happy_return_ids=happy_return_ids, now=now)


async def lease_due(
    connection: Connection, merchant: str, *, now: datetime, lease_until: datetime, batch_max: int
) -> list[Record]:
    return await SQL.rows(
        connection, "lease_due", merchant=merchant, now=now, lease_until=lease_until, batch_max=batch_max
    )


async def is_due(connection: Connection, merchant: str, now: datetime) -> bool:
    return bool(await SQL.value(connection, "is_due", merchant=merchant, now=now))


async def free_leases(connection: Connection, merchant: str) -> None:
    await SQL.run(connection, "free_leases", merchant=merchant)


def answered(leased: Record, *, misses: int, digest: str, keep_claim: bool, next_poll_at: datetime) -> dict[str, Any]:
    """A watch that was asked about, for `polled`; what was told of it since it was leased is not overwritten."""
    return {
        "key": leased["key"],
        "misses": misses,
        "digest": digest,
        "keep_claim": keep_claim,
        "leased_claim": leased["claimed"],
        "leased_next": leased["next_poll_at"].isoformat() if leased["next_poll_at"] else None,
        "next_poll_at": next_poll_at.isoformat(),
    }


async def polled(connection: Connection, merchant: str, rows: list[dict[str, Any]], now: datetime) -> None:
    await SQL.run(connection, "polled", merchant=merchant, rows=rows, now=now)


async def put_off(connection: Connection, merchant: str, keys: list[str], next_poll_at: datetime) -> None:
    await SQL.run(connection, "put_off", merchant=merchant, keys=keys, next_poll_at=next_poll_at)


async def forget_orders(connection: Connection, merchant: str, opened_before: datetime) -> None:
    await SQL.run(connection, "forget_orders", merchant=merchant, opened_before=opened_before)


async def backlog(connection: Connection, merchant: str, now: datetime) -> Record:
    row = await SQL.row(connection, "backlog", merchant=merchant, now=now)
    assert row is not None
    return row


async def look_again(connection: Connection, merchant: str, *, since: datetime, now: datetime) -> None:
    """Have every open return and every shipped order that was begun since then asked about again."""
    await SQL.run(connection, "look_again", merchant=merchant, since=since, now=now)


async def bring_near(connection: Connection, merchant: str, *, now: datetime, at_most: datetime) -> None:
    """Undo what a clock that was wrong put off until after `at_most`."""
    await SQL.run(connection, "bring_near", merchant=merchant, now=now, at_most=at_most)
