"""What must never happen cannot be stored: constraints, fences, natural keys, on real PostgreSQL."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from daemon.errors import LeaseLostError
from daemon.loops.advance import Advance
from daemon.store import chain, claims, goods, inbox, merchant, notice, outbox, reports, retention, returns, watch
from daemon.store.database import SCHEMA_VERSION, Database
from daemon.store.inbox import Arrival
from daemon.store.sql import Connection
from statemachine.events import Approved, Started
from statemachine.states import State
from statemachine.table import RULES
from tests.given import Given
from tests.unit.returns import NOON, unit
from tests.world import MERCHANT, World, open_world

ROOMS = (chain, claims, goods, inbox, merchant, notice, outbox, reports, retention, returns, watch)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
async def test_every_statement_fits_the_schema(room: Any, database: Database) -> None:
    async with database.reading() as connection:
        for name in room.SQL.names:
            await connection.prepare(room.SQL.text(name))


async def test_the_database_holds_the_machines_table(database: Database) -> None:
    async with database.reading() as connection:
        rules = await connection.fetch("SELECT event, source, target FROM machine_rule")
        states = await connection.fetch("SELECT state FROM machine_state")

    assert {tuple(row) for row in rules} == {(r.event.name, str(r.source), r.target.value) for r in RULES}
    assert {row["state"] for row in states} == {state.value for state in State}


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    done = await database.migrate()

    assert (done.before, done.after, done.steps) == (SCHEMA_VERSION, SCHEMA_VERSION, ())


def arrival(key: str, *, event: Any = None, order: str = "10422") -> Arrival:
    return Arrival(key, event or Started((unit(),), "HRK7Q2MX"), "hr-1", order, "test", NOON)


async def given_a_stored_return(world: World) -> int:
    async with world.database.transaction() as connection:
        await inbox.put(connection, MERCHANT, [arrival("one")])
    await Advance(world.workplace).run_once(NOON)
    async with world.database.reading() as connection:
        ((_, return_id),) = await reports.find(connection, "HRK7Q2MX")
    return return_id


FORBIDDEN = {
    "an illegal move": (
        "INSERT INTO journal (merchant, return_id, version, event, from_state, to_state, actor, facts, at, seq, link)"
        " VALUES ('acme', $1, 2, 'fully-restocked', 'initiated', 'restocked', 'x', '{}', now(), 99, '')"
    ),
    "a state without its move": "UPDATE returns SET state = 'scanned' WHERE id = $1",
    "a credited return without a credit": "UPDATE returns SET state = 'credited' WHERE id = $1",
    "an exception without an owner": "UPDATE returns SET state = 'exception', cause = 'x' WHERE id = $1",
    "an end without a reason": "UPDATE returns SET state = 'closed' WHERE id = $1",
    "a changed journal": "UPDATE journal SET actor = 'x' WHERE return_id = $1",
    "a shortened journal": "DELETE FROM journal WHERE return_id = $1",
    "a unit in two parts": (
        "INSERT INTO unit (merchant, happy_return_id, order_key, unit_key, return_id, facts)"
        " VALUES ('acme', 'hr-1', '10422', 'a', $1, '{}')"
    ),
    "an effect of an unknown kind": (
        "INSERT INTO outbox (merchant, return_id, kind, key, payload, due_at, created_at)"
        " VALUES ('acme', $1, 'pay-twice', 'k', '{}', now(), now())"
    ),
}


async def test_the_database_itself_refuses(given: Given) -> None:
    async with given.world(given_a_stored_return) as (world, return_id):
        accepted = []
        for what, statement in FORBIDDEN.items():
            try:
                async with world.database.transaction() as connection:
                    await connection.execute(statement, return_id)
            except asyncpg.PostgresError:
                continue
            accepted.append(what)

        assert accepted == []


async def test_the_journal_cannot_be_truncated(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction() as connection:
            await connection.execute("TRUNCATE journal CASCADE")


async def test_one_credit_cannot_belong_to_two_returns(given: Given) -> None:
    async with given.world(given_a_stored_return) as (world, _):
        async with world.database.transaction() as connection:
            other = arrival("two", order="10423")
            await inbox.put(connection, MERCHANT, [other])
        await Advance(world.workplace).run_once(NOON)

        told = "UPDATE returns SET credit_id = 1, credit_net = 1, credit_tax = 0, credit_currency = 'GBP'"
        with pytest.raises(asyncpg.UniqueViolationError):
            async with world.database.transaction() as connection:
                await connection.execute(told)


async def test_an_event_is_stored_once_under_its_natural_key(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path), database.transaction() as connection:
        first = await inbox.put(connection, MERCHANT, [arrival("one")])
        again = await inbox.put(connection, MERCHANT, [arrival("one"), arrival("two")])

    assert (first, again) == ({"one"}, {"two"})


async def worked_off(advance: Advance) -> None:
    """Rounds of the loop, with the runner's part played here."""
    for _ in range(4):
        try:
            await advance.run_once(NOON)
        except Exception as error:  # noqa: BLE001 - the runner's part is played here
            await advance.park(error, NOON)


async def spoil(database: Database, natural_key: str) -> None:
    async with database.transaction() as connection:
        poison = "UPDATE inbox SET payload = '{\"units\": 7}' WHERE natural_key = $1"
        await connection.execute(poison, natural_key)


async def test_a_poisoned_family_is_an_exception_at_once_and_the_others_go_on(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        async with database.transaction() as connection:
            good = replace(arrival("good"), happy_return_id="hr-2")
            await inbox.put(connection, MERCHANT, [arrival("bad"), good])
        await spoil(database, "bad")

        await worked_off(Advance(world.workplace))

        async with database.reading() as connection:
            states = {r["natural_key"]: r["state"] for r in await connection.fetch("SELECT * FROM inbox")}
        assert (states.pop("bad"), states.pop("good"), *states.values()) == ("parked", "applied", "applied")
        found = {row["happy_return_id"]: row for row in await world.all_returns()}
        assert (found["hr-1"]["state"], found["hr-1"]["cause"], found["hr-1"]["owner"]) == (
            "exception", "internal-error", "operations",
        )  # fmt: skip
        assert found["hr-2"]["state"] == "initiated"


async def test_a_return_whose_events_were_mended_goes_on_where_it_would_have_been(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        advance = Advance(world.workplace)
        async with database.transaction() as connection:
            await inbox.put(connection, MERCHANT, [arrival("bad")])
            good = await connection.fetchval("SELECT payload FROM inbox")
        await spoil(database, "bad")
        await worked_off(advance)

        async with database.transaction() as connection:
            await connection.execute("UPDATE inbox SET payload = $1 WHERE natural_key = 'bad'", good)
            await inbox.retry_parked(connection, MERCHANT, None)
        await worked_off(advance)

        (found,) = await world.all_returns()
        assert (found["state"], found["part"], found["units"]) == ("initiated", 1, 1)


async def test_a_refused_event_is_kept_with_its_reason(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        async with database.transaction() as connection:
            await inbox.put(connection, MERCHANT, [arrival("early", event=Approved((unit(),), confirmed=True))])

        await Advance(world.workplace).run_once(NOON)

        async with database.reading() as connection:
            (row,) = await inbox.listing(
                connection, merchants=[MERCHANT], state="refused", happy_return_id=None, rows_max=9
            )
        assert "never started" in row["outcome"]


# -- leases and fences ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def session(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A database session that stands for a living daemon."""
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def acquire(connection: asyncpg.Connection, owner: str, *merchants: str, seconds: float = 60) -> merchant.Share:
    names = list(merchants) or [MERCHANT]
    await merchant.ensure(connection, names)
    return await merchant.acquire(connection, names, owner=owner, lease_seconds=seconds)


async def test_a_live_holder_keeps_its_merchant_until_its_lease_lapses(database: Database) -> None:
    async with session(database) as one, session(database) as two:
        first = await acquire(one, "one")
        meanwhile = await acquire(two, "two")
        renewed = await acquire(one, "one", seconds=0)  # a lease that is over as soon as it is given
        after = await acquire(two, "two")

    assert (first.held, meanwhile.held, renewed.held) == ({MERCHANT: 1}, {}, {MERCHANT: 1})
    assert after.held == {MERCHANT: 2}


async def test_a_dead_holders_merchant_is_taken_at_once(database: Database) -> None:
    async with session(database) as one:
        await acquire(one, "one")
    async with session(database) as two:
        for _ in range(200):  # until the server has noticed that the session is gone
            if not await two.fetchval(
                "SELECT count(*) FROM pg_stat_activity AS a JOIN daemon AS d ON a.pid = d.session_pid"
            ):
                break

        assert (await acquire(two, "two")).held == {MERCHANT: 2}


async def test_daemons_share_merchants_equally_as_they_join_and_leave(database: Database) -> None:
    names = ("a", "b", "c")
    async with session(database) as one:
        alone = await acquire(one, "one", *names)
        async with session(database) as two:
            await acquire(two, "two", *names)
            crowded = await acquire(one, "one", *names)
            await merchant.release(one, "one", crowded.surplus)
            joined = await acquire(two, "two", *names)
            settled = await acquire(one, "one", *names)
            await merchant.release(two, "two", list(names))
            await merchant.leave(two, "two")
        left = await acquire(one, "one", *names)

    assert (len(alone.held), crowded.surplus) == (3, ["c"])
    assert (sorted(joined.held), sorted(settled.held), settled.surplus) == (["c"], ["a", "b"], [])
    assert sorted(left.held) == ["a", "b", "c"]


async def test_an_old_holder_writes_nothing_after_a_takeover(given: Given) -> None:
    async with given.world(given_a_stored_return) as (world, _):
        async with world.database.transaction() as connection:
            await connection.execute("UPDATE merchant SET fence = fence + 1, lease_owner = 'another'")
            await inbox.put(connection, MERCHANT, [arrival("late", event=Approved((unit(),), confirmed=True))])

        for loop in world.loops:
            with contextlib.suppress(LeaseLostError):  # a loop that finds nothing to do never gets so far
                await loop.run_once(NOON + timedelta(days=90))
        with pytest.raises(LeaseLostError):
            await world.loops[0].run_once(NOON + timedelta(days=90))
        with pytest.raises(LeaseLostError):
            await world.workplace.keep_cursor("far", {})

        async with world.database.reading() as connection:
            assert await connection.fetchval("SELECT state FROM inbox WHERE natural_key = 'late'") == "waiting"
            assert await merchant.read_cursor(connection, MERCHANT, "far") is None


async def lease(connection: Connection, now: datetime, batch_max: int) -> list[outbox.Leased]:
    return await outbox.lease_ready(
        connection, MERCHANT, kind="close-credit", now=now, lease_until=now + timedelta(seconds=90), batch_max=batch_max
    )


async def test_what_may_have_been_done_is_looked_up_before_new_work_but_does_not_crowd_it_out(given: Given) -> None:
    async with given.world(given_a_stored_return) as (world, return_id):
        rows: list[dict[str, Any]] = [
            {"return_id": return_id, "kind": "close-credit", "key": f"k{n}", "payload": {}, "trace": None}
            for n in range(8)
        ]
        async with world.database.transaction() as connection:
            await outbox.put(connection, MERCHANT, rows, NOON)
            await connection.execute(
                "UPDATE outbox SET intent = '{}', sent_at = $1, due_at = $1 WHERE key IN ('k5', 'k6', 'k7')",
                NOON + timedelta(seconds=2),
            )
            first = await lease(connection, NOON + timedelta(seconds=3), 4)
            rest = await lease(connection, NOON + timedelta(seconds=3), 10)

        assert [effect.key for effect in first] == ["k0", "k1", "k5", "k6"]
        assert [effect.key for effect in rest] == ["k2", "k3", "k4", "k7"]


async def test_an_effect_taken_over_cannot_be_settled_by_its_first_holder(given: Given) -> None:
    async with given.world(given_a_stored_return) as (world, return_id):
        row = {"return_id": return_id, "kind": "close-credit", "key": "k", "payload": {}, "trace": None}
        async with world.database.transaction() as connection:
            await outbox.put(connection, MERCHANT, [row], NOON)
            (first,) = await lease(connection, NOON, 5)
            (second,) = await lease(connection, NOON + timedelta(seconds=91), 5)

        assert (first.attempts, second.attempts) == (1, 2)
        with pytest.raises(LeaseLostError):
            async with world.database.transaction() as connection:
                await outbox.settle(connection, MERCHANT, [outbox.Settlement(first, "done", {})], NOON)


async def test_the_same_effect_is_asked_for_once(given: Given) -> None:
    async with given.world(given_a_stored_return) as (world, return_id):
        row = {"return_id": return_id, "kind": "close-credit", "key": "k", "payload": {}, "trace": None}
        async with world.database.transaction() as connection:
            await outbox.put(connection, MERCHANT, [row], NOON)
            await outbox.put(connection, MERCHANT, [row], NOON)
            assert await connection.fetchval("SELECT count(*) FROM outbox") == 1
