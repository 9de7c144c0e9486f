"""R17: random changes behind the journal's back, each taken back again; every one must be found by the chain.

python -m tests.chaos.tampering --changes 1000
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import anyio

from daemon.store import chain
from daemon.store.sql import Connection
from tests.simulate.__main__ import databases
from tests.simulate.life import make_sequential
from tests.simulate.plan import draw
from tests.simulate.play import MERCHANT, Bench, Simulation

SEASON = 24
"""A seed whose season fills the journal with some hundred rows."""
FLIPS = {
    "actor": "actor || 'x'", "event": "event || 'x'", "from_state": "from_state || 'x'", "to_state": "to_state || 'x'",
    "facts": """facts || '{"x": 1}'""", "version": "version + 50", "return_id": "return_id + 1000",
    "at": "at + interval '1 microsecond'", "link": "sha256(link)",
}  # fmt: skip
BEHIND_ITS_BACK = "SET LOCAL session_replication_role = replica"
INSERT = """
UPDATE journal SET seq = -seq WHERE seq >= $1::bigint;
UPDATE journal SET seq = 1 - seq WHERE seq < 0;
INSERT INTO journal (merchant, return_id, version, event, from_state, to_state, actor, facts, at, seq, link)
SELECT merchant, return_id, version + 5000, event, from_state, to_state, actor, facts, at, $1::bigint, link FROM journal
 WHERE seq = $1::bigint + 1
"""


async def _tamper(connection: Connection, rng: random.Random, kind: str, head: int) -> None:
    seq = rng.randint(1, head - 1)
    match kind:
        case "flip":
            column, value = rng.choice(sorted(FLIPS.items()))
            await connection.execute(f"UPDATE journal SET {column} = {value} WHERE seq = $1::bigint", seq)  # noqa: S608
        case "drop":
            await connection.execute("DELETE FROM journal WHERE seq = $1::bigint", seq)
        case "swap":
            await connection.execute("UPDATE journal SET seq = -seq WHERE seq IN ($1::bigint, $1::bigint + 1)", seq)
            await connection.execute("UPDATE journal SET seq = 2 * $1::bigint + 1 + seq WHERE seq < 0", seq)
        case "insert":
            for statement in INSERT.split(";"):
                await connection.execute(statement, *([seq] if "$1" in statement else []))
        case "cut":
            await connection.execute("DELETE FROM journal WHERE seq > $1::bigint", seq)
            await connection.execute(
                "UPDATE journal_head SET seq = $1::bigint, link = (SELECT link FROM journal WHERE seq = $1::bigint)",
                seq,
            )


async def run(dsn: str, changes: int, seed: int) -> int:
    make_sequential()
    rng, found, missed = random.Random(seed), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        bench = await Bench.set_up(dsn, Path(folder))
        await Simulation(draw(SEASON), bench).play()
        async with bench.pool.acquire() as connection:
            whole = await chain.verify(connection, MERCHANT)
            assert whole.broken_at is None, whole.why
            began = time.monotonic()
            for _ in range(changes):
                kind = rng.choice(("flip", "drop", "swap", "insert", "cut"))
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute(BEHIND_ITS_BACK)
                await _tamper(connection, rng, kind, whole.head)
                told = await chain.verify(connection, MERCHANT, noted={whole.head: whole.link})
                (found if told.broken_at is not None else missed)[kind] += 1
                await transaction.rollback()
            assert (await chain.verify(connection, MERCHANT)).broken_at is None
        bench.pool.terminate()
    told_kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(found.items()))
    print(
        f"tampering: {found.total()} of {changes} changes found in a journal of {whole.rows} rows ({told_kinds}); "
        f"missed {dict(missed)}; {time.monotonic() - began:.0f} s"
    )
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tampering", description=__doc__)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with databases(1) as dsns:
        return anyio.run(run, dsns[0], options.changes, options.seed)


if __name__ == "__main__":
    sys.exit(main())
