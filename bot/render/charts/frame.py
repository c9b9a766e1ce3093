"""Frames over sessions and what is drawn in them: curves with a scale at their left, strips, grounds, dates below.

The pictures of prices, of rules and of the regime are made of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from bot.render.charts.sessions import MOST_DATES, alone, dates, runs
from bot.render.charts.style import SMALL, TITLE, WIDTH, Sheet
from bot.render.charts.words import spread, width
from bot.render.numbers import UNDEFINED, by_unit, plain
from rules.bars import Bools, Floats
from rules.functions.registry import Unit
from rules.panel import Dates

LEFT, RIGHT, BESIDE = 154, 206, 24
"""Pixels beside a curve: for its scale, and for the value it ends at, so far beside it."""
PLOT, ROOM = WIDTH - LEFT - RIGHT, RIGHT - BESIDE - 18
DATES = 50
_THICK, _THIN = 5.0, 2.0
"""Of a curve, in pixels: a year is drawn thick, decades thin."""
_WIDE = 4.0
"""The greatest price over the least from which their scale is logarithmic: equal heights are equal returns."""
_TICKS = 5
MOST, LEAST_PRICE = 1e15, 1e-9
"""What can be drawn: beyond lie numbers that no scale can be made of."""


def frame(board: Sheet, top: float, height: float, sessions: int) -> Axes:
    """Axes over so many sessions; `height` in pixels."""
    axes = board.axes(LEFT, top, PLOT, height)
    axes.set(xlim=(-0.5, sessions - 0.5), ylim=(0, 1))
    return axes


def strip(board: Sheet, top: float, height: float, sessions: int) -> Axes:
    """Axes over so many sessions on a faint ground, for what happened on some of them."""
    axes = frame(board, top, height, sessions)
    axes.axhspan(0, 1, color=board.palette.faint, linewidth=0, zorder=0)
    return axes


def drawable(values: Floats, least: float = -MOST) -> Floats:
    """`values` with NaN for what is not finite, below `least`, or larger than anything that a market has to show."""
    return np.where((values >= least) & (values <= MOST), values, np.nan)


def is_wide(values: Floats) -> bool:
    """Whether prices are so far apart that their scale has to be logarithmic."""
    known = values[np.isfinite(values)]
    return bool(len(known)) and float(known.min()) > 0 and float(known.max()) > _WIDE * float(known.min())


def fit(axes: Axes, values: Sequence[Floats], unit: str, levels: Sequence[float] = ()) -> bool:
    """Give `axes` a scale on which all finite values and the levels lie; False where there is none of either."""
    finite = np.concatenate([each[np.isfinite(each)] for each in values] + [np.array(levels, dtype=np.float64)])
    if not len(finite):
        return False
    low, high = float(finite.min()), float(finite.max())
    if unit == Unit.PRICE and is_wide(finite):
        spare = (high / low) ** 0.06
        axes.set(yscale="log", ylim=(low / spare, high * spare))
        return True
    spare = max(0.08 * (high - low), 0.002 * max(abs(low), abs(high)), 1e-9)
    axes.set_ylim(low - spare, high + spare)
    return True


def rule_off(board: Sheet, axes: Axes, unit: str, levels: Sequence[float] = ()) -> None:
    """Faint lines across `axes` with their values at the left, and the levels among them."""
    (_, lowest), (_, highest) = (board.spot(axes, 0, end) for end in axes.get_ylim())
    values = set(levels)
    for tick in _ticks(axes):
        y = board.spot(axes, 0, tick)[1]
        beside = all(abs(y - board.spot(axes, 0, level)[1]) > SMALL for level in levels)
        if beside and highest <= y <= lowest - SMALL / 2:
            axes.axhline(tick, color=board.palette.faint, linewidth=3, zorder=0)
            values.add(tick)
    falling = sorted(values, reverse=True)
    heights = spread([board.spot(axes, 0, value)[1] for value in falling], SMALL)
    for value, height in zip(falling, heights, strict=True):
        board.write(LEFT - 14, height, on_scale(value, unit), size=SMALL, align="right", room=LEFT - 24)


def on_scale(value: float, unit: str) -> str:
    """A value of a scale, as short as it can be told: 2,500 of a price, 5% of a share."""
    if unit in (Unit.PERCENT, Unit.PROBABILITY):
        return f"{value * 100 + 0.0:.10g}%"
    if unit == Unit.PRICE or abs(value) >= 1e4:
        return f"{value + 0.0:,.10g}"
    return f"{value + 0.0:.10g}".replace("0.", ".", 1) if unit == Unit.CORRELATION else f"{value + 0.0:.10g}"


def curve(axes: Axes, values: Floats, colour: str, gid: str, *, dashed: bool = False) -> None:
    """A line that breaks where nothing is known; what is known between gaps is a dot."""
    thick = min(_THICK, max(_THIN, 2_000 / max(1, len(values))))
    axes.plot(
        values, color=colour, linewidth=thick * (0.6 if dashed else 1), solid_joinstyle="round", gid=gid,
        linestyle=(0, (2, 1)) if dashed else "-",
    )  # fmt: skip
    lone = alone(np.isfinite(values))
    axes.plot(lone, values[lone], "o", color=colour, markersize=2 * thick, gid=f"{gid} alone")


def write_last(board: Sheet, axes: Axes, value: float, unit: str, names: Sequence[str], colour: str) -> None:
    """The value that a curve ends at, marked and written at the right, and under it of what it is."""
    bottom, top = axes.get_ylim()
    known = math.isfinite(value)
    x, y = board.spot(axes, axes.get_xlim()[1], value if known else math.sqrt(bottom * top) if bottom > 0 else bottom)
    _, low = board.spot(axes, 0, bottom)
    _, high = board.spot(axes, 0, top)
    y = min(max(y if known else (low + high) / 2, high + TITLE / 2), low - 36 * len(names))
    if known:
        axes.plot(axes.get_xlim()[1] - 0.5, value, "o", color=colour, markersize=15, clip_on=False, gid="last")
    told = by_unit(value, unit) if unit != Unit.NUMBER else plain(value)
    ink = board.palette.quiet if told == UNDEFINED else colour
    board.write(x + BESIDE, y, told, size=TITLE, bold=True, colour=ink, room=ROOM)
    for index, name in enumerate(names, start=1):
        board.write(x + BESIDE, y + 36 * index, name, size=SMALL, room=ROOM)


def date_line(
    board: Sheet, axes: Axes, below: float, sessions: Dates, *, most: int = MOST_DATES, height: float = DATES
) -> None:
    """Dates under `axes`, whose lower edge is at `below`: so many at most, on a line of that height."""
    for row, name in dates(sessions, most):
        x, _ = board.spot(axes, row, axes.get_ylim()[0])
        board.stroke((x, below), (x, below + 9), board.palette.quiet)
        half = width(name, SMALL) / 2
        x = min(max(x, half + 4), WIDTH - half - 4)
        board.write(x, below + height / 2 + 4, name, size=SMALL, align="center")


def ground(axes: Axes, on: Bools, colour: str, gid: str, reach: tuple[float, float] = (0.0, 1.0)) -> None:
    """A plain ground under the sessions on which something holds, over a share of the height of `axes`."""
    spans = [(first - 0.5, sessions) for first, sessions in runs(on)]
    low, high = reach
    axes.broken_barh(
        spans, (low, high - low), transform=axes.get_xaxis_transform(), color=colour, linewidth=1, zorder=0.2, gid=gid
    )


def _ticks(axes: Axes) -> list[float]:
    """Round values within the scale of `axes`."""
    bottom, top = axes.get_ylim()
    if axes.get_yscale() == "log":
        tries = [_decimal(bottom, top, subs) for subs in ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))]
        found = next((each for each in tries if len(each) >= _TICKS - 2), tries[-1])
        return found[:: max(1, -(-len(found) // _TICKS))]
    return [float(each) for each in MaxNLocator(_TICKS - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(bottom, top)]


def _decimal(bottom: float, top: float, subs: tuple[float, ...]) -> list[float]:
    """`subs` times the powers of ten, within a scale."""
    return [float(each) for each in LogLocator(10, subs=subs).tick_values(bottom, top) if bottom < each < top]
