"""The sections of the live service: what it watches with, where it keeps its state, how it speaks, whom it asks."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from bot.answers.theme import Theme
from bot.settings.fields import (
    ChatId,
    ListenAddress,
    Section,
    ServerUrl,
    SessionDate,
    StoreUrl,
    Token,
    WebhookUrl,
    Whole,
)
from bot.settings.operations import SHORTEST_SECRET
from rules.model import Kind

_SQLITE = "sqlite:///"


class Prices(enum.StrEnum):
    """What `bellwether run` watches: the sources of each instrument, or a made-up market at the pace of the clock."""

    LIVE = "live"
    SIMULATED = "simulated"


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
    """Of an index."""
    volatility: Minutes
    """Of a volatility index."""
    etf: Minutes
    """Of an ETF."""
    coin: Minutes
    """Of a coin."""

    def seconds(self, kind: Kind) -> int:
        """The wait for an instrument of `kind`."""
        minutes: int = getattr(self, kind.value)
        return minutes * 60


class RunSettings(Section):
    """What `bellwether run` watches with, and how much history it keeps."""

    source: Prices
    """`live`: the sources of each instrument. `simulated`: a simulated market at the pace of the clock, to try the
    service without a network."""
    poll_seconds: Annotated[Whole, Field(ge=5, le=3600)]
    """How often prices are asked for while one is due, or while the market of a tick rule is open."""
    hours_days: Annotated[Whole, Field(ge=30, le=5000)]
    """Days of hourly history that coins have."""
    days_from: SessionDate
    """First session of daily history, 1990-01-02 at the earliest."""
    settle_minutes: SettleSettings
    """Minutes from a bar's end until it counts as closed."""


class StoreSettings(Section):
    """Where the service keeps what it must not forget: a SQLite file, or a database of a PostgreSQL server."""

    url: StoreUrl
    """A SQLite file: `sqlite:///bellwether.db` lies where the bot is started, `sqlite:////var/lib/bellwether.db` is
    absolute; or a PostgreSQL database as `psql` takes it: `postgresql://user:password@host/database`, with `%23`
    for a `#` in the password and so on. Keep a password in the environment."""

    @property
    def file(self) -> Path | None:
        """The SQLite file, a relative one belongs to where the service is started; None for a server."""
        text = self.url.get_secret_value()
        return Path(text.removeprefix(_SQLITE)) if text.startswith(_SQLITE) else None

    @property
    def place(self) -> str:
        """What people are shown: the file, or the database and its server. Never a user's name or a password."""
        if self.file is not None:
            return str(self.file)
        url = urlsplit(self.url.get_secret_value())
        hosts = re.sub(r":[0-9]+(?=,|$)|[\[\]]", "", url.netloc.rpartition("@")[2])
        host = unquote(hosts) or dict(parse_qsl(url.query)).get("host", "")
        return f"{unquote(url.path).strip('/')} on {'this machine' if not host or host.startswith('/') else host}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no output may hold: the passwords in the URL, as they are and as they are written there."""
        url = urlsplit(self.url.get_secret_value())
        asked, written = dict(parse_qsl(url.query)), url.password or ""
        found = (unquote(written), written, asked.get("password", ""), asked.get("sslpassword", ""))
        return tuple(dict.fromkeys(each for each in found if len(each) >= SHORTEST_SECRET))


class TelegramSettings(Section):
    """The bot's identity, and who may use it."""

    token: Token
    """The bot's token, as @BotFather gives it; keep it in the environment. Empty: alerts go to the terminal."""
    base_url: ServerUrl
    """The Bot API server; one of your own goes here."""
    allow: tuple[ChatId, ...]
    """Ids of the people and chats who may use the bot, negative for groups."""
    everyone: bool
    """`true`: anybody may use it, whatever `allow` says."""
    admins: tuple[ChatId, ...]
    """Ids of those who are told [when something has stopped](running.md#what-watches-the-watcher) and when it is back,
    and who may `/reload`; Telegram lets the bot write only to who has written to it."""
    commands_per_minute: Annotated[Whole, Field(ge=1, le=600)]
    """How many lines of one person are answered in a minute; `/start`, `/stop` and `/forget` always are."""
    alerts_per_chat: Annotated[Whole, Field(ge=1, le=100)]
    """How many alerts of their own a chat may make with `/alert`; one that is done makes room for a new one."""
    webhook_url: WebhookUrl
    """An https URL where Telegram hands updates over, in place of being polled; empty: polled."""
    webhook_listen: ListenAddress
    """`host:port` where they are taken, behind whatever ends TLS for `webhook_url`."""

    @property
    def let_in(self) -> frozenset[int]:
        """The people and chats who may use the bot: who runs it may."""
        return frozenset((*self.allow, *self.admins))

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
    """Exchanges that coins are asked of, in order of preference; one at least."""
    timeout_seconds: Annotated[Whole, Field(ge=1, le=120)]
    """How long one request to an exchange or to Yahoo may take."""


class PicturesSettings(Section):
    """How pictures look."""

    theme: Theme
    """The ground pictures are drawn on."""


class EvidenceSettings(Section):
    """What is looked at after every alert."""

    follow: tuple[str, ...]
    """Instruments whose prices are looked at after every alert, beside its own ([what followed](evidence.md))."""


class DeliverySettings(Section):
    """How alerts are delivered."""

    expire_minutes: Annotated[Whole, Field(ge=1, le=7 * 24 * 60)]
    """How long an alert is news; one that could not be sent by then is kept, not sent."""
    fallback_minutes: Annotated[Whole, Field(ge=1, le=24 * 60)]
    """How long Telegram may be down until channels with `role = "fallback"` are told."""
