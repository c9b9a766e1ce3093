"""A rule is tuned: where something is planted it is found, where nothing is the doubts say so, and nothing peeks."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from bot.queries.view import NoAnswer
from bot.tuning.doubts import chance_line, doubts
from bot.tuning.measure import SHIFTS
from bot.tuning.tune import NEVER_KNOWN
from rules.evidence import Finding
from rules.model import Rule
from tests.bot.tuning.tuned import market, panel_of, tuned


def test_what_is_planted_is_found_out_of_sample_and_not_doubted_as_chance() -> None:
    found = tuned(market(1500, drift=0.012))
    assert found.best is not None
    assert found.grid.values(found.best.variant)["enter"] in ("-2%", "-3%")
    assert found.walk.pooled is not None
    assert found.walk.pooled.finding is Finding.ABOVE
    told = " ".join(doubts(found))
    assert "Chance" not in told
    assert "Out of sample" not in told
    assert "Even the best" not in told


def test_where_nothing_is_the_best_is_doubted() -> None:
    """Ten walks in which nothing follows from anything: the best of eight variants is told to be what chance gives."""
    told = [" ".join(doubts(tuned(market(700, seed)))) for seed in range(10)]
    assert sum("Chance does as well" in each for each in told) >= 8
    assert sum("Out of sample" in each for each in told) >= 8


def test_a_fall_is_hoped_for_as_a_rise_is() -> None:
    panel = market(1500, drift=-0.012)
    down, up = tuned(panel, up=False), tuned(panel, up=True)
    assert down.best is not None
    assert down.best.score > 0.01
    assert down.walk.pooled is not None
    assert down.walk.pooled.finding is Finding.BELOW
    assert up.best is not None
    assert up.best.score < 0


def test_nothing_of_a_test_is_known_to_its_training() -> None:
    """Other prices from a test's first row on: every choice up to that test stays, to the last bit."""
    rng = np.random.default_rng(5)
    close = market(700).columns["RUT"].close
    whole = tuned(panel_of(close), folds=3)
    assert [step.chosen is not None for step in whole.walk.steps] == [True, True, True]
    for step, fold in enumerate(whole.walk.steps):
        first = int(np.searchsorted(panel_of(close).clock.sessions, np.datetime64(fold.test.first)))
        other = close.copy()
        other[first:] *= np.exp(rng.normal(0.01, 0.05, len(close) - first).cumsum())
        again = tuned(panel_of(other), folds=3).walk.steps
        assert [(each.train, each.score, each.chosen and each.chosen.variant) for each in again[: step + 1]] == [
            (each.train, each.score, each.chosen and each.chosen.variant) for each in whole.walk.steps[: step + 1]
        ]


def test_the_surface_is_what_a_few_lines_of_pandas_say() -> None:
    panel = market(600)
    found = tuned(panel, "enter=-3%,-1.5%", rule=Rule("dip", "ret(RUT) <= -2%"))
    close = pd.Series(panel.columns["RUT"].close)
    ret, after = close.pct_change(), close.shift(-5) / close - 1
    for each, level in zip(found.points, (-0.03, -0.015), strict=True):
        inside = ret <= level
        fired = inside & ~inside.shift(1, fill_value=False)
        fired[0] = False
        assert each.measured.firings == fired.sum()
        assert each.measured.whole.n == after[fired].count()
        assert each.measured.whole.median == pytest.approx(after[fired].median(), abs=1e-12)
        assert each.measured.whole.base.median == pytest.approx(after[1:].median(), abs=1e-12)
        for step, fold in zip(found.walk.steps, each.measured.tested, strict=True):
            rows = (panel.clock.sessions >= np.datetime64(step.test.first)) & (
                panel.clock.sessions <= np.datetime64(step.test.last)
            )
            assert fold.n == after[fired & rows].count()


def test_all_variants_are_held_against_the_same_sessions() -> None:
    found = tuned(market(600), "n=5,200", rule=Rule("up", "ret(RUT, 20) > 5%"))
    assert found.span.first == market(600).clock.session(200)
    assert len({each.measured.whole.base.n for each in found.points}) == 1


def test_a_variant_that_is_never_known_is_left_out_and_counted() -> None:
    found = tuned(market(300), "n=5,400", rule=Rule("up", "ret(RUT, 20) > 2%"))
    assert found.tried == 1
    assert found.grid.skipped == ((NEVER_KNOWN, 1),)


def test_the_same_rule_twice_is_the_same_tuning() -> None:
    assert repr(tuned(market(400))) == repr(tuned(market(400)))


def test_a_rule_that_never_fires_chooses_nothing() -> None:
    found = tuned(market(300), "enter=-60%,-50%")
    assert (found.best, found.plateau, found.chance, found.walk.pooled) == (None, None, (), None)
    assert doubts(found) == [
        "No variant has 5 firings that share no session and whose outcome is known: nothing can be chosen."
    ]
    assert chance_line(found) == "4 variants were tried." if found.tried == 4 else "2 variants were tried."


def test_chance_is_told_beside_the_number_of_variants() -> None:
    found = tuned(market(700))
    assert len(found.chance) == SHIFTS
    assert list(found.chance) == sorted(found.chance)
    assert f"in the middle of {SHIFTS} such histories" in chance_line(found)


@pytest.mark.parametrize("rows", [1, 2, 12])
def test_a_history_that_says_too_little_is_refused(rows: int) -> None:
    with pytest.raises(NoAnswer, match=r"never known|all variants are known on"):
        tuned(market(rows))


def test_gaps_in_prices_are_no_firings_and_no_outcomes() -> None:
    close = market(600).columns["RUT"].close.copy()
    close[100:140] = np.nan
    found = tuned(panel_of(close))
    assert found.best is None or math.isfinite(found.best.score)
    assert all(each.measured.whole.base.n < 560 for each in found.points)


def test_a_market_without_a_price_is_never_known() -> None:
    with pytest.raises(NoAnswer, match="never known"):
        tuned(panel_of(np.full(300, np.nan)))
