"""What the signs on a picture mean: a line of samples, each with its word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from bot.render.charts.style import LINE, MARGIN, SMALL, WIDTH, Sheet
from bot.render.charts.words import width

_SAMPLE, _APART, _GAP = 30, 12, 34
"""Pixels of a sample, beside it, and from one to the next."""

_SHORT_DASHES = (0, (2.4, 1.2))
"""Two of a sample's width, in widths of the line."""

Sign = Literal["dot", "diamond", "line", "dashes", "bar", "low bar", "up", "down"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A sign in a colour, and what it means."""

    sign: Sign
    colour: str
    word: str


def legend(board: Sheet, top: float, entries: Sequence[Entry]) -> None:
    """As many of `entries` as fit the line that begins at `top`."""
    axes = board.axes(0, top, WIDTH, LINE)
    axes.set(xlim=(0, WIDTH), ylim=(0, 1))
    x: float = MARGIN
    for each in entries:
        wide = width(each.word, SMALL)
        if x + _SAMPLE + _APART + wide > WIDTH - MARGIN:
            return
        _draw(axes, x, each)
        board.write(x + _SAMPLE + _APART, top + LINE / 2, each.word, size=SMALL)
        x += _SAMPLE + _APART + wide + _GAP


def _draw(axes: Axes, x: float, entry: Entry) -> None:
    middle, colour = x + _SAMPLE / 2, entry.colour
    match entry.sign:
        case "dot" | "diamond" | "up" | "down":
            axes.plot(
                middle,
                0.5,
                {"dot": "o", "diamond": "D", "up": "^", "down": "v"}[entry.sign],
                color=colour,
                markersize=20,
            )
        case "line":
            axes.plot((x, x + _SAMPLE), (0.5, 0.5), color=colour, linewidth=5)
        case "dashes":
            axes.plot((x, x + _SAMPLE), (0.5, 0.5), color=colour, linewidth=5, linestyle=_SHORT_DASHES)
        case "bar" | "low bar":
            axes.bar(middle, 0.6 if entry.sign == "bar" else 0.3, width=_SAMPLE * 0.5, bottom=0.2, color=colour)
