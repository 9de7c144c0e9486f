"""A storm on what goes out: writes whose answer does not say what happened. R2."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from tests.chaos.judge import Judgement
from tests.chaos.rig import RATE, Rig, keys_held
from tests.chaos.steps import Told, add, say

WRITES = "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$"
AMBIGUOUS = ("lose-answer", "refuse-connection", "error-after", "error-before", "truncate", "garbage", "late")
RETURNS = 1500
"""Returns of one season: four writes each."""
LEAPS = ((6, "credited"), (14, "restocked"))
"""Days leapt, and where every return then ends. What a leap makes due is done at the vendors' own pace."""
SETTLED_IN = timedelta(seconds=60)
BURST_SECONDS = 90
PHASE_SECONDS = 300
OPEN = """
SELECT (SELECT count(*) FROM returns WHERE state IN ('initiated', 'scanned', 'credit-pending', 'credited') AND state <> $1)
     + count(*)
  FROM outbox AS o
 WHERE o.state IN ('ready', 'leased')
   AND 'waits' IS DISTINCT FROM (
       SELECT outcome FROM attempt WHERE merchant = o.merchant AND effect_id = o.id ORDER BY attempt DESC LIMIT 1)
"""
"""Returns that are not yet there, and effects not yet done, but for those that wait for a fact."""
WAYS: tuple[tuple[str, dict[str, bool], float], ...] = (
    ("bundled", {"bundled_writes": True}, 0.0),
    ("bundling fails", {"bundled_writes": True}, 0.7),
    ("single", {"bundled_writes": False}, 0.0),
)
"""Name, the merchant's settings, and the share of multi-messages that the vendor does not accept."""


async def unknown(folder: Path, *, outcomes: int, seed: int) -> tuple[Judgement, Told]:
    """Seasons with every form of lost answer, until so many outcomes were unknown; all three ways, with and without keys."""
    judgement = Judgement()
    told: Told = {"unknown": 0, "ambiguous": 0, "late": 0, "parked": 0, "seasons": 0, "returns": 0}
    while told["unknown"] < outcomes:
        number = told["seasons"]
        name, settings, refused = WAYS[number % len(WAYS)]
        has_keys = (number // len(WAYS)) % 2 == 0
        held = {"keys_held": keys_held({"knows_keys": has_keys}), "requests_per_minute": 100_000}
        rig = Rig(folder / str(number), daemons=1, settings={**settings, **held}, rate=1.0)
        async with rig.running():
            await _prepare(rig, has_keys=has_keys)
            rig.start(0)
            calm: list[datetime] = []
            for days, end in LEAPS:
                await rig.post("/_sandbox/clock", {"by_seconds": days * 86400, "rate": rig.rate})
                await rig.post("/_sandbox/faults", {"seed": seed + number, "rules": _rules(refused)})
                await _until_quiet(rig, end, BURST_SECONDS)
                await rig.post("/_sandbox/faults", {})
                calm.append(await rig.now())
                await _until_quiet(rig, end, PHASE_SECONDS)
            rig.rate = RATE
            settled = await rig.settle()
            found = await rig.judge()
            if not settled:
                found.must("F", False, "the season did not come to rest")
            add(judgement, found, f"season {number}")
            told["ambiguous"] += (await rig.get("/_sandbox/status"))["ambiguous_writes"]
            for what, count in (await _looked_at(rig, calm)).items():
                told[what] += count
        told["seasons"] += 1
        told["returns"] += RETURNS
        say(f"{name}: {told}, violations so far: {judgement.letters or 'none'}")
    told["settled_share"] = round(1 - (told["late"] + told["parked"]) / told["unknown"], 5)
    return judgement, told


async def _prepare(rig: Rig, *, has_keys: bool) -> None:
    await rig.post("/_sandbox/assumptions", {
        "requests_per_minute": 10**9, "bucket_rate": 1e9, "bucket_size": 1e9, "knows_keys": has_keys,
        "instance_id": 11 if has_keys else None, "search_lag_seconds": 2.0,
    })  # fmt: skip
    await rig.post("/_sandbox/scenario", {"name": "bar_single", "times": RETURNS})


def _rules(refused: float) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [
        {"match": WRITES, "kind": kind, "share": 0.09, "delay_seconds": 0.05} for kind in AMBIGUOUS
    ]
    rules += [{"match": "^MEMBER ", "kind": kind, "share": 0.2} for kind in ("error-after", "garbage")]
    if refused:
        rules.insert(0, {"match": "/multi-message$", "kind": "error-before", "share": refused})
    return rules


async def _until_quiet(rig: Rig, end: str, seconds: float) -> None:
    """Until every return is there, nothing is due and no question about a write is open, or for so long."""
    connection = await asyncpg.connect(rig.dsn)
    try:
        with anyio.move_on_after(seconds):
            is_quiet = 0
            while is_quiet < 5:
                await rig.bring_receipts()
                seen = await rig.look()
                busy = seen["waiting"] or seen["due"] or seen["reads"] or seen["rungs"]
                is_quiet = 0 if busy or await connection.fetchval(OPEN, end) else is_quiet + 1
                await anyio.sleep(0.5)
    finally:
        await connection.close()


async def _looked_at(rig: Rig, calm: list[datetime]) -> dict[str, int]:
    """Writes whose outcome nobody could tell; and effects that then took a person, or more than a minute of calm."""
    connection = await asyncpg.connect(rig.dsn)
    try:
        row = await connection.fetchrow(
            """
            WITH told AS (
                SELECT a.effect_id, a.at, a.outcome,
                       a.outcome = 'unknown' AND lag(a.outcome) OVER life IS DISTINCT FROM 'unknown'
                       OR a.detail->>'looks' = '0' AS is_question
                  FROM attempt AS a
                WINDOW life AS (PARTITION BY a.effect_id ORDER BY a.attempt)
            ), spans AS (
                SELECT effect_id, bool_or(outcome = 'parked') AS parked, max(at) FILTER (WHERE is_question) AS last_fault,
                       max(at) FILTER (WHERE outcome = 'done') AS ended, count(*) FILTER (WHERE is_question) AS unknown
                  FROM told
                 GROUP BY effect_id
            )
            SELECT coalesce(sum(unknown), 0) AS unknown,
                   count(*) FILTER (WHERE parked) AS parked,
                   count(*) FILTER (WHERE NOT parked AND ended > $1::interval + (
                       SELECT min(calm) FROM unnest($2::timestamptz[]) AS calm WHERE calm >= last_fault)) AS late
              FROM spans
             WHERE last_fault IS NOT NULL
            """,
            SETTLED_IN,
            calm,
        )
        assert row is not None
        return {name: int(row[name]) for name in ("unknown", "parked", "late")}
    finally:
        await connection.close()
