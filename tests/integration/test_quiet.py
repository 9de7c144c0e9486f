"""A span or a log line is an error only where something is wrong: a clean season has none, faults have exactly theirs."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from daemon.sandbox.scenarios import SCENARIOS, plan_season
from daemon.store.database import Database
from tests.integration.test_trace import a_backend, flush
from tests.world import open_world


class Listener(logging.Handler):
    """What the daemon said, as it was said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def listening() -> Iterator[Listener]:
    """Every line of WARNING and above that our own code says."""
    listener, logger = Listener(), logging.getLogger("daemon")
    logger.addHandler(listener)
    try:
        yield listener
    finally:
        logger.removeHandler(listener)


SEASON = len(SCENARIOS)
"""Every situation once, those that stop a return for a person among them."""


async def test_a_whole_season_without_faults_has_no_error_span_and_says_nothing_loudly(
    database: Database, tmp_path: Path
) -> None:
    async with a_backend() as (endpoint, seen), open_world(database, tmp_path, otlp_endpoint=endpoint) as world:
        with listening() as heard:
            plan_season(world.sandbox.season, returns=SEASON, seed=1, days=10)
            for order in world.sandbox.books.orders.values():
                order.refuses_credit = ""  # the one situation in which Brightpearl itself is made to refuse
            await world.pass_time(timedelta(days=20), stride=timedelta(hours=6))
            await flush(world.workplace.telemetry)

    calls = Counter(span.told.get("outcome", "") for span in seen)
    assert [(span.name, span.told) for span in seen if span.is_error] == []
    assert [span.name for span in seen if span.events] == []
    assert sum(count for outcome, count in calls.items() if "No accounting period lock is set" in outcome) > 0
    # Bodies of the season that a person must look at: a status that nobody has documented, and a fee in words.
    said = {(record.levelname, record.getMessage(), record.__dict__.get("why")) for record in heard.records}
    assert said == {
        ("ERROR", "body quarantined", "unknown event 'return_status_updated/in-limbo'"),
        ("ERROR", "body quarantined", "items[0].processingFee: 'four pounds GBP' is no amount"),
    }


async def test_with_faults_exactly_the_calls_they_struck_are_errors(database: Database, tmp_path: Path) -> None:
    rules = [
        {"match": "GET .*order-search", "kind": "unavailable", "count": 3, "skip": 4},
        {"match": "GET .*sales-credit/", "kind": "garbage", "count": 2},
        {"match": "POST /return$", "kind": "error-before", "count": 4, "skip": 3},
        {"match": "GET .*customer-payment-search", "kind": "forbidden", "count": 1},
        {"match": "GET .*goods-in", "kind": "throttled", "count": 2},
    ]
    async with a_backend() as (endpoint, seen), open_world(database, tmp_path, otlp_endpoint=endpoint) as world:
        world.sandbox.faults.plan({"rules": rules})
        for _ in range(4):
            world.begin("bar_single")
        await world.pass_time(timedelta(days=20))
        await flush(world.workplace.telemetry)
        struck = {rule.match: rule.struck for rule in world.sandbox.faults.rules}
        ended = {row["state"] for row in await world.all_returns()}

    wrong = Counter(
        span.name for span in seen if span.is_error and span.name.split()[0] in ("brightpearl", "happy-returns")
    )
    assert struck == {rule["match"]: rule["count"] for rule in rules}
    assert wrong == {
        "brightpearl order-search": 3, "brightpearl get-credits": 2, "happy-returns get-return": 4,
        "brightpearl payment-search": 1,
    }  # fmt: skip
    assert ended == {"restocked"}
