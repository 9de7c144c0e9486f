"""What a return of thousands of units costs on its way: twice the units take about twice the steps, and there is an end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from daemon.clients.brightpearl_wire import GoodsInNote, stored_rows
from daemon.clients.happy_returns_wire import Item
from daemon.loops.advance import _merged
from daemon.loops.credit_rows import CreditRows, units_on_notes
from daemon.loops.observe import KnownUnit, Seen, understand
from daemon.store.inbox import Waiting
from statemachine.credit.snapshot import CreditRow
from statemachine.events import Approved, DroppedOff, Event, Started
from statemachine.goods import NOTHING_ELSEWHERE
from statemachine.machine import UNITS_MAX, Moved, Refused, decide
from statemachine.policy import Policy
from statemachine.states import State
from statemachine.units import Credit, Place, Progress, Return, Unit
from tests.large_orders import LINEAR
from tests.steps import growth
from tests.unit.orders import an_order, by_hand, row
from tests.unit.returns import NOON, a_return

ADDRESS = Return("acme", "r1", "10422")


def unit(number: int, **facts: object) -> Unit:
    return replace(Unit(f"u{number:05}", happy_item_id=f"item{number}", sku="TEE"), **facts)  # type: ignore[arg-type]


def credited(count: int) -> Return:
    """Each unit on a credit row of its own."""
    rows = tuple(
        {"id": n, "product_id": 1, "quantity": "1", "external_ref": str(n), "bundle_child": False, "parent_row_id": 0}
        for n in range(count)
    )
    units = tuple(unit(n, places=(Place(str(n)),)) for n in range(count))
    credit = Credit(7, "HW-1", Decimal(1), Decimal(0), "GBP", rows=rows)
    return replace(a_return(State.CREDITED), units=units, credit=credit, credit_ref="HW-1")


def received_by_others(count: int) -> Callable[[], object]:
    notes = [GoodsInNote(n, 7, f"note {n}", ((n, 1),)) for n in range(count)]
    return partial(units_on_notes, credited(count), notes)


def received_in_parts(count: int) -> Callable[[], object]:
    """All units stand on one row, and it comes in unit by unit."""
    instance = credited(count)
    units = tuple(replace(each, places=(Place("0"),)) for each in instance.units)
    notes = [GoodsInNote(n, 7, f"note {n}", ((0, 1),)) for n in range(count)]
    return partial(units_on_notes, replace(instance, units=units), notes)


def found_on_the_credit(count: int) -> Callable[[], object]:
    instance = credited(count)

    def every_unit() -> object:
        rows = CreditRows(instance)
        return [rows.of(each) for each in instance.units]

    return every_unit


def kept_as_stored(count: int) -> Callable[[], object]:
    """Rows of an account that does not echo references, each as it was sent."""
    order = an_order(*(row(n + 1, f"SKU{n}") for n in range(count)))
    sent = [
        {"productId": n, "quantity": "1", "net": "20.00", "tax": "4.00", "externalRef": str(n)} for n in range(count)
    ]
    sent.reverse()
    rows = [CreditRow(n, n, Decimal(1), Decimal("20.00"), Decimal("4.00")) for n in range(count)]
    return partial(stored_rows, by_hand(7, *rows), order, [str(n) for n in range(count)], sent)


def items(count: int, **facts: object) -> tuple[Item, ...]:
    return tuple(Item("r1", "10422", "", "HR1", "", unit(n, **facts), "") for n in range(count))


def look(*seen: Item) -> Seen:
    return Seen(seen, confirmed=True, source="poll", received_at=NOON, trace=None, digest="d")


def recognised_by_line(count: int) -> Callable[[], object]:
    """Units that are known by one line id, and are read without an id of their own."""
    known = {"r1": [KnownUnit("10422", f"u{n:05}", "", "880-0-9", "TEE") for n in range(count)]}
    return partial(understand, look(*items(count, happy_item_id="", line_item_id="880-0-9")), known)


def recognised_by_article(count: int) -> Callable[[], object]:
    known = {"r1": [KnownUnit("10422", f"u{n:05}", "", "", "TEE") for n in range(count)]}
    return partial(understand, look(*items(count, happy_item_id="")), known)


def both_handed_over_and_approved(count: int) -> Callable[[], object]:
    facts = {"started_at": NOON, "dropped_off_at": None, "approved_at": NOON}
    return partial(understand, look(*items(count, **facts)), {})


def decided(event: Event, instance: Return) -> object:
    outcome = decide((instance,), event, address=ADDRESS, now=NOON, policy=Policy(), elsewhere=NOTHING_ELSEWHERE)
    assert isinstance(outcome, Moved)
    return outcome


def waiting(event: Event, number: int) -> Waiting:
    return Waiting(number, event, "r1", "10422", "10422", None, "poll", "happy-returns", None, NOON)


def taken_together(count: int) -> Callable[[], object]:
    events = [waiting(Approved(units=(unit(n),), confirmed=True), n) for n in range(count)]
    return partial(_merged, events)


@pytest.mark.parametrize(
    "work",
    [
        received_by_others, received_in_parts, found_on_the_credit, kept_as_stored, recognised_by_line,
        recognised_by_article, both_handed_over_and_approved, taken_together,
    ],
    ids=lambda work: work.__name__,
)  # fmt: skip
def test_the_work_grows_with_the_units_and_no_faster(work: Callable[[int], Callable[[], object]]) -> None:
    assert growth(work, size=80) < LINEAR


def test_events_of_one_kind_become_one_that_names_every_unit_once() -> None:
    first, second = Approved(units=(unit(1),), confirmed=True), Approved(units=(unit(2),), confirmed=True)
    again, other = Approved(units=(unit(1),), confirmed=True), DroppedOff(units=(unit(3),), confirmed=True)

    merged = _merged([waiting(event, n) for n, event in enumerate((first, second, again, other))])

    assert [(type(event), sorted(event.keys), [each.id for each in members]) for event, members in merged] == [
        (Approved, ["u00001", "u00002"], [0, 1]), (Approved, ["u00001"], [2]), (DroppedOff, ["u00003"], [3]),
    ]  # fmt: skip


def test_no_return_grows_without_an_end() -> None:
    held = replace(a_return(State.INITIATED), units=tuple(unit(n) for n in range(UNITS_MAX)))
    one_more = Started(units=(unit(UNITS_MAX),), confirmed=True)

    outcome = decide(
        (held,), one_more, address=ADDRESS, now=NOON + timedelta(hours=1), policy=Policy(), elsewhere=NOTHING_ELSEWHERE
    )

    assert isinstance(outcome, Refused)
    assert f"{UNITS_MAX + 1} units" in outcome.why
    assert held.units[0].confirmed is Progress.STARTED
