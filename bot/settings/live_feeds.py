"""The live feeds that an instrument may have a symbol of: the files of `bot/feeds`. A new one is named nowhere else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

FEEDS = Path(__file__).resolve().parent.parent / "feeds"
NOT_LIVE = {"contract", "files", "simulated"}
"""What every feed promises, and those that answer from what they once read or drew."""


@cache
def live_feeds() -> tuple[str, ...]:
    """Their names. Nothing of them is loaded: a source's library may be large."""
    names = {path.stem for path in FEEDS.glob("[!_]*.py")}
    return tuple(sorted(names - NOT_LIVE))


def _live(name: str) -> str:
    if name not in live_feeds():
        *others, last = map(repr, live_feeds())
        raise PydanticCustomError("enum", "no live feed", {"expected": f"{', '.join(others)} or {last}"})
    return name


SourceFeed = Annotated[str, AfterValidator(_live)]
