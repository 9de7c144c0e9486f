"""R6: the clock of the daemon's machine is set a thousand times while a season is worked; the vendors keep the right time.

python -m tests.chaos.clock_storm --jumps 1000 --returns 60

The same season is played twice, calm and under jumps of ±1 s to ±10 years, to 1970 and to 2038, with a restart now and
then while the clock is wrong. Judged from outside: both must end with the same books, every unit where the season's truth
says; nothing given up early, nothing left lying. What the jumps cost is measured in rounds of the loops that did something
and in processor seconds.
"""

import argparse
import asyncio
import random
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import anyio

from daemon.clock import Forward, SteadyClock, Step
from daemon.console.compare import compare
from daemon.sandbox.app import Sandbox
from daemon.sandbox.scenarios import plan_season
from daemon.store import embedded
from daemon.timekeeping import ASK_EVERY, Timekeeper
from tests.acceptance.processes import open_folder
from tests.world import MERCHANT, World, installed, open_world

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SIZES = (SECOND, 10 * SECOND, HOUR / 2, HOUR, 6 * HOUR, DAY, 30 * DAY, 365 * DAY, 3650 * DAY)
MOMENTS = (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC))
YEARS = range(1970, 2100)
RESTARTS, LOOKS_MAX, MINUTE = 0.05, 10, timedelta(minutes=1)


class JumpingClock(SteadyClock):
    """The daemon's own clock on a machine that tells the sandbox's time, unless somebody sets it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._set_by = timedelta(0)
        self.steps = 0
        """Times it turned out to be wrong, and two who agreed set it."""
        super().__init__(wall=lambda: sandbox.clock.now() + self._set_by, monotonic=Forward(sandbox.clock.now))

    async def sleep(self, delay: timedelta) -> None:
        if delay > timedelta(0):
            self._sandbox.clock.move(to=self._sandbox.clock.now() + delay)

    def jump(self, chance: random.Random) -> None:
        says = self._sandbox.clock.now() + self._set_by
        if chance.random() < 0.1:
            self._set_by += chance.choice(MOMENTS) - says
        else:
            by = chance.choice(SIZES) * chance.choice((1, -1))
            self._set_by += by if (says + by).year in YEARS else -by
        if chance.random() < 0.2:
            self._set_by = timedelta(0)  # somebody sets it right

    def look(self) -> Step | None:
        step = super().look()
        self.steps += step is not None
        return step

    def restart(self) -> None:
        """As a daemon that begins anew, with the time its machine tells just then."""
        super().__init__(wall=self._wall, monotonic=self._monotonic)

    @property
    def wrong_by(self) -> timedelta:
        """How far what it says is from the vendors' time."""
        return abs(self.now() - self._sandbox.clock.now())


@dataclass(slots=True)
class Played:
    """One season, and what it came to."""

    problems: list[str]
    books: object
    returns: int
    jumps: int = 0
    rounds: int = 0
    """Times a loop did something."""
    cpu_seconds: float = 0.0
    wrong_by_most: timedelta = timedelta(0)
    ran_back: int = 0
    """Times it said less than before, where it was neither begun anew nor set because it was wrong."""
    steps: int = 0
    restarts: int = 0
    doubted: list[str] = field(default_factory=list)

    def line(self) -> str:
        return (
            f"{self.returns} returns, {self.jumps} jumps, {self.restarts} restarts, set {self.steps} times, "
            f"{self.rounds} rounds, {self.cpu_seconds:.1f} s of processor, clock "
            f"wrong by {self.wrong_by_most.total_seconds():.1f} s at most, ran back {self.ran_back} times, "
            f"{len(self.problems)} problem(s)"
        )


async def play(world: World, *, days: int, jumps: int, seed: int) -> Played:
    """Let the season that was planned pass, with so many jumps spread over it."""
    clock = world.workplace.clock
    assert isinstance(clock, JumpingClock)
    chance, doubted = random.Random(seed), list[str]()

    async def ask() -> None:
        await world.workplace.happy_returns.check()
        await world.workplace.brightpearl.locked_until()

    def tell_doubt(why: str) -> None:
        world.workplace.lease.clock_doubt = why
        doubted.extend([why] if why else [])

    metrics = world.workplace.telemetry.metrics
    keeper = Timekeeper(clock, world.database, metrics, held=lambda: [MERCHANT], tell_doubt=tell_doubt, ask=ask)
    played, began, last = Played([], None, 0, jumps), time.process_time(), clock.now()
    count = max(jumps, days * 2)
    for number in range(count):
        if number < jumps:
            clock.jump(chance)
        steps_before = clock.steps
        is_new = jumps > 0 and chance.random() < RESTARTS
        if is_new:
            clock.restart()
            played.restarts += 1
        await keeper.look()
        await world.pass_time(days * DAY / count)
        await keeper.look()
        if is_new:  # until two have said the time often enough: nothing is sent and nothing comes due meanwhile
            for _ in range(LOOKS_MAX):
                if clock.wrong_by < MINUTE:
                    break
                await clock.sleep(ASK_EVERY)
                await keeper.look()
        played.wrong_by_most = max(played.wrong_by_most, clock.wrong_by)
        was_set = is_new or clock.steps > steps_before
        played.ran_back += clock.now() < last and not was_set
        last = clock.now()
    played.steps = clock.steps
    played.cpu_seconds, played.rounds, played.doubted = time.process_time() - began, world.rounds, doubted
    async with aiohttp.ClientSession(base_url=str(world.workplace.settings.happy_returns.base_url)) as control:
        compared = await compare(world.database, control, MERCHANT)
    played.problems, played.books, played.returns = compared.problems, compared.books, compared.summary["returns"]
    return played


async def storm(folder: Path, *, returns: int, jumps: int, seed: int, days: int) -> int:
    server = await anyio.to_thread.run_sync(embedded.ensure, folder / "state")
    seasons = {}
    try:
        for name, count in (("calm", 0), ("jumping", jumps)):
            async with (
                installed(server, name) as database,
                open_world(database, folder / name, clock_of=JumpingClock) as world,
            ):
                plan_season(world.sandbox.season, returns=returns, seed=seed)
                seasons[name] = await play(world, days=days, jumps=count, seed=seed)
            print(f"{name}: {seasons[name].line()}", flush=True)
    finally:
        await anyio.to_thread.run_sync(embedded.stop, server)
    calm, jumping = seasons["calm"], seasons["jumping"]
    for problem in jumping.problems:
        print(f"  {problem}")
    print(f"rounds × {jumping.rounds / max(calm.rounds, 1):.2f}, processor × {jumping.cpu_seconds / calm.cpu_seconds:.2f}, "
          f"books {'the same' if calm.books == jumping.books else 'DIFFER'}")  # fmt: skip
    return 1 if jumping.problems or calm.problems or jumping.ran_back or calm.books != jumping.books else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="clock_storm", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--jumps", type=int, default=1000)
    parser.add_argument("--returns", type=int, default=60)
    parser.add_argument("--days", type=int, default=66)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open_folder() as folder:
        return asyncio.run(
            storm(folder, returns=options.returns, jumps=options.jumps, seed=options.seed, days=options.days)
        )


if __name__ == "__main__":
    sys.exit(main())
