"""The tables [files.SOL_1h]: what a price file does not say of itself."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from bot.settings.fields import EARLIEST, Section
from rules.bars import VolumeUnit

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(r"[A-Z0-9]+(_adj)?_(1d|1h|5m)")


def file_name(word: str) -> str:
    """How a file is called whose name somebody wrote in capitals, or without: SOL_1h, HYG_adj_1d."""
    name, stroke, rest = word.partition("_")
    return name.upper() + stroke + rest.lower()


def _file_name(value: object) -> object:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise PydanticCustomError("form", "not the name of a price file")
    return value


def _day_of_change(value: object) -> object:
    """A key of TOML and of JSON is text. The words for one that is no date stand in bot.settings.words."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(ValueError):
            value = dt.date.fromisoformat(value)
    if not isinstance(value, dt.date) or value < EARLIEST:
        raise PydanticCustomError("no_date", "not a date")
    return value


FileName = Annotated[str, BeforeValidator(_file_name)]
Venue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")]
DayOfChange = Annotated[dt.date, BeforeValidator(_day_of_change)]


class FileSettings(Section):
    """What is so of every row of a file that does not say otherwise; its name, without its ending, is the table's.

    `venues` are further ones, each from a UTC date on.
    """

    volume_unit: VolumeUnit | None = None
    """What its volume counts: `base` (coins, shares), `quote` (money) or `none`."""
    venue: Venue | None = None
    """Who printed its rows."""
    venues: dict[DayOfChange, Venue] = Field(default={})
    """Who printed them from a UTC date on."""
    quote: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,5}$")] | None = None
    """In which money its prices are; unless said, the instrument's currency."""
