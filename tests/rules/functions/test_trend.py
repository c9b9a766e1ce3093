"""Returns, changes, averages and turns, against few-line computations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from rules.model import ALWAYS
from rules.panel import Panel
from tests.rules.functions.test_price import windows
from tests.rules.legs import priced
from tests.rules.markets import IDS, column, columns_of, market, prices, relinked, rule, together, weekdays, written
from tests.rules.test_windows import ranks

SEEDS = (1, 2, 3, 4)


def linked_returns(close: np.ndarray, link: np.ndarray, n: int) -> np.ndarray:
    """x_t / x_{t-n} - 1 where the base is carried through the venues between."""
    out = np.full(len(close), np.nan)
    for row in range(n, len(close)):
        out[row] = close[row] / (close[row - n] * np.prod(link[row - n + 1 : row + 1])) - 1
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2, 21])
def test_returns_have_the_same_base_in_simple_and_in_log_form(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        expected = linked_returns(panel.field(name, "close"), panel.field(name, "link"), n)
        np.testing.assert_allclose(column(f"ret({name}, {n})", panel), expected, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(column(f"logret({name}, {n})", panel), np.log1p(expected), rtol=1e-9, atol=1e-14)


def test_a_return_of_one_row_is_the_default() -> None:
    panel = written(RUT="100 110 99")
    np.testing.assert_allclose(column("ret(RUT)", panel), [np.nan, 0.1, -0.1])
    np.testing.assert_allclose(column("logret(RUT)", panel), [np.nan, np.log(1.1), np.log(0.9)])
    np.testing.assert_allclose(column("change(RUT)", panel), [np.nan, 10, -11])


def test_a_return_over_a_gap_is_unknown_and_one_across_it_is_not() -> None:
    panel = written(RUT="100 . 121 133.1")
    np.testing.assert_allclose(column("ret(RUT, 1)", panel), [np.nan, np.nan, np.nan, 0.1])
    np.testing.assert_allclose(column("ret(RUT, 2)", panel), [np.nan, np.nan, 0.21, np.nan])


def test_at_a_switch_of_venue_the_new_venues_own_previous_close_is_the_base() -> None:
    panel = relinked(written(SOL="100 100 104 104"), "SOL", 2, 1.04)
    np.testing.assert_allclose(column("ret(SOL, 1)", panel), [np.nan, 0, 0, 0], atol=1e-15)
    np.testing.assert_allclose(column("ret(SOL, 2)", panel), [np.nan, np.nan, 0, 0], atol=1e-15)


def test_a_return_across_a_switch_without_a_common_close_is_unknown() -> None:
    panel = relinked(written(SOL="100 100 104 104 104"), "SOL", 2, np.nan)
    np.testing.assert_array_equal(np.isnan(column("ret(SOL, 1)", panel)), [True, False, True, False, False])
    np.testing.assert_array_equal(np.isnan(column("ret(SOL, 2)", panel)), [True, True, True, True, False])


def test_a_switch_of_venue_concerns_returns_of_that_instrument_only() -> None:
    panel = relinked(written(SOL="100 100 104", BTC="10 11 12"), "SOL", 2, np.nan)
    assert column("ret(BTC)", panel)[2] == 12 / 11 - 1
    assert column("change(SOL)", panel)[2] == 4


@pytest.mark.parametrize("path", ["0 5 5", "-5 5 5"])
def test_a_return_from_a_price_that_is_not_positive_is_unknown(path: str) -> None:
    assert np.isnan(column("ret(RUT)", written(RUT=path))[1])
    assert np.isnan(column("logret(RUT)", written(RUT=path))[1])
    assert column("ret(RUT)", written(RUT=path))[2] == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 5])
def test_a_change_is_a_difference(seed: int, n: int) -> None:
    panel = market(seed)
    expected = pd.Series(panel.field("VIX", "close")).diff(n).to_numpy()
    np.testing.assert_array_equal(column(f"change(VIX, {n})", panel), expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 3, 20, 200])
def test_sma_is_the_mean_of_the_last_known_values(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        expected = [np.nan if w is None else w.mean() for w in windows(panel.field(name, "close"), n)]
        np.testing.assert_allclose(column(f"sma({name}, {n})", panel), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2, 12, 26])
def test_ema_agrees_with_pandas_on_what_is_known(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        close = pd.Series(panel.field(name, "close"))
        expected = close.dropna().ewm(span=n, adjust=False, min_periods=n).mean().reindex(close.index)
        np.testing.assert_allclose(column(f"ema({name}, {n})", panel), expected.to_numpy(), rtol=1e-11)


def turns(path: np.ndarray, pct: float) -> np.ndarray:
    """+1 and -1 where a rally or a drawdown is completed: watch both until the first, then the other one only."""
    low = high = None
    wait_for, out = {"rally", "drawdown"}, np.full(len(path), np.nan)
    for row, x in enumerate(path):
        if np.isnan(x):
            continue
        low, high = x if low is None else min(low, x), x if high is None else max(high, x)
        out[row] = 0
        if "rally" in wait_for and x >= low * (1 + pct):
            out[row], wait_for, high = 1, {"drawdown"}, x
        elif "drawdown" in wait_for and x <= high * (1 - pct):
            out[row], wait_for, low = -1, {"rally"}, x
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("pct", [0.03, 0.1, 0.3])
def test_turns_agree_with_a_plain_loop(seed: int, pct: float) -> None:
    panel = market(seed)
    seen = set()
    for name in IDS:
        expected = turns(panel.field(name, "close"), pct)
        gap = np.where(np.isnan(expected), np.nan, 0.0)
        np.testing.assert_array_equal(column(f"up_turn({name}, {pct})", panel), gap + (expected == 1))
        np.testing.assert_array_equal(column(f"down_turn({name}, {pct})", panel), gap + (expected == -1))
        seen |= set(expected[~np.isnan(expected)])
    assert seen == {-1.0, 0.0, 1.0}


@pytest.mark.parametrize(
    ("path", "up", "down"),
    [
        ("100 109 111 95 80", "0 0 1 0 0", "0 0 0 1 0"),
        ("100 90 98 100", "0 0 0 1", "0 1 0 0"),
        ("100 120 140 160", "0 1 0 0", "0 0 0 0"),
        ("100 . 111", "0 . 1", "0 . 0"),
        ("100 105 95 104", "0 0 0 0", "0 0 0 0"),
    ],
)
def test_turns_alternate_and_are_marked_on_the_row_that_completes_them(path: str, up: str, down: str) -> None:
    panel = written(RUT=path)
    np.testing.assert_array_equal(column("up_turn(RUT, 10%)", panel), prices(up))
    np.testing.assert_array_equal(column("down_turn(RUT, 10%)", panel), prices(down))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 60, 252])
def test_a_percentile_is_the_share_of_the_last_values_that_are_not_above(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        known = column(f"percentile({name}, {n})", panel)
        np.testing.assert_array_equal(known, ranks(panel.field(name, "close"), n))
        assert not np.isnan(known).all()


def test_the_percentile_of_a_correlation_is_its_rank_among_its_own() -> None:
    panel = market(2)
    r = column("corr(RUT, SOL, 20)", panel)
    np.testing.assert_array_equal(column("percentile(corr(RUT, SOL, 20), 100)", panel), ranks(r, 100))


def test_a_percentile_is_among_504_by_default_and_speaks_from_sixty_on() -> None:
    panel = market(3, scars=False)
    known = column("percentile(RUT)", panel)
    np.testing.assert_array_equal(known, column("percentile(RUT, 504)", panel))
    assert np.flatnonzero(~np.isnan(known))[0] == 59


def legs_begun(path: np.ndarray, pct: float) -> np.ndarray:
    """Where the leg under way began: the extreme before the last turn, found by looking back from the turn."""
    turned = turns(path, pct)
    out, begun, since = np.full(len(path), np.nan), None, 0
    for row in np.flatnonzero(~np.isnan(path)).tolist():
        begun = path[row] if begun is None else begun
        if turned[row]:
            leg = path[since : row + 1]
            begun, since = (np.nanmin(leg) if turned[row] > 0 else np.nanmax(leg)), row
        out[row] = begun
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("pct", [0.03, 0.1, 0.3])
def test_the_leg_under_way_is_measured_from_where_it_began(seed: int, pct: float) -> None:
    panel = market(seed)
    for name in IDS:
        x = panel.field(name, "close")
        np.testing.assert_allclose(column(f"since_turn({name}, {pct})", panel), x / legs_begun(x, pct) - 1, atol=1e-13)


def test_an_up_turn_has_come_as_far_as_it_asks_for_and_a_down_turn_too() -> None:
    panel = market(1, 500)
    asked = ("up_turn(SOL, 10%)", "down_turn(SOL, 10%)", "since_turn(SOL, 10%)")
    up, down, since = (values for values in together(asked, panel).values())
    assert (since[up == 1] >= 0.1 - 1e-12).all()
    assert (since[down == 1] <= -0.1 + 1e-12).all()
    assert (up == 1).sum() > 3
    assert (down == 1).sum() > 3


@pytest.mark.parametrize(
    ("path", "since"),
    [
        ("100 109 111 95 80", "0 .09 .11 -.1441441441 -.2792792792"),
        ("100 90 98 100", "0 -.1 -.02 .1111111111"),
        ("100 . 111", "0 . .11"),
        (". 100 105", ". 0 .05"),
        ("0 1 2", ". . ."),
        ("-5 -4 1", ". . ."),
    ],
)
def test_a_leg_begins_at_the_first_price_or_at_the_extreme_before_the_turn(path: str, since: str) -> None:
    np.testing.assert_allclose(column("since_turn(RUT, 10%)", written(RUT=path)), prices(since), atol=1e-9)


# --- since a date, a month, a year


def sessions_of(panel: Panel) -> list[dt.date]:
    return [panel.clock.session(row) for row in range(len(panel))]


def since_row(panel: Panel, name: str, anchor: Callable[[list[dt.date], int], int | None]) -> np.ndarray:
    """Per row the return since its own anchor's row, links between taken out; NaN where there is none."""
    close, link, sessions = panel.field(name, "close"), panel.field(name, "link"), sessions_of(panel)
    out = np.full(len(panel), np.nan)
    for row in range(len(panel)):
        first = anchor(sessions, row)
        if first is not None:
            out[row] = close[row] / (close[first] * np.prod(link[first + 1 : row + 1])) - 1
    return out


def last_of(part: str) -> Callable[[list[dt.date], int], int | None]:
    """The last row of the month, or year, before a row's own."""

    def anchor(sessions: list[dt.date], row: int) -> int | None:
        own = sessions[row].strftime(part)
        before = [k for k in range(row) if sessions[k].strftime(part) != own]
        return before[-1] if before else None

    return anchor


def since(date: dt.date) -> Callable[[list[dt.date], int], int | None]:
    """The last row not after a date, once the date has come."""

    def anchor(sessions: list[dt.date], row: int) -> int | None:
        until = [k for k in range(row + 1) if sessions[k] <= date]
        return until[-1] if until and sessions[row] >= date else None

    return anchor


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("calendar", ["XNYS", ALWAYS])
def test_month_and_year_to_date_are_since_the_last_close_of_the_one_before(seed: int, calendar: str) -> None:
    panel = market(seed, 420, calendar=calendar)
    for name in IDS if calendar == "XNYS" else ("BTC", "SOL"):
        for text, part in ((f"mtd({name})", "%Y-%m"), (f"ytd({name})", "%Y")):
            np.testing.assert_allclose(
                column(text, panel), since_row(panel, name, last_of(part)), rtol=1e-9, atol=1e-13
            )


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize("date", ["2019-03-01", "2019-03-02", "2019-07-04", "2018-12-31", "2019-01-02", "2030-01-01"])
def test_a_rally_since_a_date_is_over_its_close_or_the_last_before(seed: int, date: str) -> None:
    panel = market(seed, 200)
    wanted = dt.date.fromisoformat(date)
    for name in IDS:
        expected = since_row(panel, name, since(wanted))
        np.testing.assert_allclose(column(f"rally_since({name}, {date})", panel), expected, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(
    ("date", "since"),
    [
        ("2019-01-04", ". . 0 .1 .21"),  # a Friday
        ("2019-01-05", ". . . .1 .21"),  # the Saturday after it: known from Monday on
        ("2019-01-06", ". . . .1 .21"),
        ("2019-01-08", ". . . . 0"),
        ("2019-01-09", ". . . . ."),
        ("2019-01-01", ". . . . ."),  # before history
    ],
)
def test_a_date_is_its_session_or_the_last_before_it(date: str, since: str) -> None:
    panel = written(RUT="90 95 100 110 121")  # from Wednesday 2019-01-02 on
    np.testing.assert_allclose(column(f"rally_since(RUT, {date})", panel), prices(since), atol=1e-12)


def test_where_trade_never_stops_a_date_is_a_day_in_utc() -> None:
    panel = written(ALWAYS, SOL="90 95 100 110 121")
    np.testing.assert_allclose(column("rally_since(SOL, 2019-01-05)", panel), prices(". . . 0 .1"), atol=1e-12)


def test_an_anchor_without_a_price_leaves_all_after_it_unknown() -> None:
    """The one before it would be another day's: a fall in between would not be told."""
    panel = written(RUT="90 95 . 110 121")
    assert np.isnan(column("rally_since(RUT, 2019-01-04)", panel)).all()
    assert np.isnan(column("rally_since(RUT, 2019-01-05)", panel)).all()


def january(**changed: float) -> Panel:
    """Weekdays from 2019-01-02: rows 0-21 are January, 22-41 February, 42 is the first of March; named rows changed."""
    close = np.arange(100.0, 150.0)
    for row, value in changed.items():
        close[int(row.removeprefix("row"))] = value
    return priced(RUT=close)


def test_a_month_is_unknown_only_where_the_close_before_it_is_missing() -> None:
    """Its own first session may be missing: that is no anchor."""
    whole = column("mtd(RUT)", january())
    assert np.flatnonzero(~np.isnan(whole))[0] == 22
    np.testing.assert_allclose(whole[22:], np.r_[(122.0 + np.arange(20)) / 121 - 1, (142.0 + np.arange(8)) / 141 - 1])
    first = column("mtd(RUT)", january(row22=np.nan))
    np.testing.assert_array_equal(first, np.where(np.arange(50) == 22, np.nan, whole))
    anchor = column("mtd(RUT)", january(row21=np.nan))
    assert np.flatnonzero(~np.isnan(anchor)).tolist() == list(range(42, 50))


def test_a_base_that_is_no_price_has_no_return() -> None:
    for base in (0.0, -3.0):
        assert np.isnan(column("mtd(RUT)", january(row21=base))[:42]).all()
    assert np.isnan(column("mtd(RUT)", january(row25=-1.0))[25])


def test_a_switch_of_venue_within_a_month_is_no_return_and_without_a_common_close_it_is_unknown_to_its_end() -> None:
    close = np.arange(100.0, 150.0)
    jumped = priced(SOL=np.where(np.arange(50) < 30, close, 1.25 * close))
    linked, lost = relinked(jumped, "SOL", 30, 1.25), relinked(jumped, "SOL", 30, np.nan)
    np.testing.assert_allclose(column("mtd(SOL)", linked), column("mtd(RUT)", january()))
    assert np.flatnonzero(np.isnan(column("mtd(SOL)", lost))).tolist() == [*range(22), *range(30, 42)]
    np.testing.assert_allclose(column("rally_since(SOL, 2019-01-31)", linked)[21:], (121.0 + np.arange(29)) / 121 - 1)
    assert np.isnan(column("rally_since(SOL, 2019-01-31)", lost)[30:]).all()


def test_a_year_is_found_where_its_first_rows_are_of_the_year_before() -> None:
    panel = written(RUT=" ".join(["100"] * 200 + ["110"] * 100))  # row 258 is 2019-12-30, row 260 is 2020-01-01
    found = column("ytd(RUT)", panel)
    assert np.isnan(found[:260]).all() == (panel.clock.session(260) == dt.date(2020, 1, 1))
    np.testing.assert_array_equal(found[260:], 0.0)


# --- slopes and scores


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [2, 3, 20, 61])
def test_a_slope_is_the_least_squares_line_through_the_last_known_values(seed: int, n: int) -> None:
    panel = market(seed)
    for text in ("RUT", "SOL", "VIX - 20", "logret(BTC)"):
        of_row = windows(column(f"{text} + 0", panel), n)
        expected = [np.nan if w is None else np.polyfit(np.arange(n), w, 1)[0] for w in of_row]
        scale = np.nanmax(np.abs(column(f"{text} + 0", panel)))
        np.testing.assert_allclose(column(f"slope({text}, {n})", panel), expected, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 60, 100])
def test_a_score_is_the_distance_from_the_mean_in_sample_deviations(seed: int, n: int) -> None:
    panel = market(seed)
    for text in ("RUT", "SOL", "VIX - 20", "logret(BTC)"):
        of_row = windows(column(f"{text} + 0", panel), n)
        moves = [w is not None and w.std() > 1e-9 * abs(w.mean()) for w in of_row]
        expected = [
            (w[-1] - w.mean()) / w.std(ddof=1) if w is not None and m else np.nan
            for w, m in zip(of_row, moves, strict=True)
        ]
        np.testing.assert_allclose(column(f"zscore({text}, {n})", panel), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("level", [0.0, 1e-300, 0.1, -7.3, 1e12])
def test_what_stands_still_has_a_slope_of_nought_and_no_score(level: float) -> None:
    panel = priced(RUT=np.full(40, level))
    assert set(column("slope(RUT, 20)", panel)[19:]) == {0.0}
    assert np.isnan(column("zscore(RUT, 20)", panel)).all()


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_numbers_at_the_end_of_the_scale_are_unknown_or_finite_and_never_a_warning(size: float) -> None:
    close = size * np.where(np.arange(60) % 3 == 0, 1.0, 1e7)
    panel = Panel(weekdays(60), {"RUT": columns_of(close, noise=np.zeros(60))}, {})
    for text in (
        "slope(RUT, 20)",
        "zscore(RUT, 20)",
        "since_turn(RUT, 10%)",
        "mtd(RUT)",
        "rally_since(RUT, 2019-02-01)",
    ):
        values = column(text, panel)
        assert np.isfinite(values[~np.isnan(values)]).all()


def test_a_line_has_its_slope_to_the_last_bit() -> None:
    assert set(column("slope(RUT, 20)", priced(RUT=np.arange(60.0)))[19:]) == {1.0}


@pytest.mark.parametrize("turn", ["up_turn", "down_turn"])
def test_an_alert_of_a_turn_says_how_far_it_has_come(turn: str) -> None:
    told = rule("turn", f"{turn}(RUT, 10%)").values
    assert [each.text for each in told] == ["RUT", "since_turn(RUT, 10%)"]
