"""Vendors whose answers are larger than anybody reads: less is asked for, or a person is told; nothing is sent twice."""

from datetime import timedelta
from pathlib import Path

import pytest

from daemon.clients import brightpearl_transport, happy_returns
from daemon.clients.results import Complete
from daemon.errors import MalformedPayloadError, OutcomeUnknownError
from daemon.store.database import Database
from tests.world import open_world


async def test_an_order_too_large_to_be_read_is_a_persons_and_stops_no_other(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brightpearl_transport, "BODY_MAX", 100_000)
    async with open_world(database, tmp_path) as world:
        large, plain = world.begin("enormous_order"), world.begin("bar_single")

        await world.pass_time(timedelta(days=9))

        stopped = await world.show(large["express_code"])
        assert (stopped["state"], stopped["exception"]["cause"]) == ("exception", "too-large")
        assert "is not read" in stopped["exception"]["explanation"]
        assert (await world.show(plain["express_code"]))["state"] in ("credited", "restocked")


async def test_a_write_whose_answer_is_too_large_may_have_been_done(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        client = world.workplace.brightpearl
        write = client.record_payment("1", {"orderId": 1}, without=Complete([]))
        monkeypatch.setattr(brightpearl_transport, "BODY_MAX", 4)

        answer = (await client.send([write]))["1"]

        assert isinstance(answer, OutcomeUnknownError)


async def test_a_return_of_more_items_than_are_read_is_a_fault(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("bar_several")["express_code"]
        await world.pass_time(timedelta(days=1))
        monkeypatch.setattr(happy_returns, "ITEMS_MAX", 1)

        with pytest.raises(MalformedPayloadError, match="more than 1 items"):
            await world.workplace.happy_returns.get_return(express_code=code)
