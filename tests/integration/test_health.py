"""Health means that work is possible: whoever keeps it from being done is seen everywhere, by name, and told apart."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from daemon.console.top import screen
from daemon.store.database import Database
from daemon.views.look import look
from daemon.web.access.roles import Role
from tests.integration.test_alerts import Receiver, configured
from tests.integration.test_operations_told import listening, live, monitor_of, of
from tests.integration.test_vendor_out import DAY, HOUR, KEY, MINUTE, TOKEN, mend, revoke, stands
from tests.visitor import program, visitor
from tests.world import MERCHANT, World, open_world


async def ready(world: World, query: str = "", headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    async with world.http.get(f"{world.url}/readyz{query}", headers=headers) as reply:
        return reply.status, orjson.loads(await reply.read())


# -- a refused token ------------------------------------------------------------------------------------------------------


async def test_a_refused_token_is_not_ready_and_nobody_learns_whose_without_a_token(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        reader = await program(world, "read")
        await world.pass_time(HOUR)
        before = await ready(world)
        revoke(world)
        await world.pass_time(HOUR)

        status, told = await ready(world)
        _, detailed = await ready(world, headers=reader)
        one, _ = await ready(world, f"?merchant={MERCHANT}", reader)
        stranger, _ = await ready(world, f"?merchant={MERCHANT}")
        serving, _ = await ready(world, "?only=serving")
        async with world.http.get(f"{world.url}/healthz") as reply:
            alive = reply.status

    assert (before[0], before[1]["degraded"]) == (200, False)
    assert (status, told["ready"], told["merchants"]) == (503, False, {"configured": 1, "able": 0})
    assert "Brightpearl refuses our key or token" in told["why"]
    assert told["troubles"][0]["kind"] == "vendor-refuses-us"
    assert MERCHANT not in orjson.dumps(told).decode()
    assert TOKEN not in orjson.dumps(told).decode()
    assert (detailed["detail"][0]["merchant"], detailed["detail"][0]["ready"]) == (MERCHANT, False)
    assert (one, stranger, serving, alive) == (503, 401, 200, 200)


async def test_a_refused_token_is_seen_by_every_command_and_on_every_page(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await world.pass_time(HOUR)
        revoke(world)
        await world.pass_time(HOUR)

        async with database.reading() as connection:
            board = await look(connection, None, world.now)
        console = Console(width=200, record=True)
        console.print(screen(board))
        _, (listed,), _ = await world.homeward("merchant", "list")
        _, (status,), _ = await world.homeward("merchant", "status")
        code, (line,), _ = await world.homeward("health")
        _, findings, _ = await world.homeward("doctor")
        async with visitor(world, "vera", Role.VIEWER) as vera:
            _, page = await vera.get("/returns")
        world.desk.watched.rest.end()
        async with world.http.get(f"{world.url}/metrics") as reply:
            metrics = await reply.text()

    assert "REFUSES US" in console.export_text()
    assert listed["writes"] == "stopped"
    assert listed["health"] == "cannot work: Brightpearl refuses our key or token"
    assert (status["vendor_answers"], status["brightpearl"][:10]) == (False, "REFUSES US")
    assert (code, line["status"], line["stops_work"]) == (1, "vendor-refuses-us", True)
    assert (line["setting"], line["file"]) == (
        f"merchants.{MERCHANT}.brightpearl.account_token_file", str(tmp_path / TOKEN),
    )  # fmt: skip
    failed = {row["check"]: row for row in findings if row["result"] == "FAILED"}
    assert str(tmp_path / TOKEN) in failed[f"{MERCHANT}: brightpearl"]["fix"]
    assert "Brightpearl refuses our key or token" in page
    assert f'homeward_trouble{{kind="vendor-refuses-us",merchant="{MERCHANT}"' in metrics
    assert f'homeward_merchant_able{{merchant="{MERCHANT}"}} 0.0' in metrics


async def test_strangers_learn_whether_and_tenants_why_of_their_own_and_nobody_the_trouble_of_all(
    database: Database, tmp_path: Path
) -> None:
    outside = {"X-Forwarded-For": "203.0.113.9"}
    async with open_world(database, tmp_path) as world:
        reader = await program(world, "read", merchants=[MERCHANT])
        await world.pass_time(HOUR)
        async with database.transaction() as connection:
            await connection.execute(
                "INSERT INTO health (merchant, subject, status, since, looked_at)"
                " VALUES ('', 'database', 'database-nearly-full', now(), now())"
            )
        revoke(world)
        await world.pass_time(HOUR)

        _, stranger = await ready(world, headers=outside)
        _, tenant = await ready(world, headers=outside | reader)
        _, insider = await ready(world)
        async with visitor(world, "olga") as olga, visitor(world, "otto", Role.OPERATOR, merchants=[MERCHANT]) as otto:
            _, hers = await olga.get("/home/operator")
            _, his = await otto.get("/home/operator")

    assert stranger == {"ready": False}
    assert set(tenant) == {"ready", "detail"}
    assert [(each["merchant"], each["why"]) for each in tenant["detail"]] == [
        (MERCHANT, "Brightpearl refuses our key or token")
    ]
    assert [each["status"] for each in tenant["detail"][0]["troubles"]] == ["vendor-refuses-us"]
    assert {each["kind"] for each in insider["troubles"]} == {"vendor-refuses-us", "database-nearly-full"}
    assert "Brightpearl refuses our key or token" in his
    assert ("database nearly full" in hers, "database nearly full" in his) == (True, False)


# -- the same of Happy Returns, and of one resource -----------------------------------------------------------------------


async def test_a_refused_key_of_happy_returns_concludes_nothing_of_any_return(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        monitor = monitor_of(world)
        code = world.begin("bar_single")["express_code"]
        await live(world, monitor, 2 * HOUR, step=10 * MINUTE)
        good = revoke(world, KEY)
        with listening() as heard:
            await live(world, monitor, 12 * DAY, step=6 * HOUR)
        async with database.reading() as connection:
            misses = await connection.fetchval("SELECT coalesce(max(misses), 0) FROM watch WHERE tier <> 'order'")
            faults = await connection.fetchval("SELECT count(*) FROM delivery WHERE state = 'quarantined'")
        kept = await world.show(code)
        status, told = await ready(world)
        mend(world, good, KEY)
        await live(world, monitor, 20 * DAY, step=6 * HOUR)
        ended = await world.show(code)

    assert (misses, faults) == (0, 0)
    assert kept["state"] in ("initiated", "scanned")
    assert "Happy Returns refuses our key or token" in kept["held_up"]
    assert (status, told["troubles"][0]["what"]) == (503, "happy-returns")
    assert heard.of("ERROR") == ["Happy Returns refuses us"]
    assert of(receiver)[0]["file"] == str(tmp_path / KEY)
    assert ended["state"] == "restocked"


async def test_one_forbidden_resource_is_told_by_its_name_and_the_rest_goes_on(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        monitor = monitor_of(world)
        code = world.begin("bar_single")["express_code"]
        world.sandbox.faults.plan({"rules": [{"match": "GET .*customer-payment-search", "kind": "forbidden"}]})
        await live(world, monitor, 8 * DAY, step=6 * HOUR)
        shown, subjects, (status, _) = await world.show(code), await stands(world), await ready(world)
        world.sandbox.faults.plan({"rules": []})
        await live(world, monitor, 20 * DAY, step=6 * HOUR)
        mended, over = await world.show(code), await stands(world)

    assert shown["credit"] is not None
    assert subjects["brightpearl"] == "well"
    assert subjects["brightpearl:payment-search"] == "resource-forbidden"
    assert status == 503, "without payments no return gets to its refund"
    assert [each["subject"] for each in of(receiver) if each["state"] == "began"] == ["brightpearl:payment-search"]
    assert of(receiver)[-1]["state"] == "over"
    assert mended["state"] == "restocked"
    assert over["brightpearl:payment-search"] == "well"


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([{"match": "/public-api/", "kind": "unavailable"}], "vendor-silent"),
        ([{"match": "/public-api/", "kind": "garbage"}], "vendor-garbled"),
        ([{"match": "/public-api/", "kind": "forbidden"}], "vendor-refuses-us"),
    ],
)
async def test_silence_rubbish_and_refusal_of_all_are_told_apart_and_told(
    rules: list[dict[str, Any]], status: str, receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        monitor = monitor_of(world)
        await world.settle()
        world.sandbox.faults.plan({"rules": rules})
        world.begin("bar_single")
        await live(world, monitor, DAY, step=HOUR)
        during = await stands(world)
        world.sandbox.faults.plan({"rules": []})
        await live(world, monitor, HOUR)
        after = await stands(world)

    assert (during["brightpearl"], after["brightpearl"]) == (status, "well")
    assert {each["kind"] for each in of(receiver)} == {status}
    assert [each["state"] for each in of(receiver)] == ["began", "lasts", "lasts", "over"]
