"""What happens is counted here, in the field's terms, and told to Prometheus: the only place that knows its library.

One `Meters` belongs to a process; it goes on when the configuration is read anew. What can be read when somebody asks
is read then, from a `Condition`: never from the database. docs/metrics.md holds every name and what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest
from prometheus_client.registry import Collector

from bot.answers.condition import Condition
from bot.meters.moment import PREFIX, Moment

LATENCIES = (1, 2, 5, 10, 15, 20, 30, 45, 65, 90, 120, 300, 900, 3_600, 14_400)
"""Seconds. The promise of a default poll is 65: its interval and five."""

DURATIONS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Meters:
    """Of one process; counts from nothing. A sample is there once something has happened."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._build = self._gauge("build_info", "1, labelled by the version that runs", "version")
        self._polls = self._counter("polls", "Polls that asked the sources for what is owed")
        self._bars = self._counter("bars", "Bars that were new or changed")
        self._answers = self._counter("source_answers", "Questions that a source answered", "source")
        self._failures = self._counter("source_failures", "Questions that a source did not answer", "source", "trouble")
        self._rows = self._counter(
            "rows_at_fault", "Rows of prices with something wrong, and what became of them", "source", "fault", "ruling"
        )
        self._ticks = self._counter("ticks", "Ticks: poll, judge, commit", "outcome")
        self._evaluations = self._counter("evaluations", "Rules that were evaluated, each once a tick")
        self._tick = self._histogram("tick_duration_seconds", "How long a tick took", DURATIONS)
        self._events = self._counter("events", "What happened to alerts", "rule", "edge", "severity")
        self._deliveries = self._counter("deliveries", "How sendings ended", "channel", "outcome")
        self._latency = self._histogram(
            "alert_latency_seconds", "From the instant its bar counts as closed until an alert was accepted", LATENCIES,
            "channel",
        )  # fmt: skip
        self._scrape_errors = self._counter("scrape_errors", "Figures that could not be read when they were asked for")

    # What happens

    def runs(self, version: str) -> None:
        """The version of this process."""
        self._build.labels(version).set(1)

    def polled(self, bars: int) -> None:
        """A poll ended, with so many bars that were new or changed."""
        self._polls.inc()
        self._bars.inc(bars)

    def answered(self, source: str) -> None:
        """A source answered, be it that it has no such bars."""
        self._answers.labels(source).inc()

    def failed(self, source: str, trouble: str) -> None:
        """A source did not answer."""
        self._failures.labels(source, _label(trouble)).inc()

    def faulted(self, source: str, fault: str, ruling: str | None, rows: int) -> None:
        """So many rows had something wrong; no source and no ruling where none came at all."""
        self._rows.labels(source or "none", _label(fault), _label(ruling or "none")).inc(rows)

    def ticked(self, outcome: str, seconds: float) -> None:
        """A tick ended: judged, gave up, or failed."""
        self._ticks.labels(_label(outcome)).inc()
        self._tick.observe(seconds)

    def evaluated(self, rules: int) -> None:
        """So many rules were evaluated in a tick."""
        self._evaluations.inc(rules)

    def happened(self, rule: str, edge: str, severity: str) -> None:
        """An event was recorded."""
        self._events.labels(rule, edge, severity).inc()

    def delivered(self, channel: str, outcome: str) -> None:
        """A sending ended, one way or the other."""
        self._deliveries.labels(channel, outcome).inc()

    def arrived(self, channel: str, seconds: float) -> None:
        """An alert was accepted so long after its bar counted as closed."""
        self._latency.labels(channel).observe(max(0.0, seconds))

    # What is told

    def reads(self, condition: Callable[[], Condition], ready: Callable[[Condition], bool]) -> None:
        """From now on what is so at the moment is read when somebody asks. Once for each `Meters`."""
        self._registry.register(Moment(condition, ready, self._scrape_errors.inc))

    def told(self, accept: str = "") -> tuple[bytes, str]:
        """Everything, as text or as OpenMetrics, whichever an Accept header prefers; and its content type."""
        figures = _WithoutCreated(self._registry)
        try:
            encode, content_type = choose_encoder(accept)
            return encode(figures), content_type
        except (ValueError, TypeError):  # a version that is no number
            return generate_latest(figures), CONTENT_TYPE_PLAIN_0_0_4

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace=PREFIX, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace=PREFIX, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, namespace=PREFIX, registry=self._registry, buckets=buckets)


class _WithoutCreated(Collector):
    """Without the instants at which each series began: half as many series, and a process tells its start once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """What there is."""
        for metric in self._registry.collect():
            metric.samples = [each for each in metric.samples if not each.name.endswith("_created")]
            yield metric


def _label(words: str) -> str:
    """`far from the price before` as a label that needs no care when it is typed."""
    return words.replace(" ", "_")
