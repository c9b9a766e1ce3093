"""The picture of a pair: what it shows, and that odd values neither lie nor raise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D

from bot.answers import PairPicture
from bot.render.charts import draw
from bot.render.charts.palette import LIGHT
from rules.bars import Floats
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import count, drawn, figure, line, pixels, words


def with_r(r: Floats, **changes: object) -> PairPicture:
    low, high = pictures.interval(r)
    return pictures.pair(len(r), r=r, low=low, high=high, **changes)


def test_a_pair_says_what_it_shows_and_where_it_stands() -> None:
    told = words(pictures.pair())
    assert told[:2] == ["RUT and SOL: correlation of 60 returns", "Close of Wed 2025-12-10 · 90% interval shaded"]
    assert {"+0.52", "+0.34", "to +0.66", "≥ .5", "≥ .6", "≥ .7"} < set(told)


def test_the_scale_names_the_levels_and_reaches_down_as_far_as_the_values() -> None:
    scale = ["1", ".7", ".6", ".5", "0", "-.5"]
    above = with_r(np.array([0.1, -0.2]))
    below = with_r(np.array([0.1, -0.45]))
    assert [line for line in words(above) if line in [*scale, "-1"]] == scale
    assert [line for line in words(below) if line in [*scale, "-1"]] == [*scale, "-1"]


def test_the_curve_breaks_where_there_is_no_correlation() -> None:
    r = np.full(101, 0.55)
    r[40:60] = np.nan
    picture = with_r(r, coupled={})
    np.testing.assert_array_equal(line(picture, "r")[1], r)
    red, blue = (pixels(picture)[:, :870, each].astype(np.int64) for each in (0, 2))
    inked = np.flatnonzero((blue - red).max(axis=0) > 60)
    breaks = np.diff(inked)
    assert (breaks > 1).sum() == 1
    assert 0.18 < breaks.max() / (inked[-1] - inked[0]) < 0.22


def test_a_session_between_gaps_is_a_dot() -> None:
    r = np.full(21, np.nan)
    r[[3, 10, 11]] = 0.4
    assert list(line(with_r(r), "r alone")[0]) == [3]


def test_a_curve_that_ends_undefined_does_not_show_its_last_value_as_todays() -> None:
    r = np.array([0.4, 0.5, np.nan])
    told = words(with_r(r))
    assert "n/a" in told
    assert "+0.50" not in told


def test_a_pair_that_is_never_defined_says_so() -> None:
    assert {"undefined in all sessions shown", "n/a"} < set(words(with_r(np.full(90, np.nan))))


def test_sessions_are_filled_where_the_pair_was_coupled() -> None:
    off, on = np.zeros(100, dtype=bool), np.zeros(100, dtype=bool)
    on[20:30] = on[50] = True
    picture = pictures.pair(100, coupled={0.5: on, 0.7: off})
    bars = drawn(picture, "coupled .5")
    assert isinstance(bars, PolyCollection)
    sides = [tuple(path.get_extents().intervalx) for path in bars.get_paths()]
    assert sides == [(19.5, 29.5), (49.5, 50.5)]
    assert count(picture, LIGHT.green) > 1_000
    never = replace(picture, coupled={0.5: off, 0.7: off})
    assert count(never, LIGHT.green) == 0
    assert "Coupled, in none of these sessions" in words(never)


def test_one_coupled_session_of_ten_thousand_is_seen() -> None:
    on = np.zeros(10_000, dtype=bool)
    on[5_000] = True
    quiet = pictures.pair(10_000, coupled={0.5: np.zeros(10_000, dtype=bool)})
    assert draw(replace(quiet, coupled={0.5: on})) != draw(quiet)


def test_an_approximate_pair_says_so() -> None:
    warning = "approximate: by UTC day, not by close"
    assert warning in words(pictures.pair(approximate=True))
    assert warning not in words(pictures.pair())
    assert count(pictures.pair(approximate=True), LIGHT.warning) > 500


def test_of_an_approximate_pair_the_filter_says_nothing() -> None:
    assert "Coupled, by level" not in words(pictures.pair(approximate=True))
    assert count(pictures.pair(approximate=True), LIGHT.green) == 0


def test_the_levels_are_dashed_even_where_nothing_is_known_of_coupling() -> None:
    picture = pictures.pair(coupled={})
    levels = figure(picture).findobj(lambda each: each.get_gid() == "level")
    heights = [np.asarray(each.get_ydata(), dtype=np.float64)[0] for each in levels if isinstance(each, Line2D)]
    assert sorted(heights) == [0.5, 0.6, 0.7]


@pytest.mark.parametrize(
    ("sessions", "dates"),
    [
        (1, ["Dec 10"]),
        (10, ["Nov 27", "Dec 2", "Dec 5", "Dec 10"]),
        (63, ["Oct", "Nov", "Dec"]),
        (252, ["2025", "Mar", "May", "Jul", "Sep", "Nov"]),
        (504, ["Apr", "Jul", "Oct", "2025", "Apr", "Jul", "Oct"]),
        (2_520, ["2018", "2020", "2022", "2024"]),
        (10_000, ["1990", "2000", "2010", "2020"]),
    ],
)
def test_dates_are_few_and_concise(sessions: int, dates: list[str]) -> None:
    told = words(pictures.pair(sessions, coupled={}))
    assert told[2 : 2 + len(dates)] == dates
    assert told[2 + len(dates)] == "1"


values = st.one_of(st.floats(-1, 1), st.just(np.nan), st.floats())


@settings(max_examples=settings().max_examples // 4, deadline=None)
@given(st.lists(st.tuples(values, values, values, st.booleans()), min_size=1, max_size=40))
def test_no_value_makes_a_pair_fail_and_none_that_cannot_be_is_drawn(rows: list[tuple[float, ...]]) -> None:
    r, low, high, on = (np.array(each) for each in zip(*rows, strict=True))
    picture = pictures.pair(len(rows), r=r, low=low, high=high, coupled={0.5: on.astype(bool)})
    assert draw(picture)
    np.testing.assert_array_equal(line(picture, "r")[1], np.where(np.abs(r) <= 1, r, np.nan))
