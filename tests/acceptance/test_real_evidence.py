"""What followed fresh records of the Russell 2000 since 1990, told a second time by pandas and plain loops."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bot.queries.view import View
from rules.evidence import Evidence, Finding, Outcome, evidence_of
from rules.language.compile import compile_rule
from rules.model import XNYS, Rule
from rules.regime.label import label
from tests.acceptance.real import real_view
from tests.acceptance.test_real_prices import table as bars

pytestmark = pytest.mark.shared_data

FOLLOWED = ("RUT", "SPX")


@pytest.fixture(scope="module")
def view() -> View:
    return real_view()


@pytest.fixture(scope="module")
def found(view: View) -> Evidence:
    """What the engine says."""
    rule = compile_rule(Rule("fresh", "fresh_record(RUT)"), view.scope)
    return evidence_of(rule, view.panel(XNYS), FOLLOWED)


@pytest.fixture(scope="module")
def closes(view: View, shared_data: Path) -> pd.DataFrame:
    """Closes by session, from the files."""
    sessions = pd.DatetimeIndex(view.panel(XNYS).clock.sessions)
    return pd.DataFrame({name: bars(shared_data, name)["close"].reindex(sessions) for name in FOLLOWED})


@pytest.fixture(scope="module")
def fresh(closes: pd.DataFrame) -> list[int]:
    """The rows of fresh records: above all before, after 5 % down or 60 sessions since the last record."""
    rut = closes["RUT"]
    records = np.flatnonzero(rut > rut.cummax().shift())
    return [
        int(this)
        for last, this in pairwise(records)
        if this >= 252 and (rut.iloc[last:this].min() <= 0.95 * rut.iloc[last] or this - last >= 60)
    ]


def test_the_firings_are_those_that_pandas_finds(found: Evidence, closes: pd.DataFrame, fresh: list[int]) -> None:
    assert list(found.fired) == [closes.index[row].date() for row in fresh]
    assert len(found.fired) == 34
    assert found.since == closes.index[252].date()
    assert found.years == pytest.approx((closes.index[-1] - closes.index[252]).days / 365.25, abs=1e-3)


@pytest.mark.parametrize("name", FOLLOWED)
@pytest.mark.parametrize("ahead", [1, 5, 20])
def test_what_followed_is_what_pandas_finds(
    found: Evidence, closes: pd.DataFrame, fresh: list[int], name: str, ahead: int
) -> None:
    after, close = _of(found, name, ahead), closes[name]
    ends = close.shift(-ahead) / close - 1
    ways = pd.concat([close.shift(-k) / close - 1 for k in range(1, ahead + 1)], axis=1)
    known = ends.iloc[fresh].dropna()
    assert (after.n, after.ups) == (len(known), (known > 0).sum())
    assert after.median == pytest.approx(known.median(), abs=1e-9)
    assert after.worst == pytest.approx(ways.min(axis=1)[known.index].median(), abs=1e-9)
    assert after.best == pytest.approx(ways.max(axis=1)[known.index].median(), abs=1e-9)
    base = ends.iloc[252:].dropna()
    assert after.base.n == len(base)
    assert after.base.median == pytest.approx(base.median(), abs=1e-9)
    assert after.base.up == pytest.approx((base > 0).mean(), abs=1e-9)


def test_the_same_regimes_are_what_pandas_finds(
    view: View, found: Evidence, closes: pd.DataFrame, fresh: list[int]
) -> None:
    """Of each firing the sessions of its regime, each an equal share of one: all of them ranked together."""
    ends = (closes["RUT"].shift(-20) / closes["RUT"] - 1).iloc[252:]
    labels = pd.Series(view.columns([label()], XNYS)[label()], closes.index).iloc[252:]
    firings = ends.iloc[[row - 252 for row in fresh]].dropna().index
    alike = [ends[labels == labels[day]].dropna() for day in firings]
    shares = [pd.Series(1.0 / len(some), some.index) for some in alike]
    weight = pd.concat(shares).groupby(level=0).sum() / len(firings)
    ranked = ends[weight.index].sort_values()
    median = ranked.iloc[int(np.searchsorted(weight[ranked.index].cumsum(), 0.5))]
    same = _of(found, "RUT", 20).same
    assert same is not None
    assert same.n == len(weight)
    assert same.median == pytest.approx(median, abs=1e-9)
    assert same.up == pytest.approx(weight[ranked.index][ranked > 0].sum(), abs=1e-9)


def test_the_interval_is_what_plain_loops_find(found: Evidence, closes: pd.DataFrame, fresh: list[int]) -> None:
    ends = closes["RUT"].shift(-20) / closes["RUT"] - 1
    rows = [row for row in fresh if not np.isnan(ends.iloc[row])]
    blocks: list[list[float]] = []
    began = 0
    for before, row in pairwise([-1_000, *rows]):
        if row - before >= 20 or row - began >= 60:
            blocks.append([])
            began = row
        blocks[-1].append(float(ends.iloc[row]))
    shared = sum(max(0.0, 1 - abs(a - b) / 20) for a in rows for b in rows)
    size = min(len(rows) ** 2 / shared, len(blocks))
    chance = _splitmix()
    medians = []
    for _ in range(2_000):
        drawn = [value for _ in blocks for value in blocks[next(chance) % len(blocks)]]
        medians.append(statistics.median(drawn))
    beyond = stats.norm.cdf(-stats.t.ppf(0.95, size - 1) * np.sqrt(size / (size - 1)))
    after = _of(found, "RUT", 20)
    assert after.effective == pytest.approx(size, abs=1e-9)
    assert (after.low, after.high) == pytest.approx(tuple(np.quantile(medians, [beyond, 1 - beyond])), abs=1e-9)
    assert after.low < after.base.median < after.high
    assert after.finding is Finding.NO_EDGE


def _splitmix() -> Iterator[int]:
    state, whole = 0, 2**64 - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & whole
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & whole
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & whole
        yield mixed ^ (mixed >> 31)


def _of(found: Evidence, name: str, ahead: int) -> Outcome:
    after = found.of(name, ahead)
    assert after is not None
    return after
