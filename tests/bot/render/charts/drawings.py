"""What is drawn: looked up by name, read as words, or seen as pixels."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image

from bot.answers import (
    ConditionPicture,
    CorrelationList,
    CorrelationMatrix,
    OutcomePicture,
    PairPicture,
    Picture,
    PricePicture,
    RegimePicture,
    TimelinePicture,
)
from bot.answers.theme import Theme
from bot.render.charts import against, condition, draw, matrix, outcomes, pair, price, regime, timeline
from bot.render.charts.palette import PALETTES
from rules.bars import Floats
from tests.bot.render import pictures
from tests.bot.render.followed import outcome_picture

PHONE = 1080
EVERY: dict[str, Picture] = {
    "pair": pictures.pair(),
    "against": pictures.against(),
    "matrix": pictures.matrix(),
    "regime": pictures.regime(),
    "price": pictures.price(),
    "condition": pictures.condition(),
    "conditions": pictures.conditions(),
    "timeline": pictures.timeline(),
    "firings": pictures.timeline(lanes=1),
    "outcomes": outcome_picture(),
}


def figure(picture: Picture, theme: Theme = Theme.LIGHT) -> Figure:
    """What is drawn, before it becomes pixels."""
    palette = PALETTES[theme]
    match picture:
        case PairPicture():
            return pair.sheet(picture, palette).figure
        case CorrelationList():
            return against.sheet(picture, palette).figure
        case CorrelationMatrix():
            return matrix.sheet(picture, palette).figure
        case RegimePicture():
            return regime.sheet(picture, palette).figure
        case PricePicture():
            return price.sheet(picture, palette).figure
        case ConditionPicture():
            return condition.sheet(picture, palette).figure
        case TimelinePicture():
            return timeline.sheet(picture, palette).figure
        case OutcomePicture():
            return outcomes.sheet(picture, palette).figure


def words_of(kind: str) -> list[str]:
    """What can be read on one of EVERY."""
    return [text.get_text() for text in figure_of(kind).texts]


def words(picture: Picture) -> list[str]:
    """What can be read on a picture, in the order in which it was written."""
    return [text.get_text() for text in figure(picture).texts]


def all_drawn(picture: Picture, gid: str) -> list[Artist]:
    """Everything drawn under a name."""
    return figure(picture).findobj(lambda each: each.get_gid() == gid)


def drawn(picture: Picture, gid: str) -> Artist:
    """The one thing drawn under a name."""
    (found,) = all_drawn(picture, gid)
    return found


def line(picture: Picture, gid: str) -> tuple[Floats, Floats]:
    """x and y of the one line drawn under a name."""
    found = drawn(picture, gid)
    assert isinstance(found, Line2D)
    return np.asarray(found.get_xdata(), dtype=np.float64), np.asarray(found.get_ydata(), dtype=np.float64)


def pixels(picture: Picture, theme: Theme = Theme.LIGHT) -> NDArray[np.uint8]:
    """Height x width x red, green, blue."""
    return _decoded(draw(picture, theme))


def _decoded(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@cache
def picture_of(kind: str, theme: Theme = Theme.LIGHT) -> bytes:
    """One of EVERY, drawn once for all who look at it."""
    return draw(EVERY[kind], theme)


@cache
def seen(kind: str, theme: Theme = Theme.LIGHT) -> NDArray[np.uint8]:
    """The pixels of one of EVERY."""
    shown = _decoded(picture_of(kind, theme))
    shown.flags.writeable = False
    return shown


@cache
def figure_of(kind: str, theme: Theme = Theme.LIGHT) -> Figure:
    """One of EVERY before it becomes pixels, laid out once for all who read it and change nothing."""
    return figure(EVERY[kind], theme)


def count(picture: Picture, colour: str) -> int:
    """How many pixels have just this colour."""
    return int(np.equal(pixels(picture), tuple(bytes.fromhex(colour[1:]))).all(axis=2).sum())
