"""/chart, /why, /test and the buttons of answers: of everybody's rules and of one's own, and of nobody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers import ConditionPicture, PairPicture, PricePicture
from bot.answers.buttons import Button, Place
from bot.answers.kept import Kept
from bot.answers.personal import PersonalAlert
from bot.commands.registry import Desk, Reply, answer
from bot.queries.view import View
from rules.engine import evaluate, opened
from rules.language.compile import compile_rule
from rules.model import AlertEvent, Basis, Edge
from tests.bot.commands.desks import live
from tests.bot.markets import NOW, seen
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

OWN = PersonalAlert(
    3,
    "drawdown(RUT) > 20%",
    "drawdown(RUT) < 10%",
    Basis.CLOSE,
    "rut -20%",
    "RUT 20% below its record",
    NOW - 30_000_000,
)
CHAT = 12


@pytest.fixture(scope="module")
def view() -> View:
    return seen()


def events_of(view: View, alert: PersonalAlert) -> tuple[AlertEvent, ...]:
    rule = compile_rule(alert.rule(CHAT), view.scope)
    panel = view.panel(rule.calendar)
    return evaluate([rule], {rule.track: panel}, opened([rule]), int(panel.clock.closes[-1]), grace=0).events


@pytest.fixture(scope="module")
def desk(view: View) -> Desk:
    """A chat with an alert of its own that has fired."""
    return replace(live(view), kept=Kept(CHAT, NOW, alerts=(OWN,), alerts_made=3, events=events_of(view, OWN)))


def lines_of(reply: Reply) -> list[str]:
    assert_telegram_accepts(reply.html)
    return TelegramReader(reply.html).text.split("\n")


def buttons_of(reply: Reply) -> list[Button]:
    return [button for row in reply.buttons for button in row]


# /chart


@pytest.mark.parametrize(
    ("line", "kind", "sessions"),
    [
        ("/chart RUT", PricePicture, 250),
        ("/chart rut 60", PricePicture, 60),
        ("/chart RUT all", PricePicture, 1_008),
        ("/chart SOL 20000", PricePicture, 1_466),
        ("/chart rut-record-close", ConditionPicture, 250),
        ("/chart vix-25 60", ConditionPicture, 60),
        ("/chart #3", ConditionPicture, 250),
        ("/chart RUT SOL", PairPicture, 504),
        ("/chart RUT SOL 20", PairPicture, 504),
    ],
)
def test_a_chart_is_of_a_price_a_rule_or_a_pair(desk: Desk, line: str, kind: type, sessions: int) -> None:
    picture = answer(desk, line).picture
    assert isinstance(picture, kind)
    assert len(picture.sessions) == sessions  # type: ignore[union-attr]


@pytest.mark.parametrize("name", [each.rule.id for each in seen().rules])
def test_every_rule_of_the_default_pack_has_a_picture(desk: Desk, name: str) -> None:
    picture = answer(desk, f"/chart {name}").picture
    assert isinstance(picture, ConditionPicture)
    assert picture.curves
    assert (picture.course is None) is (name == "rut-record-intraday")


def test_ones_own_alert_is_drawn_by_the_number_it_is_read_by_and_flagged_on_the_price(desk: Desk) -> None:
    rule, price = answer(desk, "/chart #3").picture, answer(desk, "/chart RUT").picture
    assert isinstance(rule, ConditionPicture)
    assert (rule.rule, rule.title) == ("#3", "RUT 20% below its record")
    assert isinstance(price, PricePicture)
    fired = [event for event in desk.kept.events if event.edge is Edge.FIRED]
    assert [price.sessions[flag.row].item() for flag in price.flags if flag.own] == [each.session for each in fired][
        -1:
    ]


def test_another_chat_sees_nothing_of_it(desk: Desk, view: View) -> None:
    other = live(view)
    own = next(event for event in desk.kept.events if event.edge is Edge.FIRED)
    assert lines_of(answer(other, "/chart #3"))[0] == "there is no alert #3 here (yours: none)"
    assert lines_of(answer(other, f"/why {own.short_id}"))[0].startswith(f"unknown rule {own.short_id}")
    price = answer(other, "/chart RUT").picture
    assert isinstance(price, PricePicture)
    assert not [flag for flag in price.flags if flag.own]
    for line in ("/history 50", "/rules", "/rule #3", "/test #3", "/why #3", "/history #3"):
        assert OWN.title not in answer(other, line).html


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/chart RUT 4", "N must be all, or else it must be a whole number from 5 to 20000, not 4"),
        ("/chart rutt", "unknown rule rutt; did you mean RUT?"),
        ("/chart rut-record-clos", "unknown rule rut-record-clos; did you mean rut-record-close"),
        ("/chart #9", "there is no alert #9 here (yours: #3)"),
        ("/chart RUT RUT", "a correlation takes two different instruments, not RUT twice"),
        ("/chart vix-25 60 70", "it takes an instrument or a rule and, if you like, a number of sessions"),
        ("/chart", "it takes an instrument, a rule or a pair and, if you like, a number of sessions"),
    ],
)
def test_chart_refuses_in_one_sentence(desk: Desk, line: str, sentence: str) -> None:
    assert lines_of(answer(desk, line))[0].startswith(sentence)


# /why


def test_why_takes_the_id_at_the_end_of_an_alert_and_says_what_decided(desk: Desk, view: View) -> None:
    event = view.events("rut-record-close")[-2]
    lines = lines_of(answer(desk, f"/why {event.short_id.upper()}"))
    assert lines[0] == f"Why {event.short_id}: 🟠 Russell 2000 closes at a record"
    assert lines[-1] == "rut-record-close"


def test_why_explains_every_event_there_ever_was_on_a_phone(desk: Desk, view: View) -> None:
    for event in (*view.events(), *desk.kept.events):
        lines = lines_of(answer(desk, f"/why {event.short_id}"))
        assert lines[0].startswith(f"Why {event.short_id}: ")
        assert len(lines) <= 14


def test_why_of_ones_own_alert_is_by_its_number(desk: Desk) -> None:
    lines = lines_of(answer(desk, "/why #3"))
    assert lines[0] == "Why #3 does not fire"
    assert any(line.startswith("Last fired ") for line in lines)
    paused = replace(desk, kept=replace(desk.kept, alerts=(replace(OWN, paused=True),)))
    assert "⚠ It is paused" in lines_of(answer(paused, "/why #3"))


def test_why_of_what_nobody_knows_refuses_with_the_nearest(desk: Desk) -> None:
    assert lines_of(answer(desk, "/why vix25"))[0] == "unknown rule vix25; did you mean vix-25 or vix-20?"
    assert lines_of(answer(desk, "/why"))[0] == "it takes the id at the end of an alert, a rule, or #n of your own"


# /test


def test_a_test_is_the_message_of_the_last_firing_and_wants_nothing_stored(desk: Desk) -> None:
    reply = answer(desk, "/test rut-record-close")
    lines = lines_of(reply)
    assert lines[:2] == ["🧪 TEST: no alert, as on 2025-11-04", "🟠 Russell 2000 closes at a record"]
    assert reply.changes == ()


def test_a_test_of_what_never_fired_is_of_the_numbers_of_now(desk: Desk) -> None:
    lines = lines_of(answer(desk, "/test rut-record-intraday"))
    assert lines[0] == "🧪 TEST: no alert, as if it fired now"
    assert "RUT close: 2,470.00" in lines


def test_a_test_of_ones_own_alert_is_told_by_its_number(desk: Desk) -> None:
    assert lines_of(answer(desk, "/test #3"))[-1].startswith("#3 · ")


# /rule and /history of one's own


def test_ones_own_alert_has_a_rule_and_a_history(desk: Desk) -> None:
    lines = lines_of(answer(desk, "/rule #3"))
    assert lines[2] == "#3 · high · at the close"
    fired = [event for event in desk.kept.events if event.edge is Edge.FIRED]
    assert len(lines_of(answer(desk, "/history #3"))) == 1 + len(fired)
    assert any(OWN.title in line for line in lines_of(answer(desk, "/history 50")))


# Buttons


LINES = [
    "/chart RUT", "/chart vix-25", "/chart #3", "/chart RUT SOL", "/why vix-25", "/why #3", "/test vix-25",
    "/rule vix-25", "/rule #3", "/history", "/history vix-25", "/history #3", "/corr", "/corr RUT SOL",
    "/corr BTC ETH 20", "/regime", "/regime panel", "/regime history", "/price", "/price RUT", "/help", "/help corr",
    "/help drawdown",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_every_button_stands_for_a_line_that_is_answered(desk: Desk, line: str) -> None:
    reply = answer(desk, line)
    assert buttons_of(reply)
    for button in buttons_of(reply):
        told = answer(desk, button.line)
        if not button.line.startswith("/alert "):
            assert "Usage:" not in told.html, button
        assert len(button.label) <= 24, button
        if button.place is Place.HERE:
            assert type(told.picture) is type(reply.picture), button


@pytest.mark.parametrize(
    "line", [line for line in LINES if line.split()[0] in ("/chart", "/corr", "/regime", "/price")]
)
def test_an_answer_that_is_refreshed_is_the_same_again(desk: Desk, line: str) -> None:
    reply = answer(desk, line)
    (again,) = [button for button in buttons_of(reply) if button.label == "Refresh"]
    assert again.place is Place.HERE
    assert answer(desk, again.line).html == reply.html


@pytest.mark.parametrize(
    "line", ["/chart RUT 60", "/chart vix-25 1000", "/corr RUT SOL 20", "/corr RUT 250", "/corr RISK 60"]
)
def test_the_window_that_is_shown_is_marked(desk: Desk, line: str) -> None:
    (marked,) = [button for button in buttons_of(answer(desk, line)) if button.label.startswith("·")]
    assert marked.line == line
