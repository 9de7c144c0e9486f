"""Claims: which return a credit was asked for, for each physical thing; and who else holds the same goods.

The database takes the claims itself, with the effect that asks for a credit (schema.sql, goods_claim). Here they are looked
up before anything is decided, so that a return whose goods are another's becomes work for a person, and no failure.
"""

from collections.abc import Iterable, Iterator, Mapping

from daemon.store.sql import Connection, Record, statements
from statemachine.events import Event, UnitEvent
from statemachine.goods import NEWEST, Elsewhere, Holder
from statemachine.refs import order_key
from statemachine.states import CloseReason, State
from statemachine.units import Goods, Return, Unit

SQL = statements(__file__)

Family = tuple[str, str]
"""Happy Returns return id and order key."""
PRUNED = "pruned:"
"""Before the return id of what is kept no more: it is nobody's family, and stands beside one of the same name."""


class Register:
    """Who holds which goods, as a batch of decisions sees it: what is stored, and what the batch itself has decided.

    Families that are decided later in the batch see those decided before them, so that of two returns of the same goods
    that come in together one is paid and the other is stopped.
    """

    def __init__(
        self, rows: Iterable[Record], ours: Iterable[Record], families: Mapping[Family, Iterable[Return]]
    ) -> None:
        ours = list(ours)
        self._claimed = frozenset(row["id"] for row in ours if row["has_claimed"])
        self._sent = frozenset(row["id"] for row in ours if row["has_sent"])
        self._asked: set[int] = set(self._claimed)
        self._asking: set[tuple[Family, int]] = set()
        """Parts that asked for their credit in this very batch."""
        self._holders: dict[Family, list[Holder]] = {}
        self._named: dict[str, set[Family]] = {}
        self._began: dict[Family, int] = {}
        for row in rows:
            family = (row["happy_return_id"], row["order_key"])
            if row["has_asked"]:
                self._asked.add(row["return_id"])
            if not row["state"]:
                family = (PRUNED + row["happy_return_id"], row["order_key"])
            if family not in families:
                self._put(family, [_holder(row)])
        for name, parts in families.items():
            self.note(name, parts)

    def note(self, family: Family, parts: Iterable[Return]) -> None:
        """How a family stands now."""
        parts = list(parts)
        if not parts:
            return
        if family not in self._began:
            ids = [instance.id for instance in parts if instance.id is not None]
            self._began[family] = min(ids) if ids else NEWEST - 1_000_000_000 + len(self._began)
        self._holders.pop(family, None)
        began = self._began[family]
        self._asking |= {(family, instance.part) for instance in parts if instance.state is State.CREDIT_PENDING}
        self._put(family, [self._holder_of(family, each, unit, began) for each in parts for unit in each.units])

    def of(self, family: Family, parts: Iterable[Return], events: Iterable[Event]) -> Elsewhere:
        """What others hold of what this family has, and of what these events bring it."""
        names = set[str]()
        for instance in parts:
            names.update(_names(family, instance.express_code, instance.units))
        for event in events:
            if isinstance(event, UnitEvent):
                names.update(_names(family, event.express_code, event.units))
        others = {other for name in names for other in self._named.get(name, ())} - {family}
        holders = tuple(holder for other in sorted(others) for holder in self._holders.get(other, ()))
        return Elsewhere(holders, self._began.get(family, NEWEST), self._claimed, self._sent) if holders else _NOTHING

    def _put(self, family: Family, holders: list[Holder]) -> None:
        self._holders.setdefault(family, []).extend(holders)
        for holder in holders:
            own = (holder.goods.happy_return_id, order_key(holder.goods.order_number))
            for name in _names_of(own, holder.express_code, holder.happy_item_id, holder.line_item_id):
                self._named.setdefault(name, set()).add(family)

    def _holder_of(self, family: Family, instance: Return, unit: Unit, began: int) -> Holder:
        is_silent = instance.close_reason in (CloseReason.EXPIRED, CloseReason.CANCELLED)
        has_credit = instance.credit is not None
        is_asking = (family, instance.part) in self._asking
        return Holder(
            Goods(instance.happy_return_id, instance.order_number, unit.key), instance.part, instance.id,
            instance.state.value if instance.state else "", unit.happy_item_id, unit.line_item_id, unit.sku,
            instance.express_code, instance.credit.id if instance.credit else None, instance.credit_ref, unit.occurrence,
            began, has_credit or is_asking or instance.id in self._asked,
            has_credit or instance.id in self._sent, unit.stands_for is not None and instance.state is State.CLOSED,
            instance.state is State.CLOSED and is_silent, len(instance.units),
        )  # fmt: skip


_NOTHING = Elsewhere()


def _names(family: Family, code: str, units: Iterable[Unit]) -> Iterator[str]:
    for unit in units:
        yield from _names_of(family, code, unit.happy_item_id, unit.line_item_id)


def _names_of(family: Family, code: str, item_id: str, line_id: str) -> Iterator[str]:
    """By what goods may be known elsewhere; each name tells of what kind it is.

    A line under its return's id, whatever the order: Happy Returns may have corrected the order's number.
    """
    happy_return_id, key = family
    if item_id:
        yield f"item:{item_id}"
    if line_id:
        yield f"line:{key}/{line_id}"
        yield f"return:{happy_return_id}/{line_id}"
    if code:
        yield f"code:{code}"


def _holder(row: Record) -> Holder:
    return Holder(
        Goods(row["happy_return_id"], row["order_number"], row["unit_key"]), row["part"], row["return_id"], row["state"],
        row["happy_item_id"], row["line_item_id"], row["sku"], row["express_code"], row["credit_id"], row["credit_ref"],
        row["occurrence"], row["began"], row["has_asked"], row["has_sent"], row["is_stand_in"], row["ended_by_silence"],
        row["units"],
    )  # fmt: skip


async def register(
    connection: Connection, merchant: str, families: Mapping[Family, Iterable[Return]],
    events: Mapping[Family, Iterable[Event]],
) -> Register:  # fmt: skip
    """Who holds the goods of these families, and of the units these events speak of."""
    kept = {family: tuple(parts) for family, parts in families.items()}
    named: dict[str, set[Family]] = {}
    items, codes, lines = set[str](), set[str](), set[tuple[str, str]]()
    for family, parts in kept.items():
        sources = [(instance.express_code, instance.units) for instance in parts]
        sources += [
            (event.express_code, event.units) for event in events.get(family, ()) if isinstance(event, UnitEvent)
        ]
        for code, units in sources:
            codes.add(code)
            items.update(unit.happy_item_id for unit in units)
            lines.update((family[1], unit.line_item_id) for unit in units if unit.line_item_id)
            for name in _names(family, code, units):
                named.setdefault(name, set()).add(family)
    if not named:
        return Register((), (), kept)
    rows = await SQL.rows(
        connection, "elsewhere", merchant=merchant, happy_item_ids=sorted(items - {""}),
        express_codes=sorted(codes - {""}), order_keys=[key for key, _ in sorted(lines)],
        line_item_ids=[line for _, line in sorted(lines)],
        happy_return_ids=sorted({happy_return_id for happy_return_id, _ in kept}),
        identities=sorted(name for name in named if name.startswith(("item:", "line:"))),
    )  # fmt: skip
    is_shared = any(len(holders) > 1 for holders in named.values()) or any(
        not row["state"] or (row["happy_return_id"], row["order_key"]) not in kept for row in rows
    )
    if not is_shared:  # nearly always: nobody else holds any of it
        return Register((), (), kept)
    ids = sorted({instance.id for parts in kept.values() for instance in parts if instance.id is not None})
    return Register(rows, await SQL.rows(connection, "of_ours", merchant=merchant, ids=ids), kept)


async def elsewhere(connection: Connection, merchant: str, instances: Iterable[Return]) -> dict[int, Elsewhere]:
    """What others hold of the goods of these returns, each by its id: for a preview."""
    families: dict[Family, list[Return]] = {}
    for instance in instances:
        families.setdefault((instance.happy_return_id, order_key(instance.order_number)), []).append(instance)
    held = await register(connection, merchant, families, {})
    return {
        instance.id: held.of(family, parts, ())
        for family, parts in families.items()
        for instance in parts
        if instance.id is not None
    }


async def kept(connection: Connection, merchant: str, goods: Iterable[Goods]) -> set[Goods]:
    """Those whose return is still there."""
    wanted = sorted(set(goods), key=repr)
    if not wanted:
        return set()
    keys = [order_key(each.order_number) for each in wanted]
    rows = await SQL.rows(
        connection,
        "kept",
        merchant=merchant,
        happy_return_ids=[each.happy_return_id for each in wanted],
        order_keys=keys,
    )
    there = {(row["happy_return_id"], row["order_key"]) for row in rows}
    return {each for each, key in zip(wanted, keys, strict=True) if (each.happy_return_id, key) in there}


async def give_up(connection: Connection, merchant: str, return_ids: Iterable[int]) -> None:
    """These ended for another return of the same goods: that one may claim them now."""
    if ids := sorted(set(return_ids)):
        await SQL.run(connection, "give_up", merchant=merchant, return_ids=ids)
