"""One trace tells the whole life of a return, received by a real OTLP receiver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from daemon.store.database import Database
from tests.world import open_world


async def test_one_trace_runs_from_the_webhook_to_the_goods_in_note(database: Database, tmp_path: Path) -> None:
    async with a_backend() as (endpoint, seen), open_world(database, tmp_path, otlp_endpoint=endpoint) as world:
        code = world.begin("bar_single")["express_code"]
        await world.pass_time(timedelta(days=20))
        shown = await world.show(code)
        await flush(world.workplace.telemetry)

    assert shown["state"] == "restocked"
    mine = [(s.span, s.parent, s.name) for s in seen if s.trace == shown["trace"].split("-")[1]]
    names = [name for _, _, name in mine]
    assert {
        "webhook happy-returns", "intake read return", "happy-returns get-return", "advance started",
        "advance dropped-off", "dispatch create-sales-credit", "brightpearl create-sales-credit",
        "settle create-sales-credit", "settle record-refund", "settle close-credit", "advance units-received",
        "brightpearl receive-stock", "settle receive-stock", "advance stock-received",
    } <= set(names)  # fmt: skip
    known = {span for span, _, _ in mine}
    roots = [name for span, parent, name in mine if not parent]
    assert roots == ["webhook happy-returns"]
    assert all(parent in known for _, parent, _ in mine if parent)


async def flush(telemetry: object) -> None:
    import anyio

    await anyio.to_thread.run_sync(telemetry.close)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as the backend has it."""

    trace: str
    span: str
    parent: str
    name: str
    began: int
    told: dict[str, Any]
    links: tuple[str, ...]
    is_error: bool = False
    events: tuple[str, ...] = ()


@asynccontextmanager
async def a_backend() -> AsyncIterator[tuple[str, list[Seen]]]:
    """A real OTLP receiver: its address, and what it has received."""
    seen: list[Seen] = []

    async def take(request: web.Request) -> web.Response:
        for resource in ExportTraceServiceRequest.FromString(await request.read()).resource_spans:
            for scope in resource.scope_spans:
                seen.extend(
                    Seen(
                        s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex(), s.name, s.start_time_unix_nano,
                        {a.key: _value(a.value) for a in s.attributes}, tuple(link.span_id.hex() for link in s.links),
                        s.status.code == s.status.STATUS_CODE_ERROR, tuple(event.name for event in s.events),
                    )
                    for s in scope.spans
                )  # fmt: skip
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


def _value(told: Any) -> Any:
    kind = told.WhichOneof("value")
    return [_value(each) for each in told.array_value.values] if kind == "array_value" else getattr(told, kind or "")


async def test_a_failure_and_its_retry_by_a_person_read_as_one_story(database: Database, tmp_path: Path) -> None:
    async with a_backend() as (endpoint, seen), open_world(database, tmp_path, otlp_endpoint=endpoint) as world:
        code = world.begin("refused_credit")["express_code"]
        await world.pass_time(timedelta(days=10))
        refused = await world.show(code)
        for order in world.sandbox.books.orders.values():
            order.refuses_credit = ""
        await world.homeward("return", "retry", code, "--reason", "order was mended", "--yes")
        await world.pass_time(timedelta(days=20))
        shown = await world.show(code)
        await flush(world.workplace.telemetry)

        story = sorted((s for s in seen if s.trace == shown["trace"].split("-")[1]), key=lambda s: s.began)

    assert refused["exception"]["cause"] == "credit-refused"
    assert shown["state"] == "restocked"
    by_name = [s.name for s in story]
    failing = next(s for s in story if s.name.startswith("brightpearl") and s.told.get("error.type"))
    assert failing.told["http.response.status_code"] >= 400 or failing.told["error.message"]
    assert failing.told["brightpearl.ruid"]
    stuck = next(s for s in story if s.told.get("cause") == "credit-refused")
    assert stuck.told["return_ids"] == [shown["id"]]
    person = next(s for s in story if s.name == "advance resumed")
    assert person.told["actor"].startswith("user:")
    assert person.told["reason"] == "order was mended"
    made = next(s for s in story if s.name == "settle create-sales-credit" and s.told["outcome"] == "done")
    assert made.told["return_id"] == shown["id"]
    assert made.told["attempt"] == 2
    assert failing.began < stuck.began < person.began < made.began
    assert by_name.index("settle record-refund") > by_name.index("advance resumed")
    assert set(made.links) <= {s.span for s in seen}
    assert made.links


async def test_each_return_of_a_wave_leads_to_the_calls_that_were_made_for_all(
    database: Database, tmp_path: Path
) -> None:
    async with a_backend() as (endpoint, seen), open_world(database, tmp_path, otlp_endpoint=endpoint) as world:
        for _ in range(3):
            world.begin("bar_single")
        await world.pass_time(timedelta(days=20))
        await flush(world.workplace.telemetry)
        traces = {
            row["id"]: (await world.show(str(row["id"])))["trace"].split("-")[1] for row in await world.all_returns()
        }

    waves = {s.span: s for s in seen if s.name == "dispatch create-sales-credit"}
    for return_id, trace in traces.items():
        settled = [s for s in seen if s.trace == trace and s.name == "settle create-sales-credit"]
        assert settled
        for each in settled:
            assert return_id in waves[each.links[0]].told["return_ids"]
            calls = [s for s in seen if s.parent == each.links[0] and s.name.startswith("brightpearl")]
            assert calls
