"""Every scenario of the season, one at a time, each ending as it must, with books that agree."""

from datetime import timedelta
from pathlib import Path

import pytest

from daemon.console.compare import compare
from daemon.sandbox.scenarios import SCENARIOS
from daemon.store.database import Database
from tests.world import MERCHANT, open_world


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_scenario_ends_as_it_must(scenario: str, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin(scenario)

        await world.pass_time(timedelta(days=45), step=timedelta(hours=12))

        import aiohttp

        base = str(world.workplace.settings.happy_returns.base_url)
        async with aiohttp.ClientSession(base_url=base) as control:
            found = await compare(database, control, MERCHANT)
        assert found.problems == []
        assert found.summary["returns"] >= 1
