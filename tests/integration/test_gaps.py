"""The gap audit finds what was planted in an account, and nothing else; backfill takes in what it found."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.finance.formats.catalogue import read_file
from daemon.finance.formats.reading import Context
from daemon.finance.gaps.backfill import candidates, open_backfill, unknown
from daemon.finance.gaps.facts import GapFacts, Scope, gather
from daemon.finance.gaps.findings import NAMES, find
from daemon.sandbox import planted_gaps
from daemon.sandbox.planted_gaps import GAPS
from daemon.store.database import Database
from statemachine.credit.maps import CreditMap, ReasonRule
from tests.closed_season import FINANCE
from tests.world import MERCHANT, World, open_world

MAPS = CreditMap(reasons={"too-small": ReasonRule()})


async def _facts(world: World, gaps: tuple[str, ...]) -> GapFacts:
    sandbox, at = world.sandbox, world.workplace
    sandbox.assumptions.requests_per_minute = 1_000_000
    sandbox.assumptions.bucket_rate = sandbox.assumptions.bucket_size = 1e6
    invoice = planted_gaps.plan(
        sandbox.books, sandbox.happy_returns, sandbox.faults, sandbox.assumptions, now=world.now, gaps=gaps
    )
    fees = [row.leg for row in read_file(invoice, Context(ZoneInfo("UTC"))).rows if row.leg is not None]
    return await gather(
        MERCHANT, at.settings, at.brightpearl, at.happy_returns, maps=MAPS, now=world.now, scope=Scope(), fees=fees
    )


async def test_twelve_planted_gaps_are_found_and_nothing_else(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        calls = world.workplace.brightpearl.transport.calls

        found = find(await _facts(world, GAPS))

        assert sorted(each.name for each in found) == sorted(NAMES)
        ranks = [("blocks", "costs", "warns").index(each.severity) for each in found]
        assert ranks == sorted(ranks)
        counts = {each.name: each.count for each in found}
        assert counts == dict.fromkeys(GAPS, 1) | {"credit-missing": 2}  # the one under the lock has none either
        assert all(each.owner and each.fix and each.examples and each.recheck for each in found)
        assert next(each for each in found if each.name == "credit-missing").value["GBP"] > 0
        assert str(next(each for each in found if each.name == "fee-anomaly").value["GBP"]) == "3.00"
        assert world.workplace.brightpearl.transport.calls - calls < 40
        assert await _is_untouched(database)


async def _is_untouched(database: Database) -> bool:
    async with database.reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM returns")) == 0


async def test_a_sound_account_has_no_gaps(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        assert find(await _facts(world, ())) == []


@pytest.mark.parametrize("name", GAPS)
async def test_each_gap_is_found_alone(database: Database, tmp_path: Path, name: str) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        found = {each.name for each in find(await _facts(world, (name,)))}

        assert found == ({name, "credit-missing"} if name == "period-locked" else {name})


async def test_backfill_takes_in_what_is_missing_once(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        facts = await _facts(world, ("credit-missing", "rival-creator"))
        wanted = candidates(facts)
        by_code = {each.code: each.would for each in wanted}
        assert by_code["HRG00026"] == "credited"
        assert "adopted" in by_code["HRG00025"]

        await open_backfill(database, MERCHANT, await unknown(database, MERCHANT, wanted), per_hour=3600, now=world.now)
        await world.pass_time(planted_gaps.DAY)

        known = {each["express_code"] for each in await world.all_returns()}
        assert known == {each.code for each in wanted}
        assert await unknown(database, MERCHANT, wanted) == []
