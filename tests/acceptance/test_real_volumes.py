"""Real volumes: Binance's spot market until the end of 2022, its perpetual one since. No number is made of both.

volumes.toml says of the shared files what they do not say of themselves; a few lines of pandas confirm the figures.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.app import Options, open_app
from bot.queries.view import View
from rules.language.meaning import read
from rules.model import XNYS
from rules.panel import Panel
from tests.acceptance.real import END, VOLUMES, real_app, real_view
from tests.rules.edge import plainly

pytestmark = pytest.mark.shared_data

NEW_YEAR = int(pd.Timestamp("2023-01-01", tz="UTC").timestamp())
COINS = ("BTC", "ETH", "SOL", "ADA", "XRP")
LAST_SPOT, FIRST_PERPETUAL = "2022-12-30", "2023-01-04"
"""The first session of 2023 holds hours of both venues: it has a price and no volume."""

BLIND = {
    "volume(SOL)": 1, "turnover(SOL)": 1, "sma(volume(SOL), 20)": 20, "adv(SOL)": 30, "tier(SOL)": 30,
    "amihud(SOL)": 30, "volume_share(CORE, ALTS)": 30,
}  # fmt: skip
"""Rows without a number after the last session of the spot market."""


@pytest.fixture(scope="module")
def view() -> View:
    return real_view(VOLUMES)


@pytest.fixture(scope="module")
def unsplit(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> View:
    """The units are said, and not who printed what."""
    lines = [line for line in VOLUMES.read_text().splitlines() if not line.startswith("venue")]
    config = tmp_path_factory.mktemp("unsplit") / "volumes.toml"
    config.write_text("\n".join(lines))
    return open_app(Options(data=shared_data, config=config), at=END).view()


@pytest.fixture(scope="module")
def panel(view: View) -> Panel:
    return view.panel(XNYS)


def column(text: str, view: View) -> pd.Series[float]:
    """The column of an expression by session."""
    node, panel = read(text, view.scope).column, view.panel(XNYS)
    return pd.Series(view.columns([node], XNYS)[node], pd.DatetimeIndex(panel.clock.sessions))


def largest_jump(values: pd.Series[float]) -> float:
    """How many times as much, or as little, a known row is as the one before, where that is the session before."""
    times = values / values.shift(1)
    return float(max(times.max(), 1 / times.min()))


def hourly(shared_data: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(shared_data / f"{name}_1h.csv.gz", index_col="timestamp", parse_dates=True)


# Where the switch is


@pytest.mark.parametrize("coin", ["SOL", "ADA", "XRP"])
def test_the_hours_are_the_spot_markets_to_the_last_of_2022_and_another_ones_from_the_first_of_2023(
    shared_data: Path, coin: str
) -> None:
    """The files of days are the spot market's throughout: they say until when the hours are."""
    days = pd.read_csv(shared_data / f"{coin}_1d.csv.gz", index_col="timestamp", parse_dates=True)["volume"]
    hours = hourly(shared_data, coin)["volume"].resample("1D").sum()
    times = (hours / days)["2022-12-01":"2023-01-31"]
    np.testing.assert_allclose(times[:"2022-12-31"], 1, rtol=1e-6)
    assert times["2023-01-01":].median() > 4


def test_the_switch_is_at_midnight(shared_data: Path) -> None:
    """The first hour of 2023 is twenty times as much as the last of 2022."""
    for coin, times in (("ETH", 14), ("SOL", 20), ("ADA", 7)):
        volume = hourly(shared_data, coin)["volume"]
        assert volume["2023-01-01 00:00"] / volume["2022-12-31 23:00"] > times


# What is known, and what never jumps


@pytest.mark.parametrize("text", BLIND)
def test_across_the_switch_nothing_is_known_for_as_long_as_a_window_is(view: View, text: str) -> None:
    around = column(text, view)["2022-12-01":"2023-04-01"]
    unknown = around.index[around.isna()]
    assert list(unknown) == list(around["2023-01-03":].index[: BLIND[text]])


JUMPS = {
    "volume(SOL)": (12, 16), "turnover(SOL)": (15, 20), "sma(volume(SOL), 20)": (1.5, 3.8), "adv(SOL)": (1.5, 3.6),
    "amihud(SOL)": (1.3, 2.0), "volume_share(CORE, ALTS)": (1.04, 1.045),
}  # fmt: skip
"""The largest jump from a known session to the next: less than the first; if nobody says who printed what, more than
the second. Those of volume and turnover alone are of 2025-01-21 and 2021-01-04: four days in one session, and news."""


@pytest.mark.parametrize("text", JUMPS)
def test_the_largest_jump_is_one_of_the_market_and_not_of_its_venue(view: View, unsplit: View, text: str) -> None:
    apart, together = column(text, view), column(text, unsplit)
    bound, without = JUMPS[text]
    assert largest_jump(apart) < bound
    assert largest_jump(together["2022-12-01":"2023-03-01"]) > without


def test_without_the_table_no_volume_of_a_coin_is_known_and_every_price_is_the_same(
    view: View,
) -> None:
    assert any(note.startswith("volume not used, because it is not said what it counts") for note in real_app().notes)
    assert not any(note.startswith("volume not used") for note in real_app(VOLUMES).notes)
    plain = real_view()
    for coin in COINS:
        assert column(f"volume({coin})", plain).isna().all()
        pd.testing.assert_series_equal(column(coin, plain), column(coin, view))


# The same in a few lines of pandas


def by_hand(shared_data: Path, panel: Panel, coin: str) -> pd.DataFrame:
    """A coin by session, out of its file: its money and its close. Money is NaN where an hour between two closes is
    missing, or is another venue's than the rest."""
    hours = hourly(shared_data, coin)
    ends = pd.DatetimeIndex(hours.index).as_unit("s").asi8 + 3_600
    table = pd.DataFrame({"money": hours["volume"] * hours["close"], "close": hours["close"], "late": ends > NEW_YEAR})
    inside = ends <= panel.clock.closes[-1]
    told = table[inside].groupby(np.searchsorted(panel.clock.closes, ends[inside]))
    sums = {"money": told["money"].sum(), "close": told["close"].last()}
    found = pd.DataFrame({**sums, "hours": told.size(), "late": told["late"].mean()}).reindex(range(len(panel)))
    whole = found["hours"] == np.diff(panel.clock.closes, prepend=0) / 3_600
    found.loc[~whole | ((found["late"] > 0) & (found["late"] < 1)), "money"] = np.nan
    found.index = pd.DatetimeIndex(panel.clock.sessions)
    return found


def rolled(values: pd.Series[float], how: str) -> list[pd.Series[float]]:
    """Of the last 30 known values of each venue, where they lie within 38 rows."""
    rows = pd.Series(np.arange(len(values)), values.index)
    parts = [part.dropna() for part in (values[:LAST_SPOT], values[FIRST_PERPETUAL:])]
    return [getattr(part.rolling(30), how)()[rows[part.index].diff(29) < 38] for part in parts]


def same(found: pd.Series[float], wanted: pd.Series[float]) -> None:
    whole = wanted.reindex(found.index)
    pd.testing.assert_series_equal(found, whole, check_names=False, check_freq=False, rtol=1e-9)
    assert whole.notna().sum() > 1_200


@pytest.mark.parametrize("coin", ["SOL", "ADA", "BTC"])
def test_turnover_adv_and_amihud_are_those_of_a_few_lines_of_pandas(
    view: View, shared_data: Path, panel: Panel, coin: str
) -> None:
    sessions = by_hand(shared_data, panel, coin)
    money, moved = sessions["money"], sessions["close"].pct_change(fill_method=None).abs()
    same(column(f"turnover({coin})", view), money)
    same(column(f"adv({coin})", view), pd.concat(rolled(money, "median")))
    same(column(f"amihud({coin})", view), pd.concat(rolled(moved / money * 1e6, "mean")))


@pytest.mark.parametrize(
    ("coin", "changes"),
    [
        ("SOL", "2020-09-23 1, 2021-01-25 2, 2021-03-30 3"),
        ("ADA", "2020-06-23 2, 2020-08-03 3, 2020-10-08 2, 2020-12-14 3, 2022-12-21 2, 2023-02-15 3"),
        ("XRP", "2020-06-23 2, 2020-08-07 3"),
    ],
)
def test_tiers_change_on_the_sessions_of_a_plain_loop(
    view: View, shared_data: Path, panel: Panel, coin: str, changes: str
) -> None:
    tiers: dict[object, int] = {}
    for venue in rolled(by_hand(shared_data, panel, coin)["money"], "median"):
        tier = 0
        for session, adv in venue.items():
            reached, kept = (sum(adv >= share * bound for bound in (1e6, 10e6, 50e6)) for share in (1.0, 0.7))
            tiers[session] = tier = max(reached, min(tier, kept))
    wanted = pd.Series(tiers, dtype=float)
    same(column(f"tier({coin})", view), wanted)
    changed = wanted[wanted.diff() != 0]
    assert ", ".join(f"{str(session)[:10]} {tier:.0f}" for session, tier in changed.items()) == changes


@pytest.mark.parametrize("coin", ["BTC", "SOL"])
def test_spreads_are_those_of_the_published_formulas(view: View, shared_data: Path, coin: str) -> None:
    hours, found = hourly(shared_data, coin), column(f"spread({coin})", view)
    for session in ("2021-01-25", "2021-06-28", "2023-06-20", "2025-12-31"):
        last = pd.Timestamp(session, tz="UTC").replace(hour=20 if "-06-" not in session else 19)
        o, h, low, c = (hours[name][:last].to_numpy()[-720:] for name in ("open", "high", "low", "close"))
        wanted = math.sqrt(max(0.0, plainly((o, h, low, c))))
        assert found[session] == pytest.approx(wanted, rel=1e-6, abs=1e-9)
    known = found.dropna()
    assert known.median() < 0.0001, "less than a basis point: one cannot tell it from nothing on half of all days"
    assert known.max() < 0.003
    assert found["2023-01-03":"2023-01-30"].isna().all()
