"""The trace of one return, in a backend operators use: Phoenix, in an environment of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from daemon.store import embedded
from daemon.store.database import Database, Role
from tests.acceptance.processes import free_address, open_folder
from tests.world import open_world

PHOENIX = "arize-phoenix==20.26.1"


@pytest.fixture(scope="session")
def phoenix() -> Path:
    """Its program, installed once into the user's cache."""
    kept = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "homeward-system" / "phoenix"
    program = kept / "bin/phoenix"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(kept)], check=True)
        done = subprocess.run(
            [str(kept / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", PHOENIX],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"{PHOENIX} cannot be installed here")
    return program


@asynccontextmanager
async def serving(program: Path, folder: Path) -> AsyncIterator[str]:
    """Phoenix, ready; answers its address."""
    address, grpc = free_address(), free_address()
    environment = {
        **os.environ, "PHOENIX_WORKING_DIR": str(folder), "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": address.split(":")[1], "PHOENIX_GRPC_PORT": grpc.split(":")[1],
        "PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        str(program), "serve", env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _asked(f"http://{address}/healthz")
        yield f"http://{address}"
    finally:
        process.terminate()
        await process.wait()


async def _asked(url: str, **query: str) -> Any:
    """The answer, once there is one."""
    with anyio.fail_after(180):
        while True:
            try:
                async with aiohttp.ClientSession() as http, http.get(url, params=query) as reply:
                    if reply.status == 200:
                        return await reply.json() if "json" in reply.content_type else await reply.text()
            except aiohttp.ClientError:
                pass
            await anyio.sleep(0.2)


async def test_a_backend_shows_the_life_of_one_return(phoenix: Path, tmp_path: Path) -> None:
    with open_folder() as folder:
        server = embedded.ensure(folder)
        try:
            database = await Database.connect(server.dsn)
            await database.create_role("homeward_pages")
            await database.migrate({"homeward_pages": Role.PAGES})
            async with serving(phoenix, tmp_path) as url:
                async with open_world(database, tmp_path, otlp_endpoint=url) as world:
                    code = world.begin("bar_single")["express_code"]
                    await world.pass_time(timedelta(days=20))
                    trace = (await world.show(code))["trace"].split("-")[1]
                    await anyio.to_thread.run_sync(world.workplace.telemetry.close)
                names: set[str] = set()
                with anyio.fail_after(60):
                    while "settle receive-stock" not in names:
                        told = await _asked(f"{url}/v1/projects/default/spans", limit="1000")
                        names = {span["name"] for span in told["data"] if span["context"]["trace_id"] == trace}
                        await anyio.sleep(0.2)
            await database.close()
        finally:
            embedded.stop(server)

    assert {
        "webhook happy-returns",
        "advance dropped-off",
        "dispatch create-sales-credit",
        "settle record-refund",
    } <= names
