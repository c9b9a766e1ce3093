"""Words beneath a picture: whether they fit, and what stands there of those that do not."""

from __future__ import annotations

from bot.render.alerts import SIMULATED_LINE
from bot.render.plain import units

LONGEST_CAPTION = 1_024
"""UTF-16 units of text beneath a picture, tags and escapes not counted."""


def fits(html: str) -> bool:
    """Whether all of it can stand beneath a picture."""
    return units(html) <= LONGEST_CAPTION


def headline(html: str) -> str:
    """The first line of a text, and that its prices are made up if they are; nothing if that is too long."""
    lines = html.strip().split("\n")
    first = "\n".join(lines[: 2 if lines[0] == SIMULATED_LINE else 1])
    return first if fits(first) else ""
