"""How much prices move."""

from __future__ import annotations

import numpy as np

from rules.bars import Floats
from rules.columns import Window
from rules.functions.registry import Percent, SampleRows, Scope, Series, function
from rules.windows import log_return, moving_squares, over_known, span


@function("{x} volatility ({n})")
def vol(x: Series, n: SampleRows = 20, *, scope: Scope) -> Percent:
    """Realised volatility: sample standard deviation of the last n log returns, a share a year.

    Annualised by sqrt(252), on a clock of UTC days by sqrt(365). NaN unless the n returns lie within the last
    ceil(n / 0.8) rows. Example: vol(RUT, 20) > 30%
    """
    return Window(_deviation, (log_return(x),), (n, scope.rows_a_year), rows=span(n) - 1, warmup=n - 1)


def _deviation(returns: Floats, n: int, rows_a_year: int) -> Floats:
    squares = over_known(moving_squares, n, returns)
    return np.sqrt(squares / (n - 1) * rows_a_year)
