"""The table of commands on docs/chat.md, as the registry has it: `python -m tests.docs.commands_table` writes it."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from bot.commands.registry import Command, Group, all_commands

PAGE = Path(__file__).resolve().parents[2] / "docs" / "chat.md"
_TABLE = re.compile(r"(?s)(<!-- commands -->\n).*?(<!-- /commands -->)")


def table() -> str:
    """The commands by group."""
    lines = ["| | command | what it does | example | |", "|---|---|---|---|---|"]
    for group in Group:
        found = [each for each in all_commands().values() if each.group is group]
        lines += [_row(each, group.value if index == 0 else "") for index, each in enumerate(found)]
    return "\n".join(lines)


def _row(each: Command, group: str) -> str:
    return f"| {group} | {code(each.usage)} | {each.summary} | {code(each.example)} | {_whose(each)} |"


def code(text: str) -> str:
    """Within a table. A bar would end the cell, and each reader of Markdown wants it escaped in another way."""
    return f"<code>{escape(text).replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def _whose(each: Command) -> str:
    if each.admins:
        return "administrators"
    if each.strangers:
        return "strangers"
    return "configures" if each.configures else ""


def written() -> str:
    """The page with the table as it is now."""
    return _TABLE.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
