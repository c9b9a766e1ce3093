"""Answers as pictures for a phone. Values and a theme in, the bytes of a PNG out.

matplotlib is imported by the first picture: a service that is never asked for one does not pay for it.
"""

from __future__ import annotations

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
from bot.render.charts.library import ready, swept
from bot.render.charts.palette import PALETTES, Palette


def draw(picture: Picture, theme: Theme = Theme.LIGHT) -> bytes:
    """`picture` as a PNG, 1080 pixels wide. The same values give the same bytes.

    One thread may draw at a time, any thread. A picture takes about 0.1 s, the first one the import on top.
    """
    ready()
    with swept():
        return _drawn(picture, PALETTES[theme])


def _drawn(picture: Picture, palette: Palette) -> bytes:
    from bot.render.charts import against, condition, matrix, outcomes, pair, price, regime, style, timeline

    with style.settings():
        match picture:
            case PairPicture():
                return pair.sheet(picture, palette).png()
            case CorrelationList():
                return against.sheet(picture, palette).png()
            case CorrelationMatrix():
                return matrix.sheet(picture, palette).png()
            case RegimePicture():
                return regime.sheet(picture, palette).png()
            case PricePicture():
                return price.sheet(picture, palette).png()
            case ConditionPicture():
                return condition.sheet(picture, palette).png()
            case OutcomePicture():
                return outcomes.sheet(picture, palette).png()
            case TimelinePicture():
                return timeline.sheet(picture, palette).png()
