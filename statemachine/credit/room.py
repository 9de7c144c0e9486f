"""Rows of which something is left, while units are given their places: kept up with every unit instead of walked anew."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from decimal import Decimal

from statemachine.credit.lookup import Rows
from statemachine.credit.snapshot import OrderRow
from statemachine.units import Unit

ZERO = Decimal(0)


class OpenRows:
    """Some rows in their order, and what is true of those with room for one unit at least."""

    __slots__ = ("_first", "_room_of", "count", "room", "rows", "shared", "terms")

    def __init__(self, rows: Rows, room_of: Callable[[OrderRow], Decimal], terms_of: Callable[[OrderRow], int]) -> None:
        self.rows, self._room_of, self._first = rows, room_of, 0
        open_rows = [row for row in rows if room_of(row) >= 1]
        self.count = len(open_rows)
        self.room = sum((room_of(row) for row in open_rows), ZERO)
        """Units that the open rows have room for."""
        self.terms = Counter(terms_of(row) for row in open_rows)
        """How many open rows there are of each terms."""
        self.shared: dict[Sought, int] | None = None
        """How many of the open rows those seek who are not placed yet; None until it is asked."""

    @property
    def first(self) -> OrderRow:
        """The first open row; ask only while there is one. A row that is full stays full."""
        while self._room_of(self.rows[self._first]) < 1:
            self._first += 1
        return self.rows[self._first]

    def listed(self) -> list[OrderRow]:
        return [row for row in self.rows if self._room_of(row) >= 1]


class Sought:
    """Rows that some units may stand on, and how many of those have no place yet."""

    __slots__ = ("equal", "open", "quantity", "rows", "waiting")

    def __init__(self, open_rows: OpenRows) -> None:
        self.open, self.rows, self.waiting = open_rows, open_rows.rows, 0
        self.equal: OpenRows | None = None
        """Rows that do as well once these are full; None until they are looked for."""
        self.quantity = sum((row.quantity for row in self.rows), ZERO)


class Room:
    """How many units each row still takes, with every set of rows that somebody looks at kept up to date."""

    def __init__(self, room: dict[int, Decimal], terms_of: Callable[[OrderRow], int]) -> None:
        self._room, self._terms_of = room, terms_of
        self._sets: dict[int, list[OpenRows]] = {}
        self._sought: dict[int, list[Sought]] = {}

    def of(self, row: OrderRow) -> Decimal:
        return self._room[row.id]

    def open_rows(self, rows: Rows) -> OpenRows:
        """A set of rows to be kept up with from now on."""
        watched = OpenRows(rows, self.of, self._terms_of)
        for row in rows:
            self._sets.setdefault(row.id, []).append(watched)
        return watched

    def sought(self, rows: Rows) -> Sought:
        """Rows that units seek. Name all of them before anything is taken."""
        sought = Sought(self.open_rows(rows))
        for row in rows:
            self._sought.setdefault(row.id, []).append(sought)
        return sought

    def take(self, row: OrderRow, units: Decimal | int = 1) -> None:
        before = self._room[row.id]
        after = self._room[row.id] = before - units
        for watched in self._sets.get(row.id, ()) if before >= 1 else ():
            watched.room -= before - after if after >= 1 else before
            if after < 1:
                self._close(watched, row)

    def _close(self, watched: OpenRows, row: OrderRow) -> None:
        terms = self._terms_of(row)
        watched.count -= 1
        watched.terms[terms] -= 1
        if not watched.terms[terms]:
            del watched.terms[terms]
        if watched.shared is not None:
            for sought in self._sought.get(row.id, ()):
                if sought in watched.shared:
                    watched.shared[sought] -= 1

    def who_seek(self, watched: OpenRows, *, all_of_them: bool) -> int:
        """Units without a place that may stand on any, or on every one, of the open rows of a set."""
        if watched.shared is None:
            watched.shared = Counter(sought for row in watched.listed() for sought in self._sought.get(row.id, ()))
        least = watched.count if all_of_them else 1
        for done in [sought for sought in watched.shared if not sought.waiting]:
            del watched.shared[done]
        return sum(sought.waiting for sought, rows in watched.shared.items() if rows >= least)


class LoosePieces:
    """Units that are components of bundles and have no place yet, in their order, by the component rows they may be."""

    def __init__(self, loose: Iterable[tuple[Unit, Rows]]) -> None:
        self._queues: dict[int, list[deque[tuple[int, Unit]]]] = {}
        """Component row id → the units that may be it: one queue for each set of rows they may be."""
        by_rows: dict[int, deque[tuple[int, Unit]]] = {}
        for number, (unit, rows) in enumerate(loose):
            if id(rows) not in by_rows:
                queue = by_rows[id(rows)] = deque()
                for row in rows:
                    self._queues.setdefault(row.id, []).append(queue)
            by_rows[id(rows)].append((number, unit))

    def take_set(self, needed: Iterable[tuple[OrderRow, int]]) -> list[tuple[Unit, OrderRow]] | None:
        """So many units for each component row, first come first; None, and nothing taken, where they do not suffice."""
        if any(self._waiting(row) < count for row, count in needed):
            return None
        chosen: list[tuple[deque[tuple[int, Unit]], tuple[int, Unit], OrderRow]] = []
        for row, count in needed:
            if self._waiting(row) < count:
                for queue, entry, _ in reversed(chosen):
                    queue.appendleft(entry)
                return None
            for _ in range(count):
                queue = min((each for each in self._queues[row.id] if each), key=lambda each: each[0][0])
                chosen.append((queue, queue.popleft(), row))
        return [(unit, row) for _, (_, unit), row in chosen]

    def _waiting(self, row: OrderRow) -> int:
        return sum(len(queue) for queue in self._queues.get(row.id, ()))


def distinct(many: Iterable[Rows]) -> dict[int, Rows]:
    """Tuples of rows told apart by identity, empty ones left out."""
    return {id(rows): rows for rows in many if rows}
