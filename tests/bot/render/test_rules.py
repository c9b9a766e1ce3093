"""/rule: how a rule's timing is said, and that no rule is too long for a message."""

from __future__ import annotations

import pytest

from bot.render.lines import PHONE
from bot.settings import load_settings
from rules.book import Record
from rules.model import Basis, Timing
from tests.bot.render.html import TelegramReader, assert_telegram_accepts
from tests.bot.render.messages import rule_standing


def lines(**changes: object) -> list[str]:
    """What a reader sees of a rule that has never fired."""
    return TelegramReader(rule_standing("rut-lags-spx", Record(""), **changes)).text.split("\n")  # type: ignore[arg-type]


def test_the_titles_of_the_pack_stand_on_one_line_of_a_phone_behind_their_mark() -> None:
    assert [each.title for each in load_settings().rules if len(f"🟠 {each.title}") > PHONE] == []


def test_the_longest_conditions_do_not_cost_the_message() -> None:
    when = " and ".join(["close(RUT) > 1"] * 39)
    html = rule_standing("rut-lags-spx", Record(""), when=when, clear=f"not ({when})", title="")
    assert_telegram_accepts(html)
    assert TelegramReader(html).units < 3_000


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"timing": Timing()}, []),
        ({"timing": Timing(confirm=2)}, ["Fires on the 2nd close in a row"]),
        ({"timing": Timing(confirm_clear=11)}, ["Clears on the 11th close in a row"]),
        ({"timing": Timing(cooldown=1)}, ["Rests 1 close after it fired"]),
        ({"timing": Timing(expires=21)}, ["Clears by itself after 21 closes"]),
        ({"timing": Timing(confirm=21), "basis": Basis.TICK}, ["Fires on the 21st poll in a row"]),
        (
            {"timing": Timing(3, 103, 2), "when": "close(BTC) > 1", "clear": "close(BTC) < 1"},
            ["Fires on the 3rd UTC day in a row", "Clears on the 103rd UTC day in a row",
             "Rests 2 UTC days after it fired"],
        ),
    ],
)  # fmt: skip
def test_only_an_unusual_timing_is_said_in_rows_of_the_rules_clock(
    changes: dict[str, object], sentences: list[str]
) -> None:
    usual = ("🟡", "rut-", "Now:", "Fires when", "Clears and", "   ", "It has never")
    assert [line for line in lines(**changes) if not line.startswith(usual)] == sentences
