"""What every feed promises, and the errors it may raise. The same contract test runs on all of them.

A feed hands over bars as its source has them: it fills `end`, because only a feed knows what its source's time stamps
mean; it sorts, it drops nothing but what cannot be a bar, and it never invents one.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from rules.bars import Bars, Interval, Ints
from rules.bars import Tick as Tick
from rules.model import Instant, Instrument
from rules.panel import Dates


class FeedError(Exception):
    """A source did not give what was asked. The text is one sentence: what, where, what would be right."""


class NoSuchBars(FeedError):
    """The source does not hold this instrument at this interval; asking again will not help."""


class SourceDown(FeedError):
    """The source did not answer, or answered that it is busy; asking later may help."""


class TradingHours(Protocol):
    """What a feed needs to know of calendars."""

    def opens_of(self, calendar: str, dates: Dates) -> Ints:
        """The opening instant of each session date (24/7: its midnight); -1 where it is none."""
        ...

    def closes_of(self, calendar: str, dates: Dates) -> Ints:
        """The closing instant of each session date (24/7: the midnight that ends it); -1 where it is none."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """Bars of one instrument at one interval that end after `after` and not after `until`."""

    instrument: Instrument
    interval: Interval
    after: Instant
    until: Instant


@runtime_checkable
class Feed(Protocol):
    """One source of prices."""

    @property
    def name(self) -> str:
        """How the source is called in messages."""
        ...

    def notes(self, known: Iterable[str]) -> list[str]:
        """What a user should be told once about this source, given the ids of the configured instruments."""
        ...

    async def bars(self, request: Request) -> Bars:
        """The asked bars, sorted by end; none is a fair answer. Raises NoSuchBars, SourceDown or FeedError."""
        ...

    async def tick(self, instrument: Instrument) -> Tick | None:
        """The latest trade; None where the source has only bars. Raises as `bars` does."""
        ...

    async def close(self) -> None:
        """Give back connections and threads; nothing is asked afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What a feed may be built from; each takes what it needs."""

    hours: TradingHours
    now: Instant
    folder: Path | None = None
    seed: int = 7
    venue: str = ""
    timeout: float = 20.0


def build_feed(name: str, setup: Setup) -> Feed:
    """The feed of the module `bot.feeds.<name>`, made by that module's `build`; only this module is imported.

    `folder` is where the files feed reads; `venue` is the exchange the exchange feed speaks to; `timeout` bounds one
    request, in seconds. A feed's `build` may load a large library.
    """
    feed: Feed = importlib.import_module(f"bot.feeds.{name}").build(setup)
    return feed
