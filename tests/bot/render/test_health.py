"""/health: what does not run comes first, and all of it fits a phone."""

from __future__ import annotations

import pytest

from bot.answers.outbox import NOT_TRIED, Outbox
from bot.render.health import health_answer
from tests.bot.render.healths import HEALTHS, NOW, SICK, WELL
from tests.bot.render.html import TelegramReader

LINES = 15


def lines(outbox: Outbox) -> list[str]:
    return TelegramReader(health_answer(WELL, outbox, NOW)).text.split("\n")


@pytest.mark.parametrize("name", HEALTHS)
def test_it_fits_a_phone(name: str) -> None:
    assert len(HEALTHS[name]().split("\n")) <= LINES


def test_what_does_not_run_is_told_first_with_its_own_words() -> None:
    told = TelegramReader(health_answer(SICK, Outbox(0, None, None, (), 0, ()), NOW)).text.split("\n")
    assert told[:4] == [
        "Not everything runs",
        "⚠ Telegram polling: silent for 3 min, restarted 1×",
        "  no answer to <getUpdates> since the p...",
        "⚠ ticks: given up for 1 h 6 min, restarted 3×",
    ]


def test_reasons_that_find_no_room_are_counted() -> None:
    reasons = tuple((f"reason {number}", 9 - number) for number in range(5))
    told = lines(Outbox(35, NOW - 60, NOW, reasons, 0, ()))
    assert told[3:] == [
        "Owed: 35, the oldest for 1 min",
        "  9 reason 0",
        "  8 reason 1",
        "  18 for other reasons",
        "  next try now",
    ]


def test_a_debt_of_tomorrow_is_as_old_as_none() -> None:
    """The clock was set back."""
    assert lines(Outbox(1, NOW + 60, NOW + 90, ((NOT_TRIED, 1),), 0, ()))[3] == "Owed: 1, the oldest for 0 s"
