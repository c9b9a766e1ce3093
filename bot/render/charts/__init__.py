"""Answers about correlation as pictures for a phone. Values in, the bytes of a PNG out.

matplotlib is imported by the first picture: a service that is never asked for one does not pay for it.
"""

from __future__ import annotations

from bot.answers import CorrelationList, CorrelationMatrix, PairPicture, Picture
from bot.render.charts.library import ready, swept


def draw(picture: Picture) -> bytes:
    """`picture` as a PNG, 1080 pixels wide. The same values give the same bytes.

    One thread may draw at a time, any thread. A picture takes about 0.1 s, the first one the import on top.
    """
    ready()
    with swept():
        return _drawn(picture)


def _drawn(picture: Picture) -> bytes:
    from bot.render.charts import against, matrix, pair, style

    with style.settings():
        match picture:
            case PairPicture():
                return pair.sheet(picture).png()
            case CorrelationList():
                return against.sheet(picture).png()
            case CorrelationMatrix():
                return matrix.sheet(picture).png()
