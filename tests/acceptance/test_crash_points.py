"""A daemon that dies at each named point: what it left is taken up, and every effect exists once."""

import signal
from pathlib import Path

from tests.acceptance.processes import GIVE_UP_SECONDS, open_folder, until
from tests.chaos.rig import Rig

POINTS = {
    "after the intake's commit": "intake.after-commit@1",
    "after the advance commit": "advance.after-commit@2",
    "after the lease": "lease.after-commit@2",
    "after the send, before the answer": "send.sent@2",
    "after the answer, before it is settled": "settle.before-commit@2",
}
RETURNS = 3


async def test_daemons_that_die_at_every_point_one_after_the_other_lose_and_double_nothing() -> None:
    endings: dict[str, int] = {}
    with open_folder() as folder:
        async with Rig(Path(folder), daemons=1, is_preloaded=True).running() as rig:
            for name, point in POINTS.items():
                for _ in range(RETURNS):
                    await rig.post("/_sandbox/scenario", {"name": "bar_single"})
                rig.start(0, HOMEWARD_CRASH=point)
                endings[name] = await rig.until_ends(0)
            rig.start(0)

            settled = await rig.settle()
            judgement = await rig.judge()
            books = await rig.get("/_sandbox/books")

    assert endings == dict.fromkeys(POINTS, -signal.SIGKILL)
    assert settled
    assert judgement.violations == {}
    count = RETURNS * len(POINTS)
    assert (len(books["credits"]), len(books["goods_in"])) == (count, count)


async def test_a_daemon_asked_to_stop_under_load_finishes_what_it_holds_and_its_merchant_moves_on() -> None:
    with open_folder() as folder:
        async with Rig(Path(folder), is_preloaded=True).running() as rig:
            await rig.post("/_sandbox/seed", {"returns": 30, "seed": 3, "days": 1})
            await rig.post("/_sandbox/clock", {"by_seconds": 3 * 86400})
            rig.start(0)
            await rig.until_moves(45)
            rig.start(1)
            open_effects = (await rig.look())["open"]
            process = rig.processes.pop(0)

            process.terminate()
            code = process.wait(GIVE_UP_SECONDS)

            until(lambda: rig.holders() == ["daemon1"], "the other daemon has the merchant")
            assert open_effects > 0
            assert code == 0
            assert await rig.settle()
            assert (await rig.judge()).violations == {}
