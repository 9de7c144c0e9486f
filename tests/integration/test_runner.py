"""The runner: what one merchant lacks stops no other."""

import anyio

from daemon.app import build_workplace, new_http_session
from daemon.clock import SystemClock
from daemon.loops.runner import Runner
from daemon.loops.workplace import Lease, Workplace
from daemon.settings import Settings
from daemon.store import merchant
from daemon.store.database import Database
from daemon.telemetry import Telemetry

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

        assert "absent" in runner.unready()
        runner.stop()
