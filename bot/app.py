"""The composition root: the only place that builds things and joins them."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from bot.clock import now
from bot.feeds.contract import Feed, Setup, build_feed
from bot.market.history import History, intervals_of, load_history
from bot.market.live import LiveHistory
from bot.market.preference import order_of, ranks_of
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
        return View(self.history, self.settings.scope, self.settings.compiled, as_of, grace=grace)


def settings_of(config: Path | None, sessions: Sessions | None = None) -> Settings:
    """The checked configuration of `config`, or of BELLWETHER_CONFIG, or the built-in one."""
    if config is None and os.environ.get(CONFIG_VARIABLE):
        config = Path(os.environ[CONFIG_VARIABLE])
    return load_settings(config, (sessions or Sessions(now())).check)


def open_app(options: Options, at: Instant | None = None) -> App:
    """Read configuration and prices. Raises ConfigurationError or FeedError; `at` stands in for the clock in tests."""
    moment = now() if at is None else at
    sessions = Sessions(moment)
    settings = settings_of(options.config, sessions)
    if options.store:
        return App(settings, None, asyncio.run(_stored_history(settings, sessions)), ())
    folder = options.data or (Path(settings.market.data) if settings.market.data and options.seed is None else None)
    seed = settings.market.seed if options.seed is None else options.seed
    feed = build_feed("files" if folder else "simulated", Setup(sessions, moment, folder, seed))
    history = asyncio.run(load_history(feed, settings.instrument_map, sessions, moment))
    return App(settings, feed, history, tuple(feed.notes(settings.instrument_map)))


async def _stored_history(settings: Settings, sessions: Sessions) -> History:
    """The prices that the service has gathered; it may be running meanwhile. Raises StoreError where there are none."""
    from bot.store.bars import load_bars  # a database is nothing for commands over files to load
    from bot.store.database import Database
    from bot.store.errors import StoreError

    path = settings.store.file
    if not path.exists():
        raise StoreError(f"{path} is not there; `bellwether run` makes it, and store.url names it")
    database = Database(path)
    try:
        order = order_of(settings.instrument_map, settings.feeds.venues)
        live = LiveHistory(settings.instrument_map, sessions, ranks_of(order))
        async with database.read() as connection:
            for name, instrument in settings.instrument_map.items():
                for interval in intervals_of(instrument):
                    live.load(name, await load_bars(connection, name, interval))
    finally:
        await database.close()
    if (end := live.newest_end) is None:
        raise StoreError(f"{path} holds no bars yet; `bellwether run` fills it")
    return live.snapshot(end)
