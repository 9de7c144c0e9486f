"""Inbox: the one door. Whatever may change a return is stored here before anything is decided."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anyio.lowlevel import checkpoint
from pydantic import TypeAdapter

from daemon.store.sql import Connection, Merchants, Record, listed, plain, statements
from statemachine.events import BY_NAME, EVENTS, Event, Troubled
from statemachine.refs import fold_id, order_key
from statemachine.units import Trouble

SQL = statements(__file__)
BROKEN = "broken:"  # natural keys of events that say that others could not be decided on
BYTES_MAX = 1024 * 1024  # of events as they are stored, which is compressed, that one round reads
UNITS_AT_A_TIME = 100  # of one event that are read before others have their turn

_ADAPTERS: dict[str, TypeAdapter[Any]] = {event.name: TypeAdapter(event) for event in EVENTS}


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event on its way into the inbox, addressed to a family, or to one part of it."""

    natural_key: str
    event: Event
    happy_return_id: str
    order_number: str
    source: str
    received_at: datetime
    actor: str = "homeward"
    part: int | None = None
    trace: str | None = None
    reason: str = ""
    """Why a person wanted it; `note` is in their own words."""
    note: str = ""
    parked: str | None = None
    """Why this cannot be addressed yet; it is kept and looked at again."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "happy_return_id", fold_id(self.happy_return_id))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event to decide on."""

    id: int
    event: Event
    happy_return_id: str
    order_number: str
    order_key: str
    part: int | None
    source: str
    actor: str
    trace: str | None
    received_at: datetime
    reason: str = ""
    note: str = ""

    @property
    def words(self) -> dict[str, str]:
        """What the person said whose event this is."""
        return {name: told for name, told in (("reason", self.reason), ("note", self.note)) if told}


def decode(name: str, payload: dict[str, Any]) -> Event:
    event: Event = _ADAPTERS[name].validate_python(payload)
    assert isinstance(event, BY_NAME[name])
    return event


def encode(event: Event) -> dict[str, Any]:
    return plain(_ADAPTERS[event.name], event)


async def put(connection: Connection, merchant: str, arrivals: Iterable[Arrival]) -> set[str]:
    """Store what is new; answer the natural keys that were."""
    rows = [
        {
            "natural_key": each.natural_key,
            "event": each.event.name,
            "happy_return_id": each.happy_return_id,
            "order_number": each.order_number,
            "order_key": order_key(each.order_number),
            "part": each.part,
            "payload": encode(each.event),
            "source": each.source,
            "actor": each.actor,
            "reason": each.reason,
            "note": each.note,
            "trace": each.trace,
            "received_at": each.received_at.isoformat(),
            "state": "parked" if each.parked else None,
            "outcome": each.parked,
        }
        for each in arrivals
    ]
    if not rows:
        return set()
    return {row["natural_key"] for row in await SQL.rows(connection, "put", merchant=merchant, rows=rows)}


async def waiting_families(connection: Connection, merchant: str, families_max: int) -> list[tuple[str, str]]:
    rows = await SQL.rows(
        connection, "waiting_families", merchant=merchant, families_max=families_max, events_max=families_max * 8
    )
    return [(row["happy_return_id"], row["order_key"]) for row in rows]


async def read_waiting(
    connection: Connection, merchant: str, families: list[tuple[str, str]], events_max: int
) -> list[Waiting]:
    """The oldest waiting events, as many as BYTES_MAX allows; others have their turn while large ones are read."""
    rows = await SQL.rows(
        connection, "read_waiting", merchant=merchant, happy_return_ids=[f[0] for f in families],
        order_keys=[f[1] for f in families], events_max=events_max, bytes_max=BYTES_MAX,
    )  # fmt: skip
    waiting: list[Waiting] = []
    for row in rows:
        if len(row["payload"].get("units") or ()) > UNITS_AT_A_TIME:
            await checkpoint()
        waiting.append(
            Waiting(
                row["id"], decode(row["event"], row["payload"]), row["happy_return_id"], row["order_number"],
                row["order_key"], row["part"], row["source"], row["actor"], row["trace"], row["received_at"],
                row["reason"], row["note"],
            )
        )  # fmt: skip
    return waiting


async def settle(connection: Connection, merchant: str, outcomes: list[dict[str, Any]], now: datetime) -> None:
    if outcomes:
        await SQL.run(connection, "settle", merchant=merchant, rows=outcomes, now=now)


async def park_family(
    connection: Connection, merchant: str, family: tuple[str, str], trouble: Trouble, now: datetime
) -> None:
    """Put a family's waiting events aside, since they cannot be decided on, and make it an exception at once.

    An exception that cannot be decided on either is put aside with the rest: then the parked events alone tell of it.
    """
    address = {"happy_return_id": family[0], "order_key": family[1]}
    last = await SQL.row(connection, "last_waiting", merchant=merchant, **address)
    parts = [row["part"] for row in await SQL.rows(connection, "parts_of_family", merchant=merchant, **address)]
    await SQL.run(connection, "park_family", merchant=merchant, **address, outcome=trouble.explanation, now=now)
    if last is None or last["natural_key"].startswith(BROKEN):
        return
    stopped = [
        Arrival(
            natural_key=f"{BROKEN}{last['id']}:{part}", event=Troubled(trouble=trouble), happy_return_id=family[0],
            order_number=last["order_number"], part=part, source="advance", received_at=now,
        )
        for part in parts or [1]
    ]  # fmt: skip
    await put(connection, merchant, stopped)


async def retry_parked(connection: Connection, merchant: str, row_id: int | None) -> int:
    """Let events in again that were put aside because they broke the loop; answer how many."""
    return await SQL.run(connection, "retry_parked", merchant=merchant, id=row_id)


async def parked_receipts(connection: Connection, merchant: str, after: int, batch_max: int) -> list[Record]:
    return await SQL.rows(connection, "parked_receipts", merchant=merchant, after=after, batch_max=batch_max)


async def take_back(connection: Connection, merchant: str, row_id: int, *, outcome: str, now: datetime) -> bool:
    """A parked receipt that was a mistake; False when it is parked no more."""
    return await SQL.run(connection, "take_back", merchant=merchant, id=row_id, outcome=outcome, now=now) > 0


async def unpark(
    connection: Connection, merchant: str, row_id: int, *, event: Event, happy_return_id: str, order_number: str
) -> None:
    await SQL.run(
        connection, "unpark", merchant=merchant, id=row_id, happy_return_id=fold_id(happy_return_id),
        order_number=order_number, order_key=order_key(order_number), payload=encode(event),
    )  # fmt: skip


async def listing(
    connection: Connection, *, merchants: Merchants, state: str | None, happy_return_id: str | None, rows_max: int
) -> list[Record]:
    return await SQL.rows(
        connection,
        "listing",
        merchants=listed(merchants),
        state=state,
        happy_return_id=fold_id(happy_return_id) if happy_return_id else None,
        rows_max=rows_max,
    )


async def keep_delivery(
    connection: Connection, merchant: str, *, source: str, body: bytes, reason: str | None, received_at: datetime,
    return_ids: Iterable[str] = (),
) -> tuple[int, int]:  # fmt: skip
    """Keep a body, with the Happy Returns returns it is about; `reason` quarantines it.

    Answers its id and how often it came before.
    """
    row = await SQL.row(
        connection, "keep_delivery", merchant=merchant, source=source, body=body, reason=reason,
        body_sha256=hashlib.sha256(body).hexdigest(), state="quarantined" if reason else "accepted",
        return_ids=sorted({fold_id(each) for each in return_ids}), received_at=received_at,
    )  # fmt: skip
    assert row is not None
    return row["id"], row["repeats"]


async def deliveries(connection: Connection, *, merchants: Merchants, state: str | None, rows_max: int) -> list[Record]:
    return await SQL.rows(connection, "deliveries", merchants=listed(merchants), state=state, rows_max=rows_max)


async def waiting_of(connection: Connection, merchant: str, happy_return_id: str) -> list[Record]:
    """What was asked for one return and is not done yet, oldest first."""
    return await SQL.rows(connection, "waiting_of", merchant=merchant, happy_return_id=happy_return_id)


async def bodies(connection: Connection, merchant: str, happy_return_id: str, *, rows_max: int) -> list[Record]:
    """What was pushed about one return, as received. Personal data: masked before anybody sees it."""
    return await SQL.rows(connection, "bodies", merchant=merchant, happy_return_id=happy_return_id, rows_max=rows_max)


async def backlog(connection: Connection, merchant: str) -> Record:
    row = await SQL.row(connection, "backlog", merchant=merchant)
    assert row is not None
    return row


async def told_of(connection: Connection, merchant: str, natural_key: str) -> Record | None:
    """State and outcome of one event; None when it is not known."""
    return await SQL.row(connection, "told_of", merchant=merchant, natural_key=natural_key)


async def is_known(connection: Connection, merchant: str, natural_key: str) -> bool:
    return bool(await SQL.value(connection, "is_known", merchant=merchant, natural_key=natural_key))


async def units_on_the_way(connection: Connection, merchant: str, happy_return_ids: list[str]) -> set[tuple[str, str]]:
    rows = await SQL.rows(connection, "units_on_the_way", merchant=merchant, happy_return_ids=happy_return_ids)
    return {(row["happy_return_id"], row["unit_key"]) for row in rows}


async def said_by_people(connection: Connection, merchant: str, ids: list[int]) -> list[Record]:
    """What people did to these returns, oldest first."""
    return await SQL.rows(connection, "said_by_people", merchant=merchant, ids=ids)
