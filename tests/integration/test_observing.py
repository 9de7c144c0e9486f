"""What operators' own tools see: a real Prometheus scrapes us, every rule fires and has a runbook, readiness means it."""

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
import yaml
from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from daemon.store.database import Database
from daemon.telemetry import Metrics
from daemon.telemetry_export import export_metrics
from tests.acceptance.processes import free_address
from tests.typed import commands_in, why_not
from tests.world import MERCHANT, open_world

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "alerts/homeward.rules.yml"
TESTS = sorted((DEPLOY / "alerts").glob("*.test.yml"))
DASHBOARD = json.loads((DEPLOY / "grafana/homeward.json").read_text())
RUNBOOKS = {file.stem: file.read_text() for file in (DEPLOY / "runbooks").glob("*.md")}
PROMETHEUS = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(
    PROMETHEUS is None and not os.environ.get("HOMEWARD_NEEDS_PROMETHEUS"), reason="Prometheus is not installed"
)


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def expressions() -> list[str]:
    rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    return rules + [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


@needs_prometheus
def test_every_rule_fires_on_what_it_is_for_and_none_on_a_healthy_hour() -> None:
    done = subprocess.run(["promtool", "test", "rules", *map(str, TESTS)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    tried = {test["name"] for file in TESTS for test in yaml.safe_load(file.read_text())["tests"]}
    assert {alert["alert"] for alert in alerts()} == tried - {"a healthy hour"}


def test_every_alert_names_its_severity_its_team_and_its_runbook() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in ("page", "ticket"), alert["alert"]
        assert "team" in alert["labels"] or "$labels.team" in alert["annotations"]["summary"], alert["alert"]
        assert alert["annotations"]["runbook"] in RUNBOOKS, alert["alert"]
    assert {alert["annotations"]["runbook"] for alert in alerts()} == set(RUNBOOKS)


def test_rules_and_dashboard_ask_only_for_metrics_there_are() -> None:
    recorded = {
        rule["record"]
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    known = {
        f"{family.name}{end}"
        for family in Metrics().registry.collect()
        for end in ("", "_total", "_bucket", "_sum", "_count")
    }

    asked = {name for each in expressions() for name in re.findall(r"\bhomeward[a-z0-9_:]*", each)}

    assert asked - recorded - known - {"homeward"} == set()


@pytest.mark.parametrize("name", sorted(RUNBOOKS))
def test_every_command_of_a_runbook_can_be_typed(name: str) -> None:
    commands = commands_in(RUNBOOKS[name])

    assert commands, "a decision tree ends in a command"
    assert {command: why for command in commands if (why := why_not(command))} == {}


@needs_prometheus
async def test_a_real_prometheus_scrapes_the_daemon_and_its_alerts_fire(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("cancelled_order")
        await world.pass_time(timedelta(days=8))
        config, address = tmp_path / "prometheus.yml", free_address()
        target = world.url.removeprefix("http://")
        rules = tmp_path / "rules.yml"
        rules.write_text(RULES.read_text().replace("for: 2m", "for: 0s"))
        config.write_text(
            f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{rules}]\nscrape_configs:\n"
            f"  - {{job_name: homeward, static_configs: [{{targets: ['{target}', '{free_address()}']}}]}}\n"
        )
        with (tmp_path / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - started, not waited for
                [str(PROMETHEUS), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                 f"--web.listen-address={address}"],
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            up = await _asked(address, f'up{{instance="{target}"}} == 1')
            stuck = await _asked(address, f'sum(homeward_exceptions{{merchant="{MERCHANT}"}}) > 0')
            fired = await _asked(address, 'ALERTS{alertname="HomewardDown", alertstate="firing"}')
        finally:
            process.terminate()
            await anyio.to_thread.run_sync(process.wait)

    assert len(up) == 1
    assert float(stuck[0]["value"][1]) == 1
    assert [each["metric"]["severity"] for each in fired] == ["page"]


async def _asked(address: str, query: str) -> list[Any]:
    """The answer of Prometheus to a query, once there is one."""

    async def ask() -> list[Any]:
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"http://{address}/api/v1/query", params={"query": query}) as reply,
            ):
                return list((await reply.json())["data"]["result"]) if reply.status == 200 else []
        except aiohttp.ClientError:
            return []

    with anyio.fail_after(120):
        while not (found := await ask()):  # noqa: ASYNC110 - another program's fact: nothing tells us of it
            await anyio.sleep(0.2)
    return found


async def test_metrics_leave_over_otlp_as_they_stand() -> None:
    received: list[ExportMetricsServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        received.append(ExportMetricsServiceRequest.FromString(await request.read()))
        return web.Response(body=b"", content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/metrics", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    registry = CollectorRegistry()
    Gauge("depth", "How deep.", ["where"], registry=registry).labels("here").set(3)
    Counter("seen", "How often.", registry=registry).inc(2)
    Histogram("took", "How long.", buckets=(1, 10), registry=registry).observe(5)

    pushed = export_metrics(registry, f"http://127.0.0.1:{runner.addresses[0][1]}", "test")
    await anyio.to_thread.run_sync(pushed.shutdown)
    await runner.cleanup()

    points = {
        (metric.name, tuple(sorted((a.key, a.value.string_value) for a in point.attributes))): point.as_double
        or point.as_int
        for request in received
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in (*metric.gauge.data_points, *metric.sum.data_points)
    }
    assert points["depth", (("where", "here"),)] == 3
    assert points["seen_total", ()] == 2
    assert points["took_bucket", (("le", "10.0"),)] == 1
    assert points["took_sum", ()] == 5


async def test_what_was_promised_is_counted_as_kept_or_missed(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("bar_single")
        await world.pass_time(timedelta(days=8))
        async with world.http.get(f"{world.url}/metrics") as reply:
            text = await reply.text()

    counted = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}
    credits = [value for name, value in counted.items() if 'objective="credit-in-time"' in name and "_total" in name]
    assert sum(credits) == 1
    assert counted[f'homeward_credit_delay_seconds_count{{merchant="{MERCHANT}"}}'] == 1
    assert counted[f'homeward_writes_held{{merchant="{MERCHANT}"}}'] == 0
