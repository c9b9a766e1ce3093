"""The sections of the live service: what it watches with, where it keeps its state, how it speaks, whom it asks."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from bot.answers.theme import Theme
from bot.settings.fields import ChatId, Section, ServerUrl, SessionDate, SqliteUrl, Token, Whole
from rules.model import Kind

_SQLITE = "sqlite:///"


class Prices(enum.StrEnum):
    """What `bellwether run` watches: the sources of each instrument, or a made-up market at the pace of the clock."""

    LIVE = "live"
    SIMULATED = "simulated"


class SourceFeed(enum.StrEnum):
    """The live feeds that an instrument may have a symbol of."""

    EXCHANGE = "exchange"
    YAHOO = "yahoo"


class Venue(enum.StrEnum):
    """The exchanges that coins may be asked of."""

    COINBASE = "coinbase"
    KRAKEN = "kraken"
    OKX = "okx"
    BYBIT = "bybit"
    KUCOIN = "kucoin"
    BINANCE = "binance"


Minutes = Annotated[Whole, Field(ge=0, le=240)]


class SettleSettings(Section):
    """Minutes from a bar's end until it counts as closed, by kind of instrument."""

    index: Minutes
    volatility: Minutes
    etf: Minutes
    coin: Minutes

    def seconds(self, kind: Kind) -> int:
        """The wait for an instrument of `kind`."""
        minutes: int = getattr(self, kind.value)
        return minutes * 60


class RunSettings(Section):
    """What `bellwether run` watches with, and how much history it keeps."""

    source: Prices
    poll_seconds: Annotated[Whole, Field(ge=5, le=3600)]
    hours_days: Annotated[Whole, Field(ge=30, le=5000)]
    days_from: SessionDate
    settle_minutes: SettleSettings


class StoreSettings(Section):
    """Where the service keeps what it must not forget. Only SQLite for now: no other URL gets past the form."""

    url: SqliteUrl

    @property
    def file(self) -> Path:
        """The SQLite file; a relative one belongs to where the service is started."""
        return Path(self.url.removeprefix(_SQLITE))


class TelegramSettings(Section):
    """The bot's identity, and who may use it."""

    token: Token
    base_url: ServerUrl
    allow: tuple[ChatId, ...]
    everyone: bool

    @property
    def given(self) -> bool:
        """Whether there is a token; without one alerts go to the terminal."""
        return bool(self.token.get_secret_value())


def _preferences(venues: tuple[Venue, ...]) -> tuple[Venue, ...]:
    """Of the list as it was written: pydantic's min_length would not count a misspelt one."""
    if not venues:
        raise PydanticCustomError("too_short", "empty")
    for index, venue in enumerate(venues):
        if venue in venues[:index]:
            raise PydanticCustomError("repeated", "named twice", {"name": venue.value})
    return venues


class FeedsSettings(Section):
    """How the sources of prices are asked."""

    venues: Annotated[tuple[Venue, ...], AfterValidator(_preferences)]
    timeout_seconds: Annotated[Whole, Field(ge=1, le=120)]


class PicturesSettings(Section):
    """How pictures look."""

    theme: Theme


class DeliverySettings(Section):
    """How alerts are delivered."""

    expire_minutes: Annotated[Whole, Field(ge=1, le=7 * 24 * 60)]
