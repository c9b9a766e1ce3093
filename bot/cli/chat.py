"""The bot in this terminal: the commands, answers and buttons of a chat."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app import App
from bot.cli._options import add_as_of, add_market
from bot.cli._output import before_history, opened
from bot.clock import now
from bot.console import converse
from bot.notepad import Notepad
from bot.queries.view import NoAnswer
from bot.render.alerts import SIMULATED
from bot.store.database import Database, open_database


def configure(parser: argparse.ArgumentParser) -> None:
    """The shared options."""
    add_as_of(parser)
    add_market(parser)


def run(arguments: argparse.Namespace) -> int:
    """Answer lines until the input ends."""
    app = opened(arguments)
    if early := before_history(app, "--as-of", arguments.as_of):
        raise NoAnswer(early)
    view = app.view(arguments.as_of)
    interactive = sys.stdin.isatty()
    if interactive:
        market = f"a {SIMULATED} market" if view.simulated else "real prices"
        kept = "with the service" if arguments.store else "until you leave"
        print(f"Bellwether on {market}. /help lists the commands, a number taps a button, /quit leaves.")
        print(f"What you choose is kept {kept}. Not investment advice.\n")
    stored: bool = arguments.store
    with _database(app, stored) as database, Notepad(view, database, now, temporary=not stored) as notepad:
        converse(notepad.ask, sys.stdin, prompt="> " if interactive else "")
    return 0


@contextmanager
def _database(app: App, store: bool) -> Iterator[Database]:
    """The service's, or one that is gone afterwards."""
    if store:
        yield open_database(app.settings.store.url.get_secret_value())
        return
    with TemporaryDirectory(prefix="bellwether-chat-") as folder:
        yield Database(Path(folder) / "chat.db", durable=False)
