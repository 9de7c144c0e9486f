"""What matching costs: time and memory by returns, six legs each, from the database and back. Part (g) of `make bench`.

Each size is a process of its own on a database of its own, so that its peak is its own. `python -m tests.bench.books SIZE`
prints one size as JSON.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from daemon.finance.known import books_at
from daemon.finance.matching import run_matching
from daemon.settings_finance import FinanceSettings
from daemon.settings_merchant import BrightpearlSettings, CalendarSettings, HappyReturnsSettings, MerchantSettings
from daemon.store import embedded, legs
from daemon.store.database import Database

MERCHANT = "acme"
NOW = datetime(2026, 4, 20, 9, tzinfo=UTC)
# One unit, credit row, goods-in line, refund, refund line of a payout and fee for each return; one in a hundred has no stock.
# The refund line shares nothing with the others but order and amount, as in real payouts.
FILL = """
INSERT INTO leg (merchant, key, kind, scope, business_on, currency, amount, quantity, ids, order_key, sku, tax, tax_code,
                 facts, digest, known_from)
SELECT 'acme', k.key, k.kind, 'bench', DATE '2026-01-01' + n % 58 + k.later, 'GBP', CASE WHEN k.kind = 'fee' THEN 1.50
       ELSE 10 + n % 90 END, 1, k.ids, 'o' || n, 'SKU-' || n % 500, NULL, '', k.facts, sha256(k.key::bytea), $2
  FROM generate_series(1, $1::integer) AS n
 CROSS JOIN LATERAL (VALUES
    ('unit:' || n, 'unit', 0, ARRAY['item:' || n, 'credit:' || n], jsonb_build_object('stage', 'approved', 'credit_due', true,
        'due_from', (DATE '2026-01-01' + n % 58)::text, 'method', 'return-bar', 'code', 'HR' || n, 'return_id', n)),
    ('credit:' || n, 'credit', 1, ARRAY['credit:' || n],
     jsonb_build_object('credit_id', n, 'row', n, 'claims', ARRAY['HR' || n], 'stock_quantity', 1)),
    ('goods:' || n, 'stock', 8, ARRAY['credit:' || n], jsonb_build_object('note', n)),
    ('payment:' || n, 'refund', 1, ARRAY['credit:' || n], jsonb_build_object('method', 'SHOPIFY')),
    ('payout:' || n, 'payout', 3, ARRAY['line:' || n], jsonb_build_object('provider', 'shopify', 'payout_id', n % 9)),
    ('fee:' || n, 'fee', 0, ARRAY['item:' || n],
     jsonb_build_object('type', 'item_fee', 'method', 'return-bar', 'code', 'HR' || n))
  ) AS k (key, kind, later, ids, facts)
 WHERE NOT (k.kind = 'stock' AND n % 100 = 0)
"""


def curve(sizes: list[int]) -> dict[str, Any]:
    """Seconds and peak memory by returns, and how much more the largest costs a return than the smallest."""
    told = {}
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.books", str(size)], capture_output=True, text=True, check=True
        )
        told[str(size)] = json.loads(done.stdout)
    few, many = told[str(sizes[0])], told[str(sizes[-1])]
    grown = sizes[-1] / sizes[0]
    return {
        "matching": told,
        "matching_growth": {
            "returns": grown,
            **{
                name: round(many[name] / few[name] / grown, 2)
                for name in ("match_seconds", "first_run_seconds", "next_run_seconds")
            },
        },
    }


def settings() -> MerchantSettings:
    key = Path("/nowhere")
    return MerchantSettings(
        happy_returns=HappyReturnsSettings(retailer_id="acme", api_key_file=key),
        brightpearl=BrightpearlSettings(
            base_url="http://127.0.0.1:1/public-api/acme", app_ref="x", account_token_file=key
        ),
        calendar=CalendarSettings(),
        finance=FinanceSettings(),
    )


async def measured(folder: Path, size: int) -> dict[str, Any]:
    server = await anyio.to_thread.run_sync(embedded.ensure, folder)
    try:
        database = await Database.connect(server.dsn, pool_max=4)
        await database.migrate()
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO merchant (merchant) VALUES ('acme')")
        raw = await asyncpg.connect(server.dsn)
        await raw.execute(FILL, size, NOW)
        await raw.execute("VACUUM ANALYZE")
        await raw.close()
        told = settings()
        idle = _peak()
        async with database.transaction() as connection:
            at = await legs.tick(connection, MERCHANT, NOW)
        async with database.reading() as connection:
            began = time.perf_counter()
            books = await books_at(connection, MERCHANT, told, at)
            match_seconds = time.perf_counter() - began
        found = len(books.orphans)
        del books
        began = time.perf_counter()
        await run_matching(database, MERCHANT, told, now=NOW, actor="user:bench")
        first = time.perf_counter() - began
        began = time.perf_counter()
        _, change = await run_matching(database, MERCHANT, told, now=NOW, actor="user:bench")
        again = time.perf_counter() - began
        assert change.changed == 0
        await database.close()
    finally:
        await anyio.to_thread.run_sync(embedded.stop, server)
    return {
        "legs": size * 6 - size // 100, "orphans": found, "match_seconds": round(match_seconds, 2),
        "first_run_seconds": round(first, 2), "next_run_seconds": round(again, 2), "peak_mib": round(_peak() - idle),
    }  # fmt: skip


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    size = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="homeward-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        sys.stdout.write(json.dumps(anyio.run(measured, Path(name), size)))


if __name__ == "__main__":
    main()
