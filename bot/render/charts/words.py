"""Words on pictures: in which font, how wide they are, how they are fitted, and forms shorter than in texts."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap

import matplotlib
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import FT2Font

DPI = 72
"""At which a point is a pixel: sizes of fonts and lines are in pixels too."""

_FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")
_REGULAR, _BOLD = str(_FONTS / "DejaVuSans.ttf"), str(_FONTS / "DejaVuSans-Bold.ttf")
_NO_GLYPH = "\N{REPLACEMENT CHARACTER}"
_SPARE = 0.97
"""Letters are whole pixels wide: made smaller, words shrink a little less."""
_LONGEST = 200
"""Characters; more than any sheet is wide."""
_COLUMNS, _MOST_NOTES = 58, 4
"""Of what stands under a picture."""


def scale(value: float) -> str:
    """A value of a scale or a level, as short as traders write it: .6, -.5, 0, 1."""
    return f"{value + 0.0:g}".replace("0.", ".")


def earlier(late: Mapping[str, dt.date]) -> list[str]:
    """Lines that say whose last session is not the newest."""
    dates = sorted(set(late.values()), reverse=True)
    told = [f"{each.isoformat()}: {', '.join(name for name in late if late[name] == each)}" for each in dates]
    return wrap(f"Only as of {'; '.join(told)}", _COLUMNS, max_lines=_MOST_NOTES, placeholder=" …") if told else []


def fitted(words: str, size: float, room: float, *, bold: bool = False) -> tuple[str, float]:
    """`words` without what cannot be drawn, and the size at which they take at most `room` pixels.

    They are made smaller down to half of `size`, and then cut.
    """
    words = _drawable(words, bold)
    taken = width(words, size, bold=bold)
    if taken <= room:
        return words, size
    size *= max(_SPARE * room / taken, 1 / 2)
    if width(words, size, bold=bold) > room:
        fits = bisect_right(range(len(words)), room, key=lambda kept: width(f"{words[:kept]}…", size, bold=bold))
        words = f"{words[: max(0, fits - 1)]}…"
    return words, size


def width(words: str, size: float, *, bold: bool = False) -> float:
    """How many pixels `words` take in a line."""
    face = _face(bold)
    face.set_size(size, DPI)
    face.set_text(_drawable(words, bold))
    return face.get_width_height()[0] / 64


def spread(places: Sequence[float], gap: float, low: float = -math.inf, high: float = math.inf) -> list[float]:
    """Ascending places of labels, moved as little as puts them `gap` apart, all from `low` to `high` if they fit."""
    blocks: list[list[float]] = []
    for index, place in enumerate(places):
        blocks.append([place - index * gap])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    high -= (len(places) - 1) * gap
    levelled = [max(low, min(high, _mean(block))) for block in blocks for _ in block]
    return [place + index * gap for index, place in enumerate(levelled)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def font(size: float, *, bold: bool = False) -> FontProperties:
    """The font of `size` pixels, named by its file: so none is searched for."""
    return FontProperties(fname=_BOLD if bold else _REGULAR, size=size)


def _face(bold: bool) -> FT2Font:
    return get_font(_BOLD if bold else _REGULAR)


def _drawable(words: str, bold: bool) -> str:
    """One line of characters the font has, without the length that no sheet has room for."""
    known = _face(bold).get_char_index
    return "".join(" " if char.isspace() else char if known(ord(char)) else _NO_GLYPH for char in words[:_LONGEST])
