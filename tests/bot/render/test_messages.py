"""Every kind of message as a trader reads it: golden files, and what Telegram accepts."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from bot.render.alerts import is_simulated
from bot.render.lines import LINES
from tests.bot.golden import assert_golden
from tests.bot.render.again import AGAIN
from tests.bot.render.correlations import CORRELATIONS
from tests.bot.render.events import event
from tests.bot.render.groups import CHANGES, USUAL
from tests.bot.render.html import TelegramReader, assert_telegram_accepts
from tests.bot.render.messages import MESSAGES
from tests.bot.render.regimes import REGIMES

GOLDEN = Path(__file__).parent / "golden"
PHONE, TALLEST = 40, 15

LONGER = {
    "alert-regime-most": "each alert that it takes along is a line of it, and one message less",
}
"""Alerts of more than twelve lines, and why they may be."""


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_reads_as_approved(name: str) -> None:
    assert_golden(GOLDEN / f"{name}.txt", MESSAGES[name]())


@pytest.mark.parametrize("name", MESSAGES)
def test_telegram_accepts_every_message(name: str) -> None:
    assert_telegram_accepts(MESSAGES[name]())


def lines(name: str) -> list[str]:
    """What a reader sees."""
    return TelegramReader(MESSAGES[name]()).text.split("\n")


@pytest.mark.parametrize("name", [*CORRELATIONS, *REGIMES, *CHANGES, *AGAIN])
def test_a_message_about_a_correlation_or_the_regime_fits_a_phone_of_forty_columns(name: str) -> None:
    assert max(map(len, lines(name))) <= PHONE


@pytest.mark.parametrize("name", [*REGIMES, *USUAL, *AGAIN])
def test_a_message_about_the_regime_is_no_longer_than_a_phone(name: str) -> None:
    assert len(lines(name)) <= TALLEST


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith("alert-")])
def test_an_alert_is_twelve_lines_as_a_phone_breaks_them(name: str) -> None:
    broken = [part for line in lines(name) for part in textwrap.wrap(line, PHONE) or [""]]
    assert (len(broken) > LINES) is (name in LONGER)
    assert len(broken) <= TALLEST


@pytest.mark.parametrize("name", ["start", "start-again", "subscribe", "subscribe-chosen", "subscribe-limit", "rules"])
def test_so_is_what_a_newcomer_reads(name: str) -> None:
    """With the line that says SIMULATED."""
    assert sum(len(textwrap.wrap(line, PHONE)) for line in lines(name)) < LINES


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(MESSAGES)


@pytest.mark.parametrize("name", [name for name in MESSAGES if not name.startswith("explain")])
def test_simulated_prices_say_so_and_real_ones_do_not(name: str) -> None:
    assert ("SIMULATED" in MESSAGES[name]()) == name.endswith("-simulated")


@pytest.mark.parametrize("name", ["explain-condition", "explain-series"])
def test_an_explained_value_of_a_simulated_market_says_so(name: str) -> None:
    """It prints `Now: 43.1 %`, and nothing tells that no such price was ever traded."""
    assert "SIMULATED" in MESSAGES[name]()


@pytest.mark.parametrize("name", MESSAGES)
def test_no_message_shows_nan_or_none(name: str) -> None:
    words = TelegramReader(MESSAGES[name]()).text.replace(":", " ").replace(",", " ").split()
    assert not {"nan", "None", "inf", "-inf"} & set(words)


def test_one_made_up_price_makes_the_whole_event_simulated() -> None:
    assert is_simulated(event("rut-record-close", origins=("files USD", "SIMULATED")))
    assert not is_simulated(event("rut-record-close", origins=("files USD",)))
