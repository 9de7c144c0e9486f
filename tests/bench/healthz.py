"""How soon the health check answers while returns of many equal rows are decided in the same process.

python -m tests.bench.healthz --rows 2000 --seconds 10

The web server and the decisions share one event loop, as in the daemon; whoever asks is a thread with sockets of its own.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
import urllib.request
from functools import partial

from aiohttp import web

from daemon.offloop import off_the_loop
from statemachine.credit.comparison import side_by_side
from statemachine.credit.preflight import preflight
from tests.large_orders import equal_rows


class Asker(threading.Thread):
    """Asks again and again, and remembers how long each answer took."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self.seconds, self.is_over = url, list[float](), False

    def run(self) -> None:
        while not self.is_over:
            began = time.monotonic()
            with urllib.request.urlopen(self._url, timeout=60) as reply:  # noqa: S310 - our own server
                reply.read()
            self.seconds.append(time.monotonic() - began)
            time.sleep(0.02)


async def healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def measure(*, rows: int, seconds: float) -> dict[str, object]:
    """Decide and compare the same large case over and over, and ask meanwhile."""
    app = web.Application()
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    asker = Asker(f"http://127.0.0.1:{runner.addresses[0][1]}/healthz")
    asker.start()
    ends, decisions, began = time.monotonic() + seconds, 0, time.process_time()
    while time.monotonic() < ends:
        case = await asyncio.to_thread(equal_rows, rows)
        await off_the_loop(partial(preflight, case), size=case.size)
        await off_the_loop(partial(side_by_side, case), size=case.size)
        decisions += 1
    asker.is_over = True
    await asyncio.to_thread(asker.join)
    await runner.cleanup()
    answers = sorted(asker.seconds)
    return {
        "rows": rows, "decisions": decisions, "cpu_seconds": round(time.process_time() - began, 1), "asked": len(answers),
        "p50_ms": round(answers[len(answers) // 2] * 1000), "p99_ms": round(answers[len(answers) * 99 // 100] * 1000),
        "longest_ms": round(answers[-1] * 1000),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    told = asyncio.run(measure(rows=options.rows, seconds=options.seconds))
    print(json.dumps(told, indent=2))
    return 1 if int(str(told["longest_ms"])) > 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
