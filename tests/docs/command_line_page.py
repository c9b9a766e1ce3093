"""docs/command-line.md, read off the parsers: `python -m tests.docs.command_line_page` writes its tables."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from bot.cli._options import Parser
from bot.cli.main import command_summaries
from tests.docs.commands_table import code

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"
_COMMANDS = re.compile(r"(?s)(<!-- commands -->\n).*?(<!-- /commands -->)")


def written() -> str:
    """The page as it should be."""
    told = "\n".join(line for name, summary in command_summaries().items() for line in _command(name, summary))
    return _COMMANDS.sub(lambda found: f"{found[1]}\n{told}{found[2]}", PAGE.read_text(encoding="utf-8"))


def parser_of(name: str) -> Parser:
    """The parser of a command, as the program makes it."""
    parser = Parser(f"bellwether {name}", "")
    importlib.import_module(f"bot.cli.{name}").configure(parser)
    return parser


def _command(name: str, summary: str) -> Iterator[str]:
    # argparse has no public list of what a parser takes.
    actions = [each for each in parser_of(name)._actions if not isinstance(each, argparse._HelpAction)]
    yield f"### {name}\n"
    yield f"{summary}\n"
    if actions:
        yield "| | what it does |\n|---|---|"
        yield from (f"| {code(_spelt(each))} | {_told(each)} |" for each in actions)
        yield ""


def _spelt(action: argparse.Action) -> str:
    """`--data DIR`, `[FILE]`."""
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return f"[{metavar}]" if action.nargs in ("?", "*") else metavar
    words = ", ".join(action.option_strings)
    if action.nargs == 0:
        return words
    return f"{words} {'|'.join(map(str, action.choices)) if action.choices else metavar}"


def _told(action: argparse.Action) -> str:
    text = " ".join((action.help or "").split()) % {"default": action.default}
    return text.replace("|", "&#124;")


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
