"""The picture of what followed: where the rule fired, both spreads on one scale, nothing claimed of too few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D

from bot.render.charts import draw
from bot.render.charts.outcomes import _BINS
from tests.bot.render.charts.drawings import all_drawn, drawn, figure, line, words
from tests.bot.render.followed import outcome, outcome_picture


def test_it_says_what_it_is_of_and_what_may_be_claimed() -> None:
    told = words(outcome_picture())
    assert told[:3] == [
        "Russell 2000 closes at a record",
        "Close of Wed 2025-12-10 · yahoo USD",
        "Since 2015-12-24, fired 24 times, log scale",
    ]
    assert {"RUT, next 20 sessions: no edge seen", "after it", "all days", "n 23", "n 2,580"} < set(told)


def test_a_mark_stands_on_the_price_of_each_firing() -> None:
    picture = outcome_picture()
    rows, closes = line(picture, "fired")
    assert rows.tolist() == picture.fired.tolist()
    assert closes.tolist() == picture.close[picture.fired].tolist()


def test_firings_whose_close_is_unknown_are_not_marked() -> None:
    picture = outcome_picture()
    picture.close[picture.fired[3]] = np.nan
    assert len(line(picture, "fired")[0]) == len(picture.fired) - 1


def test_so_many_firings_that_they_would_hide_the_price_stand_beneath_it() -> None:
    assert not isinstance(drawn(outcome_picture(often=400), "fired"), Line2D)


def test_each_outcome_is_a_dot_in_its_place() -> None:
    picture = outcome_picture()
    returns, heights = line(picture, "after")
    assert len(returns) == len(picture.after) == 23
    wide = (max(picture.everyday.max(), 0) - min(picture.everyday.min(), 0)) / _BINS
    assert np.abs(np.sort(returns) - np.sort(picture.after)).max() <= wide
    assert len(set(zip(returns, heights, strict=True))) == len(returns)


def test_the_interval_and_the_median_are_those_of_the_outcome() -> None:
    picture = outcome_picture()
    assert line(picture, "interval")[0].tolist() == [picture.outcome.low, picture.outcome.high]
    assert line(picture, "median")[0].tolist() == [picture.outcome.median]
    assert line(picture, "base")[0].tolist() == [picture.outcome.base.median] * 2


def test_of_too_few_neither_a_median_nor_an_interval_is_drawn() -> None:
    picture = outcome_picture(often=4)
    assert not all_drawn(picture, "median")
    assert not all_drawn(picture, "interval")
    told = words(picture)
    assert "RUT, next 20 sessions: too few to say more" in told
    assert len([each for each in told if each.startswith(("+", "-")) and each.endswith("%")]) < 8
    assert "median, 90%" not in told


def test_a_rule_that_never_fired_says_so_beside_all_days() -> None:
    told = words(outcome_picture(often=0))
    assert "never fired" in told
    assert "Since 2015-12-24, never fired, log scale" in told


def test_the_sign_of_the_median_of_all_days_is_broken_as_its_line_is() -> None:
    few = outcome_picture(often=4)
    assert "median of all" in words(few)
    of_line, *of_signs = (each for each in figure(few).findobj(Line2D) if each.get_linestyle() == "--")
    assert of_line.get_gid() == "base"
    assert [each.get_color() for each in of_signs] == [of_line.get_color()]


def test_no_line_runs_through_what_is_said_of_a_rule_that_never_fired() -> None:
    said = [each for each in figure(outcome_picture(often=0)).texts if each.get_text() == "never fired"]
    assert [each.get_bbox_patch() is not None and each.get_zorder() > 3 for each in said] == [True]


def test_outcomes_that_have_not_passed_say_so() -> None:
    picture = outcome_picture()
    none = np.empty(0)
    told = words(outcome_picture(fired=picture.fired[-1:], after=none, outcome=outcome(none, picture.everyday)))
    assert "not known yet" in told


@pytest.mark.parametrize("labels", [0.0, np.nan])
def test_bands_lie_where_the_regime_is_known(labels: float) -> None:
    picture = outcome_picture(labels=np.full(2_600, labels))
    assert len(drawn(picture, "band RISK_ON").get_paths()) == (labels == 0.0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "changes",
    [
        {"close": np.full(2_600, np.nan)},
        {"close": np.full(2_600, 7.0)},
        {"everyday": np.zeros(2_580), "after": np.zeros(23)},
        {"everyday": np.full(1, 0.5)},
        {"after": np.full(23, 40.0)},
        {"title": "<b>&" * 200},
    ],
)
def test_odd_values_are_drawn(changes: dict[str, Any]) -> None:
    assert draw(outcome_picture(**changes)).startswith(b"\x89PNG")
