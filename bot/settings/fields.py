"""What the sections of the configuration are made of: a table that refuses unknown keys, counts, texts of one form."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

EARLIEST = dt.date(1990, 1, 2)
"""Nothing before this session is looked at."""

_TOKEN = re.compile(r"[0-9]{5,15}:[A-Za-z0-9_-]{30,64}")
POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")
"""How the URL of a PostgreSQL database may begin: libpq's two ways, and the one of SQLAlchemy's documentation."""

_SQLITE_URL = re.compile(r"sqlite:///([^:?\x00-\x1f][^?\x00-\x1f]*)?[^/:?\x00-\x1f]")
_HOST = r"(\[[^\[\]]+\]|[^\[\]:,]*)(:[0-9]+)?"
_HOSTS = re.compile(f"{_HOST}(,{_HOST})*")
_SPACES = re.compile(r"[\s\x00-\x1f]")
_PING = re.compile(r"https?://[^\s/?#@]+(/[^\s#]*|\?[^\s#]*)?")
_WEBHOOK = re.compile(r"https://[^\s/?#@]+(/[^\s?#]*)?")
_LISTEN = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")
_CHANNEL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_CHAT = 2**52
"""Telegram's ids have at most 52 bits."""
_SHARED = (777_000, 1_087_968_824, 136_817_688)
"""Telegram's own, and those that anonymous administrators of all groups and posts of all channels are sent under."""
_LAST_PORT = 65_535


class Section(BaseModel):
    """A table of which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _no_truth(value: object) -> object:
    """`confirm = true` is no count; pydantic would take it for 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "a truth value")
    return value


def _misshapen() -> PydanticCustomError:
    """The sentence stands in bot.settings.words, by section and field."""
    return PydanticCustomError("form", "not of the field's form")


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text and not _TOKEN.fullmatch(text):
        raise _misshapen()
    return value


def _store_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not (_SQLITE_URL.fullmatch(text) or (text.startswith(POSTGRESQL) and _is_server(text))):
        raise _misshapen()
    return value


def _is_server(text: str) -> bool:
    """Whether a URL names a database of a server, and nothing in it is cut off: a `#` must be written as %23."""
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    hosts = url.netloc.rpartition("@")[2]
    return bool(_HOSTS.fullmatch(hosts) and url.path.strip("/")) and not url.fragment and not _SPACES.search(text)


def _ping(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text and not _PING.fullmatch(text):
        raise _misshapen()
    return value


def _channel(value: SecretStr) -> SecretStr:
    if not _CHANNEL.fullmatch(value.get_secret_value()):
        raise _misshapen()
    return value


def _webhook(value: str) -> str:
    if value and not _WEBHOOK.fullmatch(value):
        raise _misshapen()
    return value


def _listen(value: str) -> str:
    found = _LISTEN.fullmatch(value)
    if value and (found is None or int(found[2]) > _LAST_PORT):
        raise _misshapen()
    return value


def _chat(value: int) -> int:
    if not 0 < abs(value) <= _LONGEST_CHAT or value in _SHARED:
        raise _misshapen()
    return value


def _session_date(value: object) -> object:
    """A date of TOML or as text. pydantic would also take 0 for 1970, and an instant for its day."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            value = dt.date.fromisoformat(value)
        except ValueError:
            raise _misshapen() from None
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime) or value < EARLIEST:
        raise _misshapen()
    return value


Whole = Annotated[int, BeforeValidator(_no_truth)]
Count = Annotated[Whole, Field(ge=1, le=250)]
InstrumentId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{0,11}$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Symbol = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Token = Annotated[SecretStr, AfterValidator(_token)]
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
ChannelUrl = Annotated[SecretStr, AfterValidator(_channel)]
WebhookUrl = Annotated[str, AfterValidator(_webhook)]
ListenAddress = Annotated[str, AfterValidator(_listen)]
PingUrl = Annotated[SecretStr, AfterValidator(_ping)]
ChatId = Annotated[Whole, AfterValidator(_chat)]
SessionDate = Annotated[dt.date, BeforeValidator(_session_date)]
ServerUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s/?#@]+)*$", max_length=200)]
StoreUrl = Annotated[SecretStr, AfterValidator(_store_url)]
