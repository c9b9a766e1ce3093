"""/alert and /alerts: a story that somebody has read, and what must not go wrong in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.buttons import Place
from bot.answers.changes import RemoveAlert, SaveAlert
from bot.commands.registry import LONGEST_LINE, answer, trades_for
from bot.personal.forms import read
from bot.render.lines import PHONE
from rules.bars import DAY
from rules.model import Basis
from tests.bot.commands.desks import live, offline
from tests.bot.golden import assert_golden
from tests.bot.markets import NOW, simulated
from tests.bot.personal.conversation import Conversation
from tests.bot.personal.lines import CORPUS
from tests.bot.personal.market import FakeMarket

GOLDEN = Path(__file__).parent / "golden"
LINES = 12


@pytest.fixture
def chat() -> Conversation:
    return Conversation(simulated().view())


def test_the_number_of_an_alert_is_no_condition_and_leads_to_it(chat: Conversation) -> None:
    chat.writes("/alert sol < 120")
    chat.taps("Save")
    assert chat.writes("/alert #1").startswith("#1 is an alert that you have; /alerts #1 shows it")


@pytest.mark.parametrize("words", ["remove", "pause all", "edit"])
def test_a_deed_without_a_number_asks_for_it(chat: Conversation, words: str) -> None:
    """It was read as a condition: `unknown instrument remove`."""
    assert chat.writes(f"/alert {words}").startswith(f"which one? write /alert {words.split()[0]} and its number")


def test_the_story_of_an_alert_reads_as_approved(chat: Conversation) -> None:
    chat.writes("/alert")
    chat.taps("BTC -5% in a day")
    chat.writes("/alert sol below $130")
    chat.taps("Always")
    chat.taps("For 30 days")
    chat.taps("Save")
    chat.writes("/alert RUT record")
    chat.taps("Save anyway")
    chat.writes("/alert btc -5%")
    chat.taps("Save")
    chat.writes("/alert vol(RUT, 20) > 30%")
    chat.taps("Save")
    chat.writes("/alert regime risk-off")
    chat.taps("Save anyway")
    chat.writes("/alerts")
    chat.taps("Further")
    chat.writes("/alerts 4")
    chat.taps("From the price now")
    chat.writes("/alerts 2")
    chat.taps("Edit")
    chat.writes("/alert edit 2 sol < 120")
    chat.taps("Save as #2")
    chat.writes("/alerts 1")
    chat.taps("Pause")
    chat.taps("Resume")
    chat.writes("/alerts 3")
    chat.taps("Remove")
    chat.taps("Undo")
    chat.writes("/alert btc 5%")
    chat.taps("BTC -5%")
    chat.writes("/alert drawdown(RUT")
    assert_golden(GOLDEN / "alert-story.txt", "\n".join(chat.story))


@pytest.mark.parametrize("line", CORPUS)
def test_what_is_shown_before_it_is_saved_fits_a_phone(chat: Conversation, line: str) -> None:
    text = chat.writes(f"/alert {line}").split("\n")
    real = [each for each in text if not each.startswith("SIMULATED")]
    assert sum(-(-len(each) // PHONE) for each in real) <= LINES
    assert max(len(each) for each in real if "(" not in each) <= PHONE


@pytest.mark.parametrize("line", CORPUS)
def test_saving_what_was_shown_keeps_what_was_shown(chat: Conversation, line: str) -> None:
    chat.writes(f"/alert {line}")
    save = chat.last.buttons[0][0]
    assert save.place is Place.HERE
    assert len(save.line) <= LONGEST_LINE
    chat.writes(save.line)
    (saved,) = chat.last.changes
    assert isinstance(saved, SaveAlert)
    assert (saved.alert.number, saved.alert.made_at) == (1, NOW)


@pytest.mark.parametrize("line", ["sol < 120", "corr RUT SOL 60 > 0.6", "sol < 120 and btc > 90k", "eth -5%"])
@pytest.mark.parametrize("verb", ["save", "save #1", "edit 1"])
def test_what_is_saved_is_held_against_the_same_trades_as_what_was_shown(line: str, verb: str) -> None:
    """It was held against yesterday's close, and told at once what was so already when it was saved."""
    draft = read(line, FakeMarket())
    named = {word for word in ("RUT", "SOL", "BTC", "ETH") if word in line.upper()}
    assert named <= set(trades_for(f"/alert {verb} {draft.line}"))


def test_the_same_tap_twice_makes_one_alert(chat: Conversation) -> None:
    """Or the same line answered again, after the process was killed before its answer had gone."""
    chat.writes("/alert sol < 120")
    save = chat.last.buttons[0][0].line
    chat.writes(save)
    assert chat.writes(save).startswith("You have this already: #1")
    assert chat.last.changes == ()
    assert chat.writes("/alert sol < 120").startswith("You have this already: #1")


@pytest.mark.parametrize("verb", ["pause", "resume", "remove", "anchor"])
def test_what_is_done_to_one_twice_is_done_once(chat: Conversation, verb: str) -> None:
    chat.writes("/alert btc -5%")
    chat.taps("Save")
    chat.writes(f"/alert {verb} 1")
    once = chat.kept
    chat.writes(f"/alert {verb} 1")
    assert chat.kept == once


def test_one_that_has_fired_once_is_done_until_it_is_wanted_again(chat: Conversation) -> None:
    chat.writes("/alert save sol < 120")
    chat.hears_that_it_fired(1)
    assert "done, fired 2026-01-01" in chat.writes("/alerts")
    chat.waits_until(NOW + DAY)
    chat.writes("/alerts 1")
    chat.taps("Watch it again")
    assert (chat.alert(1).fired_at, chat.alert(1).made_at) == (None, NOW + DAY)


def test_one_whose_time_is_over_is_watched_for_as_long_again(chat: Conversation) -> None:
    chat.writes("/alert save sol < 120 for 30d")
    chat.waits_until(NOW + 31 * DAY)
    assert "its time is over" in chat.writes("/alerts 1")
    chat.taps("Watch it again")
    assert chat.alert(1).expires_at == NOW + 61 * DAY


def test_one_that_was_removed_comes_back_with_its_number(chat: Conversation) -> None:
    chat.writes("/alert save sol < 120")
    before = chat.alert(1)
    chat.writes("/alert remove 1")
    assert chat.last.changes == (RemoveAlert(1),)
    chat.taps("Undo")
    assert replace(chat.alert(1), asked="") == replace(before, asked="")
    chat.writes("/alert remove 1")
    chat.writes("/alert save btc < 70k")
    assert [each.number for each in chat.kept.alerts] == [2]


def test_a_number_that_was_never_used_is_not_made_up(chat: Conversation) -> None:
    assert "there was never an alert #7" in chat.writes("/alert save #7 sol < 120")
    assert "you have no alert #7" in chat.writes("/alert pause 7")


def test_its_level_is_made_anew_of_the_price_now(chat: Conversation) -> None:
    chat.writes("/alert save btc -5% from 50000 always close for 30d")
    chat.writes("/alert anchor 1")
    found = chat.alert(1)
    assert found.anchor is not None
    assert (found.anchor[0], found.anchor[1]) == ("BTC", -0.05)
    assert found.anchor[2] > 60_000
    assert (found.once, found.basis, found.expires_at) == (False, Basis.CLOSE, NOW + 30 * DAY)
    chat.writes("/alert save sol < 120")
    assert "is not measured from a price" in chat.writes("/alert anchor 2")


def test_a_chat_has_so_many_and_one_that_is_done_makes_room(chat: Conversation) -> None:
    chat.kept = replace(chat.kept, most_alerts=2)
    chat.writes("/alert save sol < 120")
    chat.writes("/alert save btc < 70k")
    assert chat.writes("/alert save vix > 40").startswith("You have 2 alerts, as many as a chat may have")
    chat.hears_that_it_fired(1)
    assert "#1, which was done, made room" in chat.writes("/alert save vix > 40")
    assert [each.number for each in chat.kept.alerts] == [2, 3]


def test_all_chats_have_so_many_together(chat: Conversation) -> None:
    chat.kept = replace(chat.kept, none_left=True)
    assert chat.writes("/alert save sol < 120").startswith("This bot watches as many alerts as it can")


def test_a_rule_that_tells_it_already_is_named_only_to_who_hears_of_it() -> None:
    everything, own = (Conversation(simulated().view(), subscribed=each) for each in (True, False))
    assert "Told already by rut-record-close" in everything.writes("/alert RUT record")
    assert everything.last.buttons[0][0].label == "Save anyway"
    assert "Told already" not in own.writes("/alert RUT record")


def test_a_day_that_is_over_is_no_end(chat: Conversation) -> None:
    assert "that day is over" in chat.writes("/alert sol < 120 until 2025-12-31")
    assert chat.writes("/alert save sol < 120 until 2026-01-01").startswith("#1 is watched")


def test_where_no_service_runs_it_is_shown_and_not_kept() -> None:
    desk = offline(simulated().view())
    assert "Nothing is kept here" in answer(desk, "/alert sol < 120").html
    reply = answer(desk, "/alert save sol < 120")
    assert (reply.changes, "Nothing is kept here" in reply.html) == ((), True)


def test_every_example_line_of_a_refusal_is_a_tap_that_works(chat: Conversation) -> None:
    for wrong in ("btc", "btc 5%", "nonsense", "drawdown(RUT", "corr RUT RUT 60 > 1", "sol 1"):
        chat.writes(f"/alert {wrong}")
        chat.writes(chat.last.buttons[0][0].line)
        assert chat.last.buttons[0][0].label.startswith("Save")


def test_an_alert_of_a_tapped_preset_is_kept_at_once(chat: Conversation) -> None:
    chat.writes("/alert")
    labels = [each.label for row in chat.last.buttons for each in row]
    for label in labels:
        chat.writes("/alert")
        chat.taps(label)
    assert len(chat.kept.alerts) == len(labels) == 6


def test_the_desk_of_nobody_lists_nothing() -> None:
    assert "You have no alerts" in answer(live(simulated().view()), "/alerts").html
