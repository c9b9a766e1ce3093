"""Lines as wide as a phone: what fits is told, what does not is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

PHONE = 40
"""Columns that a line should not be wider than."""


def fitting(*parts: str) -> str:
    """The first of the parts, and of the others as many as fit a line beside it."""
    shown = 1
    while shown < len(parts) and len(", ".join(parts[: shown + 1])) <= PHONE:
        shown += 1
    return ", ".join(parts[:shown])


def some(names: Sequence[str], before: str = "") -> str:
    """`before`, then names as far as they fit a line, at least one, and how many more there are."""
    shown = len(names)
    while len(line := f"{before}{', '.join(names[:shown])}{_more(len(names) - shown)}") > PHONE and shown > 1:
        shown -= 1
    return line


def packed(parts: Iterable[str], wide: int = PHONE) -> list[str]:
    """The parts in lines, as many in each as fit; one that is too long has a line of its own."""
    lines: list[str] = []
    for part in parts:
        if lines and len(joined := f"{lines[-1]}, {part}") <= wide:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def clipped(text: str) -> str:
    """On one line, and no wider than a phone."""
    text = " ".join(text.split())
    return text if len(text) <= PHONE else f"{text[: PHONE - 3]}..."


def _more(count: int) -> str:
    return f" and {count} more" if count else ""
