"""What a decision costs when others make it large: twice as much of anything takes about twice the steps."""

from collections.abc import Callable
from functools import partial

import pytest

from statemachine.credit.case import Case
from statemachine.credit.comparison import side_by_side
from statemachine.credit.preflight import preflight
from statemachine.credit.reading import needs_products
from tests.large_orders import LINEAR, SHAPES
from tests.steps import growth


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_decision_grows_with_its_rows_and_units_and_no_faster(shape: Callable[[int], Case]) -> None:
    assert growth(lambda size: partial(preflight, shape(size)), size=40) < LINEAR


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_the_comparison_grows_with_its_rows_and_units_and_no_faster(shape: Callable[[int], Case]) -> None:
    assert growth(lambda size: partial(side_by_side, shape(size)), size=40) < LINEAR


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_whether_products_are_needed_grows_no_faster_than_the_units(shape: Callable[[int], Case]) -> None:
    def asked(size: int) -> Callable[[], object]:
        case = shape(size)
        return lambda: [needs_products(unit, case.order) for unit in case.instance.units]

    assert growth(asked, size=40) < LINEAR
