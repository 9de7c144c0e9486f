"""The journal's chain: whatever is changed behind its back is found, and named."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.loops.advance import Advance
from daemon.store import chain, inbox, retention
from daemon.store.chain import Checked
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from statemachine.events import Cancelled, Started
from tests.unit.returns import NOON, unit
from tests.world import MERCHANT, World, open_world

RETURNS = 12
BEHIND_ITS_BACK = "SET LOCAL session_replication_role = replica"


async def given_a_journal(world: World, returns: int = RETURNS) -> None:
    """Every return was started, every other one cancelled: in several commits."""
    for first in range(0, returns, 5):
        numbers = range(first, min(first + 5, returns))
        arrivals = [
            Arrival(
                f"started:{n}",
                Started((unit(f"u{n}"),), confirmed=True),
                f"hr-{n}",
                f"o{n}",
                "poll",
                NOON,
                "happy-returns",
            )
            for n in numbers
        ]
        arrivals += [
            Arrival(
                f"cancelled:{n}",
                Cancelled((unit(f"u{n}"),), confirmed=True),
                f"hr-{n}",
                f"o{n}",
                "poll",
                NOON,
                "happy-returns",
            )
            for n in numbers
            if n % 2
        ]
        async with world.database.transaction() as connection:
            await inbox.put(connection, MERCHANT, arrivals)
        await Advance(world.workplace).run_once(NOON)


async def checked(database: Database, noted: dict[int, str] | None = None) -> Checked:
    async with database.reading() as connection:
        return await chain.verify(connection, MERCHANT, noted=noted)


async def test_a_chain_nobody_touched_holds_whatever_is_in_it(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await given_a_journal(world)

        found = await checked(database)

        assert (found.broken_at, found.rows, found.head) == (None, 18, 18)
        assert (await checked(database, {found.head: found.link})).broken_at is None


TAMPERING = {
    "a changed row": ("UPDATE journal SET actor = 'nobody' WHERE seq = 7", 7),
    "a changed fact": ('UPDATE journal SET facts = facts || \'{"confirmed": true, "x": 1}\' WHERE seq = 7', 7),
    "a changed time": ("UPDATE journal SET at = at + interval '1 second' WHERE seq = 7", 7),
    "a changed row with a link to match": (
        "UPDATE journal SET actor = 'nobody', link = sha256(link) WHERE seq = 7",
        7,
    ),
    "a deleted row": ("DELETE FROM journal WHERE seq = 7", 7),
    "a row put in between": (
        "INSERT INTO journal (merchant, return_id, version, event, from_state, to_state, actor, facts, at, seq, link)"
        " SELECT merchant, return_id, 99, event, from_state, to_state, actor, facts, at, 100, link"
        " FROM journal WHERE seq = 7; UPDATE journal SET seq = seq + 100 WHERE seq BETWEEN 7 AND 18;"
        " UPDATE journal SET seq = 7 WHERE seq = 100; UPDATE journal SET seq = seq - 99 WHERE seq > 100",
        7,
    ),
    "two rows changed about": (
        "UPDATE journal SET seq = -seq WHERE seq IN (7, 8); UPDATE journal SET seq = 15 + seq WHERE seq < 0",
        7,
    ),
    "a tail that was cut": ("DELETE FROM journal WHERE seq > 15", 16),
    "everything gone": ("DELETE FROM journal", 1),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_found_and_the_first_broken_link_named(
    what: str, database: Database, tmp_path: Path
) -> None:
    statements, first = TAMPERING[what]
    async with open_world(database, tmp_path) as world:
        await given_a_journal(world)
        async with database.transaction() as connection:
            await connection.execute(BEHIND_ITS_BACK)
            await connection.execute(statements)

        found = await checked(database)

        assert found.broken_at == first
        assert found.why


async def test_a_tail_cut_together_with_the_head_is_found_by_whoever_noted_the_head(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await given_a_journal(world)
        noted = await checked(database)
        async with database.transaction() as connection:
            await connection.execute(BEHIND_ITS_BACK)
            await connection.execute("DELETE FROM journal WHERE seq > 15")
            await connection.execute(
                "UPDATE journal_head SET seq = 15, link = (SELECT link FROM journal WHERE seq = 15)"
            )

        assert (await checked(database)).broken_at is None
        assert (await checked(database, {noted.head: noted.link})).broken_at == noted.head


async def test_any_random_change_of_any_row_is_found(database: Database, tmp_path: Path) -> None:
    rng = random.Random(17)
    columns = {
        "actor": "'someone'", "event": "'approved'", "to_state": "'scanned'", "facts": "'{}'", "version": "version + 50",
        "return_id": "return_id + 1000", "inbox_id": "0", "link": "sha256('x')", "at": "at - interval '1 microsecond'",
    }  # fmt: skip
    async with open_world(database, tmp_path) as world:
        await given_a_journal(world)
        for _ in range(60):
            seq, (column, value) = rng.randint(1, 18), rng.choice(sorted(columns.items()))
            async with database.reading() as connection:
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute(BEHIND_ITS_BACK)
                before = await connection.fetchval(f"SELECT {column} FROM journal WHERE seq = $1", seq)  # noqa: S608
                await connection.execute(f"UPDATE journal SET {column} = {value} WHERE seq = $1", seq)  # noqa: S608
                after = await connection.fetchval(f"SELECT {column} FROM journal WHERE seq = $1", seq)  # noqa: S608
                found = await chain.verify(connection, MERCHANT)
                await transaction.rollback()
            assert found.broken_at == (seq if before != after else None), (seq, column)


async def test_what_retention_took_leaves_a_chain_that_closes_and_still_tells_tampering(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await given_a_journal(world)
        before = await checked(database)
        await retention.prune(database, MERCHANT, NOON + timedelta(days=1), None)

        pruned = await checked(database, {before.head: before.link})

        assert (pruned.broken_at, pruned.pruned, pruned.rows) == (None, 12, 6)
        async with database.transaction() as connection:
            await connection.execute(BEHIND_ITS_BACK)
            await connection.execute("DELETE FROM journal_pruned WHERE seq = (SELECT min(seq) FROM journal_pruned)")
        assert (await checked(database)).broken_at is not None
