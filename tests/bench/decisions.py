"""Pure pre-flight decisions a second on one core: no I/O, each a fresh case. Part of `make bench`."""

import time
from dataclasses import replace
from decimal import Decimal

from statemachine.credit.case import Case
from statemachine.credit.maps import Component, CreditMap, ReasonRule
from statemachine.credit.preflight import preflight
from statemachine.credit.snapshot import ExistingCredit
from statemachine.units import Unit
from tests.unit.orders import a_case, an_order, bundle_rows, coming_back, credited, judge, row

SECONDS = 2.0


def cases() -> dict[str, Case]:
    """A plain return; a heavy one (ten rows, bundle pieces, two discounts, five earlier credits); one that stops."""
    unit = Unit("a", sku="SKU1", line_item_id="880-0-2")
    plain = a_case(coming_back(unit), an_order(row(1, "SKU1", 2, "40.00", "8.00", external_ref="880")))
    goods = [row(n, f"SKU{n}", 20, "400.00", "80.00") for n in range(1, 11)]
    voucher = row(98, "", net="-30.00", tax="-6.00", product_id=None)
    order = an_order(
        *goods, *bundle_rows(50, "SET", 10, "200.00", "40.00", CUP=1, SAUCER=2), voucher, replace(voucher, id=99)
    )
    shares = {"CUP": Component(1, Decimal("0.4")), "SAUCER": Component(2, Decimal("0.6"))}
    maps = CreditMap(bundles={"SET": shares}, reasons={"*": ReasonRule(note="x")}, nominal={"4000": "4900"})
    made: list[ExistingCredit] = []
    for number in range(5):
        earlier = judge(coming_back(*(Unit(f"e{number}-{n}", sku=f"SKU{n}") for n in range(1, 11))), order, *made,
                        known=frozenset(c.id for c in made))  # fmt: skip
        made.append(credited(earlier.plan, 7000 + number))  # type: ignore[attr-defined]
    units = [Unit(f"u{n}", sku=f"SKU{n % 10 + 1}") for n in range(18)] + [
        Unit("cup", sku="CUP"),
        Unit("saucer", sku="SAUCER"),
    ]
    heavy = a_case(coming_back(*units), order, *made, maps=maps, known=frozenset(c.id for c in made))
    stops = a_case(coming_back(Unit("a", sku="NOBODY")), order, *made, known=frozenset(c.id for c in made))
    return {"plain return, one unit": plain, "20 units, 13 rows, 5 earlier credits": heavy, "stops: SKU unknown": stops}


def decisions_per_second() -> dict[str, int]:
    """For each case, how many are decided in a second; the case is rebuilt each time, so nothing is remembered."""
    rates = {}
    for name, case in cases().items():
        done, began = 0, time.process_time()
        while time.process_time() - began < SECONDS:
            for _ in range(20):
                preflight(replace(case))
            done += 20
        rates[name] = round(done / (time.process_time() - began))
    return rates


if __name__ == "__main__":
    for name, rate in decisions_per_second().items():
        print(f"{name:<40}{rate:>10,} decisions/s")
