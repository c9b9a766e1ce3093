"""Seven months of a simulated market through the real engine, told as a trader would read it."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app import App
from bot.cli._options import add_market
from bot.cli._output import opened
from bot.commands.registry import Desk, answer
from bot.console import TERMINAL, ConsoleChannel, show
from bot.delivery.worker import Worker
from bot.queries.view import NoAnswer
from bot.render.alerts import SIMULATED
from bot.render.numbers import date, session_of
from bot.room import Room, one_feed, open_room
from bot.store.chats import subscribe
from bot.store.database import Database
from rules.bars import DAY
from rules.model import ALWAYS, XNYS, Instant

SESSIONS = 150

NEXT = (
    ("run", "watch live prices, and tell in Telegram (docs/running.md)"),
    ("chat", "ask yourself: /corr RUT ETH, /rules, /help drawdown"),
    ('explain "drawdown(RUT)"', "try a line of the rule language"),
    ("replay --data DIR --from 2025-01-01", "your own prices (docs/data-files.md)"),
    ("check my.toml", "your own rules (config.example.toml, docs/rule-language.md)"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The shared options."""
    add_market(parser, store=False)


def run(arguments: argparse.Namespace) -> int:
    """Seven months, then two questions, then where to go next."""
    app = opened(arguments)
    sessions, told = asyncio.run(_played(app))
    view = app.view()
    print(f"{told} messages in {sessions} sessions. Now two questions.\n")
    for question in ("/corr RUT SOL", "/regime"):
        print(f"> {question}")
        show(answer(Desk(view, TERMINAL, None, view.history.until), question).html)
        print()
    print("Where to go next")
    for words, why in NEXT:
        print(f"  {_program()} {words:<36}  {why}")
    return 0


def _program() -> str:
    """How this command is called from here."""
    called = Path(sys.argv[0])
    if called.name != "bellwether" or shutil.which("bellwether"):
        return "bellwether"
    here = Path.cwd()
    return str(called.relative_to(here) if called.is_absolute() and called.is_relative_to(here) else called)


async def _played(app: App) -> tuple[int, int]:
    """Tick by tick as the service would, through its store and its outbox, in a database that is thrown away.

    Returns how many sessions and messages that were. Raises NoAnswer where no session has closed.
    """
    closes = app.view().panel(XNYS).clock.closes.tolist()
    if len(closes) < 2:
        raise NoAnswer(f"the demo needs prices of two sessions of {XNYS} at least")
    played = closes[max(1, len(closes) - SESSIONS) :]
    market = f"a {SIMULATED} market" if app.history.simulated else "real prices"
    first = session_of(played[0])
    print(f"{len(played)} sessions of {market} from {date(first)}, {len(app.settings.compiled)} rules.\n")
    with TemporaryDirectory(prefix="bellwether-demo-") as folder:
        before = closes[-len(played) - 1]
        assert app.feed is not None, "the demo knows no store"
        order, build = one_feed(app.feed, app.settings.instrument_map)
        database = Database(Path(folder) / "demo.db", durable=False)
        room = open_room(app.settings, database, order, build, ConsoleChannel.name, before)
        try:
            ends = _ends(played, {rule.calendar for rule in app.settings.compiled})
            return len(played), await _play(room, before, ends, app.settings.market.grace_minutes * 60)
        finally:
            await room.close()


def _ends(closes: list[Instant], calendars: set[str]) -> list[Instant]:
    """When something is over: its sessions, and where rules are about what never closes, its UTC days."""
    midnights = range(-(-closes[0] // DAY) * DAY, closes[-1] + 1, DAY) if ALWAYS in calendars else ()
    return sorted({*closes, *midnights})


async def _play(room: Room, before: Instant, ends: list[Instant], grace: int) -> int:
    """Adopt every rule at `before`, then judge and tell whatever ends a grace after it did."""
    now = before + grace
    await room.database.migrate()
    async with room.database.write() as connection:
        await subscribe(connection, ConsoleChannel.name, TERMINAL.address, TERMINAL.kind, now)
    worker = Worker(room.database, ConsoleChannel(), "demo", lambda: now)
    await room.intake.backfill(now, lambda _name, _share: None)
    await room.watch.tick(now)
    told = 0
    for end in ends:
        now = end + grace
        owed = (await room.watch.tick(now)).owed
        while owed and await worker.round():
            pass
        told += owed
    return told
