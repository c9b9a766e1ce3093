"""The past that evidence is made from is the one that a replay tells."""

from __future__ import annotations

import datetime as dt

from bot.queries.evidence import evidence_of_rules
from bot.queries.stats import outcome_picture, stats_of, stats_of_rules
from rules.model import Basis, Edge
from tests.bot.markets import seen


def test_a_rule_on_closes_fired_on_the_sessions_on_which_a_replay_fires_it() -> None:
    view = seen()
    rules = [rule for rule in view.rules if rule.rule.basis is Basis.CLOSE]
    replayed = [event for event in view.outcome.events if event.edge is Edge.FIRED]
    assert len(replayed) > 200
    for rule, past in zip(rules, evidence_of_rules(view, rules), strict=True):
        assert list(past.fired) == [event.session for event in replayed if event.rule == rule.rule.id], rule.rule.id


def test_what_followed_the_last_firings_is_the_return_of_the_sessions_after_them() -> None:
    view = seen()
    rule = next(each for each in view.rules if each.rule.id == "rut-rally-10")
    panel = view.panel(rule.calendar)
    close = panel.field("RUT", "close")
    found = stats_of(view, rule)
    assert len(found.lately) == 3
    for day, share in found.lately:
        row = panel.clock.row_of(day)
        assert panel.clock.session(row) == day
        assert share is not None
        assert abs(share - (close[row + 20] / close[row] - 1)) < 1e-12


def test_what_fired_last_stands_first() -> None:
    days = [each.last or dt.date.min for each in stats_of_rules(seen(), seen().rules)]
    assert days == sorted(days, reverse=True)
    assert len(set(days)) > 20


def test_a_picture_begins_where_the_rule_could_have_fired_first() -> None:
    view = seen()
    rule = next(each for each in view.rules if each.rule.id == "rut-sol-coupled")
    found = stats_of(view, rule)
    picture = outcome_picture(view, found)
    assert picture is not None
    assert picture.sessions[0].astype("datetime64[D]").item() == found.stat.evidence.since
    fired = tuple(day.astype("datetime64[D]").item() for day in picture.sessions[picture.fired])
    assert fired == found.stat.evidence.fired
