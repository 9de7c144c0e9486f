"""Personal data: where it may be, how it goes by age, how it is erased for one person. The books stay as they are.

What the books and the journal keep of a return are numbers, codes and amounts. Names, addresses and mail come only in
bodies as received (`delivery`), in what teams were told, in tracking numbers; and where people wrote them into notes
against the rule, or a bank into its statement lines. Those last two are kept: they are the account of what was done.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from daemon.store.database import Database
from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)

BATCH_MAX = 1000  # rows of one kind in one transaction


@dataclass(frozen=True, slots=True)
class Subject:
    """The returns a request is about, and the words (a mail address, a name) by which bodies are found besides."""

    ids: tuple[int, ...]
    happy_return_ids: tuple[str, ...]
    codes: tuple[str, ...]
    """Express codes, by which messages name a return."""
    words: tuple[str, ...]


async def subject_of(
    connection: Connection, merchant: str, *, ids: list[int], order_keys: list[str], words: tuple[str, ...] = ()
) -> Subject:
    rows = await SQL.rows(connection, "family", merchant=merchant, ids=ids, order_keys=order_keys)
    return Subject(
        tuple(row["id"] for row in rows),
        tuple(dict.fromkeys(row["happy_return_id"] for row in rows)),
        tuple(dict.fromkeys(row["express_code"] for row in rows if row["express_code"])),
        words,
    )


async def count_bodies(connection: Connection, merchant: str, subject: Subject) -> int:
    words = [word.encode() for word in subject.words]
    return int(
        await SQL.value(
            connection, "count_bodies", merchant=merchant, happy_return_ids=list(subject.happy_return_ids), words=words
        )
    )


async def erase(
    connection: Connection, merchant: str, subject: Subject, *, actor: str, reason: str, now: datetime
) -> dict[str, int]:
    """Erase what may name a person, in this transaction; answer how much, by kind. The erasure itself is written down."""
    ids, words = list(subject.ids), [_as_a_word(code) for code in subject.codes]
    erased = {
        "bodies": await SQL.run(
            connection, "drop_bodies", merchant=merchant, happy_return_ids=list(subject.happy_return_ids),
            words=[word.encode() for word in subject.words],
        ),
        "messages": await SQL.run(connection, "drop_messages", merchant=merchant, words=words),
        "answers": await SQL.run(connection, "drop_answers", merchant=merchant, words=words),
        "parcels": await SQL.run(connection, "forget_parcels", merchant=merchant, ids=ids),
    }  # fmt: skip
    await SQL.run(
        connection, "forget_parcels_of_events", merchant=merchant, happy_return_ids=list(subject.happy_return_ids)
    )
    about = ", ".join(f"return {each}" for each in subject.ids) or "no return"
    await SQL.run(
        connection, "note_erasure", merchant=merchant, subject=about, actor=actor, reason=reason, erased=erased, now=now
    )
    return erased


def _as_a_word(code: str) -> str:
    """A pattern for PostgreSQL: HR1 is not in HR12."""
    return rf"(^|[^[:alnum:]]){re.escape(code)}($|[^[:alnum:]])"


async def erasures(connection: Connection, merchants: list[str], *, rows_max: int) -> list[Record]:
    """Newest first."""
    return await SQL.rows(connection, "erasures", merchants=merchants, rows_max=rows_max)


async def found_in(connection: Connection, merchant: str, word: str, *, rows_max: int) -> list[Record]:
    """Every place that holds the word, and whether `erase` reaches it."""
    return await SQL.rows(connection, "found_in", merchant=merchant, word=word.encode(), text=word, rows_max=rows_max)


@dataclass(frozen=True, slots=True)
class Ages:
    """Nothing of a kind is kept that is older than this."""

    bodies: datetime
    messages: datetime
    answers: datetime
    sessions: datetime


async def drop_old_bodies(connection: Connection, merchant: str, before: datetime, batch_max: int) -> int:
    """Bodies as received that were understood by then; how many went, at most a batch."""
    return await SQL.run(connection, "drop_old_bodies", merchant=merchant, before=before, batch_max=batch_max)


async def drop_old_messages(connection: Connection, merchant: str, before: datetime, batch_max: int) -> int:
    """Messages that had arrived by then; how many went, at most a batch."""
    return await SQL.run(connection, "drop_old_messages", merchant=merchant, before=before, batch_max=batch_max)


async def forget_by_age(database: Database, merchant: str, ages: Ages) -> int:
    """One batch of each kind; how much went: 0 when nothing is left to forget."""
    async with database.transaction("retention") as connection:
        gone = await drop_old_bodies(connection, merchant, ages.bodies, BATCH_MAX)
        gone += await drop_old_messages(connection, merchant, ages.messages, BATCH_MAX)
        gone += await SQL.run(connection, "drop_old_answers", before=ages.answers, batch_max=BATCH_MAX)
        gone += await SQL.run(connection, "drop_old_sessions", before=ages.sessions, batch_max=BATCH_MAX)
        gone += await SQL.run(connection, "drop_old_attempts", before=ages.sessions, batch_max=BATCH_MAX)
    return gone
