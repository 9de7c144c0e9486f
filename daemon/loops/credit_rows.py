"""Which rows of a return's credit stand for which of its units: for receiving goods, and for seeing that others did."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from daemon.clients.brightpearl_wire import GoodsInNote
from statemachine.units import Return, Unit

Row: TypeAlias = dict[str, Any]
"""A credit row as the return keeps it."""


class CreditRows:
    """The rows of one return's credit, by what units and goods-in notes name of them."""

    def __init__(self, instance: Return) -> None:
        assert instance.credit is not None
        self.by_id: dict[int, Row] = {}
        self._by_ref: dict[str, Row] = {}
        self._components: dict[int, list[Row]] = {}
        for row in instance.credit.rows:
            self.by_id.setdefault(int(row["id"]), row)
            if row["bundle_child"]:
                self._components.setdefault(row["parent_row_id"], []).append(row)
            else:
                self._by_ref.setdefault(row["external_ref"], row)

    def of(self, unit: Unit) -> list[tuple[Row, int]]:
        """The rows that stand for one unit, with how many of each: its own row, or component rows of a bundle."""
        standing: list[tuple[Row, int]] = []
        for place in unit.places:
            own = self._by_ref.get(place.ref)
            if own is None:
                continue
            components = self._components.get(own["id"], [])
            if place.product_id is not None:
                standing += [(row, 1) for row in components if row["product_id"] == place.product_id][:1]
            elif components:
                per = Decimal(own["quantity"])
                standing += [(row, place.quantity * int(Decimal(row["quantity"]) / per)) for row in components]
            else:
                standing.append((own, place.quantity))
        return standing


@dataclass(frozen=True, slots=True)
class _Piece:
    """So many pieces of one credit row that are one unit."""

    unit: Unit
    count: int


def units_on_notes(instance: Return, notes: Iterable[GoodsInNote]) -> dict[str, int]:
    """Unit key → note id for goods that others received; our own notes are dispatch's business."""
    theirs = [note for note in notes if not note.reference.startswith(instance.credit_ref)]
    if not theirs:
        return {}
    waiting: dict[int, list[_Piece]] = {}
    counted: dict[tuple[int, int], int] = {}
    """(Credit row id, note id) → pieces of it that units already name that note for."""
    rows = CreditRows(instance)
    for unit in instance.units:
        pieces: dict[int, int] = {}
        for row, count in rows.of(unit):
            pieces[int(row["id"])] = pieces.get(int(row["id"]), 0) + count
        for row_id, count in pieces.items():
            if unit.goods_in_id is not None:
                counted[row_id, unit.goods_in_id] = counted.get((row_id, unit.goods_in_id), 0) + count
            elif not unit.goods_in_ref and count:
                waiting.setdefault(row_id, []).append(_Piece(unit, count))
    arrived: dict[str, int] = {}
    for note in theirs:
        for row_id, quantity in note.moved:
            left = quantity - counted.get((row_id, note.id), 0)
            if left <= 0 or row_id not in waiting:
                continue
            still: list[_Piece] = []
            for at, piece in enumerate(waiting[row_id]):
                if left <= 0:
                    still += waiting[row_id][at:]
                    break
                if piece.unit.key in arrived:
                    continue
                if left >= piece.count:
                    arrived[piece.unit.key] = note.id
                    left -= piece.count
                else:
                    still.append(piece)
            waiting[row_id] = still
    return arrived
