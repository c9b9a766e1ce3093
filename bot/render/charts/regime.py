"""The regime: the price on bands of the label, how probable each state was, and the label of twelve months."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bot.answers import RegimePicture
from bot.render.alerts import RISK_LINE
from bot.render.charts.frame import BESIDE, LEFT, PLOT, ROOM, date_line, frame
from bot.render.charts.palette import Palette
from bot.render.charts.sessions import alone, date, day, runs
from bot.render.charts.style import DASHES, LINE, MARGIN, SMALL, TITLE, WIDTH, Sheet, nothing
from bot.render.charts.words import scale, spread, width
from bot.render.numbers import UNDEFINED, closing, counted, price, probability
from rules.bars import Bools, Floats, Ints
from rules.model import XNYS, Label
from rules.panel import Dates
from rules.regime.filter import STATES
from rules.regime.label import OFF_ENTER, OFF_LEAVE, ON_ENTER, ON_LEAVE

THRESHOLDS = {Label.RISK_ON: (ON_ENTER, ON_LEAVE), Label.RISK_OFF: (OFF_ENTER, OFF_LEAVE)}
"""The probability at which a label is entered, and at which it is left."""

_HALF_YEAR, _YEAR = 126, 252
_FLAGS, _CURVE, _DATES = 62, 372, 56
_PANEL, _GAP = 104, 20
_HEAD, _STRIP = 56, 54
"""Pixels of height: dates of changes, price, dates; a probability, and below it; the strip's heading, the strip."""
_BELOW = _FLAGS + _CURVE + _DATES + len(STATES) * (_PANEL + _GAP)
"""Where the strip's heading begins."""
_THICK = 5.0
_APART = 16
"""Pixels between dates of changes."""


def sheet(picture: RegimePicture, palette: Palette) -> Sheet:
    """Half a year of prices and probabilities, and a strip of all sessions."""
    if not len(picture.sessions):
        return nothing("Regime", "no session yet", palette, simulated=picture.simulated)
    labels = _among_states(picture.labels)
    changes = _changes(labels)
    known = np.flatnonzero(~np.isnan(labels))
    label = STATES[int(labels[known[-1]])] if len(known) else None
    stale = label is not None and known[-1] < len(labels) - 1
    board = Sheet(
        f"Regime: {label or UNDEFINED}",
        f"{closing(picture.as_of, XNYS)} · {_since(picture, changes, len(known))}",
        palette=palette,
        body=_BELOW + _HEAD + _STRIP + _DATES + LINE,
        warning=f"no label after {date(picture.sessions, known[-1])}" if stale else "",
        simulated=picture.simulated,
    )
    if label is not None:
        board.edge(palette.states[label].area)
    _draw_half_year(board, picture, labels, changes)
    _draw_strip(board, picture, labels)
    board.write(MARGIN, board.top + _BELOW + _HEAD + _STRIP + _DATES + LINE / 2, RISK_LINE, size=SMALL)
    return board


def _among_states(labels: Floats) -> Floats:
    """`labels` with NaN for what is no state's index."""
    return np.where(np.isin(labels, range(len(STATES))), labels, np.nan)


def _changes(labels: Floats) -> Ints:
    """Rows on which the label is another than on the last row that had one."""
    known = np.flatnonzero(~np.isnan(labels))
    rows: Ints = known[1:][np.diff(labels[known]) != 0]
    return rows


def _since(picture: RegimePicture, changes: Ints, known: int) -> str:
    if len(changes):
        return f"since {date(picture.sessions, changes[-1])}"
    return f"no change in {counted(known, 'session')}" if known else "undefined in all sessions shown"


def _draw_half_year(board: Sheet, picture: RegimePicture, labels: Floats, changes: Ints) -> None:
    """The price and the probabilities over the same sessions, a line through all of them at each change."""
    first = max(0, len(labels) - _HALF_YEAR)
    sessions, labels, changes = picture.sessions[first:], labels[first:], changes[changes >= first] - first
    top = board.top + _FLAGS
    price_axes = frame(board, top, _CURVE, len(sessions))
    _draw_bands(board, price_axes, labels)
    _draw_price(board, price_axes, _prices(picture.close[first:]), picture.instrument)
    _draw_changes(board, price_axes, sessions, labels, changes)
    date_line(board, price_axes, top + _CURVE, sessions, height=_DATES)
    for index, state in enumerate(STATES):
        axes = frame(board, top + _CURVE + _DATES + index * (_PANEL + _GAP), _PANEL, len(sessions))
        _draw_probability(board, axes, state, _shares(picture.p[first:, index]))
        for row in changes:
            axes.axvline(row - 0.5, color=board.palette.ink, linewidth=2, zorder=3)


def _prices(close: Floats) -> Floats:
    """`close` with NaN for what no price can be."""
    return np.where(np.isfinite(close) & (close > 0), close, np.nan)


def _shares(p: Floats) -> Floats:
    """`p` with NaN for what no probability can be."""
    return np.where((p >= 0) & (p <= 1), p, np.nan)


def _draw_bands(board: Sheet, axes: Axes, labels: Floats) -> None:
    """Over the height of `axes`, none where there is no label."""
    for index, state in enumerate(STATES):
        _fill(axes, labels == index, board.palette.states[state].band, f"band {state}")


def _fill(axes: Axes, on: Bools, colour: str, gid: str) -> None:
    """A plain ground under the sessions on which something holds."""
    spans = [(first - 0.5, sessions) for first, sessions in runs(on)]
    axes.broken_barh(spans, (0, 1), transform=axes.get_xaxis_transform(), color=colour, linewidth=0, zorder=0, gid=gid)


def _draw_price(board: Sheet, axes: Axes, close: Floats, name: str) -> None:
    palette = board.palette
    known = np.isfinite(close)
    if not known.any():
        board.write(*board.spot(axes, len(close) / 2 - 0.5, 0.5), f"no price of {name}", align="center", room=PLOT)
        return
    low, high = float(np.nanmin(close)), float(np.nanmax(close))
    spare = max(0.08 * (high - low), 0.002 * high)
    bottom, top = low - spare, high + spare
    axes.set_ylim(bottom, top)
    for tick in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(bottom, top):
        if bottom < tick < top:
            axes.axhline(tick, color=palette.paper, linewidth=3, zorder=0.5)
            y = board.spot(axes, 0, tick)[1]
            board.write(LEFT - 14, y, f"{tick:,.10g}", size=SMALL, align="right", room=LEFT - 24)
    axes.plot(close, color=palette.ink, linewidth=_THICK, solid_joinstyle="round", gid="close")
    lone = alone(known)
    axes.plot(lone, close[lone], "o", color=palette.ink, markersize=2 * _THICK, gid="close alone")
    last = float(close[-1])
    axes.plot(len(close) - 1, last, "o", color=palette.ink, markersize=3 * _THICK, clip_on=False, gid="last")
    x, y = board.spot(axes, axes.get_xlim()[1], last if math.isfinite(last) else (low + high) / 2)
    _write_last(board, x, y, price(last), name, palette.ink)


def _write_last(board: Sheet, x: float, y: float, value: str, name: str, colour: str) -> None:
    """The value a curve ends at, and under it of what."""
    colour = board.palette.quiet if value == UNDEFINED else colour
    board.write(x + BESIDE, y, value, size=TITLE, bold=True, colour=colour, room=ROOM)
    board.write(x + BESIDE, y + 38, name, size=SMALL, room=ROOM)


def _draw_changes(board: Sheet, axes: Axes, sessions: Dates, labels: Floats, changes: Ints) -> None:
    """A line where each label begins, and the dates of the last ones: as many as there is room for."""
    top = board.top + _FLAGS
    colours = [board.palette.states[STATES[int(labels[row])]].words for row in changes]
    starts = [board.spot(axes, row - 0.5, 0)[0] for row in changes]
    for start, colour in zip(starts, colours, strict=True):
        board.stroke((start, top), (start, top + _CURVE), colour, gid="change")
    names = [day(sessions, row) for row in changes]
    wide = max((width(name, SMALL, bold=True) for name in names), default=0.0)
    low, high = LEFT, WIDTH - MARGIN - wide / 2
    most = 1 + int((high - low) / (wide + _APART))
    names, starts, colours = names[-most:], starts[-most:], colours[-most:]
    places = spread(starts, wide + _APART, low, high)
    for name, start, x, colour in zip(names, starts, places, colours, strict=True):
        board.write(x, board.top + SMALL / 2, name, size=SMALL, bold=True, colour=colour, align="center")
        board.stroke((x, board.top + SMALL + 4), (start, top), colour)


def _draw_probability(board: Sheet, axes: Axes, state: Label, p: Floats) -> None:
    """An area a state, dashes where its label is entered and left."""
    palette, shades = board.palette, board.palette.states[state]
    _fill(axes, np.isfinite(p), palette.states[Label.NEUTRAL].band, f"known {state}")
    area = axes.stairs(p, np.arange(len(p) + 1) - 0.5, fill=True, color=shades.area, linewidth=0)
    area.set_gid(f"p {state}")
    for word, level in zip(("enter", "leave"), THRESHOLDS.get(state, ()), strict=False):
        axes.axhline(level, color=palette.ink, linewidth=3, linestyle=DASHES, zorder=2, gid=f"{word} {state}")
        y = board.spot(axes, 0, level)[1]
        board.write(LEFT - 14, y, f"{word} {scale(level)}", size=SMALL, align="right")
    x, y = board.spot(axes, axes.get_xlim()[1], 0.68)
    _write_last(board, x, y, probability(float(p[-1])), state, shades.words)


def _draw_strip(board: Sheet, picture: RegimePicture, labels: Floats) -> None:
    """The label of all sessions, from one margin to the other."""
    count = len(labels)
    told = "Last 12 months" if count == _YEAR else f"Last {counted(count, 'session')}"
    board.write(MARGIN, board.top + _BELOW + _HEAD / 2, told, size=SMALL)
    top = board.top + _BELOW + _HEAD
    axes = board.axes(MARGIN, top, WIDTH - 2 * MARGIN, _STRIP)
    axes.set(xlim=(-0.5, count - 0.5), ylim=(0, 1))
    for index, state in enumerate(STATES):
        _fill(axes, labels == index, board.palette.states[state].area, f"strip {state}")
    date_line(board, axes, top + _STRIP, picture.sessions, most=13, height=_DATES)
