"""What a row costs: three rungs of p_corr and the shift of ten pairs, and the regime. Only printed.

In a replay, and as one live row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.tuning.worlds import regime as regime_worlds
from bot.tuning.worlds.pairs import CONSTANT_50, YEAR, draw
from rules.columns import Node
from rules.evaluation import evaluate
from rules.panel import Panel
from tests.bench.stats.prices import column_of, panel_of
from tests.bench.stats.regime import prices as regime_prices

PAIRS = 10
TEXTS = (*(f"p_corr({{pair}}, above={rung})" for rung in (0.5, 0.6, 0.7)), "corr_shift({pair})")


@dataclass(frozen=True)
class Speed:
    """Seconds: a row of a replay of all rows, and a live row on top of its checkpoints."""

    replayed: float
    live: float

    @property
    def ten_years(self) -> float:
        """A replay of ten years."""
        return self.replayed * 10 * YEAR


def speed(seed: int) -> Speed:
    """The best of several runs on ten drawn pairs and one drawn market."""
    panel, roots = _market(seed), _roots()
    last = len(panel) - 1
    before = evaluate(roots, panel[:last]).checkpoints
    replayed = _best(lambda: evaluate(roots, panel), 2) / len(panel)
    return Speed(replayed, _best(lambda: evaluate(roots, panel, last, before), 20))


def _market(seed: int) -> Panel:
    pairs = panel_of(draw(CONSTANT_50, seed, range(PAIRS)))
    regime = regime_prices.panel_of(regime_worlds.draw(regime_worlds.SWITCHING, seed, [0]))
    return replace(pairs, columns={**pairs.columns, **regime.columns}, origins={**pairs.origins, **regime.origins})


def _roots() -> list[Node]:
    of_pairs = [column_of(text, path) for path in range(PAIRS) for text in TEXTS]
    return [*of_pairs, regime_prices.label_of(0)]


def _best(job: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)
