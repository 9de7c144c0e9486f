"""Legs: the facts the books are matched from, each as it was known from one moment to another."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from sys import intern

import orjson

from daemon.store.sql import Connection, Record, statements
from statemachine.books.legs import Kind, Leg

SQL = statements(__file__)
_SEPARATOR = "\x1f"
PAGE = 20_000


@dataclass(frozen=True, slots=True)
class Told:
    """Legs that were read together. What a scope held before and holds no longer has ended."""

    legs: tuple[tuple[str, Leg], ...]
    """(scope, leg)."""
    scopes: tuple[str, ...] = ()
    """Scopes that were read whole."""


async def tick(connection: Connection, merchant: str, now: datetime) -> datetime:
    """The next moment of the merchant's books. Call it first: other writers wait until the transaction ends."""
    await SQL.run(connection, "begin_clock", merchant=merchant)
    return await SQL.value(connection, "tick", merchant=merchant, now=now)  # type: ignore[no-any-return]


async def clock(connection: Connection, merchant: str) -> datetime | None:
    """The moment of the newest writing; None while there is none."""
    return await SQL.value(connection, "clock", merchant=merchant)  # type: ignore[no-any-return]


async def put(connection: Connection, merchant: str, told: Told, at: datetime) -> int:
    """Write down what is new or different and end what is gone; answer how many legs are new."""
    legs = list({leg.key: (scope, leg) for scope, leg in told.legs}.values())
    digests = [digest_of(leg) for _, leg in legs]
    keys = [leg.key for _, leg in legs]
    if told.scopes:
        await SQL.run(connection, "end_missing", merchant=merchant, at=at, scopes=list(told.scopes), keys=keys)
    if not legs:
        return 0
    await SQL.run(connection, "end_changed", merchant=merchant, at=at, keys=keys, digests=digests)
    return await SQL.run(
        connection, "put_new", merchant=merchant, at=at, keys=keys, digests=digests,
        kinds=[str(leg.kind) for _, leg in legs], leg_scopes=[scope for scope, _ in legs],
        days=[leg.on for _, leg in legs], currencies=[leg.currency for _, leg in legs],
        amounts=[leg.amount for _, leg in legs], quantities=[leg.quantity for _, leg in legs],
        ids=[_SEPARATOR.join(leg.ids) for _, leg in legs], order_keys=[leg.order for _, leg in legs],
        skus=[leg.sku for _, leg in legs], taxes=[leg.tax for _, leg in legs],
        tax_codes=[leg.tax_code for _, leg in legs], facts=[dict(leg.facts) for _, leg in legs],
    )  # fmt: skip


def digest_of(leg: Leg) -> bytes:
    """The same for as long as the fact reads the same."""
    told = [
        leg.kind, leg.on, leg.currency, str(leg.amount), leg.quantity, sorted(leg.ids), leg.order, leg.sku, str(leg.tax),
        leg.tax_code, leg.facts,
    ]  # fmt: skip
    return hashlib.sha256(orjson.dumps(told, default=str, option=orjson.OPT_SORT_KEYS)).digest()[:16]


async def end_scopes(connection: Connection, merchant: str, scopes: list[str], at: datetime) -> int:
    return await SQL.run(connection, "end_scopes", merchant=merchant, scopes=scopes, at=at)


async def end_keys(connection: Connection, merchant: str, keys: list[str], at: datetime) -> int:
    return await SQL.run(connection, "end_keys", merchant=merchant, keys=keys, at=at)


async def bank_lines(
    connection: Connection, merchant: str, lines: Sequence[Leg], refs: Iterable[str], *, before: datetime
) -> list[Leg]:
    """Every line of a bank that stood before then and has the day and sum of one of these, or one of these references."""
    rows = await SQL.rows(
        connection, "bank_lines", merchant=merchant, before=before, days=[leg.on for leg in lines],
        amounts=[leg.amount for leg in lines], currencies=[leg.currency for leg in lines], refs=sorted(set(refs)),
    )  # fmt: skip
    return [leg_of(row) for row in rows]


async def standing(
    connection: Connection, merchant: str, keys: Iterable[str], *, before: datetime
) -> dict[str, tuple[bytes, Leg]]:
    """Which of these stood before then: each with its digest."""
    rows = await SQL.rows(connection, "standing", merchant=merchant, keys=list(keys), before=before)
    return {row["key"]: (row["digest"], leg_of(row)) for row in rows}


async def known_keys(connection: Connection, merchant: str, keys: Iterable[str]) -> set[str]:
    """Which of these stand."""
    rows = await SQL.rows(connection, "known_keys", merchant=merchant, keys=list(keys))
    return {row["key"] for row in rows}


async def known_at(connection: Connection, merchant: str, at: datetime) -> list[Leg]:
    """The legs as they were known at a moment, by key."""
    found: list[Leg] = []
    while True:
        after = found[-1].key if found else ""
        rows = await SQL.rows(connection, "known_at", merchant=merchant, at=at, after=after, rows_max=PAGE)
        found += [leg_of(row) for row in rows]
        if len(rows) < PAGE:
            return found


async def versions_at(connection: Connection, merchant: str, at: datetime) -> list[Record]:
    """Every version of money and stock legs known at a moment, with the moment it ended, if it had."""
    found: list[Record] = []
    while True:
        after = found[-1]["id"] if found else 0
        rows = await SQL.rows(connection, "versions_at", merchant=merchant, at=at, after=after, rows_max=PAGE)
        found += rows
        if len(rows) < PAGE:
            return found


async def of_keys(connection: Connection, merchant: str, keys: Iterable[str]) -> list[Record]:
    return await SQL.rows(connection, "of_keys", merchant=merchant, keys=list(keys))


def leg_of(row: Record) -> Leg:
    """Names that many legs share are held once."""
    return Leg(
        row["key"], Kind(row["kind"]), row["business_on"], intern(row["currency"]), row["amount"], row["quantity"],
        tuple(map(intern, row["ids"] or ())), intern(row["order_key"]), intern(row["sku"]), row["tax"],
        intern(row["tax_code"]), row["facts"], row["known_from"],
    )  # fmt: skip


async def changed_returns(
    connection: Connection, merchant: str, *, since: datetime, after: int, rows_max: int
) -> list[int]:
    rows = await SQL.rows(connection, "changed_returns", merchant=merchant, since=since, after=after, rows_max=rows_max)
    return [row["id"] for row in rows]


async def open_credits(connection: Connection, merchant: str) -> set[int]:
    return {row["credit_id"] for row in await SQL.rows(connection, "open_credits", merchant=merchant)}


async def credits_known(connection: Connection, merchant: str, since: date) -> set[int]:
    return {row["credit_id"] for row in await SQL.rows(connection, "credits_known", merchant=merchant, since=since)}


async def hand_over(connection: Connection, merchant: str, file_id: int) -> int:
    """Before a file is undone: what other files hold too, and stand, is theirs from now on."""
    return await SQL.run(connection, "hand_over", merchant=merchant, file_id=file_id)


async def restore(connection: Connection, merchant: str, file_id: int, at: datetime) -> int:
    """After a file was undone: what it said otherwise is again as the file before it said, where that stands."""
    return await SQL.run(connection, "restore", merchant=merchant, file_id=file_id, at=at)


async def posted_of(connection: Connection, merchant: str, scopes: list[str]) -> dict[int, str]:
    """What accounting had posted for these credits when it was last told."""
    rows = await SQL.rows(connection, "posted_of", merchant=merchant, scopes=scopes)
    return {row["credit_id"]: row["posted"] for row in rows}


async def sales_known(connection: Connection, merchant: str) -> set[int]:
    """Sales that hold payments to customers."""
    return {row["order_id"] for row in await SQL.rows(connection, "sales_known", merchant=merchant)}


async def credits_of_returns(connection: Connection, merchant: str, since: datetime) -> set[int]:
    rows = await SQL.rows(connection, "credits_of_returns", merchant=merchant, since=since)
    return {row["credit_id"] for row in rows}


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def scope_of_credit(credit_id: int) -> str:
    return f"credit:{credit_id}"


async def forgotten_orders(connection: Connection, merchant: str, *, since: date) -> list[str]:
    """Keys of orders that were credited by us since then, as far as Brightpearl knows, and not as far as we do."""
    rows = await SQL.rows(connection, "forgotten_orders", merchant=merchant, since=since)
    return [row["order_key"] for row in rows]
