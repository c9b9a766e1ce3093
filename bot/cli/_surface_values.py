"""What a tuning found, as JSON and as a table; and a rule as the lines of a configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields

from bot.cli._files import cell, table
from bot.cli._surface import a_year, false_and_delay
from bot.tuning.doubts import doubts
from bot.tuning.forward import Forward, Period
from bot.tuning.surface import Point
from bot.tuning.truth import Lived
from bot.tuning.tune import Tuning
from rules.evidence import Outcome
from rules.model import Basis, Delivery, Rule, Severity, Timing


def values_of(tuning: Tuning) -> dict[str, object]:
    """Everything that was found."""
    request = tuning.request
    return {
        "rule": request.rule.rule.id,
        "instrument": request.instrument,
        "horizon": request.horizon,
        "direction": "up" if request.up else "down",
        "span": _period(tuning.span),
        "parameters": {axis.name: axis.values for axis in tuning.grid.axes},
        "tried": tuning.tried,
        "skipped": dict(tuning.grid.skipped),
        "by_closes": tuning.by_closes,
        "surface": [_point(each, tuning) for each in tuning.points],
        "as_is": _point(tuning.as_is, tuning),
        "best": None if tuning.best is None else _point(tuning.best, tuning),
        "plateau": None if tuning.plateau is None else {**vars(tuning.plateau), "is_spike": tuning.plateau.is_spike},
        "edges": tuning.edges,
        "chance": tuning.chance,
        "forward": [_step(each, tuning) for each in tuning.walk.steps],
        "pooled": None if tuning.walk.pooled is None else _outcome(tuning.walk.pooled),
        "pooled_as_is": _outcome(tuning.walk.as_is),
        "tells_of": None if tuning.sense is None else tuning.sense.words,
        "doubts": doubts(tuning),
    }


def surface_csv(tuning: Tuning) -> str:
    """The surface, a line a variant; undefined is empty. A parameter may be called as a number of the outcome is, so
    `param_` stands before each.
    """
    rows = [_flat(each, tuning) for each in tuning.points]
    return table(list(rows[0]), [[cell(value) for value in row.values()] for row in rows])


def toml_of(rule: Rule) -> Iterator[str]:
    """The rule as a table of a configuration: what is as by default is left out."""
    yield "[[rules]]"
    own = {"id": rule.id, "when": rule.when, "clear": rule.clear, "on": str(rule.basis)}
    told = {
        "severity": str(rule.severity),
        "tags": list(rule.tags),
        "title": rule.title,
        "notify_resolved": rule.notify_resolved,
        "delivery": str(rule.delivery),
    }
    for key, value in {**own, **_timing(rule.timing), **told}.items():
        if value != _DEFAULTS[key]:
            yield f"{key} = {json.dumps(value, ensure_ascii=False)}"


def _timing(timing: Timing) -> dict[str, int | None]:
    return {field.name: getattr(timing, field.name) for field in fields(Timing)}


_DEFAULTS: Mapping[str, object] = {
    "id": None,
    "when": None,
    "clear": None,
    "on": str(Basis.CLOSE),
    **_timing(Timing()),
    "severity": str(Severity.NOTICE),
    "tags": [],
    "title": "",
    "notify_resolved": False,
    "delivery": str(Delivery.AT_LEAST_ONCE),
}


def _point(point: Point, tuning: Tuning) -> dict[str, object]:
    false, delay = false_and_delay(point, tuning)
    return {
        "values": tuning.grid.values(point.variant) if point.variant.at else {},
        "when": point.variant.rule.when,
        "clear": point.variant.rule.clear,
        "firings": point.measured.firings,
        "a_year": a_year(point, tuning),
        "score": point.score,
        "outcome": _outcome(point.measured.whole),
        "false_a_year": false,
        "delay": delay,
        "worlds": {each.place.name: _lived(each) for each in point.lived},
    }


def _flat(point: Point, tuning: Tuning) -> dict[str, object]:
    outcome, (false, delay) = _outcome(point.measured.whole), false_and_delay(point, tuning)
    base = outcome.pop("base_median")
    of_worlds = {"false_a_year": false, "delay": delay}
    counted = {"firings": point.measured.firings, "a_year": a_year(point, tuning), "score": point.score}
    values = {f"param_{name}": text for name, text in tuning.grid.values(point.variant).items()}
    return {**values, **counted, **outcome, "base_median": base, **of_worlds}


def _step(step: Forward, tuning: Tuning) -> dict[str, object]:
    return {
        "train": _period(step.train),
        "test": _period(step.test),
        "values": None if step.chosen is None else tuning.grid.values(step.chosen.variant),
        "score": step.score,
        "tested": None if step.tested is None else _outcome(step.tested),
        "as_is": _outcome(step.as_is),
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "n": outcome.n,
        "effective": outcome.effective,
        "median": outcome.median,
        "low": outcome.low,
        "high": outcome.high,
        "ups": outcome.ups,
        "finding": str(outcome.finding),
        "base_median": outcome.base.median,
    }


def _lived(lived: Lived) -> dict[str, object]:
    return {"a_year": lived.a_year, "delay": lived.delay, "missed": lived.missed}


def _period(period: Period) -> list[object]:
    return [period.first, period.last]
