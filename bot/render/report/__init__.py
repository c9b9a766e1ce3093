"""What a replay found as one HTML page: it fetches nothing and needs no script; its pictures are in it.

jinja2 and what draws are imported by the first page.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.answers import TimelinePicture
from bot.answers.replay import Replay
from bot.render.alerts import SIMULATED
from bot.render.charts import draw
from bot.render.charts.packing import packed
from bot.render.chats import NO_ADVICE
from bot.render.numbers import instant
from bot.render.replay import period_words
from bot.render.report.sections import families
from bot.render.report.words import about, among, chances
from rules.model import Instant

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_SIZE_AT = 16
"""Where a PNG says how wide and high it is."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which prices a page is of, in words; what was said of them; and when it was made."""

    prices: str
    notes: tuple[str, ...]
    made_at: Instant


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture as a page holds it: all of it in its address, its size in pixels, and what it shows in words."""

    src: str
    width: int
    height: int
    alt: str


def page(
    replay: Replay,
    timelines: Sequence[TimelinePicture],
    of_rules: Mapping[str, TimelinePicture],
    origin: Origin,
    told: Callable[[int], None] = lambda _: None,
) -> str:
    """The page of a replay whose rules were looked at: `timelines` of whole assets at its head, the picture of each
    rule by its id. `told` takes how many pictures more are drawn.
    """

    def drawn(picture: TimelinePicture) -> Figure:
        found = _figure(picture)
        told(1)
        return found

    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            style=(_HERE / "style.css").read_text(encoding="utf-8"),
            period=period_words(replay),
            events=len(replay.events),
            prices=origin.prices,
            notes=origin.notes,
            made_at=instant(origin.made_at),
            simulated=SIMULATED if replay.simulated else "",
            advice=NO_ADVICE,
            chances=chances(replay.rules),
            among=among(replay.rules),
            timelines=[drawn(each) for each in timelines],
            families=families(replay.rules),
            figures={name: drawn(each) for name, each in of_rules.items()},
        )
    )


def _figure(picture: TimelinePicture) -> Figure:
    png = packed(draw(picture))
    width, height = struct.unpack(">II", png[_SIZE_AT : _SIZE_AT + 8])
    return Figure(f"data:image/png;base64,{base64.b64encode(png).decode()}", width, height, about(picture))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
