"""What an import of many rows takes of one process: peak of resident memory, processor seconds, rows a second.

python -m tests.bench.imports --rows 300000 --kind payouts

Kinds: `payouts` (a Shopify export, as `homeward import file` takes it) and `receipts` (a warehouse's CSV, as `homeward
receipts import` takes it). The peak is the process's own, over what it was before the file was read; the database is a
process of its own.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import anyio

from daemon.actions.imports import import_receipts
from daemon.finance.importing import import_file
from daemon.sandbox.app import write_configuration
from daemon.settings import load
from daemon.store import embedded, merchant
from daemon.store.database import Database
from tests.acceptance.processes import open_folder

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MERCHANT = "acme"


def payouts(rows: int) -> Iterator[str]:
    yield "Transaction Date,Type,Order,Card Brand,Payout Status,Payout Date,Amount,Fee,Net,Currency\n"
    for number in range(rows):
        kind, sign = ("refund", "-") if number % 2 else ("charge", "")
        on = f"2026-02-{number % 28 + 1:02}"
        yield f"{on} 10:00:00 +0000,{kind},#{number:07},visa,paid,{on},{sign}10.00,0.00,{sign}10.00,GBP\n"


def receipts(rows: int) -> Iterator[str]:
    yield "happy_return_id,order_number,sku,quantity,condition,received_at\n"
    for number in range(rows):
        yield f"RET{number:07},ORD{number:07},SKU-{number % 50},1,sellable,2026-03-01T10:00:00Z\n"


KINDS = {"payouts": payouts, "receipts": receipts}


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(folder: Path, *, kind: str, rows: int) -> dict[str, object]:
    """Import the file once into a database of its own."""
    server = await anyio.to_thread.run_sync(embedded.ensure, folder / "state")
    config = write_configuration(folder, sandbox_url="http://127.0.0.1:1", listen="127.0.0.1:0", clock_file=None)
    settings = load(config).merchants[MERCHANT]
    database = await Database.connect(server.dsn)
    try:
        await database.migrate()
        async with database.transaction() as connection:
            await merchant.ensure(connection, [MERCHANT])
        path = folder / "file.csv"
        with path.open("w") as file:
            file.writelines(KINDS[kind](rows))
        before, began = peak_mb(), time.process_time()
        at = time.perf_counter()
        if kind == "payouts":
            done = await import_file(
                database, MERCHANT, settings, path.read_bytes(), name=path.name, now=NOON, actor="user:bench"
            )
            taken = done.count("accepted")
        else:
            results = await import_receipts(database, MERCHANT, path.read_bytes(), NOON, actor="user:bench")
            taken = sum(row["result"] == "parked" for row in results)
        seconds = time.perf_counter() - at
        return {
            "kind": kind, "rows": rows, "file_mb": round(path.stat().st_size / 1e6, 1), "taken": taken,
            "peak_over_before_mb": round(peak_mb() - before), "before_mb": round(before),
            "cpu_seconds": round(time.process_time() - began, 1), "rows_per_second": round(rows / seconds),
        }  # fmt: skip
    finally:
        await database.close()
        await anyio.to_thread.run_sync(embedded.stop, server)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--kind", choices=sorted(KINDS), default="payouts")
    options = parser.parse_args()
    with open_folder() as folder:
        print(json.dumps(asyncio.run(measure(folder, kind=options.kind, rows=options.rows)), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
