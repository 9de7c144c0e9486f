"""A search by a set of order ids, with witnesses: rows that the same search showed before are asked for again beside them.

An empty answer looks the same whether nothing exists, whether a cache answered another question, or whether the index is
being rebuilt. Where an answer leaves out every witness, it proves nothing of the other ids either.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl_reads import IDS_MAX, Reads, Row, chunks, number_of
from daemon.clients.results import Complete, Partial, ReadResult, grouped
from daemon.errors import MalformedPayloadError

WITNESSES = 3  # a search: one of them may have been deleted meanwhile


@dataclass(slots=True)
class SetSearch:
    """One search of one account; `column` is both its filter by id set and where a row names the order it is of."""

    operation: str
    path: str
    filters: dict[str, str]
    column: str
    key: str | tuple[str, ...]
    _witnesses: list[int] = field(default_factory=list)
    """Order ids that had a row in the last complete answer that showed any."""

    async def rows_of(self, reads: Reads, order_ids: Iterable[int]) -> dict[int, ReadResult[list[Row]]]:
        """The rows of each of these orders. Raises what the transport raises."""
        found: dict[int, ReadResult[list[Row]]] = {}
        for chunk in chunks(sorted(set(order_ids)), IDS_MAX - WITNESSES):
            result = await self._search(reads, chunk)
            if isinstance(result, Complete) and not result.value and not self._witnesses:
                self._witnesses = await self._any(reads)
                result = await self._search(reads, chunk) if self._witnesses else result
            found |= grouped(result, chunk, self._order_of)
        return found

    async def _search(self, reads: Reads, chunk: list[int]) -> ReadResult[list[Row]]:
        witnesses = [number for number in self._witnesses if number not in chunk]
        wanted = frozenset((*chunk, *witnesses))
        filters = {**self.filters, self.column: bp.id_set(set(wanted))}
        result = await reads.search(
            self.operation, self.path, filters, key=self.key, belongs=lambda row: self._order_of(row) in wanted
        )
        shown = {self._order_of(row) for row in result.value}
        if witnesses and not shown.intersection(witnesses) and isinstance(result, Complete):
            known = ", ".join(map(str, witnesses))
            return Partial(result.value, f"{self.operation}: what it showed before, of {known}, is not in the answer")
        if isinstance(result, Complete) and shown:
            self._witnesses = sorted(shown)[:WITNESSES]
        return result

    async def _any(self, reads: Reads) -> list[int]:
        """Orders of the first rows that the account has at all; none where that is not to be read either."""
        query = {**self.filters, "pageSize": str(WITNESSES), "firstResult": "1"}
        try:
            page = bp.read_search((await reads.transport.read(self.operation, self.path, query)).response)
        except MalformedPayloadError:
            return []
        return sorted({number for row in page.rows if (number := self._order_of(row))})

    def _order_of(self, row: Row) -> int:
        """The order a row is of; 0 where it is of none, or of another type than was asked for."""
        asked_type = self.filters.get("orderTypeId")
        if asked_type and number_of(row, "orderTypeId") not in (int(asked_type), None):
            return 0
        return number_of(row, self.column) or 0
