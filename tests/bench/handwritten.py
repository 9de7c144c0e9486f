"""What the machine could do at best: the same rows written by hand in batched transactions, and pgbench's own limit."""

import subprocess
import time
from datetime import UTC, datetime
from typing import Any

import asyncpg

from daemon.store import embedded
from daemon.store.database import SCHEMA_FILE

BATCH = 100
AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WALK = (
    ("started", "new", "initiated"), ("dropped-off", "initiated", "scanned"),
    ("credit-falls-due", "scanned", "credit-pending"), ("credit-verified", "credit-pending", "credited"),
    ("fully-restocked", "credited", "restocked"),
)  # fmt: skip


async def by_hand(server: embedded.Server, returns: int) -> float:
    """Returns a second: five steps each, a hundred returns a transaction, no machine, no HTTP, nothing decided."""
    admin = await asyncpg.connect(server.dsn)
    await admin.execute("CREATE DATABASE byhand")
    connection = await asyncpg.connect(server.dsn.replace("/postgres?", "/byhand?"))
    await connection.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
    await connection.execute("INSERT INTO merchant (merchant) VALUES ('acme')")
    began = time.perf_counter()
    for first in range(1, returns + 1, BATCH):
        ids = list(range(first, min(first + BATCH, returns + 1)))
        for version, (event, source, target) in enumerate(WALK, start=1):
            async with connection.transaction():
                if version == 1:
                    await connection.executemany(
                        "INSERT INTO returns (merchant, id, happy_return_id, order_number, order_key, part, state, version,"
                        " entered_at, credit_ref, refund_due, close_due, created_at, updated_at)"
                        " VALUES ('acme', $1, $2, $2, $2, 1, $3, 1, $4, $2, true, true, $4, $4)",
                        [(each, str(each), target, AT) for each in ids],
                    )
                else:
                    await connection.execute(
                        "UPDATE returns SET state = $1, version = $2, credit_id = id, credit_net = 1, credit_tax = 0,"
                        " credit_currency = 'GBP' WHERE merchant = 'acme' AND id = ANY($3::bigint[])",
                        target, version, ids,
                    )  # fmt: skip
                await connection.executemany(
                    "INSERT INTO journal (merchant, return_id, version, event, from_state, to_state, actor, facts, at,"
                    " seq, link) VALUES ('acme', $1, $2, $3, $4, $5, 'bench', '{}', $6, 10 * $1::bigint + $2::integer, 'x')",
                    [(each, version, event, source, target, AT) for each in ids],
                )
                await connection.executemany(
                    "INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, payload,"
                    " source, actor, received_at, state) VALUES ('acme', $1, $2, $3, $3, $3, '{}', 'b', 'b', $4, 'applied')",
                    [(f"{each}:{version}", event, str(each), AT) for each in ids],
                )
    rate = returns / (time.perf_counter() - began)
    await connection.close()
    await admin.execute("DROP DATABASE byhand WITH (FORCE)")
    await admin.close()
    return round(rate, 1)


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


def against(rate: float, other: float | None) -> Any:
    return round(rate / other, 3) if other else None
