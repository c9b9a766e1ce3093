"""/help: the commands in groups, one of them, or one word of the rule language."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import NO_BUTTONS, Button, Keyboard
from bot.answers.words import Word
from bot.commands.registry import Command, Desk, Group, Refusal, Reply, all_commands, command, offered
from bot.queries.words import word
from bot.render.help import command_help, overview, word_help, words_help
from rules.functions.registry import named, vocabulary
from rules.language.errors import listing, nearest

WORDS = "words"
"""What asks for every word of the rule language."""

ALERT = "alert"
"""The command that makes an alert of an example."""


@command(Group.CHAT, "/help [NAME]", "the commands, or what a word means", "/help drawdown")
def help_(desk: Desk, words: Sequence[str]) -> Reply:
    """The commands, short; usage of one; of a function its documentation, with the value of its example now."""
    if len(words) > 1:
        raise Refusal("it takes one name, or none")
    if not words:
        keys = (Button("Words for alerts", f"/help {WORDS}"), Button("Rules", "/rules"), Button("Status", "/status"))
        return Reply(overview(_grouped(admin=desk.chat.admin), len(vocabulary())), buttons=(keys,))
    name = words[0].lstrip("/").lower()
    if name == WORDS:
        return Reply(words_help(vocabulary().values()))
    asked, function = all_commands().get(name), named(name)
    if asked is None and function is None:
        raise Refusal(_unknown(words[0].lstrip("/"), admin=desk.chat.admin))
    told = [command_help(asked.usage, asked.summary, asked.example)] if asked is not None else []
    if function is None:
        return Reply("\n".join(told), buttons=_keys_of(asked))
    meant = word(desk.view, function)
    told.append(word_help(meant, simulated=desk.view.simulated))
    return Reply("\n\n".join(told), buttons=_keys_of(asked, meant))


def _grouped(*, admin: bool) -> dict[str, list[tuple[str, str]]]:
    """Names and summaries of the commands by group; what one may not use is not told."""
    found: dict[str, list[tuple[str, str]]] = {group.value: [] for group in Group}
    for each in offered(admin=admin):
        found[each.group].append((each.name, each.summary))
    return {group: shown for group, shown in found.items() if shown}


def _unknown(name: str, *, admin: bool) -> str:
    known = [each.name for each in offered(admin=admin)]
    return f"unknown name {name}{nearest(name, [*known, *vocabulary()]) or f' (known: {listing(known, 12)})'}"


def _keys_of(asked: Command | None, meant: Word | None = None) -> Keyboard:
    """The examples, to be tried with a tap."""
    found = [Button(f"Try {asked.example}", asked.example)] if asked is not None else []
    if meant is not None and ALERT in all_commands():
        found.append(Button("Try as an alert", f"/{ALERT} {meant.example}"))
    return tuple((each,) for each in found) if found else NO_BUTTONS
