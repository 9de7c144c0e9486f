"""A short season under every kind of trouble, and some of the defects the judge must catch."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.processes import open_folder
from tests.chaos.proof import season
from tests.chaos.schedule import draw
from tests.chaos.season import play

SECONDS = 25
RETURNS = 16


async def test_a_season_of_kills_cuts_restarts_and_faults_leaves_nothing_lost_doubled_or_lying() -> None:
    hands = {"kill": 20, "cut": 12, "restart": 8, "full": 4}
    schedule = replace(draw(21, hours=SECONDS / 3600, hands=hands), returns=RETURNS)
    with open_folder() as folder:
        result = await play(schedule, Path(folder), is_preloaded=True)

    assert result.judgement.violations == {}
    assert result.settled
    assert result.counts["kills"] >= 3
    assert result.counts["vendor faults"] > 0


def test_the_same_seed_draws_the_same_schedule() -> None:
    assert draw(7, hours=1) == draw(7, hours=1)
    assert draw(7, hours=1).troubles != draw(8, hours=1).troubles


@pytest.mark.parametrize(("defect", "letter"), [("set-no-deadline", "F"), ("repeat-without-looking", "C")])
async def test_the_judge_catches_a_planted_defect(defect: str, letter: str) -> None:
    trouble = {"set-no-deadline": "calm", "repeat-without-looking": "lost"}[defect]
    with open_folder() as folder:
        launcher = ("-m", "tests.chaos.defects", defect)
        judgement = await season(
            launcher, trouble, Path(folder), returns=RETURNS, struck=RETURNS // 2, is_preloaded=True
        )

    assert letter in judgement.letters
