"""/help: the commands, or one word of the rule language."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.commands.registry import Desk, Refusal, Reply, all_commands, command
from bot.render.chats import NO_ADVICE
from rules.functions.registry import vocabulary
from rules.language.errors import listing, nearest


@command("/help [NAME]", "the commands, or what a word of the rule language means", "/help drawdown")
def help_(desk: Desk, words: Sequence[str]) -> Reply:
    """Usage of every command; of a function its documentation."""
    if len(words) > 1:
        raise Refusal("it takes one name, or none")
    if not words:
        return Reply(_overview(admin=desk.chat.admin))
    name = words[0].lstrip("/")
    found = [*_of_command(name), *_of_function(name)]
    if not found:
        names = sorted({*all_commands(), *vocabulary()})
        raise Refusal(f"unknown name {name}{nearest(name, names)} (known: {listing(names, 60)})")
    return Reply("\n\n".join(found))


def _of_command(name: str) -> list[str]:
    known = all_commands().get(name)
    return [f"<b>{escape(known.usage)}</b>\n{escape(known.summary)}\nExample: {escape(known.example)}"] if known else []


def _of_function(name: str) -> list[str]:
    known = vocabulary().get(name)
    return [f"<b>{escape(known.usage)}</b>\n{escape(known.doc)}"] if known else []


def _overview(*, admin: bool) -> str:
    """What one may not use is not told."""
    shown = [each for each in all_commands().values() if admin or not each.admins]
    lines = [f"<b>{escape(each.usage)}</b>\n   {escape(each.summary)}" for each in shown]
    functions = ", ".join(sorted(vocabulary()))
    return "\n".join([*lines, f"Rule language: {functions}", NO_ADVICE])
