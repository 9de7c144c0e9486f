"""`make chaos SEED=n HOURS=h`: seasons under troubles drawn from a seed; exit 1 on any violation."""

import argparse
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio

from tests.chaos.schedule import draw
from tests.chaos.season import Result, play, sweep


def in_folder(keep: Path | None, name: str, run: Callable[[Path], Awaitable[Result]]) -> Result:
    """Run in a folder that is kept, or gone afterwards."""
    if keep is not None:
        return anyio.run(run, keep / name)
    with tempfile.TemporaryDirectory(prefix="homeward-chaos-", ignore_cleanup_errors=True) as place:
        os.chmod(place, 0o755)  # noqa: S103 - PostgreSQL runs as another account, which must pass through
        return anyio.run(run, Path(place))


def season(seed: int, hours: float, keep: Path | None) -> Result:
    schedule = draw(seed, hours=hours)
    print(
        f"seed {seed}: {schedule.returns} returns in {schedule.seconds:.0f} s, {len(schedule.troubles)} troubles, "
        f"{len(schedule.phases)} phases of vendor faults, bundled {schedule.bundled}, clock offset "
        f"{schedule.clock_offset_seconds} s, {schedule.assumptions}", file=sys.stderr, flush=True,
    )  # fmt: skip
    return in_folder(keep, f"seed{seed}", partial(play, schedule))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument("--hours", type=float, default=0.02, help="real time of each season; fractions allowed")
    parser.add_argument("--kill-every", type=int, metavar="K", help="instead: every process dies at its K-th point")
    parser.add_argument("--returns", type=int, default=200, help="returns of a season with --kill-every")
    parser.add_argument("--keep", type=Path, help="leave logs and databases here")
    options = parser.parse_args()
    bad = 0
    for seed in range(options.seed, options.seed + options.seeds):
        if options.kill_every:
            run = partial(sweep, seed, options.returns, options.kill_every)
            result = in_folder(options.keep, f"sweep{seed}", run)
        else:
            result = season(seed, options.hours, options.keep)
        print(result.line(), flush=True)
        if not result.is_clean:
            print(result.judgement.told(), flush=True)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
