"""In markets without any memory few rules seem to say what follows; the long form, on real days, is in the soak."""

from __future__ import annotations

import numpy as np

from rules.bars import Floats
from rules.evaluation import evaluate
from rules.evidence import evidence_of, nodes_of
from rules.panel import Panel
from tests.acceptance.shuffled import Tally, shuffled
from tests.rules.markets import market, rule

MOST = 0.12
RULES = [
    rule("dip", "ret(RUT, 5) < -4%", "ret(RUT, 5) > 0%"),
    rule("high", "close(RUT) >= highest(RUT, 60)", "drawdown(RUT) > 3%"),
    rule("rally", "rally(RUT, 60) > 8%", "rally(RUT, 60) < 3%"),
    rule("cross", "RUT > sma(RUT, 50)"),
    rule("calm", "vol(RUT, 20) < 18%", "vol(RUT, 20) > 24%"),
    rule("lag", "ret(RUT, 21) - ret(SPX, 21) < -4%", "ret(RUT, 21) - ret(SPX, 21) > 0%"),
]


def test_few_rules_seem_to_say_something_where_nothing_follows_from_anything() -> None:
    counted = Tally()
    for seed in range(25):
        panel = market(seed, 1_500, scars=False)
        columns = evaluate([node for each in RULES for node in nodes_of(each)], panel).columns
        for each in RULES:
            counted.count(evidence_of(each, panel, ("RUT",), columns=columns), "RUT")
    assert counted.claimable["told"] > 100
    for name in counted.claimable:
        assert counted.share(name) <= MOST


def test_a_rule_that_does_say_something_is_found() -> None:
    """Were every dip followed by a rise, nearly each of these markets would show it: the test above can fail."""
    counted = Tally()
    for seed in range(5):
        panel = market(seed, 1_500, scars=False)
        close = panel.columns["RUT"].close
        dips = np.flatnonzero(close[5:] / close[:-5] - 1 < -0.04) + 5
        for row in dips[np.diff(dips, prepend=-99) > 20]:
            close[row + 1 :] *= 1.08
        counted.count(evidence_of(RULES[0], panel, ("RUT",)), "RUT")
    assert counted.share("next 1") >= 0.8


def test_days_in_another_order_are_the_same_days() -> None:
    """Each keeps what all did on it, and what begins to trade later does so still."""
    panel = market(3, 300, scars=False)
    panel.columns["SOL"].close[:100] = np.nan
    other = shuffled(panel, 7)
    assert np.isnan(other.columns["SOL"].close[:100]).all()
    assert (other.columns["RUT"].close != panel.columns["RUT"].close).mean() > 0.9
    ours, theirs = (sorted(zip(_rises(each, "RUT"), _rises(each, "SPX"), strict=True)) for each in (panel, other))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    for name in panel.columns:
        np.testing.assert_allclose(np.sort(_rises(panel, name)), np.sort(_rises(other, name)), rtol=1e-9)


def _rises(panel: Panel, name: str) -> Floats:
    close = panel.columns[name].close
    known = close[~np.isnan(close)]
    rises: Floats = known[1:] / known[:-1]
    return rises
