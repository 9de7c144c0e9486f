"""Which rows of an order a credit row that names none is most likely for: of its product, of its tax code, near its price."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from decimal import Decimal
from heapq import merge
from itertools import chain

from statemachine.credit.lookup import Rows
from statemachine.credit.snapshot import OrderRow


class LikestRows:
    """The rows of one product for credits of one tax code, the likest first.

    Rows of the product itself come before components of bundles that hold it, rows of the code before others, and then the
    nearest in price; of equally near ones the order's own order decides. Without a code all codes are alike.
    """

    def __init__(self, rows: Rows, tax_code: str, room_of: Callable[[OrderRow], Decimal], *, near: Decimal) -> None:
        kinds: dict[tuple[bool, bool], list[tuple[int, OrderRow]]] = {}
        for place, row in enumerate(rows):
            kind = (row.bundle_child, bool(tax_code) and row.tax_code != tax_code)
            kinds.setdefault(kind, []).append((place, row))
        self._kinds = [_ByPrice(kinds[kind], room_of, near) for kind in sorted(kinds)]

    def with_room(self, unit_net: Decimal) -> Iterator[OrderRow]:
        return chain.from_iterable(kind.with_room(unit_net) for kind in self._kinds)

    def last(self, unit_net: Decimal) -> OrderRow | None:
        """The least like of all, whether it has room or not."""
        return self._kinds[-1].last(unit_net) if self._kinds else None


class _ByPrice:
    """Rows of one kind, by what one unit costs; what differs by no more than the smallest coin is as near as can be."""

    def __init__(self, rows: list[tuple[int, OrderRow]], room_of: Callable[[OrderRow], Decimal], near: Decimal) -> None:
        groups: dict[Decimal, list[tuple[int, OrderRow]]] = {}
        for place, row in rows:  # a component has no price of its own: each is as near as the next
            groups.setdefault(Decimal(0) if row.bundle_child else row.net / row.quantity, []).append((place, row))
        self._is_priced = not rows[0][1].bundle_child
        self._prices = sorted(groups)
        self._groups = [groups[price] for price in self._prices]
        self._full = [0] * len(self._groups)
        """Of each group how many rows at its begin are full."""
        self._room_of, self._near_by = room_of, near

    def with_room(self, unit_net: Decimal) -> Iterator[OrderRow]:
        below, above = self._near(unit_net)
        yield from self._open(*range(below, above))
        below -= 1
        while below >= 0 or above < len(self._prices):
            gap_below = unit_net - self._prices[below] if below >= 0 else None
            gap_above = self._prices[above] - unit_net if above < len(self._prices) else None
            nearest = min(gap for gap in (gap_below, gap_above) if gap is not None)
            groups = [*([below] if gap_below == nearest else ()), *([above] if gap_above == nearest else ())]
            yield from self._open(*groups)
            below, above = below - (below in groups), above + (above in groups)

    def _near(self, unit_net: Decimal) -> tuple[int, int]:
        """Groups that are as near as can be: from the first index to before the second."""
        if not self._is_priced:
            return 0, len(self._prices)
        return bisect_left(self._prices, unit_net - self._near_by), bisect_right(self._prices, unit_net + self._near_by)

    def _open(self, *groups: int) -> Iterator[OrderRow]:
        if len(groups) == 1:
            yield from (row for _, row in self._open_of(groups[0]))
        else:
            yield from (row for _, row in merge(*(self._open_of(each) for each in groups), key=lambda each: each[0]))

    def _open_of(self, group: int) -> Iterator[tuple[int, OrderRow]]:
        rows = self._groups[group]
        for at in range(self._full[group], len(rows)):
            if self._room_of(rows[at][1]) > 0:
                yield rows[at]
            elif at == self._full[group]:
                self._full[group] += 1

    def last(self, unit_net: Decimal) -> OrderRow:
        below, above = self._near(unit_net)
        if below == 0 and above == len(self._prices):
            return max((group[-1] for group in self._groups), key=lambda each: each[0])[1]
        first, end = self._groups[0][-1], self._groups[-1][-1]
        gap_first = unit_net - self._prices[0] if below else Decimal(0)
        gap_end = self._prices[-1] - unit_net if above < len(self._prices) else Decimal(0)
        return max((gap_first, *first), (gap_end, *end), key=lambda each: each[:2])[2]
