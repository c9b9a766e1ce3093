"""What the pairing of prices does to a correlation: the day and the numbers that docs/correlation.md tells of.

By the close is the engine's own; by date, and one row off, is what pandas makes of the same files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.app import Options, open_app
from bot.queries.view import View
from rules.language.meaning import read
from rules.model import XNYS
from tests.bot.markets import NOW

pytestmark = pytest.mark.shared_data

COINS = ["BTC", "ETH", "SOL", "ADA", "XRP"]


@pytest.fixture(scope="module")
def view(shared_data: Path) -> View:
    return open_app(Options(data=shared_data), at=NOW).view()


def at_the_close(view: View, text: str) -> pd.DataFrame:
    """An expression of each coin, session by session."""
    nodes = {coin: read(text.format(coin), view.scope, XNYS).column for coin in COINS}
    found = view.columns(nodes.values(), XNYS)
    sessions = pd.to_datetime(view.panel(XNYS).clock.sessions)
    return pd.DataFrame({coin: found[node] for coin, node in nodes.items()}, index=sessions)


@pytest.fixture(scope="module")
def by_date(shared_data: Path, view: View) -> pd.DataFrame:
    """Log returns from session date to session date, coins by the UTC day of that name; the index stands in front."""
    sessions = pd.to_datetime(view.panel(XNYS).clock.sessions)
    days = {name: pd.read_csv(shared_data / f"{name}_1d.csv.gz", index_col="timestamp") for name in ("RUT", *COINS)}
    labels = sessions.strftime("%Y-%m-%dT00:00:00Z")
    closes = pd.DataFrame({name: table["close"].reindex(labels).to_numpy() for name, table in days.items()}, sessions)
    return closes.map(np.log).diff()


def rolling(returns: pd.DataFrame, n: int) -> pd.DataFrame:
    """r of each coin with the index over the last n joint returns."""
    pairs = {coin: returns[["RUT", coin]].dropna() for coin in COINS}
    return pd.DataFrame({coin: pair["RUT"].rolling(n).corr(pair[coin]) for coin, pair in pairs.items()})


def on(table: pd.DataFrame, session: str) -> list[float]:
    """The row of a session."""
    return rounded(table[table.index == session].iloc[0], 3)


def rounded(numbers: pd.Series[float], digits: int = 2) -> list[float]:
    return [round(each, digits) for each in numbers.tolist()]


def test_on_2025_10_10_coins_fell_after_the_close_and_by_date_that_is_the_index_s_day(
    view: View, by_date: pd.DataFrame
) -> None:
    index = at_the_close(view, "ret(RUT) + 0 * ret({})")
    closes, dates = at_the_close(view, "ret({})"), by_date[COINS].map(np.expm1)
    assert on(index, "2025-10-10") == [-0.030] * 5
    assert on(closes, "2025-10-10") == [-0.036, -0.079, -0.060, -0.052, -0.040]
    assert on(dates, "2025-10-10") == [-0.070, -0.120, -0.147, -0.221, -0.154]
    assert on(index, "2025-10-13") == [0.028] * 5
    assert on(closes, "2025-10-13") == [-0.008, 0.064, 0.009, -0.056, -0.019]
    assert on(dates, "2025-10-13") == [0.018, 0.105, 0.108, 0.147, 0.099]


@pytest.mark.parametrize(
    ("n", "session", "closes", "dates"),
    [
        (20, "2025-10-31", [0.598, 0.715, 0.656, 0.462, 0.493], [0.769, 0.790, 0.828, 0.805, 0.798]),
        (60, "2025-12-10", [0.517, 0.605, 0.501, 0.397, 0.447], [0.562, 0.634, 0.596, 0.556, 0.584]),
    ],
)
def test_what_that_does_to_a_correlation(
    view: View, by_date: pd.DataFrame, n: int, session: str, closes: list[float], dates: list[float]
) -> None:
    assert on(at_the_close(view, f"corr(RUT, {{}}, {n})"), session) == closes
    assert on(rolling(by_date, n), session) == dates


def test_without_that_day_and_the_next_the_two_pairings_agree(view: View, by_date: pd.DataFrame) -> None:
    closes = at_the_close(view, "logret({})").assign(RUT=by_date["RUT"])
    for returns in (closes, by_date):
        window = returns[returns.index <= "2025-10-31"].tail(20)
        window = window.drop(index=pd.to_datetime(["2025-10-10", "2025-10-13"]))
        assert window["RUT"].corr(window["ADA"]) == pytest.approx(0.65, abs=0.02)
        assert window["RUT"].corr(window["SOL"]) == pytest.approx(0.66, abs=0.02)


def test_the_point_seven_of_the_autumn_is_thirty_sessions_by_date(view: View, by_date: pd.DataFrame) -> None:
    closes, dates = at_the_close(view, "corr(RUT, {}, 30)"), rolling(by_date, 30)
    assert rounded(closes[closes.index >= "2025-09-01"].max()) == [0.68, 0.75, 0.66, 0.54, 0.58]
    assert rounded(dates[dates.index >= "2025-09-01"].max()) == [0.79, 0.79, 0.77, 0.79, 0.79]


def test_at_the_close_sixty_sessions_are_above_point_seven_on_less_than_one_day_in_a_hundred(view: View) -> None:
    r = at_the_close(view, "corr(RUT, {}, 60)")
    assert [round(100 * (r[coin].dropna() >= 0.7).mean(), 1) for coin in COINS] == [0.7, 0.3, 0.8, 0.7, 0.0]


def test_one_row_off_there_is_nothing_left(view: View, by_date: pd.DataFrame) -> None:
    closes = at_the_close(view, "logret({})")
    assert rounded(closes.corrwith(by_date["RUT"])) == [0.37, 0.37, 0.29, 0.31, 0.25]
    assert rounded(closes.shift(1).corrwith(by_date["RUT"])) == [-0.01, 0.01, -0.02, 0.01, -0.02]


def test_what_is_left_given_the_market_is_next_to_nothing(view: View, by_date: pd.DataFrame) -> None:
    closes = at_the_close(view, "logret({})").assign(RUT=by_date["RUT"])
    spx = read("logret(SPX)", view.scope, XNYS).column
    closes["SPX"] = view.columns([spx], XNYS)[spx]

    def left(*names: str) -> float:
        inverse = np.linalg.inv(closes[[*names]].dropna().corr().to_numpy())
        return round(float(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])), 2)

    assert [left("RUT", coin, "SPX") for coin in COINS] == [0.12, 0.10, 0.04, 0.09, 0.08]
    assert [left("RUT", coin, "SPX", "BTC") for coin in COINS[1:]] == [0.01, -0.03, 0.03, 0.02]
