"""What a replay finds: the events of the whole engine, though the rules are folded a few at a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.answers.replay import Replay
from bot.queries.replay import AT_ONCE, replay
from bot.queries.timeline import asset_timeline, rule_timeline
from bot.queries.view import View
from rules.engine import Outcome
from rules.model import Edge
from tests.bot.queries.handmade import view_of

RUT = "10 12 11 13 12 15 14 9 10 16 17"
"""From Monday 2025-12-01 to Monday 2025-12-15."""


def rules(count: int) -> str:
    """Rules on levels from 9.5 in steps of a quarter; each ends under its level."""
    return "".join(f'[[rules]]\nid = "above-{i}"\nwhen = "close(RUT) > {9.5 + i / 4}"\n' for i in range(count))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> View:
    return view_of(tmp_path_factory.mktemp("many"), rules(2 * AT_ONCE + 3), RUT)


def test_a_few_rules_at_a_time_give_the_events_of_all_at_once(many: View) -> None:
    assert replay(many, many.rules).events == many.events()
    assert len(many.events()) > 80


def test_what_the_service_has_recorded_is_there_once(many: View) -> None:
    recorded = tuple(replace(event, title="as it was told") for event in many.events()[:40])
    live = Outcome(many.outcome.book, recorded)
    view = View(many.history, many.scope, many.rules, live=live)
    found = replay(view, view.rules).events
    assert sorted(found, key=lambda event: event.key) == sorted(view.events(), key=lambda event: event.key)
    assert sum(event.title == "as it was told" for event in found) == 40


def test_it_tells_how_many_rules_are_done(many: View) -> None:
    told: list[int] = []
    replay(many, many.rules, told=told.append)
    assert told == [AT_ONCE, AT_ONCE, 3]


def test_the_nearest_miss_is_one_of_the_period(many: View) -> None:
    until = View(many.history, many.scope, many.rules, dt.date(2025, 12, 11))
    rule = many.rules[-1].rule.id
    assert _miss(replay(until, until.rules), rule) == dt.date(2025, 12, 8)
    assert _miss(replay(until, until.rules, dt.date(2025, 12, 9)), rule) == dt.date(2025, 12, 9)
    assert _miss(replay(until, until.rules, dt.date(2025, 12, 10)), rule) == dt.date(2025, 12, 11)
    assert _miss(replay(until, until.rules, dt.date(2025, 12, 12)), rule) is None


def _miss(found: Replay, rule: str) -> dt.date | None:
    (miss,) = (each.miss for each in found.rules if each.rule.rule.id == rule)
    return None if miss is None else miss.session


def test_the_rules_stand_in_their_order_and_fired_as_their_events_say(many: View) -> None:
    found = replay(many, many.rules)
    assert [each.rule for each in found.rules] == list(many.rules)
    for each in found.rules:
        events = [event for event in found.events if event.rule == each.rule.rule.id]
        assert each.evidence.fired == tuple(event.session for event in events if event.edge is Edge.FIRED)


def test_a_period_leaves_out_what_fired_before_it_and_keeps_what_the_rules_remember(many: View) -> None:
    first = dt.date(2025, 12, 8)
    whole, part = replay(many, many.rules), replay(many, many.rules, first)
    assert (part.first, part.last) == (first, dt.date(2025, 12, 15))
    assert part.events == tuple(event for event in whole.events if event.session >= first)
    for before, after in zip(whole.rules, part.rules, strict=True):
        assert after.evidence.fired == tuple(each for each in before.evidence.fired if each >= first)
        assert after.evidence.since is None or after.evidence.since >= first


def test_spells_of_a_period_are_of_the_alerts_that_fired_in_it(tmp_path: Path) -> None:
    view = view_of(tmp_path, '[[rules]]\nid = "asked"\nwhen = "close(RUT) > 12.5"\n', RUT)
    (whole,) = replay(view, view.rules).rules  # fires on the 4th for one close, on the 8th for two, on the 12th
    (part,) = replay(view, view.rules, dt.date(2025, 12, 5)).rules
    assert whole.evidence.fired == (dt.date(2025, 12, 4), dt.date(2025, 12, 8), dt.date(2025, 12, 12))
    assert (whole.evidence.spell, part.evidence.spell) == (1.5, 2.0)


def test_a_rule_that_never_fired_has_its_nearest_miss_and_one_that_did_has_none(many: View) -> None:
    found = {each.rule.rule.id: each for each in replay(many, many.rules).rules}
    assert found["above-0"].miss is None
    miss = found[f"above-{2 * AT_ONCE}"].miss
    assert miss is not None
    assert miss.session == dt.date(2025, 12, 15)


def test_a_period_before_the_prices_or_after_them_is_empty(many: View) -> None:
    late = replay(many, many.rules, dt.date(2090, 1, 1))
    assert (late.first, late.last, late.events) == (None, None, ())
    assert all(not each.evidence.fired and each.evidence.since is None for each in late.rules)


def test_without_rules_there_is_nothing(many: View) -> None:
    found = replay(many, [])
    assert (found.events, found.rules) == ((), ())


def test_the_picture_of_a_rule_marks_the_closes_it_fired_on(many: View) -> None:
    found = replay(many, many.rules)
    picture = rule_timeline(many, found.rules[10])  # above 12
    assert picture.instrument == "RUT"
    assert list(picture.close) == [float(each) for each in RUT.split()]
    assert [int(row) for row in picture.lanes[0].fired] == [3, 5, 9]
    late = rule_timeline(many, found.rules[10], dt.date(2025, 12, 8))
    assert [int(row) for row in late.lanes[0].fired] == [0, 4]
    assert np.isnan(picture.labels).all()


def test_the_picture_of_an_asset_has_the_rules_that_fired_and_says_which_it_leaves_out(many: View) -> None:
    found = replay(many, many.rules)
    fired = sum(bool(each.evidence.fired) for each in found.rules)
    picture = asset_timeline(many, "RUT", found.rules)
    assert picture is not None
    assert (len(picture.lanes), picture.untold) == (24, fired - 24)
    assert asset_timeline(many, "BTC", found.rules) is None
