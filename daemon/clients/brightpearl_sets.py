"""A search by a set of order ids, with witnesses: rows that the same search showed before are asked for again beside them.

An empty answer looks the same whether nothing exists, whether a cache answered another question, or whether the index is
being rebuilt. It proves absence only where the same answer shows a witness. Without one it counts as complete only in an
account that, by its search and by our own database, has no such row at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl_reads import IDS_MAX, Reads, Row, chunks, number_of
from daemon.clients.results import Complete, Partial, ReadResult, grouped
from daemon.errors import MalformedPayloadError

WITNESSES = 3  # a search: one of them may have been deleted meanwhile
HALVINGS_MAX = 16  # of the sets of one read, to find the orders whose rows cannot be read: each is two calls
FIRST_ROWS = 20  # of an account, among which witnesses are looked for

Rows: TypeAlias = Literal["credits", "payments", "journals"]


class Written(Protocol):
    """What our own database knows to exist at Brightpearl, also after a restart."""

    async def numbers(self, rows: Rows) -> list[int]:
        """Orders or credits that have such a row."""
        ...


class NothingWritten:
    """For a client without a database."""

    async def numbers(self, rows: Rows) -> list[int]:
        return []


@dataclass(slots=True)
class SetSearch:
    """One search of one account; `column` is both its filter by id set and where a row names the order it is of."""

    rows: Rows
    operation: str
    path: str
    filters: dict[str, str]
    column: str
    key: str | tuple[str, ...]
    written: Written
    _witnesses: list[int] = field(default_factory=list)
    """Order ids that had a row in the last complete answer that showed any."""
    _unreadable: set[int] = field(default_factory=set)
    """Order ids of which a row could not be read: they are asked for alone, until it can."""

    async def rows_of(self, reads: Reads, order_ids: Iterable[int]) -> dict[int, ReadResult[list[Row]]]:
        """The rows of each of these orders; a row that cannot be read holds up no order but its own.

        Raises what the transport raises.
        """
        found: dict[int, ReadResult[list[Row]]] = {}
        wanted, halvings = set(order_ids), 0
        alone = wanted & self._unreadable
        waiting = [*chunks(sorted(wanted - alone), IDS_MAX - WITNESSES), *([number] for number in sorted(alone))]
        while waiting:
            chunk = waiting.pop(0)
            result = await self._proven(reads, chunk)
            is_of_rows = isinstance(result, Partial) and result.is_of_rows
            if is_of_rows and self._witnesses:  # the row may be a witness's: others are found
                self._witnesses = []
                result = await self._proven(reads, chunk)
                is_of_rows = isinstance(result, Partial) and result.is_of_rows
            if is_of_rows and len(chunk) > 1 and halvings < HALVINGS_MAX:
                halvings += 1
                waiting[:0] = [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
                continue
            if is_of_rows and len(chunk) == 1:
                self._unreadable.add(chunk[0])
            else:
                self._unreadable.difference_update(chunk)
            found |= grouped(result, chunk, self._order_of)
        return found

    async def _proven(self, reads: Reads, chunk: list[int]) -> ReadResult[list[Row]]:
        """The rows of these orders; complete where the answer shows a witness, or where there can be none."""
        result = await self._search(reads, chunk, self._witnesses)
        if isinstance(result, Partial) or self._is_borne_out(result, self._witnesses):
            return result
        first = await self._first_rows(reads)
        if isinstance(first, Partial) and not first.is_of_rows:
            return Partial(result.value, first.missing)
        others = sorted({number for row in first.value if (number := self._order_of(row))} - set(chunk))[:WITNESSES]
        if others:
            return await self._beside(reads, chunk, others)
        if isinstance(first, Partial):
            return Partial(result.value, first.missing)
        shown = {self._order_of(row) for row in result.value}
        if hidden := {self._order_of(row) for row in first.value}.intersection(chunk) - shown:
            return self._unproven(result, sorted(hidden), "shows when it is asked for all")
        if shown:
            self._witnesses = sorted(shown)[:WITNESSES]
            return result
        if before := self._witnesses or await self.written.numbers(self.rows):
            return self._unproven(result, before[:WITNESSES], "must show by what we know")
        return result

    async def _beside(self, reads: Reads, chunk: list[int], others: list[int]) -> ReadResult[list[Row]]:
        """The rows of these orders, which can be read, proven by some of the others; by one of them if not by all."""
        for witnesses in (others, *([number] for number in others)):
            result = await self._search(reads, chunk, witnesses)
            if not (isinstance(result, Partial) and result.is_of_rows):
                break
        if isinstance(result, Partial) or self._is_borne_out(result, witnesses):
            return result
        return self._unproven(result, witnesses, "shows of others")

    def _is_borne_out(self, result: ReadResult[list[Row]], witnesses: list[int]) -> bool:
        """Whether the answer shows one of the witnesses, or, where there are none, anything; what it shows is remembered."""
        shown = {self._order_of(row) for row in result.value}
        if not (shown.intersection(witnesses) if witnesses else shown):
            return False
        self._witnesses = sorted(shown)[:WITNESSES]
        return True

    def _unproven(self, result: ReadResult[list[Row]], numbers: list[int], how: str) -> Partial[list[Row]]:
        named = ", ".join(map(str, numbers))
        return Partial(result.value, f"{self.operation}: what it {how}, of {named}, is not in the answer")

    async def _search(self, reads: Reads, chunk: list[int], witnesses: list[int]) -> ReadResult[list[Row]]:
        wanted = frozenset((*chunk, *witnesses))
        filters = {**self.filters, self.column: bp.id_set(set(wanted))}
        return await reads.search(
            self.operation, self.path, filters, key=self.key, belongs=lambda row: self._order_of(row) in wanted
        )

    async def _first_rows(self, reads: Reads) -> ReadResult[list[Row]]:
        """The first rows that the account has at all; partial where that is not to be read either."""
        query = {**self.filters, "pageSize": str(FIRST_ROWS), "firstResult": "1"}
        try:
            answer = await reads.transport.read(self.operation, self.path, query)
            with reads.parsing(self.operation):
                page = bp.read_search(answer.response)
        except MalformedPayloadError as error:
            return Partial([], str(error))
        if page.fault:
            return Partial(list(page.rows), f"{self.operation}: {page.fault}", is_of_rows=page.is_of_rows)
        if page.more and not page.rows:
            return Partial([], f"{self.operation}: more pages are announced, and the first one is empty")
        return Complete(list(page.rows))

    def _order_of(self, row: Row) -> int:
        """The order a row is of; 0 where it is of none, or of another type than was asked for."""
        asked_type = self.filters.get("orderTypeId")
        if asked_type and number_of(row, "orderTypeId") not in (int(asked_type), None):
            return 0
        return number_of(row, self.column) or 0
