"""The sections of whoever operates the service: what it shows of itself, whom else it tells, how long it keeps what."""

from __future__ import annotations

import enum
import re
from typing import Annotated
from urllib.parse import unquote

from pydantic import Field

from bot.settings.fields import ChannelUrl, ListenAddress, PingUrl, Section, Whole
from rules.model import Severity

SHORTEST_SECRET = 8
"""What is shorter would be hidden where it means something else."""


def host_and_port(listen: str) -> tuple[str, int]:
    """The parts of `127.0.0.1:8719` or `[::1]:8719`."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


class WebSettings(Section):
    """Where health and figures are served; `host:port`, empty for nowhere."""

    listen: ListenAddress
    """`host:port` of `/healthz`, `/readyz` and `/metrics`; empty: nowhere."""


class LogFormat(enum.StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class LogSettings(Section):
    """How the log is written."""

    format: LogFormat
    """`text`: a line for people; `json`: an object a line."""


class Role(enum.StrEnum):
    """When a further channel is told: of every alert, or only of those that Telegram does not take."""

    SUBSCRIBER = "subscriber"
    FALLBACK = "fallback"


class ChannelSettings(Section):
    """A further way to be told, by an Apprise URL; its name is the table's. The URL is a secret: it holds passwords."""

    url: ChannelUrl
    """An Apprise URL: e-mail, Slack, Discord, ntfy and others. It is a secret: keep it in the environment,
    `BELLWETHER_CHANNELS__PAGER__URL`."""
    role: Role = Role.SUBSCRIBER
    """`subscriber`: every alert; `fallback`: what Telegram does not take."""
    severity: Severity | None = None
    """What is less severe is not told there; unless said `info`, of a fallback `critical`."""

    @property
    def least(self) -> Severity:
        """What is less severe is not told here."""
        if self.severity is not None:
            return self.severity
        return Severity.CRITICAL if self.role is Role.FALLBACK else Severity.INFO

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no output may hold: the URL, and every part of it that may be a key. A host's name is none."""
        url = self.url.get_secret_value()
        parts = [part for part in re.split(r"[/?&=:@,]", url.partition("://")[2]) if "." not in part]
        found = (url, *parts, *map(unquote, parts))
        return tuple(dict.fromkeys(each for each in found if len(each) >= SHORTEST_SECRET))


Days = Annotated[Whole, Field(ge=60, le=36_500)]
"""Sixty days at least: a summary may be owed for thirty, a correction comes up to ten sessions later."""


class RetentionSettings(Section):
    """For how many days the store keeps what grows: settled deliveries, events, what bars said before, chats that are
    told nothing.
    """

    deliveries_days: Days
    """Messages that were sent or given up."""
    events_days: Days
    """What rules have said; where they stand now is always kept."""
    revisions_days: Days
    """What prices said before their source changed them."""
    chats_days: Days
    """Chats that are told nothing and are owed nothing."""


class WatchdogSettings(Section):
    """The dead-man's switch: which address is asked for at which pace, while all is well. Often it holds a secret.
    Administrators are told when less than `free_mb` are left for the database's file.
    """

    ping_url: PingUrl
    """A dead-man's switch: this http or https URL is asked for as long as all is well; whoever stands behind it raises
    the alarm when that ends. It is never shown or logged. Empty: off."""
    ping_seconds: Annotated[Whole, Field(ge=10, le=3600)]
    """At which pace."""
    free_mb: Annotated[Whole, Field(ge=0, le=1_000_000)]
    """With less left for the database's file, administrators are told."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no output may hold: the URL, and what stands behind its host."""
        url = self.ping_url.get_secret_value()
        behind = re.sub(r"^https?://[^/?]*[/?]", "", url)
        return tuple(each for each in (url, behind) if len(each) >= SHORTEST_SECRET)
