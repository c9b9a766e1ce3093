"""What followed a row: the return of an instrument over the next sessions, and its worst and best close on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.evaluation import evaluate
from rules.panel import Panel
from rules.windows import close_of, simple_return

HORIZONS = (1, 5, 20)
"""Sessions after an alert."""


@dataclass(frozen=True)
class Followed:
    """What followed each row of a panel over the next `horizon` rows, as shares of its close; (rows,) float64 each.

    `end` is the return to the close of the last of them: `ret(x, horizon)` of that row. `worst` and `best` are the
    least and the greatest return to any known close on the way, the last included. NaN where a close at either end is
    unknown, and where the last row has not come yet.
    """

    instrument: str
    horizon: int
    end: Floats
    worst: Floats
    best: Floats


def followed(panel: Panel, instrument: str, horizons: Sequence[int] = HORIZONS) -> tuple[Followed, ...]:
    """What followed each row, one for each of `horizons`, which ascend from 1 or more.

    Returns keep to one venue as all returns do (DESIGN 4). Of an instrument without bars all is NaN.
    """
    nodes = [simple_return(close_of(instrument), ahead) for ahead in range(1, horizons[-1] + 1)]
    columns = evaluate(nodes, panel).columns
    worst = best = np.full(len(panel), np.nan)
    found = []
    for ahead, node in enumerate(nodes, start=1):
        end = _brought_forward(columns[node], ahead)
        worst, best = np.fmin(worst, end), np.fmax(best, end)
        if ahead in horizons:
            unknown = np.isnan(end)
            found.append(
                Followed(instrument, ahead, end, np.where(unknown, np.nan, worst), np.where(unknown, np.nan, best))
            )
    return tuple(found)


def _brought_forward(column: Floats, rows: int) -> Floats:
    """The value `rows` rows later."""
    out = np.full(len(column), np.nan)
    out[: max(0, len(column) - rows)] = column[rows:]
    return out
