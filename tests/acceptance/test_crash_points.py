"""A daemon that dies at each named point: what it left is taken up, and every effect exists once."""

from pathlib import Path

import pytest

from tests.acceptance.processes import open_folder, until
from tests.chaos.rig import Rig

POINTS = {
    "after the intake's commit": "intake.after-commit@1",
    "after the advance commit": "advance.after-commit@2",
    "after the lease": "lease.after-commit@2",
    "after the send, before the answer": "send.sent@2",
    "after the answer, before it is settled": "settle.before-commit@2",
}
RETURNS = 3


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
async def test_a_daemon_that_dies_there_loses_and_doubles_nothing(point: str) -> None:
    with open_folder() as folder:
        async with Rig(Path(folder), daemons=1).running() as rig:
            for _ in range(RETURNS):
                await rig.post("/_sandbox/scenario", {"name": "bar_single"})
            rig.environment[0] = {"HOMEWARD_CRASH": point}
            rig.start(0)
            rig.environment.clear()

            settled = await rig.settle()
            judgement = await rig.judge()
            books = await rig.get("/_sandbox/books")

    assert rig.counts["kills"] == 1
    assert settled
    assert judgement.violations == {}
    assert (len(books["credits"]), len(books["goods_in"])) == (RETURNS, RETURNS)


async def test_a_daemon_asked_to_stop_under_load_finishes_what_it_holds_and_its_merchant_moves_on() -> None:
    with open_folder() as folder:
        async with Rig(Path(folder)).running() as rig:
            await rig.post("/_sandbox/seed", {"returns": 80, "seed": 3, "days": 1})
            await rig.post("/_sandbox/clock", {"by_seconds": 3 * 86400})
            rig.start(0)
            await rig.until_moves(120)
            rig.start(1)
            process = rig.processes.pop(0)

            process.terminate()
            code = process.wait(10)

            until(lambda: rig.holders() == ["daemon1"], "the other daemon has the merchant")
            assert code == 0
            assert await rig.settle()
            assert (await rig.judge()).violations == {}
