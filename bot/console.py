"""The bot in a terminal: the same commands, answers and alerts as in a chat, without a token."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from html import unescape

from bot.answers import NO_TOKEN, Chat
from bot.answers.buttons import Button, Keyboard
from bot.commands.registry import Reply
from bot.delivery.channel import BARE, Frame, Outcome, Rank, Sent
from bot.render.plain import TAG

TERMINAL = Chat("console", "terminal", "terminal", subscribed_since=None, user="", admin=True)
"""The chat that a terminal is."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ANSI = {"<b>": "\x1b[1m", "</b>": "\x1b[22m", "<i>": "\x1b[2m", "</i>": "\x1b[22m"}


def to_terminal(html: str, *, styled: bool) -> str:
    """A message as a terminal shows it: bold and dim where it can, plain text elsewhere."""
    harmless = _CONTROL.sub(" ", html)  # what a user typed never steers the terminal
    return unescape(TAG.sub(lambda tag: _ANSI.get(tag[0], "") if styled else "", harmless))


def show(html: str) -> None:
    """Print a message."""
    print(to_terminal(html, styled=sys.stdout.isatty()), flush=True)


class ConsoleChannel:
    """Alerts on standard output."""

    name = "console"

    def turn_away(self) -> None:
        """Nobody waits for a terminal."""

    async def send(
        self,
        address: str,  # noqa: ARG002
        html: str,
        *,
        plain: bool = False,  # noqa: ARG002
        silent: bool = False,  # noqa: ARG002
        rank: Rank = Rank.ALERT,  # noqa: ARG002
        frame: Frame = BARE,  # noqa: ARG002
    ) -> Outcome:
        """Print one message; a terminal has one address, and no sound."""
        show(f"{html}\n")
        return Sent()


class ConsoleFront:
    """The front of a service without a token: it only tells."""

    channel = ConsoleChannel()
    state = NO_TOKEN

    async def start(self) -> None:
        """Nothing to connect to."""

    async def hush(self) -> None:
        """Nobody is listened to."""

    async def stop(self) -> None:
        """Nothing to close."""

    def down_age(self) -> float:
        """It is always there."""
        return 0.0


def converse(ask: Callable[[str], Reply], lines: Iterable[str], *, prompt: str) -> None:
    """Show what `ask` replies to every line until there are none or one says quit.

    Buttons are numbered; a line that is the number of one beneath the last reply taps it.
    """
    keys: tuple[Button, ...] = ()
    print(prompt, end="", flush=True)
    for line in lines:
        if line.strip().lstrip("/").lower() in ("quit", "exit"):
            return
        if line.strip():
            reply = ask(_meant(line, keys))
            keys = tuple(button for row in reply.buttons for button in row)
            show(reply.html)
            _show_keys(reply.buttons)
            print()
        print(prompt, end="", flush=True)
    if prompt:
        print()


def _meant(line: str, keys: Sequence[Button]) -> str:
    """The line that a tapped button stands for, or the line itself."""
    word = line.strip()
    number = int(word) if word.isascii() and word.isdecimal() and len(word) < 4 else 0
    return keys[number - 1].line if 1 <= number <= len(keys) else line


def _show_keys(keyboard: Keyboard) -> None:
    """A row of buttons a line."""
    number = 0
    for row in keyboard:
        labels = []
        for button in row:
            number += 1
            labels.append(f"[{number}] {_CONTROL.sub(' ', button.label)}")
        print("  ".join(labels))
