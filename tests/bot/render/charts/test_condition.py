"""The picture of a rule: what it shows, where it fired, and that odd values neither lie nor raise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D

from bot.answers import ConditionPicture, Curve, Level
from bot.render.charts import draw
from rules.functions.registry import Unit
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import all_drawn, drawn, line, words


def test_a_rule_says_what_it_shows_and_where_it_stands() -> None:
    told = words(pictures.condition())
    assert told[:4] == [
        "RUT and SOL coupled at 0.6",
        "Close of Wed 2025-12-10 · yahoo USD, coinbase USD",
        "rut-sol-coupled: quiet",
        "P(RUT-SOL corr ≥ 0.6): fires ≥ 50%, clears ≤ 5%",
    ]
    assert {"27%", "50%", "5%", "alert", "fired 1x", "fired", "over", "pending", "unknown"} < set(told)


def test_of_several_levels_each_is_needed() -> None:
    told = words(pictures.conditions())
    assert "RUT close: needs > RUT record before" in told
    assert "RUT below record: clears > 3%" in told
    assert told[2] == "rut-sol-coupled: quiet · 1 more not shown"


def test_a_level_at_which_it_fires_is_dashed_and_one_at_which_it_ends_is_dotted() -> None:
    fires, clears = (each for each in all_drawn(pictures.condition(), "level") if isinstance(each, Line2D))
    assert [float(np.asarray(each.get_ydata())[0]) for each in (fires, clears)] == [0.5, 0.05]
    assert fires.get_color() != clears.get_color()
    assert fires.get_linestyle() == clears.get_linestyle() == "--"
    assert fires._dash_pattern != clears._dash_pattern  # type: ignore[attr-defined]


def test_signs_stand_on_the_curve_where_it_fired_and_where_it_was_over() -> None:
    picture = pictures.condition()
    (curve,) = picture.curves
    assert [list(each) for each in line(picture, "fired")] == [[60], [curve.values[60]]]
    assert [list(each) for each in line(picture, "resolved")] == [[140], [curve.values[140]]]


@pytest.mark.parametrize(("band", "sides"), [("strip firing", (59.5, 139.5)), ("strip unknown", (219.5, 224.5))])
def test_the_strip_is_filled_where_the_alert_stood_so(band: str, sides: tuple[float, float]) -> None:
    bars = drawn(pictures.condition(), band)
    assert isinstance(bars, PolyCollection)
    assert [tuple(path.get_extents().intervalx) for path in bars.get_paths()] == [sides]


def test_a_value_that_is_never_known_says_so() -> None:
    assert "unknown in all sessions shown" in words(pictures.conditions())


def test_of_a_rule_that_trades_decide_there_is_no_strip() -> None:
    told = words(pictures.condition(course=None))
    assert not {"alert", "fired", "firing"} & set(told)
    assert draw(pictures.condition(course=None))


def test_another_series_is_drawn_beside_the_value() -> None:
    picture = pictures.conditions()
    assert picture.curves[0].other is not None
    np.testing.assert_array_equal(line(picture, "other")[1], picture.curves[0].other)


def of_one(values: list[float], unit: str, level: float) -> ConditionPicture:
    curve = Curve("x", unit, np.array(values), (Level(level, ">"),))
    return pictures.condition(len(values), curves=(curve,), course=None)


@pytest.mark.parametrize(
    ("unit", "level", "told"),
    [
        (Unit.PRICE, 70_000.0, "70,000"),
        (Unit.PERCENT, -0.05, "-5%"),
        (Unit.PROBABILITY, 0.9, "90%"),
        (Unit.CORRELATION, 0.6, ".6"),
        (Unit.NUMBER, 2.0, "2"),
        (Unit.DEVIATIONS, -1.5, "-1.5"),
    ],
)
def test_a_level_is_told_by_its_unit(unit: str, level: float, told: str) -> None:
    shown = words(of_one([level * 0.9, level * 1.2], unit, level))
    assert f"x: fires > {told}" in shown
    assert told in shown


numbers = st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.floats())


@settings(max_examples=settings().max_examples // 4, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    st.lists(numbers, min_size=1, max_size=40), st.sampled_from(["price", "percent", "number"]), st.floats(-1e6, 1e6)
)
def test_no_value_makes_a_rule_fail(values: list[float], unit: str, level: float) -> None:
    assert draw(of_one(values, unit, level))
