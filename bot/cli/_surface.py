"""What a tuning found, as text of eighty columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap

from bot.render.evidence import FINDINGS, ahead
from bot.render.numbers import UNDEFINED, percent
from bot.tuning.doubts import chance_line, doubts, left_out
from bot.tuning.forward import Forward, Period
from bot.tuning.grid import Axis
from bot.tuning.surface import Point
from bot.tuning.truth import Lived
from bot.tuning.tune import Tuning
from rules.evidence import Finding, Outcome

SHOWN_BEST, SHOWN_WORST = 10, 3
"""Variants that are listed of many."""

AS_IS = "as it is"
WIDE = 80
_CELL = 8
"""Columns of one score in the grid."""


def surface_lines(tuning: Tuning) -> Iterator[str]:
    """The whole answer, line by line."""
    yield from _head(tuning)
    if len(tuning.grid.axes) == 2:
        yield from ["", *_grid(tuning)]
    yield from ["", *_table(tuning), "", *_forward(tuning)]
    if worlds := list(_worlds(tuning)):
        yield from ["", *worlds]
    yield from ["", *wrap(chance_line(tuning), WIDE)]
    for each in doubts(tuning):
        yield from wrap(f"! {each}", WIDE, subsequent_indent="  ")


def _head(tuning: Tuning) -> Iterator[str]:
    request = tuning.request
    names = ", ".join(axis.name for axis in tuning.grid.axes)
    out = left_out(tuning)
    several = f"{tuning.tried} variant{'s' * (tuning.tried != 1)}"
    yield from wrap(f"{request.rule.rule.id}: {several} of {names}{f'; {out}' if out else ''}", WIDE)
    way = "rises" if request.up else "falls"
    hoped = f"{request.instrument} {way}, {ahead(request.horizon, request.rule.calendar)}"
    yield f"Hoped for: {hoped}. {_dates(tuning.span)}."
    less = "less the median of all sessions" if request.up else "taken from the median of all sessions"
    end = "lower" if request.up else "upper"
    yield from wrap(f"Score: the {end} end of the 90% interval of the median outcome, {less}.", WIDE)
    if tuning.by_closes:
        yield "The rule is on trades; here it is looked at by its closes."


def _grid(tuning: Tuning) -> Iterator[str]:
    """Scores with the second parameter across, in percent; as many columns as there is room for."""
    down, across = tuning.grid.axes
    by_place = {each.variant.at: each for each in tuning.points}
    width = max(len(down.name), *(len(each) for each in down.values))
    fits = (WIDE - width) // _CELL
    for first in range(0, len(across.values), fits):
        steps = range(first, min(first + fits, len(across.values)))
        yield f"{'':<{width}}  {across.name}"
        yield f"{down.name:<{width}}" + "".join(f"{across.values[step]:>{_CELL}}" for step in steps)
        for row, value in enumerate(down.values):
            cells = "".join(f"{_cell(by_place.get((row, step)), tuning):>{_CELL}}" for step in steps)
            yield f"{value:>{width}}{cells}"
    yield "In-sample scores in %; [best], . too few firings, blank: left out."


def _cell(point: Point | None, tuning: Tuning) -> str:
    if point is None:
        return ""
    text = "." if math.isnan(point.score) else f"{point.score * 100 + 0.0:+.1f}"
    return f"[{text}]" if point is tuning.best else text


def _table(tuning: Tuning) -> Iterator[str]:
    """Every variant of few; the best and the worst of many."""
    ranked = sorted(tuning.points, key=lambda each: -each.score if not math.isnan(each.score) else math.inf)
    few = len(ranked) <= SHOWN_BEST + SHOWN_WORST
    shown = list(tuning.points) if few else [*ranked[:SHOWN_BEST], *ranked[-SHOWN_WORST:]]
    words = _columns([_values(each, tuning.grid.axes) for each in shown])
    width = max(len(AS_IS), *map(len, words))
    names = " ".join(axis.name for axis in tuning.grid.axes)
    yield f"In-sample by {names}" if few else f"In-sample by {names}: the best {SHOWN_BEST} and the worst {SHOWN_WORST}"
    yield f"{'':<{width}} firings a year  median   90% interval    score false/y delay"
    for index, (each, text) in enumerate(zip(shown, words, strict=True)):
        if not few and index == SHOWN_BEST:
            yield "..."
        yield _row(each, text, width, tuning)
    yield _row(tuning.as_is, AS_IS, width, tuning)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The cells of each row in one text, under one another."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [" ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]


def _row(point: Point, words: str, width: int, tuning: Tuning) -> str:
    whole = point.measured.whole
    interval = f"{_percent(whole.low)} {_percent(whole.high)}" if not math.isnan(whole.low) else "too few"
    false, delay = false_and_delay(point, tuning)
    return (
        f"{words:<{width}} {point.measured.firings:>7} {a_year(point, tuning):>6.1f} {_median(whole):>7} "
        f"{interval:>14} {_percent(point.score):>8} {_count(false, 2):>7} {_count(delay, 0):>5}"
    )


def false_and_delay(point: Point, tuning: Tuning) -> tuple[float, float]:
    """The most firings a year among the worlds in which each of them is false, and the median delay in the first of
    those in which there is something to tell; NaN where no world says.
    """
    sense = tuning.sense
    by_name = {each.place.name: each for each in point.lived}
    if sense is None or not sense.quiet:
        return math.nan, math.nan
    return max(by_name[name].a_year for name in sense.quiet), by_name[sense.change[0]].delay


def a_year(point: Point, tuning: Tuning) -> float:
    """Firings a year of the span."""
    first, last = tuning.span.first, tuning.span.last
    days = (last - first).days if first is not None and last is not None else 0
    return point.measured.firings * 365.25 / days if days else math.nan


def _forward(tuning: Tuning) -> Iterator[str]:
    steps = tuning.walk.steps
    chosen = [UNDEFINED if step.chosen is None else " ".join(_values(step.chosen, tuning.grid.axes)) for step in steps]
    width = max(len("best by its past"), *map(len, chosen))
    yield f"Walk-forward: the best of what was known before each of {len(steps)} tests, then the test"
    yield f"{'test':<22} {'best by its past':<{width}}   score   n  median   {AS_IS}"
    for step, words in zip(steps, chosen, strict=True):
        yield f"{_dates(step.test):<22} {words:<{width}} {_percent(step.score):>7} {_step(step)}"
    pooled = tuning.walk.pooled
    told = "there was never one to choose" if pooled is None else _told(pooled)
    yield from wrap(f"always the best of its past: {told}", WIDE, subsequent_indent="  ")
    yield from wrap(f"the rule as it is: {_told(tuning.walk.as_is)}", WIDE, subsequent_indent="  ")


def _step(step: Forward) -> str:
    tested = step.tested
    own = f"{step.as_is.n:>3} {_median(step.as_is):>7}"
    return f"{'-' if tested is None else tested.n:>3} {'-' if tested is None else _median(tested):>7} {own}"


def _told(outcome: Outcome) -> str:
    base = percent(outcome.base.median, signed=True)
    claimed = FINDINGS[outcome.finding]
    if math.isnan(outcome.low):
        return f"n {outcome.n}, up {outcome.ups}; all days {base}: {claimed}"
    inside = f"{_percent(outcome.low)} to {_percent(outcome.high)}"
    median = percent(outcome.median, signed=True)
    return f"n {outcome.n} (effective {outcome.effective:.1f}), median {median}, {inside}; all days {base}: {claimed}"


def _worlds(tuning: Tuning) -> Iterator[str]:
    if tuning.truth is None:
        yield "No simulated world knows when such a rule should fire: nothing can be said of"
        yield "false alarms and delay."
        return
    if tuning.sense is None:
        return
    told = f"Simulated worlds, {tuning.request.paths} paths each. The rule as it is tells of {tuning.sense.words}."
    yield from wrap(told, WIDE)
    best = tuning.best
    yield f"{'':<26} {AS_IS:>22}   {'the best' if best else '':>22}".rstrip()
    yield f"{'world':<26} {_WORLD_HEAD}   {_WORLD_HEAD if best else ''}".rstrip()
    for index, lived in enumerate(tuning.as_is.lived):
        other = _lived(best.lived[index]) if best is not None else ""
        yield f"{lived.place.name:<26} {_lived(lived)}   {other}".rstrip()
    if quiet := tuning.sense.quiet:
        yield from wrap(f"false/y is the most a year where each firing is false: {', '.join(quiet)}.", WIDE)


_WORLD_HEAD = " a year  delay  missed"


def _lived(lived: Lived) -> str:
    share = UNDEFINED if math.isnan(lived.missed) else f"{lived.missed * 100:.0f}%"
    return f"{lived.a_year:>7.2f} {_count(lived.delay, 0):>6} {share:>7}"


def _values(point: Point, axes: Sequence[Axis]) -> list[str]:
    return [axis.values[step] for axis, step in zip(axes, point.variant.at, strict=True)]


def _median(outcome: Outcome) -> str:
    """Of too few none is told: it would be taken for what usually follows."""
    return "-" if outcome.finding is Finding.TOO_FEW else _percent(outcome.median)


def _dates(period: Period) -> str:
    return UNDEFINED if period.first is None else f"{period.first}..{period.last}"


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{share * 100 + 0.0:+.1f}%"


def _count(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
