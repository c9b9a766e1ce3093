"""The picture of the regime: what it shows, and that gaps and odd values are neither guessed nor fatal."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle, StepPatch

from bot.answers import RegimePicture
from bot.answers.theme import Theme
from bot.render.charts import draw
from bot.render.charts.palette import LIGHT
from bot.render.charts.sessions import day
from rules.bars import Floats
from rules.model import Label
from rules.regime.filter import STATES
from rules.regime.label import OFF_ENTER, OFF_LEAVE, ON_ENTER, ON_LEAVE
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import PHONE, all_drawn, drawn, figure, line, words

ON, NEUTRAL, OFF = (float(STATES.index(label)) for label in (Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF))


def spans(picture: RegimePicture, gid: str) -> list[tuple[float, float]]:
    """From which to which session a ground reaches."""
    found = drawn(picture, gid)
    assert isinstance(found, PolyCollection)
    sides = [path.get_extents().intervalx for path in found.get_paths()]
    return [(float(first), float(last)) for first, last in sides]


def probabilities(picture: RegimePicture) -> dict[Label, Floats]:
    """What is drawn of each state's probability."""
    found = {each.get_gid(): each.get_data()[0] for each in figure(picture).findobj(StepPatch)}
    return {state: np.asarray(found[f"p {state}"], dtype=np.float64) for state in STATES}


def labelled(*labels: float, **changes: object) -> RegimePicture:
    return pictures.regime(len(labels), labels=np.array(labels), **changes)


def test_the_label_in_force_its_close_and_since_when_stand_on_top() -> None:
    assert words(pictures.regime())[:2] == ["Regime: RISK_OFF", "Close of Wed 2025-12-10 · since 2025-10-16"]


def test_the_upper_edge_has_the_colour_of_the_label_in_force() -> None:
    for index, state in enumerate(STATES):
        bar = drawn(pictures.regime(labels=np.full(252, float(index))), "edge")
        assert isinstance(bar, Rectangle)
        assert to_hex(bar.get_facecolor()) == LIGHT.states[state].area.lower()


def test_a_label_that_never_changed_is_not_said_to_be_since_a_session() -> None:
    assert words(labelled(*[NEUTRAL] * 61))[1] == "Close of Wed 2025-12-10 · no change in 61 sessions"
    assert words(labelled(NEUTRAL))[1] == "Close of Wed 2025-12-10 · no change in 1 session"


def test_it_says_that_labels_are_about_risk() -> None:
    assert words(pictures.regime())[-1] == "Labels describe risk, not direction."


def test_half_a_year_of_prices_is_drawn_and_its_last_written() -> None:
    picture = pictures.regime()
    np.testing.assert_array_equal(line(picture, "close")[1], picture.close[-126:])
    told = words(picture)
    assert told[told.index("SPX") - 1] == f"{picture.close[-1]:,.2f}"


def test_bands_reach_over_the_sessions_of_their_label() -> None:
    picture = labelled(NEUTRAL, NEUTRAL, ON, OFF, OFF, NEUTRAL)
    assert spans(picture, "band NEUTRAL") == spans(picture, "strip NEUTRAL") == [(-0.5, 1.5), (4.5, 5.5)]
    assert spans(picture, "band RISK_ON") == spans(picture, "strip RISK_ON") == [(1.5, 2.5)]
    assert spans(picture, "band RISK_OFF") == spans(picture, "strip RISK_OFF") == [(2.5, 4.5)]


def test_the_strip_reaches_over_all_sessions_and_the_bands_over_half_of_them() -> None:
    picture = pictures.regime(labels=np.full(252, NEUTRAL))
    assert spans(picture, "strip NEUTRAL") == [(-0.5, 251.5)]
    assert spans(picture, "band NEUTRAL") == [(-0.5, 125.5)]
    assert "Last 12 months" in words(picture)
    assert "Last 200 sessions" in words(pictures.regime(200))


def test_every_change_is_marked_and_dated() -> None:
    picture = pictures.regime()
    assert len(all_drawn(picture, "change")) == 4
    assert {"Jul 10", "Aug 29", "Sep 4", "Oct 16"} < set(words(picture))


def test_a_change_on_the_first_session_shown_is_marked() -> None:
    labels = np.full(252, NEUTRAL)
    labels[-126:] = ON
    assert len(all_drawn(pictures.regime(labels=labels), "change")) == 1
    assert len(all_drawn(pictures.regime(126, labels=labels[-126:]), "change")) == 0


def test_of_more_changes_than_there_is_room_for_the_last_are_dated_and_all_are_marked() -> None:
    labels = np.arange(252) // 5 % 3
    picture = pictures.regime(labels=labels.astype(float))
    last = [day(picture.sessions, row) for row in range(220, 252, 5)]
    dated = [text for text in figure(picture).texts if text.get_text() in last]
    assert len(all_drawn(picture, "change")) == 25
    assert [text.get_text() for text in dated] == last
    assert day(picture.sessions, 215) not in words(picture)
    boxes = [text.get_window_extent() for text in dated]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert boxes[-1].x1 <= PHONE


def test_the_probabilities_are_drawn_and_their_last_written() -> None:
    p = np.linspace([0.9, 0.1, 0.0], [0.004, 0.116, 0.88], 252)
    picture = pictures.regime(p=p)
    told, areas = words(picture), probabilities(picture)
    for index, (state, last) in enumerate(zip(STATES, ("<1%", "12%", "88%"), strict=True)):
        np.testing.assert_array_equal(areas[state], p[-126:, index])
        assert told[told.index(state) - 1] == last


def test_the_thresholds_of_the_label_are_dashed_and_written() -> None:
    picture = pictures.regime()
    for name, level in (
        ("enter RISK_ON", ON_ENTER),
        ("leave RISK_ON", ON_LEAVE),
        ("enter RISK_OFF", OFF_ENTER),
        ("leave RISK_OFF", OFF_LEAVE),
    ):
        assert list(line(picture, name)[1]) == [level, level]
    assert {"enter .7", "leave .4", "enter .8", "leave .2"} < set(words(picture))


def test_gaps_stay_gaps() -> None:
    picture = pictures.regime()
    close, labels, p = picture.close.copy(), picture.labels.copy(), picture.p.copy()
    close[200:210] = labels[200:210] = p[200:210] = np.nan
    close[[220, 222]] = np.nan
    picture = replace(picture, close=close, labels=labels, p=p)
    np.testing.assert_array_equal(line(picture, "close")[1], close[-126:])
    assert list(line(picture, "close alone")[0]) == [221 - 126]
    assert spans(picture, "known NEUTRAL") == [(-0.5, 73.5), (83.5, 125.5)]
    shown = [each for state in STATES for each in spans(picture, f"band {state}")]
    assert not any(first < 80 < last for first, last in shown)


def test_a_change_behind_a_gap_is_marked_where_it_is_first_known() -> None:
    picture = labelled(NEUTRAL, np.nan, np.nan, ON, np.nan, ON)
    assert len(all_drawn(picture, "change")) == 1
    assert words(picture)[1].endswith(f"since {picture.sessions[3]}")


def test_a_last_session_without_a_label_is_told_and_none_is_guessed() -> None:
    close = np.array([6_000.0, 6_010.0, np.nan])
    picture = labelled(OFF, OFF, np.nan, close=close, p=np.full((3, 3), np.nan))
    told = words(picture)
    assert told[0] == "Regime: RISK_OFF"
    assert told[2] == f"no label after {picture.sessions[1]}"
    assert told.count("n/a") == 4


def test_a_regime_that_is_never_defined_says_so() -> None:
    unknown = np.full(90, np.nan)
    told = words(pictures.regime(90, labels=unknown, close=unknown, p=np.full((90, 3), np.nan)))
    assert told[:2] == ["Regime: n/a", "Close of Wed 2025-12-10 · undefined in all sessions shown"]
    assert "no price of SPX" in told


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("sessions", [1, 2, 61, 127, 252])
def test_a_history_of_any_length_is_drawn_on_the_sheet(sessions: int, theme: Theme) -> None:
    picture = pictures.regime(sessions)
    assert draw(picture, theme)
    for text in figure(picture, theme).texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= PHONE, text


def test_a_price_that_stands_still_has_a_scale() -> None:
    told = words(pictures.regime(close=np.full(252, 5_911.69)))
    assert {"5,900", "5,910", "5,920", "5,911.69"} < set(told)


prices = st.one_of(st.floats(1e-4, 1e7), st.just(np.nan), st.sampled_from([-1.0, 0.0, np.inf, -np.inf]))
shares = st.one_of(st.floats(0, 1), st.just(np.nan), st.floats())
indices = st.one_of(st.sampled_from([ON, NEUTRAL, OFF, np.nan]), st.floats())


@settings(max_examples=settings().max_examples // 4, deadline=None)
@given(st.lists(st.tuples(prices, indices, shares, shares, shares), min_size=1, max_size=40))
def test_no_value_makes_a_picture_fail_and_none_that_cannot_be_is_drawn(rows: list[tuple[float, ...]]) -> None:
    close, labels, *p = (np.array(each) for each in zip(*rows, strict=True))
    picture = pictures.regime(len(rows), close=close, labels=labels, p=np.stack(p, axis=1))
    assert draw(picture)
    areas = probabilities(picture)
    for state, values in zip(STATES, p, strict=True):
        possible = (values >= 0) & (values <= 1)
        np.testing.assert_array_equal(areas[state], np.where(possible, values, np.nan))
