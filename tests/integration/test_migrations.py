"""Every released schema, with data in it, becomes exactly the schema of a fresh install; nobody at work is shut out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from daemon.errors import DatabaseUnusableError
from daemon.store import accounts, embedded, inbox
from daemon.store.database import MIGRATIONS, SCHEMA_VERSION, Database, Role
from statemachine.causes import CAUSES
from statemachine.events import Troubled

RELEASED = sorted((Path(__file__).parents[1] / "released").glob("*.sql"))

CONTENT = {file.stem: file.read_text(encoding="utf-8") for file in RELEASED}

CATALOG = """
    SELECT 'column', c.table_name || '.' || c.column_name,
           concat_ws(' ', c.data_type, c.is_nullable, c.column_default, c.is_identity)
      FROM information_schema.columns AS c WHERE c.table_schema = 'public'
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger', tgrelid::regclass::text || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public'
    UNION ALL
    SELECT 'options', relname, coalesce(array_to_string(reloptions, ','), '') || relrowsecurity::text
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
    UNION ALL
    SELECT 'rule', event, source || ' to ' || target FROM machine_rule
    UNION ALL
    SELECT 'state', state, sentence FROM machine_state
"""
NOW = datetime(2026, 12, 1, tzinfo=UTC)
COUNTED = ("returns", "unit", "journal", "inbox", "outbox", "attempt", "leg", "delivery", "merchant")


async def catalog_of(database: Database) -> set[tuple[str, str, str]]:
    async with database.reading() as connection:
        return {(row[0], row[1], " ".join(row[2].split())) for row in await connection.fetch(CATALOG)}


async def counts_of(database: Database) -> dict[str, int]:
    async with database.reading() as connection:
        return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in COUNTED}  # noqa: S608


async def given_released(server: embedded.Server, content: str, name: str) -> Database:
    admin = await asyncpg.connect(server.dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    dsn = server.dsn.replace("/postgres?", f"/{name}?")
    restoring = await asyncpg.connect(dsn)
    await restoring.execute(content)
    await restoring.close()
    return await Database.connect(dsn)


@pytest.fixture(params=RELEASED, ids=lambda file: file.stem)
async def released(request: pytest.FixtureRequest, server: embedded.Server) -> AsyncIterator[Database]:
    """A database as that release left it."""
    name = f"released_{request.param.stem}_{request.node.name.split('[')[0][-30:]}"
    found = await given_released(server, CONTENT[request.param.stem], name)
    yield found
    await found.close()
    admin = await asyncpg.connect(server.dsn)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def test_a_released_schema_becomes_the_one_of_a_fresh_install_and_keeps_its_rows(
    released: Database, database: Database
) -> None:
    before = await counts_of(released)

    done = await released.migrate()

    assert done.after == SCHEMA_VERSION
    assert await catalog_of(released) == await catalog_of(database)
    assert await counts_of(released) == before
    assert before["journal"] > 0


PEOPLE = """
INSERT INTO merchant (merchant) VALUES ('zenith');
INSERT INTO account (name, role, merchants, password_hash, created_by, created_at, updated_at) VALUES
    ('anna', 'administrator', NULL, 'a hash', 'user:root', now(), now()),
    ('sam', 'warehouse', '{acme}', NULL, 'user:anna', now(), now()),
    ('both', 'viewer', '{acme,zenith}', NULL, 'user:anna', now(), now()),
    ('old', 'viewer', '{gone}', NULL, 'user:anna', now(), now());
INSERT INTO web_session (token_hash, account, csrf, way, created_at, seen_at, expires_at)
VALUES ('1', 'anna', 'x', 'password', now(), now(), now() + interval '1 day');
INSERT INTO api_token (name, token_hash, scope, merchants, created_by, created_at)
VALUES ('zendesk', '1', 'read', NULL, 'user:anna', now());
INSERT INTO saved_view (account, name, page, filter, is_shared, created_at)
SELECT name, 'a view', 'returns', 'age>1h', true, now() FROM account;
INSERT INTO access_log (at, actor, action, merchant) VALUES (now(), 'user:anna', 'personal-data-shown', 'acme');
"""


async def test_people_tokens_and_views_are_kept_and_belong_where_they_did(released: Database) -> None:
    async with released.transaction() as connection:
        await connection.execute(PEOPLE)

    await released.migrate()

    async with released.reading() as connection:
        people = {
            row["name"]: (row["merchants"], row["has_password"]) for row in await accounts.listing(connection, NOW)
        }
        views = await connection.fetch("SELECT account, is_shared, merchant FROM saved_view ORDER BY account")
        log = await connection.fetch("SELECT actor, merchants FROM access_log")
        sessions = await connection.fetchval("SELECT count(*) FROM web_session WHERE id > 0")
    assert people == {
        "anna": (None, True), "sam": (["acme"], False), "both": (["acme", "zenith"], False), "old": (["gone"], False),
    }  # fmt: skip
    assert [tuple(row) for row in views] == [
        ("anna", True, None), ("both", False, None), ("old", False, None), ("sam", True, "acme"),
    ]  # fmt: skip
    assert [tuple(row) for row in log] == [("user:anna", None)]
    assert sessions == 1


async def test_pages_that_were_known_before_are_bound_after_the_migration(released: Database) -> None:
    async with released.transaction() as connection:
        if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'tests_old_pages'"):
            await connection.execute("CREATE ROLE tests_old_pages LOGIN")
        if await released.version() < 2:
            return  # there was no such role yet
        await connection.execute(PEOPLE)
        await connection.execute("SELECT grant_pages('tests_old_pages')")

    await released.migrate()

    pages = await asyncpg.connect(released.dsn.replace("//homeward@", "//tests_old_pages@"))
    await pages.execute("SET homeward.merchants = 'zenith'")
    for table in ("account", "api_token", "access_log", "saved_view"):
        assert await pages.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
    for statement in ("SELECT password_hash FROM account", "SELECT token_hash FROM web_session"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pages.execute(statement)
    assert await pages.execute("UPDATE account SET role = 'administrator'") == "UPDATE 0"
    await pages.close()
    async with released.transaction() as connection:
        await connection.execute("DROP OWNED BY tests_old_pages")


async def test_a_dry_run_does_everything_and_takes_it_back(released: Database) -> None:
    catalog, version = await catalog_of(released), await released.version()

    done = await released.migrate(dry_run=True)

    assert [done.before, done.after] == [version, SCHEMA_VERSION]
    assert done.steps == tuple(f"{step:04}.sql" for step in range(version + 1, SCHEMA_VERSION + 1))
    assert await catalog_of(released) == catalog


async def test_who_worked_before_the_migration_goes_on_during_and_after_it(released: Database) -> None:
    async with released.transaction() as connection:
        if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'tests_rolling'"):
            await connection.execute("CREATE ROLE tests_rolling LOGIN")
        await connection.execute("SELECT grant_worker('tests_rolling')")
    working = await asyncpg.connect(released.dsn.replace("//homeward@", "//tests_rolling@"))
    known = await working.fetchval("SELECT count(*) FROM returns")

    await released.migrate({"tests_rolling": Role.WORKER})

    assert await working.fetchval("SELECT count(*) FROM returns") == known > 0
    assert await working.execute("UPDATE watch SET misses = misses") != "UPDATE 0"
    await working.close()
    async with released.transaction() as connection:
        await connection.execute("DROP OWNED BY tests_rolling")


async def test_a_table_that_stays_in_use_is_waited_for_and_nobody_is_blocked_behind_us(released: Database) -> None:
    holder = await asyncpg.connect(released.dsn)
    held = holder.transaction()
    await held.start()
    await holder.execute("LOCK TABLE schema_version IN SHARE MODE")  # every step writes its number there

    with pytest.raises(asyncpg.LockNotAvailableError):
        await released._migrate({}, dry_run=False)
    await held.rollback()
    await holder.close()

    assert (await released.migrate()).after == SCHEMA_VERSION


async def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", SCHEMA_VERSION + 1)

    with pytest.raises(DatabaseUnusableError, match="use a newer one"):
        await database.migrate()


def test_there_is_a_step_from_every_version_to_the_next_and_a_sample_of_every_release() -> None:
    assert [file.name for file in sorted(MIGRATIONS.glob("*.sql"))] == [
        f"{step:04}.sql" for step in range(2, SCHEMA_VERSION + 1)
    ]
    assert [file.name for file in RELEASED] == [f"{step:04}.sql" for step in range(1, SCHEMA_VERSION)]


async def test_a_role_the_migration_was_not_told_of_goes_on_too(released: Database) -> None:
    async with released.transaction() as connection:
        if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'tests_own_name'"):
            await connection.execute("CREATE ROLE tests_own_name LOGIN")
        await connection.execute("SELECT grant_worker('tests_own_name')")

    await released.migrate()

    working = await asyncpg.connect(released.dsn.replace("//homeward@", "//tests_own_name@"))
    assert await working.fetchval("SELECT count(*) FROM returns") > 0
    assert await working.fetchval("SELECT count(*) FROM return_board") > 0
    await working.close()
    async with released.transaction() as connection:
        await connection.execute("DROP OWNED BY tests_own_name")


SPELLED_APART = """
    INSERT INTO returns
    SELECT (jsonb_populate_record(r, jsonb_build_object(
               'id', r.id + 1000, 'happy_return_id', upper(r.happy_return_id), 'express_code', lower(r.express_code),
               'credit_ref', r.credit_ref || '-spelled', 'credit_id', r.credit_id + 1000))).*
      FROM returns AS r WHERE r.id = ANY($1::bigint[]);
    INSERT INTO journal
    SELECT (jsonb_populate_record(j, jsonb_build_object('return_id', j.return_id + 1000, 'seq', j.seq + 100000))).*
      FROM journal AS j WHERE j.return_id = ANY($1::bigint[]);
    INSERT INTO unit
    SELECT (jsonb_populate_record(u, jsonb_build_object(
               'return_id', u.return_id + 1000, 'happy_return_id', upper(u.happy_return_id),
               'happy_item_id', '　' || upper(u.happy_item_id), 'bag', lower('HR2X'),
               'line_item_id', ' Line-' || upper(u.line_item_id)))).*
      FROM unit AS u WHERE u.return_id = ANY($1::bigint[]);
    INSERT INTO watch
    SELECT (jsonb_populate_record(w, jsonb_build_object(
               'key', 'return:' || upper(w.happy_return_id), 'happy_return_id', upper(w.happy_return_id)))).*
      FROM watch AS w WHERE w.happy_return_id IN (SELECT r.happy_return_id FROM returns AS r WHERE r.id = ANY($1::bigint[]));
    UPDATE returns SET happy_return_id = upper(happy_return_id) WHERE id = ANY($2::bigint[]);
    UPDATE unit SET happy_return_id = upper(happy_return_id) WHERE return_id = ANY($2::bigint[]);
    UPDATE watch SET happy_return_id = upper(happy_return_id), key = 'return:' || upper(happy_return_id)
     WHERE happy_return_id IN (SELECT lower(r.happy_return_id) FROM returns AS r WHERE r.id = ANY($2::bigint[]));
"""


async def given_two_spellings(released: Database, *, twins: list[int], alone: list[int]) -> None:
    """Returns that the former release read twice, since one id came in two spellings; and some only in capitals."""
    async with released.transaction() as connection:
        for statement in SPELLED_APART.split(";\n"):
            used = [rows for rows, name in ((twins, "$1"), (alone, "$2")) if name in statement]
            if used:
                await connection.execute(statement.replace("$2", "$1"), *used)


async def test_ids_are_brought_into_one_form_and_twins_are_set_apart(server: embedded.Server) -> None:
    released = await given_released(server, CONTENT["0002"], "released_spelled_apart")
    await given_two_spellings(released, twins=[3], alone=[4])

    await released.migrate()

    async with released.reading() as connection:
        names = dict(await connection.fetch("SELECT id, happy_return_id FROM returns WHERE id IN (3, 4, 1003)"))
        units = await connection.fetch(
            "SELECT happy_return_id, happy_item_id, line_item_id, bag FROM unit WHERE return_id IN (3, 1003)"
        )
        watched = await connection.fetch("SELECT key, happy_return_id FROM watch WHERE happy_return_id <> ''")
        code = await connection.fetchval("SELECT express_code FROM returns WHERE id = 1003")
        claims = await connection.fetch("SELECT identity, return_id FROM goods_claim WHERE return_id IN (3, 1003)")
        (notice,) = await connection.fetch(
            "SELECT event, payload, happy_return_id, part FROM inbox WHERE source = 'migration'"
        )
        unclaimed = await connection.fetchval(
            "SELECT count(*) FROM returns AS r WHERE r.credit_id IS NOT NULL AND r.id < 1000"
            " AND NOT EXISTS (SELECT FROM goods_claim AS c WHERE c.return_id = r.id)"
        )
    await released.close()
    assert names[1003] == f"{names[3]}~2"
    event = inbox.decode(notice["event"], notice["payload"])
    assert isinstance(event, Troubled)
    assert event.trouble is not None
    assert (event.trouble.cause, event.trouble.owner) == ("same-goods", CAUSES["same-goods"].owner)
    assert (notice["happy_return_id"], notice["part"]) == (names[1003], 1)
    assert {row["return_id"] for row in claims} == {3}  # the elder of the two that were both paid
    assert unclaimed == 0
    assert names[3] == names[3].lower()
    assert names[4] == names[4].lower()
    assert {unit["happy_return_id"] for unit in units} == {names[3], names[1003]}
    assert len({unit["happy_item_id"] for unit in units}) == 1
    assert {unit["bag"] for unit in units} <= {"", "HR2X"}
    lines = {unit["line_item_id"] for unit in units}
    assert {line.removeprefix("line-") for line in lines if line.startswith("line-")} < lines
    assert code == code.upper()
    assert [row["key"] for row in watched] == [f"return:{row['happy_return_id']}" for row in watched]
    assert all(row["happy_return_id"] == row["happy_return_id"].lower() for row in watched)


async def test_an_open_return_without_a_code_is_watched_order_by_order(server: embedded.Server) -> None:
    released = await given_released(server, CONTENT["0002"], "released_without_code")
    async with released.transaction() as connection:
        await connection.execute("UPDATE returns SET express_code = '' WHERE id IN (2, 3)")  # one stuck, one over

    await released.migrate()

    async with released.reading() as connection:
        rows = await connection.fetch("SELECT key, order_number FROM watch WHERE key LIKE 'return:%/%'")
        name = await connection.fetchval("SELECT happy_return_id || '/' || order_key FROM returns WHERE id = 2")
    await released.close()
    assert [(row["key"], row["order_number"]) for row in rows] == [(f"return:{name}", "10406")]


async def test_a_credit_that_was_asked_for_twice_and_not_begun_is_stopped_and_told(server: embedded.Server) -> None:
    released = await given_released(server, CONTENT["0002"], "released_asked_twice")
    await given_two_spellings(released, twins=[2], alone=[])
    async with released.transaction() as connection:
        await connection.execute(
            "INSERT INTO outbox (merchant, return_id, kind, key, payload, due_at, created_at)"
            " SELECT r.merchant, r.id, 'create-sales-credit', r.credit_ref, '{}', now(), now()"
            " FROM returns AS r WHERE r.id = 1002"
        )

    await released.migrate()

    async with released.reading() as connection:
        stopped = await connection.fetchrow("SELECT state, last_error FROM outbox WHERE return_id = 1002")
        keys = await connection.fetch("SELECT natural_key, event FROM inbox WHERE source = 'migration' ORDER BY id")
        holders = await connection.fetch("SELECT return_id FROM goods_claim WHERE return_id IN (2, 1002)")
    await released.close()
    assert (stopped["state"], bool(stopped["last_error"])) == ("parked", True)
    assert [(row["natural_key"], row["event"]) for row in keys] == [
        ("asked-twice:1002", "troubled"), ("spelled-apart:1002", "troubled"),
    ]  # fmt: skip
    assert {row["return_id"] for row in holders} == {2}


async def test_an_older_program_cannot_store_an_id_in_another_form(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO merchant (merchant) VALUES ('acme')")
        stored = await connection.fetchval(
            "INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, payload, source,"
            " actor, received_at) VALUES ('acme', 'k', 'started', ' ＡＢ-1c', '1', '1', '{}', 'poll', 'x', now())"
            " RETURNING happy_return_id"
        )

    assert stored == "ab-1c"


AMOUNTS = """
    SELECT id::text, concat_ws(' ', credit_net, credit_tax, payment_amount) FROM returns
    UNION ALL SELECT key, concat_ws(' ', amount, tax) FROM leg
"""
FILES = (
    "SELECT relname, pg_relation_filenode(oid) FROM pg_class WHERE relname ~ '^(returns|leg|match_group|orphan_event)'"
)


async def test_amounts_keep_their_text_and_no_table_or_index_is_written_anew(released: Database) -> None:
    async with released.reading() as connection:
        before = [sorted(map(tuple, await connection.fetch(statement))) for statement in (AMOUNTS, FILES)]

    await released.migrate()

    async with released.reading() as connection:
        after = sorted(map(tuple, await connection.fetch(AMOUNTS)))
        files = sorted(map(tuple, await connection.fetch(FILES)))
    assert after == before[0]
    assert set(before[1]) <= set(files)


async def test_an_event_read_with_a_statement_the_migration_outdated_is_not_put_aside(released: Database) -> None:
    working = await asyncpg.connect(released.dsn)
    read = "SELECT credit_net, state FROM returns"
    async with working.transaction():
        await working.fetch(read)

    await released.migrate()

    with pytest.raises(asyncpg.InvalidCachedStatementError):
        async with working.transaction():
            await working.fetch(read)
    async with working.transaction():
        assert await working.fetch(read)
        event = await working.fetchval(
            "UPDATE inbox SET state = 'waiting' WHERE id = (SELECT min(id) FROM inbox) RETURNING id"
        )
        park = "UPDATE inbox SET state = 'parked', outcome = $2 WHERE id = $1"
        assert (
            await working.execute(park, event, "InvalidCachedStatementError: cached statement plan is invalid")
            == "UPDATE 0"
        )
        assert await working.execute(park, event, "ValueError: anything else") == "UPDATE 1"
    await working.close()


@pytest.mark.parametrize(
    ("amount", "is_money"),
    [
        ("10.125", True),
        ("366", True),
        ("55.00", True),
        ("1.2345", True),
        ("999999999999999", True),
        ("-4.95", True),
        ("1000000000000000", False),
        ("1.23456", False),
        ("NaN", False),
        ("Infinity", False),
    ],
)
async def test_the_schema_holds_every_currency_and_nothing_that_is_no_money(
    amount: str, is_money: bool, database: Database
) -> None:
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT is_money($1::text::numeric)", amount) is is_money
