"""A rule's firings on the price of an instrument, and how what followed them is spread beside all sessions."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bot.answers.stats import OutcomePicture
from bot.render.charts.bands import band_entries, draw_bands
from bot.render.charts.frame import (
    BESIDE,
    DATES,
    LEAST_PRICE,
    LEFT,
    PLOT,
    ROOM,
    curve,
    date_line,
    drawable,
    fit,
    frame,
    is_wide,
    on_scale,
    rule_off,
    write_last,
)
from bot.render.charts.legend import Entry, legend
from bot.render.charts.palette import Palette
from bot.render.charts.sessions import as_of, date
from bot.render.charts.style import DASHES, LINE, MARGIN, SMALL, TITLE, Sheet, nothing
from bot.render.evidence import FINDINGS, ahead
from bot.render.numbers import counted, percent
from rules.bars import Floats, Ints
from rules.evidence import Finding
from rules.functions.registry import Unit
from rules.model import Label

_CURVE, _HEAD, _AFTER, _INTERVAL, _DAYS = 430, 66, 190, 34, 120
"""Pixels of height: the price, the heading of what followed, the firings, the interval, all sessions."""
_MARKS = 150
"""Firings; more would hide the price."""
_BINS = 44
_CUT = 0.004
"""The share of all sessions that is beyond the scale on either side: they are drawn at its ends."""
_WIDE = PLOT / _BINS


def sheet(picture: OutcomePicture, palette: Palette) -> Sheet:
    """The price with the firings, what followed them, and what followed all sessions on the same scale."""
    if not len(picture.sessions) or not len(picture.everyday):
        return nothing(picture.title, "nothing is known of its past", palette, simulated=picture.simulated)
    close = drawable(picture.close, LEAST_PRICE)
    board = Sheet(
        picture.title,
        as_of(picture.sessions, picture.clock, picture.origins[:1], simulated=picture.simulated),
        _counts(picture, close),
        palette=palette,
        body=_CURVE + DATES + _HEAD + _AFTER + _INTERVAL + _DAYS + DATES + LINE,
        simulated=picture.simulated,
    )
    _draw_price(board, picture, close)
    below = board.top + _CURVE + DATES
    _draw_outcomes(board, picture, below)
    legend(board, below + _HEAD + _AFTER + _INTERVAL + _DAYS + DATES, _entries(picture, palette))
    return board


def _counts(picture: OutcomePicture, close: Floats) -> str:
    """Since when, how often, on which scale."""
    count = len(picture.fired)
    often = f"fired {counted(count, 'time')}" if count else "never fired"
    parts = [f"Since {date(picture.sessions, 0).isoformat()}", often]
    return ", ".join([*parts, *["by closes"] * picture.by_closes, *["log scale"] * is_wide(close)])


def _draw_price(board: Sheet, picture: OutcomePicture, close: Floats) -> None:
    palette = board.palette
    axes = frame(board, board.top, _CURVE, len(close))
    draw_bands(axes, picture.labels, palette)
    if not fit(axes, [close], Unit.PRICE):
        board.write(*board.spot(axes, len(close) / 2 - 0.5, 0.5), "no price is known", align="center", room=PLOT)
        return
    rule_off(board, axes, Unit.PRICE)
    curve(axes, close, palette.ink, "close")
    _draw_fired(axes, picture.fired, close, palette)
    write_last(board, axes, float(close[-1]), Unit.PRICE, [picture.outcome.instrument], palette.ink)
    date_line(board, axes, board.top + _CURVE, picture.sessions)


def _draw_fired(axes: Axes, fired: Ints, close: Floats, palette: Palette) -> None:
    """A mark a firing on the price; a stroke beneath it where marks would hide it."""
    if len(fired) > _MARKS:
        thick, under = max(0.6, min(3.0, PLOT / (2 * len(fired)))), axes.get_xaxis_transform()
        strokes = axes.vlines(fired, 0, 0.06, transform=under, color=palette.vermillion, linewidth=thick)
        strokes.set(gid="fired", zorder=4)
        return
    rows = fired[np.isfinite(close[fired])]
    axes.plot(
        rows, close[rows], "^", color=palette.vermillion, markersize=21 if len(rows) <= 40 else 15,
        markeredgecolor=palette.paper, markeredgewidth=2, gid="fired", zorder=4, clip_on=False,
    )  # fmt: skip


def _draw_outcomes(board: Sheet, picture: OutcomePicture, top: float) -> None:
    """The returns after the firings above those after all sessions, with both medians."""
    palette, told = board.palette, picture.outcome
    finding = f": {FINDINGS[told.finding]}" if told.n else ""
    after = f"{told.instrument}, {ahead(told.horizon, picture.clock)}{finding}"
    board.write(MARGIN, top + _HEAD / 2, after, size=SMALL, bold=True)
    low, high = _reach(picture)
    edges = np.linspace(low, high, _BINS + 1)
    top += _HEAD
    _draw_scale(board, top, low, high, told.base.median)
    _draw_firings(board, _strip(board, top, _AFTER, low, high), _in_bins(picture.after, edges), edges)
    _draw_interval(board, picture, _strip(board, top + _AFTER, _INTERVAL, low, high))
    everyday, of_days = _strip(board, top + _AFTER + _INTERVAL, _DAYS, low, high), _in_bins(picture.everyday, edges)
    everyday.set_ylim(0, 1.05 * max(1, int(of_days.max())))
    everyday.stairs(of_days, edges, fill=True, color=palette.hatch, linewidth=0, zorder=1).set_gid("all days")
    claims = told.finding is not Finding.TOO_FEW
    _name(board, top + _AFTER / 2, "after it", told.median if claims else None, told.n, palette.warning)
    middle = top + _AFTER + _INTERVAL + _DAYS / 2
    _name(board, middle, "all days", told.base.median, told.base.n, palette.quiet)
    if not told.n:
        words = "never fired" if not len(picture.fired) else "not known yet"
        written = board.write(LEFT + PLOT / 2, top + _AFTER / 2, words, size=SMALL, align="center")
        written.set(bbox={"facecolor": palette.paper, "edgecolor": "none", "pad": 8}, zorder=5)  # lines run beneath it


def _reach(picture: OutcomePicture) -> tuple[float, float]:
    """The scale: nearly all sessions, every firing, the interval, and zero."""
    low, high = (float(each) for each in np.quantile(picture.everyday, (_CUT, 1 - _CUT)))
    others = [*picture.after.tolist(), picture.outcome.low, picture.outcome.high, 0.0]
    finite = [each for each in others if math.isfinite(each)]
    low, high = min(low, *finite), max(high, *finite)
    spare = max(0.02 * (high - low), 1e-6)
    return low - spare, high + spare


def _in_bins(values: Floats, edges: Floats) -> Ints:
    counts: Ints = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].astype(np.int64)
    return counts


def _strip(board: Sheet, top: float, height: float, low: float, high: float) -> Axes:
    axes = board.axes(LEFT, top, PLOT, height)
    axes.set(xlim=(low, high), ylim=(0, 1))
    return axes


def _draw_scale(board: Sheet, top: float, low: float, high: float, base: float) -> None:
    """Round returns through both, a line where nothing was won or lost, dashes at the median of all sessions."""
    height, palette = _AFTER + _INTERVAL + _DAYS, board.palette
    axes = _strip(board, top, height, low, high)
    for tick in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high):
        if low < tick < high:
            axes.axvline(tick, color=palette.quiet if abs(tick) < 1e-12 else palette.faint, linewidth=3, zorder=0)
            x, _ = board.spot(axes, tick, 0)
            words = on_scale(float(tick), Unit.PERCENT)
            board.write(x, top + height + DATES / 2 + 2, words, size=SMALL, align="center")
    above = _strip(board, top, height, low, high)
    above.set_zorder(3)
    above.axvline(base, color=palette.quiet, linewidth=4, linestyle=DASHES, gid="base")


def _draw_firings(board: Sheet, axes: Axes, counts: Ints, edges: Floats) -> None:
    """A dot a firing, piled up; bars where there are more than have room."""
    most, colour = int(counts.max()), board.palette.vermillion
    axes.set_ylim(0, _AFTER)
    if most * _WIDE > _AFTER:
        axes.stairs(counts * (0.95 * _AFTER / most), edges, fill=True, color=colour, linewidth=0).set_gid("after")
        return
    middles = (edges[:-1] + edges[1:]) / 2
    x = np.repeat(middles, counts)
    y = np.concatenate([np.arange(count) for count in counts.tolist()] or [np.empty(0)])
    axes.plot(x, (y + 0.5) * _WIDE, "o", color=colour, markersize=_WIDE - 2, markeredgewidth=0, gid="after", zorder=2)


def _draw_interval(board: Sheet, picture: OutcomePicture, axes: Axes) -> None:
    """Where the median of the firings is, and how far off it may be; nothing of fewer than may say anything."""
    told, palette = picture.outcome, board.palette
    axes.set_zorder(4)
    if told.finding is Finding.TOO_FEW:
        return
    ends = axes.plot((told.low, told.high), (0.5, 0.5), color=palette.vermillion, linewidth=12, alpha=0.45)
    ends[0].set(solid_capstyle="butt", gid="interval")
    axes.plot(
        told.median, 0.5, "D", color=palette.vermillion, markersize=20, markeredgecolor=palette.paper,
        markeredgewidth=3, gid="median",
    )  # fmt: skip


def _name(board: Sheet, y: float, name: str, median: float | None, count: int, colour: str) -> None:
    """What a strip is, at its left; at its right its median, where one may be told, and of how many."""
    board.write(LEFT - 14, y, name, size=SMALL, align="right", room=LEFT - 24)
    x = LEFT + PLOT + BESIDE
    if median is not None:
        board.write(x, y - 14, percent(median, signed=True), size=TITLE, bold=True, colour=colour, room=ROOM)
    board.write(x, y + 26 * (median is not None), f"n {count:,}", size=SMALL, room=ROOM)


def _entries(picture: OutcomePicture, palette: Palette) -> list[Entry]:
    """The signs that are on this picture."""
    claims, many = picture.outcome.finding is not Finding.TOO_FEW, len(picture.fired) > _MARKS
    return [
        *([Entry("bar" if many else "up", palette.vermillion, "fired")] if len(picture.fired) else []),
        *band_entries(picture.labels, palette, (Label.RISK_ON, Label.RISK_OFF)),
        *([Entry("diamond", palette.vermillion, "median, 90%")] if claims else []),
        Entry("dashes", palette.quiet, "median of all"),
    ]
