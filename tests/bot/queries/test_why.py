"""Why an alert fired or did not: the numbers are those of the engine to the last bit, and what is missing is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.answers.why import Part, WhyRule
from bot.app import Options, open_app
from bot.queries.explain import explain
from bot.queries.trial import as_if_fired, last_firing
from bot.queries.view import View
from bot.queries.why import why_event, why_rule
from rules.alerting import Firing, Inactive, Pending
from rules.language.compile import CompiledRule
from rules.model import Basis, Edge, Verdict
from rules.outcomes import followed
from tests.bot.markets import NOW, Folder, at, day, seen
from tests.bot.queries.handmade import rule, view_of

CLOSE_RULES = [each for each in seen().rules if each.rule.basis is Basis.CLOSE]


def asked(view: View) -> CompiledRule:
    return next(each for each in view.rules if each.rule.id == "asked")


def why(view: View) -> WhyRule:
    return why_rule(view, asked(view), view.events("asked"), NOW)


def marks(parts: tuple[Part, ...]) -> str:
    return "".join({Verdict.TRUE: "T", Verdict.FALSE: "F", Verdict.UNKNOWN: "?"}[each.verdict] for each in parts)


# One truth


@pytest.mark.parametrize("compiled", CLOSE_RULES, ids=lambda each: each.rule.id)
def test_the_numbers_of_every_event_are_those_it_was_told_with_and_they_decide(compiled: CompiledRule) -> None:
    view = seen()
    events = view.events(compiled.rule.id)
    for event in events:
        answer = why_event(view, event, compiled, events)
        told = {each.words: event.values[each.text] for each in (*compiled.values, *compiled.clear_values)
                if each.text in event.values}  # fmt: skip
        for part in answer.parts:
            assert part.relation == "" or part.value == told[part.words]
            assert all(number.value == told[number.words] for number in part.numbers)
        if event.edge in (Edge.FIRED, Edge.RESOLVED):
            assert answer.expired or set(marks(answer.parts)) == {"T"}
            assert answer.changed == ()
        if event.edge is not Edge.FIRED:
            assert answer.later is None
        elif answer.later is not None:
            panel, later = view.panel(compiled.calendar), answer.later
            row = panel.clock.closes.tolist().index(event.at)
            moves = {each.horizon: each.end[row] for each in followed(panel, later.instrument)}
            assert later.move == moves[later.horizon]
            assert all(np.isnan(end) for horizon, end in moves.items() if horizon > later.horizon)


@pytest.mark.parametrize("compiled", CLOSE_RULES, ids=lambda each: each.rule.id)
def test_the_numbers_of_now_are_those_of_explain_and_of_an_alert(compiled: CompiledRule) -> None:
    view = seen()
    answer = why_rule(view, compiled, view.events(compiled.rule.id), NOW)
    told = as_if_fired(view, compiled).values
    by_words = {each.words: each.text for each in (*compiled.values, *compiled.clear_values)}
    for part in answer.parts:
        if part.relation and part.words in by_words:
            text = by_words[part.words]
            assert part.value == explain(view, text).value
            assert part.value == told.get(text, part.value)


# What is missing


def test_a_rule_that_does_not_fire_says_how_far_it_is_from_its_level(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > 20", "close(RUT) < 10"), "10 11 15"))
    (part,) = answer.parts
    assert (part.value, part.relation, part.level, part.distance, part.verdict) == (15, ">", 20, 5, Verdict.FALSE)
    assert isinstance(answer.state, Inactive)
    assert answer.last_fired is None
    assert answer.next_check == at("2026-01-02T21:00Z")


def test_of_several_parts_each_is_judged_by_itself(tmp_path: Path) -> None:
    condition = "close(RUT) > 12 and close(SPX) > 12 and not (drawdown(RUT) > 5%)"
    answer = why(view_of(tmp_path, rule(condition, "close(RUT) < 1"), "10 11 15", "5 6 7"))
    assert marks(answer.parts) == "TFT"
    assert [each.either for each in answer.parts] == [False] * 3


def test_a_missing_bar_is_named_with_the_last_one_that_was_there(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > 12 or close(SPX) > 12", "close(RUT) < 1"), "10 11 11", "5 6 ."))
    assert marks(answer.parts) == "F?"
    assert [each.either for each in answer.parts] == [True] * 2
    assert answer.parts[1].reason == "no bar of SPX since 2025-12-02"
    assert [bar.close for bar in answer.bars] == [11.0, None]
    assert str(answer.bars[1].last) == "2025-12-02"


def test_one_that_was_never_there_is_named_too(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(SPX) > 12", "close(SPX) < 1"), "10 11 15"))
    assert answer.parts[0].reason == "no bar of SPX at all"


def test_a_past_that_is_too_short_says_how_long_it_has_to_be(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > sma(RUT, 5)", "close(RUT) < 1"), "10 11 15"))
    assert answer.parts[0].reason == "it needs 5 closes, 3 are known"


THIN = rule("adv(BTC, 5) < 10", "adv(BTC, 5) > 20")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param("", "no volume of BTC is known", id="nobody says what it counts"),
        pytest.param('volume_unit = "base"', "", id="all of one venue"),
        pytest.param(
            'volume_unit = "base"\nvenues = { 2025-12-07 = "perpetual" }',
            "it needs 5 volumes of BTC of one venue, 2 are known",
            id="another venue since the day before",
        ),
    ],
)
def test_volumes_that_nobody_can_use_are_named_and_no_close_is_blamed(tmp_path: Path, said: str, reason: str) -> None:
    """It was said that too many closes before were missing; there is every one of them."""
    folder = Folder(tmp_path / "prices")
    folder.holds("BTC_1d.csv", *(day(f"2025-12-0{date}", 10, "3") for date in range(1, 9)))
    config = tmp_path / "my.toml"
    config.write_text(f"[files.BTC_1d]\n{said}\n{THIN}")
    answer = why(open_app(Options(config, folder.path), at("2025-12-09T06:00Z")).view())
    assert [each.reason for each in answer.parts] == [reason]
    assert marks(answer.parts) == ("?" if reason else "F")


def test_gaps_in_a_window_are_named_as_such(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > sma(RUT, 5)", "close(RUT) < 1"), "10 11 15 . . . . 12 13 14"))
    assert answer.parts[0].reason == "too many closes before are missing"


def test_a_year_that_history_begins_in_lacks_the_close_of_the_year_before(tmp_path: Path) -> None:
    """That too many closes were missing is not so."""
    answer = why(view_of(tmp_path, rule("ytd(RUT) > 20%"), "10 11 12"))
    assert answer.parts[0].reason == "it needs the last close of the year before"


def test_a_firing_rule_says_what_would_end_it(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) < 10"), "10 11 15"))
    assert isinstance(answer.state, Firing)
    assert [(part.relation, part.level) for part in answer.parts] == [("<", 10)]
    assert str(answer.last_fired) == "2025-12-03"


def test_a_rule_without_an_own_end_ends_when_its_condition_does(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > 12"), "10 11 15"))
    assert [(part.relation, part.level, part.verdict) for part in answer.parts] == [("≤", 12, Verdict.FALSE)]


def test_a_pending_rule_says_how_often_it_held(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) < 10", confirm=3), "10 13 15"))
    assert (answer.state, answer.confirm) == (Pending(at("2025-12-03T21:00Z"), 2), 3)


def test_a_rule_whose_end_holds_as_well_is_blocked(tmp_path: Path) -> None:
    answer = why(view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) > 14"), "10 11 15"))
    assert answer.blocked
    assert not why(view_of(tmp_path / "other", rule("close(RUT) > 12", "close(RUT) > 16"), "10 11 11")).blocked


# What happened


def test_an_event_shows_its_step_and_what_ended_it(tmp_path: Path) -> None:
    view = view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) < 10", confirm=2), "9 13 14 15 9")
    fired, over = (why_event(view, event, asked(view), view.events("asked")) for event in view.events("asked"))
    assert fired.step is not None
    assert isinstance(fired.step.before, Pending)
    assert isinstance(fired.step.after, Firing)
    assert fired.after is not None
    assert (fired.after.edge, str(fired.after.session), fired.after.closes) == (Edge.RESOLVED, "2025-12-05", 2)
    assert over.step is not None
    assert isinstance(over.step.after, Inactive)
    assert [(part.value, part.level, part.verdict) for part in over.parts] == [(9, 10, Verdict.TRUE)]


def test_an_alert_that_goes_on_counts_the_closes_since(tmp_path: Path) -> None:
    view = view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) < 10"), "9 13 14 15")
    (event,) = view.events("asked")
    answer = why_event(view, event, asked(view), (event,))
    assert (answer.after, answer.closes) == (None, 2)


def test_an_alert_that_expired_says_so_and_shows_no_part_that_did_not_hold(tmp_path: Path) -> None:
    view = view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) < 10", expires=2), "9 13 14 15")
    fired, over = (why_event(view, event, asked(view), view.events("asked")) for event in view.events("asked"))
    assert (fired.expired, over.expired, over.parts) == (False, True, ())


def test_prices_that_are_others_by_now_are_told(tmp_path: Path) -> None:
    toml = rule("close(RUT) > 12", "close(RUT) < 10")
    (event,) = view_of(tmp_path / "then", toml, "9 13 14").events("asked")
    view = view_of(tmp_path / "now", toml, "9 13.5 14")
    answer = why_event(view, event, asked(view), (event,))
    assert [(part.value, part.verdict) for part in answer.parts] == [(13, Verdict.TRUE)]
    assert [(number.words, number.value) for number in answer.changed] == [("RUT close", 13.5)]


def test_of_a_rule_that_was_removed_only_what_was_told_is_known(tmp_path: Path) -> None:
    view = view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) < 10"), "9 13 14")
    (event,) = view.events("asked")
    answer = why_event(view, event, None, (event,))
    assert (answer.parts, answer.bars, answer.clears) == ((), (), "")


# How it would look


def test_a_trial_is_the_last_firing_that_stands(tmp_path: Path) -> None:
    view = view_of(tmp_path, rule("close(RUT) > 12", "close(RUT) < 10"), "9 13 9 14 9")
    fired = last_firing(view.events("asked"))
    assert fired is not None
    assert fired.values == {"close(RUT)": 14.0}
    assert last_firing(()) is None


def test_a_rule_that_never_fired_is_tried_with_the_numbers_of_now(tmp_path: Path) -> None:
    view = view_of(tmp_path, rule("close(RUT) > 120", "close(RUT) < 10"), "9 13 14")
    tried = as_if_fired(view, asked(view))
    assert (tried.edge, tried.values, str(tried.session)) == (Edge.FIRED, {"close(RUT)": 14.0}, "2025-12-03")
    assert view.events("asked") == ()
