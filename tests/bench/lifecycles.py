"""Full lifecycles by one real daemon process: webhook, confirmation, credit, refund, close, goods-in.

A backlog of equal returns meets the daemon at once: all drop-offs, later all arrivals. The vendors' limits are lifted, so
that the machine is the limit; or they are as published, and it is measured how much of our share is used.
"""

import os
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from tests.chaos.rig import Rig

LIFTED = {"requests_per_minute": 10**9, "bucket_rate": 1e9, "bucket_size": 1e9, "close_seconds": 0.0,
          "close_sticks_share": 0.0, "search_lag_seconds": 0.0}  # fmt: skip
TICKS = os.sysconf("SC_CLK_TCK")


def quota_rig(folder: Path, *, requests_per_minute: int) -> Rig:
    """Without maps: plain returns take the four writes and no marks."""
    return Rig(folder, daemons=1, settings={"requests_per_minute": requests_per_minute}, has_maps=False)


async def backlog(
    rig: Rig, returns: int, *, assumptions: dict[str, Any], rate: float, share: int = 1
) -> dict[str, Any]:
    """Work a backlog from its drop-offs to its restocks; answer what it took, counted from outside."""
    await _keep_statistics(rig)
    await rig.post("/_sandbox/clock", {"rate": 0.0})
    await rig.post("/_sandbox/assumptions", assumptions)
    config = rig.config(0)
    section = "[merchants.acme.happy_returns]"
    config.write_text(config.read_text().replace(section, f"{section}\ndiscovery = false"))
    await rig.post("/_sandbox/scenario", {"name": "bar_single", "times": returns})
    rig.start(0)
    pid = rig.processes[0].pid
    await _until(rig, "SELECT count(*) FROM merchant WHERE lease_owner IS NOT NULL", 1)
    before = await _counters(rig)
    used, calls = cpu_of(rig), (await rig.get("/_sandbox/status"))["calls"]
    began, seconds = time.perf_counter(), 0.0
    samples: list[tuple[float, int]] = []
    for days, goal in ((6, "credited"), (14, "restocked")):
        await rig.post("/_sandbox/clock", {"by_seconds": days * 86400, "rate": rate})
        if goal == "restocked":
            await _bring(rig, returns)
            began = time.perf_counter()
        await _until(rig, _DONE[goal], returns, samples if goal == "credited" else None)
        seconds += time.perf_counter() - began
    after = await _counters(rig)
    status = await rig.get("/_sandbox/status")
    made = {name: count - calls["brightpearl"].get(name, 0) for name, count in status["calls"]["brightpearl"].items()}
    asked = sum(status["calls"]["happy_returns"].values()) - sum(calls["happy_returns"].values())
    return {
        "returns": returns,
        "seconds": round(seconds, 2),
        "returns_per_second": round(returns / seconds, 1),
        "brightpearl_calls_per_return": round(sum(made.values()) / returns, 3),
        "brightpearl_calls": dict(sorted(made.items(), key=lambda each: -each[1])),
        "happy_returns_calls_per_return": round(asked / returns, 2),
        "commits_per_return": round((after["writes"] - before["writes"]) / returns, 3),
        "transactions_per_return": round((after["commits"] - before["commits"]) / returns, 2),
        "wal_bytes_per_return": round((after["wal"] - before["wal"]) / returns),
        **{f"{name}_per_return": round((cpu - used[name]) / returns, 5) for name, cpu in cpu_of(rig).items()},
        "peak_rss_mib": _peak_rss_mib(pid),
        "throttled": status["throttled"],
        "units_used": status["units_used"],
        "quota_share_used": _share_used(samples, share),
    }


async def _keep_statistics(rig: Rig) -> None:
    """The run is over before autovacuum would look for the first time: a database in use has statistics."""
    admin = await asyncpg.connect(rig.server.dsn)
    await admin.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.close()


def _share_used(samples: list[tuple[float, int]], share: int) -> float | None:
    """How much of our share a minute was used while there was a backlog: between a tenth and nine tenths of all."""
    total = samples[-1][1] if samples else 0
    middle = [(at, units) for at, units in samples if 0.1 * total <= units <= 0.9 * total]
    if len(middle) < 2 or middle[-1][0] - middle[0][0] < 120:
        return None
    minutes = (middle[-1][0] - middle[0][0]) / 60
    return round((middle[-1][1] - middle[0][1]) / minutes / share, 3)


_DONE = {
    "credited": "SELECT count(*) FROM returns WHERE payment_id IS NOT NULL AND invoice_reference LIKE 'SC-%'",
    "restocked": "SELECT count(*) FROM returns WHERE state = 'restocked'",
}


async def _bring(rig: Rig, returns: int) -> None:
    """The warehouse's file with everything that arrived."""
    with anyio.fail_after(300):
        while len(await rig.get("/_sandbox/receipts")) < returns:  # noqa: ASYNC110 - another process writes them
            await anyio.sleep(0.1)
    await rig.bring_receipts()


async def _until(rig: Rig, statement: str, count: int, samples: list[tuple[float, int]] | None = None) -> None:
    """Until so many are there; meanwhile the use of the quota is noted, by the vendors' own clock."""
    connection = await asyncpg.connect(rig.dsn)
    try:
        with anyio.fail_after(1800):
            while await connection.fetchval(statement) < count:
                if samples is not None:
                    status = await rig.get("/_sandbox/status")
                    at = datetime.fromisoformat(status["now"]).timestamp()
                    samples.append((at, status["units_used"]))
                await anyio.sleep(0.05)
    finally:
        await connection.close()


async def _counters(rig: Rig) -> dict[str, int]:
    """Transactions, those among them that wrote (a commit record each), and WAL, of the whole server."""
    admin = await asyncpg.connect(rig.server.dsn)
    try:
        await admin.execute("SELECT pg_stat_clear_snapshot()")
        commits = await admin.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = 'homeward'")
        wal = await admin.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
        writes = await admin.fetchval("SELECT txid_current()")
    finally:
        await admin.close()
    return {"commits": int(commits or 0), "wal": int(wal), "writes": int(writes)}


def cpu_of(rig: Rig) -> dict[str, float]:
    """Who used the processor: the daemon, both vendors' sandbox, and PostgreSQL with its ended sessions."""
    postmaster = int((rig.server.data / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return {
        "cpu_seconds": cpu_seconds(rig.processes[0].pid),
        "sandbox_cpu_seconds": cpu_seconds(rig.sandbox_pid),
        "postgres_cpu_seconds": cpu_seconds(postmaster, ended_children=True)
        + sum(cpu_seconds(int(child)) for child in children),
    }


def cpu_seconds(pid: int, *, ended_children: bool = False) -> float:
    """Seconds of processor time a process has used, its threads included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended meanwhile: its parent has its time among its ended children's
    return float(sum(int(field) for field in fields[11 : 15 if ended_children else 13]) / TICKS)


def _peak_rss_mib(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) // 1024 if found else 0
