"""Storms: one fault by the thousand. Each ends with the judge, and with the figure its goal is stated in.

python -m tests.chaos.storms unknown --outcomes 10000      R2: ambiguous writes, bundled, failing, and single
python -m tests.chaos.storms disorder --events 100000      R13: repeated, shuffled and late events
python -m tests.chaos.storms poison --events 100000        R7: fuzzed bodies
python -m tests.chaos.storms freeze --freezes 100          R12: frozen past the lease, takeover
python -m tests.chaos.storms outage --minutes 30           R3: PostgreSQL down every few seconds
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio

from tests.chaos.downtime import freeze, outage
from tests.chaos.incoming import disorder, poison
from tests.chaos.judge import Judgement
from tests.chaos.outgoing import unknown
from tests.chaos.steps import Told


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
