"""One season under a schedule of troubles: played on real processes, then left to settle, then judged."""

import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from tests.chaos.judge import Judgement
from tests.chaos.rig import LOST, Rig, keys_held
from tests.chaos.schedule import Schedule, Trouble


@dataclass(slots=True)
class Result:
    seed: int
    judgement: Judgement
    counts: dict[str, int]
    seconds: float
    settled: bool
    takeovers: list[float] = field(default_factory=list)
    """Seconds from the end of a frozen daemon's lease until another had its merchant."""

    @property
    def is_clean(self) -> bool:
        return self.settled and not self.judgement.violations

    def line(self) -> str:
        told = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        verdict = "clean" if self.is_clean else f"VIOLATIONS {self.judgement.letters or '(it never settled)'}"
        return f"seed {self.seed}: {verdict} after {self.seconds:.0f} s: {told}"


async def play(schedule: Schedule, folder: Path, **rig_options: Any) -> Result:
    """Raises nothing for what goes wrong inside: that is what the judge is for."""
    began = time.monotonic()
    settings = {
        "bundled_writes": schedule.bundled, "requests_per_minute": schedule.assumptions["requests_per_minute"],
        "keys_held": keys_held(schedule.assumptions),
    }  # fmt: skip
    rig = Rig(
        folder, clock_offset_seconds=schedule.clock_offset_seconds, settings=settings,
        small_disk=any(each.kind == "full" for each in schedule.troubles), **rig_options,
    )  # fmt: skip
    async with rig.running():
        await rig.post("/_sandbox/assumptions", schedule.assumptions)
        await rig.post("/_sandbox/seed", {"returns": schedule.returns, "seed": schedule.seed, "days": 21})
        for number in range(rig.daemons):
            rig.start(number)
        takeovers = await _trouble(rig, schedule)
        settled = await rig.settle()
        seen = await rig.look()
        rig.count("returns", seen["returns"])
        rig.count("moves", seen["moves"])
        judgement = await rig.judge()
        if not settled:
            judgement.must("F", False, f"the season did not come to rest: {seen}")
        return Result(schedule.seed, judgement, rig.counts, time.monotonic() - began, settled, takeovers)


async def sweep(seed: int, returns: int, every: int, folder: Path) -> Result:
    """A whole season in which every process kills itself at its `every`-th commit, send or answer; without rest."""
    began = time.monotonic()
    rig = Rig(folder, daemons=1)
    rig.environment[0] = {"HOMEWARD_CRASH": f"any@{every}"}
    async with rig.running():
        await rig.post("/_sandbox/seed", {"returns": returns, "seed": seed, "days": 21})
        rig.start(0)
        await rig.settle(watch=True)
        rig.environment.clear()
        settled = await rig.settle()
        seen = await rig.look()
        rig.count("returns", seen["returns"])
        return Result(seed, await rig.judge(), rig.counts, time.monotonic() - began, settled)


async def _trouble(rig: Rig, schedule: Schedule) -> list[float]:
    """Play the schedule as far as the season has come, however long the machine takes; what dies is begun again."""
    todo, phase = list(schedule.troubles), -1
    takeovers: list[float] = []
    struck, planned = 0, max((await rig.get("/_sandbox/status"))["steps_left"], 1)
    async with anyio.create_task_group() as group:
        while (left := (await rig.get("/_sandbox/status"))["steps_left"]) > 0:
            passed = max(1 - left / planned, 0.0) * schedule.seconds
            wanted = int(passed / schedule.seconds * len(schedule.phases))
            if wanted != phase:
                phase = wanted
                status = await rig.get("/_sandbox/status")
                struck += status["faults_struck"]
                await rig.post("/_sandbox/faults", schedule.phases[phase])
            while todo and todo[0].at <= passed:
                group.start_soon(_do, rig, todo.pop(0), takeovers)
            rig.revive()
            try:
                seen = await rig.look()
                await rig.bring_receipts()
                await rig.let_time_pass(seen)
                await rig.remember()
            except LOST:
                pass
            await anyio.sleep(0.1)
    struck += (await rig.get("/_sandbox/status"))["faults_struck"]
    rig.count("vendor faults", struck)
    return takeovers


async def _do(rig: Rig, trouble: Trouble, takeovers: list[float]) -> None:
    number = int(trouble.at * 1000) % rig.daemons
    match trouble.kind:
        case "kill" if number in rig.processes and number not in rig.frozen:
            rig.kill(number)
            rig.count("kills")
            rig.start(number)
        case "freeze" if number in rig.processes and not rig.frozen:
            rig.freeze(number)
            await anyio.sleep(trouble.seconds)
            rig.thaw(number)
        case "cut":
            await rig.cut_sessions()
        case "restart":
            rig.count("database stops")
            async with rig.hand:
                rig.end_postgres(signal.SIGKILL if int(trouble.at * 1000) % 2 else signal.SIGQUIT)
                await anyio.sleep(trouble.seconds)
                await rig.begin_postgres()
        case "full":
            rig.fill_disk()
            await anyio.sleep(trouble.seconds)
            rig.free_disk()
