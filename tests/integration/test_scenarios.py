"""Every scenario of the season, each ending as it must, with books that agree, and nothing said that is not wrong."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from daemon.console.compare import compare
from daemon.finance.collect import collect
from daemon.finance.matching import run_matching
from daemon.sandbox.app import Sandbox
from daemon.sandbox.scenarios import SCENARIOS
from daemon.store.database import Database
from statemachine.books.legs import Kind
from statemachine.books.matching import Status
from statemachine.causes import CAUSES
from statemachine.credit.table import lines
from tests.closed_season import sources
from tests.integration import test_decisions, test_hands
from tests.integration.test_quiet import Listener, listening
from tests.integration.test_trace import Seen, a_backend, flush
from tests.world import MERCHANT, NOON, World, open_world

TOLERANCE = '\n[merchants.acme.finance.tolerances.default]\nover = "0.02"\nunder = "0.02"\n'


async def test_every_scenario_ends_as_it_must_and_what_it_settled_is_matched(
    database: Database, tmp_path: Path
) -> None:
    async with (
        a_backend() as (endpoint, seen),
        open_world(database, tmp_path, extra_config=TOLERANCE, otlp_endpoint=endpoint) as world,
    ):
        names = {str(world.begin(name)["express_code"]): name for name in SCENARIOS}

        with listening() as heard:
            await world.pass_time(timedelta(days=45), stride=timedelta(hours=6))
            await world.pass_time(timedelta(hours=6))
            await flush(world.workplace.telemetry)

        base = str(world.workplace.settings.happy_returns.base_url)
        async with aiohttp.ClientSession(base_url=base) as control:
            found = await compare(database, control, MERCHANT)
        assert found.problems == []
        assert found.summary["returns"] >= len(SCENARIOS)
        for row in await world.all_returns():
            if row["state"] == "exception":
                await assert_somebody_is_told_what_to_do(world, row)
        assert await not_as_the_books_say(world, names) == []
    assert_nothing_is_said_loudly(seen, heard)


def assert_nothing_is_said_loudly(seen: list[Seen], heard: Listener) -> None:
    """No span is an error and no line is loud, but for what the scenarios do on purpose."""
    calls = Counter(span.told.get("outcome", "") for span in seen)
    wrong = [span for span in seen if span.is_error or span.events]
    assert {span.name for span in wrong} == set(), [(span.name, span.told) for span in wrong]
    assert sum(count for outcome, count in calls.items() if "No accounting period lock is set" in outcome) > 0
    # What a person must look at: a status that nobody has documented, a fee in words, a return that is gone under its id.
    said = {(record.levelname, record.getMessage(), record.__dict__.get("why")) for record in heard.records}
    assert said == {
        ("ERROR", "body quarantined", "unknown event 'return_status_updated/in-limbo'"),
        ("ERROR", "body quarantined", "items[0].processingFee: 'four pounds GBP' is no amount"),
        ("ERROR", "happy returns does not know a return", "204"),
    }


async def assert_somebody_is_told_what_to_do(world: World, row: dict[str, Any]) -> None:
    told = (await world.show(str(row["id"])))["exception"]
    assert told["owner"] == CAUSES[told["cause"]].owner
    assert told["explanation"]
    assert told["evidence"]
    assert told["fingerprint"].startswith(told["cause"])
    assert row["due_at"] is not None or row["escalation"] == 3, told  # every rung of its ladder was told


async def not_as_the_books_say(world: World, names: dict[str, str]) -> list[Any]:
    """Returns that are over and not matched, or matched and not over."""
    done = await collect(sources(world), world.now)
    assert not done.faults
    settings = world.workplace.settings
    books, _ = await run_matching(world.database, MERCHANT, settings, now=world.now, actor="user:test")
    good = (Status.MATCHED, Status.WITHIN_TOLERANCE, Status.OUT_OF_SCOPE)
    returns = await world.all_returns()
    twins = {row["id"] for row in returns if row["cause"] == "same-goods"}
    states = {row["id"]: row["state"] for row in returns}
    wrong = []
    for each in books.matches:
        ids = {leg.facts["return_id"] for leg in each.legs if leg.kind is Kind.UNIT}
        if ids & twins:  # one thing under two returns: what it comes to hangs on the person who is asked
            continue
        stands = {states[number] for number in ids}
        if ids and (stands <= {"restocked", "closed"}) != (each.status in good):
            code = next(str(leg.facts["code"]) for leg in each.legs if leg.facts.get("code"))
            wrong.append((names.get(code, code), sorted(stands), str(each.status), each.reason))
    return wrong


ENDS = "test_every_scenario_ends_as_it_must_and_what_it_settled_is_matched"
PROVEN_ELSEWHERE = {
    "in-order": ENDS,
    "credit-exists": ENDS,
    "invoice-pending": ENDS,
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
    assert set(PROVEN_ELSEWHERE.values()) <= tests
