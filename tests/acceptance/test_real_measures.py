"""What is measured from an anchor, on real prices: since a date, a month, a year; half days and hours among them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.queries.view import View
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS
from tests.acceptance.real import real_view
from tests.acceptance.test_real_prices import table as bars

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def view() -> View:
    return real_view()


def on(view: View, text: str, session: str, calendar: str = XNYS) -> float:
    """The value of an expression on one session."""
    node = read(text, view.scope, calendar).column
    row = view.panel(calendar).clock.row_of(dt.date.fromisoformat(session))
    return float(view.columns([node], calendar)[node][row])


@pytest.mark.parametrize(
    ("text", "session", "percent"),
    [
        ("rally_since(RUT, 2025-11-20)", "2025-12-10", 11.0),
        ("ytd(RUT)", "2025-12-31", 11.3),
        ("ytd(SPX)", "2025-12-31", 16.4),
        ("mtd(RUT)", "2025-12-31", -0.74),
        ("mtd(SPX)", "2025-12-31", -0.05),
    ],
)
def test_returns_since_an_anchor_are_the_published_ones(view: View, text: str, session: str, percent: float) -> None:
    digits = 2 if text.startswith("mtd") else 1
    assert round(100 * on(view, text, session), digits) == percent


@pytest.mark.parametrize("name", ["RUT", "SPX", "VIX"])
@pytest.mark.parametrize(("text", "period"), [("mtd", "M"), ("ytd", "Y")])
def test_pandas_finds_the_same_returns_of_every_month_and_year(
    view: View, shared_data: Path, name: str, text: str, period: str
) -> None:
    panel = view.panel(XNYS)
    close = bars(shared_data, name)["close"].reindex(pd.DatetimeIndex(panel.clock.sessions))
    periods = pd.DatetimeIndex(close.index).to_period(period)
    ends = close.groupby(periods).apply(lambda some: some.iloc[-1]).shift(1)
    expected = close.to_numpy() / ends.reindex(periods).to_numpy() - 1
    node = read(f"{text}({name})", view.scope, XNYS).column
    np.testing.assert_allclose(view.columns([node], XNYS)[node], expected, rtol=1e-9, atol=1e-13)


def hour_end(shared_data: Path, name: str, end: str) -> float:
    """The close of the hourly bar that ends at an instant in UTC."""
    rows = pd.read_csv(shared_data / f"{name}_1h.csv.gz")
    starts = pd.to_datetime(rows["timestamp"], utc=True)
    return float(rows["close"][starts == pd.Timestamp(end) - pd.Timedelta(hours=1)].iloc[0])


def test_a_month_of_a_coin_beside_an_index_begins_at_the_half_days_close(view: View, shared_data: Path) -> None:
    """November 2025 ended at 13:00 in New York, on the day after Thanksgiving; by itself a coin's ends at midnight."""
    base, last = (hour_end(shared_data, "SOL", end) for end in ("2025-11-28T18:00Z", "2025-12-10T21:00Z"))
    assert on(view, "mtd(SOL)", "2025-12-10") == pytest.approx(last / base - 1)
    days = bars(shared_data, "SOL")["close"]
    alone = days["2025-12-10"] / days["2025-11-30"] - 1
    assert on(view, "mtd(SOL)", "2025-12-10", ALWAYS) == pytest.approx(alone)


@pytest.mark.parametrize("date", ["2025-11-27", "2025-11-29", "2025-11-30"])
def test_a_date_without_a_session_is_the_one_before_it(view: View, date: str) -> None:
    """Thanksgiving, and the weekend after the half day."""
    before = {"2025-11-27": "2025-11-26"}.get(date, "2025-11-28")
    assert on(view, f"rally_since(RUT, {date})", "2025-12-10") == on(view, f"rally_since(RUT, {before})", "2025-12-10")
    assert np.isnan(on(view, f"rally_since(RUT, {date})", before))
    assert on(view, f"rally_since(RUT, {before})", before) == 0


def test_the_leg_under_way_at_the_end_of_2025_began_at_the_low_of_april(view: View, shared_data: Path) -> None:
    close = bars(shared_data, "RUT")["close"]["2025-01-10":]
    assert on(view, "since_turn(RUT, 10%)", "2025-12-31") == pytest.approx(close.iloc[-1] / close.min() - 1)
