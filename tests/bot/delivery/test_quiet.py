"""How a chat is told: DESIGN's table as cases, and the laws that hold whatever is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.preferences import EVERYTHING, NEW_CHAT, Mode, Mute, Preferences
from bot.delivery.quiet import Begun, Decision, Gather, Heard, Hold, Send, Why, Withhold, decide, loudest
from rules.bars import DAY, HOUR
from rules.model import Edge, Severity
from tests.bot.markets import at

NOW, NIGHT = at("2025-12-04T21:30Z"), at("2025-12-04T23:00Z")
SATURDAY, MORNING = at("2025-12-06T09:00Z"), at("2025-12-05T07:00Z")
SLEEPS = Preferences(quiet=(22 * 60, 7 * 60))
NOTICE = Heard("rut-lags-spx", ("russell", "relative-strength"), Severity.NOTICE)
INFO, HIGH, CRITICAL = (replace(NOTICE, severity=each) for each in (Severity.INFO, Severity.HIGH, Severity.CRITICAL))
OWN = Heard("#12.3", (), Severity.HIGH, personal=True)
LOUD, SILENT = Send(silent=False), Send(silent=True)


def chosen(**changes: object) -> Preferences:
    return replace(NEW_CHAT, **changes)  # type: ignore[arg-type]


def muted(what: str, until: int | None = None) -> Preferences:
    return chosen(mutes=(Mute(what, until, NOW - HOUR),))


def gathered(why: Why) -> Gather:
    return Gather(why, SATURDAY)


@pytest.mark.parametrize(
    ("what", "decision"),
    [(INFO, gathered(Why.SEVERITY_DIGEST)), (NOTICE, SILENT), (HIGH, LOUD), (CRITICAL, LOUD), (OWN, LOUD)],
)
def test_a_new_chat_hears_what_is_grave_reads_what_is_not_and_is_told_the_rest_on_saturday(
    what: Heard, decision: Decision
) -> None:
    assert decide(what, NEW_CHAT, 0, NOW) == decision


@pytest.mark.parametrize("edge", [Edge.RESOLVED, Edge.NO_DATA, Edge.DATA_BACK])
def test_only_what_begins_sounds(edge: Edge) -> None:
    for what in (HIGH, CRITICAL, OWN):
        assert decide(replace(what, edge=edge), NEW_CHAT, 0, NOW) == SILENT


@pytest.mark.parametrize(
    ("what", "decision"),
    [
        (NOTICE, Hold(Why.QUIET, MORNING, silent=True)),
        (HIGH, Hold(Why.QUIET, MORNING, silent=False)),
        (OWN, Hold(Why.QUIET, MORNING, silent=False)),
        (CRITICAL, LOUD),
    ],
)
def test_quiet_hours_hold_what_is_not_critical(what: Heard, decision: Decision) -> None:
    assert decide(what, SLEEPS, 0, NIGHT) == decision


@pytest.mark.parametrize(
    ("what", "of", "decision"),
    [
        (HIGH, HIGH.rule, Withhold(Why.MUTED)),
        (CRITICAL, CRITICAL.rule, Withhold(Why.MUTED)),
        (OWN, OWN.rule, Withhold(Why.MUTED)),
        (HIGH, "#russell", Withhold(Why.MUTED)),
        (CRITICAL, "#russell", LOUD),
        (HIGH, EVERYTHING, Withhold(Why.MUTED)),
        (OWN, EVERYTHING, Withhold(Why.MUTED)),
        (CRITICAL, EVERYTHING, LOUD),
        (HIGH, "vix-25", LOUD),
        (HIGH, "#volatility", LOUD),
    ],
)
def test_what_is_muted_stays_in_the_history_the_critical_only_by_its_name(
    what: Heard, of: str, decision: Decision
) -> None:
    assert decide(what, muted(of), 0, NOW) == decision


def test_a_mute_with_an_end_is_a_snooze_and_is_over_at_its_end() -> None:
    chat = muted(HIGH.rule, NOW + HOUR)
    assert decide(HIGH, chat, 0, NOW + HOUR - 1) == Withhold(Why.SNOOZED)
    assert decide(HIGH, chat, 0, NOW + HOUR) == LOUD


@pytest.mark.parametrize(
    ("chat", "decision"),
    [
        (chosen(severities={Severity.NOTICE: Mode.ON}), LOUD),
        (chosen(severities={Severity.NOTICE: Mode.DIGEST}), gathered(Why.SEVERITY_DIGEST)),
        (chosen(severities={Severity.NOTICE: Mode.OFF}), Withhold(Why.SEVERITY_OFF)),
        (chosen(tags={"russell": Mode.ON}), LOUD),
        (chosen(tags={"russell": Mode.DIGEST}), gathered(Why.TAG_DIGEST)),
        (chosen(tags={"russell": Mode.OFF}), Withhold(Why.TAG_OFF)),
        (chosen(tags={"russell": Mode.ON, "relative-strength": Mode.OFF}), Withhold(Why.TAG_OFF)),
        (chosen(tags={"russell": Mode.ON}, severities={Severity.NOTICE: Mode.OFF}), LOUD),
        (chosen(tags={"crypto": Mode.OFF}), SILENT),
    ],
)
def test_a_tag_goes_before_its_severity_and_of_several_the_quietest(chat: Preferences, decision: Decision) -> None:
    assert decide(NOTICE, chat, 0, NOW) == decision


def test_what_is_critical_or_ones_own_goes_by_no_mode() -> None:
    off = chosen(severities=dict.fromkeys(Severity, Mode.OFF), tags={"russell": Mode.OFF})
    assert [decide(each, off, 0, NOW) for each in (CRITICAL, OWN)] == [LOUD, LOUD]
    hushed = chosen(severities={Severity.CRITICAL: Mode.SILENT})
    assert decide(CRITICAL, hushed, 0, NOW) == SILENT


def test_when_the_day_is_spent_the_rest_goes_to_the_digest_but_for_the_grave_and_ones_own() -> None:
    told = NEW_CHAT.alerts_a_day or 0
    assert decide(NOTICE, NEW_CHAT, told - 1, NOW) == SILENT
    assert decide(NOTICE, NEW_CHAT, told, NOW) == gathered(Why.BUDGET)
    assert [decide(each, NEW_CHAT, told, NOW) for each in (HIGH, CRITICAL, OWN)] == [LOUD, LOUD, LOUD]
    assert decide(NOTICE, chosen(budget=0), 1_000, NOW) == SILENT


@pytest.mark.parametrize("firings", [0, 1, 2, 9])
def test_the_third_firing_in_a_month_is_for_the_digest_unless_it_is_grave(firings: int) -> None:
    often = firings > 1
    again = [replace(each, recent_firings=firings) for each in (NOTICE, OWN, HIGH, CRITICAL)]
    decisions = [decide(each, NEW_CHAT, 0, NOW) for each in again]
    assert decisions == [*([gathered(Why.FLAPPING)] * 2 if often else [SILENT, LOUD]), LOUD, LOUD]


@pytest.mark.parametrize(
    ("begun", "decision"),
    [
        (Begun.TOLD, SILENT),
        (Begun.GATHERED, gathered(Why.BEGINNING)),
        (Begun.WITHHELD, Withhold(Why.BEGINNING)),
        (Begun.UNKNOWN, gathered(Why.SEVERITY_DIGEST)),
    ],
)
def test_the_end_of_an_alert_is_told_as_its_beginning_was(begun: Begun, decision: Decision) -> None:
    assert decide(replace(INFO, edge=Edge.RESOLVED, begun=begun), NEW_CHAT, 99, NOW) == decision


def test_that_something_is_not_so_is_told_to_whoever_was_told_it_muted_or_not() -> None:
    wrong = replace(HIGH, edge=Edge.CORRECTED, begun=Begun.TOLD)
    assert decide(wrong, muted(HIGH.rule), 0, NOW) == SILENT


def test_one_message_of_several_goes_as_the_loudest_of_them() -> None:
    hold, later, never = Hold(Why.QUIET, MORNING, silent=False), gathered(Why.BUDGET), Withhold(Why.MUTED)
    assert loudest([never, later, hold, SILENT, LOUD]) == LOUD
    assert loudest([never, later, hold, SILENT]) == SILENT
    assert loudest([never, later, hold]) == hold
    assert loudest([never, later]) == later


MODES = st.sampled_from(Mode)
TAGS = ("russell", "crypto", "turn")
CHATS = st.builds(
    Preferences,
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    quiet=st.none() | st.tuples(st.integers(0, 1_439), st.integers(0, 1_439)).filter(lambda each: each[0] != each[1]),
    budget=st.none() | st.integers(0, 9),
    digests=st.lists(st.integers(0, 1_439), max_size=2).map(tuple),
    severities=st.dictionaries(st.sampled_from(Severity), MODES),
    tags=st.dictionaries(st.sampled_from(TAGS), MODES),
    mutes=st.lists(
        st.builds(
            Mute,
            st.sampled_from(["one", "#1.1", EVERYTHING, "#crypto"]),
            st.none() | st.integers(NOW - DAY, NOW + 40 * DAY),
            st.just(NOW - DAY),
        ),
        max_size=3,
    ).map(tuple),
)
EVENTS = st.builds(
    Heard,
    rule=st.sampled_from(["one", "two"]),
    tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
    severity=st.sampled_from(Severity),
    edge=st.sampled_from(Edge),
    recent_firings=st.integers(0, 4),
    begun=st.sampled_from(Begun),
)
MOMENTS = st.integers(NOW, NOW + 400 * DAY)


@given(what=EVENTS, chat=CHATS, told=st.integers(0, 12), now=MOMENTS)
def test_whatever_is_chosen_nothing_that_is_put_off_is_due_in_the_past_or_never(
    what: Heard, chat: Preferences, told: int, now: int
) -> None:
    decision = decide(what, chat, told, now)
    if isinstance(decision, Hold | Gather):
        assert now < decision.until <= now + 9 * DAY
    assert decide(what, chat, told, now) == decision


@given(what=EVENTS, chat=CHATS, told=st.integers(0, 12), now=MOMENTS)
def test_what_is_critical_is_never_put_off_and_withheld_only_by_its_name(
    what: Heard, chat: Preferences, told: int, now: int
) -> None:
    critical = replace(what, severity=Severity.CRITICAL, begun=Begun.UNKNOWN)
    decision = decide(critical, chat, told, now)
    by_name = any(mute.what == what.rule for mute in chat.in_force(now)) and what.edge is not Edge.CORRECTED
    assert isinstance(decision, Withhold if by_name else Send)


@given(what=EVENTS, chat=CHATS, told=st.integers(0, 12), now=MOMENTS)
def test_what_is_of_high_severity_never_goes_to_the_digest_unless_it_was_asked_for(
    what: Heard, chat: Preferences, told: int, now: int
) -> None:
    high = replace(what, severity=Severity.HIGH, begun=Begun.UNKNOWN)
    decision = decide(high, replace(chat, tags={}, severities={}), told, now)
    assert not isinstance(decision, Gather)


@given(what=EVENTS, chat=CHATS, told=st.integers(0, 12), now=MOMENTS)
def test_ones_own_goes_by_no_mode_and_no_budget(what: Heard, chat: Preferences, told: int, now: int) -> None:
    own = replace(what, rule="#1.1", tags=(), personal=True, severity=Severity.HIGH)
    bare = replace(chat, tags={}, severities={}, budget=0)
    assert decide(own, chat, told, now) == decide(own, bare, 0, now)
