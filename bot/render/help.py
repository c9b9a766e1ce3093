"""The texts of /help: the commands on one phone's height, one command, one word of the rule language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from bot.answers import Explained
from bot.answers.words import Word
from bot.render.alerts import SIMULATED_LINE
from bot.render.chats import NO_ADVICE
from bot.render.lines import PHONE, packed
from bot.render.numbers import by_unit, closing, truth
from rules.functions.registry import Function, Type

_UNITS = {"truth": "yes or no", "times": "a multiple", "deviations": "usual moves"}
"""What is said of units whose names say too little."""


def overview(groups: Mapping[str, Sequence[tuple[str, str]]], words: int) -> str:
    """A line a command, by group; how many `words` the language of alerts has."""
    lines: list[str] = []
    for group, commands in groups.items():
        lines += [f"<b>{escape(group)}</b>", *(escape(_line(name, summary)) for name, summary in commands)]
    return "\n".join([*lines, "/help NAME says more of one", f"/help words lists the {words} for alerts", NO_ADVICE])


def _line(name: str, summary: str) -> str:
    """As much of a summary as fits beside the name, to a comma or else to a word."""
    room = PHONE - len(name) - 2
    ends = [found.start() for found in re.finditer(r"[;:,]|$", summary) if found.start() <= room]
    if ends:
        return f"/{name} {summary[: ends[-1]]}"
    return f"/{name} {summary[: room - 2].rsplit(' ', 1)[0]}..."


def command_help(usage: str, summary: str, example: str) -> str:
    """How a command is written, what it does, an example."""
    return f"<b>{escape(usage)}</b>\n{escape(summary)}\nExample: {escape(example)}"


def words_help(functions: Iterable[Function]) -> str:
    """Every word of the language by its family."""
    families: dict[str, list[str]] = {}
    for each in functions:
        families.setdefault(each.family, []).append(each.name)
    lines = ["<b>Words for alerts</b>"]
    for family, names in sorted(families.items()):
        lines += [f"<i>{escape(family)}</i>", *(escape(line) for line in packed(sorted(names)))]
    return "\n".join([*lines, "/help NAME explains one"])


def word_help(word: Word, *, simulated: bool) -> str:
    """What a word means: formula, unit and source; its example, and what that is now."""
    now, function = word.now, word.function
    lines = [
        f"<b>{escape(function.usage)}</b>",
        *map(escape, word.paragraphs),
        f"Gives {_gives(function)}",
        f"Example: <code>{escape(word.example)}</code>",
    ]
    if now is not None and now.as_of is not None:
        lines += [*([SIMULATED_LINE] if simulated else []), *_value(function, now)]
        lines.append(closing(now.as_of, now.calendar))
    return "\n".join(lines)


def _gives(function: Function) -> str:
    unit = _UNITS.get(function.gives.unit, f"a {function.gives.unit}")
    return unit if function.gives.type == Type.BOOL else f"{unit}, one a close"


def _value(function: Function, now: Explained) -> Iterator[str]:
    """The word's own value in its example, and whether the example holds."""
    own = [(shown, value) for shown, value in now.parts if shown.text.startswith(f"{function.name}(")]
    for shown, value in own[:1]:
        yield f"Now: {escape(shown.text)} = <b>{escape(by_unit(value, shown.unit))}</b>"
    if now.typed.type == Type.BOOL:
        yield f"{'The example' if own else 'Now, it'} holds: {truth(now.value)}"
    elif not own:
        yield f"Now: <b>{escape(by_unit(now.value, now.typed.unit))}</b>"
