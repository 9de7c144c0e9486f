"""Storms on what comes in: events repeated, shuffled and late (R13), and bodies that are poison (R7)."""

import hashlib
import hmac
import json
import random
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from daemon.sandbox.happy_returns import WEBHOOK_SECRET
from tests.chaos.judge import Judgement
from tests.chaos.rig import MERCHANT, Rig
from tests.chaos.steps import Told, add, jump, ready, step


async def disorder(folder: Path, *, events: int, seed: int) -> tuple[Judgement, Told]:
    """Every webhook of a season up to ten times, shuffled, some days late; the end is that of the ordered run."""
    ends = []
    judgement, sent = Judgement(), 0
    for wild in (False, True):
        rig = Rig(folder / ("wild" if wild else "calm"), daemons=1, settings={"requests_per_minute": 100_000})
        async with rig.running():
            await rig.post("/_sandbox/assumptions", {
                "requests_per_minute": 10**9, "bucket_rate": 1e9, "bucket_size": 1e9, "keep_webhooks": True,
            })  # fmt: skip
            await rig.post("/_sandbox/seed", {"returns": max(events // 60, 20), "seed": seed, "days": 7})
            rig.start(0)
            await ready(rig)
            if wild:
                sent = await _repeat(rig, events, seed)
            settled = await rig.settle()
            found = await rig.judge()
            if not settled:
                found.must("F", False, "the season did not come to rest")
            add(judgement, found, "wild" if wild else "calm")
            ends.append(await _ends(rig))
    same = sum(ends[1].get(key) == end for key, end in ends[0].items())
    judgement.must("A", ends[0] == ends[1], f"{len(ends[0]) - same} families ended otherwise than in the ordered run")
    return judgement, {"events": sent, "families": len(ends[0]), "same_end": same}


async def _repeat(rig: Rig, events: int, seed: int) -> int:
    """Let the season run for a while, and send what was ever sent again and again, in any order, up to the last day."""
    rng, sent = random.Random(seed), 0
    while sent < events:
        with anyio.move_on_after(3):
            await step(rig)
        bodies = await rig.get("/_sandbox/webhooks")
        if not bodies:
            await jump(rig)
            continue
        some = [rng.choice(bodies).encode() for _ in range(min(2000, events - sent))]
        await _send(rig, some)
        sent += len(some)
        await jump(rig)
    return sent


async def _ends(rig: Rig) -> dict[str, Any]:
    """How each family ended, but for what is chance: which of two returns of one order was first."""
    connection = await asyncpg.connect(rig.dsn)
    try:
        rows = await connection.fetch(
            "SELECT happy_return_id, order_key, array_agg(state ORDER BY state) AS states, sum(credit_net) AS net,"
            " sum(credit_tax) AS tax FROM returns GROUP BY happy_return_id, order_key"
        )
        return {f"{r['happy_return_id']}/{r['order_key']}": (r["states"], r["net"] is not None) for r in rows}
    finally:
        await connection.close()


async def poison(folder: Path, *, events: int, seed: int) -> tuple[Judgement, Told]:
    """Fuzzed bodies, signed as if they were good, beside healthy returns; nothing stops, everything is accounted for."""
    rng = random.Random(seed)
    rig = Rig(folder, daemons=1, settings={"requests_per_minute": 100_000})
    async with rig.running():
        lifted = {"requests_per_minute": 10**9, "bucket_rate": 1e9, "bucket_size": 1e9, "keep_webhooks": True}
        await rig.post("/_sandbox/assumptions", lifted)
        await rig.post("/_sandbox/scenario", {"name": "bar_single", "times": 100})
        rig.start(0)
        await ready(rig)
        await jump(rig)
        with anyio.move_on_after(5):
            await step(rig)
        good = [body.encode() for body in await rig.get("/_sandbox/webhooks")]
        statuses: dict[int, int] = {}
        for start in range(0, events, 1000):
            bodies = [fuzzed(rng, rng.choice(good)) for _ in range(min(1000, events - start))]
            for status, count in (await _send(rig, bodies)).items():
                statuses[status] = statuses.get(status, 0) + count
        crashed = bool(rig.revive())
        settled = await rig.settle()
        judgement = await rig.judge()
        if not settled:
            judgement.must("F", False, "the season did not come to rest")
        judgement.must("A", not crashed, "the daemon died of a body")
        connection = await asyncpg.connect(rig.dsn)
        kept = await connection.fetchval("SELECT coalesce(sum(1 + repeats), 0) FROM delivery WHERE source = 'webhook'")
        await connection.close()
        refused = statuses.get(413, 0)
        answered = sum(statuses.values())
        judgement.must("A", set(statuses) <= {200, 413}, f"answers {statuses}")
        judgement.must("A", kept >= answered - refused, f"{answered - refused} bodies were taken, {kept} are kept")
        return judgement, {
            "events": answered,
            "kept": int(kept),
            "too_large": refused,
            "restocked": await _restocked(rig),
        }


async def _restocked(rig: Rig) -> int:
    connection = await asyncpg.connect(rig.dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM returns WHERE state = 'restocked'"))
    finally:
        await connection.close()


JUNK: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, "", "\x00", "\ud800", "9" * 400, "<script>alert(1)</script>", "'; DROP TABLE returns; --",
    [], {}, [[]], {"a": {"b": []}}, "NaN", "2026-13-45", "١٢", "\u202e", "a" * 5000,
)  # fmt: skip
RAW = (
    b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":1e400}', b'{"a":NaN}', b"[" * 10_000, b'{"items":' * 500,
    b'"\\ud800"', b"\x00" * 100, b'{"event": "return_status_updated"}', b"<xml/>", b'{"items": [' + b'{},' * 3000 + b"{}]}",
)  # fmt: skip


def fuzzed(rng: random.Random, good: bytes) -> bytes:
    """A good body with one to three things wrong in it, or no JSON at all."""
    if rng.random() < 0.25:
        return rng.choice(RAW) + str(rng.random()).encode() * rng.randint(0, 1)
    if rng.random() < 0.1:
        cut = bytearray(good)
        for _ in range(rng.randint(1, 8)):
            cut[rng.randrange(len(cut))] = rng.randrange(256)
        return bytes(cut)
    told = json.loads(good)
    for _ in range(rng.randint(1, 3)):
        where = told if rng.random() < 0.3 or not told.get("items") else rng.choice(told["items"])
        if not isinstance(where, dict) or not where:
            continue
        key = rng.choice(list(where))
        if key in ("happyReturnsReturnID", "orderNumber") and rng.random() < 0.7:
            continue  # mostly of returns that are known: so that it reaches further in
        where[key] = rng.choice(JUNK)
        if not isinstance(told.get("items"), list):
            break
    return json.dumps(told).encode("utf-8", "surrogatepass")


async def _send(rig: Rig, bodies: list[bytes]) -> dict[int, int]:
    """Post signed bodies, fifty at a time; answer how many got which status."""
    statuses: dict[int, int] = {}
    url = f"http://{rig.address(0)}/webhooks/happy-returns/{MERCHANT}"
    limit = anyio.CapacityLimiter(50)

    async def post(body: bytes) -> None:
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        async with limit, rig.http.post(url, data=body, headers={"X-Hr-Signature": signature}) as reply:
            statuses[reply.status] = statuses.get(reply.status, 0) + 1

    async with anyio.create_task_group() as group:
        for body in bodies:
            group.start_soon(post, body)
    return statuses
