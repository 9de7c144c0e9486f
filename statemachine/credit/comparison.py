"""A return beside its order, line by line, for whoever must say what is right: units left, rows right, what differs."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from statemachine.credit.amounts import PART_REF
from statemachine.credit.announcement import tolerance
from statemachine.credit.case import Case
from statemachine.credit.maps import plain_sku
from statemachine.credit.matching import Matched, Matcher
from statemachine.credit.reading import Unmatched, unit_name
from statemachine.credit.snapshot import OrderRow
from statemachine.money import shown
from statemachine.units import Unit

UNTOUCHED = "nothing of it came back, unless it is meant above"


@dataclass(frozen=True, slots=True)
class Line:
    """One unit and the row it is, or may be; a row nothing came back of has no unit."""

    unit: Unit | None
    row: OrderRow | None
    how: str
    """The matching step, or why there is none."""
    differences: tuple[str, ...]
    left: Decimal | None = None
    """Units of the row that no credit holds."""
    net_left: Decimal | None = None
    """Net value of the row that no credit holds."""
    currency: str = ""
    """Of the order."""

    def as_row(self) -> dict[str, Any]:
        unit, row = self.unit, self.row
        each = row.net / row.quantity if row is not None and row.quantity else None
        return {
            "unit": unit.key if unit else "", "returned_sku": unit.sku if unit else "",
            "returned": (unit.name or unit.barcode) if unit else "",
            "announced": _money(unit.refund_amount, unit.refund_currency) if unit else "",
            "differs": "; ".join(self.differences), "row": row.id if row else None, "sold_sku": row.sku if row else "",
            "sold": row.name if row else "", "quantity": f"{row.quantity.normalize():f}" if row else "",
            "left": f"{self.left.normalize():f}" if self.left is not None else "",
            "unit_net": shown(each, self.currency) if each is not None else "",
            "net_left": shown(self.net_left, self.currency) if self.net_left is not None else "",
            "tax_code": row.tax_code if row else "",
            "how": self.how,
        }  # fmt: skip


def side_by_side(case: Case) -> list[Line]:
    """Every unit with its row or the likeliest one, then the rows of which nothing came back."""
    matches = _Matches(case)
    lines = [_line(case, unit, matches) for unit in sorted(case.instance.units, key=lambda each: each.key)]
    touched = {line.row.id for line in lines if line.row is not None}
    rest = [row for row in case.order.rows if row.is_goods and row.id not in touched]
    return lines + [
        Line(None, row, UNTOUCHED, (), matches.room[row.id], _net_left(case, row), case.order.currency) for row in rest
    ]


class _Matches:
    """Each unit matched as if it came back alone; units that read alike are matched once."""

    def __init__(self, case: Case) -> None:
        self._matcher = Matcher(
            case.order, case.taken, case.maps, on_sku_difference="trust-line",
            on_bundle_part=case.policy.on_bundle_part, mind_edits=False,
        )  # fmt: skip
        self.room = self._matcher.room
        """Order row id → units of it that no credit holds."""
        self._known: dict[tuple[object, ...], tuple[Unit, Matched | Unmatched]] = {}

    def of(self, unit: Unit) -> tuple[Unit, Matched | Unmatched]:
        """The match, and the unit it was made for: this one, or one that reads alike."""
        reading = self._matcher.read(unit)
        if isinstance(reading, Unmatched):
            return unit, reading
        bundle = tuple((id(rows), count) for rows, count in reading.bundle)
        alike = (reading.step, id(reading.rows), id(reading.children), bundle, unit_name(unit))
        if alike not in self._known:
            self._known[alike] = unit, self._matcher.match((unit,))
        return self._known[alike]


def _line(case: Case, unit: Unit, matches: _Matches) -> Line:
    alike, found = matches.of(unit)
    row = _row_of(case, alike, found)
    how = found.steps[alike.key] if isinstance(found, Matched) else found.explanation
    left = matches.room[row.id] if row is not None else None
    differences = tuple(_differences(case, unit, row, left))
    return Line(unit, row, how, differences, left, _net_left(case, row), case.order.currency)


def _row_of(case: Case, unit: Unit, found: Matched | Unmatched) -> OrderRow | None:
    wanted: Any
    if isinstance(found, Matched):
        wanted = int(found.places[unit.key][0].ref.removeprefix(PART_REF))
    else:
        suggested: Any = found.evidence.get("suggested") or {}
        rows: Any = found.evidence.get("rows") or [None]
        first = rows[0].get("row") if isinstance(rows[0], dict) else rows[0]
        wanted = suggested.get("row") or found.evidence.get("bundle_row") or first
    return case.order.lookup.by_id.get(wanted)


def _net_left(case: Case, row: OrderRow | None) -> Decimal | None:
    return row.net - case.taken[row.id].net if row is not None else None


def _differences(case: Case, unit: Unit, row: OrderRow | None, left: Decimal | None) -> list[str]:
    if row is None:
        return ["on no row of this order"]
    told = []
    if unit.sku and row.sku and plain_sku(unit.sku) != plain_sku(row.sku):
        told.append(f"SKU {unit.sku} returned, {row.sku} sold")
    if left is not None and left < 1:
        told.append(f"none of {row.quantity.normalize():f} left to credit")
    if unit.refund_currency and unit.refund_currency != case.order.currency:
        told.append(f"{unit.refund_currency} announced, order in {case.order.currency}")
    worth = (row.net + row.tax) / row.quantity if row.quantity else None
    price = unit.refund_amount
    if price is not None and worth is not None and abs(price - worth) > tolerance(case):
        told.append(f"{price} announced, {shown(worth, case.order.currency)} sold for")
    if row.tax_code not in case.reference.tax_rates:
        told.append(f"tax code {row.tax_code or 'missing'} is not active")
    return told


def _money(amount: Decimal | None, currency: str) -> str:
    return f"{amount} {currency}".strip() if amount is not None else ""


def without_own(case: Case) -> Case:
    """The case as it was before this return's own credit, for replaying a decision that was made."""
    own = case.instance.credit.id if case.instance.credit is not None else None
    before = tuple(
        credit for credit in case.credits_made
        if credit.external_ref != case.instance.credit_ref and (own is None or credit.id < own)
    )  # fmt: skip
    return replace(case, credits_made=before)
