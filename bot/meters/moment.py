"""Figures of the moment: read from a `Condition` when somebody asks, and from nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.answers.condition import Condition, Phase, Work
from bot.answers.health import Health
from bot.answers.service import NO_TOKEN, UP

log = logging.getLogger(__name__)

PREFIX = "bellwether"

Gauges = Iterable[tuple[tuple[str, ...], float]]
"""The labels and the value of each sample."""


class Moment(Collector):
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
