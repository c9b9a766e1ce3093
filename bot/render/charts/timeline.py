"""Alerts over the years: a price on bands of the regime, and where rules fired, on it or in lanes under it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from bot.answers import Lane, TimelinePicture
from bot.render.charts.bands import band_entries, draw_bands
from bot.render.charts.frame import (
    DATES,
    LEAST_PRICE,
    LEFT,
    PLOT,
    curve,
    date_line,
    drawable,
    fit,
    frame,
    is_wide,
    rule_off,
    strip,
    write_last,
)
from bot.render.charts.legend import Entry, legend
from bot.render.charts.palette import LOUD, Palette
from bot.render.charts.sessions import as_of
from bot.render.charts.style import LINE, SMALL, Sheet, nothing
from bot.render.numbers import counted
from rules.bars import Floats
from rules.functions.registry import Unit

_CURVE, _GAP, _LANE, _STRIP = 470, 18, 40, 26
"""Pixels of height: the price, to the first lane, a lane's words, its strip."""
_MANY = 60
"""Firings from which their signs are drawn small."""


def sheet(picture: TimelinePicture, palette: Palette) -> Sheet:
    """The price, the lanes where there is more than one, the dates, and what the signs mean."""
    if not len(picture.sessions):
        return nothing(picture.title, "no session yet", palette, simulated=picture.simulated)
    close = drawable(picture.close, LEAST_PRICE)
    lanes = picture.lanes if len(picture.lanes) > 1 else ()
    board = Sheet(
        picture.title,
        as_of(picture.sessions, picture.clock, picture.origins[:1], simulated=picture.simulated),
        _counts(picture, close),
        palette=palette,
        body=_CURVE + len(lanes) * (_LANE + _STRIP) + (_GAP if lanes else 0) + DATES + LINE,
        simulated=picture.simulated,
    )
    axes = _draw_price(board, picture, close)
    if axes is not None and not lanes:
        for lane in picture.lanes:
            _draw_firings(board, axes, lane, close)
    below = board.top + _CURVE
    for index, lane in enumerate(lanes):
        _draw_lane(board, picture, lane, below + _GAP + index * (_LANE + _STRIP))
    below += (_GAP if lanes else 0) + len(lanes) * (_LANE + _STRIP)
    date_line(board, frame(board, below - 1, 1, len(close)), below, picture.sessions)
    legend(board, below + DATES, _entries(picture, palette, in_lanes=bool(lanes)))
    return board


def _counts(picture: TimelinePicture, close: Floats) -> str:
    """How many alerts of how many rules in how many sessions."""
    fired = counted(sum(len(lane.fired) for lane in picture.lanes), "alert")
    rules = len(picture.lanes) + picture.untold
    of = f"{fired} of {counted(len(picture.lanes), 'rule')}" if rules > 1 else fired
    told = [f"{of} in {len(picture.sessions):,} closes"]
    told += [f"{counted(picture.untold, 'rule')} not shown"] * bool(picture.untold)
    return ", ".join([*told, *(["log scale"] if is_wide(close) else [])])


def _draw_price(board: Sheet, picture: TimelinePicture, close: Floats) -> Axes | None:
    """The price on the bands; None where there is none."""
    palette = board.palette
    axes = frame(board, board.top, _CURVE, len(close))
    draw_bands(axes, picture.labels, palette)
    if not fit(axes, [close], Unit.PRICE):
        y = board.top + _CURVE / 2
        board.write(LEFT + PLOT / 2, y, f"no price of {picture.instrument}", align="center", room=PLOT)
        return None
    rule_off(board, axes, Unit.PRICE)
    curve(axes, close, palette.ink, "close")
    write_last(board, axes, float(close[-1]), Unit.PRICE, [picture.instrument], palette.ink)
    return axes


def _draw_firings(board: Sheet, axes: Axes, lane: Lane, close: Floats) -> None:
    """A sign on the close of each firing; on the lower edge where that close is unknown."""
    palette = board.palette
    low, _ = axes.get_ylim()
    heights = np.where(np.isfinite(close[lane.fired]), close[lane.fired], low)
    axes.plot(
        lane.fired, heights, "^", color=_colour_of(lane, palette), markersize=20 if len(lane.fired) < _MANY else 13,
        markeredgecolor=palette.paper, markeredgewidth=2, gid="fired", zorder=4, clip_on=False,
    )  # fmt: skip


def _draw_lane(board: Sheet, picture: TimelinePicture, lane: Lane, top: float) -> None:
    """The rule's words with how often it fired, and a stroke a firing under them."""
    palette = board.palette
    often = f"{lane.words}: {len(lane.fired)}x"
    board.write(LEFT, top + _LANE / 2, often, size=SMALL, room=PLOT)
    axes = strip(board, top + _LANE, _STRIP, len(picture.sessions))
    axes.vlines(lane.fired, 0, 1, color=_colour_of(lane, palette), linewidth=4, gid="alert")


def _colour_of(lane: Lane, palette: Palette) -> str:
    return palette.vermillion if lane.severity in LOUD else palette.blue


def _entries(picture: TimelinePicture, palette: Palette, *, in_lanes: bool) -> list[Entry]:
    """The signs that are on this picture."""
    fired = [lane for lane in picture.lanes if len(lane.fired)]
    words = {True: "high", False: "notice"} if in_lanes else {True: "fired", False: "fired"}
    signs = [
        Entry("bar" if in_lanes else "up", _colour_of(lane, palette), words[lane.severity in LOUD]) for lane in fired
    ]
    return [*dict.fromkeys(signs), *band_entries(picture.labels, palette)]
