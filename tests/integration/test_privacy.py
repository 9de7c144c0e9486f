"""One person's data is erased, data goes by age; the books, the journal and the months do not notice."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from daemon.finance.books_check import run_checks
from daemon.finance.collect import collect
from daemon.finance.matching import run_matching
from daemon.loops.retain import Retain
from daemon.store import chain
from daemon.store.database import Database
from tests.closed_season import sources
from tests.given import Given
from tests.visitor import program
from tests.world import MERCHANT, World, open_world

SHOPPER = "canary.shopper@example.com"


async def given_a_return_of_somebody(world: World) -> str:
    """Over and done, with their mail address in what was received, and parcels that lead to their door."""
    code = str(world.begin("bar_single")["express_code"])
    await world.pass_time(timedelta(days=20))
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE delivery SET body = body || convert_to($1, 'UTF8')", SHOPPER)
    return code


def dumped(database: Database) -> str:
    """Everything the database holds, as text."""
    program = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))), Path("pg_dump"))
    return subprocess.run(
        [str(program), "--data-only", "-d", database.dsn], capture_output=True, text=True, check=True
    ).stdout


def as_dumped(word: str) -> tuple[str, str]:
    """A word as text, and as part of a body."""
    return word, word.encode().hex()


async def books_of(world: World) -> tuple[Any, ...]:
    """What finance sees: the return, the match of its legs, the checks, the chain of the journal."""
    settings = world.workplace.settings
    await collect(sources(world), world.now, whole=True)
    books, _ = await run_matching(world.database, MERCHANT, settings, now=world.now, actor="user:test")
    checks = await run_checks(world.database, MERCHANT, settings, now=world.now, actor="user:test")
    async with world.database.snapshot() as connection:
        verified = await chain.verify(connection, MERCHANT)
    statuses = [(each.key, str(each.status), each.value) for each in books.matches]
    return statuses, [(each.name, len(each.violations)) for each in checks], verified.broken_at, verified.head


async def test_a_persons_data_is_erased_and_the_books_stay_as_they_are(given: Given) -> None:
    async with given.world(given_a_return_of_somebody) as (world, code):
        shown, books = await world.show(code), await books_of(world)
        async with world.database.reading() as connection:
            parcels = [row["tracking"] for row in await connection.fetch("SELECT tracking FROM unit")]
        assert any(word in dumped(world.database) for word in as_dumped(SHOPPER))

        _, found, _ = await world.homeward("privacy", "find", SHOPPER)
        dry = await world.homeward("privacy", "erase", code, "--word", SHOPPER, "--reason", "asked for", "--dry-run")
        after_dry = dumped(world.database)
        exit_code, erased, said = await world.homeward(
            "privacy", "erase", code, "--word", SHOPPER, "--reason", "asked for", "--yes"
        )
        _, log, _ = await world.homeward("privacy", "log")

        assert exit_code == 0, said
        assert all(place["can_be_erased"] for place in found)
        assert dry[1]["changed"] is False
        assert any(word in after_dry for word in as_dumped(SHOPPER))
        assert erased["parcels"] == 1
        assert erased["bodies"] == len(found) > 0
        left = dumped(world.database)
        assert all(parcels)
        where = [line[:200] for line in left.splitlines() for each in parcels if each in line]
        assert where == []
        assert not any(word in left for who in (SHOPPER, *parcels) for word in as_dumped(who))
        assert await books_of(world) == books
        assert {name: told for name, told in (await world.show(code)).items() if name != "units"} == {
            name: told for name, told in shown.items() if name != "units"
        }
        assert [(row["reason"], row["erased"]["parcels"]) for row in log] == [("asked for", 1)]
        assert SHOPPER not in str(log)


async def test_what_was_told_of_another_return_is_not_erased_for_its_longer_code(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=3))
        async with database.transaction() as connection:
            await connection.execute("DELETE FROM message")
            await connection.execute(
                "INSERT INTO message (merchant, id, team, channel, content, state, due_at, created_at) "
                "SELECT $1, gen_random_uuid(), 'finance', 'email', jsonb_build_object('text', told), 'done', $2, $2 "
                "FROM unnest($3::text[]) AS t(told)",
                MERCHANT, world.now, [f"return {code} is late", f"return {code}9 is late"],
            )  # fmt: skip

        _, erased, _ = await world.homeward("privacy", "erase", code, "--reason", "asked for", "--yes")

        async with database.reading() as connection:
            left = [row["told"] for row in await connection.fetch("SELECT content->>'text' AS told FROM message")]
        assert erased["messages"] == 1
        assert left == [f"return {code}9 is late"]


async def test_another_tenants_answers_stay_when_the_same_code_is_erased(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=3))
        for name, merchants in (("acme.one", [MERCHANT]), ("zenith.one", ["zenith"]), ("both", None)):
            await program(world, "write", merchants=merchants, name=name)
        async with database.transaction() as connection:
            await connection.execute(
                "INSERT INTO api_answer (token_id, key, asked, status, body, at) "
                "SELECT id, 'a-key-of-it', '', 200, jsonb_build_object('code', $1::text), $2 FROM api_token",
                code, world.now,
            )  # fmt: skip

        _, erased, _ = await world.homeward("privacy", "erase", code, "--reason", "asked for", "--yes")

        async with database.reading() as connection:
            left = await connection.fetch("SELECT t.name FROM api_answer AS a JOIN api_token AS t ON t.id = a.token_id")
        assert erased["answers"] == 2
        assert [row["name"] for row in left] == ["zenith.one"]


async def test_a_parcel_is_forgotten_whatever_stands_in_its_number(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=3))
        async with database.transaction() as connection:
            await connection.execute(
                """UPDATE inbox SET payload = payload || '{"tracking": "1Z\\"quoted\\"99", "last": "kept"}'"""
            )

        code_, _, said = await world.homeward("privacy", "erase", code, "--reason", "asked for", "--yes")

        assert code_ == 0, said
        async with database.reading() as connection:
            left = await connection.fetch(
                "SELECT payload->>'tracking' AS tracking, payload->>'last' AS last FROM inbox"
            )
        assert {(row["tracking"], row["last"]) for row in left} == {("", "kept")}


async def test_the_return_goes_on_after_an_erasure(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(days=3))

        await world.homeward("privacy", "erase", code, "--reason", "asked for", "--yes")
        await world.pass_time(timedelta(days=20))

        assert (await world.show(code))["state"] == "restocked"


async def test_what_may_name_a_person_goes_by_age_and_not_before(given: Given) -> None:
    async with given.world(
        given_a_return_of_somebody, extra_config="\n[merchants.acme.retention]\nbodies_days = 30\n"
    ) as (world, code):
        retain = Retain(world.workplace)

        before = await rows(world.database)
        await retain.run_once(world.now)
        young = await rows(world.database)
        for _ in range(40):
            world.sandbox.clock.move(to=world.now + timedelta(days=1))
            while await retain.run_once(world.now):
                pass

        assert young == before > 0
        assert await rows(world.database) == 0
        assert (await world.show(code))["state"] == "restocked"


async def rows(database: Database) -> int:
    async with database.reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM delivery WHERE state = 'accepted'"))
