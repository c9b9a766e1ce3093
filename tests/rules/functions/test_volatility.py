"""How much prices move, against numpy's standard deviation."""

from __future__ import annotations

import numpy as np
import pytest

from rules.model import ALWAYS
from tests.rules.functions.test_price import windows
from tests.rules.functions.test_trend import linked_returns
from tests.rules.markets import IDS, column, market, written


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("n", [2, 20, 60])
def test_vol_is_the_annualised_sample_deviation_of_log_returns(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        returns = np.log1p(linked_returns(panel.field(name, "close"), panel.field(name, "link"), 1))
        expected = [np.nan if w is None else w.std(ddof=1) * np.sqrt(252) for w in windows(returns, n)]
        np.testing.assert_allclose(column(f"vol({name}, {n})", panel), expected, rtol=1e-9, atol=1e-12)


def test_a_year_has_365_rows_where_trade_never_stops() -> None:
    beside_an_index, alone = (column("vol(BTC, 20)", market(1, calendar=each)) for each in ("XNYS", ALWAYS))
    np.testing.assert_allclose(alone, beside_an_index * np.sqrt(365 / 252), rtol=1e-12)


def test_a_price_that_stands_still_has_no_volatility() -> None:
    assert column("vol(RUT, 3)", written(RUT="100 100 100 100"))[-1] == 0
