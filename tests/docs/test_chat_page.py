"""The page about the chat: its table of commands is the registry's."""

from __future__ import annotations

from tests.docs.commands_table import PAGE, table, written


def test_the_table_of_commands_is_the_registry_s() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written() == page
    assert table() in page
