"""Seconds from a webhook's arrival to the verified credit, with one, ten and a hundred merchants on one daemon."""

import statistics
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import asyncpg
from aiohttp import web

from daemon.sandbox.app import Sandbox, write_configuration
from daemon.sandbox.journeys import one
from tests.chaos.rig import Rig, free_port

SPREAD_SECONDS = 20  # over which the drop-offs come
RETURNS = {1: 60, 10: 12, 100: 3}  # a merchant


async def measure(folder: Path, merchants: int) -> dict[str, Any]:
    """Percentiles over all merchants; the vendors' limits as published, search index and all."""
    rig = Rig(folder, daemons=1)
    async with rig.running():
        async with anyio.create_task_group() as group:
            await worlds(rig, merchants, group, returns=RETURNS[merchants])
            rig.start(0)
            await all_credited(rig, merchants * RETURNS[merchants])
            group.cancel_scope.cancel()
        seconds = await latencies(rig)
    cuts = statistics.quantiles(seconds, n=100)
    return {"returns": len(seconds), "p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "p99": round(cuts[98], 2)}


async def worlds(
    rig: Rig, merchants: int, group: Any, *, returns: int, spread_seconds: float = SPREAD_SECONDS,
    tick: Callable[[Sandbox], Awaitable[None]] = Sandbox.tick,
) -> list[Sandbox]:  # fmt: skip
    """One sandbox a merchant, all in this process, each with so many drop-offs; the daemon is configured for them all."""
    port = free_port()
    sections: list[str] = []
    opened: list[Sandbox] = []
    for number in range(merchants):
        sandbox = Sandbox.open()
        name = f"m{number}"
        runner = web.AppRunner(sandbox.app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        sandbox.assumptions.bucket_rate = sandbox.assumptions.bucket_size = 1e6
        sandbox.happy_returns.webhook_url = f"http://127.0.0.1:{port}/webhooks/happy-returns/{name}"
        place = rig.folder / "world" / name
        text = write_configuration(place, sandbox_url=url, listen=f"127.0.0.1:{port}", clock_file=None).read_text()
        section = text[text.index("[merchants.acme.happy_returns]") :].replace("merchants.acme", f"merchants.{name}")
        section = section.replace('"acme.', f'"{name}/acme.').replace(
            "discovery_every", "discovery = false\ndiscovery_every"
        )
        sections.append(section)
        _plan(sandbox, returns, spread_seconds)
        group.start_soon(tick, sandbox)
        opened.append(sandbox)
    rig.config(0).write_text(
        "\n".join([f'[web]\nlisten = "127.0.0.1:{port}"', f'[database]\ndsn = "{rig.dsn}"', *sections])
    )
    return opened


def _plan(sandbox: Sandbox, returns: int, spread_seconds: float) -> None:
    """Returns that are started and dropped off at once, spread over so many seconds."""
    season = sandbox.season
    season.open(1)
    for number in range(returns):
        begun = season.clock.now() + timedelta(seconds=1 + spread_seconds * number / returns)
        new = season.announce("bench", begun, season.items(one(season, begun), [(0, 1)]), "restocked")
        season.travel(new, new.items, begun + timedelta(seconds=5))


async def all_credited(rig: Rig, count: int, *, within_seconds: float = 300) -> None:
    connection = await asyncpg.connect(rig.dsn)
    try:
        with anyio.fail_after(within_seconds):
            while await connection.fetchval("SELECT count(*) FROM returns WHERE credit_id IS NOT NULL") < count:  # noqa: ASYNC110 - another process
                await anyio.sleep(0.2)
    finally:
        await connection.close()


async def latencies(rig: Rig) -> list[float]:
    """Seconds from each drop-off's webhook to its verified credit."""
    connection = await asyncpg.connect(rig.dsn)
    try:
        rows = await connection.fetch(
            """
            SELECT extract(epoch FROM j.recorded_at - min(i.recorded_at)) AS seconds
              FROM journal AS j
              JOIN returns AS r ON r.merchant = j.merchant AND r.id = j.return_id
              JOIN inbox AS i ON i.merchant = r.merchant AND i.happy_return_id = r.happy_return_id
                             AND i.event = 'dropped-off' AND i.source = 'webhook'
             WHERE j.event = 'credit-verified'
             GROUP BY j.merchant, j.return_id, j.recorded_at
            """
        )
        return [float(row["seconds"]) for row in rows]
    finally:
        await connection.close()
