"""The journal is append-only by right: the role of daemons and operators does its whole work, and cannot change the past."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from daemon import opening
from daemon.settings import DatabaseSettings, Settings
from daemon.store.database import Database
from tests.world import open_world

ROLE = "tests_worker"


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[Database]:
    """The database by a role that has a worker's rights."""
    await database.create_role(ROLE)
    mine = database.dsn.replace("//homeward@", f"//{ROLE}@")
    await opening.migrate(Settings(database=DatabaseSettings(dsn=mine, owner_dsn=database.dsn)), database)
    found = await Database.connect(mine)
    yield found
    await found.close()
    async with database.transaction() as connection:
        await connection.execute(f"DROP OWNED BY {ROLE}")


async def test_a_whole_return_is_worked_by_a_role_that_cannot_change_the_past(
    database: Database, worker: Database, tmp_path: Path
) -> None:
    async with open_world(worker, tmp_path) as world:
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=20))
        noted, _, _ = await world.homeward("return", "note", code, "--note", "by the worker's role")
        await world.settle()

        denied, _, said = await world.homeward("db", "prune", "--older-than", "30", "--reason", "old", "--yes")

        assert (await world.show(code))["state"] == "restocked"
        assert (noted, denied) == (0, 4)
        assert "owner_dsn" in said
    assert not await worker.may_change_the_journal()
    assert await database.may_change_the_journal()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'somebody else'",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "DROP TABLE journal",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "UPDATE attempt SET outcome = 'done'",
        "DELETE FROM credit_map",
        "INSERT INTO machine_rule VALUES ('noted', 'closed', 'credited')",
    ],
)
async def test_the_past_is_out_of_reach(worker: Database, statement: str) -> None:
    async with worker.reading() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
