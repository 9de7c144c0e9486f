"""What people do in the sandbox's Brightpearl meets the same refusals as what comes through the API."""

from datetime import timedelta

from daemon.sandbox.app import Sandbox
from daemon.sandbox.journeys import one
from tests.world import NOON

HOUR = timedelta(hours=1)


def test_whoever_credits_an_order_that_takes_no_credit_tries_again_until_it_does() -> None:
    sandbox = Sandbox.open(now=NOON, rate=0.0)
    season = sandbox.season
    season.open(1)
    order = one(season, NOON)
    order.refuses_credit = "The contact is on hold"
    season.at(NOON + HOUR, "human_credit", order_id=order.id, row_index=0, reference="goodwill")
    season.at(NOON + 8 * HOUR, "change", order_id=order.id, sets={"refuses_credit": ""})

    refused = []
    for hours in (1, 7, 8, 13):
        sandbox.clock.move(to=NOON + hours * HOUR)
        season.play(sandbox.clock.now())
        refused += sandbox.books.credits_of([order.id]) if hours < 8 else []

    assert refused == []
    assert [credit.reference for credit in sandbox.books.credits_of([order.id])] == ["goodwill"]
