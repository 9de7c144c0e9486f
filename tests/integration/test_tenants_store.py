"""The role of the pages reaches nothing of another tenant, whatever statement it runs: the database itself decides."""

import importlib
import pkgutil
import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

import daemon.store
from daemon.rights import Role
from daemon.store import accounts, board
from daemon.store.database import Database
from daemon.store.scope import AT_THE_DOOR, NOBODY, WHOSE, Scope
from daemon.store.sql import Statements
from tests.given import Given
from tests.tenancy import OTHER, WRITTEN, ZED, Tenancy, changed, two_tenants, values
from tests.visitor import visitor
from tests.world import MERCHANT

STORE = {
    name: module.SQL
    for name in (each.name for each in pkgutil.iter_modules(daemon.store.__path__))
    if isinstance(getattr(module := importlib.import_module(f"daemon.store.{name}"), "SQL", None), Statements)
}
"""Every named statement there is, by its module."""


def given(tenancy: Tenancy, name: str, kind: str) -> Any:
    """What is put into a parameter: acme's own, where its name says of what; else something of its type."""
    acme, now = tenancy.acme, tenancy.world.now
    number, soon = int(acme.number), tenancy.world.now + timedelta(days=999)
    own: dict[str, Any] = {
        "merchant": MERCHANT, "merchants": [MERCHANT], "name": acme.account, "account": acme.account, "key": acme.match,
        "ids": [number], "return_ids": [number], "return_id": number, "batch_id": int(acme.batch), "file_id": int(acme.file),
        "token_id": 1, "text": acme.code, "now": now, "since": now - timedelta(days=999), "until": soon, "before": soon,
        "rows_max": 99, "batch_max": 99, "room": 9, "window": 99, "items_max": 99, "role": "viewer", "page": "exceptions",
        "sets_merchants": True, "is_shared": True, "scope": "read", "state": "running",
        "froms": ["paused", "awaits-approval"],
        "subject": acme.account, "actor": "user:cleo.acme", "action": "account-changed", "but": None, "after": 0, "skip": 0,
        "owner": "test", "order_key": acme.order, "order_keys": [acme.order], "express_code": acme.code, "word": b"acme",
        "expires_at": soon, "is_global": True, "created_by": "user:cleo.acme", "lease_until": soon, "idle_since": now,
        "from_on": None, "until_on": None, "statuses": None, "currency": None, "order_number": acme.order, "zone": "UTC",
        "rows": [{"position": 1, "return_id": number, "id": int(acme.parked), "state": "skipped", "outcome": "x",
                  "topic": "x",
                  "natural_key": "x", "event": "noted", "happy_return_id": "x", "order_number": "1", "order_key": "1",
                  "payload": {}, "source": "x", "actor": "x", "reason": "", "note": "", "received_at": now.isoformat(),
                  "version": 99, "team": "finance", "severity": "notice", "level": 1, "key": "x", "seq": 1, "link": "00"}],
        "codes": [acme.code], "words": [acme.code], "verb": "note", "password_hash": "x", "token_hash": b"x" * 32,
        "code_hashes": [b"x" * 32], "sealed": b"x", "disabled": True, "gives_merchants": True,
    }  # fmt: skip
    if name == "id":
        return int(acme.parked)
    if name == "words" and kind == "bytea[]":
        return [acme.code.encode()]
    if name in own and (kind.endswith("[]") == isinstance(own[name], list) or own[name] is None or kind == "jsonb"):
        return own[name]
    plain_values: dict[str, Any] = {
        "text": "x", "int4": 1, "int8": 1, "float8": 1.0, "numeric": 1, "bool": True, "bytea": b"x", "jsonb": {},
        "date": now.date(),
        "timestamptz": now, "interval": timedelta(1), "uuid": "00000000-0000-0000-0000-000000000001",
    }  # fmt: skip
    return [] if kind.endswith("[]") else plain_values[kind]


NOTHING: tuple[Any, ...] = (None, 0, False, "", [], {}, b"")
"""What a count, a sum or a look finds where there is nothing."""


async def run_each(tenancy: Tenancy, asked: Database, *, keeps: bool) -> dict[str, str]:
    """Run every statement for acme's things; what each gave or touched, where it did."""
    got: dict[str, str] = {}
    for module, statements in STORE.items():
        for name in statements.names:
            text = statements.text(name)
            async with asked.pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                try:
                    await asked._say_who_asks(connection, None)
                    prepared = await connection.prepare(text)
                    kinds = [_kind(each) for each in prepared.get_parameters()]
                    values_of = [
                        None if _is_optional(text, place) else given(tenancy, parameter, kind)
                        for place, (parameter, kind) in enumerate(
                            zip(statements.parameters(name), kinds, strict=True), 1
                        )
                    ]
                    rows = await prepared.fetch(*values_of)
                    touched = prepared.get_statusmsg().rsplit(" ", 1)[-1]
                    is_change = re.match(r"(INSERT|UPDATE|DELETE)", prepared.get_statusmsg()) is not None
                    said = " ".join(values(row) for row in rows)
                    says_something = any(value not in NOTHING for row in rows for value in dict(row).values())
                    if (is_change and touched != "0") or says_something:
                        got[f"{module}.{name}"] = f"{prepared.get_statusmsg()}: {said[:200]}"
                except (asyncpg.PostgresError, asyncpg.InterfaceError):
                    await transaction.rollback()
                    continue
                await (transaction.commit() if keeps else transaction.rollback())
                await connection.execute("SELECT pg_advisory_unlock_all()")
    return got


def _is_optional(text: str, place: int) -> bool:
    """Whether a filter is off where nothing is given."""
    return re.search(rf"\${place}(::\w+(\[\])?)? IS NULL\s+OR", text) is not None


def _kind(kind: Any) -> str:
    name = str(kind.name)
    return f"{name[1:]}[]" if name.startswith("_") else name.replace("array", "")


async def test_no_statement_of_the_store_reaches_another_tenant_as_the_role_of_the_pages(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        before = await tenancy.rows_of_others()
        by_owner = await run_each(tenancy, tenancy.database, keeps=False)

        WHOSE.set(ZED)
        got = await run_each(tenancy, tenancy.world.desk.database, keeps=True)
        WHOSE.set(NOBODY)
        by_nobody = await run_each(tenancy, tenancy.world.desk.database, keeps=True)

        assert len(by_owner) > 130, "too few of the statements would reach acme if nothing stood between"
        assert {name: said for name, said in got.items() if "SELECT" not in said} == {}
        assert {
            name: said for name, said in got.items() if any(mark in said for mark in (*tenancy.marks, MERCHANT))
        } == {}
        assert set(by_nobody) == NOBODYS
        assert changed(before, await tenancy.rows_of_others()) == {}


NOBODYS = {
    "evidence.database_roles", "evidence.policies", "evidence.schema", "health.database", "returns.next_ids",
    "returns.units_of_families",
}  # fmt: skip
"""What is no tenant's: the database's own catalog and size, the next free number, and no units of what is asked for."""


async def test_no_row_of_another_tenant_is_read_written_changed_or_removed_in_any_table(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        before = await tenancy.rows_of_others()
        reached: dict[str, str] = {}
        for table, rows in before.items():
            for what, words in (
                ("read", "SELECT count(*) FROM {table} AS t WHERE to_jsonb(t)->>'{column}' = ANY($1)"),
                ("change", "UPDATE {table} SET {column} = {column} WHERE {column} = ANY($1) RETURNING 1"),
                ("remove", "DELETE FROM {table} WHERE {column} = ANY($1) RETURNING 1"),
                ("copy", "INSERT INTO {table} OVERRIDING SYSTEM VALUE "
                         "SELECT (jsonb_populate_record(NULL::{table}, $1::text::jsonb)).* RETURNING 1"),
            ):  # fmt: skip
                if not rows:
                    continue
                column, names = OWNERS.get(table, ("merchant", [MERCHANT]))
                given_words: Any = rows[0] if what == "copy" else names
                try:
                    async with tenancy.world.desk.database.transaction(scope=ZED) as connection:
                        if await connection.fetchval(words.format(table=table, column=column), given_words):
                            reached[table] = what
                except (asyncpg.InsufficientPrivilegeError, asyncpg.GeneratedAlwaysError):
                    continue

        assert len([table for table, rows in before.items() if rows]) > 30
        assert reached == {}
        assert changed(before, await tenancy.rows_of_others()) == {}


PEOPLE_OF_OTHERS = ["cleo.acme", "wanda.global", "quentin.both", "adam.acme"]
OWNERS: dict[str, tuple[str, list[str]]] = {
    **dict.fromkeys(
        ("web_session", "second_factor", "recovery_code", "sign_in_step", "saved_view"), ("account", PEOPLE_OF_OTHERS)
    ),
    "account": ("name", PEOPLE_OF_OTHERS), "api_token": ("name", ["acme.helpdesk"]),
    "access_log": ("actor", [f"user:{name}" for name in PEOPLE_OF_OTHERS]),
    "api_answer": ("key", ["the-very-same-1-receipts"]),
}  # fmt: skip


async def test_at_the_door_no_table_is_seen_and_only_the_functions_speak(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        async with tenancy.world.desk.database.reading(scope=AT_THE_DOOR) as connection:
            counts = {
                table: await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
                for table in ("account", "api_token", "access_log", "returns", "saved_view", "web_session", "merchant")
            }
        for scope in (ZED, NOBODY):
            for speak in DOORS:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with tenancy.world.desk.database.transaction(scope=scope) as connection:
                        await connection.execute(speak)

        assert set(counts.values()) == {0}


DOORS = (
    "SELECT count_attempt('cleo.acme', now(), 5, '1 min')",
    "SELECT begin_session('x', 'wanda.global', 'x', 'password', now(), now())",
    "SELECT account_at_the_door('wanda.global')", "SELECT admit('zed', 'administrator', NULL, true, now())",
    "SELECT token_of('x', now())", "SELECT factor_of('cleo.acme')", "SELECT take_recovery_code('cleo.acme', 'x', now())",
    "SELECT begin_step('x', 'wanda.global', '/', now(), now())", "SELECT session_of('x', now(), now())",
    "SELECT forget_attempts('cleo.acme', 'a new hash')", "SELECT end_session('x')", "SELECT end_openid('x', now())",
    "SELECT password_hash FROM account", "SELECT token_hash FROM web_session", "SELECT csrf FROM web_session",
    "SELECT sealed FROM second_factor", "SELECT code_hash FROM recovery_code", "SELECT token_hash FROM api_token",
    "SELECT sealed FROM sealed_secret", "SELECT role FROM reporting_reader", "UPDATE account SET name = 'wanda.global'",
    "DELETE FROM account", "DELETE FROM api_token", "DELETE FROM access_log", "UPDATE merchant SET held_since = NULL",
)  # fmt: skip


async def test_the_role_of_the_pages_may_call_no_function_that_lends_rights_but_those_at_the_door(
    database: Database,
) -> None:
    async with database.reading() as connection:
        open_to_all = await connection.fetch(
            "SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef "
            "AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0))"
        )
        unbound = await connection.fetch(
            "SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef "
            "AND NOT coalesce(p.proconfig::text, '') LIKE '%search_path%pg_temp%'"
        )

    assert [row["proname"] for row in open_to_all] == []
    assert [row["proname"] for row in unbound] == []


async def test_an_answer_that_was_kept_is_given_again_to_the_very_token_alone(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        world = tenancy.world
        key = {"Idempotency-Key": "the-very-same-1-receipts"}
        stray = {"receipts": [{"express_code": "HRNOBODY", "sku": "STRAY"}]}

        async with world.http.post(f"{world.url}/api/v1/receipts", headers=tenancy.program | key, json=stray) as reply:
            status, replayed = reply.status, reply.headers.get("Idempotency-Replayed")

        assert (status, replayed) == (200, None)
        WHOSE.set(Scope((OTHER,), "token:zenith.write", token=10**6))
        async with tenancy.world.desk.database.reading() as connection:
            assert await connection.fetchval("SELECT count(*) FROM api_answer") == 0


async def test_figures_kept_for_one_are_not_given_to_another(given: Given) -> None:
    async with two_tenants(given) as tenancy, visitor(tenancy.world, "gina", Role.OPERATOR) as gina:
        await gina.get("/home/operator")

        WHOSE.set(ZED)
        figures = tenancy.world.desk.figures
        snapshots, freshness = await figures.of([MERCHANT, OTHER]), await figures.heard_of([MERCHANT, OTHER])

        assert [each.merchant for each in snapshots] == [OTHER]
        assert [each.merchant for each in freshness] == [OTHER]


async def test_whose_a_row_of_the_log_is_the_database_decides(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        pages, now = tenancy.world.desk.database, tenancy.world.now
        forged = [
            {"actor": "user:wanda.global", "action": "sign-in"},
            {"actor": "user:zed", "action": "account-changed", "subject": "cleo.acme"},
            {"actor": "user:zed", "action": "personal-data-shown", "merchant": MERCHANT},
            {"actor": "user:zed", "action": "token-revoked", "subject": "acme.helpdesk"},
        ]  # fmt: skip
        for row in forged:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with pages.transaction(scope=ZED) as connection:
                    await accounts.log(connection, now=now, **row)

        async with pages.reading(scope=ZED) as connection:
            seen = {row["actor"] for row in await accounts.logged(connection, rows_max=1000)}
            pages_of_acme = await board.listing(connection, board.EVERYTHING, merchants=[MERCHANT], rows_max=9)

        assert "user:cleo.acme" not in seen
        assert "user:zed" in seen
        assert pages_of_acme == []
        assert WRITTEN not in str(seen)
