"""How much of the truth a read brought: all of it, or a part with what is missing.

What a vendor did not show is known to be absent only after a complete read. A write that must not happen twice, and a
question that is closed by finding nothing, therefore take a `Complete`; a `Partial` can only be waited out or shown to a
person. Finding something needs no proof: what a partial read does hold is there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeAlias, TypeVar

from daemon.errors import IncompleteReadError

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Complete(Generic[T_co]):
    """Everything the vendor has was read: what is not in `value` does not exist there."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Partial(Generic[T_co]):
    """Something may be missing from `value`; `missing` says what, in words for the person who must look."""

    value: T_co
    missing: str
    gone: frozenset[int] = frozenset()
    """Of what was asked for by number: what the vendor, in its own words, does not know."""
    is_of_rows: bool = False
    """Single rows cannot be read: a question that does not touch them may be answered whole."""


ReadResult: TypeAlias = Complete[T] | Partial[T]


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A write that the vendor itself refuses or ignores the second time; `source` says where it promises that."""

    source: str


Permit: TypeAlias = Complete[object] | Repeatable
"""What allows a write to leave: a complete read that did not hold it, or a write that cannot be done twice."""


def require_whole(result: ReadResult[T]) -> T:
    """The value of a complete read. Raises IncompleteReadError for a partial one."""
    if isinstance(result, Partial):
        raise IncompleteReadError(result.missing)
    return result.value


def mapped(result: ReadResult[T], change: Callable[[T], U]) -> ReadResult[U]:
    """The same completeness over another value."""
    if isinstance(result, Partial):
        return Partial(change(result.value), result.missing)
    return Complete(change(result.value))


def joined(results: Iterable[ReadResult[list[T]]]) -> ReadResult[list[T]]:
    """Several reads as one, which is complete when each of them is."""
    values: list[T] = []
    missing: list[str] = []
    for result in results:
        values += result.value
        if isinstance(result, Partial):
            missing.append(result.missing)
    return Partial(values, "; ".join(dict.fromkeys(missing))) if missing else Complete(values)


@dataclass(slots=True)
class ById(Generic[T]):
    """What reading by id brought. Every id asked for is in exactly one of the three."""

    items: dict[int, T] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    """The vendor says, in its own words and asked for this id alone, that there is no such thing."""
    unread: dict[int, str] = field(default_factory=dict)
    """Left out of the answer, or not to be understood: whether it exists is not known. Id → why."""
    too_large: set[int] = field(default_factory=set)
    """Those of the unread whose answer, asked for alone, is larger than is read: it will be the same the next time."""

    def of(self, ids: Iterable[int]) -> ReadResult[list[T]]:
        """The items under these ids; complete when each was read, or is gone."""
        wanted = list(dict.fromkeys(ids))
        items = [self.items[number] for number in wanted if number in self.items]
        missing = [why for number in wanted if (why := self.unread.get(number)) is not None]
        missing += [f"{number} was not asked for" for number in wanted if not self._is_answered(number)]
        return Partial(items, "; ".join(dict.fromkeys(missing))) if missing else Complete(items)

    def _is_answered(self, number: int) -> bool:
        return number in self.items or number in self.gone or number in self.unread


def grouped(
    result: ReadResult[list[T]], keys: Iterable[int], key: Callable[[T], int]
) -> dict[int, ReadResult[list[T]]]:
    """One result a key, each as complete as the whole."""
    groups: Mapping[int, list[T]] = {number: [] for number in keys}
    for item in result.value:
        if key(item) in groups:
            groups[key(item)].append(item)
    if isinstance(result, Partial):
        return {number: replace(result, value=items) for number, items in groups.items()}
    return {number: Complete(items) for number, items in groups.items()}
