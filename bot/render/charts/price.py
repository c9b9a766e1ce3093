"""An instrument: its close with the record before it, the alerts that fired, and how far it was below its record."""

from __future__ import annotations

import numpy as np

from bot.answers import Flag, PricePicture
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
from rules.bars import Bools, Floats
from rules.functions.registry import Unit

_CURVE, _STRIP, _GAP, _BELOW = 400, 46, 20, 150
"""Pixels of height: the price, the alerts, between panels, the drawdown."""


def sheet(picture: PricePicture, palette: Palette) -> Sheet:
    """The price, a strip of alerts, the drawdown over the same sessions, and what the signs mean."""
    title = f"{picture.instrument}: the last {len(picture.sessions):,} closes"
    if not len(picture.sessions):
        return nothing(title, "no price yet", palette, simulated=picture.simulated)
    close, record = drawable(picture.close, LEAST_PRICE), drawable(picture.record, LEAST_PRICE)
    board = Sheet(
        title,
        as_of(picture.sessions, picture.clock, picture.origins[:1], simulated=picture.simulated),
        _counts(picture, close, record),
        palette=palette,
        body=_CURVE + _GAP + _STRIP + _GAP + _BELOW + DATES + LINE,
        simulated=picture.simulated,
    )
    _draw_price(board, picture, close, record)
    below = board.top + _CURVE + _GAP
    _draw_flags(board, picture, below)
    _draw_drawdown(board, picture, below + _STRIP + _GAP)
    legend(board, below + _STRIP + _GAP + _BELOW + DATES, _entries(picture, record, palette))
    return board


def _is_record(close: Floats, record: Floats) -> Bools:
    above: Bools = close > record
    return above


def _counts(picture: PricePicture, close: Floats, record: Floats) -> str:
    """What is to be counted on the picture, and what is missing from it."""
    told = [counted(int(_is_record(close, record).sum()), "record"), counted(len(picture.flags), "alert")]
    half, gaps = int(picture.half_day.sum()), int(np.isnan(close).sum())
    told += [f"{half} half day{'s' * (half != 1)}"] * bool(half) + [f"{gaps} missing"] * bool(gaps)
    return ", ".join([*told, *(["log scale"] if is_wide(close) else [])])


def _draw_price(board: Sheet, picture: PricePicture, close: Floats, record: Floats) -> None:
    palette = board.palette
    axes = frame(board, board.top, _CURVE, len(close))
    if not fit(axes, [close, _near(record, close)], Unit.PRICE):
        board.write(*board.spot(axes, len(close) / 2 - 0.5, 0.5), f"no price of {picture.instrument}", align="center")
        return
    rule_off(board, axes, Unit.PRICE)
    steps = axes.plot(_near(record, close), color=palette.quiet, linewidth=3, drawstyle="steps-mid", gid="record")
    steps[0].set_zorder(1)
    curve(axes, close, palette.blue, "close")
    rows = np.flatnonzero(_is_record(close, record))
    axes.plot(rows, close[rows], "o", color=palette.green, markersize=11, gid="record days", zorder=3)
    write_last(board, axes, float(close[-1]), Unit.PRICE, [picture.instrument], palette.blue)


def _near(record: Floats, close: Floats) -> Floats:
    """The record as far as it is on the scale of the closes: one far above them would press them flat."""
    known = close[np.isfinite(close)]
    if not len(known):
        return record
    spare = max(float(known.max() - known.min()), 0.02 * float(known.max()))
    return np.where(record <= known.max() + spare, record, np.nan)


def _draw_flags(board: Sheet, picture: PricePicture, top: float) -> None:
    """A stroke an alert: as high as it is loud, one's own with a diamond."""
    palette = board.palette
    axes = strip(board, top, _STRIP, len(picture.sessions))
    board.write(LEFT - 14, top + _STRIP / 2, "alerts", size=SMALL, align="right")
    for flag in picture.flags:
        height = 1.0 if flag.severity in LOUD else 0.55
        colour = _colour_of(flag, palette)
        axes.plot((flag.row, flag.row), (0, height), color=colour, linewidth=5, solid_capstyle="butt", gid="alert")
        if flag.own:
            axes.plot(flag.row, 0.62, "D", color=colour, markersize=17, gid="own")
    if not picture.flags:
        y = top + _STRIP / 2
        board.write(LEFT + PLOT / 2, y, "none in these sessions", size=SMALL, align="center", colour=palette.ink)


def _colour_of(flag: Flag, palette: Palette) -> str:
    if flag.own:
        return palette.green
    return palette.vermillion if flag.severity in LOUD else palette.blue


def _draw_drawdown(board: Sheet, picture: PricePicture, top: float) -> None:
    """How far below its record, hanging from 0."""
    palette = board.palette
    fallen = np.where((picture.drawdown >= 0) & (picture.drawdown <= 1), -picture.drawdown, np.nan)
    axes = frame(board, top, _BELOW, len(fallen))
    deepest = float(np.nanmin(fallen)) if np.isfinite(fallen).any() else 0.0
    axes.set_ylim(min(1.12 * deepest, -0.01), 0)
    rule_off(board, axes, Unit.PERCENT, [0.0])
    area = axes.fill_between(
        np.arange(len(fallen)), fallen, 0, where=np.isfinite(fallen), step="mid", color=palette.vermillion,
        linewidth=0, alpha=0.75,
    )  # fmt: skip
    area.set_gid("drawdown")
    write_last(board, axes, float(fallen[-1]), Unit.PERCENT, ["off record"], palette.ink)
    date_line(board, axes, top + _BELOW, picture.sessions)


def _entries(picture: PricePicture, record: Floats, palette: Palette) -> list[Entry]:
    """The signs that are on this picture."""
    drawn = bool(np.isfinite(_near(record, picture.close)).any())
    loud = any(flag.severity in LOUD and not flag.own for flag in picture.flags)
    quiet = any(flag.severity not in LOUD and not flag.own for flag in picture.flags)
    own = any(flag.own for flag in picture.flags)
    return [
        *([Entry("line", palette.quiet, "record")] if drawn else []),
        *([Entry("dot", palette.green, "new record")] if bool(_is_record(picture.close, record).any()) else []),
        *([Entry("bar", palette.vermillion, "high")] if loud else []),
        *([Entry("low bar", palette.blue, "notice")] if quiet else []),
        *([Entry("diamond", palette.green, "yours")] if own else []),
    ]
