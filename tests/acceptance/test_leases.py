"""Merchants are shared among real daemons: who joins gets a share, who dies or stops leaves it to the others."""

from pathlib import Path

from tests.acceptance.processes import GIVE_UP_SECONDS, open_folder, until
from tests.chaos.rig import Rig


def add_merchants(rig: Rig, *names: str) -> None:
    """The same settings under other names: only who holds them matters here."""
    for number in range(rig.daemons):
        config = rig.config(number)
        text = config.read_text()
        begin, end = text.index("[merchants.acme.happy_returns]"), text.index("[database]")
        more = [text[begin:end].replace("[merchants.acme", f"[merchants.{name}") for name in names]
        config.write_text(text[:end] + "\n".join([*more, text[end:]]))


async def test_daemons_share_merchants_as_they_join_stop_and_die() -> None:
    with open_folder() as folder:
        async with Rig(Path(folder), is_preloaded=True).running() as rig:
            add_merchants(rig, "b", "c")

            rig.start(0)
            until(lambda: rig.holders() == ["daemon0"] * 3, "the only daemon has all merchants")
            rig.start(1)
            until(lambda: sorted(rig.holders()) == ["daemon0", "daemon0", "daemon1"], "the second has its share")
            rig.kill(0)
            until(lambda: rig.holders() == ["daemon1"] * 3, "the dead one's merchants are taken over")
            rig.start(0)
            until(lambda: sorted(rig.holders()) == ["daemon0", "daemon1", "daemon1"], "it gets a share again")
            stopped = rig.processes.pop(1)
            stopped.terminate()
            code = stopped.wait(GIVE_UP_SECONDS)
            until(lambda: rig.holders() == ["daemon0"] * 3, "the stopped one's merchants move on")

    assert code == 0
