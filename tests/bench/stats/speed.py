"""What a row of ten pairs costs: three rungs of p_corr and the shift, in a replay and as one live row. Only printed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rules.evaluation import evaluate
from tests.bench.stats.prices import column_of, panel_of
from tests.bench.stats.worlds import CONSTANT_50, draw

PAIRS = 10
TEXTS = (*(f"p_corr({{pair}}, above={rung})" for rung in (0.5, 0.6, 0.7)), "corr_shift({pair})")


@dataclass(frozen=True)
class Speed:
    """Seconds: a row of a replay of all rows, and a live row on top of its checkpoints."""

    replayed: float
    live: float


def speed(seed: int) -> Speed:
    """The best of several runs on ten drawn pairs."""
    panel = panel_of(draw(CONSTANT_50, seed, range(PAIRS)))
    roots = [column_of(text, path) for path in range(PAIRS) for text in TEXTS]
    last = len(panel) - 1
    before = evaluate(roots, panel[:last]).checkpoints
    replayed = _best(lambda: evaluate(roots, panel), 2) / len(panel)
    return Speed(replayed, _best(lambda: evaluate(roots, panel, last, before), 20))


def _best(job: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)
