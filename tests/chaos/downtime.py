"""Storms on the processes: a daemon frozen past its lease (R12), a database that comes and goes (R3)."""

import random
import signal
import time
from pathlib import Path

import anyio
import asyncpg

from tests.chaos.judge import Judgement
from tests.chaos.rig import Rig
from tests.chaos.steps import Told, add, attempt, holder, ready, step


async def freeze(folder: Path, *, freezes: int, seed: int) -> tuple[Judgement, Told]:
    """The holder is stopped in the midst of work for longer than its lease; the other takes over; the first wakes."""
    rig = Rig(folder, settings={"bundled_writes": False, "keys_held": []})
    rng, waits, wrote = random.Random(seed), [], 0
    async with rig.running():
        await rig.post("/_sandbox/assumptions", {"knows_keys": False, "instance_id": None, "search_lag_seconds": 1.0})
        await rig.post("/_sandbox/seed", {"returns": freezes * 6, "seed": seed, "days": 21})
        for number in range(rig.daemons):
            rig.start(number)
        await ready(rig)
        for _ in range(freezes):
            with anyio.move_on_after(rng.uniform(0.5, 2.5)):
                await step(rig)
            held = await holder(rig)
            number = int(held["owner"][len("daemon")])
            rig.freeze(number)
            held = await holder(rig)
            until = time.monotonic() + held["left"]
            while (await holder(rig))["owner"] == held["owner"]:
                await attempt(rig.let_time_pass, rig)
                await anyio.sleep(0.05)
            waits.append(time.monotonic() - until)
            with anyio.move_on_after(1.5):
                await step(rig)
            rig.thaw(number)
            wrote += rig.processes[number].poll() is not None
        settled = await rig.settle()
        judgement = await rig.judge()
        if not settled:
            judgement.must("F", False, "the season did not come to rest")
        judgement.must("F", max(waits) <= 10, f"a takeover took {max(waits):.1f} s after the lease's end")
        return judgement, {"freezes": freezes, "takeover_max": round(max(waits), 2),
                           "takeover_median": round(sorted(waits)[len(waits) // 2], 2), "died": wrote}  # fmt: skip


async def outage(folder: Path, *, minutes: float, returns: int, seed: int) -> tuple[Judgement, Told]:
    """PostgreSQL is stopped hard every 5 to 20 s for 0 to 5 s while a backlog is worked; the same process goes on."""
    rig = Rig(folder, daemons=1, settings={"requests_per_minute": 100_000})
    rng, stops, back = random.Random(seed), 0, []
    async with rig.running():
        await rig.post("/_sandbox/assumptions", {"requests_per_minute": 10**9, "bucket_rate": 1e9, "bucket_size": 1e9})
        await rig.post("/_sandbox/seed", {"returns": returns, "seed": seed, "days": 21})
        rig.start(0)
        await ready(rig)
        process, ends = rig.processes[0], time.monotonic() + minutes * 60
        while time.monotonic() < ends:
            with anyio.move_on_after(rng.uniform(5, 20)):
                await step(rig)
            rig.end_postgres(signal.SIGKILL if stops % 6 == 5 else signal.SIGQUIT)
            stops += 1
            await anyio.sleep(rng.uniform(0, 5))
            await rig.begin_postgres()
            back.append(await _seconds_until_work(rig))
        judgement = Judgement()
        judgement.must("F", process.poll() is None, "the daemon did not live through it")
        settled = await rig.settle()
        add(judgement, await rig.judge(), "outage")
        if not settled:
            judgement.must("F", False, "the season did not come to rest")
        seen = await rig.look()
        return judgement, {"stops": stops, "returns": seen["returns"], "working_again_median": _middle(back),
                           "working_again_max": round(max(back), 2)}  # fmt: skip


async def _seconds_until_work(rig: Rig) -> float:
    """From PostgreSQL's first answer until the daemon has written something, or renewed its lease."""
    began = time.monotonic()
    connection = await asyncpg.connect(rig.dsn)
    try:
        before = await connection.fetchval("SELECT txid_snapshot_xmax(txid_current_snapshot())")
        with anyio.move_on_after(20):
            while await connection.fetchval("SELECT txid_snapshot_xmax(txid_current_snapshot())") == before:  # noqa: ASYNC110
                await anyio.sleep(0.02)
    finally:
        await connection.close()
    return time.monotonic() - began


def _middle(values: list[float]) -> float:
    return round(sorted(values)[len(values) // 2], 2)
