"""Returns and orders of any size, in the shapes that cost most: for counting steps in tests and seconds in the benchmark."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from statemachine.credit.case import Case
from statemachine.credit.maps import Component, CreditMap, FeeRule
from statemachine.credit.snapshot import CreditRow, ExistingCredit, OrderRow, Product
from statemachine.units import Unit
from tests.unit.orders import a_case, an_order, bundle_rows, coming_back, row
from tests.unit.returns import NOON

LINEAR = 2.6
"""At most so many times the steps for twice as much: a square would take four times, a cube eight times."""
LONG_AGO, BEGAN = NOON - timedelta(days=50), NOON - timedelta(days=1)


def units(count: int, sku: str = "TEE", **known: str) -> list[Unit]:
    return [Unit(f"{sku}-{n:05}", sku=sku, **known) for n in range(count)]  # type: ignore[arg-type]


def priced(row_id: int, net: int, sku: str = "TEE", product_id: int | None = None) -> OrderRow:
    return row(row_id, sku, net=f"{net}.00", tax=f"{Decimal(net) / 5:.2f}", product_id=product_id or row_id + 1000)


def equal_rows(count: int) -> Case:
    """As many units as rows, and every row like every other."""
    return a_case(coming_back(*units(count)), an_order(*(row(n + 1) for n in range(count))))


def different_rows(count: int) -> Case:
    skus = [f"SKU{n}" for n in range(count)]
    order = an_order(*(row(n + 1, sku) for n, sku in enumerate(skus)))
    return a_case(coming_back(*(units(1, sku)[0] for sku in skus)), order)


def different_prices(count: int) -> Case:
    """One article at as many prices as rows, and all of it comes back."""
    return a_case(coming_back(*units(count)), an_order(*(priced(n + 1, 20 + n) for n in range(count))))


def line_ids(count: int) -> Case:
    """Half of the units name one line, which has no room for them; equal rows do as well."""
    order = an_order(*(row(n + 1, external_ref=f"88{n}") for n in range(count)))
    named = [replace(unit, line_item_id=f"88{0 if n % 2 else n}-0-1") for n, unit in enumerate(units(count))]
    return a_case(coming_back(*named), order)


def one_line_of_many_rows(count: int) -> Case:
    order = an_order(*(row(n + 1, f"SKU{n}", count, external_ref="880") for n in range(count)))
    named = [replace(units(1, f"SKU{n}")[0], line_item_id=f"880-{n}-{count}") for n in range(count)]
    return a_case(coming_back(*named), order)


def bundles(count: int) -> Case:
    """Many bundles, all of whose components come back."""
    rows = [
        each for n in range(count // 2) for each in bundle_rows(n * 10 + 1, "SET", 1, "20.00", "4.00", CUP=1, SAUCER=1)
    ]
    return a_case(coming_back(*units(count // 2, "CUP"), *units(count // 2, "SAUCER")), an_order(*rows))


def pieces_of_one_bundle(count: int) -> Case:
    rows = bundle_rows(1, "SET", 1, "20000.00", "4000.00", **{f"PART{n}": 1 for n in range(count)})
    loose = [units(1, f"PART{n}")[0] for n in range(count - 1)]
    return a_case(coming_back(*loose), an_order(*rows), on_bundle_part="cost")


def inside_and_outside_of_bundles(count: int) -> Case:
    """One article on rows of its own and inside bundles, and all of it comes back."""
    quarter = count // 4
    rows = [row(n + 1) for n in range(2 * quarter)]
    for n in range(quarter):
        rows += bundle_rows(10_000 + n * 10, "SET", 1, "20.00", "4.00", TEE=1, SAUCER=1)
    return a_case(coming_back(*units(3 * quarter), *units(quarter, "SAUCER")), an_order(*rows))


def returned_bundles(count: int) -> Case:
    """Bundles come back that were sold as their components."""
    order = an_order(*(row(n + 1, "CUP" if n % 2 else "SAUCER") for n in range(count)))
    maps = CreditMap(bundles={"SET": {"CUP": Component(), "SAUCER": Component()}})
    return a_case(coming_back(*units(count // 2, "SET")), order, maps=maps)


def barcodes(count: int) -> Case:
    order = an_order(*(priced(n + 1, 20 + n, product_id=7) for n in range(count)))
    products = {7: Product(7, "TEE", frozenset(f"code{n}" for n in range(5)))}
    coded = [Unit(f"u{n:05}", barcode=f"code{n % 5}") for n in range(count)]
    return a_case(coming_back(*coded), replace(order, products=products))


def many_discounts(count: int) -> Case:
    rows = [row(n + 1, f"SKU{n}") for n in range(count)]
    rows += [row(100_000 + n, "", net="-1.00", tax="-0.20", product_id=None) for n in range(count // 5)]
    return a_case(coming_back(*(units(1, f"SKU{n}")[0] for n in range(count))), an_order(*rows))


def restocking_fee(count: int) -> Case:
    order = an_order(*(row(n + 1, f"SKU{n}") for n in range(count)))
    maps = CreditMap(fees={"restocking": FeeRule("4000", "T20", percent=Decimal(10))})
    return a_case(coming_back(*(units(1, f"SKU{n}")[0] for n in range(count))), order, maps=maps)


def foreign_credits(count: int) -> Case:
    """As many credits of others as rows, each for one unit at a price of its own."""
    order = an_order(*(priced(n + 1, 20 + n, product_id=77) for n in range(count)))
    made = [
        foreign(7000 + n, CreditRow(n + 1, 77, Decimal(1), Decimal(20 + n), Decimal(20 + n) / 5))
        for n in range(count - 10)
    ]
    return a_case(coming_back(*(replace(unit, started_at=BEGAN) for unit in units(10))), order, *made)


def foreign_deductions(count: int) -> Case:
    rows = [row(n + 1) for n in range(20)]
    rows += [row(100_000 + n, "", net="-1.00", tax="-0.20", product_id=None) for n in range(count)]
    made = [
        foreign(7000 + n, CreditRow(n + 1, None, Decimal(1), Decimal("-1.00"), Decimal("-0.20"))) for n in range(count)
    ]
    return a_case(coming_back(*(replace(unit, started_at=BEGAN) for unit in units(10))), an_order(*rows), *made)


def foreign(credit_id: int, *rows: CreditRow) -> ExistingCredit:
    return ExistingCredit(credit_id, 55, "", "", "GBP", LONG_AGO, False, rows)


SHAPES: tuple[Callable[[int], Case], ...] = (
    equal_rows, different_rows, different_prices, line_ids, one_line_of_many_rows, bundles, pieces_of_one_bundle,
    inside_and_outside_of_bundles, returned_bundles, barcodes, many_discounts, restocking_fee, foreign_credits,
    foreign_deductions,
)  # fmt: skip
