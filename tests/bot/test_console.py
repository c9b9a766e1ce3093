"""The bot in a terminal: the same answers as in a chat, without HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.buttons import NO_BUTTONS, Button
from bot.commands.registry import Reply
from bot.console import converse, to_terminal
from tests.bot.commands.desks import ask_offline
from tests.bot.markets import simulated


@pytest.mark.parametrize(
    ("html", "plain", "styled"),
    [
        ("plain", "plain", "plain"),
        ("<b>bold</b> rest", "bold rest", "\x1b[1mbold\x1b[22m rest"),
        ("<i>dim</i>", "dim", "\x1b[2mdim\x1b[22m"),
        ("<code>a &lt; b</code>", "a < b", "a < b"),
        ("S&amp;P &quot;500&quot; &#x27;x&#x27;", "S&P \"500\" 'x'", "S&P \"500\" 'x'"),
        ("&lt;b&gt;no tag&lt;/b&gt;", "<b>no tag</b>", "<b>no tag</b>"),
        ("&amp;lt;", "&lt;", "&lt;"),
    ],
)
def test_a_message_is_shown_without_its_html(html: str, plain: str, styled: str) -> None:
    assert to_terminal(html, styled=False) == plain
    assert to_terminal(html, styled=True) == styled


@given(st.text(max_size=40))
def test_what_a_user_typed_never_steers_the_terminal(word: str) -> None:
    """An unknown word is repeated in the refusal: an escape in it must not reach the terminal as one."""
    html = ask_offline(simulated().view(), f"/price \x1b[31m{word}\x07").html
    shown = to_terminal(html, styled=False)
    assert "\x1b" not in shown
    assert "\x07" not in shown


def said(capsys: pytest.CaptureFixture[str], *lines: str, prompt: str = "") -> str:
    converse(lambda line: ask_offline(simulated().view(), line), lines, prompt=prompt)
    return capsys.readouterr().out


def test_every_line_is_answered_until_there_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "/price RUT\n", "\n", "   \n", "/xyz\n")
    assert out.startswith("SIMULATED: not real prices\nRUT Russell 2000\n")
    assert "\n\nThere is no command /xyz; /help lists them" in out
    assert out.count("\n\n") == 2


@pytest.mark.parametrize("word", ["quit", "/quit", "exit", "/EXIT", "  quit  "])
def test_quit_ends_the_conversation(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert said(capsys, f"{word}\n", "/price RUT\n").strip() == ""


def test_the_prompt_is_shown_before_every_line_and_the_terminal_left_on_a_new_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = said(capsys, "\n", "\n", prompt="> ")
    assert out == "> > > \n"


def test_a_number_taps_the_button_beneath_the_last_reply(capsys: pytest.CaptureFixture[str]) -> None:
    keys = ((Button("Refresh", "/again"), Button("\x1b[31mRed", "/red")), (Button("Back", "/back"),))
    asked: list[str] = []

    def ask(line: str) -> Reply:
        asked.append(line.strip())
        return Reply("here", buttons=keys if line.startswith("/keys") else NO_BUTTONS)

    converse(ask, ["/keys\n", "3\n", "1\n", "/keys\n", "2\n", "/keys\n", "4\n", "٣\n", "0\n"], prompt="")
    assert asked == ["/keys", "/back", "1", "/keys", "/red", "/keys", "4", "٣", "0"]
    assert capsys.readouterr().out.startswith("here\n[1] Refresh  [2]  [31mRed\n[3] Back\n\nhere\n\n")
