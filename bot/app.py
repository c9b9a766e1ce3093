"""The composition root of commands that look at prices and end: configuration, history, and a view of them.

A service is put together in `bot.live`, and what it watches with in `bot.room`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.answers.quality import Finding, Ruling
from bot.clock import now
from bot.feeds.contract import Feed, Setup, build_feed
from bot.market.history import History, intervals_of, load_history
from bot.market.live import LiveHistory
from bot.market.preference import order_of, ranks_of
from bot.market.quality import screened
from bot.market.sessions import Sessions
from bot.queries.view import View
from bot.settings import CONFIG_VARIABLE, Settings, load_settings
from rules.model import Instant


@dataclass(frozen=True, slots=True)
class Options:
    """What a command line may say about the market it works on."""

    config: Path | None = None
    data: Path | None = None
    seed: int | None = None
    store: bool = False
    known_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class App:
    """Everything an offline command needs. `notes` is told to the user once; `feed` is None over a store, where bars
    may still come within the grace."""

    settings: Settings
    feed: Feed | None
    history: History
    notes: tuple[str, ...]

    def view(self, as_of: dt.date | None = None) -> View:
        """The market as of the close of a session."""
        grace = self.settings.market.grace_minutes * 60 if self.feed is None else None
        return View(
            self.history,
            self.settings.scope,
            self.settings.compiled,
            as_of,
            grace=grace,
            follow=self.settings.evidence.follow,
        )


def settings_of(config: Path | None, sessions: Sessions | None = None) -> Settings:
    """The checked configuration of `config`, or of BELLWETHER_CONFIG, or the built-in one."""
    if config is None and os.environ.get(CONFIG_VARIABLE):
        config = Path(os.environ[CONFIG_VARIABLE])
    return load_settings(config, (sessions or Sessions(now())).check, _check_channel)


def _check_channel(url: str) -> None:
    """Only a configuration with channels loads what sends to them."""
    from bot.further.service import check

    check(url)


def open_app(options: Options, at: Instant | None = None) -> App:
    """Read configuration and prices. Raises ConfigurationError or FeedError; `at` stands in for the clock in tests."""
    moment = now() if at is None else at
    sessions = Sessions(moment)
    settings = settings_of(options.config, sessions)
    if options.store:
        return App(settings, None, asyncio.run(_stored_history(settings, sessions, options.known_at)), ())
    folder = options.data or (Path(settings.market.data) if settings.market.data and options.seed is None else None)
    seed = settings.market.seed if options.seed is None else options.seed
    feed = build_feed("files" if folder else "simulated", Setup(sessions, moment, folder, settings.files, seed))
    known = settings.instrument_map
    screen = partial(screened, sessions=sessions, instruments=known) if folder else None
    history = asyncio.run(load_history(feed, known, sessions, moment, screen))
    return App(settings, feed, history, (*feed.notes(known), *_doubts(history.findings)))


def _doubts(findings: Iterable[Finding]) -> list[str]:
    """One line about the rows that were not taken as they stand."""
    counts: dict[Ruling, Counter[str]] = {Ruling.REJECTED: Counter(), Ruling.TRIMMED: Counter()}
    for each in findings:
        counts.get(each.ruling, Counter())[each.instrument] += 1
    told = {Ruling.REJECTED: "left out", Ruling.TRIMMED: "used for the close only"}
    parts = [f"{words}: {_counted(counts[ruling])}" for ruling, words in told.items() if counts[ruling]]
    return [f"rows {'; '.join(parts)} (bellwether doctor --data DIR lists them)"] if parts else []


def _counted(rows: Counter[str]) -> str:
    """3 of RUT, 1 of SPX"""
    return ", ".join(f"{count} of {name}" for name, count in sorted(rows.items()))


async def _stored_history(settings: Settings, sessions: Sessions, known_at: Instant | None = None) -> History:
    """The prices that the service has gathered, as they are or as they were known at an instant; it may be running
    meanwhile. Raises StoreError where there are none.
    """
    from bot.store.bars import load_bars  # a database is nothing for commands over files to load
    from bot.store.database import look_into
    from bot.store.errors import StoreError

    order = order_of(settings.instrument_map, settings.feeds.venues)
    live = LiveHistory(settings.instrument_map, sessions, ranks_of(order))
    url = settings.store.url.get_secret_value()
    async with look_into(url) as database, database.read() as connection:
        for name, instrument in settings.instrument_map.items():
            for interval in intervals_of(instrument):
                live.load(name, await load_bars(connection, name, interval, known_at))
    if (end := live.newest_end) is None:
        when = "yet" if known_at is None else "that were known then"
        raise StoreError(f"{settings.store.place} holds no bars {when}; `bellwether run` fills it")
    return live.snapshot(end)
