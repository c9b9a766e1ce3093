"""What is told of events, until when it is news, and from when on it is late."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bot.delivery.announce import LATE_TICK, MARGIN, News, is_told, messages, summaries
from bot.render.alerts import as_sent
from bot.render.numbers import duration
from bot.settings import load_settings
from rules.language.compile import CompiledRule
from rules.model import ALWAYS, XNYS, AlertEvent, Delivery, Edge, Instant, Severity
from tests.bot.markets import SESSIONS, at

GRACE, EXPIRE = 2 * 3_600, 24 * 3_600
NEWS = News(SESSIONS.next_open, GRACE, EXPIRE)
PACK = {each.rule.id: each for each in load_settings().compiled}
RULE = "rut-record-close"
WEDNESDAY, FRIDAY = at("2025-12-03T21:00Z"), at("2025-12-05T21:00Z")


def event(edge: Edge = Edge.FIRED, when: Instant = WEDNESDAY, rule: str = RULE, clock: str = XNYS) -> AlertEvent:
    session = dt.datetime.fromtimestamp(when, dt.UTC).date()
    return AlertEvent(rule, edge, when, session, Severity.HIGH, "A record", clock)


def changed(**changes: object) -> dict[str, CompiledRule]:
    """The pack with its first rule changed."""
    known = PACK[RULE]
    return {**PACK, RULE: replace(known, rule=replace(known.rule, **changes))}  # type: ignore[arg-type]


# What is told


@pytest.mark.parametrize(
    ("edge", "notify_resolved", "told"),
    [
        (Edge.FIRED, False, True),
        (Edge.RESOLVED, False, False),
        (Edge.RESOLVED, True, True),
        (Edge.NO_DATA, False, True),
        (Edge.DATA_BACK, False, True),
    ],
)
def test_a_resolution_is_told_where_its_rule_asks_for_it(edge: Edge, notify_resolved: bool, told: bool) -> None:
    rules = changed(notify_resolved=notify_resolved)
    assert is_told(event(edge), rules[RULE]) is told
    assert len(messages([event(edge)], rules, NEWS)) == told


@pytest.mark.parametrize(("edge", "told"), [(Edge.FIRED, 1), (Edge.RESOLVED, 0), (Edge.NO_DATA, 1)])
def test_events_of_a_rule_that_was_removed_are_told_but_for_resolutions(edge: Edge, told: int) -> None:
    assert len(messages([event(edge, rule="removed")], PACK, NEWS)) == told


def test_messages_keep_the_order_of_events() -> None:
    happened = [event(Edge.NO_DATA), event(Edge.RESOLVED), event(), event(when=FRIDAY)]
    keys = [event.key for event in happened]
    assert [each.event for each in messages(happened, PACK, NEWS)] == [keys[0], keys[2], keys[3]]


def test_a_message_goes_as_often_as_its_rule_asks() -> None:
    (once,) = messages([event()], changed(delivery=Delivery.AT_MOST_ONCE), NEWS)
    (removed,) = messages([event(rule="removed")], PACK, NEWS)
    assert (once.policy, removed.policy) == (Delivery.AT_MOST_ONCE, Delivery.AT_LEAST_ONCE)


@pytest.mark.parametrize(
    ("edge", "severity", "silent"),
    [
        (Edge.FIRED, Severity.INFO, True),
        (Edge.FIRED, Severity.NOTICE, True),
        (Edge.FIRED, Severity.HIGH, False),
        (Edge.FIRED, Severity.CRITICAL, False),
        (Edge.NO_DATA, Severity.CRITICAL, True),
        (Edge.DATA_BACK, Severity.CRITICAL, True),
    ],
)
def test_only_what_is_loud_and_new_makes_a_sound(edge: Edge, severity: Severity, silent: bool) -> None:
    (message,) = messages([replace(event(edge), severity=severity)], PACK, NEWS)
    assert message.silent is silent


def test_a_summary_is_one_message_for_all_who_missed_the_same_and_as_old_as_the_first_of_it() -> None:
    both = [event(when=FRIDAY), event()]
    keys = tuple(each.key for each in both)
    found = summaries({7: both, 8: both, 9: both[:1], 10: []}, FRIDAY + EXPIRE)
    assert [(each.only, each.parts, each.oldest) for each in found] == [
        (frozenset({7, 8}), keys, WEDNESDAY),
        (frozenset({9}), keys[:1], FRIDAY),
    ]


# When


def test_an_alert_on_a_close_is_late_after_the_grace_and_a_margin() -> None:
    assert NEWS.late_after(event()) == WEDNESDAY + GRACE + MARGIN


def test_an_alert_on_a_session_in_progress_is_late_after_minutes() -> None:
    assert NEWS.late_after(replace(event(), provisional=True)) == WEDNESDAY + LATE_TICK


@pytest.mark.parametrize(
    ("when", "until"),
    [
        ("2025-12-03T21:00Z", "2025-12-04T21:00Z"),  # a Wednesday: a day
        ("2025-12-05T21:00Z", "2025-12-08T14:30Z"),  # a Friday: until Monday's open
        ("2025-11-26T21:00Z", "2025-11-28T14:30Z"),  # the day before Thanksgiving: over the holiday
        ("2025-11-28T18:00Z", "2025-12-01T14:30Z"),  # a half day, then a weekend
        ("2025-12-05T16:00Z", "2025-12-08T14:30Z"),  # in the middle of Friday's session
    ],
)
def test_news_lasts_a_set_time_and_over_days_without_trading(when: str, until: str) -> None:
    assert NEWS.expires_at(event(when=at(when))) == at(until)


def test_news_of_what_trades_without_pause_lasts_a_set_time() -> None:
    assert NEWS.expires_at(event(when=FRIDAY, clock=ALWAYS)) == FRIDAY + EXPIRE


def test_a_message_carries_its_times() -> None:
    (message,) = messages([event(when=FRIDAY)], PACK, NEWS)
    assert (message.late_after, message.expires_at) == (FRIDAY + GRACE + MARGIN, at("2025-12-08T14:30Z"))


# In which words


@pytest.mark.parametrize(
    ("late", "repeat", "lines"),
    [
        (None, False, []),
        (4 * 3_600, False, ["<b>Late</b>: this is 4 h old"]),
        (None, True, ["May be a repeat: its first sending went unanswered"]),
        (90, True, ["<b>Late</b>: this is 1 min old", "May be a repeat: its first sending went unanswered"]),
    ],
)
def test_a_message_says_that_it_is_late_or_may_be_a_repeat(late: int | None, repeat: bool, lines: list[str]) -> None:
    assert as_sent("🟠 <b>A record</b>", late=late, repeat=repeat).split("\n") == ["🟠 <b>A record</b>", *lines]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (3 * 3_600 + 5 * 60 + 59, "3 h 5 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (2 * 86_400 + 4 * 3_600 + 59 * 60, "2 d 4 h"),
        (400 * 86_400, "400 d"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: int, words: str) -> None:
    assert duration(seconds) == words
