"""The rolling correlation of a pair: r with its interval, the levels, and where the pair was coupled at each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set

import numpy as np
from matplotlib.axes import Axes

from bot.answers import PairPicture
from bot.render.charts.palette import Palette
from bot.render.charts.sessions import alone, date, dates, runs
from bot.render.charts.style import (
    DASHES,
    SMALL,
    TITLE,
    WIDTH,
    Sheet,
    nothing,
    within,
)
from bot.render.charts.words import scale, spread
from bot.render.numbers import closing, correlation
from rules.bars import Bools, Floats
from rules.panel import Dates

_LEFT, _RIGHT, _BESIDE = 126, 206, 24
"""Pixels beside the curve: for the scale and the names of the strips, and for the last value, so far beside it."""
_PLOT = WIDTH - _LEFT - _RIGHT
_CURVE, _STRIP, _DATES = 440, 38, 50
_THICK, _THIN = 6.0, 2.5
"""Of the curve, in pixels: a year is drawn thick; in decades a thick line would hide its interval."""
_LEVELS = frozenset({0.5, 0.6, 0.7})
"""Dashed on every picture: what traders call coupled."""


def sheet(picture: PairPicture, palette: Palette) -> Sheet:
    """The curve, the dates under it, and a strip a level: none by UTC day, which the filter never looks at."""
    title = f"{picture.a} and {picture.b}: correlation of {picture.window} returns"
    if not len(picture.sessions):
        return nothing(title, "no session yet", palette, simulated=picture.simulated)
    coupled = {} if picture.approximate else picture.coupled
    strips = (1 + len(coupled)) * _STRIP if coupled else 0
    board = Sheet(
        title,
        f"{closing(date(picture.sessions, -1), picture.clock)} · 90% interval shaded",
        palette=palette,
        body=_CURVE + _DATES + strips,
        warning="approximate: by UTC day, not by close" if picture.approximate else "",
        simulated=picture.simulated,
    )
    _draw_curve(board, picture)
    if coupled:
        _draw_strips(board, board.top + _CURVE + _DATES, coupled)
    return board


def _draw_curve(board: Sheet, picture: PairPicture) -> None:
    palette = board.palette
    r, low, high = (within(each) for each in (picture.r, picture.low, picture.high))
    bottom = -1.0 if np.nanmin(np.concatenate(([-0.5], r, low))) < -0.5 else -0.5
    axes = board.axes(_LEFT, board.top, _PLOT, _CURVE)
    axes.set(xlim=(-0.5, len(r) - 0.5), ylim=(bottom - 0.04, 1.04))
    _draw_dates(board, axes, picture.sessions)
    levels = _LEVELS | picture.coupled.keys()
    _draw_scale(board, axes, {bottom, -0.5, 0.0, 1.0} | levels, levels)
    _draw_interval(axes, low, high, palette.sky)
    thick = min(_THICK, max(_THIN, 2_500 / len(r)))
    axes.plot(r, color=palette.blue, linewidth=thick, solid_capstyle="round", solid_joinstyle="round", gid="r")
    lone = alone(np.isfinite(r))
    axes.plot(lone, r[lone], "o", color=palette.blue, markersize=2 * thick, gid="r alone")
    _draw_last(board, axes, float(r[-1]), (float(low[-1]), float(high[-1])))
    if np.isnan(r).all():
        middle = board.spot(axes, len(r) / 2 - 0.5, 0.25)
        board.write(*middle, "undefined in all sessions shown", colour=palette.quiet, align="center", room=_PLOT)


def _draw_last(board: Sheet, axes: Axes, r: float, interval: tuple[float, float]) -> None:
    """The value the curve ends at, and its interval under it."""
    palette, room = board.palette, _RIGHT - _BESIDE - 10
    known = math.isfinite(r)
    edge = axes.get_xlim()[1]
    x, y = board.spot(axes, edge, r if known else 0)
    colour = palette.blue if known else palette.quiet
    board.write(x + _BESIDE, y, correlation(r), size=TITLE, bold=True, colour=colour, room=room)
    if known:
        axes.plot(edge - 0.5, r, "o", color=palette.blue, markersize=3 * _THICK, clip_on=False, gid="last")
    if known and all(map(math.isfinite, interval)):
        low, high = map(correlation, interval)
        for line, words in enumerate((low, f"to {high}"), start=1):
            board.write(x + _BESIDE, y + 4 + 38 * line, words, size=SMALL, colour=palette.quiet, room=room)


def _draw_interval(axes: Axes, low: Floats, high: Floats, colour: str) -> None:
    """A band, and a bar where it is of one session only."""
    known = np.isfinite(low) & np.isfinite(high)
    axes.fill_between(np.arange(len(low)), low, high, where=known, color=colour, alpha=0.5, linewidth=0, gid="interval")
    lone = alone(known)
    axes.vlines(lone, low[lone], high[lone], color=colour, alpha=0.5, linewidth=2 * _THICK)


def _draw_scale(board: Sheet, axes: Axes, values: Set[float], levels: Set[float]) -> None:
    """Values at the left, a line at 0, dashes at the levels."""
    for value in values - levels:
        axes.axhline(value, color=board.palette.faint, linewidth=3, zorder=0)
    axes.axhline(0, color=board.palette.quiet, linewidth=3, zorder=1)
    for level in levels:
        axes.axhline(level, color=board.palette.quiet, linewidth=3, linestyle=DASHES, zorder=1, gid="level")
    falling = sorted(values, reverse=True)
    heights = spread([board.spot(axes, 0, value)[1] for value in falling], SMALL)
    for value, height in zip(falling, heights, strict=True):
        board.write(_LEFT - 14, height, scale(value), size=SMALL, align="right")


def _draw_dates(board: Sheet, axes: Axes, sessions: Dates) -> None:
    below = board.top + _CURVE + _DATES / 2
    for index, label in dates(sessions):
        axes.axvline(index, color=board.palette.faint, linewidth=3, zorder=0)
        board.write(board.spot(axes, index, 0)[0], below, label, size=SMALL, align="center")


def _draw_strips(board: Sheet, top: float, coupled: Mapping[float, Bools]) -> None:
    """A strip a level, the highest first, filled where the pair was coupled."""
    when = "by level" if any(on.any() for on in coupled.values()) else "in none of these sessions"
    board.write(_LEFT, top + _STRIP / 2, f"Coupled, {when}", size=SMALL)
    levels = sorted(coupled, reverse=True)
    axes = board.axes(_LEFT, top + _STRIP, _PLOT, _STRIP * len(levels))
    axes.set(xlim=(-0.5, len(coupled[levels[0]]) - 0.5), ylim=(len(levels), 0))
    for row, level in enumerate(levels):
        axes.axhspan(row + 0.15, row + 0.85, color=board.palette.faint, linewidth=0)
        spans = [(first - 0.5, sessions) for first, sessions in runs(coupled[level])]
        filled = axes.broken_barh(spans, (row + 0.15, 0.7), color=board.palette.green, linewidth=1)
        filled.set_gid(f"coupled {scale(level)}")
        board.write(_LEFT - 14, top + _STRIP * (row + 1.5), f"≥ {scale(level)}", size=SMALL, align="right")
