"""What all pictures share: a sheet measured in pixels, the sizes on it, and matplotlib's settings.

A phone shows 1080 pixels on about 400 points, so text of 13 points is 36 pixels. Telegram compresses what it is sent:
lines are thick and areas plain.
"""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from bot.render.alerts import SIMULATED
from bot.render.charts.palette import Palette
from bot.render.charts.words import DPI, fitted, font
from rules.bars import Floats

WIDTH, MARGIN = 1080, 36
STEP = 9
"""Heights are multiples of it, an eighth of an inch: so none loses a pixel to rounding."""
TITLE, BODY, SMALL = 44, 36, 30
LINE = 50
"""From one line of text to the next."""

_EDGE = 18
DASHES = (0, (4, 3))

Align = Literal["left", "center", "right"]


def settings() -> AbstractContextManager[None]:
    """matplotlib as it is shipped, whatever settings lie in the home or the working directory."""
    shipped = dict(matplotlib.rcParamsDefault)
    del shipped["backend"]
    return matplotlib.rc_context(shipped)


class Sheet:
    """A figure measured in pixels from its upper left corner: a heading, and `body` pixels from `top` on to draw on.

    `warning` is what nobody may overlook; `simulated` says across all of it that no such price was ever traded.
    """

    def __init__(
        self, title: str, *lines: str, palette: Palette, body: float, warning: str = "", simulated: bool = False
    ) -> None:
        self.palette = palette
        told = [(line, palette.quiet, False) for line in lines] + [(warning, palette.warning, True)] * bool(warning)
        self.top = MARGIN + TITLE + LINE * len(told) + BODY
        self.height = -int(-(self.top + body + MARGIN) // STEP) * STEP
        self.figure = Figure(figsize=(WIDTH / DPI, self.height / DPI), dpi=DPI, facecolor=palette.paper)
        self.write(MARGIN, MARGIN + TITLE / 2, title, size=TITLE, bold=True)
        for index, (line, colour, bold) in enumerate(told):
            self.write(MARGIN, MARGIN + TITLE + LINE * (index + 0.6), line, colour=colour, bold=bold)
        if simulated:
            self._stamp()

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """A frame to plot in, bare: what is to be read on it is written by `write`."""
        bottom = self.height - top - height
        axes = self.figure.add_axes(
            (left / WIDTH, bottom / self.height, width / WIDTH, height / self.height), frameon=False
        )
        axes.set_axis_off()
        return axes

    def edge(self, colour: str) -> None:
        """A bar along the upper edge: what is to be seen in a list of messages already."""
        below = (0, self.height - _EDGE)
        bar = Rectangle(below, WIDTH, _EDGE, color=colour, linewidth=0, transform=IdentityTransform(), gid="edge")
        self.figure.add_artist(bar)

    def stroke(self, start: tuple[float, float], end: tuple[float, float], colour: str, gid: str = "") -> None:
        """A line between two points of the sheet."""
        across, down = zip(start, end, strict=True)
        up = [self.height - y for y in down]
        line = Line2D(across, up, color=colour, linewidth=3, transform=IdentityTransform(), solid_capstyle="butt")
        line.set_gid(gid)
        self.figure.add_artist(line)

    def spot(self, axes: Axes, x: float, y: float) -> tuple[float, float]:
        """Where on the sheet a point of `axes` lies."""
        across, up = axes.transData.transform((x, y))
        return float(across), self.height - float(up)

    def write(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = BODY,
        bold: bool = False,
        colour: str | None = None,
        align: Align = "left",
        room: float = WIDTH - 2 * MARGIN,
    ) -> Text:
        """Words at (x, y), their middle at y, made smaller and then cut to take no more than `room`.

        They are in ink unless a colour is given.
        """
        words, size = fitted(words, size, room, bold=bold)
        return self.figure.text(
            x,
            self.height - y,
            words,
            color=colour or self.palette.ink,
            ha=align,
            va="center_baseline",
            fontproperties=font(size, bold=bold),
            parse_math=False,
            transform=IdentityTransform(),
        )

    def _stamp(self) -> None:
        """Slanting, as often as the sheet is high; a low sheet has room for a level one only."""
        slanting = self.height > 720
        size, times = (168, round(self.height / WIDTH)) if slanting else (min(150, self.height / 3), 1)
        for each in range(times):
            y = self.height * (each + 0.5) / times
            text = self.write(WIDTH / 2, y, SIMULATED, size=size, bold=True, align="center", room=2 * WIDTH)
            text.set(color=self.palette.vermillion, alpha=0.3, zorder=10)
            text.set(rotation=30 * slanting, rotation_mode="anchor")

    def png(self) -> bytes:
        """The sheet as a PNG."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", metadata={"Software": "Bellwether"})
        return out.getvalue()


def nothing(title: str, reason: str, palette: Palette, *, simulated: bool) -> Sheet:
    """A sheet that says why there is no picture."""
    return Sheet(title, f"Nothing to draw: {reason}", palette=palette, body=0, simulated=simulated)


def within(values: Floats) -> Floats:
    """`values` with NaN for what no correlation can be."""
    return np.where(np.abs(values) <= 1, values, np.nan)
