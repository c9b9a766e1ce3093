"""The next close, judged on many futures side by side: each as the engine judges it once it has happened."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from rules.bars import Floats
from rules.columns import Node
from rules.evaluation import evaluate
from rules.panel import Panel
from rules.regime.filter import probabilities
from rules.regime.flip import NEEDED, NextClose
from rules.regime.label import label
from rules.windows import close_of, log_return
from tests.rules.markets import columns_of, market, same_bits
from tests.rules.regimes import BTC, SPX, VIX, restless, with_close

RETURNS = (log_return(close_of(SPX)), log_return(close_of(BTC)))


def columns(panel: Panel) -> Mapping[Node, Floats]:
    return evaluate([*NEEDED, *RETURNS], panel).columns


def without(panel: Panel, name: str) -> Panel:
    return Panel(panel.clock, {k: v for k, v in panel.columns.items() if k != name}, panel.origins)


def judged_as_it_came(panel: Panel) -> list[int]:
    """The rows whose judgement by the row before is the engine's; fails where it is not."""
    found = columns(panel)
    spx, btc = (found[node] for node in RETURNS)
    vix, p, labels = panel.field(VIX, "close"), found[probabilities()], found[label()]
    rows = []
    for row in range(1, len(panel)):
        following = NextClose.after(found, row - 1)
        if following is None or np.isnan(spx[row]):
            continue
        one = slice(row, row + 1)
        of_row, label_of_row = following.judge(spx[one], btc[one], vix[one])
        assert same_bits(of_row[0], p[row]), row
        assert label_of_row[0] == labels[row]
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_close_of_a_market_was_judged_before_it_came_as_it_was_when_it_came(seed: int) -> None:
    """On the way the VIX's median is over 60 values, over an even and an odd number of them, and over 756."""
    panel = restless(seed)
    assert judged_as_it_came(panel) == list(range(62, 1_000))
    assert set(columns(panel)[label()][61:]) == {0.0, 1.0, 2.0}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_so_was_every_close_of_a_market_with_gaps(seed: int) -> None:
    assert len(judged_as_it_came(restless(seed, gaps=True))) > 850


@pytest.mark.parametrize("seed", range(1, 9))
def test_so_was_every_close_of_a_market_with_spikes_and_switches_of_venue(seed: int) -> None:
    """420 rows in which a price may be missing, stand still or jump; the VIX's past is never full."""
    assert len(judged_as_it_came(market(seed, 420))) > 150


@pytest.mark.parametrize("name", [BTC, VIX])
def test_so_was_every_close_of_a_market_without_a_coin_or_a_vix(name: str) -> None:
    assert judged_as_it_came(without(restless(1, 400), name)) == list(range(62, 400))


@pytest.mark.parametrize("begins", [5, 341, 342, 343])
def test_a_vix_that_began_later_is_left_out_until_sixty_are_known(begins: int) -> None:
    panel = restless(4, 404)
    close = np.where(np.arange(404) < begins, np.nan, panel.field(VIX, "close"))
    judged_as_it_came(Panel(panel.clock, {**panel.columns, VIX: columns_of(close)}, panel.origins))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("row", [61, 62, 300, 755, 756, 757, 990])
def test_futures_side_by_side_are_judged_as_each_of_them_by_the_engine(seed: int, row: int) -> None:
    """Any price, as a close more of the whole panel."""
    panel = restless(seed, row + 1, gaps=row % 2 == 0)
    following = NextClose.after(columns(panel), row)
    assert following is not None
    rng = np.random.default_rng(row)
    spx, btc, vix = (
        np.array([float(panel.field(name, "close")[row])] * 6) * np.exp(rng.normal(0.0, spread, 6))
        for name, spread in ((SPX, 0.05), (BTC, 0.2), (VIX, 0.4))
    )
    start_spx, start_btc = (panel.field(name, "close")[row] for name in (SPX, BTC))
    p, labels = following.judge(np.log(spx / start_spx), np.log(btc / start_btc), vix)
    for k in range(6):
        prices = {SPX: spx[k], BTC: btc[k], VIX: vix[k]}
        longer = with_close(panel, **{name: float(price) for name, price in prices.items() if price == price})
        found = evaluate([probabilities(), label()], longer).columns
        assert same_bits(p[k], found[probabilities()][-1])
        assert labels[k] == found[label()][-1]


def test_before_there_is_a_label_no_next_close_is_judged() -> None:
    panel = restless(1, 100)
    found = columns(panel)
    assert [row for row in range(100) if NextClose.after(found, row) is not None] == list(range(61, 100))


def test_a_gap_leaves_the_label_and_its_probabilities_for_the_next_close() -> None:
    """On the row after it there is a price and no return; the row after that is judged by what was known before."""
    panel = restless(1, 100)
    close = panel.field(SPX, "close").copy()
    close[80] = np.nan
    found = columns(Panel(panel.clock, {**panel.columns, SPX: columns_of(close)}, panel.origins))
    for row in (80, 81):
        following = NextClose.after(found, row)
        assert following is not None
        assert (following.label, same_bits(following.p, found[probabilities()][79])) == (found[label()][79], True)
