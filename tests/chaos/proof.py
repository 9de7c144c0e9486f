"""`make chaos-proof`: the judge is judged. Each planted defect must be caught, and without one nothing is found."""

import argparse
import math
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio

from tests.chaos.defects import DEFECTS
from tests.chaos.judge import Judgement
from tests.chaos.rig import LOST, MERCHANT, Rig
from tests.simulate.__main__ import run as simulate

WRITES = "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$"
KEYLESS = {"knows_keys": False, "instance_id": None, "search_lag_seconds": 30.0}
RETURNS = 40
SEASONS = 4  # simulated ones, with each defect and without
STRUCK = 25  # answers lost: enough that credits are among them, however fast the machine


async def season(
    launcher: tuple[str, ...], trouble: str, folder: Path, *, returns: int = RETURNS, struck: int = STRUCK,
    is_preloaded: bool = False,
) -> Judgement:  # fmt: skip
    """A short season with the trouble that shows the defect."""
    settings: dict[str, Any] = {"keys_held": [], **({"bundled_writes": False} if trouble == "freeze" else {})}
    daemons = 2 if trouble == "freeze" else 1
    rig = Rig(folder, daemons=daemons, launcher=launcher, settings=settings, is_preloaded=is_preloaded)
    async with rig.running():
        await rig.post("/_sandbox/assumptions", KEYLESS)
        if trouble == "stops":
            section = "[merchants.acme.happy_returns]"  # nothing but the webhook is to tell of a return
            quiet = f"{section}\ndiscovery = false\nshipments_every_minutes = 90000"
            rig.config(0).write_text(rig.config(0).read_text().replace(section, quiet))
        if trouble == "freeze":
            await rig.post("/_sandbox/scenario", {"name": "bar_single", "times": returns})
        else:
            await rig.post("/_sandbox/seed", {"returns": returns, "seed": 5, "days": 2})
        rig.start(0)
        if trouble == "lost":
            await _play(rig, [{"match": WRITES, "kind": "lose-answer", "share": 0.6}], until_struck=struck)
        elif trouble == "freeze":
            await _freeze(rig, returns)
        elif trouble == "stops":
            await _stops(rig)
        else:
            await _play(rig, [], seconds=6)
        await rig.settle()
        return await rig.judge()


async def _play(
    rig: Rig, rules: list[dict[str, object]], *, seconds: float = 0, until_struck: int | None = None
) -> None:
    """For so long; or until the rules have struck so often, or the season is over, however long the machine takes."""
    await rig.post("/_sandbox/faults", {"rules": rules})
    with anyio.move_on_after(seconds if until_struck is None else math.inf):
        while True:
            seen = await rig.look()
            if until_struck is not None and (seen["struck"] >= until_struck or seen["season_next"] is None):
                return
            await rig.let_time_pass(seen)
            await rig.bring_receipts()
            await rig.remember()
            await anyio.sleep(0.1)


async def _freeze(rig: Rig, returns: int) -> None:
    """In the middle of a large wave of single writes, each slow, so that many are still to be sent when it wakes."""
    await rig.post("/_sandbox/faults", {"rules": [{"match": WRITES, "kind": "late", "delay_seconds": 0.5}]})
    await rig.post("/_sandbox/clock", {"by_seconds": 6 * 86400})
    await _until_credits(rig, returns // 3)
    rig.freeze(0)
    rig.start(1)
    await rig.post("/_sandbox/faults", {})
    await _until_credits(rig, returns)  # the other has taken over and made what was missing
    rig.thaw(0)
    await anyio.sleep(3)


async def _until_credits(rig: Rig, count: int) -> None:
    with anyio.move_on_after(90):
        while len((await rig.get("/_sandbox/books"))["credits"]) < count:  # noqa: ASYNC110 - another process makes them
            await anyio.sleep(0.02)


async def _stops(rig: Rig) -> None:
    """PostgreSQL is away while the returns begin."""
    await anyio.sleep(2)
    for _ in range(4):
        rig.end_postgres(signal.SIGQUIT)
        await rig.post("/_sandbox/clock", {"by_seconds": 6 * 3600})
        await anyio.sleep(1.5)
        await rig.begin_postgres()
        try:
            await rig.let_time_pass(await rig.look())
        except LOST:
            continue
        await anyio.sleep(1)


def run(name: str | None, trouble: str) -> Judgement:
    launcher = ("-m", "tests.chaos.defects", name) if name else ("-m", "daemon.console.main")
    with tempfile.TemporaryDirectory(prefix="homeward-proof-", ignore_cleanup_errors=True) as place:
        os.chmod(place, 0o755)  # noqa: S103 - PostgreSQL runs as another account, which must pass through
        return anyio.run(season, launcher, trouble, Path(place))


def _is_caught(name: str) -> bool:
    """Whether a few simulated seasons find the defect, and the same seasons without it find nothing."""
    defect = DEFECTS[name]
    planted = simulate(1, SEASONS, workers=2, defect=name, stop_at=1, says=False)
    sound = simulate(1, SEASONS, workers=2, defect=name, unplanted=True, says=False)
    found = {letter: whys for told in planted.violated for letter, whys in told["violations"].items()}
    caught = sorted(set(found) & set(defect.letters))
    first = next((why for letter in caught for why in found[letter]), "")
    verdict = (
        f"caught by {'/'.join(caught)} ({first})" if caught else f"MISSED (found: {''.join(sorted(found)) or '-'})"
    )
    beside = "nothing without it" if not sound.violated else f"FOUND WITHOUT IT: {sound.violated[0]['violations']}"
    print(f"{name} [{defect.fault_class}]: {verdict}; {beside}", flush=True)
    return bool(caught) and not sound.violated and not sound.failures


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos-proof", description=__doc__)
    parser.add_argument("names", nargs="*", help="some defects only")
    options = parser.parse_args()
    wrong = 0
    names = options.names or list(DEFECTS)
    simulated = [name for name in names if DEFECTS[name].trouble == "simulated"]
    troubles = {each.trouble for each in DEFECTS.values()} - {"simulated"}
    for trouble in sorted(troubles) if not options.names else ():
        found = run(None, trouble)
        wrong += bool(found.violations)
        print(
            f"no defect, {trouble}: {'nothing found' if not found.violations else 'FOUND ' + found.told()}", flush=True
        )
    wrong += sum(not _is_caught(name) for name in simulated)
    for name in [name for name in names if name not in simulated]:
        defect = DEFECTS[name]
        found = run(name, defect.trouble)
        caught = set(found.letters) & set(defect.letters)
        wrong += not caught
        first = next((why for letter in sorted(caught) for why in found.violations[letter]), "")
        verdict = (
            f"caught by {'/'.join(sorted(caught))} ({first})" if caught else f"MISSED (found: {found.letters or '-'})"
        )
        print(f"{name} [{defect.fault_class}]: {verdict}", flush=True)
    print(f"{len(options.names or DEFECTS)} planted defects on {MERCHANT}, {wrong} wrong", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
