"""One instrument against the others: a line each, its r as a point on its 90 % interval."""

from __future__ import annotations

from matplotlib.axes import Axes

from bot.answers import Against, CorrelationList
from bot.render.charts.palette import Palette
from bot.render.charts.style import (
    BODY,
    DASHES,
    LINE,
    MARGIN,
    SMALL,
    WIDTH,
    Sheet,
    nothing,
)
from bot.render.charts.words import earlier, scale, spread, width
from bot.render.numbers import closing, correlation, counted, probability

_ROW, _HEAD = 63, 54
_MOST = 120
"""Lines: with them a sheet is within what Telegram takes, 10,000 pixels of width and height together."""
_R, _P = 140, 124
"""Pixels of the columns at the right."""
_LONGEST_NAME = 280


def sheet(picture: CorrelationList, palette: Palette) -> Sheet:
    """A head with the scale, a line an instrument, and who is as of an earlier session."""
    if not picture.lines:
        return nothing(f"{picture.a} against the others", "no pair", palette, simulated=picture.simulated)
    lines = picture.lines[:_MOST]
    notes = earlier({line.b: line.as_of for line in picture.lines if line.as_of != picture.as_of})
    if len(lines) < len(picture.lines):
        notes.append(f"The first {_MOST} of {len(picture.lines)} are shown")
    board = Sheet(
        f"{picture.a} against {counted(len(picture.lines), 'other')}",
        f"Correlation of {picture.window} returns, 90% interval",
        closing(picture.as_of, picture.clock),
        palette=palette,
        body=_HEAD + _ROW * len(lines) + LINE * len(notes),
        simulated=picture.simulated,
    )
    left = MARGIN + min(_LONGEST_NAME, max(width(line.b, BODY, bold=True) for line in lines)) + 30
    axes = board.axes(left, board.top + _HEAD, WIDTH - MARGIN - _R - _P - 20 - left, _ROW * len(lines))
    axes.set(xlim=(-1.03, 1.03), ylim=(len(lines), 0))
    _draw_head(board, axes, picture.level)
    for row, line in enumerate(lines):
        _draw_line(board, axes, row, line)
    for index, note in enumerate(notes):
        y = board.top + _HEAD + _ROW * len(lines) + LINE * (index + 0.6)
        board.write(MARGIN, y, note, size=SMALL, colour=board.palette.quiet)
    return board


def _draw_head(board: Sheet, axes: Axes, level: float) -> None:
    axes.axvline(0, color=board.palette.quiet, linewidth=3, zorder=1)
    axes.axvline(level, color=board.palette.quiet, linewidth=3, linestyle=DASHES, zorder=1, gid="level")
    values, y = sorted({-1.0, 0.0, level, 1.0}), board.top + _HEAD / 2
    places = spread([board.spot(axes, value, 0)[0] for value in values], 1.6 * SMALL)
    for value, x in zip(values, places, strict=True):
        board.write(x, y, scale(value), size=SMALL, align="center")
    board.write(WIDTH - MARGIN - _P, y, "r", size=SMALL, align="right")
    board.write(WIDTH - MARGIN, y, f"P ≥ {scale(level)}", size=SMALL, align="right", room=_P)


def _draw_line(board: Sheet, axes: Axes, row: int, line: Against) -> None:
    palette, middle = board.palette, row + 0.5
    colour = palette.quiet if line.r is None else palette.ink
    if row % 2 == 0:
        axes.axhspan(row, row + 1, color=palette.faint, alpha=0.5, linewidth=0, zorder=0)
    if line.ci90 is not None:
        ends = axes.plot(line.ci90, (middle, middle), color=palette.blue, linewidth=9, alpha=0.5, gid="interval")
        ends[0].set_solid_capstyle("butt")
    if line.r is not None:
        axes.plot(line.r, middle, "o", color=palette.blue, markersize=24, clip_on=False, gid="r")
    y = board.spot(axes, 0, middle)[1]
    board.write(MARGIN, y, line.b, bold=True, colour=colour, room=_LONGEST_NAME)
    board.write(WIDTH - MARGIN - _P, y, correlation(line.r), bold=True, colour=colour, align="right", room=_R)
    board.write(WIDTH - MARGIN, y, probability(line.p_above), colour=colour, align="right", room=_P)
