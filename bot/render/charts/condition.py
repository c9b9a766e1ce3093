"""A rule: the values it compares with what they are held against, where it fired, and the course of its alert."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from bot.answers import AlertCourse, ConditionPicture, Curve, Level
from bot.render.charts.frame import (
    BESIDE,
    DATES,
    LEFT,
    PLOT,
    curve,
    date_line,
    drawable,
    fit,
    frame,
    ground,
    on_scale,
    rule_off,
    strip,
    write_last,
)
from bot.render.charts.legend import Entry, Sign, legend
from bot.render.charts.palette import Palette
from bot.render.charts.sessions import as_of
from bot.render.charts.style import DASHES, LINE, MARGIN, SMALL, WIDTH, Sheet, nothing
from rules.bars import Floats

_HEIGHTS = {1: 420, 2: 250, 3: 190}
"""Pixels of a curve, by how many there are."""
_HEAD, _GAP, _STRIP = 54, 14, 46
_DOTS = (0, (1, 1))
"""Of the level at which an alert ends: it shall not be told by its colour alone."""


def sheet(picture: ConditionPicture, palette: Palette) -> Sheet:
    """A panel a curve, the dates, a strip of where the alert stood, and what the signs mean."""
    if not len(picture.sessions):
        return nothing(picture.title, "no session yet", palette, simulated=picture.simulated)
    height = _HEIGHTS[len(picture.curves)]
    each = _HEAD + height + _GAP
    board = Sheet(
        picture.title,
        as_of(picture.sessions, picture.clock, _source(picture), simulated=picture.simulated),
        f"{picture.rule}: {picture.stands}{f' · {picture.untold} more not shown' if picture.untold else ''}",
        palette=palette,
        body=len(picture.curves) * each + (_STRIP + LINE) * (picture.course is not None) + DATES,
        simulated=picture.simulated,
    )
    for index, shown in enumerate(picture.curves):
        _draw_curve(board, picture, shown, board.top + index * each, height)
    below = board.top + len(picture.curves) * each
    if picture.course is not None:
        _draw_course(board, picture.course, below)
        below += _STRIP
    axes = frame(board, below - 1, 1, len(picture.sessions))
    date_line(board, axes, below, picture.sessions)
    legend(board, below + DATES, _entries(picture, palette))
    return board


def _source(picture: ConditionPicture) -> list[str]:
    return [", ".join(picture.origins)] if picture.origins else []


def _draw_curve(board: Sheet, picture: ConditionPicture, shown: Curve, top: float, height: float) -> None:
    """The value with its levels, on the sessions on which the alert fired or was pending."""
    palette, values = board.palette, drawable(shown.values)
    board.write(MARGIN, top + _HEAD / 2, _heading(shown, _verb(picture)), size=SMALL, bold=True)
    axes = frame(board, top + _HEAD, height, len(values))
    other = [] if shown.other is None else [drawable(shown.other)]
    levels = sorted({level.value for level in shown.levels})
    fits = fit(axes, [values, *other], shown.unit, levels)
    if picture.course is not None:
        ground(axes, picture.course.firing, palette.faint, "firing")
    if not fits or not np.isfinite(values).any():
        middle = top + _HEAD + height / 2
        board.write(LEFT + PLOT / 2, middle, "unknown in all sessions shown", size=SMALL, align="center", room=PLOT)
        return
    rule_off(board, axes, shown.unit, levels)
    for level in shown.levels:
        colour, style = (palette.green, _DOTS) if level.clears else (palette.vermillion, DASHES)
        axes.axhline(level.value, color=colour, linewidth=4, linestyle=style, zorder=1, gid="level")
    for each in other:
        curve(axes, each, palette.quiet, "other", dashed=True)
    curve(axes, values, palette.blue, "value")
    if picture.course is not None:
        _draw_moves(axes, picture.course, values, palette)
    write_last(board, axes, float(values[-1]), shown.unit, [], palette.blue)


def _verb(picture: ConditionPicture) -> str:
    """One level that is reached makes a rule fire; of several each is needed, or perhaps is."""
    ways = sum(not level.clears for each in picture.curves for level in each.levels)
    ways += sum(each.other is not None and not each.clears for each in picture.curves)
    return "fires" if ways == 1 and not picture.untold else "needs"


def _heading(shown: Curve, verb: str) -> str:
    """The words of the value, and how it has to stand to what."""
    told = [f"{verb} {_stands_to(level, shown.unit)}" for level in shown.levels if not level.clears]
    told += [f"clears {_stands_to(level, shown.unit)}" for level in shown.levels if level.clears]
    if shown.other is not None:
        told.append(f"{'clears' if shown.clears else verb} {shown.relation} {shown.other_words}")
    return f"{shown.words}{': ' if told else ''}{', '.join(told)}"


def _stands_to(level: Level, unit: str) -> str:
    return f"{level.relation} {on_scale(level.value, unit)}"


def _draw_moves(axes: Axes, course: AlertCourse, values: Floats, palette: Palette) -> None:
    """Where the alert fired, and where it was over."""
    for rows, sign, colour, gid in (
        (course.fired, "^", palette.vermillion, "fired"),
        (course.resolved, "v", palette.green, "resolved"),
    ):
        axes.plot(
            rows, values[rows], sign, color=colour, markersize=19, markeredgecolor=palette.paper, markeredgewidth=2,
            gid=gid, zorder=4, clip_on=False,
        )  # fmt: skip


def _draw_course(board: Sheet, course: AlertCourse, top: float) -> None:
    """Full where it fired, half as high where it was pending, hatched where nothing was known."""
    palette = board.palette
    axes = strip(board, top, _STRIP, len(course.firing))
    board.write(LEFT - 14, top + _STRIP / 2, "alert", size=SMALL, align="right")
    ground(axes, course.firing, palette.vermillion, "strip firing")
    ground(axes, course.pending, palette.blue, "strip pending", (0.0, 0.5))
    ground(axes, course.unknown, palette.hatch, "strip unknown", (0.8, 1.0))
    told = f"fired {len(course.fired)}x" if len(course.fired) else "never fired"
    board.write(LEFT + PLOT + BESIDE, top + _STRIP / 2, told, size=SMALL, room=WIDTH - MARGIN - LEFT - PLOT - BESIDE)


def _entries(picture: ConditionPicture, palette: Palette) -> list[Entry]:
    """The signs that are on this picture; what the dashes are, the headings say."""
    course = picture.course
    if course is None:
        return []
    return [
        *_if(len(course.fired) > 0, "up", palette.vermillion, "fired"),
        *_if(len(course.resolved) > 0, "down", palette.green, "over"),
        *_if(bool(course.firing.any()), "bar", palette.vermillion, "firing"),
        *_if(bool(course.pending.any()), "low bar", palette.blue, "pending"),
        *_if(bool(course.unknown.any()), "low bar", palette.hatch, "unknown"),
    ]


def _if(shown: bool, sign: Sign, colour: str, word: str) -> list[Entry]:
    return [Entry(sign, colour, word)] if shown else []
