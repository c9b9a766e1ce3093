"""The bot in a terminal: the same commands, answers and alerts as in a chat, without a token."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from html import unescape

from bot.commands.registry import answer
from bot.queries.view import View

_TAG = re.compile(r"</?(b|i|code|pre)>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ANSI = {"<b>": "\x1b[1m", "</b>": "\x1b[22m", "<i>": "\x1b[2m", "</i>": "\x1b[22m"}


def to_terminal(html: str, *, styled: bool) -> str:
    """A message as a terminal shows it: bold and dim where it can, plain text elsewhere."""
    harmless = _CONTROL.sub(" ", html)  # what a user typed never steers the terminal
    return unescape(_TAG.sub(lambda tag: _ANSI.get(tag[0], "") if styled else "", harmless))


def show(html: str) -> None:
    """Print a message."""
    print(to_terminal(html, styled=sys.stdout.isatty()), flush=True)


def converse(view: View, lines: Iterable[str], *, prompt: str) -> None:
    """Answer every line until there are none or one says quit."""
    print(prompt, end="", flush=True)
    for line in lines:
        if line.strip().lstrip("/").lower() in ("quit", "exit"):
            return
        if line.strip():
            show(answer(view, line).html)
            print()
        print(prompt, end="", flush=True)
    if prompt:
        print()
