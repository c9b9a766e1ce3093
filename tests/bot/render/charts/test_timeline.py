"""The picture of alerts over the years: where they stand, on which regime, and that odd values do not raise."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from PIL import Image

from bot.answers import Lane
from bot.render.charts import draw
from bot.render.charts.packing import packed
from bot.render.charts.palette import LIGHT
from rules.model import Label, Severity
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import all_drawn, count, line, pixels, words


def test_it_says_how_many_alerts_of_how_many_rules_in_how_many_closes() -> None:
    assert words(pictures.timeline())[:3] == [
        "RUT and its alerts",
        "Close of Wed 2025-12-10 · yahoo USD",
        "4 alerts of 3 rules in 252 closes",
    ]
    assert words(pictures.timeline(lanes=1))[2] == "3 alerts in 252 closes"
    assert words(pictures.timeline(untold=2))[2] == "4 alerts of 3 rules in 252 closes, 2 rules not shown"


def test_a_lane_has_a_stroke_a_firing_and_its_words() -> None:
    lanes = all_drawn(pictures.timeline(), "alert")
    assert all(isinstance(each, LineCollection) for each in lanes)
    rows = [[float(path[0][0]) for path in each.get_segments()] for each in lanes]  # type: ignore[attr-defined]
    assert rows == [[20.0, 30.0, 200.0], [104.0], []]
    told = words(pictures.timeline())
    assert "Russell 2000: a record after a pause: 3x" in told
    assert "Risk assets move together: 0x" in told


def test_one_rule_is_marked_on_its_price_and_on_the_edge_where_that_is_unknown() -> None:
    picture = pictures.timeline(lanes=1)
    rows, heights = line(picture, "fired")
    assert list(rows) == [20, 30, 200]
    np.testing.assert_array_equal(heights, picture.close[[20, 30, 200]])
    in_a_gap = replace(picture, lanes=(Lane("in a gap", Severity.HIGH, np.array([104])),))
    _, heights = line(in_a_gap, "fired")
    assert np.isnan(picture.close[104])
    assert heights[0] < np.nanmin(picture.close)


def test_the_bands_are_where_the_regime_is_known_and_nowhere_else() -> None:
    picture = pictures.timeline()
    assert count(picture, LIGHT.states[Label.RISK_OFF].band) > 1_000
    assert not count(pictures.timeline(labels=np.full(252, np.nan)), LIGHT.states[Label.RISK_OFF].band)
    assert {"risk on", "neutral", "risk off", "high", "notice"} < set(words(picture))
    assert not {"risk on", "neutral", "risk off"} & set(words(pictures.timeline(labels=np.full(252, np.nan))))


@pytest.mark.parametrize("close", [np.nan, np.inf, -3.0, 0.0, 1e300])
def test_without_a_price_it_says_so_and_keeps_the_lanes(close: float) -> None:
    picture = pictures.timeline(close=np.full(252, close))
    assert "no price of RUT" in words(picture)
    assert len(all_drawn(picture, "alert")) == 3
    assert draw(picture)


def test_a_packed_picture_is_the_same_to_the_eye_and_a_fraction_of_the_bytes() -> None:
    whole = draw(pictures.timeline())
    small = packed(whole)
    assert len(small) < 0.6 * len(whole)
    seen = np.asarray(Image.open(io.BytesIO(small)).convert("RGB")).astype(float)
    apart = np.abs(seen - pixels(pictures.timeline()))
    assert seen.shape == apart.shape
    assert apart.mean() < 0.2
    assert small == packed(whole)
