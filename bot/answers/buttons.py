"""Buttons beneath a message: each stands for a line that whoever taps it could have written as well.

So a tap may do nothing that a line of the same person in the same chat may not, and is kept, answered and refused like
one.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class Place(enum.StrEnum):
    """Where the answer to a tap is shown."""

    BELOW = "below"
    """As a new message."""

    HERE = "here"
    """In place of the message that the button stands beneath, with its picture and its buttons."""

    KEYS = "keys"
    """As new buttons beneath the same words: the answer's words are only flashed."""


@dataclass(frozen=True, slots=True)
class Button:
    """What is read on a button, and the line that it stands for."""

    label: str
    line: str
    place: Place = Place.BELOW


Keyboard = tuple[tuple[Button, ...], ...]
"""Buttons in rows, from the top."""

NO_BUTTONS: Keyboard = ()


def in_rows(buttons: Sequence[Button], wide: int) -> Keyboard:
    """`buttons` in rows of at most `wide`."""
    return tuple(tuple(buttons[start : start + wide]) for start in range(0, len(buttons), wide))


def dump(keyboard: Keyboard) -> list[list[list[str]]]:
    """A keyboard as a document."""
    return [[[each.label, each.line, each.place.value] for each in row] for row in keyboard]


def load(document: Sequence[Sequence[Sequence[str]]] | None) -> Keyboard:
    """A keyboard from its document; None has no buttons."""
    return tuple(tuple(Button(label, line, Place(place)) for label, line, place in row) for row in document or ())
