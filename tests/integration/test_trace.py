"""One trace tells the whole life of a return, received by a real OTLP receiver."""

from datetime import timedelta
from pathlib import Path

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from daemon.store.database import Database
from tests.world import open_world


async def test_one_trace_runs_from_the_webhook_to_the_goods_in_note(database: Database, tmp_path: Path) -> None:
    spans: list[tuple[bytes, bytes, bytes, str]] = []

    async def take(request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            for scope in resource.scope_spans:
                spans.extend((s.trace_id, s.span_id, s.parent_span_id, s.name) for s in scope.spans)
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with open_world(database, tmp_path, otlp_endpoint=endpoint) as world:
            code = world.begin("bar_single")["express_code"]
            await world.pass_time(timedelta(days=20), step=timedelta(hours=6))
            shown = await world.show(code)
            await flush(world.workplace.telemetry)
    finally:
        await runner.cleanup()

    assert shown["state"] == "restocked"
    trace_id = bytes.fromhex(shown["trace"].split("-")[1])
    mine = [(span, parent, name) for trace, span, parent, name in spans if trace == trace_id]
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
