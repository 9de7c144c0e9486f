"""Traces over OTLP, metrics for Prometheus, logs as JSON lines.

One trace follows a return's whole life: the context of its first span is stored with it, and every later span, after
any number of days and restarts, is a child of that one.
"""

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, Status, StatusCode, TraceFlags
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from daemon.errors import HomewardError
from daemon.log_repeats import Repeats
from daemon.telemetry_export import export_metrics

EXPORT_TIMEOUT_SECONDS = 2  # a dead backend then delays shutdown by about a second, not by seven

ANSWERED = frozenset({"ok", "none", "RejectedError"})
"""How calls end that a vendor answered as its document says; whoever refuses our key, or answers rubbish, does not."""
MINUTES = 60.0
CREDIT_DELAY_BUCKETS = tuple(each * MINUTES for each in (5, 15, 30, 60, 120, 240, 480, 1440, 2880, 10080))

_PLAIN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the trace it was said in, and the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            line["trace_id"] = f"{context.trace_id:032x}"
        line |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def start_logging(level: str) -> Repeats:
    """JSON lines on stderr; what repeats is counted by what is answered, as long as somebody keeps it looking."""
    handler, repeats = logging.StreamHandler(sys.stderr), Repeats()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(repeats)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)  # a database that is away is told once, by the loops
    logging.getLogger("transitions").setLevel(logging.WARNING)
    return repeats


class Telemetry:
    """Tracer and metrics of one process. Without an endpoint spans are made but go nowhere."""

    def __init__(self, *, otlp_endpoint: str | None, service_name: str = "homeward") -> None:
        sampler = DEFAULT_ON if otlp_endpoint else ALWAYS_OFF  # without a reader only the ids are made
        self._provider = TracerProvider(sampler=sampler, resource=Resource.create({"service.name": service_name}))
        if otlp_endpoint:
            exporter = OTLPSpanExporter(f"{otlp_endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_SECONDS)
            self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
        self.tracer = self._provider.get_tracer("homeward")
        self.metrics = Metrics()
        self._exported = export_metrics(self.metrics.registry, otlp_endpoint, service_name) if otlp_endpoint else None

    def count_call(self, merchant: str, vendor: str, operation: str, outcome: str) -> None:
        """One HTTP call to a vendor, and whether it was answered as it should be."""
        self.metrics.calls.labels(merchant, vendor, operation, outcome).inc()
        if outcome in ANSWERED:
            self.metrics.heard_at.labels(merchant, vendor).set_to_current_time()

    @contextmanager
    def span(
        self, name: str, *, parent: str | None = None, links: Iterable[str] = (), **attributes: Any
    ) -> Iterator[Span]:
        """One span a piece of work; `parent` is the stored context of the return it belongs to.

        `links`: stored contexts of what it also concerns: the other returns of a wave, or the wave of a return.
        An error that ends it makes it an error, unless it belongs to the ordinary course (`is_ordinary`).
        """
        context = trace.set_span_in_context(NonRecordingSpan(_parse(parent))) if parent else None
        also = [Link(_parse(each)) for each in links]
        with self.tracer.start_as_current_span(
            name, context=context, attributes=attributes, links=also, record_exception=False, set_status_on_exception=False
        ) as span:  # fmt: skip
            try:
                yield span
            except Exception as error:
                if isinstance(error, HomewardError) and error.is_ordinary:
                    span.set_attribute("outcome", str(error)[:500])
                else:
                    span.record_exception(error)
                    span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"[:500]))
                raise

    def close(self) -> None:
        """Flush; may take EXPORT_TIMEOUT_SECONDS when the backend is down. Call it from a worker thread."""
        if self._exported is not None:
            self._exported.shutdown(timeout_millis=EXPORT_TIMEOUT_SECONDS * 1000)
        self._provider.shutdown()


def traceparent(span: Span) -> str:
    """The W3C form in which a span's context is stored."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def trace_id_of(stored: str | None) -> str | None:
    """The trace's id, as backends and logs show it."""
    return stored.split("-")[1] if stored else None


def note_on_span(attributes: Mapping[str, str | int]) -> None:
    """Say something on the span in which this happens."""
    trace.get_current_span().set_attributes(dict(attributes))


def _parse(stored: str) -> SpanContext:
    _, trace_id, span_id, _ = stored.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(1))


class Metrics:
    """What `/metrics` shows. Labels are bounded: merchants, kinds, outcomes, never ids."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.moves = Counter(
            "homeward_moves_total", "Journal rows written.", ["merchant", "event", "to_state"], registry=self.registry
        )
        self.effects = Counter(
            "homeward_effects_total", "Effects attempted, by outcome.", ["merchant", "kind", "outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.calls = Counter(
            "homeward_api_calls_total", "HTTP calls to a vendor.", ["merchant", "vendor", "operation", "outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.deliveries = Counter(
            "homeward_deliveries_total", "Bodies received.", ["merchant", "source", "state"], registry=self.registry
        )
        self.messages = Counter(
            "homeward_messages_total", "Messages to teams, by channel and outcome.", ["channel", "outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.clock_doubted = Gauge(
            "homeward_clock_doubted", "1 while our clock may be wrong; nothing is sent then.", registry=self.registry
        )
        self.connections = Gauge(
            "homeward_web_connections", "Connections to the web server that are open.", registry=self.registry
        )
        self.connections_closed = Counter(
            "homeward_web_connections_closed_total",
            "Connections closed before their time: full (none was free), room (it kept us waiting while none was), slow, "
            "idle, stalled (its answer was not taken).",
            ["why"], registry=self.registry,
        )  # fmt: skip
        self.quota_left = Gauge(
            "homeward_quota_left", "Brightpearl requests left in this period.", ["merchant"], registry=self.registry
        )
        self.heard_at = Gauge(
            "homeward_heard_timestamp_seconds", "When a vendor last answered this daemon.", ["merchant", "vendor"],
            registry=self.registry,
        )  # fmt: skip
        self.credit_delay = Histogram(
            "homeward_credit_delay_seconds", "From the first drop-off of a return's units to its verified credit.",
            ["merchant"], buckets=CREDIT_DELAY_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.search_lag = Histogram(
            "homeward_search_lag_seconds", "From the answer to a write until Brightpearl shows it.", ["merchant", "kind"],
            buckets=(0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 21600), registry=self.registry,
        )  # fmt: skip
        self.objectives = Counter(
            "homeward_objective_total", "What an objective was kept or missed for, once each.",
            ["merchant", "objective", "result"], registry=self.registry,
        )  # fmt: skip
        self.exceptions = Gauge(
            "homeward_exceptions", "Returns that need somebody, by the team that owns them.", ["merchant", "team"],
            registry=self.registry,
        )  # fmt: skip
        self.exceptions_overdue = Gauge(
            "homeward_exceptions_overdue", "Of these, those whose owner's time has run out.", ["merchant", "team"],
            registry=self.registry,
        )  # fmt: skip
        self.unhappy_events = Gauge(
            "homeward_events_unsettled", "Events that were refused or parked and quarantined bodies, by kind.",
            ["merchant", "state"], registry=self.registry,
        )  # fmt: skip
        self.trouble = Gauge(
            "homeward_trouble", "1 for each thing that keeps work from being done, or soon will; see homeward health.",
            ["merchant", "subject", "kind", "severity"], registry=self.registry,
        )  # fmt: skip
        self.able = Gauge(
            "homeward_merchant_able", "1 while work is possible for a merchant.", ["merchant"], registry=self.registry
        )
        self.takes_writes = Gauge(
            "homeward_database_takes_writes", "1 while the database takes writes, as this daemon sees it.", [],
            registry=self.registry,
        )  # fmt: skip
        self.writes_held = Gauge(
            "homeward_writes_held",
            "1 while nothing is sent to a merchant's vendors.",
            ["merchant"],
            registry=self.registry,
        )
        self.in_doubt = Gauge(
            "homeward_in_doubt", "1 while the database may have forgotten what was sent.", ["merchant"],
            registry=self.registry,
        )  # fmt: skip
        self.books_violations = Gauge(
            "homeward_books_violations", "What the books' invariants found when they were last checked.", ["merchant"],
            registry=self.registry,
        )  # fmt: skip
        self.books_checked_at = Gauge(
            "homeward_books_checked_timestamp_seconds", "When the books were last checked.", ["merchant"],
            registry=self.registry,
        )  # fmt: skip
        self.wal_archived_at = Gauge(
            "homeward_wal_archived_timestamp_seconds", "When the database last archived a WAL segment; 0 without archiving.",
            [], registry=self.registry,
        )  # fmt: skip
        self.build = Gauge("homeward_build_info", "Version and schema.", ["version", "schema"], registry=self.registry)
        self.open_returns = Gauge(
            "homeward_open_returns", "Returns that are not over, by state; looked up for each scrape, at most every 15 s.",
            ["merchant", "state"], registry=self.registry,
        )  # fmt: skip
        self.oldest_seconds = Gauge(
            "homeward_oldest_return_seconds", "How long the oldest return of a state has been in it.",
            ["merchant", "state"], registry=self.registry,
        )  # fmt: skip
        self.effects_due = Gauge(
            "homeward_effects_due", "Effects whose time has come.", ["merchant"], registry=self.registry
        )
        self.lease_held = Gauge(
            "homeward_lease_held", "1 while this daemon works the merchant.", ["merchant"], registry=self.registry
        )
        self.loop_round_at = Gauge(
            "homeward_loop_round_timestamp_seconds", "When a loop last ended a round; its lag is now less this.",
            ["merchant", "loop"], registry=self.registry,
        )  # fmt: skip
        self.pool_connections = Gauge(
            "homeward_database_connections", "Connections of the pool, by use.", ["use"], registry=self.registry
        )
        self.loop_seconds = Histogram(
            "homeward_loop_seconds", "Duration of one round of a loop.", ["loop"], registry=self.registry
        )
        self.loop_errors = Counter(
            "homeward_loop_errors_total", "Rounds that ended in an error.", ["loop"], registry=self.registry
        )
