"""What happens is counted here, in the field's terms, and told to Prometheus: the only place that knows its library.

One `Meters` belongs to a process; it goes on when the configuration is read anew. What can be read when somebody asks
is read then, from a `Condition`: never from the database. docs/metrics.md holds every name and what it means.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest
from prometheus_client.registry import Collector

from bot.answers.condition import Condition, Phase, Work
from bot.answers.health import Health
from bot.answers.service import NO_TOKEN, UP

log = logging.getLogger(__name__)

PREFIX = "bellwether"

LATENCIES = (1, 2, 5, 10, 15, 20, 30, 45, 65, 90, 120, 300, 900, 3_600, 14_400)
"""Seconds. The promise of a default poll is 65: its interval and five."""

DURATIONS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

Gauges = Iterable[tuple[tuple[str, ...], float]]
"""The labels and the value of each sample."""


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
        self._registry.register(_Moment(condition, ready, self._scrape_errors.inc))

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


class _Moment(Collector):
    """What is so when somebody asks. One figure that cannot be read costs no other, and is counted."""

    def __init__(
        self, condition: Callable[[], Condition], ready: Callable[[Condition], bool], failed: Callable[[], None]
    ) -> None:
        self._condition, self._ready, self._failed = condition, ready, failed
        self._said = ""

    def describe(self) -> Iterator[Metric]:
        """Names only: nothing is read for that."""
        for name, text, labels, _ in _FIGURES:
            yield GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)

    def collect(self) -> Iterator[Metric]:
        """Never raises."""
        try:
            condition = self._condition()
            ready = self._ready(condition)
        except Exception as error:
            self._fails(error)
            return
        yield GaugeMetricFamily(f"{PREFIX}_ready", "1 while /readyz answers 200", value=ready)
        for name, text, labels, read in _FIGURES:
            family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
            try:
                for values, figure in read(condition):
                    family.add_metric(values, float(figure))
            except Exception as error:
                self._fails(error)
                continue
            if family.samples:
                yield family

    def _fails(self, error: Exception) -> None:
        """Told once: who asks comes again every few seconds."""
        self._failed()
        if self._said != (said := f"{type(error).__name__}: {error}"):
            log.error("a figure cannot be read", exc_info=error)
        self._said = said


def _phase(condition: Condition) -> Gauges:
    return [((each.value,), each is condition.phase) for each in Phase]


def _holds(condition: Condition) -> Gauges:
    yield (), condition.holds


def _of_work(read: Callable[[Work, int], Gauges]) -> Callable[[Condition], Gauges]:
    """A figure that there is only once the work has begun; it is given the moment too."""
    return lambda condition: () if condition.work is None else read(condition.work, condition.now)


def _owed(work: Work, _now: int) -> Gauges:
    return [((due.channel,), due.owed) for due in work.store.dues]


def _owed_age(work: Work, now: int) -> Gauges:
    ages = ((due.channel, 0 if due.oldest is None else max(0, now - due.oldest)) for due in work.store.dues)
    return [((channel,), age) for channel, age in ages]


def _size(work: Work, _now: int) -> Gauges:
    if work.store.size is not None:
        yield (), work.store.size


def _answer_age(work: Work, now: int) -> Gauges:
    return [((each.name,), now - each.last_answer) for each in work.sources if each.last_answer is not None]


def _telegram(work: Work, _now: int) -> Gauges:
    if work.front != NO_TOKEN:
        yield (), work.front in UP


def _guards(work: Work, _now: int) -> Gauges:
    return [((each.name, str(health)), each.health is health) for each in work.vitals.guards for health in Health]


_FIGURES: tuple[tuple[str, str, tuple[str, ...], Callable[[Condition], Gauges]], ...] = (
    ("phase", "1 for what the process is at", ("phase",), _phase),
    ("lease_held", "1 while the right to work is surely this process's own", (), _holds),
    ("telegram_heard", "1 while what is written in Telegram comes in; absent without a token", (), _of_work(_telegram)),
    ("event_loop_lag_seconds", "By how much the event loop was late at worst, in the last minute", (),
     _of_work(lambda work, _: [((), work.vitals.lag)])),
    ("guard_state", "1 for how a guarded thing is", ("guard", "state"), _of_work(_guards)),
    ("guard_restarts", "How often a guarded thing was restarted in the last hour", ("guard",),
     _of_work(lambda work, _: [((each.name,), each.restarts) for each in work.vitals.guards])),
    ("source_up", "1 while a source that is needed answers", ("source",),
     _of_work(lambda work, _: [((each.name,), each.failing_since is None) for each in work.sources])),
    ("source_last_answer_age_seconds", "Seconds since a source last answered", ("source",), _of_work(_answer_age)),
    ("newest_bar_age_seconds", "Seconds since the end of the newest bar", ("instrument", "interval"),
     _of_work(lambda work, now: [(key, now - end) for key, end in work.newest.items()])),
    ("rules", "Rules that are watched", (), _of_work(lambda work, _: [((), work.rules)])),
    ("rules_ready", "Rules whose history is complete, so that they are judged", (),
     _of_work(lambda work, _: [((), work.rules_ready)])),
    ("owed_deliveries", "Messages that are still to be sent", ("channel",), _of_work(_owed)),
    ("owed_oldest_age_seconds", "Seconds for which the oldest of them has been owed; 0 without any", ("channel",),
     _of_work(_owed_age)),
    ("database_up", "1 while the database takes what is written", (),
     _of_work(lambda work, _: [((), not work.store.why)])),
    ("database_write_age_seconds", "Seconds since the database last took something", (),
     _of_work(lambda work, _: [((), work.store.age)])),
    ("database_size_bytes", "Size of the database", (), _of_work(_size)),
)  # fmt: skip
"""Name, meaning, labels, and how it is read."""


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
