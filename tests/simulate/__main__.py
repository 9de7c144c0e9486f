"""`make simulate SEED=n SEASONS=m`: seasons in a simulated world; every violation with the seed that replays it.

Exit 1 on any violation. The same seed plays exactly the same season: `--seed N --seasons 1 --verbose`.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import asyncpg

from daemon.store import embedded
from tests.acceptance.processes import open_folder
from tests.databases import dsn_of, install, make_fast

TEMPLATE = "simulated"


@dataclass(slots=True)
class Tally:
    """What came of all seasons so far."""

    began: float = field(default_factory=time.monotonic)
    seasons: int = 0
    violated: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    days: float = 0.0
    told_after: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, told: dict[str, Any]) -> None:
        self.seasons += 1
        self.counts.update(told["counts"])
        self.faults.update(told["faults"])
        self.days += told["days"]
        self.told_after = max(self.told_after, told["told_after"])
        if told["violations"]:
            self.violated.append(told)

    def line(self) -> str:
        seconds = time.monotonic() - self.began
        pace = self.days * 86400 / max(seconds, 0.001)
        return (
            f"{self.seasons} seasons in {seconds:.0f} s: {self.seasons / max(seconds, 0.001):.2f} a second, "
            f"{pace:.0f} times real time; {self.counts['returns']} returns, {self.counts['moves']} moves, "
            f"{sum(self.faults.values())} faults, {self.counts['kills']} kills; {len(self.violated)} violated"
        )


@contextmanager
def databases(count: int) -> Iterator[list[str]]:
    """One PostgreSQL, and one installed database for each worker."""
    with open_folder() as folder:
        server = embedded.ensure(folder)
        try:
            yield anyio.run(_install, server, count)
        finally:
            embedded.stop(server)


async def _install(server: embedded.Server, count: int) -> list[str]:
    await make_fast(server)
    await install(server, TEMPLATE)
    admin = await asyncpg.connect(server.dsn)
    names = [f"simulated_{number}" for number in range(count)]
    for name in names:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await admin.close()
    return [dsn_of(server, name) for name in names]


def run(
    seed: int, seasons: int, *, workers: int, defect: str = "", verbose: bool = False, stop_at: int | None = None,
    tally: Tally | None = None, unplanted: bool = False, says: bool = True,
) -> Tally:  # fmt: skip
    """Play the seeds from `seed` on, and add to the tally; `stop_at`: so many violated seasons are enough."""
    tally, turn = tally or Tally(), threading.Lock()
    workers = min(workers, seasons)
    with databases(workers) as dsns:
        processes = [
            _worker(dsn, seed + number, seed + seasons, workers, defect, unplanted) for number, dsn in enumerate(dsns)
        ]

        def listen(process: "subprocess.Popen[str]") -> None:
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    with turn:
                        _hear(tally, json.loads(line), verbose=verbose, says=says)
                        if stop_at is not None and len(tally.violated) >= stop_at:
                            for each in processes:
                                each.terminate()
            if process.wait() not in (0, -15):
                tally.failures.append(f"a worker ended with {process.returncode}")

        listeners = [threading.Thread(target=listen, args=(process,)) for process in processes]
        for listener in listeners:
            listener.start()
        for listener in listeners:
            listener.join()
    return tally


def _worker(dsn: str, first: int, end: int, every: int, defect: str, unplanted: bool) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.simulate.worker", "--dsn", dsn, "--first", str(first), "--end", str(end),
               "--every", str(every), "--defect", defect, *(["--unplanted"] if unplanted else [])]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def _hear(tally: Tally, told: dict[str, Any], *, verbose: bool, says: bool) -> None:
    tally.add(told)
    if told["violations"] and says:
        print(f"seed {told['seed']}: VIOLATIONS; replay: make simulate SEED={told['seed']} SEASONS=1", flush=True)
        for letter, whys in sorted(told["violations"].items()):
            for why in whys[:5]:
                print(f"  {letter}: {why}", flush=True)
    if verbose:
        print(json.dumps(told, indent=1), flush=True)
    if tally.seasons % 100 == 0:
        print(tally.line(), file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seasons", type=int, default=100)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--defect", default="", help="one of tests.chaos.defects, planted into the daemon")
    parser.add_argument("--verbose", action="store_true", help="everything that is known of each season")
    options = parser.parse_args()
    tally = run(options.seed, options.seasons, workers=options.workers, defect=options.defect, verbose=options.verbose)
    print(tally.line())
    print("faults: " + ", ".join(f"{kind} {count}" for kind, count in tally.faults.most_common()))
    print("besides: " + ", ".join(f"{what} {count}" for what, count in tally.counts.most_common()))
    print(f"longest from a double of others to a person told: {tally.told_after:.0f} s")
    for failure in tally.failures:
        print(failure)
    return 1 if tally.violated or tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
