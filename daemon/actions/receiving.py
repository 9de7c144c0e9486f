"""Receiving by scan: a unit in hand is told to the machine at once; what nobody expected is parked, never dropped."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from daemon.store import goods, inbox, reports
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.store.reports import plain_name
from daemon.store.sql import Record
from statemachine.events import UnitsReceived
from statemachine.refs import fold_code, fold_id
from statemachine.units import Condition


@dataclass(frozen=True, slots=True)
class Box:
    """What one scanned code stands for: returns of one merchant, and every unit of them."""

    merchant: str
    code: str
    units: tuple[Record, ...]
    spoken_for: frozenset[tuple[str, str]]
    """Units whose receipt is stored and waits for the daemon, by Happy Returns return and key."""

    def is_awaited(self, unit: Record) -> bool:
        known = unit["received_at"] is None or unit["condition"] == "missing"
        return known and (unit["happy_return_id"], unit["unit_key"]) not in self.spoken_for

    @property
    def awaited(self) -> list[Record]:
        return [unit for unit in self.units if self.is_awaited(unit)]

    @property
    def shown(self) -> str:
        """The awaited units, one a line, as a form says them again."""
        return "\n".join(f"{unit['happy_return_id']}/{unit['unit_key']}" for unit in self.awaited)

    def meant_by(self, scanned: str) -> list[Record]:
        """The units a scanned item code may be, those still awaited first."""
        name = fold_id(plain_name(scanned))
        found = [
            unit for unit in self.units
            if name in {fold_id(str(unit[column] or "")) for column in ("happy_item_id", "sku", "barcode", "unit_key")} - {""}
        ]  # fmt: skip
        return sorted(found, key=lambda unit: not self.is_awaited(unit))


async def open_box(database: Database, code: str, merchants: Sequence[str]) -> list[Box]:
    """What a bag label, express code, order number, tracking number or item id stands for; one box a merchant."""
    async with database.reading() as connection:
        found = await reports.find(connection, code, merchants)
        boxes = []
        for merchant in dict.fromkeys(name for name, _ in found):
            units = await goods.of_returns(connection, merchant, [number for name, number in found if name == merchant])
            families = sorted({unit["happy_return_id"] for unit in units})
            spoken = await inbox.units_on_the_way(connection, merchant, families)
            boxes.append(Box(merchant, plain_name(code), _of_the_bag(units, plain_name(code)), frozenset(spoken)))
    return boxes


def _of_the_bag(units: list[Record], code: str) -> tuple[Record, ...]:
    """When a bag or parcel was scanned, only what is in it; else all."""
    inside = [unit for unit in units if code and (fold_code(code) == unit["bag"] or code == unit["tracking"])]
    return tuple(inside or units)


async def receive(
    database: Database, box: Box, units: Sequence[Record], *, condition: Condition, key: str, actor: str, source: str,
    now: datetime, at_most: int | None = None,
) -> list[str]:  # fmt: skip
    """Tell the machine that these units, or so many of them, are here, as far as nobody else has said so meanwhile.

    `key` names the page that was scanned on: the same scan sent twice happens once. Answers the natural keys, one a
    family; none where nothing was left to tell.
    """
    families = sorted({unit["happy_return_id"] for unit in units})
    async with database.transaction("receipt") as connection:
        for family in families:  # whoever scans the same return waits here, and then sees what was said
            await goods.lock_family(connection, box.merchant, family)
        spoken = await inbox.units_on_the_way(connection, box.merchant, families)
        still = await goods.of_returns(connection, box.merchant, sorted({unit["return_id"] for unit in units}))
        open_now = {
            (unit["happy_return_id"], unit["unit_key"]) for unit in still
            if unit["received_at"] is None or unit["condition"] == "missing"
        } - set(spoken)  # fmt: skip
        chosen = [unit for unit in units if (unit["happy_return_id"], unit["unit_key"]) in open_now][:at_most]
        told: dict[tuple[str, str], list[str]] = {}
        for unit in chosen:
            told.setdefault((unit["happy_return_id"], unit["order_number"]), []).append(unit["unit_key"])
        arrivals = [
            Arrival(
                natural_key=f"receipt:{key}:{_digest(return_id, *sorted(keys), condition)}",
                event=UnitsReceived(tuple(keys), condition, now), happy_return_id=return_id, order_number=order_number,
                source=source, actor=actor, received_at=now,
            )
            for (return_id, order_number), keys in told.items()
        ]  # fmt: skip
        await inbox.put(connection, box.merchant, arrivals)
    return [arrival.natural_key for arrival in arrivals]


async def park(
    database: Database, merchant: str, sought: dict[str, str], *, condition: Condition, key: str, actor: str, source: str,
    why: str, now: datetime,
) -> bool:  # fmt: skip
    """Keep a unit that belongs to nothing awaited: it is tried again by itself, and stands on the board until then.

    `sought`: happy_item_id, happy_return_id, express_code, order_number and sku, each empty where unknown. False when this
    very scan was kept before.
    """
    arrival = Arrival(
        natural_key=f"receipt:{key}:{_digest(*sought.values(), condition)}",
        event=UnitsReceived((), condition, now, sought), happy_return_id=sought["happy_return_id"],
        order_number=sought["order_number"], source=source, actor=actor, received_at=now, parked=why,
    )  # fmt: skip
    async with database.transaction("receipt") as connection:
        return bool(await inbox.put(connection, merchant, [arrival]))


def _digest(*told: str) -> str:
    return hashlib.sha256("\x1f".join(told).encode()).hexdigest()[:24]
