"""The Telegram half of the bot with the real inbox: lines and buttons are in a database, and outlive a process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.answers.buttons import Button, Keyboard, Place
from bot.telegram.letterbox import StoredLetters
from rules.model import Instant
from tests.bot.store.stores import NOW, nothing, opened, stored
from tests.bot.telegram.service import Story, live
from tests.servers.telegram import TelegramServer

WHY = Button("Why", "/why 7")
REFRESH = Button("Refresh", "/corr RUT SOL", Place.HERE)
MUTE = Button("Mute", "/mute rut-record-close", Place.KEYS)
KEYS: Keyboard = ((WHY, REFRESH), (MUTE,))


def live_kept(
    server: TelegramServer, story: Story, folder: Path, *, now: Callable[[], Instant] = lambda: NOW, **parts: Any
) -> None:
    """As `live`, on the database in a folder."""
    stored(folder, nothing)
    database = opened(folder)
    live(server, story, letters=StoredLetters(database, now), afterwards=database.close, **parts)
