"""The text of /reload: what was taken, or why nothing was. At most some fifteen lines."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from bot.answers.reload import Changes, Faulty, Reading, Reloaded
from bot.render.lines import some

SHOWN = 8
"""Faults that are told; the others are counted."""


def reload_answer(reading: Reading) -> str:
    """The verdict, then what is different or what is wrong."""
    if isinstance(reading, Faulty):
        return "\n".join(_faulty(reading))
    if reading.restart:
        names = " and ".join(reading.restart)
        return f"<b>Nothing was changed</b>\nOnly a new process can take {escape(names)}: stop it and start it again."
    if not reading.differs:
        return "The configuration is the same as before."
    return "\n".join(["<b>The configuration is taken</b>", *map(escape, _differences(reading))])


def log_line(reading: Reading) -> str:
    """The same on one line, without markup."""
    if isinstance(reading, Faulty):
        return f"the configuration was not taken: {'; '.join(' '.join(each.split()) for each in reading.faults)}"
    if reading.restart:
        return f"the configuration was not taken: only a new process can take {' and '.join(reading.restart)}"
    if not reading.differs:
        return "the configuration is the same as before"
    return f"the configuration is taken: {'; '.join(_differences(reading))}"


def _faulty(reading: Faulty) -> Iterator[str]:
    yield "<b>Nothing was changed</b>"
    yield "1 fault:" if len(reading.faults) == 1 else f"{len(reading.faults)} faults:"
    for fault in reading.faults[:SHOWN]:
        first, *sketch = fault.split("\n")
        yield escape(first, quote=False)
        if sketch:
            yield f"<pre>{escape(chr(10).join(sketch), quote=False)}</pre>"
    if (more := len(reading.faults) - SHOWN) > 0:
        yield f"and {more} more; <code>bellwether check</code> lists them all"


def _differences(reading: Reloaded) -> Iterator[str]:
    yield from _named("rules", reading.rules)
    yield from _named("instruments", reading.instruments)
    if reading.sections:
        yield some(reading.sections, "changed: ")


def _named(what: str, changes: Changes) -> Iterator[str]:
    for word, names in (("new", changes.new), ("gone", changes.gone), ("changed", changes.changed)):
        if names:
            yield some(names, f"{what} {word}: ")
