"""Searches and reads by id in Brightpearl, each answered with whether it was complete.

An answer proves absence only when its shape is whole, its counts agree, every page was read, and every id is accounted
for: read, or said to be gone in Brightpearl's own words when it was asked for alone. Source: Brightpearl sheet sections 1
(id sets, how absence looks) and 5.3 (search envelope), and its table of newer findings (ignored filters, mixed sets).
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar

from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl_transport import Answer, Transport
from daemon.clients.results import ById, Complete, Partial, ReadResult
from daemon.errors import (
    AnswerTooLargeError,
    MalformedPayloadError,
    NothingThereError,
    NotPermittedError,
    RejectedError,
)
from daemon.offloop import off_the_loop

PAGE = 500
PAGES_MAX = 400
IDS_MAX = 200  # per GET and per id-set filter
RESOLVE_MAX = 40  # calls that one read may spend on the ids an answer left out

Row: TypeAlias = dict[str, Any]
"""One search result by column name."""
_T = TypeVar("_T")


class Reads:
    """Complete or partial reads over one transport."""

    def __init__(self, transport: Transport, *, trusts_totals: bool) -> None:
        self._transport = transport
        self._trusts_totals = trusts_totals

    @property
    def transport(self) -> Transport:
        return self._transport

    def parsing(self, operation: str) -> AbstractContextManager[None]:
        """An answer of the wrong shape is told of the vendor, as one that is no JSON is."""
        return self._transport.health.parsing(operation)

    # -- searches ---------------------------------------------------------------------------------------------------

    async def search(
        self,
        operation: str,
        path: str,
        filters: dict[str, str],
        *,
        key: str | tuple[str, ...],
        belongs: Callable[[Row], bool],
        is_exact: bool = True,
    ) -> ReadResult[list[Row]]:
        """Every row of a search, page by page. `key` names the column or columns that identify a row.

        Each page begins with the last row of the page before: where it does not, rows have moved meanwhile, and one may
        have been passed over though the total is the same.

        `belongs` says whether a row answers the question. Where the filter is exact a row that does not proves that the
        filter was ignored, or that this is another question's answer; where it may match more than was asked for
        (texts), other rows are left out, and only a page of nothing but others proves it.

        An answer that cannot be read is a partial one; so is one that changed while it was read, but it is read to its end:
        what it shows counts. Raises what else the transport raises.
        """
        columns = (key,) if isinstance(key, str) else key
        rows: dict[tuple[int, ...], Row] = {}
        available, doubt = None, ""
        last: tuple[int, ...] | None = None
        for _ in range(PAGES_MAX):
            first = max(len(rows), 1)
            query = {**filters, "pageSize": str(PAGE), "firstResult": str(first)}
            try:
                answer = await self._transport.read(operation, path, query)
                with self.parsing(operation):
                    page = bp.read_search(answer.response)
            except MalformedPayloadError as error:
                return Partial(list(filter(belongs, rows.values())), str(error))
            fault, is_of_rows = _fault_of(page, columns, first=first)
            fresh = [(identity, row) for row in page.rows if (identity := _identity(row, columns)) is not None]
            if last is not None and fresh and fresh[0][0] == last:
                fresh = fresh[1:]
            elif last is not None:
                doubt = doubt or f"{operation}: {_named(columns, last)} is not result {first} any more"
            repeated = next((_named(columns, identity) for identity, _ in fresh if identity in rows), "")
            foreign = next((_named(columns, identity) for identity, row in fresh if not belongs(row)), "")
            is_stale, last = all(identity in rows for identity, _ in fresh), fresh[-1][0] if fresh else last
            rows |= dict(fresh)
            matching = [row for row in rows.values() if belongs(row)]
            if fault:
                return Partial(matching, f"{operation}: {fault}", is_of_rows=is_of_rows)
            if self._trusts_totals and available not in (None, page.available):
                doubt = doubt or f"{operation}: {available} results became {page.available} between two pages"
            if repeated:
                doubt = doubt or f"{operation}: {repeated} stands in the answer twice"
            available = page.available
            if foreign and (is_exact or (page.more and not matching)):
                return Partial(matching, f"{operation}: {foreign} is in the answer, and was not asked for")
            if doubt and (is_stale or not page.more):
                return Partial(matching, doubt)
            if not page.more:
                return self._counted(operation, page, len(rows), matching)
            if not fresh:
                return Partial(matching, f"{operation}: more pages are announced, and the next one is empty")
        return Partial(list(filter(belongs, rows.values())), f"{operation}: more than {PAGES_MAX} pages")

    def _counted(self, operation: str, page: bp.SearchPage, count: int, matching: list[Row]) -> ReadResult[list[Row]]:
        if self._trusts_totals and page.available is not None and page.available != count:
            return Partial(
                matching,
                f"{operation}: {page.available} results are announced, {count} were shown"
                " (where the account always announces wrong totals: search_totals_are_reliable = false)",
            )
        return Complete(matching)

    # -- by id ------------------------------------------------------------------------------------------------------

    async def by_ids(
        self, operation: str, path: str, ids: Iterable[int], read: Callable[[object], _T], id_of: Callable[[_T], int]
    ) -> ById[_T]:
        """Resources by id, at most IDS_MAX a call; `path` has a place for the id set.

        An id that a set's answer leaves out is asked for again, in the end alone: a set's 404, 207 or 400 says nothing of
        its members, since one bad id may fail the whole (sheet section 4, newer findings). A member that cannot be
        understood does not hide the others.

        Raises NotPermittedError, TransientError.
        """
        result: ById[_T] = ById()
        spent = 0
        waiting = chunks(sorted(set(ids)), IDS_MAX)
        while waiting:
            chunk = waiting.pop(0)
            if spent > RESOLVE_MAX:
                result.unread |= dict.fromkeys(chunk, f"{operation}: left out of an answer, with many others")
                continue
            members, fault = await self._members(operation, path.format(bp.id_set(chunk)))
            take = partial(_take, members, chunk, operation, read, id_of, result)
            left = await off_the_loop(take, size=len(members) + _rows_in(members))
            if not left:
                continue
            spent += 1
            if fault and (len(chunk) == 1 or fault.is_garbled):
                result.unread |= dict.fromkeys(left, fault.why)
                result.too_large |= set(left) if fault.is_too_large else set()
            elif len(chunk) > 1:
                # One more call for what is missing; half by half where the answer held nothing of what was asked for.
                waiting += [left] if len(left) < len(chunk) else [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
            elif not members:
                result.gone |= set(chunk)
            else:
                result.unread[chunk[0]] = f"{operation} {chunk[0]}: the answer is about something else"
        return result

    async def _members(self, operation: str, path: str) -> tuple[list[Any], "_Fault | None"]:
        """The members of an answer, none where Brightpearl says that there are none; or what is wrong with it."""
        try:
            answer = await self.read_or_none(operation, path)
        except NotPermittedError:
            raise
        except RejectedError as error:
            return [], _Fault(str(error))
        except AnswerTooLargeError as error:
            return [], _Fault(str(error), is_too_large=True)
        except MalformedPayloadError as error:
            return [], _Fault(str(error), is_garbled=True)
        if answer is None:
            return [], None
        try:
            with self.parsing(operation):
                return _list_of(answer, operation), None
        except MalformedPayloadError as error:
            return [], _Fault(str(error), is_garbled=True)

    async def read_or_none(self, operation: str, path: str) -> Answer | None:
        """None where Brightpearl says, with a code of its own, that there is no such thing (404).

        Raises MalformedPayloadError for a 404 that is not Brightpearl's own: a proxy knows nothing of its books.
        """
        try:
            return await self._transport.read(operation, path)
        except NothingThereError:
            return None


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why an answer tells nothing of its ids. A garbled one would be the same asked in halves; a too large one is not."""

    why: str
    is_garbled: bool = False
    is_too_large: bool = False


def _list_of(answer: Answer, operation: str) -> list[Any]:
    if not isinstance(answer.response, list):
        raise MalformedPayloadError(f"{operation}: the answer holds no list but {type(answer.response).__name__}")
    return answer.response


def _fault_of(page: bp.SearchPage, columns: tuple[str, ...], *, first: int) -> tuple[str, bool]:
    """What is wrong with one page, empty when nothing is; and whether it is wrong with single rows only."""
    if page.fault:
        return page.fault, page.is_of_rows
    if page.first is not None and page.first != first:
        return f"the page begins at result {page.first}, {first} was asked for", False
    if any(_identity(row, columns) is None for row in page.rows):
        return f"a row has no {' or '.join(columns)}", True
    return "", False


def _identity(row: Row, columns: tuple[str, ...]) -> tuple[int, ...] | None:
    """What tells this row from others; None where it does not say, or says it with a number that cannot be kept."""
    numbers = [wire.answered_id(row.get(column)) for column in columns]
    return None if None in numbers else tuple(number for number in numbers if number is not None)


def _named(columns: tuple[str, ...], identity: tuple[int, ...]) -> str:
    return ", ".join(f"{column} {value}" for column, value in zip(columns, identity, strict=True))


def _rows_in(members: Iterable[Any]) -> int:
    """Rows of orders and credits, which take the longest to be read."""
    return sum(len(each.get("orderRows") or each.get("rows") or ()) for each in members if isinstance(each, dict))


def _take(
    members: Iterable[Any],
    wanted: list[int],
    operation: str,
    read: Callable[[object], _T],
    id_of: Callable[[_T], int],
    result: ById[_T],
) -> list[int]:
    """Put the members that were asked for into the result; answer the ids that are not among them."""
    answered: set[int] = set()
    for member in members:
        number = member.get("id") if isinstance(member, dict) else None
        try:
            item = read(member)
        except MalformedPayloadError as error:
            if isinstance(number, int) and number in wanted:
                answered.add(number)
                result.unread[number] = str(error)
            continue
        number = id_of(item)
        if number in answered:
            result.items.pop(number, None)
            result.unread[number] = f"{operation} {number}: answered twice in one answer"
        elif number in wanted:
            answered.add(number)
            result.items[number] = item
    return [number for number in wanted if number not in answered]


def text_of(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return str(value).strip() if isinstance(value, str | int) else ""


def number_of(row: Mapping[str, Any], column: str) -> int | None:
    """The identifier in a column; None where it holds none."""
    return wire.answered_id(row.get(column))


def chunks(items: list[_T], size: int) -> list[list[_T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
