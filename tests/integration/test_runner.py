"""The runner: what one merchant lacks stops no other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from daemon.app import build_workplace, new_http_session
from daemon.clock import SystemClock
from daemon.loops.runner import Runner
from daemon.loops.workplace import Lease, Workplace
from daemon.settings import Settings
from daemon.store import merchant
from daemon.store.database import Database
from daemon.telemetry import Telemetry
from tests.world import MERCHANT, World, open_world

VENDORS = {
    "happy_returns": {"base_url": "http://127.0.0.1:9", "retailer_id": "acme", "api_key_file": "absent.key"},
    "brightpearl": {
        "base_url": "http://127.0.0.1:9/public-api/acme", "app_ref": "acme", "account_token_file": "absent.token",
    },
}  # fmt: skip


async def holders(database: Database) -> list[str | None]:
    async with database.reading() as connection:
        return [row["lease_owner"] for row in await merchant.everyone(connection)]


async def test_a_merchant_whose_secret_is_missing_is_told_of_and_the_daemon_goes_on(database: Database) -> None:
    settings, clock = Settings.model_validate({"merchants": {"acme": VENDORS, "zenith": VENDORS}}), SystemClock()
    telemetry = Telemetry(otlp_endpoint=None)
    async with database.transaction() as connection:
        await merchant.ensure(connection, ["acme", "zenith"])
    async with new_http_session() as http, anyio.create_task_group() as group:
        tried: list[str] = []

        def open_workplace(lease: Lease) -> Workplace:
            tried.append(lease.merchant)
            return build_workplace(
                settings, lease.merchant, database=database, clock=clock, telemetry=telemetry, http=http, lease=lease
            )

        runner = Runner(
            database=database, clock=clock, telemetry=telemetry, owner="test", merchants=["acme", "zenith"],
            open_workplace=open_workplace,
        )  # fmt: skip
        group.start_soon(runner.run)
        with anyio.fail_after(20):
            while len(tried) < 2 or await holders(database) != [None, None]:
                await anyio.lowlevel.checkpoint()

        assert {(each.merchant, each.status) for each in runner.troubles()} == {
            ("acme", "not-worked"), ("zenith", "not-worked"),
        }  # fmt: skip
        assert all("absent" in each.why for each in runner.troubles())
        assert not {"acme", "zenith"} & set(runner.unready().split())
        runner.stop()


@asynccontextmanager
async def a_daemon(world: World, *, observes: bool) -> AsyncIterator[None]:
    """A runner of the world's merchant that has taken it."""

    def open_workplace(lease: Lease) -> Workplace:
        at = world.workplace
        return build_workplace(
            Settings(merchants={MERCHANT: at.settings}), MERCHANT, database=at.database, clock=at.clock,
            telemetry=at.telemetry, http=world.http, lease=lease,
        )  # fmt: skip

    runner = Runner(
        database=world.database, clock=world.workplace.clock, telemetry=world.workplace.telemetry, owner=f"test-{observes}",
        merchants=[MERCHANT], open_workplace=open_workplace, observes=frozenset({MERCHANT} if observes else ()),
    )  # fmt: skip
    async with anyio.create_task_group() as group:
        group.start_soon(runner.run)
        with anyio.fail_after(20):
            while not runner.held() or await observing(world) != {"observes": observes}:
                await anyio.lowlevel.checkpoint()
        yield
        runner.stop()


async def observing(world: World) -> object:
    """What the daemon that took the merchant last has written down of itself."""
    async with world.database.reading() as connection:
        return await merchant.read_cursor(connection, MERCHANT, merchant.OBSERVING)


async def writes(world: World) -> str:
    async with world.database.reading() as connection:
        (row,) = await merchant.everyone(connection)
    return str(row["writes"])


async def test_what_was_only_observed_leaves_when_somebody_says_so_and_not_for_a_restart(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        async with database.transaction() as connection:
            await merchant.release(connection, "test", [MERCHANT])

        async with a_daemon(world, observes=True):
            observing = await writes(world)
        async with a_daemon(world, observes=False):
            restarted = await writes(world)
            code, _, said = await world.homeward("merchant", "go-live", MERCHANT, "--reason", "reviewed", "--yes")
            released = await writes(world)
        async with a_daemon(world, observes=False):
            later = await writes(world)

        assert (code, said) == (0, said)
        assert (observing, restarted, released, later) == ("observed", "held", "live", "live")
