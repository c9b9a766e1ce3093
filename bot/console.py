"""The bot in a terminal: the same commands, answers and alerts as in a chat, without a token."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from html import unescape

from bot.answers import NO_TOKEN, Chat
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
    """Show what `ask` replies to every line until there are none or one says quit."""
    print(prompt, end="", flush=True)
    for line in lines:
        if line.strip().lstrip("/").lower() in ("quit", "exit"):
            return
        if line.strip():
            show(ask(line).html)
            print()
        print(prompt, end="", flush=True)
    if prompt:
        print()
