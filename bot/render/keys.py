"""Buttons beneath answers: the same question over other windows, asked again, or a further one."""

from __future__ import annotations

from collections.abc import Iterable

from bot.answers.buttons import Button, Place

ALL = "all"
"""What is written for every session there is."""

SHOWN = "·"
"""What stands on both sides of the window that is shown."""


def windows(line: str, lengths: Iterable[int | str], shown: int | str) -> tuple[Button, ...]:
    """`line` with each of `lengths` behind it, in place of the answer; the one that is shown is marked."""
    return tuple(Button(_label(each, is_shown=each == shown), f"{line} {each}", Place.HERE) for each in lengths)


def refresh(line: str) -> Button:
    """The same line once more, in place of its answer."""
    return Button("Refresh", line, Place.HERE)


def _label(length: int | str, *, is_shown: bool) -> str:
    told = f"{length:,}" if isinstance(length, int) else length.capitalize()
    return f"{SHOWN} {told} {SHOWN}" if is_shown else told
