"""What every feed promises, and the errors it may raise. The same contract test runs on all of them.

A feed hands over bars as its source has them: it fills `end`, because only a feed knows what its source's time stamps
mean; it sorts, it drops nothing but what cannot be a bar, and it never invents one.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from bot.answers.quality import Fault
from rules.bars import Bars, Bools, Floats, Interval, Ints, Tick, VolumeUnit
from rules.model import Instant, Instrument
from rules.panel import Dates

PRICES = ("open", "high", "low", "close")

SLACK = 60
"""Seconds by which two clocks may differ before that says anything."""


class FeedError(Exception):
    """A source did not give what was asked. The text is one sentence: what, where, what would be right."""


class NoSuchBars(FeedError):
    """The source does not hold this instrument at this interval: it is delisted, misspelt, or priced in other money.

    Of this question alone; whoever asks again soon hears the same.
    """


class Barred(FeedError):
    """The source serves nobody from where this program runs. No question is answered before the law or the address
    changes."""


class SourceDown(FeedError):
    """The source did not answer, or gave what is no answer; asking later may help."""


class Busy(SourceDown):
    """The source answered that it wants fewer requests; `wait` is for how many seconds, where it says so."""

    def __init__(self, text: str, wait: int | None = None) -> None:
        super().__init__(text)
        self.wait = wait


def wait_of(said: str | None, at: Instant | None) -> int | None:
    """The seconds that a Retry-After header asks for, `at` being the instant of the answer; None where it asks none."""
    if said is None:
        return None
    if said.strip().isdecimal():
        return int(said)
    until = instant_of(said)
    return max(0, until - at) if until is not None and at is not None else None


def instant_of(said: str | None) -> Instant | None:
    """The instant of a Date header; None for what is none."""
    try:
        return int(parsedate_to_datetime(said).timestamp()) if said else None
    except (ValueError, OverflowError):
        return None


def told_time(date: str | None, age: str | None = None) -> Instant | None:
    """What time a server has by the Date header of its answer; a cache says by Age for how long it has kept that."""
    at = instant_of(date)
    kept = int(age) if age is not None and age.strip().isdecimal() else 0
    return None if at is None else at + kept


def believed_until(until: Instant, at: Instant | None, opened: Ints | Floats) -> Instant:
    """The instant by which a bar must have ended to be final: `until`, but no later than `at`, the source's own time.

    Rows in progress look like any other, so one of the two clocks decides, and either may be wrong. Ours must not run
    ahead unnoticed: a source whose Date is behind it is believed, by however much. Unless its own answer proves it
    wrong: no row opens later than now, so where one of `opened` does by its Date, that Date is slow, and is not minded,
    or it would hide each new bar for as long. Ours being a day fast, no row opens later than the true Date; the source
    being a day slow, the newest one does. So neither a bound on the difference nor another source is needed. A Date
    that is slow by less than the age of the newest row delays that row by as long, and hides none for ever.
    """
    if at is None or at >= until or np.any(opened > at + SLACK):
        return until
    return at


class TradingHours(Protocol):
    """What a feed needs to know of calendars."""

    def opens_of(self, calendar: str, dates: Dates) -> Ints:
        """The opening instant of each session date (24/7: its midnight); -1 where it is none."""
        ...

    def closes_of(self, calendar: str, dates: Dates) -> Ints:
        """The closing instant of each session date (24/7: the midnight that ends it); -1 where it is none."""
        ...


class OfFile(Protocol):
    """What somebody says of a price file where it does not say it of itself; None and nothing where they do not."""

    @property
    def volume_unit(self) -> VolumeUnit | None:
        """What its volume counts."""
        ...

    @property
    def quote(self) -> str | None:
        """In which money its prices are."""
        ...

    @property
    def venue(self) -> str | None:
        """Who printed its rows."""
        ...

    @property
    def venues(self) -> Mapping[dt.date, str]:
        """Who printed the rows from a UTC date on."""
        ...


def ignored(fault: Fault, rows: int) -> None:
    """Nobody listens."""


def untold(instrument: str, fault: Fault) -> None:
    """Nobody listens."""


TradeRemark = Callable[[str, Fault], None]
"""Hears of which instrument a latest trade was left out, and why."""


@dataclass(frozen=True, slots=True)
class Request:
    """Bars of one instrument at one interval that end after `after` and not after `until`.

    `remark` hears of how many rows of an answer a feed left something out, or put them in their place, and why. A row
    in progress is none of them, nor is one outside of what was asked.
    """

    instrument: Instrument
    interval: Interval
    after: Instant
    until: Instant
    remark: Callable[[Fault, int], None] = field(default=ignored, compare=False, repr=False)

    def remarks(self, fault: Fault, rows: Bools) -> None:
        """Tell how many of `rows` are true; nothing of none."""
        if count := int(np.count_nonzero(rows)):
            self.remark(fault, count)

    def remarks_future(self, opened: Ints | Floats, at: Instant | None) -> None:
        """Tell how many rows are of the future: that open later than the source's own time `at`, and than the row in
        progress can, which follows the last that was asked for."""
        latest = max(self.until + self.interval.seconds, at or 0)
        self.remarks(Fault.FUTURE, opened > latest + SLACK)

    def priced(self, rows: Bools, *prices: Floats) -> Bools:
        """Which rows have a close, the last of `prices`. Tells which of `rows` do not: null and zero stand for none.

        What is negative or infinite is no price, and is told of whichever of the prices it is.
        """
        close = prices[-1]
        none = np.isnan(close) | (close == 0)
        absurd = np.any([(column < 0) | np.isinf(column) for column in prices], axis=0)
        self.remarks(Fault.NO_PRICE, rows & none)
        self.remarks(Fault.NOT_A_PRICE, rows & ~none & absurd)
        return np.asarray((close > 0) & (close < np.inf))


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

    @property
    def told_at(self) -> Instant | None:
        """What time it was by the source's own clock when it answered the last question; None where that led to no
        answer that says so, and where there is no such clock."""
        ...

    async def bars(self, request: Request) -> Bars:
        """The asked bars, sorted by end; none is a fair answer. Raises NoSuchBars, Barred, SourceDown or FeedError."""
        ...

    async def ticks(self, instruments: Sequence[Instrument], remark: TradeRemark = untold) -> dict[str, Tick]:
        """The latest trades by instrument id, in one request where the source has a way; of those that have one, none
        where it has only bars. One that the source does not know spoils no other. `remark` hears what is no trade,
        though it was told as one. Raises SourceDown, Barred or FeedError when the source itself fails."""
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
    files: Mapping[str, OfFile] = field(default_factory=dict)
    seed: int = 7
    venue: str = ""
    timeout: float = 20.0


def build_feed(name: str, setup: Setup) -> Feed:
    """The feed of the module `bot.feeds.<name>`, made by that module's `build`; only this module is imported.

    `folder` is where the files feed reads, and `files` what is said of those there, by their names without the ending;
    `venue` is the exchange the exchange feed speaks to; `timeout` bounds one
    request, in seconds. A feed's `build` may load a large library.
    """
    feed: Feed = importlib.import_module(f"bot.feeds.{name}").build(setup)
    return feed
