"""One credit a physical thing is a constraint of the database: no program, old or new, can ask for a second."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from daemon.loops.advance import Advance
from daemon.store import inbox
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from statemachine.events import Started
from statemachine.units import Unit
from tests.unit.returns import NOON
from tests.world import MERCHANT, World, open_world

ASK = (
    "INSERT INTO outbox (merchant, return_id, kind, key, payload, due_at, created_at)"
    " SELECT 'acme', r.id, 'create-sales-credit', r.credit_ref, '{}', now(), now() FROM returns AS r WHERE r.id = $1"
)
CLAIMS = "SELECT identity, occurrence, return_id FROM goods_claim ORDER BY identity, occurrence"


async def given_two_returns(
    world: World, unit: Unit, *, orders: tuple[str, str] = ("10422", "10422")
) -> tuple[int, int]:
    """Two returns that hold the same unit, as far as its names tell."""
    async with world.database.transaction() as connection:
        for name, order in zip(("hr-1", "hr-2"), orders, strict=True):
            event = Started((unit,), express_code="" if unit.happy_item_id or unit.line_item_id else "HRK7Q2MX")
            await inbox.put(connection, MERCHANT, [Arrival(f"started:{name}", event, name, order, "test", NOON)])
    await Advance(world.workplace).run_once(NOON)
    first, second = sorted(row["id"] for row in await world.all_returns())
    return first, second


async def run(database: Database, statement: str, *values: Any) -> None:
    async with database.transaction() as connection:
        await connection.execute(statement, *values)


async def claims(database: Database) -> list[tuple[Any, ...]]:
    async with database.reading() as connection:
        return [tuple(row) for row in await connection.fetch(CLAIMS)]


@pytest.mark.parametrize(
    ("unit", "orders", "identity"),
    [
        (Unit("x", happy_item_id="x"), ("10422", "10423"), "item:x"),
        (Unit("5-0-2", line_item_id="5-0-2"), ("10422", "#10422"), "line:10422/5-0-2"),
        (Unit("TEE", sku="TEE"), ("10422", "10422"), "code:HRK7Q2MX/10422/TEE"),
    ],
)
async def test_a_second_credit_for_one_thing_cannot_be_asked_for(
    unit: Unit, orders: tuple[str, str], identity: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        first, second = await given_two_returns(world, unit, orders=orders)
        await run(database, ASK, first)

        with pytest.raises(asyncpg.UniqueViolationError, match="goods_claim"):
            await run(database, ASK, second)

        assert await claims(database) == [(identity, 1, first)]


async def test_asking_again_for_the_same_credit_claims_nothing_twice(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        first, _ = await given_two_returns(world, Unit("x", happy_item_id="x"))
        await run(database, ASK, first)

        await run(database, f"{ASK} ON CONFLICT (merchant, kind, key) DO UPDATE SET state = 'ready'", first)

        assert await claims(database) == [("item:x", 1, first)]


async def test_goods_that_nobody_told_apart_have_no_second_claim(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        first, second = await given_two_returns(world, Unit("x", happy_item_id="x"))
        await run(database, ASK, first)
        await run(database, "UPDATE unit SET occurrence = 2 WHERE return_id = $1", second)

        with pytest.raises(asyncpg.CheckViolationError, match="told the goods"):
            await run(database, ASK, second)


async def test_an_effect_that_came_in_without_its_claim_cannot_be_sent(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        first, second = await given_two_returns(world, Unit("x", happy_item_id="x"))
        await run(database, ASK, first)
        async with database.transaction() as connection:
            await connection.execute("ALTER TABLE outbox DISABLE TRIGGER credit_claims_its_goods")
            await connection.execute(ASK, second)
            await connection.execute("ALTER TABLE outbox ENABLE TRIGGER credit_claims_its_goods")

        with pytest.raises(asyncpg.UniqueViolationError, match="goods_claim"):
            await run(database, "UPDATE outbox SET intent = '{}', sent_at = now() WHERE return_id = $1", second)

        await run(database, "UPDATE outbox SET intent = '{}', sent_at = now() WHERE return_id = $1", first)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM goods_claim", "UPDATE goods_claim SET return_id = 99", "TRUNCATE goods_claim"],
)
async def test_a_claim_is_kept(statement: str, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        first, _ = await given_two_returns(world, Unit("x", happy_item_id="x"))
        await run(database, ASK, first)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(database, statement)

        assert await claims(database) == [("item:x", 1, first)]


async def test_a_name_that_becomes_known_later_is_claimed_then(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        first, second = await given_two_returns(world, Unit("5-0-2", line_item_id="5-0-2"), orders=("10422", "10423"))
        await run(database, ASK, first)
        await run(database, ASK, second)  # other orders: nothing says that they are one thing

        await run(database, "UPDATE unit SET happy_item_id = 'X' WHERE return_id = $1", first)
        await run(database, "UPDATE unit SET happy_item_id = 'x' WHERE return_id = $1", second)

        assert await claims(database) == [
            ("item:x", 1, first), ("line:10422/5-0-2", 1, first), ("line:10423/5-0-2", 1, second),
        ]  # fmt: skip


async def test_a_program_that_knows_nothing_of_claims_is_held_to_them(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        first, second = await given_two_returns(world, Unit("x", happy_item_id="x"))
        async with database.transaction() as connection:
            if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'tests_former'"):
                await connection.execute("CREATE ROLE tests_former LOGIN")
            await connection.execute("SELECT grant_worker('tests_former')")
            await connection.execute("REVOKE ALL ON goods_claim FROM tests_former")
        former = await asyncpg.connect(database.dsn.replace("//homeward@", "//tests_former@"))
        await former.execute(ASK, first)

        with pytest.raises(asyncpg.UniqueViolationError, match="goods_claim"):
            await former.execute(ASK, second)

        await former.close()
        async with database.transaction() as connection:
            await connection.execute("DROP OWNED BY tests_former")


async def test_the_pages_role_can_neither_make_nor_give_up_a_claim(database: Database) -> None:
    async with database.reading() as connection:
        rights = await connection.fetch(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE table_name = 'goods_claim' AND grantee = 'homeward_pages'"
        )

    assert {row["privilege_type"] for row in rights} == {"SELECT"}
