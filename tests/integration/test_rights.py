"""The journal is append-only by right: the role of daemons and operators does its whole work, and cannot change the past."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from daemon import opening
from daemon.errors import SettingsError
from daemon.settings import DatabaseSettings, Settings
from daemon.store.database import Database, Role
from daemon.store.scope import NOBODY, WHOSE, Scope, of_installation, of_merchants, of_program
from tests.world import MERCHANT, World, open_world

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


@asynccontextmanager
async def by(database: Database, role: Role, name: str) -> AsyncIterator[Database]:
    """The database by a role of this kind."""
    await database.create_role(name)
    await database.migrate({name: role})
    found = await Database.connect(database.dsn.replace("//homeward@", f"//{name}@"), scoped=role is Role.PAGES)
    yield found
    await found.close()
    async with database.transaction() as connection:
        await connection.execute(f"DROP OWNED BY {name}")


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


async def test_an_operator_works_the_queue_and_cannot_say_what_a_return_is(
    database: Database, worker: Database, tmp_path: Path
) -> None:
    async with (
        by(database, Role.OPERATOR, "tests_operator") as operator,
        open_world(worker, tmp_path, command_dsn=operator.dsn) as world,
    ):
        code = str(world.begin("cancelled_order")["express_code"])
        await world.pass_time(timedelta(days=8))

        said = [
            await world.homeward("exception", "retry", code, "--reason", "mended", "--yes"),
            await world.homeward("merchant", "hold", MERCHANT, "--reason", "a look", "--yes"),
            await world.homeward("merchant", "go-live", MERCHANT, "--reason", "looked", "--yes"),
            await world.homeward("event", "pull", code),
            await world.homeward("privacy", "erase", code, "--reason", "asked for", "--yes"),
        ]
        await world.settle()
        said.append(await world.homeward("exception", "assign", code, "--to", "ann"))
        await world.settle()

        assert [code for code, _, _ in said] == [0] * len(said), said
        assert (await world.show(code))["assignee"] == "ann"
        for statement in (
            "UPDATE returns SET state = 'closed'", "DELETE FROM outbox", "UPDATE outbox SET state = 'done'",
            "INSERT INTO attempt (merchant) VALUES ('acme')", "UPDATE unit SET sku = ''", "DELETE FROM deadline",
        ):  # fmt: skip
            async with operator.reading() as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def given_two_merchants(world: World, database: Database) -> None:
    """The world's own merchant with a return, and another with rows of its own."""
    world.begin("bar_single")
    await world.pass_time(timedelta(days=2))
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO merchant (merchant) VALUES ('zenith')")
        await connection.execute("INSERT INTO cursor (merchant, name, value) VALUES ('zenith', 'secret', '{}')")


async def rows_by_merchant(database: Database) -> dict[str, set[str]]:
    """Merchants whose rows are to be seen, by table; of tables that may be read at all."""
    found: dict[str, set[str]] = {}
    async with database.reading() as connection:
        tables = [row[0] for row in await connection.fetch("SELECT tables_by_merchant()")]
        for table in (*tables, "return_board"):
            if await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", table):
                rows = await connection.fetch(f"SELECT DISTINCT merchant FROM {table}")  # noqa: S608
                found[table] = {row["merchant"] for row in rows} - {""}
    return found


async def test_pages_see_the_rows_of_whoever_asks_and_can_write_no_others(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, by(database, Role.PAGES, "tests_pages") as pages:
        await given_two_merchants(world, database)

        seen: dict[str, set[str]] = {}
        for whose in ([MERCHANT], ["zenith"], [], [MERCHANT, "zenith"]):
            WHOSE.set(of_merchants(whose) if whose else NOBODY)
            seen[",".join(whose)] = set().union(*(await rows_by_merchant(pages)).values())

        both = {MERCHANT, "zenith"}
        assert seen == {MERCHANT: {MERCHANT}, "zenith": {"zenith"}, "": set(), ",".join([MERCHANT, "zenith"]): both}
        WHOSE.set(of_merchants([MERCHANT]))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with pages.transaction() as connection:
                await connection.execute("INSERT INTO cursor (merchant, name, value) VALUES ('zenith', 'forged', '{}')")
        async with pages.transaction() as connection:
            assert await connection.execute("UPDATE cursor SET value = '{}' WHERE merchant = 'zenith'") == "UPDATE 0"


async def test_a_role_that_worked_here_before_sees_as_a_page_no_more_than_a_page(database: Database) -> None:
    async with by(database, Role.WORKER, "tests_turned") as worker:
        assert await worker.sees_all_rows()

        async with by(database, Role.PAGES, "tests_turned") as pages:
            assert not await pages.sees_all_rows()
        await database.create_role("tests_turned")


async def test_pages_do_not_start_with_the_daemons_role_or_the_owners(database: Database, worker: Database) -> None:
    for dsn in (worker.dsn, database.dsn):
        told = Settings(database=DatabaseSettings(dsn=worker.dsn, owner_dsn=database.dsn, pages_dsn=dsn))
        with pytest.raises(SettingsError, match="sees the rows of every merchant"):
            async with opening.open_for_pages(told, worker):
                pass

    same = Settings(database=DatabaseSettings(dsn=worker.dsn, owner_dsn=database.dsn, pages_dsn=worker.dsn))
    with pytest.raises(SettingsError, match="is the role of the worker"):
        await opening.migrate(same, database)


async def test_a_report_reads_the_merchants_it_was_given_and_nobodys_secrets(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world, by(database, Role.REPORTING, "tests_reporting") as reporting:
        await given_two_merchants(world, database)

        before = await rows_by_merchant(reporting)
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO reporting_reader VALUES ('tests_reporting', $1)", MERCHANT)
        after = await rows_by_merchant(reporting)

        assert set().union(*before.values()) == set()
        assert set().union(*after.values()) == {MERCHANT}
        assert after["return_board"] == {MERCHANT}
        assert not {"delivery", "message", "sealed_secret"} & set(after)
        for statement in ("SELECT * FROM account", "SELECT * FROM api_token", "UPDATE merchant SET fence = 0",
                          "INSERT INTO reporting_reader VALUES ('tests_reporting', 'zenith')"):  # fmt: skip
            async with reporting.reading() as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


TROUBLES = """
INSERT INTO merchant (merchant) VALUES ('zenith');
INSERT INTO health (merchant, subject, status, since, looked_at) VALUES
    ('', 'database', 'database-nearly-full', now(), now()), ('acme', 'brightpearl', 'vendor-silent', now(), now()),
    ('zenith', 'brightpearl', 'vendor-refuses-us', now(), now());
INSERT INTO health_alert (merchant, subject, began_at, step, team, channel, id, content, due_at, created_at) VALUES
    ('zenith', 'brightpearl', now(), 1, 'operations', 'email', gen_random_uuid(), '{}', now(), now());
"""
RUNS_IT = ["", "acme"]


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        (NOBODY, []),
        (of_merchants(["acme"]), ["acme"]),
        (of_installation(["acme"]), RUNS_IT),
        (of_program(1, "a program", ["acme"]), ["acme"]),
        (Scope(("acme",), "ann", "administrator", None), RUNS_IT),
        (Scope(("acme",), "ann", "operator", None), RUNS_IT),
        (Scope(("acme",), "ann", "finance", None), ["acme"]),
        (Scope(("acme",), "ann", "administrator", ("acme",)), ["acme"]),
    ],
)
async def test_what_concerns_every_merchant_is_shown_to_who_runs_the_installation_alone(
    scope: Scope, shown: list[str], database: Database
) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO merchant (merchant) VALUES ('acme') ON CONFLICT DO NOTHING")
        await connection.execute(TROUBLES)

    async with by(database, Role.PAGES, "tests_pages") as pages, pages.reading(scope=scope) as connection:
        rows = await connection.fetch("SELECT merchant FROM health ORDER BY merchant")

    assert [row["merchant"] for row in rows] == shown


async def test_health_is_written_by_no_page_and_what_teams_were_told_is_read_by_none(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO merchant (merchant) VALUES ('acme') ON CONFLICT DO NOTHING")
        await connection.execute(TROUBLES)

    async with by(database, Role.PAGES, "tests_pages") as pages:
        for statement in (
            "UPDATE health SET status = 'well'", "DELETE FROM health", "SELECT content FROM health_alert",
            "INSERT INTO health (merchant, subject, status, since, looked_at) VALUES ('', 'x', 'well', now(), now())",
            "DELETE FROM health_alert",
        ):  # fmt: skip
            async with pages.reading(scope=of_installation(["acme"])) as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_a_role_of_pages_that_becomes_one_of_reports_sees_the_health_of_its_merchants_alone(
    database: Database,
) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO merchant (merchant) VALUES ('acme') ON CONFLICT DO NOTHING")
        await connection.execute(TROUBLES)

    async with by(database, Role.PAGES, "tests_pages") as pages:
        await database.migrate({"tests_pages": Role.REPORTING})
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO reporting_reader (role, merchant) VALUES ('tests_pages', 'acme')")
        async with pages.reading(scope=of_installation(["acme"])) as connection:
            rows = await connection.fetch("SELECT merchant FROM health")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("SELECT content FROM health_alert")

    assert [row["merchant"] for row in rows] == ["acme"]
