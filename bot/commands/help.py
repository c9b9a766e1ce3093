"""/help: the commands, or one word of the rule language."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.commands.registry import Refusal, Reply, all_commands, command
from bot.queries.view import View
from rules.functions.registry import vocabulary
from rules.language.errors import listing, nearest


@command("/help [NAME]", "the commands, or what a word of the rule language means", "/help drawdown")
def help_(_view: View, words: Sequence[str]) -> Reply:
    """Usage of every command; of a function its documentation."""
    if len(words) > 1:
        raise Refusal("it takes one name, or none")
    if not words:
        return Reply(_overview())
    name = words[0].lstrip("/")
    if name in all_commands():
        known = all_commands()[name]
        return Reply(escape(f"{known.usage}\n{known.summary}\nExample: {known.example}"))
    if name not in vocabulary():
        names = [*all_commands(), *vocabulary()]
        raise Refusal(f"unknown name {name}{nearest(name, names)} (known: {listing(sorted(names), 60)})")
    function = vocabulary()[name]
    return Reply(f"<b>{escape(function.usage)}</b>\n{escape(function.doc)}")


def _overview() -> str:
    lines = [f"<b>{escape(each.usage)}</b>\n   {escape(each.summary)}" for each in all_commands().values()]
    functions = ", ".join(sorted(vocabulary()))
    return "\n".join([*lines, f"Rule language: {functions}", "Not investment advice."])
