"""Payouts: what all files together say of them, line by line, and the one leg that each of them has."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from daemon.store import files, legs
from daemon.store.legs import Told
from daemon.store.sql import Connection, Record
from statemachine.books.legs import Kind, Leg
from statemachine.books.payouts import Part

Name = tuple[str, str, str]
"""Platform, number and currency of a payout."""


def names_of(provider: str, parts: Iterable[Part]) -> set[Name]:
    return {(provider, part.payout_id, part.currency) for part in parts if part.payout_id}


async def settle(connection: Connection, merchant: str, names: Iterable[Name], at: datetime) -> int:
    """Give each of these payouts the leg that the files which stand make it; answer how many changed."""
    wanted = sorted(set(names))
    changed = 0
    for start in range(0, len(wanted), legs.PAGE):
        some = wanted[start : start + legs.PAGE]
        rows = {tuple(row["name"]): row for row in await files.payouts(connection, merchant, some)}
        keys = {name: _key(name) for name in some}
        known = {row["key"]: row for row in await legs.of_keys(connection, merchant, keys.values())}
        put: list[tuple[str, Leg]] = []
        end: list[str] = []
        for name in some:
            row, before = rows.get(name), known.get(keys[name])
            stands = before is not None and before["known_until"] is None
            leg = leg_of(name, row) if row is not None else None
            if leg is None:
                end += [keys[name]] if stands else []
            elif not (stands and before is not None and _is_fuller(before, leg)):
                assert row is not None
                put.append((f"file:{row['file_id']}", leg))
        changed += await legs.end_keys(connection, merchant, end, at) if end else 0
        changed += await legs.put(connection, merchant, Told(tuple(put)), at)
    return changed


def leg_of(name: Name, row: Record) -> Leg | None:
    """The payout as a whole; None where it failed, or where nothing was said of it but what could not be read."""
    provider, payout_id, money = name
    if row["failed"] or not (row["lines"] or row["moves"]):
        return None
    told: Decimal | None = row["moved"] if row["moves"] else None
    # A payout of which a line was refused is whole all the same where what is left makes the sum that was moved.
    refused = row["refused"] if row["lines"] and told != row["sum"] else 0
    amount = told - row["fee"] if told is not None else row["sum"]
    return Leg(
        _key(name), Kind.TRANSFER, row["paid_on"], money, amount, 1, (f"payout:{provider}/{payout_id}/{money}",),
        facts={
            "provider": provider, "payout_id": payout_id, "lines": row["lines"], "refunds": str(row["refunds"]),
            "sum": str(row["sum"]), "told": str(told) if told is not None else "", "refused": refused,
        },
    )  # fmt: skip


def _key(name: Name) -> str:
    provider, payout_id, money = name
    return f"transfer:{provider}/{payout_id}/{money}"


def _is_fuller(before: Record, leg: Leg) -> bool:
    """Whether release 0.3, which kept no lines of a payout, knew more of them."""
    return "refused" not in before["facts"] and int(before["facts"].get("lines", 0)) > int(leg.facts["lines"])
