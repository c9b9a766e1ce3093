"""Lines as wide as a phone: what fits is told, what does not is counted."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.render.plain import to_plain

PHONE = 40
"""Columns that a line should not be wider than."""

LINES = 12
"""Lines that an alert should not be longer than, as a phone breaks them."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of a message that stay together. One line `can_be_packed` with its neighbours; what `can_go` is left out
    where there is no room.
    """

    lines: tuple[str, ...]
    can_be_packed: bool = False
    can_go: bool = False


def height(lines: Iterable[str]) -> int:
    """How many lines of a phone they take, which breaks between words."""
    broken = (line for text in lines for line in to_plain(text).split("\n"))
    return sum(max(1, len(textwrap.wrap(line, PHONE))) for line in broken)


def fitted(blocks: Sequence[Block], room: int) -> list[str]:
    """Their lines. Where they take more than `room` those that can be are packed, then the last that can go are left
    out, as many as it takes.
    """
    kept = list(blocks)
    if _height(kept) > room:
        kept = _packed(kept)
    while _height(kept) > room and (loose := [index for index, each in enumerate(kept) if each.can_go]):
        del kept[loose[-1]]
    return [line for each in kept for line in each.lines]


def _height(blocks: Iterable[Block]) -> int:
    return height(line for each in blocks for line in each.lines)


def _packed(blocks: Iterable[Block]) -> list[Block]:
    """Neighbours of one line each in one, where that is no wider than a phone."""
    packed: list[Block] = []
    for block in blocks:
        last = packed[-1] if packed else None
        if last is not None and all(each.can_be_packed and len(each.lines) == 1 for each in (last, block)):
            joined = f"{last.lines[0]}, {block.lines[0]}"
            if len(to_plain(joined)) <= PHONE and last.can_go == block.can_go:
                packed[-1] = replace(last, lines=(joined,))
                continue
        packed.append(block)
    return packed


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
