"""Reports: what people and programs read. Nothing here changes anything."""

import re
from collections.abc import Sequence
from typing import Any

from daemon.store import health
from daemon.store.sql import Connection, Merchants, Record, listed, statements
from statemachine.refs import fold_code, fold_id, order_key

SQL = statements(__file__)

NAME_MAX = 120  # characters of a name; the longest parcel barcodes have less than half of it
TRACKING_MIN = 8  # shorter endings of a barcode are no tracking numbers


async def find(connection: Connection, text: str, merchants: Merchants = None) -> list[tuple[str, int]]:
    """Merchant and id of every return known under this name; what is our own id means that return alone."""
    told = plain_name(text)
    rows = await SQL.rows(
        connection,
        "find",
        text=told,
        folded_id=fold_id(told),
        code=fold_code(told),
        order_key=order_key(told),
        trackings=_trackings(told),
        merchants=listed(merchants),
    )
    exact = [row for row in rows if row["rank"] == 1]
    return [(row["merchant"], row["id"]) for row in (exact or rows)]


def plain_name(text: str) -> str:
    """What was typed or scanned, without what scanners and links put around it."""
    told = "".join(letter for letter in text if letter.isprintable() and not letter.isspace())
    if told.lower().startswith(("http://", "https://")):
        told = re.split(r"[?#]", told)[0].rstrip("/").rpartition("/")[2]
    return told[:NAME_MAX]


def _trackings(told: str) -> list[str]:
    """A parcel's barcode carries more than its tracking number in front: every ending of it that may be one."""
    return [told[start:] for start in range(max(1, len(told) - TRACKING_MIN + 1))]


async def passport(connection: Connection, merchant: str, return_id: int) -> dict[str, Any]:
    """Everything stored about one return, as rows: head, units, journal, goods-in effects; and how its vendors stand."""
    head = await SQL.row(connection, "passport", merchant=merchant, return_id=return_id)
    assert head is not None
    return {
        "head": head,
        "units": [row["facts"] for row in await SQL.rows(connection, "units", merchant=merchant, return_id=return_id)],
        "journal": await SQL.rows(connection, "journal", merchant=merchant, return_id=return_id),
        "goods_in": await SQL.rows(connection, "goods_in", merchant=merchant, return_id=return_id),
        "health": await health.read(connection, [merchant], installation=False),
    }


async def of_id(connection: Connection, number: int, merchants: Sequence[str]) -> str | None:
    """The merchant of this return, when it is one of these."""
    found: str | None = await SQL.value(connection, "of_id", id=number, merchants=list(merchants))
    return found


async def siblings(connection: Connection, merchant: str, number: int) -> list[Record]:
    """Other parts of the same return, and other returns of its order."""
    return await SQL.rows(connection, "siblings", merchant=merchant, id=number)


async def causes(connection: Connection, merchants: Merchants = None) -> list[Record]:
    return await SQL.rows(connection, "causes", merchants=listed(merchants))


async def open_states(connection: Connection, merchant: str) -> list[Record]:
    return await SQL.rows(connection, "open_states", merchant=merchant)


async def states(connection: Connection, merchants: Merchants = None) -> list[Record]:
    return await SQL.rows(connection, "states", merchants=listed(merchants))


async def watched(connection: Connection, merchant: str) -> Record:
    """What metrics tell of one merchant beside its states."""
    found = await SQL.row(connection, "watched", merchant=merchant)
    assert found is not None
    return found


async def exceptions_by_team(connection: Connection, merchant: str) -> list[Record]:
    return await SQL.rows(connection, "exceptions_by_team", merchant=merchant)


async def states_of_codes(connection: Connection, merchant: str, codes: list[str]) -> dict[str, list[str]]:
    """Express code → states of its parts."""
    rows = await SQL.rows(connection, "states_of_codes", merchant=merchant, codes=[fold_code(code) for code in codes])
    return {row["express_code"]: row["states"] for row in rows}
