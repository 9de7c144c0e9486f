"""A span is an error only where something is wrong: faults have exactly theirs. (Without any: `test_scenarios`.)"""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

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
