"""Every scenario of the season, one at a time, each ending as it must, with books that agree."""

from datetime import timedelta
from pathlib import Path

import pytest

from daemon.console.compare import compare
from daemon.sandbox.app import Sandbox
from daemon.sandbox.scenarios import SCENARIOS
from daemon.store.database import Database
from statemachine.causes import CAUSES
from statemachine.credit.table import lines
from tests.integration import test_decisions, test_hands
from tests.world import MERCHANT, NOON, open_world


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_scenario_ends_as_it_must(scenario: str, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin(scenario)

        await world.pass_time(timedelta(days=45))

        import aiohttp

        base = str(world.workplace.settings.happy_returns.base_url)
        async with aiohttp.ClientSession(base_url=base) as control:
            found = await compare(database, control, MERCHANT)
        assert found.problems == []
        assert found.summary["returns"] >= 1
        for row in await world.all_returns():
            if row["state"] == "exception":
                told = (await world.show(str(row["id"])))["exception"]
                assert told["owner"] == CAUSES[told["cause"]].owner
                assert told["explanation"]
                assert told["evidence"]
                assert told["fingerprint"].startswith(told["cause"])
                assert row["due_at"] is not None or row["escalation"] == 3  # every rung of its ladder was told


PROVEN_ELSEWHERE = {
    "in-order": "test_a_scenario_ends_as_it_must[bar_single]",
    "credit-exists": "test_a_scenario_ends_as_it_must[adopted_credit]",
    "invoice-pending": "test_a_scenario_ends_as_it_must[pending_invoice]",
    "order-too-old": "test_policy_holds_what_it_names",
    "reason-unmapped": "test_an_unmapped_reason_stops_and_the_accepted_map_releases_all_it_stopped",
    "awaits-authorisation": "test_a_credit_that_must_be_authorised_is_not_paid_until_somebody_did",
    "period-locked": "test_a_locked_period_is_waited_for_and_the_credit_made_when_it_opens",
    "value-ceiling": "test_a_value_above_the_ceiling_needs_a_person_who_may_accept_it",
    "fee-above-credit": "test_a_fee_that_takes_everything_needs_a_person",
    "credit-cancelled": "test_a_credit_that_finance_cancels_is_not_made_again",
    "credit-not-adoptable": "test_a_credit_that_cannot_be_taken_over_stops_the_return_and_none_is_made",
    "outcome-unknown": "test_a_credit_whose_outcome_stays_unknown_is_never_guessed",
}
"""Causes that turn on policy, maps or faults, or end well: where they are shown against the sandbox."""


def test_every_cause_of_the_decision_table_is_shown_against_the_sandbox() -> None:
    season = Sandbox.open(now=NOON, rate=0.0).season
    season.open(1)
    for name, (_, scenario) in SCENARIOS.items():
        scenario(season, name, NOON)
    ends = {end for truth in season.truth for ends in truth["units"].values() for end in ends.split("|")}
    shown = {end.removeprefix("exception:") for end in ends} | set(PROVEN_ELSEWHERE)
    tests = {*dir(test_decisions), *dir(test_hands), *globals()}

    assert {line.about.code for line in lines()} <= shown
    assert all(test.partition("[")[0] in tests for test in PROVEN_ELSEWHERE.values())
