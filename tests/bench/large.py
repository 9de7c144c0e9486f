"""Processor seconds of one decision, by how much there is of everything. Part of `make bench`, and by itself."""

import sys
import time
from collections.abc import Callable, Iterable

from statemachine.credit.case import Case
from statemachine.credit.comparison import side_by_side
from statemachine.credit.preflight import preflight
from tests.large_orders import SHAPES

SIZES = (500, 1000, 2000, 5000)


def seconds(work: Callable[[Case], object], case: Case) -> float:
    began = time.process_time()
    work(case)
    return round(time.process_time() - began, 3)


def processor_seconds(sizes: Iterable[int] = SIZES) -> dict[str, dict[int, tuple[float, float]]]:
    """Shape → size → seconds of the decision and of the comparison people see; each on a fresh case."""
    return {
        shape.__name__.replace("_", " "): {
            size: (seconds(preflight, shape(size)), seconds(side_by_side, shape(size))) for size in sizes
        }
        for shape in SHAPES
    }


if __name__ == "__main__":
    sizes = tuple(int(each) for each in sys.argv[1].split(",")) if len(sys.argv) > 1 else SIZES
    print(f"| decision, comparison (s) | {' | '.join(map(str, sizes))} |\n|---|{'---|' * len(sizes)}")
    for name, by_size in processor_seconds(sizes).items():
        print(f"| {name} | {' | '.join(f'{a:.2f}, {b:.2f}' for a, b in by_size.values())} |")
