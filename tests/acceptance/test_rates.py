"""How often what STATS D6 to D9 define speaks on real prices; a few lines of pandas that find the same closes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.queries.view import View
from tests.acceptance.rates import ASKED, Asked, Rate, measured, table
from tests.acceptance.real import real_view
from tests.acceptance.test_real_prices import daily, loop, plain_turns
from tests.acceptance.test_real_prices import table as bars

pytestmark = pytest.mark.shared_data

PAGE = Path(__file__).parents[2] / "docs" / "rates.md"


@pytest.fixture(scope="module")
def view() -> View:
    return real_view()


@pytest.fixture(scope="module")
def rates(view: View) -> tuple[Rate, ...]:
    return measured(view)


@pytest.fixture(scope="module")
def sessions(rates: tuple[Rate, ...]) -> dict[str, list[str]]:
    """The closes on which each rule fired, by what it asks; of two on the same, the one without a clear."""
    return {rate.asked.when: _dates(rate) for rate in sorted(rates, key=lambda rate: rate.asked.clear is None)}


def _dates(rate: Rate) -> list[str]:
    return [day.isoformat() for day in rate.entries]


def dates(some: pd.Index) -> list[str]:
    return [pd.Timestamp(str(day)).date().isoformat() for day in some]


@pytest.fixture(scope="module")
def days(shared_data: Path) -> pd.Index:
    """Sessions since 1990."""
    return bars(shared_data, "SPX").loc["1990":].index


def test_the_page_says_what_was_counted(rates: tuple[Rate, ...]) -> None:
    assert table(rates) in PAGE.read_text(encoding="utf-8")


def test_the_pages_reading_is_what_was_counted(rates: tuple[Rate, ...], shared_data: Path, days: pd.Index) -> None:
    by = {rate.asked.when: rate for rate in rates}
    coins = ("ETH", "SOL", "ADA", "XRP")
    for way in ("up", "down"):
        assert round(sum(by[f"{way}_turn({coin}, 30%)"].a_year for coin in coins)) == 12
        of_each = {
            coin: [d for d in by[f"{way}_turn({coin}, 30%)"].entries if d.isoformat() > "2020-08"] for coin in coins
        }
        turns = [(coin, day) for coin, found in of_each.items() for day in found]
        beside = [any(c != coin and abs((d - day).days) <= 7 for c, d in turns) for coin, day in turns]
        assert sum(beside) / len(beside) == pytest.approx(2 / 3, abs=0.05)
    assert round(sum(by[f"{way}_turn({coin}, 50%)"].a_year for coin in coins for way in ("up", "down"))) == 8
    vix = daily(shared_data, "VIX", days)
    assert round((vix >= 20).mean(), 2) == 0.37
    eras = {}
    for name in ("RUT", "SPX"):
        early = sum(day.year < 2007 for day in by[f"vol_ratio({name}) >= 0.6"].entries)
        eras[name] = (round(early / 16, 1), round((len(by[f"vol_ratio({name}) >= 0.6"].entries) - early) / 19, 1))
    assert eras == {"RUT": (2.9, 1.8), "SPX": (1.3, 2.2)}


def test_every_definition_is_asked_for() -> None:
    assert {asked.says.split()[0] for asked in ASKED} == {"D6", "D7", "D8", "D9"}
    assert len(set(ASKED)) == len(ASKED)


def test_the_fresh_records_of_the_russell_since_2018_are_the_six_that_were_asked_for(
    sessions: dict[str, list[str]],
) -> None:
    assert [day for day in sessions["fresh_record(RUT)"] if day >= "2018"] == [
        "2018-05-16",
        "2020-11-13",
        "2021-03-11",
        "2021-11-02",
        "2025-09-18",
        "2025-12-04",
    ]


def test_a_step_within_discovery_doubles_them(sessions: dict[str, list[str]]) -> None:
    plain, stepped = sessions["fresh_record(RUT)"], sessions["fresh_record(RUT, step=5%)"]
    assert set(plain) < set(stepped)
    assert len([day for day in stepped if day >= "2018"]) == 12


@pytest.mark.parametrize("name", ["RUT", "SPX"])
@pytest.mark.parametrize("step", [None, 0.05])
def test_pandas_finds_the_same_fresh_records(
    name: str, step: float | None, shared_data: Path, days: pd.Index, sessions: dict[str, list[str]]
) -> None:
    close = daily(shared_data, name, days)
    record = close > close.cummax().shift(1)
    at = pd.Series(np.arange(len(close)), close.index).where(record).ffill().shift(1)
    found, told = [], np.nan
    for row in np.flatnonzero(record.to_numpy()).tolist():
        before = 0 if np.isnan(at.iloc[row]) else int(at.iloc[row])
        fell = close.iloc[before:row].min() <= close.iloc[before] * 0.95
        if fell or row - before >= 60 or (step is not None and close.iloc[row] >= told * (1 + step)):
            told = close.iloc[row]
            found += dates(close.index[[row]]) if row >= 252 else []
    text = f"fresh_record({name}, step=5%)" if step else f"fresh_record({name})"
    assert sessions[text] == found


@pytest.mark.parametrize(("enter", "leave"), [(20, 17), (25, 20), (30, 24), (40, 30)])
def test_pandas_finds_the_same_rungs_of_the_vix(
    enter: int, leave: int, shared_data: Path, days: pd.Index, sessions: dict[str, list[str]]
) -> None:
    vix = daily(shared_data, "VIX", days)
    assert sessions[f"close(VIX) >= {enter}"] == loop(vix >= enter, vix <= leave)


def test_pandas_finds_the_same_jumps_of_the_vix(
    shared_data: Path, days: pd.Index, sessions: dict[str, list[str]]
) -> None:
    change = pd.Series(np.log(daily(shared_data, "VIX", days))).diff()
    usual = np.sqrt((change**2).ewm(halflife=40, adjust=False, ignore_na=True).mean().shift(1))
    jumps = (change / usual >= 4) & (change.notna().cumsum() > 40)
    assert sessions["vix_jump() >= 4"] == loop(jumps, ~jumps)


@pytest.mark.parametrize("name", ["RUT", "SPX"])
def test_pandas_finds_the_same_breaks_of_volatility(
    name: str, shared_data: Path, days: pd.Index, sessions: dict[str, list[str]]
) -> None:
    raw = bars(shared_data, name)[["open", "high", "low", "close"]].reindex(days)
    repeated = (raw["open"] == raw["open"].shift()) & (raw["high"] == raw["high"].shift())  # the gate takes these out
    day = pd.DataFrame(np.log(raw))
    within = (day["high"] - day["low"]) ** 2 / 2 - (2 * np.log(2) - 1) * (day["close"] - day["open"]) ** 2
    variance = within + (day["open"] - day["close"].shift()) ** 2
    five = pd.Series(np.log(variance.mask(repeated).dropna().rolling(5).mean()) / 2)
    ratio = (five - five.rolling(250).median()).reindex(days)
    assert sessions[f"vol_ratio({name}) >= 0.6"] == loop(ratio >= 0.6, ratio <= 0.3)


@pytest.mark.parametrize(("name", "share"), [("RUT", 10), ("RUT", 20), ("SPX", 10), ("SPX", 20)])
def test_a_loop_finds_the_same_turns_of_indices(
    name: str, share: int, shared_data: Path, days: pd.Index, sessions: dict[str, list[str]]
) -> None:
    close = daily(shared_data, name, days)
    assert sessions[f"up_turn({name}, {share}%)"] == plain_turns(close, share / 100)


@pytest.mark.parametrize(
    ("name", "share"), [("BTC", 20), ("BTC", 30), ("ETH", 30), ("SOL", 30), ("SOL", 50), ("ADA", 30), ("XRP", 50)]
)
def test_a_loop_over_days_in_utc_finds_the_same_turns_of_coins(
    name: str, share: int, shared_data: Path, sessions: dict[str, list[str]]
) -> None:
    close = bars(shared_data, name)["close"].dropna()
    assert sessions[f"up_turn({name}, {share}%)"] == plain_turns(close, share / 100)


def test_pandas_finds_where_small_caps_were_strong_and_where_weak(
    shared_data: Path, days: pd.Index, sessions: dict[str, list[str]]
) -> None:
    ratio = pd.Series(np.log(daily(shared_data, "RUT", days) / daily(shared_data, "SPX", days)))
    deviation = np.sqrt((ratio.diff() ** 2).ewm(halflife=60, adjust=False, ignore_na=True).mean())
    z = ratio.diff(63) / (deviation * np.sqrt(63))
    assert sessions["rel_strength(RUT, SPX) >= 1.5"] == loop(z >= 1.5, z <= 0.5)
    assert sessions["rel_strength(RUT, SPX) <= -1.5"] == loop(z <= -1.5, z >= -0.5)


def test_a_rate_is_of_the_years_in_which_a_rule_knows_an_answer(view: View) -> None:
    (rate,) = measured(view, [Asked("", "fresh_record(RUT)")])
    assert rate.years == pytest.approx(35.0, abs=0.05)  # the first year of 36 is silent
    assert rate.a_year == len(rate.entries) / rate.years
    assert rate.most == (1991, 3)
