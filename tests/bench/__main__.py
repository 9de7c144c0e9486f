"""`make bench`: what one daemon does, measured on real parts. A table on stdout, bench-results.json beside it.

Full lifecycles (webhook → credit → refund → close → goods-in) on one merchant with both vendors' limits lifted, so that
the machine is the limit and not the quota; beside it pgbench's own limit on the same server as a yardstick.
"""

import argparse
import json
import os
import resource
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from daemon.clients.throttle import Quota
from daemon.store import embedded
from daemon.store.database import Database
from tests.bench.decisions import decisions_per_second
from tests.world import World, open_world


async def lifecycles(server: embedded.Server, *, returns: int, bundled: bool) -> dict[str, Any]:
    """Work `returns` plain returns from start to restock; answer rates and costs per return."""
    admin = await asyncpg.connect(server.dsn)
    name = f"bench_{int(bundled)}"
    await admin.execute(f"CREATE DATABASE {name}")
    database = await Database.connect(server.dsn.replace("/postgres?", f"/{name}?"))
    await database.migrate()
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(database, Path(folder)) as world:
            _lift_limits(world, bundled=bundled)
            for _ in range(returns):
                world.begin("bar_single")
            before = await _counters(admin, name)
            calls_before = world.workplace.brightpearl.transport.calls
            began, cpu = time.perf_counter(), time.process_time()
            for _ in range(4):  # drop-offs lie within 5 days, arrivals within 17
                await world.pass_time(timedelta(days=5), step=timedelta(days=5))
            took, used = time.perf_counter() - began, time.process_time() - cpu
            done = sum(row["state"] == "restocked" for row in await world.all_returns())
            after = await _counters(admin, name)
            calls = world.workplace.brightpearl.transport.calls - calls_before
            hr_calls = sum(world.sandbox.happy_returns.calls.values())
    await database.close()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
    assert done == returns, f"{done} of {returns} returns were restocked"
    return {
        "returns": returns,
        "returns_per_second": round(returns / took, 1),
        "brightpearl_calls_per_return": round(calls / returns, 2),
        "happy_returns_calls_per_return": round(hr_calls / returns, 2),
        "commits_per_return": round((after["commits"] - before["commits"]) / returns, 2),
        "wal_bytes_per_return": round((after["wal"] - before["wal"]) / returns),
        "cpu_seconds_per_return": round(used / returns, 4),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _lift_limits(world: World, *, bundled: bool) -> None:
    assumptions = world.sandbox.assumptions
    assumptions.requests_per_minute, assumptions.bucket_rate, assumptions.bucket_size = 10**9, 1e9, 1e9
    client = world.workplace.brightpearl
    client._settings = client._settings.model_copy(update={"bundled_writes": bundled})
    client.transport.quota = Quota(world.workplace.clock, share=10**9)
    told = world.workplace.settings
    hr = told.happy_returns.model_copy(update={"discovery": False})
    world.workplace.settings = told.model_copy(update={"happy_returns": hr})


async def _counters(admin: asyncpg.Connection, name: str) -> dict[str, int]:
    await admin.execute("SELECT pg_stat_clear_snapshot()")
    commits = await admin.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", name)
    wal = await admin.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
    return {"commits": int(commits or 0), "wal": int(wal)}


def pgbench(server: embedded.Server, seconds: int) -> float | None:
    """Transactions per second of pgbench's simple-update with four clients; None where pgbench is missing."""
    tool = embedded.find_binaries() / "pgbench"
    command = str(tool) if tool.exists() else "pgbench"
    base = [command, "-h", str(server.sockets), "-p", "5432", "-U", embedded.ROLE]
    try:
        subprocess.run([*base, "-i", "-q", "postgres"], check=True, capture_output=True)
        done = subprocess.run(
            [*base, "-N", "-c", "4", "-T", str(seconds), "postgres"], check=True, capture_output=True, text=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    line = next(each for each in done.stdout.splitlines() if each.startswith("tps"))
    return float(line.split()[2])


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--returns", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="homeward-bench-") as name:
        os.chmod(name, 0o755)  # noqa: S103 - as root the server runs as another account, which must pass through
        server = embedded.ensure(Path(name))
        try:
            single = anyio.run(_run, server, options.returns, False)
            bundled = anyio.run(_run, server, options.returns, True)
            limit = pgbench(server, 5)
        finally:
            embedded.stop(server)
    decisions = decisions_per_second()
    results = {
        "decisions_per_second": decisions,
        "returns_per_second": single["returns_per_second"],
        "single_writes": single,
        "bundled_writes": bundled,
        "pgbench_tps": limit,
        "commits_against_pgbench": (
            round(single["returns_per_second"] * single["commits_per_return"] / limit, 3) if limit else None
        ),
    }
    Path("bench-results.json").write_text(json.dumps(results, indent=2) + "\n")
    print("| per return, vendors' limits lifted | single writes | bundled writes |\n| --- | ---: | ---: |")
    for key in single:
        print(f"| {key.replace('_', ' ')} | {single[key]} | {bundled[key]} |")
    print("\n| pure decisions on one core | per second |\n| --- | ---: |")
    for name, rate in decisions.items():
        print(f"| {name} | {rate:,} |")
    print(f"\npgbench -N on the same server: {limit or 'not available'} transactions/s; "
          f"Homeward's commits are {results['commits_against_pgbench']} of that.")  # fmt: skip


async def _run(server: embedded.Server, returns: int, bundled: bool) -> dict[str, Any]:
    return await lifecycles(server, returns=returns, bundled=bundled)


if __name__ == "__main__":
    main()
