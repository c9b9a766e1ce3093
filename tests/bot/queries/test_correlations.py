"""Answers about correlations: each number is the bits of the expression that a rule would be judged on."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bot.app import Options, open_app
from bot.queries.correlation import correlation, pair_picture
from bot.queries.correlations import against_all, matrix
from bot.queries.explain import explain
from bot.queries.view import NoAnswer, View
from rules.language.errors import LanguageError
from rules.pairs import Z90
from tests.bot.markets import NOW, Folder, hours, seen, utc_days, weekdays

RISK = ("RUT", "SPX", "QQQ", "BTC", "ETH", "SOL", "ADA", "XRP")


@pytest.fixture(scope="module")
def view() -> View:
    return seen()


def value(view: View, text: str) -> float | None:
    return explain(view, text).value


def test_every_number_of_a_pair_is_that_of_its_expression(view: View) -> None:
    answer = correlation(view, "RUT", "SOL", 45)
    assert answer.r == value(view, "corr(RUT, SOL, 45)")
    assert answer.ci90 == (value(view, "corr_low(RUT, SOL, 45)"), value(view, "corr_high(RUT, SOL, 45)"))
    assert answer.percentile[0] == value(view, "percentile(corr(RUT, SOL, 45), 504)")
    assert answer.ewma == value(view, "ewcorr(RUT, SOL)")
    assert answer.posterior_mean == value(view, "rho(RUT, SOL)")
    assert answer.posterior90 == (value(view, "rho_low(RUT, SOL)"), value(view, "rho_high(RUT, SOL)"))
    assert answer.beta == value(view, "beta(RUT, SOL, 45)")
    assert answer.partial["SPX"] == value(view, "pcorr(RUT, SOL, given=SPX, n=45)")
    assert answer.partial["SPX+BTC"] == value(view, "pcorr(RUT, SOL, given=SPX, also=BTC, n=45)")
    assert answer.shared == bool(value(view, "shared(RUT, SOL, 45)"))
    assert answer.ranked == 1007 - 45 + 1
    for level, p in answer.p_above.items():
        assert p == value(view, f"p_corr(RUT, SOL, above={level})")


def test_a_change_is_tested_between_windows_that_share_no_return(view: View) -> None:
    answer = correlation(view, "RUT", "SPX", 30)
    panel = view.panel("XNYS")
    before = correlation(View(view.history, view.scope, (), panel.clock.session(len(panel) - 31)), "RUT", "SPX", 30)
    assert answer.change is not None
    assert answer.change.before == before.r
    assert answer.ci90
    assert before.ci90
    assert answer.r is not None
    assert before.r is not None
    errors = [(math.atanh(high) - math.atanh(low)) / (2 * Z90) for low, high in (answer.ci90, before.ci90)]
    z = (math.atanh(answer.r) - math.atanh(before.r)) / math.hypot(*errors)
    assert answer.change.z == pytest.approx(z)
    assert answer.change.p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)))


def test_a_control_that_is_one_of_the_pair_is_no_control(view: View) -> None:
    of_the_market = correlation(view, "RUT", "SPX", 60)
    assert (of_the_market.partial, of_the_market.shared) == ({"SPX": None, "SPX+BTC": None}, False)
    of_bitcoin = correlation(view, "RUT", "BTC", 60).partial
    assert (of_bitcoin["SPX"] is None, of_bitcoin["SPX+BTC"]) == (False, None)


def test_a_spike_of_volatility_is_told_with_the_leg_that_it_is_of(tmp_path: Path) -> None:
    """The last 60 returns of RUT are five times as large: r is lifted, and what is left without that is less."""
    calm = weekdays("2024-01-01", "2025-12-31", 1)
    closes = np.array([float(row.split(",")[4]) for row in calm])
    returns = np.diff(np.log(closes))
    returns[-60:] *= 5
    wild = 100 * np.exp(np.concatenate([[0.0], np.cumsum(returns)]))
    both = 0.6 * np.concatenate([[0.0], returns]) + np.random.default_rng(5).normal(0, 0.01, len(wild))
    follower = 100 * np.exp(np.cumsum(both))
    folder = Folder(tmp_path)
    for name, prices in (("RUT", wild), ("SPX", follower)):
        rows = [f"{row.split(',')[0]},{c!r},{c!r},{c!r},{c!r},1" for row, c in zip(calm, prices.tolist(), strict=True)]
        folder.holds(f"{name}_1d.csv", *rows)
    answer = correlation(open_app(Options(data=folder.path), at=NOW).view(), "RUT", "SPX", 60)
    assert answer.volatility is not None
    assert answer.r is not None
    assert (answer.volatility.leg, answer.volatility.rise > 10) == ("RUT", True)
    assert 0 < answer.volatility.adjusted < answer.r


@pytest.mark.parametrize(("a", "b", "window"), [("RUT", "SOL", 60), ("SOL", "ADA", 20), ("RUT", "SOL", 900)])
def test_a_picture_ends_with_the_answers_own_numbers(view: View, a: str, b: str, window: int) -> None:
    answer = correlation(view, a, b, window)
    picture = pair_picture(view, answer)
    assert picture is not None
    assert picture.sessions[-1].item() == answer.as_of
    assert (picture.r[-1], (picture.low[-1], picture.high[-1])) == (answer.r, answer.ci90)
    assert {level: bool(states[-1]) for level, states in picture.coupled.items()} == answer.coupled
    assert len({len(picture.sessions), len(picture.r), len(picture.low), len(picture.high)}) == 1
    assert len(picture.sessions) <= 504


def test_where_r_was_never_defined_there_is_no_picture(view: View) -> None:
    answer = correlation(view, "RUT", "SOL", 2520)
    assert answer.reason == "only 1007 of 2520 returns"
    assert pair_picture(view, answer) is None


def test_a_list_holds_every_other_instrument_from_the_highest_r_down(view: View) -> None:
    found = against_all(view, "RUT", 60)
    names = [line.b for line in found.lines]
    assert sorted(names) == sorted(set(view.history.bars) - {"RUT"})
    known = [line.r for line in found.lines if line.r is not None]
    assert known == sorted(known, reverse=True)
    assert [line.r is None for line in found.lines] == sorted(line.r is None for line in found.lines)


@pytest.mark.parametrize("a", ["RUT", "VIX"])
def test_a_line_of_a_list_is_the_pairs_own_answer(view: View, a: str) -> None:
    for line in against_all(view, a, 60).lines:
        answer = correlation(view, a, line.b, 60)
        assert (line.n, line.r, line.ci90, line.change) == (answer.n, answer.r, answer.ci90, answer.change)
        assert (line.p_above, line.percentile, line.as_of) == (answer.p_above[0.6], answer.percentile[0], answer.as_of)


def test_a_list_of_a_coin_is_on_the_closes_of_the_exchange_so_that_its_lines_compare(view: View) -> None:
    found = against_all(view, "SOL", 60)
    of_ada = next(line for line in found.lines if line.b == "ADA")
    assert found.clock == "XNYS"
    assert of_ada.r != correlation(view, "SOL", "ADA", 60).r
    panel = view.panel("XNYS")
    x, y = (np.diff(np.log(panel.field(name, "close")[-61:])) for name in ("SOL", "ADA"))
    assert of_ada.r == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_a_matrix_is_symmetric_and_its_mean_is_avg_corr(view: View) -> None:
    found = matrix(view, "RISK", 60)
    assert found.instruments == RISK
    np.testing.assert_array_equal(found.r, found.r.T)
    for one, other in combinations(("RUT", "SPX", "SOL"), 2):
        answer = correlation(view, one, other, 60)
        assert found.r[RISK.index(one), RISK.index(other)] == answer.r
    assert found.average == value(view, "avg_corr(RISK, 60)")


def holed(path: Path) -> View:
    """RUT and SPX to the end of 2025, SOL by the hour to the 8th of December only, VIX with one price."""
    folder = Folder(path)
    folder.holds("RUT_1d.csv", *weekdays("2025-01-01", "2025-12-31", 1))
    folder.holds("SPX_1d.csv", *weekdays("2025-01-01", "2025-12-31", 2))
    folder.holds("SOL_1h.csv", *hours("2025-06-01", "2025-12-08", 4))
    folder.holds("VIX_1d.csv", "2025-12-31T00:00:00Z,20,20,20,20,0")
    return open_app(Options(data=folder.path), at=NOW).view()


def test_a_leg_whose_prices_ended_early_is_dated(tmp_path: Path) -> None:
    view = holed(tmp_path)
    found = matrix(view, "RISK", 60)
    assert found.instruments == ("RUT", "SPX", "SOL")
    assert {name: date.isoformat() for name, date in found.late.items()} == {"SOL": "2025-12-08"}
    assert np.isnan(found.r[2, :2]).all()
    assert found.r[0, 1] == correlation(view, "RUT", "SPX", 60).r
    assert (found.average, found.missing) == (None, ("QQQ", "BTC", "ETH", "ADA", "XRP"))
    answer = correlation(view, "RUT", "SOL", 60)
    assert answer.as_of.isoformat() == "2025-12-08"
    assert set(answer.coupled.values()) == {False}
    picture = pair_picture(view, answer)
    assert picture is not None
    assert picture.sessions[-1].item() == answer.as_of
    lines = {line.b: line for line in against_all(view, "RUT", 60).lines}
    assert lines["SOL"].as_of.isoformat() == "2025-12-08"
    assert "VIX" not in lines
    assert "VIX" in against_all(view, "RUT", 60).missing


def test_an_instrument_of_another_exchange_is_missing_at_these_closes_and_harms_no_other(tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    london = 'name = "FTSE 100"\nkind = "index"\ncalendar = "XLON"\nsources = { yahoo = "^FTSE" }\n'
    config.write_text(f'[baskets]\nMIXED = ["RUT", "FTSE"]\n\n[instruments.FTSE]\n{london}')
    folder = Folder(tmp_path / "prices").holds("RUT_1d.csv", *weekdays("2025-01-01", "2025-12-31", 1))
    folder.holds("SPX_1d.csv", *weekdays("2025-01-01", "2025-12-31", 2))
    folder.holds("FTSE_1d.csv", *weekdays("2025-01-01", "2025-12-31", 3))
    view = open_app(Options(data=folder.path, config=config), at=NOW).view()
    found = against_all(view, "RUT", 60)
    assert [line.b for line in found.lines] == ["SPX"]
    assert "FTSE" in found.missing
    with pytest.raises(LanguageError, match="use one calendar a rule"):
        matrix(view, "MIXED", 60)


def test_without_two_priced_instruments_there_is_no_matrix_and_no_list(tmp_path: Path) -> None:
    folder = Folder(tmp_path).holds("RUT_1d.csv", *weekdays("2025-01-01", "2025-12-31"))
    view = open_app(Options(data=folder.path), at=NOW).view()
    with pytest.raises(NoAnswer, match="there are prices of RUT of RISK here; it takes two"):
        matrix(view, "RISK", 60)
    with pytest.raises(NoAnswer, match="no other instrument here has a session in common with RUT"):
        against_all(view, "RUT", 60)


def test_coins_alone_are_on_utc_days(tmp_path: Path) -> None:
    folder = Folder(tmp_path).holds("SOL_1d.csv", *utc_days("2025-01-01", "2025-12-31", 1))
    folder.holds("ADA_1d.csv", *utc_days("2025-01-01", "2025-12-31", 2))
    view = open_app(Options(data=folder.path), at=NOW).view()
    assert matrix(view, "ALTS", 60).clock == "24/7"
    assert against_all(view, "SOL", 60).clock == "24/7"
