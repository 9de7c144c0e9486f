"""Storms: one fault by the thousand. Each ends with the judge, and with the figure its goal is stated in.

python -m tests.chaos.storms unknown --outcomes 10000      R2: ambiguous writes, bundled, failing, and single
python -m tests.chaos.storms disorder --events 100000      R13: repeated, shuffled and late events
python -m tests.chaos.storms poison --events 100000        R7: fuzzed bodies
python -m tests.chaos.storms freeze --freezes 100          R12: frozen past the lease, takeover
python -m tests.chaos.storms outage --minutes 30           R3: PostgreSQL down every few seconds
"""

import argparse
import hashlib
import hmac
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from daemon.sandbox.happy_returns import WEBHOOK_SECRET
from tests.chaos.judge import Judgement
from tests.chaos.rig import LOST, MERCHANT, RATE, Rig

WRITES = "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$"
AMBIGUOUS = ("lose-answer", "refuse-connection", "error-after", "error-before", "truncate", "garbage", "late")
AT_ONCE = 800  # returns of one season
SETTLED_IN = timedelta(seconds=60)

Told = dict[str, Any]


# -- R2: ambiguous writes ---------------------------------------------------------------------------------------------


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
                await _play(rig, {"seed": seed + number, "rules": rules}, seconds=25)
                await _play(rig, {}, seconds=8)
            rig.is_patient = False
            settled = await rig.settle()
            found = await rig.judge()
            if not settled:
                found.must("F", False, "the season did not come to rest")
            _add(judgement, found, f"season {number}")
            told["unknown"] += (await rig.get("/_sandbox/status"))["ambiguous_writes"]
            for name, count in (await _not_in_time(rig)).items():
                told[name] += count
        told["seasons"] += 1
        told["returns"] += AT_ONCE
        _say(f"{told}")
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


# -- R13, R7: what comes in -------------------------------------------------------------------------------------------


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
            await _ready(rig)
            if wild:
                sent = await _repeat(rig, events, seed)
            settled = await rig.settle(give_up_seconds=900)
            found = await rig.judge()
            if not settled:
                found.must("F", False, "the season did not come to rest")
            _add(judgement, found, "wild" if wild else "calm")
            ends.append(await _ends(rig))
    same = sum(ends[1].get(key) == end for key, end in ends[0].items())
    judgement.must("A", ends[0] == ends[1], f"{len(ends[0]) - same} families ended otherwise than in the ordered run")
    return judgement, {"events": sent, "families": len(ends[0]), "same_end": same}


async def _repeat(rig: Rig, events: int, seed: int) -> int:
    """Let the season run for a while, and send what was ever sent again and again, in any order, up to the last day."""
    rng, sent = random.Random(seed), 0
    while sent < events:
        with anyio.move_on_after(3):
            await _step(rig)
        bodies = await rig.get("/_sandbox/webhooks")
        if not bodies:
            await _jump(rig)
            continue
        some = [rng.choice(bodies).encode() for _ in range(min(2000, events - sent))]
        await _send(rig, some)
        sent += len(some)
        await _jump(rig)
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
        await _ready(rig)
        await _jump(rig)
        with anyio.move_on_after(5):
            await _step(rig)
        good = [body.encode() for body in await rig.get("/_sandbox/webhooks")]
        statuses: dict[int, int] = {}
        for start in range(0, events, 1000):
            bodies = [fuzzed(rng, rng.choice(good)) for _ in range(min(1000, events - start))]
            for status, count in (await _send(rig, bodies)).items():
                statuses[status] = statuses.get(status, 0) + count
        crashed = bool(rig.revive())
        settled = await rig.settle(give_up_seconds=900)
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


# -- R12: frozen past the lease ----------------------------------------------------------------------------------------


async def freeze(folder: Path, *, freezes: int, seed: int) -> tuple[Judgement, Told]:
    """The holder is stopped in the midst of work for longer than its lease; the other takes over; the first wakes."""
    rig = Rig(folder, settings={"bundled_writes": False})
    rng, waits, wrote = random.Random(seed), [], 0
    async with rig.running():
        await rig.post("/_sandbox/assumptions", {"knows_keys": False, "instance_id": None, "search_lag_seconds": 1.0})
        await rig.post("/_sandbox/seed", {"returns": freezes * 6, "seed": seed, "days": 21})
        for number in range(rig.daemons):
            rig.start(number)
        await _ready(rig)
        for _ in range(freezes):
            with anyio.move_on_after(rng.uniform(0.5, 2.5)):
                await _step(rig)
            held = await _holder(rig)
            number = int(held["owner"][len("daemon")])
            rig.freeze(number)
            held = await _holder(rig)
            until = time.monotonic() + held["left"]
            while (await _holder(rig))["owner"] == held["owner"]:
                await _try(rig.let_time_pass, rig)
                await anyio.sleep(0.05)
            waits.append(time.monotonic() - until)
            with anyio.move_on_after(1.5):
                await _step(rig)
            rig.thaw(number)
            wrote += rig.processes[number].poll() is not None
        settled = await rig.settle(give_up_seconds=600)
        judgement = await rig.judge()
        if not settled:
            judgement.must("F", False, "the season did not come to rest")
        judgement.must("F", max(waits) <= 10, f"a takeover took {max(waits):.1f} s after the lease's end")
        return judgement, {"freezes": freezes, "takeover_max": round(max(waits), 2),
                           "takeover_median": round(sorted(waits)[len(waits) // 2], 2), "died": wrote}  # fmt: skip


async def _holder(rig: Rig) -> dict[str, Any]:
    connection = await asyncpg.connect(rig.dsn)
    try:
        row = await connection.fetchrow(
            "SELECT coalesce(lease_owner, '') AS owner, extract(epoch FROM lease_until - clock_timestamp()) AS left"
            " FROM merchant"
        )
        assert row is not None
        return {"owner": row["owner"], "left": float(row["left"] or 0)}
    finally:
        await connection.close()


# -- R3: no database ---------------------------------------------------------------------------------------------------


async def outage(folder: Path, *, minutes: float, returns: int, seed: int) -> tuple[Judgement, Told]:
    """PostgreSQL is stopped hard every 5 to 20 s for 0 to 5 s while a backlog is worked; the same process goes on."""
    rig = Rig(folder, daemons=1, settings={"requests_per_minute": 100_000})
    rng, stops, back = random.Random(seed), 0, []
    async with rig.running():
        await rig.post("/_sandbox/assumptions", {"requests_per_minute": 10**9, "bucket_rate": 1e9, "bucket_size": 1e9})
        await rig.post("/_sandbox/seed", {"returns": returns, "seed": seed, "days": 21})
        rig.start(0)
        await _ready(rig)
        process, ends = rig.processes[0], time.monotonic() + minutes * 60
        while time.monotonic() < ends:
            with anyio.move_on_after(rng.uniform(5, 20)):
                await _step(rig)
            rig.end_postgres(signal.SIGKILL if stops % 6 == 5 else signal.SIGQUIT)
            stops += 1
            await anyio.sleep(rng.uniform(0, 5))
            await rig.begin_postgres()
            back.append(await _seconds_until_work(rig))
        judgement = Judgement()
        judgement.must("F", process.poll() is None, "the daemon did not live through it")
        settled = await rig.settle(give_up_seconds=1200)
        _add(judgement, await rig.judge(), "outage")
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


# -- shared ------------------------------------------------------------------------------------------------------------


async def _play(rig: Rig, faults: dict[str, Any], *, seconds: float) -> None:
    await rig.post("/_sandbox/faults", faults)
    with anyio.move_on_after(seconds):
        await _step(rig)


async def _step(rig: Rig) -> None:
    """Let the season go on, for as long as it is let."""
    while True:
        await _try(rig.let_time_pass, rig)
        await _try(rig.bring_receipts)
        await _try(rig.remember)
        await anyio.sleep(0.1)


async def _try(what: Callable[..., Awaitable[Any]], rig: Rig | None = None) -> None:
    try:
        await (what(await rig.look()) if rig is not None else what())
    except LOST:
        return


async def _jump(rig: Rig) -> None:
    await rig.post("/_sandbox/clock", {"by_seconds": 86400, "rate": RATE})


async def _ready(rig: Rig) -> None:
    while not (await _holder(rig))["owner"]:  # noqa: ASYNC110 - another process takes it
        await anyio.sleep(0.1)


def _add(judgement: Judgement, found: Judgement, where: str) -> None:
    judgement.checked.update(found.checked)
    for letter, whys in found.violations.items():
        judgement.violations.setdefault(letter, []).extend(f"{where}: {why}" for why in whys)


def _say(what: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {what}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="storms", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("storm", choices=("unknown", "disorder", "poison", "freeze", "outage"))
    parser.add_argument("--outcomes", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--freezes", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--returns", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    runs: dict[str, Callable[[Path], Awaitable[tuple[Judgement, Told]]]] = {
        "unknown": partial(unknown, outcomes=options.outcomes, seed=options.seed),
        "disorder": partial(disorder, events=options.events, seed=options.seed),
        "poison": partial(poison, events=options.events, seed=options.seed),
        "freeze": partial(freeze, freezes=options.freezes, seed=options.seed),
        "outage": partial(outage, minutes=options.minutes, returns=options.returns, seed=options.seed),
    }
    if options.keep is not None:
        judgement, told = anyio.run(runs[options.storm], options.keep / options.storm)
    else:
        with tempfile.TemporaryDirectory(prefix="homeward-storm-", ignore_cleanup_errors=True) as name:
            os.chmod(name, 0o755)  # noqa: S103 - PostgreSQL runs as another account, which must pass through
            judgement, told = anyio.run(runs[options.storm], Path(name))
    print(f"{options.storm}: {'clean' if not judgement.violations else 'VIOLATIONS ' + judgement.letters}: {told}")
    if judgement.violations:
        print(judgement.told())
    return 1 if judgement.violations else 0


if __name__ == "__main__":
    sys.exit(main())
