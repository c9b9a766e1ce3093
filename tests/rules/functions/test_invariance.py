"""What a number does not depend on: whether its session has closed, the currency, which leg is named first."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from rules.bars import Tick
from rules.columns import Field, walk
from rules.functions.registry import Function, vocabulary
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS
from rules.panel import Panel
from rules.provisional import with_provisional
from rules.venues import TRADED
from tests.rules.functions.test_laws import column_of, plain_call
from tests.rules.markets import COINS, IDS, SCOPE, market, same_bits

every_function = pytest.mark.parametrize("function", vocabulary().values(), ids=vocabulary())


def in_progress(panel: Panel, row: int) -> Panel:
    """The rows before `row`, and that one as a session in progress whose latest trade is its close."""
    ticks = {}
    for name in IDS:
        held = panel.columns[name]
        prices = {each: float(getattr(held, each)[row]) for each in ("open", "high", "low")}
        at, origin = int(panel.clock.closes[row]), panel.origins[name][0]
        ticks[name] = Tick(name, at, float(held.close[row]), **prices, origin=origin)
    session: dt.date = panel.clock.session(row)
    return with_provisional(panel[:row], session, ticks)


@every_function
@pytest.mark.parametrize("calendar", [XNYS, ALWAYS])
def test_a_session_in_progress_has_the_number_it_would_close_with(function: Function, calendar: str) -> None:
    """What was traded in it is not known before it has closed."""
    node = read(plain_call(function), SCOPE, calendar).column
    of_volume = any(isinstance(each, Field) and each.name in TRADED for each in walk([node]))
    panel = market(5, 364, scars=False, calendar=calendar)
    for row in (340, 362, 363):
        live, closed = column_of(node, in_progress(panel, row)), column_of(node, panel[: row + 1])
        assert same_bits(live[:-1], closed[:-1])
        assert np.isnan(live[-1]) if of_volume else same_bits(live[-1:], closed[-1:])


def in_another_currency(panel: Panel, rate: float) -> Panel:
    """All coins quoted in something else."""
    columns = {}
    for name in COINS:
        held = panel.columns[name]
        prices = (each * rate for each in (held.open, held.high, held.low, held.close, held.turnover))
        opened, high, low, close, turnover = prices
        columns[name] = replace(held, open=opened, high=high, low=low, close=close, turnover=turnover)
    return replace(panel, columns={**panel.columns, **columns})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "text",
    [
        "vol_gk(SOL)",
        "vol_ratio(SOL, 5, 60)",
        "jump(SOL, 20)",
        "zscore(SOL, 30)",
        "slope(SOL, 20) / SOL",
        "atr(SOL) / SOL",
        "mtd(SOL)",
        "ytd(SOL)",
        "rally_since(SOL, 2019-04-01)",
        "since_turn(SOL, 10%)",
        "rs(SOL, RUT, 21)",
        "turbulence(ALTS, 60)",
        "absorption(ALTS, 60)",
        "share_above(ALTS, sma(EACH, 20))",
        "mean_of(ALTS, ret(EACH, 5))",
    ],
)
def test_what_is_no_price_is_the_same_in_any_currency(text: str, seed: int) -> None:
    panel = market(seed, 420)
    node = read(text, SCOPE).column
    ours, theirs = column_of(node, panel), column_of(node, in_another_currency(panel, 3.7))
    assert not np.isnan(ours).all()
    np.testing.assert_allclose(theirs, ours, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_what_one_has_gained_over_another_the_other_has_lost(seed: int) -> None:
    panel = market(seed, 300)
    one, other = (column_of(read(f"rs({legs}, 21)", SCOPE).column, panel) for legs in ("SOL, BTC", "BTC, SOL"))
    assert not np.isnan(one).all()
    np.testing.assert_allclose((1.0 + one) * (1.0 + other), np.where(np.isnan(one), np.nan, 1.0), rtol=1e-12)


@pytest.mark.parametrize("calendar", [XNYS, ALWAYS])
@pytest.mark.parametrize("seed", range(3))
def test_a_month_to_date_is_a_rally_since_the_day_before_it(seed: int, calendar: str) -> None:
    panel = market(seed, 300, calendar=calendar)
    to_date = column_of(read("mtd(SOL)", SCOPE).column, panel)
    months = panel.clock.sessions.astype("datetime64[M]")
    for month in np.unique(months)[1:]:
        rows, eve = months == month, month.astype("datetime64[D]") - 1
        since = column_of(read(f"rally_since(SOL, {eve})", SCOPE).column, panel)
        assert same_bits(since[rows], to_date[rows])
