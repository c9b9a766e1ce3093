"""How a chat says how it wants to be told: what holds from then on, and how it is undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers.buttons import Button, Place
from bot.answers.changes import Prefer
from bot.answers.kept import Kept
from bot.answers.personal import PersonalAlert
from bot.answers.preferences import EVERYTHING, NEW_CHAT, Mode, Mute, Preferences
from bot.commands.registry import Desk, Reply, answer
from bot.queries.view import View
from rules.bars import DAY, HOUR
from rules.model import Basis, Severity
from tests.bot.commands.desks import live, offline
from tests.bot.markets import NOW, at, simulated
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

OWN = PersonalAlert(3, "close(SOL) < 120", None, Basis.CLOSE, "sol < 120", "SOL below 120", NOW)
LINES = (
    "/quiet 22:00-07:00", "/quiet off", "/timezone NY", "/mute vix-25", "/mute #russell 30d", "/mute all 2h",
    "/mute #3", "/mute off vix-25", "/snooze vix-25 1h", "/snooze #3 close", "/subscribe notice digest",
    "/subscribe #russell off", "/subscribe limit 3", "/digest 08:00 17:30", "/digest off",
)  # fmt: skip


@pytest.fixture(scope="module")
def view() -> View:
    return simulated().view()


def desk(view: View, chosen: Preferences = NEW_CHAT) -> Desk:
    """A subscriber of the running service who has one alert of their own."""
    return replace(live(view), kept=Kept(12, NOW - DAY, chosen, (OWN,), 3))


def asked(view: View, line: str, chosen: Preferences = NEW_CHAT) -> Reply:
    reply = answer(desk(view, chosen), line)
    assert_telegram_accepts(reply.html)
    return reply


def preferred(reply: Reply) -> Preferences:
    """What holds from now on."""
    (change,) = reply.changes
    assert isinstance(change, Prefer)
    return change.preferences


def chosen(**changes: object) -> Preferences:
    return replace(NEW_CHAT, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("/quiet 22:00-07:00", chosen(quiet=(1_320, 420))),
        ("/quiet 10pm to 7", chosen(quiet=(1_320, 420))),
        ("/quiet off", NEW_CHAT),
        ("/timezone new york", chosen(zone="America/New_York")),
        ("/mute vix-25", chosen(mutes=(Mute("vix-25", None, NOW),))),
        ("/mute VIX-25 for 30 days", chosen(mutes=(Mute("vix-25", NOW + 30 * DAY, NOW),))),
        ("/mute #russell 2w", chosen(mutes=(Mute("#russell", NOW + 14 * DAY, NOW),))),
        ("/mute #3", chosen(mutes=(Mute("#12.3", None, NOW),))),
        ("/mute all 1h", chosen(mutes=(Mute(EVERYTHING, NOW + HOUR, NOW),))),
        ("/snooze vix-25 1h", chosen(mutes=(Mute("vix-25", NOW + HOUR, NOW),))),
        ("/snooze #3 today", chosen(mutes=(Mute("#12.3", at("2026-01-02T00:00Z"), NOW),))),
        ("/snooze vix-25 close", chosen(mutes=(Mute("vix-25", at("2026-01-02T21:00Z"), NOW),))),
        ("/subscribe notice digest", chosen(severities={Severity.NOTICE: Mode.DIGEST})),
        ("/subscribe #russell off", chosen(tags={"russell": Mode.OFF})),
        ("/subscribe limit 3", chosen(budget=3)),
        ("/subscribe limit off", chosen(budget=0)),
        ("/digest 17:30 8", chosen(digests=(480, 1_050), digests_since=NOW)),
        ("/digest off", NEW_CHAT),
    ],
)
def test_a_line_says_what_holds_from_now_on(view: View, line: str, holds: Preferences) -> None:
    assert preferred(asked(view, line)) == holds


BEFORE = Preferences(
    zone="Europe/Berlin",
    quiet=(60, 120),
    budget=9,
    digests=(600,),
    severities={Severity.NOTICE: Mode.ON},
    tags={"russell": Mode.SILENT},
)


@pytest.mark.parametrize(
    "line",
    ["/quiet 22-7", "/quiet off", "/timezone NY", "/subscribe notice off", "/subscribe #russell usual",
     "/subscribe limit off", "/digest 8", "/digest off", "/mute vix-25", "/snooze vix-25 3d", "/snooze #3 3d"],
)  # fmt: skip
def test_every_change_is_undone_by_one_tap(view: View, line: str) -> None:
    reply = asked(view, line, BEFORE)
    undo = next(key for row in reply.buttons for key in row if key.label == "Undo")
    back = preferred(asked(view, undo.line, preferred(reply)))
    assert replace(back, digests_since=0) == BEFORE


@pytest.mark.parametrize("line", LINES)
def test_a_terminal_without_a_service_changes_nothing_and_says_so(view: View, line: str) -> None:
    if "#3" in line:  # nobody has alerts of their own there
        return
    reply = answer(offline(view), line)
    assert (reply.changes, "keeps no choices" in reply.html) == ((), True)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/quiet 25:00-07:00", "it takes two different times of day, or off"),
        ("/quiet 7-7", "it takes two different times of day, or off"),
        ("/quiet off please", "after off it takes nothing more"),
        ("/timezone UTC+1", "an offset does not know when clocks change: name a city, such as Europe/Berlin"),
        ("/mute vix", "unknown rule vix; did you mean vix-40 or vix-30?"),
        ("/mute #russel", "no rule has the tag #russel; did you mean russell?"),
        ("/mute #9", "there is no alert #9 here (yours: #3)"),
        ("/mute vix-25 soon", "how long is a number of hours, days or weeks, up to a year"),
        ("/mute off", None),
        ("/snooze", "it takes a rule and how long: 1h, close, today or 3d"),
        ("/snooze vix-25 later", "how long is 1h, close, today or 3d"),
        ("/subscribe noise off", "noise is no severity"),
        ("/subscribe notice loud", "loud is none of on, silent, digest, off"),
        ("/subscribe critical off", "what is critical is always told, on or silent; /mute silences one rule"),
        ("/subscribe #none off", "no rule has the tag #none"),
        ("/subscribe limit none", "the limit must be a whole number from 1 to 1000, not none"),
        ("/digest 8 9 10 11 12", "it takes up to 4 times of day such as 08:00, or off, or now"),
        ("/digest noon", "it takes up to 4 times of day such as 08:00, or off, or now"),
    ],
)
def test_what_means_nothing_is_refused_with_what_would(view: View, line: str, sentence: str | None) -> None:
    reply = asked(view, line)
    assert reply.changes == ()
    if sentence is not None:
        assert TelegramReader(reply.html).text.startswith(sentence)


def test_a_tap_on_snooze_asks_for_how_long_in_place_of_the_buttons(view: View) -> None:
    reply = asked(view, "/snooze vix-25")
    assert [key for row in reply.buttons for key in row] == [
        Button("1 h", "/snooze vix-25 1h", Place.KEYS),
        Button("Until the close", "/snooze vix-25 close", Place.KEYS),
        Button("Today", "/snooze vix-25 today", Place.KEYS),
        Button("3 days", "/snooze vix-25 3d", Place.KEYS),
    ]
    assert (reply.changes, reply.notice) == ((), "For how long is vix-25 to be silent?")


def test_what_was_muted_anew_is_muted_once_and_what_is_over_is_forgotten(view: View) -> None:
    old = chosen(mutes=(Mute("vix-25", None, NOW - DAY), Mute("rut-lags-spx", NOW - 1, NOW - DAY)))
    assert preferred(asked(view, "/mute vix-25 1h", old)).mutes == (Mute("vix-25", NOW + HOUR, NOW),)


def test_a_rule_that_is_configured_no_more_is_unmuted_all_the_same(view: View) -> None:
    old = chosen(mutes=(Mute("long-gone", None, NOW - DAY),))
    assert preferred(asked(view, "/mute off long-gone", old)).mutes == ()


def test_taps_take_a_severity_through_its_modes_and_back(view: View) -> None:
    holds, seen = NEW_CHAT, []
    for _ in Mode:
        keys = [key for row in asked(view, "/subscribe", holds).buttons for key in row]
        key = next(each for each in keys if each.label.startswith("notice:"))
        seen.append(key.label)
        holds = preferred(asked(view, key.line, holds))
    assert (seen, holds) == (["notice: silent", "notice: digest", "notice: off", "notice: on"], NEW_CHAT)


def test_taps_take_a_tag_through_its_modes_and_back(view: View) -> None:
    holds, seen = NEW_CHAT, []
    for _ in range(4):
        keys = [key for row in asked(view, "/subscribe", holds).buttons for key in row]
        key = next(each for each in keys if each.label.startswith("#russell"))
        seen.append(key.label)
        holds = preferred(asked(view, key.line, holds))
    assert (seen, holds) == (["#russell", "#russell: silent", "#russell: digest", "#russell: off"], NEW_CHAT)


def test_a_brief_can_be_had_at_once_and_what_is_kept_for_the_next_stays(view: View) -> None:
    reply = asked(view, "/digest now")
    assert (reply.changes, reply.picture is not None) == ((), True)
    assert "<b>Brief</b>, Thu 2026-01-01 12:00" in reply.html
