"""Postings: what each leg, and each correction of one, moved, and on which day it counts."""

from collections.abc import Iterable
from datetime import date

from daemon.store.sql import Record
from statemachine.books.legs import Kind
from statemachine.books.movement import Posting
from statemachine.books.periods import Closes


def postings_of(versions: Iterable[Record], closes: Closes, *, left_out: frozenset[str] = frozenset()) -> list[Posting]:
    """A version moves its amount when it became known, and takes it back when it ended.

    Both count on the business day, unless its month was closed by then: so what was closed stays as it was told.
    """
    found: list[Posting] = []
    for row in versions:
        if row["key"] in left_out:
            continue
        on: date = row["business_on"]
        kind, amount = Kind(row["kind"]), row["amount"]
        counts_on = closes.counts_on(on, row["known_from"])
        found.append(Posting(row["key"], kind, row["currency"], amount, counts_on, on))
        if row["known_until"] is not None:
            taken_back_on = closes.counts_on(on, row["known_until"])
            if taken_back_on == counts_on:
                found.pop()
            else:
                found.append(Posting(row["key"], kind, row["currency"], -amount, taken_back_on, on))
    return found
