"""The metrics that `/metrics` shows, pushed over OTLP as well: one set of instruments, two ways out.

OpenTelemetry's own instruments would need its Prometheus exporter, which is pinned to unreleased parts of the SDK; so the
samples of the Prometheus registry are observed instead. Histograms leave as their cumulative buckets.
"""

from collections.abc import Callable, Iterable

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry

EVERY_SECONDS = 30
TIMEOUT_SECONDS = 2


def export_metrics(registry: CollectorRegistry, endpoint: str, service_name: str) -> MeterProvider:
    """Push every EVERY_SECONDS from a thread of its own; shut it down to push once more."""
    exporter = OTLPMetricExporter(f"{endpoint.rstrip('/')}/v1/metrics", timeout=TIMEOUT_SECONDS)
    reader = PeriodicExportingMetricReader(
        exporter, export_interval_millis=EVERY_SECONDS * 1000, export_timeout_millis=TIMEOUT_SECONDS * 1000
    )
    provider = MeterProvider([reader], resource=Resource.create({"service.name": service_name}), shutdown_on_exit=False)
    meter = provider.get_meter("homeward")
    for family in registry.collect():
        if family.type == "gauge":
            meter.create_observable_gauge(
                family.name, [_samples(registry, family.name)], description=family.documentation
            )
            continue
        names = ("_total",) if family.type == "counter" else ("_bucket", "_sum", "_count")
        for name in (f"{family.name}{end}" for end in names):
            meter.create_observable_counter(
                name, [_samples(registry, family.name, name)], description=family.documentation
            )
    return provider


def _samples(
    registry: CollectorRegistry, family_name: str, name: str = ""
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(options: CallbackOptions) -> Iterable[Observation]:
        for family in registry.collect():
            if family.name == family_name:
                for sample in family.samples:
                    if sample.name == (name or family_name):
                        yield Observation(sample.value, sample.labels)

    return observe
