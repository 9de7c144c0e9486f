"""The judge: reads PostgreSQL and the sandboxes' books, and says what was lost, doubled or left lying.

Nothing of the program takes part: the statements here are its own, written from the schema and from what must hold. What is
physical (units, pennies, payments, goods) is counted from the vendors' books alone, in `physical`.

    python -m tests.chaos.judge --dsn postgresql://... --sandbox http://127.0.0.1:8700 [--remembered journal.json]

A  every event accounted for: a return, or a reason          D  no outbox row forgotten
B  every journal a legal, gapless walk to the state row      E  no journal row ever changed
C  each unit, penny, payment once; records agree with the books   F  nothing in a middle state without an owner
"""

import argparse
import asyncio
import json
import re
import sys
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg

from tests.chaos import physical

MIDDLE = ("initiated", "scanned", "credit-pending", "credited")
OWN = "HW-"  # what our references begin with
FAR = timedelta(days=2)  # nothing waits longer without a look
REF_LENGTH_MIN = 20  # a reference that an account has cut shorter names nothing any more
GRACE = timedelta(minutes=10)  # how long past its time a due effect or deadline may lie in a daemon that runs
TOLD_IN = timedelta(
    hours=27
)  # what others did is found by then: an order is looked at an hour and a day after its credit
READ_TO_WRITE = timedelta(hours=1)  # of a season that runs at many times real time; seconds where time stands meanwhile
TELLING = (
    "rival-credit", "credit-cancelled", "credit-differs", "same-goods", "outcome-unknown", "payment-refused",
    "refund-differs", "refund-twice", "refund-elsewhere", "record-vanished", "over-return", "value-above-row",
)  # fmt: skip
"""Causes that tell of a double even where their words do not name it."""


@dataclass(slots=True)
class Judgement:
    """Violations by letter; none means the run counts."""

    violations: dict[str, list[str]] = field(default_factory=dict)
    checked: Counter[str] = field(default_factory=Counter)
    told_after: list[float] = field(default_factory=list)
    """Seconds from each double or contradiction that others had a part in until a person was told."""

    def must(self, letter: str, holds: bool, why: str) -> None:
        self.checked[letter] += 1
        if not holds:
            self.violations.setdefault(letter, []).append(why)

    @property
    def letters(self) -> str:
        return "".join(sorted(self.violations))

    def told(self) -> str:
        lines = [f"{letter}: {why}" for letter in sorted(self.violations) for why in self.violations[letter][:20]]
        sums = ", ".join(f"{letter} {count}" for letter, count in sorted(self.checked.items()))
        if self.told_after:
            sums += f"; doubles of others told: {len(self.told_after)}, after {max(self.told_after):.0f} s at most"
        return "\n".join([*lines, f"{sum(map(len, self.violations.values()))} violations; checks: {sums}"])


async def remember(connection: asyncpg.Connection) -> dict[str, str]:
    """A digest of every journal row as it is now, to be compared at the end."""
    rows = await connection.fetch(
        "SELECT merchant || '/' || return_id || '/' || version AS place, md5(j::text) AS digest FROM journal AS j"
    )
    return {row["place"]: row["digest"] for row in rows}


def books_of(sandbox: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What Brightpearl holds, and which returns Happy Returns has begun."""

    def get(path: str) -> Any:
        with urllib.request.urlopen(f"{sandbox}{path}", timeout=120) as reply:  # noqa: S310 - a sandbox of ours
            return json.loads(reply.read())

    return get("/_sandbox/books"), get("/_sandbox/started")


async def judge(
    connection: asyncpg.Connection,
    books: dict[str, Any],
    started: list[dict[str, Any]],
    *,
    now: datetime,
    remembered: dict[str, str] | None = None,
    is_over: bool = True,
    read_to_write: timedelta = READ_TO_WRITE,
    unread: Sequence[tuple[datetime, datetime]] = (),
) -> Judgement:
    """`now` by the clock the daemon was given; `is_over`: everything has had the time to come to its end; `unread`: spans
    in which people knew that what others wrote could not be read.
    """
    found = Judgement()
    await _events_are_accounted_for(found, connection, started, is_over=is_over)
    await _journals_are_legal(found, connection)
    await _records_agree_with_the_books(found, connection, books, is_over=is_over)
    read = physical.Books(books, started, read_to_write)
    await _physical_things_exist_once(found, connection, read, now, unread)
    await _only_what_came_back_is_credited(found, connection, started)
    await _outbox_is_settled(found, connection, now, is_over=is_over)
    if remembered is not None:
        today = await remember(connection)
        for place, digest in remembered.items():
            found.must("E", today.get(place) == digest, f"journal row {place} is not what it was")
    await _nobody_is_forgotten(found, connection, now)
    return found


async def _events_are_accounted_for(
    found: Judgement, connection: asyncpg.Connection, started: list[dict[str, Any]], *, is_over: bool
) -> None:
    known = {row["happy_return_id"] for row in await connection.fetch("SELECT DISTINCT happy_return_id FROM returns")}
    units = {row["happy_item_id"] for row in await connection.fetch("SELECT happy_item_id FROM unit")}
    if is_over:
        for each in started:
            name = each["happy_return_id"]
            found.must("A", name in known, f"return {name} was started at Happy Returns and is not here")
            for item in each["handed_over"]:
                found.must("A", item in units or "" in units, f"unit {item} of return {name} was handed over, not here")
    for row in await connection.fetch(
        "SELECT i.id, i.state, i.outcome, i.event, i.happy_return_id, i.order_key, EXISTS (SELECT FROM returns AS r"
        " WHERE r.merchant = i.merchant AND r.happy_return_id = i.happy_return_id AND r.order_key = i.order_key)"
        " AS has_return FROM inbox AS i"
    ):
        what = f"event {row['id']} ({row['event']})"
        if is_over:
            found.must("A", row["state"] != "waiting", f"{what} still waits")
        if row["state"] == "applied":
            found.must("A", row["has_return"], f"{what} counts as applied to a return that is not here")
        elif row["state"] != "waiting":
            found.must("A", bool(row["outcome"]), f"{what} is {row['state']} without a reason")
    for row in await connection.fetch("SELECT id, reason FROM delivery WHERE state = 'quarantined'"):
        found.must("A", bool(row["reason"]), f"delivery {row['id']} is quarantined without a reason")


async def _journals_are_legal(found: Judgement, connection: asyncpg.Connection) -> None:
    rules = {tuple(row) for row in await connection.fetch("SELECT event, source, target FROM machine_rule")}
    ends: dict[int, tuple[int, str]] = {}
    for row in await connection.fetch(
        "SELECT return_id, version, event, from_state, to_state FROM journal ORDER BY return_id, version"
    ):
        version, state = ends.get(row["return_id"], (0, "new"))
        what = f"return {row['return_id']} version {row['version']}"
        found.must("B", row["version"] == version + 1, f"{what}: follows {version}")
        found.must("B", row["from_state"] == state, f"{what}: begins in {row['from_state']}, the last ended in {state}")
        rule = (row["event"], row["from_state"], row["to_state"])
        found.must("B", rule in rules, f"{what}: {rule} is no rule of the machine")
        ends[row["return_id"]] = (row["version"], row["to_state"])
    for row in await connection.fetch("SELECT id, version, state FROM returns"):
        end = ends.get(row["id"])
        found.must("B", end == (row["version"], row["state"]), f"return {row['id']} is {row['state']}, journal: {end}")


async def _physical_things_exist_once(
    found: Judgement, connection: asyncpg.Connection, read: physical.Books, now: datetime,
    unread: Sequence[tuple[datetime, datetime]],
) -> None:  # fmt: skip
    """No unit, penny, payment or goods twice; where others had a part in it, a person with a name was told in time."""
    found.checked["C"] += len(read.credits)
    for breach in physical.breaches(read):
        told = await _told_at(connection, read, breach)
        if breach.since is None:
            found.must("C", await _was_accepted(connection, read, breach), breach.why)
            continue
        if told is not None:
            found.told_after.append(max((told - breach.since).total_seconds(), 0.0))
        since = breach.since
        for began, until in sorted([*unread, *await _stopped_unread(connection, read, breach, now)]):
            if began <= since + TOLD_IN:  # as long as it cannot be read, and people know that, it is not to be seen
                since = max(since, until)
        is_in_time = now < since + TOLD_IN if told is None else told <= since + TOLD_IN
        when = "nobody was told" if told is None else f"told only at {told}"
        found.must("C", is_in_time, f"{breach.why}, to be seen since {breach.since}: {when}")


_STOPS = """
SELECT j.at, j.facts::text AS facts, j.facts->>'cause' AS cause, r.cause AS cause_now,
       coalesce(r.explanation, '') || coalesce(r.evidence::text, '') AS words
  FROM journal AS j
  JOIN returns AS r ON r.merchant = j.merchant AND r.id = j.return_id
 WHERE j.event = 'troubled' AND j.to_state = 'exception'
   AND (r.order_id = ANY($1::bigint[]) OR lower(r.order_number) = lower($2))
 ORDER BY j.at
"""
_UNREAD = """
SELECT j.at, (SELECT min(n.at)
                FROM journal AS n
               WHERE n.merchant = j.merchant AND n.return_id = j.return_id AND n.version > j.version
                 AND (n.from_state = 'exception' AND n.to_state <> 'exception' OR n.event = 'troubled')) AS until
  FROM journal AS j
  JOIN returns AS r ON r.merchant = j.merchant AND r.id = j.return_id
 WHERE j.event = 'troubled' AND j.to_state = 'exception' AND j.facts->>'cause' = 'evidence-incomplete'
   AND (r.order_id = ANY($1::bigint[]) OR lower(r.order_number) = lower($2))
 ORDER BY j.at
"""
_DECISIONS = """
SELECT count(*)
  FROM returns AS r
 WHERE (r.order_id = ANY($1::bigint[]) OR lower(r.order_number) = lower($2))
   AND (r.accepted && $3::text[] OR r.adopts = ANY($4::bigint[]))
"""


def _order(read: physical.Books, breach: physical.Breach) -> tuple[list[int], str]:
    ids = [key for key, order_id in read.order_of.items() if order_id == breach.order_id]
    return ids or [breach.order_id], str(read.orders.get(breach.order_id, {}).get("reference", ""))


async def _told_at(connection: asyncpg.Connection, read: physical.Books, breach: physical.Breach) -> datetime | None:
    """When a return of that order first stopped for an owner with words, or a cause, that tell of it."""
    for row in await connection.fetch(_STOPS, *_order(read, breach)):
        words = row["facts"] + (row["words"] if row["cause"] == row["cause_now"] else "")
        if row["cause"] in TELLING or breach.names & {int(each) for each in re.findall(r"\b\d{1,15}\b", words)}:
            return row["at"]  # type: ignore[no-any-return]
    return None


async def _stopped_unread(
    connection: asyncpg.Connection, read: physical.Books, breach: physical.Breach, now: datetime
) -> list[tuple[datetime, datetime]]:
    """Spans in which a return of that order stood stopped since what is written beside it could not be read."""
    rows = await connection.fetch(_UNREAD, *_order(read, breach))
    return [(row["at"], row["until"] or now) for row in rows]


async def _was_accepted(connection: asyncpg.Connection, read: physical.Books, breach: physical.Breach) -> bool:
    """Whether a person decided it: they waved the cause through, or named the credit to take over."""
    told = (*_order(read, breach), list(TELLING), sorted(breach.names))
    return bool(await connection.fetchval(_DECISIONS, *told))


async def _records_agree_with_the_books(
    found: Judgement, connection: asyncpg.Connection, books: dict[str, Any], *, is_over: bool
) -> None:
    """What a return says of its credit, refund, invoice and goods is what Brightpearl holds."""
    credits_made = {each["id"]: each for each in books["credits"]}
    gone = {(each["kind"], each["id"]) for each in books["gone"]}
    # A gateway's repeat is nobody's wish: whether a person was told of it is asked of the physical units.
    own = [
        each
        for each in books["credits"]
        if each["external_ref"].upper().startswith(OWN) and each["made_by"] == physical.API
    ]
    for ref, count in Counter(each["external_ref"] for each in own).items():
        found.must("C", count == 1 or len(ref) < REF_LENGTH_MIN, f"{count} credits carry {ref}")
    refunds: dict[int, list[dict[str, Any]]] = {}
    for payment in books["payments"]:
        if payment["paymentType"] == "PAYMENT":
            refunds.setdefault(payment["orderId"], []).append(payment)
    held = set()
    for row in await connection.fetch(
        "SELECT r.id, r.state, r.credit_id, r.credit_ref, r.credit_net, r.credit_tax, r.credit_currency, r.refund_due,"
        " r.payment_id, r.payment_amount, r.close_due, r.invoice_reference, r.credit_adopted,"
        " EXISTS (SELECT FROM outbox AS o WHERE o.merchant = r.merchant AND o.return_id = r.id"
        " AND o.state IN ('ready', 'leased')) AS is_open FROM returns AS r"
    ):
        what = f"return {row['id']} ({row['state']})"
        if row["credit_id"] is None:
            continue
        held.add(row["credit_id"])
        credit = credits_made.get(row["credit_id"])
        is_known = credit is not None or ("credit", row["credit_id"]) in gone
        found.must("C", is_known, f"{what}: credit {row['credit_id']} is not in Brightpearl, and never was")
        if credit is None:
            continue
        theirs = (Decimal(credit["net"]), Decimal(credit["tax"]), credit["currency"])
        ours = (row["credit_net"], row["credit_tax"], row["credit_currency"])
        found.must("C", theirs == ours, f"{what}: credit {credit['id']} is {theirs} there, {ours} here")
        is_stuck = row["state"] == "exception" or row["is_open"]
        money = refunds.get(credit["id"], [])
        if row["payment_id"] is not None and not is_stuck:
            there = sum((Decimal(each["amountPaid"]) for each in money), Decimal(0))
            # What a person accepted, and Brightpearl lost since, was there when it was accepted.
            lost = [Decimal(each["amountPaid"]) for each in books["gone"]
                    if each["kind"] == "payment" and each["orderId"] == credit["id"]]  # fmt: skip
            is_lost = ("payment", row["payment_id"]) in gone
            found.must(
                "C", row["payment_amount"] in (there, there + sum(lost, Decimal(0))) or is_lost,
                f"{what}: refund {row['payment_amount']} here, {there} there",
            )  # fmt: skip
        if is_over and not is_stuck:
            if row["refund_due"]:
                found.must("C", row["payment_id"] is not None, f"{what}: its refund is due, not recorded, and not open")
            if row["close_due"]:
                reference = credit["invoice_reference"]
                is_closed = reference not in ("", "pending") and reference == row["invoice_reference"]
                found.must("C", is_closed, f"{what}: invoice {row['invoice_reference']!r} here, {reference!r} there")
    await _our_credits_are_known(found, connection, books, held, is_over=is_over)
    await _goods_are_recorded(found, connection, books, gone)


async def _our_credits_are_known(
    found: Judgement, connection: asyncpg.Connection, books: dict[str, Any], held: set[int], *, is_over: bool
) -> None:
    """Every credit made through the API belongs to a return, to an effect that is not done, or is told to a person."""
    open_orders = {
        int(row["order_id"])
        for row in await connection.fetch(
            "SELECT coalesce(o.intent->>'order_id', o.result->>'order_id', r.order_id::text) AS order_id FROM outbox AS o"
            " JOIN returns AS r ON r.merchant = o.merchant AND r.id = o.return_id"
            " WHERE o.kind = 'create-sales-credit' AND (o.state IN ('ready', 'leased') OR o.state <> 'done'"
            " AND r.state = 'exception' AND r.cause = ANY($1::text[]))",
            [*TELLING, "held"],
        )
        if row["order_id"]
    }
    words = " ".join(
        row["words"]
        for row in await connection.fetch(
            "SELECT coalesce(explanation, '') || coalesce(evidence::text, '') AS words FROM returns WHERE state = 'exception'"
        )
    )
    named = {int(each) for each in re.findall(r"\b\d{1,15}\b", words)}
    for credit in books["credits"]:
        if credit["made_by"] == physical.API and is_over:
            is_known = credit["id"] in held | named or credit["parent_id"] in open_orders
            found.must("C", is_known, f"credit {credit['id']} ({credit['external_ref']}) belongs to no return here")


async def _only_what_came_back_is_credited(
    found: Judgement, connection: asyncpg.Connection, started: list[dict[str, Any]]
) -> None:
    """With the default trigger a unit is credited once it was handed over, and never on a claim alone."""
    known = {item for each in started for item in each["items"]}
    handed_over = {item for each in started for item in each["handed_over"]}
    for row in await connection.fetch(
        "SELECT u.happy_item_id, r.id FROM unit AS u JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id"
        " WHERE r.credit_id IS NOT NULL AND u.happy_item_id <> ''"
    ):
        is_back = row["happy_item_id"] in handed_over or row["happy_item_id"] not in known
        found.must(
            "C", is_back, f"return {row['id']}: unit {row['happy_item_id']} is credited, and was never handed over"
        )


async def _goods_are_recorded(
    found: Judgement, connection: asyncpg.Connection, books: dict[str, Any], gone: set[tuple[str, int]]
) -> None:
    batches = Counter(note["userBatchReference"] for note in books["goods_in"] if note["userBatchReference"])
    for reference, count in batches.items():
        found.must("C", count == 1 or len(reference) < REF_LENGTH_MIN, f"{count} goods-in notes carry {reference}")
    notes = {note["goodsNoteId"] for note in books["goods_in"]} | {key for kind, key in gone if kind == "goods-in"}
    for unit in await connection.fetch("SELECT unit_key, goods_in_id FROM unit WHERE goods_in_id > 0"):
        what = f"unit {unit['unit_key']}: note {unit['goods_in_id']} is not there, and never was"
        found.must("C", unit["goods_in_id"] in notes, what)
    for row in await connection.fetch(
        "SELECT r.id, r.credit_id, u.goods_in_id FROM returns AS r"
        " JOIN unit AS u ON u.merchant = r.merchant AND u.return_id = r.id AND u.goods_in_id > 0"
        " WHERE r.state = 'restocked'"
    ):
        mine = [note["goodsNoteId"] for note in books["goods_in"] if note["orderId"] == row["credit_id"]]
        is_there = bool(mine) or ("goods-in", row["goods_in_id"]) in gone
        found.must("C", is_there, f"return {row['id']} is restocked, but credit {row['credit_id']} has no note")


async def _outbox_is_settled(found: Judgement, connection: asyncpg.Connection, now: datetime, *, is_over: bool) -> None:
    for row in await connection.fetch(
        "SELECT o.id, o.kind, o.key, o.state, o.settled_at, o.last_error, o.attempts, o.due_at, r.state AS of_return,"
        " o.due_at < $1 AS is_overdue,"
        " (SELECT count(*) FROM attempt AS a WHERE a.merchant = o.merchant AND a.effect_id = o.id) AS kept"
        " FROM outbox AS o JOIN returns AS r ON r.merchant = o.merchant AND r.id = o.return_id",
        now - GRACE,
    ):
        what = f"effect {row['id']} ({row['kind']} {row['key']})"
        if row["state"] == "done":
            found.must("D", row["settled_at"] is not None and row["kept"] > 0, f"{what} is done without an attempt")
        elif row["state"] in ("parked", "withheld", "abandoned"):
            found.must("D", bool(row["last_error"]), f"{what} is {row['state']} without a reason")
        elif is_over:
            found.must("D", row["state"] == "ready", f"{what} is still in a dispatcher's hands")
            found.must("D", not row["is_overdue"], f"{what} was due at {row['due_at']} and lies there")
            found.must("D", row["due_at"] < now + FAR, f"{what} is put off until {row['due_at']}")
            if row["attempts"]:
                found.must("D", bool(row["last_error"]), f"{what} waits without a reason")


async def _nobody_is_forgotten(found: Judgement, connection: asyncpg.Connection, now: datetime) -> None:
    for row in await connection.fetch(
        "SELECT r.id, r.state, r.owner, r.cause, r.explanation, r.escalation, d.due_at, d.state AS clock_of,"
        " d.due_at < $1 AS is_overdue,"
        " EXISTS (SELECT FROM inbox AS i WHERE i.merchant = r.merchant AND i.happy_return_id = r.happy_return_id"
        " AND i.order_key = r.order_key AND i.state = 'waiting') AS has_news,"
        " EXISTS (SELECT FROM outbox AS o WHERE o.merchant = r.merchant AND o.return_id = r.id"
        " AND o.state IN ('ready', 'leased')) AS is_open"
        " FROM returns AS r LEFT JOIN deadline AS d ON d.merchant = r.merchant AND d.return_id = r.id",
        now - GRACE,
    ):
        what = f"return {row['id']} ({row['state']})"
        if row["state"] == "exception":
            owned = bool(row["owner"] and row["cause"] and row["explanation"])
            found.must("F", owned, f"{what} has no owner, cause or explanation")
        if row["state"] in (*MIDDLE, "exception") and not row["has_news"]:
            has_clock = row["due_at"] is not None or (row["state"] == "exception" and row["escalation"] > 0)
            found.must("F", has_clock, f"{what} has no clock, and no rung of its ladder was told")
            if row["due_at"] is not None:
                found.must("F", not row["is_overdue"], f"{what}: its clock ran out at {row['due_at']} and nobody heard")
        if row["state"] == "credit-pending" and not row["has_news"]:
            found.must("F", row["is_open"], f"{what}: a credit is due and nothing is at work on it")


async def _main(options: argparse.Namespace) -> int:
    connection = await asyncpg.connect(options.dsn)
    try:
        remembered = json.loads(options.remembered.read_text()) if options.remembered else None
        now = options.now or await connection.fetchval("SELECT now()")
        books, started = await asyncio.to_thread(books_of, options.sandbox)
        found = await judge(connection, books, started, now=now, remembered=remembered)
    finally:
        await connection.close()
    print(found.told())
    return 1 if found.violations else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="judge", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--sandbox", required=True, help="its address, http://HOST:PORT")
    parser.add_argument("--remembered", type=Path, help="digests of journal rows, as `remember` gave them")
    parser.add_argument("--now", type=datetime.fromisoformat, help="ISO 8601; left out: the database's")
    return asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
