"""While a vendor is out nothing is lost, nothing is concluded, no attempt is used up, and nobody is accused."""

from datetime import timedelta
from pathlib import Path

from daemon.loops.expire import Expire
from daemon.store import health as health_store
from daemon.store.database import Database
from tests.world import MERCHANT, World, open_world

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TOKEN, KEY = "acme.brightpearl.token", "acme.happy-returns.key"


def revoke(world: World, name: str = TOKEN) -> str:
    """Put a key into force that the vendor does not accept; answer the good one."""
    file = world.config.parent / name
    good = file.read_text()
    file.write_text("revoked\n")
    return good


def mend(world: World, good: str, name: str = TOKEN) -> None:
    (world.config.parent / name).write_text(good)


async def stands(world: World) -> dict[str, str]:
    async with world.database.reading() as connection:
        return {each.subject: each.status for each in await health_store.read(connection, [MERCHANT])}


async def test_nothing_is_lost_no_attempt_is_used_up_and_returns_wait_by_name_while_a_token_is_refused(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await world.settle()
        good = revoke(world)
        await world.pass_time(HOUR)
        codes = [world.begin("bar_single")["express_code"] for _ in range(3)]
        await world.pass_time(8 * DAY, stride=2 * HOUR)

        waiting = [await world.show(code) for code in codes]
        async with database.reading() as connection:
            burnt = await connection.fetchval("SELECT coalesce(sum(attempts), 0) FROM outbox")
            attempts = await connection.fetchval("SELECT count(*) FROM attempt")
            accused = {row["team"] for row in await connection.fetch("SELECT DISTINCT team FROM notice")}
        mend(world, good)
        await world.pass_time(10 * MINUTE)
        soon = [(await world.show(code))["credit"] is not None for code in codes]
        await world.pass_time(20 * DAY)
        ended = {(await world.show(code))["state"] for code in codes}

    assert {each["state"] for each in waiting} == {"credit-pending"}
    assert {(each["wait_cause"], each["wait_owner"]) for each in waiting} == {("vendor-refuses-us", "operations")}
    assert all("Brightpearl refuses our key or token" in each["held_up"] for each in waiting)
    assert (burnt, attempts) == (0, 0)
    assert accused <= {"operations"}
    assert soon == [True, True, True]
    assert ended == {"restocked"}


async def test_a_token_that_is_refused_in_the_middle_of_a_wave_burns_nothing_either(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        codes = [world.begin("bar_single")["express_code"] for _ in range(3)]
        world.sandbox.faults.plan({
            "rules": [{"match": "POST .*(multi-message|sales-credit)$", "kind": "forbidden"}],
        })  # fmt: skip
        await world.pass_time(6 * DAY, stride=2 * HOUR)
        waiting = [await world.show(code) for code in codes]
        async with database.reading() as connection:
            rows = await connection.fetch(
                "SELECT DISTINCT state, attempts FROM outbox WHERE kind = 'create-sales-credit'"
            )
        forbidden = await stands(world)
        world.sandbox.faults.plan({"rules": []})
        await world.pass_time(20 * DAY)
        ended = {(await world.show(code))["state"] for code in codes}

    assert [(row["state"], row["attempts"]) for row in rows] == [("ready", 0)]
    assert forbidden["brightpearl"] == "well"
    assert forbidden["brightpearl:create-sales-credit"] == "resource-forbidden"
    assert {each["wait_cause"] or each["exception"]["cause"] for each in waiting} == {"vendor-refuses-us"}
    assert {each["wait_owner"] or each["exception"]["owner"] for each in waiting} == {"operations"}
    assert ended == {"restocked"}


async def test_a_refused_key_of_happy_returns_concludes_nothing_of_any_return(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("bar_single")["express_code"]
        await world.pass_time(2 * HOUR)
        good = revoke(world, KEY)
        await world.pass_time(12 * DAY, stride=2 * HOUR)
        async with database.reading() as connection:
            misses = await connection.fetchval("SELECT coalesce(max(misses), 0) FROM watch WHERE tier <> 'order'")
            faults = await connection.fetchval("SELECT count(*) FROM delivery WHERE state = 'quarantined'")
        kept = await world.show(code)
        mend(world, good, KEY)
        await world.pass_time(20 * DAY)
        ended = await world.show(code)

    assert (misses, faults) == (0, 0)
    assert kept["state"] in ("initiated", "scanned")
    assert ended["state"] == "restocked"


async def test_being_over_the_limit_is_no_trouble(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.faults.plan({"rules": [{"match": "/public-api/", "kind": "throttled", "share": 0.5}]})
        world.begin("bar_single")
        await world.pass_time(DAY)

        assert set((await stands(world)).values()) == {"well"}


async def test_an_outage_goes_on_over_a_restart_and_its_clocks_rest(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        await world.settle()
        revoke(world, KEY)
        await world.pass_time(HOUR)
        async with database.reading() as connection:
            (stored,) = [
                each for each in await health_store.read(connection, [MERCHANT]) if each.subject == "happy-returns"
            ]
    async with open_world(database, tmp_path / "again") as restarted:
        at = restarted.workplace
        at.health("happy-returns").resume(stored)
        restarted.sandbox.clock.move(to=restarted.now + 60 * DAY)
        rested = await Expire(at).run_once(restarted.now)
        at.health("happy-returns").answered("check")
        graced = await Expire(at).run_once(restarted.now)
        due = await Expire(at).run_once(restarted.now + 2 * HOUR)

    assert (stored.status, rested, graced, due) == ("vendor-refuses-us", 0, 0, 1)
