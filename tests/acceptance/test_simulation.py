"""The simulated world: the same seed plays exactly the same season, in whatever process and after whatever else."""

from typing import Any

from tests.simulate.__main__ import Tally, run
from tests.simulate.plan import draw

FIRST, SEASONS = 21, 3


class _Kept(Tally):
    """Everything that was said of each season."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[int, dict[str, Any]] = {}

    def add(self, told: dict[str, Any]) -> None:
        super().add(told)
        self.told[told["seed"]] = told


def test_the_same_seed_plays_the_same_season_whatever_was_played_before_it() -> None:
    together, alone = _Kept(), _Kept()

    run(FIRST, SEASONS, workers=1, tally=together)
    run(FIRST + SEASONS - 1, 1, workers=1, tally=alone)

    last = FIRST + SEASONS - 1
    assert sorted(together.told) == list(range(FIRST, FIRST + SEASONS))
    assert together.failures == alone.failures == []
    for what in ("journal", "ledger", "violations", "counts"):
        assert together.told[last][what] == alone.told[last][what], what
    assert len({told["journal"] for told in together.told.values()}) == SEASONS
    assert together.counts["moves"] > 0
    assert together.counts["webhooks taken"] > 0


def test_a_seed_draws_the_same_season_and_another_seed_another() -> None:
    assert draw(5) == draw(5)
    assert draw(5) != draw(6)
