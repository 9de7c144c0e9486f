"""What stored returns cost a daemon that has nothing to do: one idle minute, and a cold start."""

import time
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from tests.bench.lifecycles import cpu_seconds
from tests.chaos.rig import Rig

IDLE_SECONDS = 20
FIRST_NEW = 1_000_000_000  # new returns are numbered out of the way of those that are filled in later
FILL = """
SET session_replication_role = replica;
INSERT INTO returns (merchant, id, happy_return_id, order_number, order_key, part, state, version, entered_at, credit_ref,
                     credit_id, credit_net, credit_tax, credit_currency, refund_due, close_due, created_at, updated_at)
SELECT 'acme', n, 'old' || n, 'o' || n, 'o' || n, 1, 'restocked', 3, '2026-01-01', 'HW-' || n, n, 10, 2, 'GBP', true, true,
       '2026-01-01', '2026-01-01'
  FROM generate_series({first}, {last}) AS n;
INSERT INTO journal (merchant, return_id, version, event, from_state, to_state, actor, facts, at, seq, link)
SELECT 'acme', n, v, 'started', 'new', CASE v WHEN 3 THEN 'restocked' ELSE 'initiated' END, 'bench', '{{}}', '2026-01-01',
       -(3 * n + v), sha256(v::text::bytea)
  FROM generate_series({first}, {last}) AS n, generate_series(1, 3) AS v;
INSERT INTO unit (merchant, happy_return_id, order_key, unit_key, return_id, happy_item_id, goods_in_id, facts)
SELECT 'acme', 'old' || n, 'o' || n, 'u', n, 'i' || n, 1, '{{}}' FROM generate_series({first}, {last}) AS n;
INSERT INTO outbox (merchant, return_id, kind, key, payload, state, due_at, attempts, result, created_at, settled_at)
SELECT 'acme', n, k, 'HW-' || n, '{{}}', 'done', '2026-01-01', 1, jsonb_build_object('credit_id', n), '2026-01-01',
       '2026-01-01'
  FROM generate_series({first}, {last}) AS n, unnest(ARRAY['create-sales-credit', 'record-refund']) AS k;
INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, payload, source, actor,
                   received_at, state, settled_at)
SELECT 'acme', 'old' || n || ':' || v, 'started', 'old' || n, 'o' || n, 'o' || n, '{{}}', 'poll', 'bench', '2026-01-01',
       'applied', '2026-01-01'
  FROM generate_series({first}, {last}) AS n, generate_series(1, 3) AS v;
INSERT INTO watch (merchant, key, tier, happy_return_id, opened_at, polled_at)
SELECT 'acme', 'return:old' || n, 'return', 'old' || n, '2026-01-01', '2026-01-01'
  FROM generate_series({first}, {last}) AS n;
"""
EVENT = """
INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, payload, source, actor,
                   received_at)
VALUES ('acme', $1, 'started', $1, $1, $1, '{"units": [{"key": "u"}], "express_code": "", "rma_id": "",
        "confirmed": true}', 'poll', 'bench', now())
"""


async def curve(folder: Path, sizes: list[int]) -> dict[str, dict[str, Any]]:
    """Stored returns → cost of an idle minute and seconds from the start of the process to its first move."""
    told: dict[str, dict[str, Any]] = {}
    rig = Rig(folder, daemons=1)
    async with rig.running():
        await rig.post("/_sandbox/clock", {"rate": 1.0})
        stored = 0
        for size in sizes:
            await _fill(rig, stored + 1, size)
            stored = size
            began = time.perf_counter()
            await _announce(rig, f"new{size}")
            rig.start(0)
            await _moved(rig, f"new{size}")
            cold = time.perf_counter() - began
            await anyio.sleep(8)
            told[str(size)] = {"cold_start_seconds": round(cold, 2), **await _idle(rig)}
            rig.kill(0)
    return told


async def _fill(rig: Rig, first: int, last: int) -> None:
    connection = await asyncpg.connect(rig.dsn)
    try:
        step = 100_000
        for start in range(first, last + 1, step):
            end = min(start + step - 1, last)
            for statement in FILL.format(first=start, last=end).split(";\n"):
                if statement.strip():
                    await connection.execute(statement)
        await connection.execute("SELECT setval('return_id', greatest($1::bigint, nextval('return_id')))", FIRST_NEW)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _announce(rig: Rig, name: str) -> None:
    connection = await asyncpg.connect(rig.dsn)
    await connection.execute(EVENT, name)
    await connection.close()


async def _moved(rig: Rig, name: str) -> None:
    connection = await asyncpg.connect(rig.dsn)
    try:
        with anyio.fail_after(120):
            while await connection.fetchval("SELECT count(*) FROM returns WHERE happy_return_id = $1", name) == 0:  # noqa: ASYNC110 - another process
                await anyio.sleep(0.01)
    finally:
        await connection.close()


async def _idle(rig: Rig) -> dict[str, Any]:
    """An idle minute's cost: the daemon's processor time, and pages PostgreSQL touched for it."""
    pid = rig.processes[0].pid
    cpu, pages = cpu_seconds(pid), await _pages(rig)
    await anyio.sleep(IDLE_SECONDS)
    scale = 60 / IDLE_SECONDS
    return {
        "idle_cpu_seconds_a_minute": round((cpu_seconds(pid) - cpu) * scale, 2),
        "idle_pages_a_minute": round((await _pages(rig) - pages) * scale),
    }


async def _pages(rig: Rig) -> int:
    admin = await asyncpg.connect(rig.server.dsn)
    try:
        await admin.execute("SELECT pg_stat_clear_snapshot()")
        told = await admin.fetchval("SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = 'homeward'")
        return int(told or 0)
    finally:
        await admin.close()
