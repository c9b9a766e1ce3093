"""The picture of a price: what it shows, that a gap stays a gap, and that odd values neither lie nor raise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.answers import Flag
from bot.render.charts import draw
from bot.render.charts.frame import LEAST_PRICE, MOST
from bot.render.charts.palette import LIGHT
from rules.model import Severity
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import all_drawn, count, line, words


def test_a_price_says_what_it_shows_and_where_it_stands() -> None:
    told = words(pictures.price())
    assert told[:3] == [
        "RUT: the last 252 closes",
        "Close of Wed 2025-12-10 · yahoo USD",
        "24 records, 4 alerts, 3 half days, 10 missing",
    ]
    assert {"2,674.31", "RUT", "-3.1%", "off record", "alerts"} < set(told)


def test_the_curve_and_the_record_break_where_there_is_no_price() -> None:
    picture = pictures.price()
    np.testing.assert_array_equal(line(picture, "close")[1], picture.close)
    assert np.isnan(line(picture, "record")[1][101:111]).all()


def test_a_close_between_gaps_is_a_dot() -> None:
    close = np.full(21, np.nan)
    close[[3, 10, 11]] = 2_000.0
    assert list(line(pictures.price(21, close=close), "close alone")[0]) == [3]


def test_a_dot_stands_on_every_close_above_the_record_before_it() -> None:
    close, record = np.array([10.0, 11.0, 11.0, 12.0, 9.0]), np.array([np.nan, 10.0, 11.0, 11.0, 12.0])
    picture = pictures.price(5, close=close, record=record)
    assert list(line(picture, "record days")[0]) == [1, 3]
    assert words(picture)[2].startswith("2 records, ")


def test_an_alert_is_a_stroke_as_high_as_it_is_loud_and_ones_own_has_a_diamond() -> None:
    picture = pictures.price()
    heights = [float(each.get_ydata()[1]) for each in all_drawn(picture, "alert")]  # type: ignore[attr-defined]
    assert heights == [1.0, 0.55, 1.0, 1.0]
    assert list(line(picture, "own")[0]) == [180]


def test_without_alerts_the_strip_says_so() -> None:
    assert "none in these sessions" in words(pictures.price(flags=()))
    assert "none in these sessions" not in words(pictures.price())


def test_the_legend_names_only_what_is_there() -> None:
    told = words(pictures.price(flags=(Flag(3, Severity.NOTICE),)))
    assert "notice" in told
    assert not {"high", "yours"} & set(told)


def test_a_record_far_above_does_not_press_the_closes_flat() -> None:
    close = np.linspace(100.0, 110.0, 60)
    picture = pictures.price(60, close=close, record=np.full(60, 1_000.0), flags=())
    assert np.isnan(line(picture, "record")[1]).all()
    assert "record" not in words(picture)


def test_prices_far_apart_are_on_a_logarithmic_scale_that_is_named() -> None:
    far = pictures.price(60, close=np.geomspace(100.0, 1_000.0, 60), record=np.full(60, np.nan))
    assert words(far)[2].endswith("log scale")
    near = pictures.price(60, close=np.geomspace(100.0, 390.0, 60), record=np.full(60, np.nan))
    assert "log scale" not in words(near)[2]
    for picture in (far, near):
        assert len([each for each in words(picture) if each in {"100", "150", "200", "300", "500", "700", "1,000"}]) > 1


def test_the_drawdown_hangs_from_nought() -> None:
    assert count(pictures.price(), LIGHT.warning) == 0
    assert "0%" in words(pictures.price())
    assert "0.0%" in words(pictures.price(drawdown=np.zeros(252)))


values = st.one_of(st.floats(0.01, 1e6), st.just(np.nan), st.floats())


@settings(max_examples=settings().max_examples // 4, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=40))
def test_no_value_makes_a_price_fail_and_none_that_cannot_be_is_drawn(rows: list[tuple[float, ...]]) -> None:
    close, record, drawdown = (np.array(each) for each in zip(*rows, strict=True))
    picture = pictures.price(len(rows), close=close, record=record, drawdown=drawdown)
    assert draw(picture)
    known = (close >= LEAST_PRICE) & (close <= MOST)
    if known.any():
        np.testing.assert_array_equal(line(picture, "close")[1], np.where(known, close, np.nan))


@pytest.mark.parametrize("sessions", [1, 2, 5, 20])
def test_a_few_sessions_are_drawn_as_well(sessions: int) -> None:
    assert draw(replace(pictures.price(sessions), flags=()))
