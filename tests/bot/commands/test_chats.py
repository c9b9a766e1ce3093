"""What a chat is told about itself: subscribing, leaving, being forgotten; the service's state; a rule in full."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bot.answers.changes import Change, Forget, Subscribe, Unsubscribe
from bot.app import Options, open_app
from bot.commands.registry import Desk, Reply, answer
from bot.queries.view import View
from rules.alerting import Coverage, Firing, Pending
from rules.book import Book, Record
from rules.engine import Outcome
from rules.model import AlertEvent, Edge, Instant, Severity
from tests.bot.commands.desks import GROUP, PRIVATE, live, offline
from tests.bot.markets import NOW, at, simulated
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

SINCE = at("2025-12-04T21:30Z")
SUBSCRIBED = replace(PRIVATE, subscribed_since=SINCE)


@pytest.fixture(scope="module")
def view() -> View:
    return simulated().view()


def said(desk: Desk, line: str) -> tuple[str, tuple[Change, ...]]:
    """What a reader sees, and what is to be stored."""
    reply: Reply = answer(desk, line)
    assert_telegram_accepts(reply.html)
    return TelegramReader(reply.html).text, reply.changes


# What changes


@pytest.mark.parametrize(
    ("line", "stranger", "subscriber"),
    [
        ("/start", (Subscribe(),), (Subscribe(),)),
        ("/stop", (), (Unsubscribe(),)),
        ("/forget", (), ()),
        ("/forget yes", (Forget(),), (Forget(),)),
        ("/forget YES", (Forget(),), (Forget(),)),
        ("/forget no", (), ()),
        ("/forget yes please", (), ()),
        ("/start from_channel-7", (Subscribe(),), (Subscribe(),)),
        ("/start me up", (), ()),
        ("/stop it", (), ()),
        ("/id", (), ()),
        ("/status", (), ()),
        ("/rules", (), ()),
        ("/nope", (), ()),
    ],
)
def test_a_reply_says_what_is_to_be_stored(
    view: View, line: str, stranger: tuple[Change, ...], subscriber: tuple[Change, ...]
) -> None:
    assert said(live(view), line)[1] == stranger
    assert said(live(view, GROUP), line)[1] == stranger
    assert said(live(view, SUBSCRIBED), line)[1] == subscriber


@pytest.mark.parametrize("line", ["/start", "/stop", "/forget", "/forget yes"])
def test_a_terminal_behind_which_nothing_runs_has_nothing_to_change(view: View, line: str) -> None:
    text, change = said(offline(view), line)
    assert change == ()
    assert "terminal" in text


def test_the_terminal_of_the_service_is_a_chat_like_others(view: View) -> None:
    terminal = offline(view).chat
    assert said(live(view, terminal), "/start")[1] == (Subscribe(),)


def test_a_chat_is_subscribed_also_where_the_state_of_the_service_is_not_known(view: View) -> None:
    assert said(replace(live(view), status=None), "/start")[1] == (Subscribe(),)


# /start, /stop, /forget


def test_start_says_what_it_is_from_when_on_and_that_it_is_no_advice(view: View) -> None:
    text, _ = said(live(view), "/start")
    assert "Alerts come here from now on" in text
    assert "/forget says what is stored here" in text
    assert text.endswith("Not investment advice.")


def test_start_again_says_since_when_alerts_come(view: View) -> None:
    assert "Alerts come here since Thu 2025-12-04 21:30Z" in said(live(view, SUBSCRIBED), "/start")[0]


def test_stop_says_how_to_come_back(view: View) -> None:
    assert said(live(view, SUBSCRIBED), "/stop")[0].startswith("No more alerts come here.")
    assert said(live(view), "/stop")[0].startswith("No alerts come here.")
    assert "/start" in said(live(view), "/stop")[0]


def test_forget_asks_first(view: View) -> None:
    assert said(live(view), "/forget")[0].endswith("/forget yes does it.")
    assert "is deleted" in said(live(view), "/forget yes")[0]


# /id


def test_id_tells_the_chat_and_in_a_group_also_who_asks(view: View) -> None:
    assert said(live(view), "/id")[0] == "Chat: 71 (private)"
    assert said(live(view, GROUP), "/id")[0] == "Chat: -1001234567890 (group)\nYou: 71"


# /status


def test_status_without_a_service_says_what_watches(view: View) -> None:
    assert said(offline(view), "/status")[0].startswith("Nothing is watched here")


def test_status_of_a_service_says_first_whether_all_is_well(view: View) -> None:
    assert said(live(view), "/status")[0].startswith("All is well\n")
    assert said(live(view, failed=1), "/status")[0].startswith("Not all is well\n")


# /rule


def lines_of(view: View, line: str) -> list[str]:
    return said(offline(view), line)[0].split("\n")


def test_a_rule_in_full_has_its_conditions_its_state_and_its_last_three_events(view: View) -> None:
    lines = lines_of(view, "/rule rut-sol-coupled")
    assert lines[0] == "🟡 RUT and SOL coupled at 0.6"
    assert lines[2] == "rut-sol-coupled · notice · at the close"
    assert "   p_corr(RUT, SOL, above=0.6) >= 50%" in lines
    assert "   p_corr(RUT, SOL, above=0.6) <= 5%" in lines
    assert "Fires on the 2nd close in a row" in lines
    assert [line[:10] for line in lines[-3:]] == [str(each.session) for each in view.events("rut-sol-coupled")[-3:]]
    assert lines == lines_of(view, "/rule RUT-SOL-Coupled")


def test_an_unknown_rule_is_refused_with_the_nearest(view: View) -> None:
    first, usage, _ = lines_of(view, "/rule vix-2")
    assert first == "unknown rule vix-2; did you mean vix-25 or vix-20?"
    assert usage == "Usage: /rule ID"
    assert lines_of(view, "/rule")[0] == "it takes one rule, or #n of your own; /rules lists them"


def test_a_rule_on_ticks_is_watched_live_only(view: View) -> None:
    assert "🟡 rut-record-intraday: watched live only" in lines_of(view, "/rules notice")
    lines = lines_of(view, "/rule rut-record-intraday")
    assert "Now: watched live only" in lines
    assert "Fires on the 3rd poll in a row" in lines
    assert lines_of(view, "/history rut-record-intraday") == [
        "rut-record-intraday is watched live only: bars of the past cannot say when it fired"
    ]


def knowing(record: Record, *events: AlertEvent) -> View:
    """The market, and what the service knows of its rule on ticks."""
    app = open_app(Options(seed=7), at=NOW)
    known = Outcome(Book({"rut-record-intraday": record}), events)
    return View(app.history, app.settings.scope, app.settings.compiled, live=known)


@pytest.mark.parametrize(
    ("record", "standing"),
    [
        (Record("", coverage=Coverage(ever=True)), "live"),
        (Record("", Pending(NOW, 2), Coverage(ever=True)), "live, pending, 2 seen"),
        (Record("", Firing(NOW, NOW), Coverage(ever=True)), "live, firing since 2026-01-01"),
        (Record("", coverage=Coverage(ever=True, told=True)), "live, no data"),
    ],
)
def test_the_service_knows_where_a_rule_on_ticks_stands(record: Record, standing: str) -> None:
    view = knowing(record)
    assert f"🟡 rut-record-intraday: {standing}" in lines_of(view, "/rules notice")
    assert f"Now: {standing}" in lines_of(view, "/rule rut-record-intraday")
    assert lines_of(view, "/history rut-record-intraday") == ["Nothing has fired here."]


def test_what_the_service_knows_of_a_rule_on_ticks_is_its_history() -> None:
    when: Instant = at("2025-12-30T15:30Z")
    rule = "rut-record-intraday"
    event = AlertEvent(
        rule, Edge.FIRED, when, dt.date(2025, 12, 30), Severity.NOTICE, "Up", "XNYS", origins=("yahoo USD",)
    )
    view = knowing(Record("", Firing(when, when), Coverage(ever=True)), event)
    assert lines_of(view, f"/history {rule}")[-1] == f"2025-12-30 🟡 Up {event.short_id}"
    assert lines_of(view, f"/rule {rule}")[-2:] == ["Lately:", "2025-12-30 🟡 Up"]
