"""Every credit against an order, read so that what is missing can be known: from the search, by id, and by key."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from daemon.clients.brightpearl_books import BookReads
from daemon.clients.brightpearl_reads import Row, text_of
from daemon.clients.results import Complete, Partial, ReadResult
from statemachine.credit.snapshot import OWN_PREFIX, ExistingCredit
from statemachine.refs import fold_id, is_same_ref, names, order_key

NO_MARKS: Mapping[int, Collection[str]] = {}
NO_ROWS: Collection[Row] = ()
NO_ANSWERS: Mapping[int, Mapping[int, str]] = {}
WORDS_MAX = 5  # of an identifier with signs in it: a UUID
WRITTEN_WITHIN = timedelta(minutes=2)  # another tool may write a credit's header first and its rows one by one


async def read_credits(
    client: BookReads, orders: Collection[int], *, own: Mapping[int, Collection[int]],
    keys: Mapping[int, Collection[str]], now: datetime, answered: Mapping[int, Mapping[int, str]] = NO_ANSWERS,
    marks: Mapping[int, Collection[str]] = NO_MARKS, unparented: Collection[Row] = NO_ROWS,
) -> dict[int, ReadResult[list[ExistingCredit]]]:  # fmt: skip
    """Every credit against these orders. By order: `own` are ids that we know of, which the index may not show yet;
    `keys` those of credits whose answer was lost, which are searched for besides; `answered` the numbers that a creation
    was answered with, and the key it was sent under: nothing but a number, which may be another's; `marks` what a credit
    that names no order (`unparented`) may have written on it in its place.

    Complete where the search was read whole and every credit it names, or we know of, was read with its rows, and says of
    itself that it is of that order.
    """
    by_order = await client.credit_ids_of(orders)
    by_name = {
        order_id: {int(row["orderId"]) for row in unparented if names(_written_on(row), marks.get(order_id, ()))}
        for order_id in orders
    }
    ids = {
        order_id: {
            *by_order[order_id].value, *own.get(order_id, ()), *answered.get(order_id, ()), *by_name[order_id]
        }
        for order_id in orders
    }  # fmt: skip
    missing = {order_id: [r.missing] if isinstance(r := by_order[order_id], Partial) else [] for order_id in orders}
    for order_id, refs in keys.items():
        for ref in refs:
            under_key = await client.credit_ids_with_ref(ref)
            ids[order_id] |= set(under_key.value)
            missing[order_id] += [under_key.missing] if isinstance(under_key, Partial) else []
    read = await client.credits({number for of_order in ids.values() for number in of_order})
    found: dict[int, ReadResult[list[ExistingCredit]]] = {}
    for order_id in orders:
        result = read.of(ids[order_id])
        numbers, refs = answered.get(order_id, {}), keys.get(order_id, ())
        ours = {*own.get(order_id, ()), *(c.id for c in result.value if is_created(c, order_id, numbers.get(c.id)))}
        credits = [
            credit for credit in result.value
            if credit.id in ours or any(is_same_ref(credit.external_ref, ref) for ref in refs)
            or (credit.id in by_order[order_id].value and credit.parent_order_id in (order_id, 0))
            or (credit.id in by_name[order_id] and credit.parent_order_id in (order_id, 0))
        ]  # fmt: skip
        missing[order_id] += [result.missing] if isinstance(result, Partial) else []
        named_and_gone = sorted(read.gone.intersection(by_order[order_id].value))
        missing[order_id] += [f"credit {n} is named by the search and answered with nothing" for n in named_and_gone]
        missing[order_id] += [
            f"credit {credit.id} is of order {order_id} by the search, and of {credit.parent_order_id} by itself"
            for credit in result.value
            if credit not in credits and credit.id in by_order[order_id].value and not credit.is_cancelled
        ]
        missing[order_id] += [why for credit in credits if (why := unfinished(credit, now, is_ours=credit.id in ours))]
        why = "; ".join(dict.fromkeys(missing[order_id]))
        gone = frozenset(read.gone.intersection(ids[order_id]))
        found[order_id] = Partial(credits, why, gone) if why else Complete(credits)
    return found


def _written_on(row: Row) -> str:
    return f"{text_of(row, 'customerRef')} {text_of(row, 'externalRef')}"


def words_on(row: Row) -> frozenset[str]:
    """What may be an identifier in a credit's references, folded: each word, each run of up to WORDS_MAX words as written
    (a return id has five, US-1042 two), and each reference as a whole.
    """
    text = fold_id(_written_on(row))
    words = list(re.finditer(r"\w+", text))
    runs = (text[first.start() : last.end()] for i, first in enumerate(words) for last in words[i : i + WORDS_MAX])
    references = (order_key(text_of(row, column)) for column in ("customerRef", "externalRef"))
    return frozenset(each for each in (*runs, *references) if each)


def is_created(credit: ExistingCredit, order_id: int, key: str | None) -> bool:
    """Whether this may be the credit that was sent for this order under this key, and answered with its number.

    A gateway may answer with what it answered somebody else. The account may show no reference, or ours folded or cut
    short; any other is another's.
    """
    return key is not None and credit.parent_order_id in (order_id, 0) and may_show(credit.external_ref, key)


def may_show(shown: str, key: str) -> bool:
    """Whether an account that drops, folds or cuts references short may show this key of ours so."""
    told = shown.strip().casefold()
    return not told or (told.startswith(OWN_PREFIX.casefold()) and key.casefold().startswith(told))


def unfinished(credit: ExistingCredit, now: datetime, *, is_ours: bool) -> str:
    """Why this credit may not be all there yet; empty where it is. Source: Brightpearl sheet 6, newer findings."""
    if credit.is_cancelled:
        return ""
    if not credit.rows:
        return f"credit {credit.id} has no rows yet"
    if not credit.adds_up:
        return f"the rows of credit {credit.id} do not add up to its total"
    written = max((moment for moment in (credit.created_at, credit.updated_at) if moment is not None), default=None)
    # Either clock may be behind the other: what lies ahead of ours by little was written a moment ago as well.
    if is_ours or credit.is_ours or written is None or abs(now - written) >= WRITTEN_WITHIN:
        return ""
    return f"credit {credit.id} was written by others a moment ago; more rows may follow"
