"""A rule over its last sessions, and a price: what their pictures hold is what the engine judged, row by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.answers import ConditionPicture, Level
from bot.queries.condition import condition_picture
from bot.queries.price import price_picture
from bot.queries.view import NoAnswer, View
from rules.book import standing
from rules.engine import evaluate, opened
from rules.language.compile import compile_rule
from rules.model import Basis, Edge, Rule
from tests.bot.markets import at, seen
from tests.bot.queries.handmade import rule, view_of

CLOSE_RULES = [each for each in seen().rules if each.rule.basis is Basis.CLOSE]


def asked(view: View) -> ConditionPicture:
    return condition_picture(view, next(each for each in view.rules if each.rule.id == "asked"))


def course(picture: ConditionPicture) -> str:
    """A letter a session: quiet, pending, firing; a point where nothing is known."""
    assert picture.course is not None
    of = picture.course
    states = zip(of.pending, of.firing, of.unknown, strict=True)
    return "".join(
        "." if unknown else "P" if pending else "F" if firing else "q" for pending, firing, unknown in states
    )


def test_a_curve_has_every_level_that_its_value_is_held_against(tmp_path: Path) -> None:
    picture = asked(view_of(tmp_path, rule("close(RUT) > 12 and close(RUT) < 20", "close(RUT) < 10"), "9 13 14 9"))
    (curve,) = picture.curves
    assert curve.levels == (Level(12, ">"), Level(20, "<"), Level(10, "<", clears=True))
    assert list(curve.values) == [9, 13, 14, 9]


def test_a_value_that_is_held_against_another_has_that_beside_it(tmp_path: Path) -> None:
    picture = asked(view_of(tmp_path, rule("close(RUT) > record(RUT)", "drawdown(RUT) > 3%"), "9 13 14 9"))
    close, fallen = picture.curves
    assert close.other is not None
    assert list(close.other[1:]) == [9, 13, 14]
    assert (close.relation, close.other_words, close.clears) == (">", "RUT record before", False)
    assert fallen.levels == (Level(0.03, ">", clears=True),)


def test_a_rule_that_compares_nothing_shows_its_price(tmp_path: Path) -> None:
    (curve,) = asked(view_of(tmp_path, rule("up_turn(RUT, 10%)", "down_turn(RUT, 10%)"), "9 13 14 9")).curves
    assert (curve.words, list(curve.values), curve.levels) == ("RUT close", [9, 13, 14, 9], ())


def test_of_many_curves_the_first_are_shown_and_the_rest_is_counted(tmp_path: Path) -> None:
    many = " and ".join(f"ret(RUT, {n}) > 1%" for n in (1, 2, 3, 4, 5))
    picture = asked(view_of(tmp_path, rule(many, "close(RUT) < 1"), "9 13 14 9"))
    assert (len(picture.curves), picture.untold) == (3, 3)


def test_the_course_is_pending_then_firing_and_unknown_where_a_bar_is_missing(tmp_path: Path) -> None:
    toml = rule("close(RUT) > 12", "close(RUT) < 10", confirm=2)
    picture = asked(view_of(tmp_path, toml, "9 13 14 15 . 15 9 9"))
    assert course(picture) == "qPFF.Fqq"
    assert picture.course is not None
    assert (list(picture.course.fired), list(picture.course.resolved)) == ([2], [6])
    assert picture.stands == "quiet"


def test_where_the_alert_stands_is_said(tmp_path: Path) -> None:
    toml = rule("close(RUT) > 12", "close(RUT) < 10", confirm=2)
    assert asked(view_of(tmp_path / "one", toml, "9 13")).stands == "pending, 1 of 2"
    assert asked(view_of(tmp_path / "two", toml, "9 13 14")).stands == "firing since 2025-12-03"


def test_without_a_price_there_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="there are no prices of SPX here"):
        asked(view_of(tmp_path, rule("close(SPX) > 12", "close(SPX) < 10"), "9 13"))


@pytest.mark.parametrize("compiled", CLOSE_RULES, ids=lambda each: each.rule.id)
def test_a_picture_of_all_sessions_fires_where_the_engine_did(compiled: object) -> None:
    view = seen()
    picture = condition_picture(view, compiled, sessions=None)  # type: ignore[arg-type]
    assert picture.course is not None
    for edge, rows in ((Edge.FIRED, picture.course.fired), (Edge.RESOLVED, picture.course.resolved)):
        told = [event.session for event in standing(view.events(picture.rule)) if event.edge is edge]
        assert [picture.sessions[row].item() for row in rows] == told


def test_a_window_is_the_end_of_all_of_it() -> None:
    view, compiled = seen(), CLOSE_RULES[0]
    whole, last = condition_picture(view, compiled, None), condition_picture(view, compiled, 60)
    np.testing.assert_array_equal(last.sessions, whole.sessions[-60:])
    np.testing.assert_array_equal(last.curves[0].values, whole.curves[0].values[-60:])
    assert course(last) == course(whole)[-60:]


# A price


def test_a_price_has_its_record_and_its_drawdown_from_all_of_its_past(tmp_path: Path) -> None:
    picture = price_picture(view_of(tmp_path, rule("close(RUT) > 99"), "9 20 14 . 15"), "RUT", 3)
    np.testing.assert_array_equal(picture.close, [14, np.nan, 15])
    assert picture.record[0] == picture.record[2] == 20
    assert picture.drawdown[2] == 0.25


def test_alerts_are_flagged_that_read_the_instrument(tmp_path: Path) -> None:
    toml = rule("close(RUT) > 12", "close(RUT) < 10", severity="high")
    view = view_of(tmp_path, toml, "9 13 9 14", "5 5 5 5")
    assert [(flag.row, flag.severity, flag.own) for flag in price_picture(view, "RUT").flags] == [
        (1, "high", False),
        (3, "high", False),
    ]
    assert price_picture(view, "SPX").flags == ()


def test_an_alert_of_an_exchanges_close_is_on_the_day_of_the_coin() -> None:
    view = seen()
    picture = price_picture(view, "SOL", None)
    names = [each.rule.id for each in view.rules if "SOL" in each.instruments]
    days = sorted(event.session for name in names for event in standing(view.events(name)) if event.edge is Edge.FIRED)
    assert [picture.sessions[flag.row].item() for flag in picture.flags] == days


def test_half_days_are_marked() -> None:
    picture = price_picture(seen(), "RUT")
    assert [str(each) for each in picture.sessions[picture.half_day]] == ["2025-07-03", "2025-11-28", "2025-12-24"]


def test_an_alert_that_begins_at_an_instant_begins_with_the_close_before_it(tmp_path: Path) -> None:
    """As the engine judges it: what is so when somebody makes an alert is no news."""
    view = view_of(tmp_path, rule("close(RUT) > 99"), "9 13 14 9 13")
    made = Rule("#1.1", "close(RUT) > 12", "close(RUT) < 10", personal=True, since=at("2025-12-02T22:00Z"))
    compiled = compile_rule(made, view.scope)
    picture = condition_picture(view, compiled)
    assert course(picture) == "qFFqF"
    assert picture.course is not None
    assert (list(picture.course.fired), list(picture.course.resolved)) == ([4], [3])
    panel = view.panel(compiled.calendar)
    told = evaluate([compiled], {compiled.track: panel}, opened([compiled]), int(panel.clock.closes[-1]), grace=0)
    assert [(event.edge, event.session.day) for event in told.events] == [(Edge.RESOLVED, 4), (Edge.FIRED, 5)]
