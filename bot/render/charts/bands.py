"""The regime behind a price: a plain ground under the sessions of each state, and what each colour means."""

from __future__ import annotations

from collections.abc import Collection

from matplotlib.axes import Axes

from bot.render.charts.frame import ground
from bot.render.charts.legend import Entry
from bot.render.charts.palette import Palette
from rules.bars import Floats
from rules.model import Label
from rules.regime.filter import STATES

_WORDS = {Label.RISK_ON: "risk on", Label.NEUTRAL: "neutral", Label.RISK_OFF: "risk off"}


def draw_bands(axes: Axes, labels: Floats, palette: Palette) -> None:
    """`labels` are places in STATES, one a session; NaN where none is known."""
    for index, state in enumerate(STATES):
        ground(axes, labels == index, palette.states[state].band, f"band {state}")


def band_entries(labels: Floats, palette: Palette, told: Collection[Label] = STATES) -> list[Entry]:
    """The states of `told` that are on a picture."""
    return [
        Entry("bar", palette.states[state].band, _WORDS[state])
        for index, state in enumerate(STATES)
        if state in told and bool((labels == index).any())
    ]
