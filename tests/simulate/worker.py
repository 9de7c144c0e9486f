"""One process that plays its share of the seeds and says a line of JSON for each. Started by `tests.simulate`."""

import argparse
import json
import logging
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

from tests.simulate.life import make_sequential
from tests.simulate.plan import Plan, draw
from tests.simulate.play import Bench, Result, Simulation


async def run(options: argparse.Namespace) -> None:
    make_sequential()
    focus: dict[str, Any] = {}
    if options.defect:
        from tests.chaos.defects import DEFECTS

        defect = DEFECTS[options.defect]
        focus = defect.focus
        if not options.unplanted:
            defect.plant()
    with tempfile.TemporaryDirectory(prefix="homeward-simulate-") as name:
        bench = await Bench.set_up(options.dsn, Path(name))
        for seed in range(options.first, options.end, options.every):
            began, cpu = time.monotonic(), time.process_time()
            result = await Simulation(focused(draw(seed), focus), bench).play()
            print(json.dumps(told(result, time.monotonic() - began, time.process_time() - cpu)), flush=True)
        bench.pool.terminate()


def focused(plan: Plan, focus: dict[str, Any]) -> Plan:
    """The plan with some of it set; of the vendors' assumptions only those that are named."""
    if not focus:
        return plan
    return replace(plan, **{**focus, "assumptions": {**plan.assumptions, **focus["assumptions"]}})


def told(result: Result, seconds: float, cpu: float) -> dict[str, object]:
    return {
        "seed": result.seed, "violations": result.judgement.violations, "counts": result.counts, "faults": result.faults,
        "journal": result.journal, "ledger": result.ledger, "days": result.season.total_seconds() / 86400,
        "seconds": round(seconds, 3), "cpu": round(cpu, 3), "notes": result.notes,
        "told_after": max(result.judgement.told_after, default=0.0),
    }  # fmt: skip


def main() -> None:
    assert os.environ.get("PYTHONHASHSEED") == "0", "sets of words must have the same order in every process"
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser()
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--end", type=int, required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--defect", default="")
    parser.add_argument("--unplanted", action="store_true", help="the defect's season, without the defect")
    anyio.run(run, parser.parse_args())


if __name__ == "__main__":
    main()
