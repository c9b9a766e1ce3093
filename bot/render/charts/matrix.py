"""Every pair of a basket: the lower triangle as a heat map with its numbers, the names on the diagonal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.patches import Rectangle

from bot.answers import CorrelationMatrix
from bot.render.charts.palette import Palette, ink_on
from bot.render.charts.style import (
    BODY,
    LINE,
    MARGIN,
    SMALL,
    WIDTH,
    Align,
    Sheet,
    nothing,
    within,
)
from bot.render.charts.words import earlier, scale, width
from bot.render.numbers import closing, correlation, counted
from rules.bars import Floats

_SIDE = WIDTH - 2 * MARGIN
_LEGEND, _BAR = 380, 30
"""Pixels the legend's bar is wide and high."""
_LARGEST_CELL = 168
_SMALLEST_NAME, _LARGEST_NAME, _LONGEST_NAME = 18, 40, 300


def sheet(picture: CorrelationMatrix, palette: Palette) -> Sheet:
    """The triangle, and who is as of an earlier session."""
    names = picture.instruments
    pairs = len(names) * (len(names) - 1) // 2
    title = f"{picture.basket}: {counted(pairs, 'pair')} of {counted(len(names), 'instrument')}"
    if not pairs:
        return nothing(title, "no pair", palette, simulated=picture.simulated)
    size = min(_LARGEST_NAME, max(_SMALLEST_NAME, 0.36 * _SIDE / len(names)))
    side = min(_LARGEST_CELL * len(names), _SIDE - _overhang(names, size))
    notes = earlier(picture.late)
    board = Sheet(
        title,
        f"Correlation of {picture.window} returns, average {correlation(picture.average)}",
        closing(picture.as_of, picture.clock),
        palette=palette,
        body=side + LINE * len(notes),
        simulated=picture.simulated,
    )
    axes = board.axes(MARGIN, board.top, side, side)
    axes.set(xlim=(0, len(names)), ylim=(len(names), 0))
    _draw_names(board, axes, names, size)
    _draw_cells(board, axes, _lower(picture.r))
    _draw_legend(board)
    for index, note in enumerate(notes):
        board.write(MARGIN, board.top + side + LINE * (index + 0.6), note, size=SMALL, colour=board.palette.quiet)
    return board


def _lower(r: Floats) -> Floats:
    """The pairs, NaN where there is none or it is undefined."""
    return within(np.where(np.tri(len(r), k=-1, dtype=bool), r, np.nan))


def _overhang(names: Sequence[str], size: float) -> float:
    """Pixels by which the last names are longer than the cells right of where they begin."""
    cell = _SIDE / len(names)
    over = [width(name, size, bold=True) - cell * (len(names) - row) for row, name in enumerate(names)]
    return min(_LONGEST_NAME, max(0.0, *over))


def _draw_names(board: Sheet, axes: Axes, names: Sequence[str], size: float) -> None:
    """Each in its cell of the diagonal, or from there on where it is longer: nothing stands right of it."""
    for row, name in enumerate(names):
        (left, y), (right, _) = board.spot(axes, row, row + 0.5), board.spot(axes, row + 1, row + 0.5)
        if width(name, size, bold=True) < right - left:
            board.write((left + right) / 2, y, name, size=size, bold=True, align="center")
        else:
            room = min(max(_LONGEST_NAME, right - left), WIDTH - MARGIN - left)
            board.write(left, y, name, size=size, bold=True, room=room)


def _draw_cells(board: Sheet, axes: Axes, r: Floats) -> None:
    """A colour and a number a pair; hatched where there is none."""
    palette, colours = board.palette, _colours(board.palette)
    count = len(r)
    gap = min(4.0, 60 / count)
    values = np.ma.masked_invalid(r)
    mesh = axes.pcolormesh(values, cmap=colours, vmin=-1, vmax=1, edgecolors=palette.paper, linewidth=gap)
    mesh.set_gid("r")
    cell = board.spot(axes, 1, 0)[0] - board.spot(axes, 0, 0)[0]
    for row in range(count):
        for column in range(row):
            value = float(r[row, column])
            if math.isnan(value):
                square = Rectangle((column, row), 1, 1, facecolor=palette.paper, edgecolor=palette.hatch, linewidth=gap)
                square.set_hatch("//")
                axes.add_patch(square)
            board.write(
                *board.spot(axes, column + 0.5, row + 0.5),
                correlation(value).replace("0.", "."),
                size=min(BODY, 0.34 * cell),
                colour=palette.quiet if math.isnan(value) else ink_on(to_hex(colours((value + 1) / 2))),
                align="center",
                room=0.94 * cell,
            )


def _colours(palette: Palette) -> LinearSegmentedColormap:
    """Of r from -1 to 1."""
    return LinearSegmentedColormap.from_list("correlation", [palette.blue, palette.paper, palette.vermillion])


def _draw_legend(board: Sheet) -> None:
    """The colours from -1 to 1, in the empty triangle."""
    left = WIDTH - MARGIN - _LEGEND
    axes = board.axes(left, board.top, _LEGEND, _BAR)
    axes.set(xlim=(-1, 1), ylim=(0, 1))
    values, colours = np.linspace(-1, 1, 100)[None], _colours(board.palette)
    axes.pcolormesh(np.linspace(-1, 1, 101), (0, 1), values, cmap=colours, vmin=-1, vmax=1)
    ends: tuple[tuple[float, Align], ...] = ((-1, "left"), (0, "center"), (1, "right"))
    for value, align in ends:
        x, _ = board.spot(axes, value, 0)
        board.write(x, board.top + _BAR + SMALL, scale(value), size=SMALL, align=align)
