"""A rule is tuned: every variant on history and in the worlds, by walk-forward, and the best of them doubted.

grid -> judge -> span, folds -> measure -> surface -> the best of each training -> pooled out of sample
              -> live in worlds -> sense -> false alarms and delay of every variant
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.queries.view import NoAnswer
from bot.tuning.forward import Period, Walk, period, walk
from bot.tuning.grid import Grid, Variant
from bot.tuning.knobs import lined
from bot.tuning.market import Market, market_of
from bot.tuning.measure import Judge, Measure, Measured, Rows, folds_of, judge, measure
from bot.tuning.running import Progress, Runner, Task, chunks, flat
from bot.tuning.surface import Plateau, Point, best_of, by_chance, edges_of, plateau_of, point
from bot.tuning.truth import Live, Lived, Sense, Truth, live, sense_of, truth_of
from rules.evidence import Past
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Rule
from rules.panel import Panel

NEVER_KNOWN = "this history is too short for it to be known"

Opened = Callable[[Market], AbstractContextManager[Runner]]
"""Where tasks are run, of a market."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Request:
    """What is to be tuned: what is hoped for is that `instrument` rises (`up`) or falls over
    the next `horizon` rows. `paths` of each simulated world are drawn from `seed`; 0 leaves the worlds out.
    """

    rule: CompiledRule

    instrument: str
    horizon: int
    folds: int
    up: bool
    paths: int
    seed: int


@dataclass(frozen=True)
class Tuning:
    """All that tuning found: the surface (`points`), the rule `as_is`, the steps forward, the best of the surface and
    what is to be doubted about it, and the worlds: `truth` is None where none knows when the rule should fire, `sense`
    also where nobody wanted to know. `chance` are the best scores with outcomes shifted in time, ascending. `skipped`
    tells why variants were left out, and how many.
    """

    request: Request
    grid: Grid
    span: Period
    points: tuple[Point, ...]
    as_is: Point
    walk: Walk
    best: Point | None
    plateau: Plateau | None
    edges: tuple[str, ...]
    chance: tuple[float, ...]
    truth: Truth | None
    sense: Sense | None
    by_closes: bool

    @property
    def tried(self) -> int:
        """How many variants were looked at."""
        return len(self.points)


def tune(request: Request, grid: Grid, panel: Panel, scope: Scope, opened: Opened, progress: Progress) -> Tuning:
    """Raises NoAnswer where the history says too little."""
    own = Variant((), lined(request.rule))
    compiled = [compile_rule(each.rule, scope) for each in (*grid.variants, own)]
    market = market_of(panel, scope, compiled, request.instrument, request.horizon)
    truth = truth_of(request.rule)
    with opened(market) as runner:
        work = _Work(request, market, runner, progress)
        pasts = work.judged([*grid.variants, own])
        grid, pasts = _known(grid, pasts)
        variants = [*grid.variants, own]
        span = _span(request, market, pasts)
        folds = folds_of(span, request.folds, request.horizon)
        specs = [Measure(part, span, folds, request.up) for part in chunks(pasts)]
        measured: list[Measured] = flat(work.run([Task(measure, spec) for spec in specs]))
        sense, lived = work.lived(truth, variants) if truth and request.paths else (None, [()] * len(variants))
    points = [point(*each, up=request.up) for each in zip(variants, measured, lived, strict=True)]
    *surface, as_is = points
    best = best_of(surface)
    return Tuning(
        request=request,
        grid=grid,
        span=period(market, span),
        points=tuple(surface),
        as_is=as_is,
        walk=walk(market, folds, points, pasts, up=request.up),
        best=best,
        plateau=None if best is None else plateau_of(best, surface),
        edges=() if best is None else edges_of(best, grid),
        chance=by_chance(surface),
        truth=truth,
        sense=sense,
        by_closes=pasts[-1].by_closes,
    )


class _Work:
    """The tasks of one request, made and run."""

    def __init__(self, request: Request, market: Market, runner: Runner, progress: Progress) -> None:
        self.request, self.market, self.runner, self.progress = request, market, runner, progress

    def run(self, tasks: Sequence[Task]) -> list[tuple[Item, ...]]:
        found: list[tuple[Item, ...]] = self.runner.run(tasks, self.progress)
        return found

    def judged(self, variants: Sequence[Variant]) -> list[Past]:
        """Where each fired."""
        return flat(self.run([Task(judge, Judge(part)) for part in chunks(_rules(variants))]))

    def lived(self, truth: Truth, variants: Sequence[Variant]) -> tuple[Sense, list[tuple[Lived, ...]]]:
        """What the rule as it is, the last, tells of in all worlds; and how every variant does in those that tell
        whether it does so well.
        """
        own: list[Lived] = flat(
            self.run([self._live(place.name, _rules(variants[-1:]), truth) for place in truth.places])
        )
        sense = sense_of(own)
        places = [place for place in truth.places if place.name in (*sense.quiet, *sense.change)]
        parts = chunks(_rules(variants))
        tasks = [self._live(place.name, part, truth) for place in places or truth.places for part in parts]
        found: list[Lived] = flat(self.run(tasks))
        columns = [found[at : at + len(variants)] for at in range(0, len(found), len(variants))]
        return sense, list(zip(*columns, strict=True))

    def _live(self, name: str, rules: tuple[Rule, ...], truth: Truth) -> Task:
        place = next(each for each in truth.places if each.name == name)
        return Task(live, Live(rules, place, truth.legs, self.request.seed, self.request.paths))


def _rules(variants: Sequence[Variant]) -> tuple[Rule, ...]:
    return tuple(each.rule for each in variants)


def _known(grid: Grid, pasts: Sequence[Past]) -> tuple[Grid, list[Past]]:
    """Without the variants that were never known; the rule as it is, the last, stays."""
    kept = [at for at, past in enumerate(pasts[:-1]) if past.first is not None]
    missing = len(pasts) - 1 - len(kept)
    if not kept or pasts[-1].first is None:
        raise NoAnswer("on this history the rule is never known: more of it is needed, or shorter windows")
    if not missing:
        return grid, list(pasts)
    known = tuple(grid.variants[at] for at in kept)
    return replace(grid, variants=known, skipped=(*grid.skipped, (NEVER_KNOWN, missing))), [
        *(pasts[at] for at in kept),
        pasts[-1],
    ]


def _span(request: Request, market: Market, pasts: Sequence[Past]) -> Rows:
    """The rows on which all variants are known, so that all are held against the same sessions."""
    first, stop = max(past.first or 0 for past in pasts), len(market.panel)
    part = (stop - first) // (request.folds + 1)
    if part <= request.horizon:
        need = (request.folds + 1) * (request.horizon + 1)
        told = f"all variants are known on {stop - first} sessions only, and {request.folds} tests of outcomes over "
        raise NoAnswer(f"{told}{request.horizon} need {need}: ask for fewer --folds, or for shorter windows")
    return first, stop
