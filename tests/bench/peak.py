"""A load that is held: so many drop-offs a second for so long, against vendors without limits, and what it takes.

python -m tests.bench.peak --minutes 60 --a-second 3.5

A large shop has 10,000 returns a day, most of them within eight hours: 0.35 a second. The default is ten times that.
Printed: memory, descriptors and connections over the time, dead rows, the time from sending a webhook to the answer
that it is stored, and from the webhook to the verified credit.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import asyncpg

from daemon.sandbox.app import TICK_SECONDS, Sandbox
from tests.acceptance.processes import open_folder
from tests.bench.latency import all_credited, latencies, worlds
from tests.bench.lifecycles import LIFTED, cpu_seconds
from tests.chaos.rig import Rig

SAMPLE_SECONDS = 30
WARM = 10 / 60  # of the time is not counted as growth: caches fill, pools open


class Told:
    """Seconds each webhook took from its sending to its answer."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_start.append(self._start)
        self.trace.on_request_end.append(self._end)

    async def _start(self, session: Any, context: Any, params: Any) -> None:
        context.began = time.perf_counter()

    async def _end(self, session: Any, context: Any, params: Any) -> None:
        self.seconds.append(time.perf_counter() - context.began)

    async def tick(self, sandbox: Sandbox) -> None:
        """As `Sandbox.tick`, with the stopwatch on."""
        async with aiohttp.ClientSession(trace_configs=[self.trace]) as session:
            while True:
                now = sandbox.clock.now()
                sandbox.season.play(now)
                sandbox.happy_returns.flush(now)
                await sandbox.happy_returns.deliver(session, now)
                await anyio.sleep(TICK_SECONDS)


async def measure(folder: Path, *, minutes: float, a_second: float) -> dict[str, Any]:
    rig, told, returns = Rig(folder, daemons=1), Told(), round(minutes * 60 * a_second)
    samples: list[dict[str, float]] = []
    async with rig.running():
        async with anyio.create_task_group() as group:
            (sandbox,) = await worlds(rig, 1, group, returns=returns, spread_seconds=minutes * 60, tick=told.tick)
            for name, value in LIFTED.items():
                setattr(sandbox.assumptions, name, value)
            config = rig.config(0)
            config.write_text(config.read_text().replace("requests_per_minute = 140", "requests_per_minute = 1000000"))
            rig.start(0)
            began = time.monotonic()
            while time.monotonic() - began < minutes * 60:
                await anyio.sleep(SAMPLE_SECONDS)
                samples.append(await sample(rig, time.monotonic() - began))
                print(json.dumps(samples[-1]), file=sys.stderr, flush=True)
            await all_credited(rig, returns)
            group.cancel_scope.cancel()
        seconds = await latencies(rig)
        errors = (folder / "daemon0.log").read_text().count('"ERROR"')
    return {
        "returns": returns, "minutes": minutes, "a_second": a_second, "errors_logged": errors,
        "webhook_to_stored_seconds": _cuts(told.seconds), "webhook_to_credit_seconds": _cuts(seconds),
        "growth_percent_an_hour": growth(samples), **samples[-1],
    }  # fmt: skip


async def sample(rig: Rig, at: float) -> dict[str, float]:
    pid = rig.processes[0].pid
    status = await anyio.Path(f"/proc/{pid}/status").read_text()
    connection = await asyncpg.connect(rig.dsn)
    try:
        row = await connection.fetchrow(_DATABASE)
    finally:
        await connection.close()
    assert row is not None
    return {
        "at_seconds": round(at), "rss_mib": round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "cpu_seconds": round(cpu_seconds(pid), 1), **dict(row),
    }  # fmt: skip


def growth(samples: list[dict[str, float]]) -> float | None:
    """Of the resident memory, by a straight line through what was seen once everything was warm."""
    warm = [each for each in samples if each["at_seconds"] > WARM * samples[-1]["at_seconds"]]
    if len(warm) < 2:
        return None
    slope, start = statistics.linear_regression([s["at_seconds"] for s in warm], [s["rss_mib"] for s in warm])
    return round(slope * 3600 / (start + slope * warm[0]["at_seconds"]) * 100, 2)


def _cuts(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49], 4), "p99": round(cuts[98], 4), "most": round(max(seconds), 4), "count": len(seconds)}


_DATABASE = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = 'homeward' AND pid <> pg_backend_pid()) AS connections,
       (SELECT count(*) FROM returns WHERE credit_id IS NOT NULL) AS credited,
       (SELECT round(100 * sum(n_dead_tup) / greatest(sum(n_live_tup + n_dead_tup), 1), 1)::float FROM pg_stat_user_tables)
           AS dead_rows_percent
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="peak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--a-second", type=float, default=3.5)
    options = parser.parse_args()
    with open_folder() as folder:
        print(
            json.dumps(anyio.run(lambda: measure(folder, minutes=options.minutes, a_second=options.a_second)), indent=1)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
