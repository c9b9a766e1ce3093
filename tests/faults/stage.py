"""A small real room per scenario: the real feeds over loopback, the real watch on a file, and a clock that is a number.

The room's past is filled once and copied for each scenario. Then the polls of three days are played: before the fault,
under it for two closes, and after it. What is owed is handed to the reader at once, and `/status` is asked after every
poll. What came of it is a `Play`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Protocol

from bot.answers import POLLING
from bot.delivery.channel import Answer
from bot.feeds.contract import Feed, Setup, build_feed
from bot.market.preference import order_of
from bot.market.source import SourceId
from bot.parts import Parts, Question
from bot.reception import Reception
from bot.room import Room, open_room
from bot.settings import Settings, load_settings
from bot.settings.models import InstrumentSettings
from bot.store.alerts import recorded_events
from bot.store.chats import subscribe
from bot.store.database import Database
from bot.store.outbox import claim, settle
from bot.store.schema import deliveries
from rules.bars import Interval
from rules.model import Instant
from tests.bot.markets import SESSIONS, at
from tests.faults.market import COINS, SYMBOLS, days_of, rows
from tests.faults.play import AFTER, BEFORE, DURING, FAULT, FILLED, RECOVERY, Play, errors_of
from tests.servers.liars import LyingCoinbase, LyingYahoo
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo

CHANNEL, READER = "console", "reader"

WATCH = Path(__file__).with_name("watch.toml")


class Deed(Protocol):
    """What goes wrong in a scenario."""

    def begins(self, stage: Stage) -> None:
        """From now on."""
        ...

    def ends(self, stage: Stage) -> None:
        """No more."""
        ...


class Stage:
    """The servers, the clock and the room. Only one may be up in a process: the libraries are redirected for all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = FILLED
        self.bot_is_ahead = 0
        self.yahoo = LyingYahoo(SESSIONS, lambda: self.now, {symbol: name for name, symbol in SYMBOLS.items()})
        self.coinbase = LyingCoinbase(lambda: self.now, {f"{name}-USD": name for name in COINS})
        for name, symbol in SYMBOLS.items():
            self.yahoo.holds(symbol, Interval.DAY, rows()[name], "index" if symbol.startswith("^") else "etf")
        for name in COINS:
            self.coinbase.holds(name, rows()[name])
            self.yahoo.holds(f"{name}-USD", Interval.DAY, days_of(name), "coin")
            self.yahoo.holds(f"{name}-USD", Interval.HOUR, rows()[name], "coin")
        self._stack = ExitStack()

    def __enter__(self) -> Stage:
        self._stack.enter_context(self.yahoo)
        self._stack.enter_context(self.coinbase)
        self._stack.enter_context(redirect_yahoo(self.yahoo.url))
        redirect_ccxt("coinbase", self.coinbase.url)
        for backed in (False, True):
            asyncio.run(self._fill(backed))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def settings(self, backed: bool) -> Settings:
        """The rules on seven instruments; what moves with what as in the built-in configuration.

        `backed`: coins have a second source, as there; without it nobody stands in for the exchange.
        """
        settings = load_settings(WATCH)
        watched = {name: each for name, each in settings.instruments.items() if name in (*SYMBOLS, *COINS)}
        kept = {name: each.model_copy(update=_narrowed(name, each, backed)) for name, each in watched.items()}
        return settings.model_copy(update={"instruments": kept, "baskets": {}})

    # The room

    @property
    def bot_now(self) -> Instant:
        """What time it is where the bot is."""
        return self.now + self.bot_is_ahead

    async def _fill(self, backed: bool) -> None:
        """The past, once for all scenarios."""
        settings = self.settings(backed)
        room = self.room(settings, self._filled(backed), 10.0)
        try:
            await room.database.migrate()
            async with room.database.write() as connection:
                await subscribe(connection, CHANNEL, READER, "terminal", self.now)
            await room.intake.backfill(self.now, lambda name, share: None)
            await room.watch.tick(self.now)
            if room.intake.waiting() or len(room.watch.ready_rules) < len(settings.rules):
                raise RuntimeError(f"the past could not be filled: {room.intake.waiting()}")
        finally:
            await room.close()

    def _filled(self, backed: bool) -> Path:
        return self.folder / ("backed.db" if backed else "alone.db")

    def room(self, settings: Settings, file: Path, timeout: float) -> Room:
        """A room whose sources are the servers."""

        def build(source: SourceId) -> Feed:
            return build_feed(source.feed, Setup(SESSIONS, self.bot_now, venue=source.venue, timeout=timeout))

        order = order_of(settings.instrument_map, settings.feeds.venues)
        return open_room(settings, Database(file, durable=False), order, build, CHANNEL, self.bot_now)

    def plays(self, deed: Deed | None, *, timeout: float = 5.0, restarts: bool = False, backed: bool = False) -> Play:
        """One scenario. `timeout` of a request in seconds; `restarts`: the bot is started anew under the fault."""
        file = self.folder / "scenario.db"
        for old in self.folder.glob("scenario.db*"):
            old.unlink()
        shutil.copy(self._filled(backed), file)
        self.yahoo.is_honest()
        self.coinbase.is_honest()
        self.bot_is_ahead, self.now = 0, at(BEFORE[0])
        play = Play()
        with errors_of(play):
            asyncio.run(self._play(_Seat(self, self.settings(backed), file, timeout), play, deed, restarts))
        return play

    async def _play(self, seat: _Seat, play: Play, deed: Deed | None, restarts: bool) -> None:
        try:
            await seat.taken()
            await seat.polls(play, BEFORE)
            self.now = FAULT
            if deed is not None:
                deed.begins(self)
            if restarts:
                await seat.left()
                await seat.taken()
            await seat.polls(play, DURING, watching=deed is not None)
            self.now = RECOVERY
            if deed is not None:
                deed.ends(self)
            await seat.polls(play, AFTER)
            async with seat.room.database.read() as connection:
                play.events = await recorded_events(connection, None, 1000)
                rows = await connection.execute(deliveries.select().order_by(deliveries.c.id))
                play.owed = [(row.event, row.created_at) for row in rows]
        finally:
            await seat.left()

    @property
    def noticed(self) -> bool:
        """Whether anything could be known by now."""
        return self.yahoo.noticed is not None or self.coinbase.noticed is not None


class _Seat:
    """Where the bot's process sits: a room and its reception, on a file that outlasts them."""

    def __init__(self, stage: Stage, settings: Settings, file: Path, timeout: float) -> None:
        self._stage, self._settings, self._file, self._timeout = stage, settings, file, timeout
        self._open = AsyncExitStack()

    async def taken(self) -> None:
        """Start, as `bot.service` does."""
        stage, settings = self._stage, self._settings
        room = self.room = stage.room(settings, self._file, self._timeout)
        self._open.push_async_callback(room.close)
        parts = Parts(
            room.database, room.intake, room.watch, settings.compiled, settings.scope, lambda: stage.bot_now,
            settings.run.poll_seconds, settings.market.grace_minutes * 60, lambda name, share: None,
        )  # fmt: skip
        self._reception = Reception(parts)
        self._open.callback(self._reception.close)
        self._reception.outlook.front_state = lambda: POLLING
        await room.database.migrate()
        await room.intake.restore()
        await room.watch.restore()

    async def left(self) -> None:
        """Stop."""
        await self._open.aclose()

    async def polls(self, play: Play, moments: Sequence[str], *, watching: bool = False) -> None:
        """Poll, deliver, and ask how it is."""
        for moment in moments:
            stage = self._stage
            stage.now = at(moment)
            await self.room.watch.tick(stage.bot_now)
            await self._delivers(play)
            answer: Answer = await self._reception.answer(Question(CHANNEL, READER, "terminal", "", "/status"))
            play.said[stage.now] = answer.html
            if watching and play.first is None and stage.noticed:
                play.first = stage.now

    async def _delivers(self, play: Play) -> None:
        now = self._stage.bot_now
        async with self.room.database.write() as connection:
            while owed := await claim(connection, CHANNEL, "stage", now, 60, 100):
                for each in owed:
                    play.told.setdefault(self._stage.now, []).append(each.html)
                    await settle(connection, each, now, "sent")


def _narrowed(name: str, each: InstrumentSettings, backed: bool) -> dict[str, Any]:
    """What is kept of an instrument: proxies that are here, and of a coin's sources the exchange or both."""
    proxies = tuple(other for other in each.proxies if other in (*SYMBOLS, *COINS))
    sources = {feed: symbol for feed, symbol in each.sources.items() if backed or name in SYMBOLS or feed != "yahoo"}
    return {"proxies": proxies, "sources": sources}
