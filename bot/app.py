"""The composition root: the only place that builds things and joins them."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from bot.clock import now
from bot.feeds.contract import Setup, build_feed
from bot.market.history import History, load_history
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


@dataclass(frozen=True, slots=True)
class App:
    """Everything an offline command needs. `notes` is what the user should be told once."""

    settings: Settings
    history: History
    notes: tuple[str, ...]

    def view(self, as_of: dt.date | None = None) -> View:
        """The market as of the close of a session."""
        return View(self.history, self.settings.scope, self.settings.compiled, as_of)


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
    folder = options.data or (Path(settings.market.data) if settings.market.data and options.seed is None else None)
    seed = settings.market.seed if options.seed is None else options.seed
    feed = build_feed("files" if folder else "simulated", Setup(sessions, moment, folder, seed))
    history = asyncio.run(load_history(feed, settings.instrument_map, sessions, moment))
    return App(settings, history, tuple(feed.notes(settings.instrument_map)))
