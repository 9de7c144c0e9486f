"""A storm on what goes out: writes whose answer does not say what happened. R2."""

from datetime import timedelta
from pathlib import Path

import asyncpg

from tests.chaos.judge import Judgement
from tests.chaos.rig import RATE, Rig
from tests.chaos.steps import Told, add, play, say

WRITES = "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$"
AMBIGUOUS = ("lose-answer", "refuse-connection", "error-after", "error-before", "truncate", "garbage", "late")
AT_ONCE = 800  # returns of one season
SETTLED_IN = timedelta(seconds=60)


async def unknown(folder: Path, *, outcomes: int, seed: int) -> tuple[Judgement, Told]:
    """Seasons with every form of lost answer, until so many outcomes were unknown; all three ways of sending."""
    judgement = Judgement()
    told: Told = {"unknown": 0, "late": 0, "parked": 0, "seasons": 0, "returns": 0}
    ways = ({"bundled_writes": True}, {"bundled_writes": True, "broken": True}, {"bundled_writes": False})
    while told["unknown"] < outcomes:
        number = told["seasons"]
        way = dict(ways[number % len(ways)])
        broken = way.pop("broken", False)
        settings = {**way, "requests_per_minute": 100_000}
        rig = Rig(folder / str(number), daemons=1, settings=settings, rate=10.0, is_patient=True)
        async with rig.running():
            keys = (number // 3) % 2 == 0
            await rig.post("/_sandbox/assumptions", {
                "requests_per_minute": 10**9, "bucket_rate": 1e9, "bucket_size": 1e9, "knows_keys": keys,
                "instance_id": 11 if keys else None, "search_lag_seconds": 2.0,
            })  # fmt: skip
            rules = [{"match": WRITES, "kind": kind, "share": 0.07, "delay_seconds": 0.05} for kind in AMBIGUOUS]
            rules += [{"match": "^MEMBER ", "kind": kind, "share": 0.1} for kind in ("error-after", "garbage")]
            if broken:
                rules.insert(0, {"match": "/multi-message$", "kind": "error-before", "share": 0.7})
            await rig.post("/_sandbox/scenario", {"name": "bar_single", "times": AT_ONCE})
            rig.start(0)
            for _ in range(2):  # what they bring, and then what arrives
                await play(rig, {"seed": seed + number, "rules": rules}, seconds=25)
                await play(rig, {}, seconds=8)
            rig.is_patient, rig.rate = False, RATE
            settled = await rig.settle()
            found = await rig.judge()
            if not settled:
                found.must("F", False, "the season did not come to rest")
            add(judgement, found, f"season {number}")
            told["unknown"] += (await rig.get("/_sandbox/status"))["ambiguous_writes"]
            for name, count in (await _not_in_time(rig)).items():
                told[name] += count
        told["seasons"] += 1
        told["returns"] += AT_ONCE
        say(f"{told}, violations so far: {judgement.letters or 'none'}")
    told["settled_share"] = round(1 - (told["late"] + told["parked"]) / told["unknown"], 5)
    return judgement, told


async def _not_in_time(rig: Rig) -> dict[str, int]:
    """Effects with an unknown outcome that took a person, or more than a minute after the last fault that hit them."""
    connection = await asyncpg.connect(rig.dsn)
    try:
        row = await connection.fetchrow(
            """
            WITH spans AS (
                SELECT a.effect_id, bool_or(a.outcome = 'parked') AS parked,
                       max(a.at) FILTER (WHERE a.outcome = 'unknown' AND a.detail->>'looks' = '0') AS last_fault,
                       max(a.at) FILTER (WHERE a.outcome = 'done') AS ended
                  FROM attempt AS a
                 GROUP BY a.effect_id
            )
            SELECT count(*) FILTER (WHERE parked) AS parked,
                   count(*) FILTER (WHERE NOT parked AND ended - last_fault > $1) AS late
              FROM spans
             WHERE last_fault IS NOT NULL
            """,
            SETTLED_IN,
        )
        assert row is not None
        return {"parked": int(row["parked"]), "late": int(row["late"])}
    finally:
        await connection.close()
