"""Drawdowns of a history written down by hand: where the peak is, when RISK_OFF was said, what fails."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from bot.tuning.worlds.regime import NEUTRAL, OFF, ON
from tests.bench.stats.drawdowns import (
    Episode,
    History,
    drawdowns,
    entries_a_year,
    share_short,
    written,
)
from tests.rules.markets import prices, weekdays

EPISODE = Episode("made", "2019-01-01", "2019-12-31")
LETTERS = {"+": ON, ".": NEUTRAL, "#": OFF, "?": np.nan}


def past(closes: str, labels: str) -> History:
    """`past("100 90 95", "..#")`: # is RISK_OFF, + is RISK_ON, ? is not known. Sessions from 2019-01-02 on."""
    close = prices(closes)
    return History(weekdays(len(close)), close, np.array([LETTERS[letter] for letter in labels], dtype=np.float64))


def test_the_drawdown_is_the_greatest_loss_from_a_closing_peak_in_its_dates() -> None:
    (found,) = drawdowns(past("90 100 97 99 110 99 88 95", "........"), [EPISODE])
    assert (found.peak, found.trough) == (dt.date(2019, 1, 8), dt.date(2019, 1, 10))
    assert found.loss == pytest.approx(0.2)
    assert not found.flagged


def test_prices_outside_its_dates_and_gaps_count_for_nothing() -> None:
    early = Episode("made", "2019-01-03", "2019-01-09")
    (found,) = drawdowns(past("500 100 . 80 90 85 1", "......."), [early])
    assert found.loss == pytest.approx(0.2)
    with pytest.raises(ValueError, match="no closes"):
        drawdowns(past("100 90", ".."), [Episode("made", "2020-01-01", "2020-12-31")])


@pytest.mark.parametrize(
    ("labels", "sessions", "lost", "behind"),
    [
        ("..##....", 1, 0.05, 0),
        ("...#....", 2, 0.10, 0),
        (".##.....", 0, 0.0, 0),  # in force at the peak
        ("##......", 0, 0.0, 0),
        ("#...##..", 3, 0.20, 0),  # gone at the peak, back on the session of the trough
        (".....#..", 4, 0.15, 1),  # and the session after
    ],
)
def test_it_is_flagged_where_risk_off_is_in_force_at_the_peak_or_begins_by_the_session_after_the_trough(
    labels: str, sessions: int, lost: float, behind: int
) -> None:
    (found,) = drawdowns(past("99 100 95 90 80 85 90 95", labels), [EPISODE])
    assert (found.flagged, found.sessions, found.behind) == (True, 0 if labels == "##......" else sessions, behind)
    assert found.lost == pytest.approx(lost)


@pytest.mark.parametrize("labels", ["#.......", "......##", "++++++++", "????????"])
def test_it_is_not_flagged_by_what_was_over_before_or_came_later(labels: str) -> None:
    (found,) = drawdowns(past("99 100 95 90 80 85 90 95", labels), [EPISODE])
    assert not found.flagged
    assert "**not flagged**" in written([found])


def test_a_session_without_a_label_leaves_it() -> None:
    one = past("1 1 1 1 1 1 1 1", "?.#?#.?.")
    assert one.off.tolist() == [False, False, True, True, True, False, False, False]
    assert one.spells.tolist() == [[2, 5]]


def test_entries_are_counted_in_years_of_252_sessions_and_spells_in_sessions() -> None:
    closes = " ".join(["1"] * 252)
    labels = ("####." + "#####." + "." * 300)[:251] + "#"
    one = past(closes, labels)
    assert entries_a_year(one) == 3
    assert share_short(one) == pytest.approx(2 / 3)
    assert np.isnan(share_short(past("1 1", "..")))


def test_the_table_says_when_and_how_much_was_lost_by_then() -> None:
    at_peak, late = (
        drawdowns(past("99 100 95 90 80 85 90 95", labels), [EPISODE])[0] for labels in (".#......", ".....#..")
    )
    lines = written([at_peak, late]).splitlines()[2:]
    assert "in force at the peak" in lines[0]
    assert "| 4 sessions, 1 after the trough | -15.0% " in lines[1]
    assert "| 2019-01-03 | 2019-01-08 | -20.0% " in lines[1]
