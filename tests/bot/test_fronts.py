"""What of a front is decided where it is put together: how long a push may take, and that its secret is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from bot.fronts import open_front
from bot.reception import Reception
from bot.redaction import HIDDEN, Redaction
from bot.settings import Settings
from bot.store.database import Database
from bot.store.guests import Guests
from bot.telegram.webhook import TAKING
from bot.web.listener import Listener
from bot.web.webhook import READING
from tests.servers.telegram import TOKEN

PUSHED = {"token": TOKEN, "webhook_url": "https://bot.example.org/in", "webhook_listen": "127.0.0.1:0"}


def pushed_to(path: Path, redaction: Redaction) -> Listener:
    """Who listens where Telegram pushes."""
    settings, nobody = Settings(telegram=PUSHED), cast(Reception, None)
    database = Database(path / "bellwether.db")
    guests = Guests(database, "telegram")
    _, _, listener = open_front(settings, database, nobody, guests, lambda: True, lambda: 0, redaction.learn)
    assert listener is not None
    return listener


def test_a_push_may_take_as_long_as_reading_and_keeping_it_together(tmp_path: Path) -> None:
    """Ten seconds for an exchange cut off what may take thirteen: Telegram pushed it again, and again."""
    assert pushed_to(tmp_path, Redaction([])).limits.exchange > READING + TAKING


def test_the_secret_of_a_webhook_is_hidden_from_the_moment_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redaction = Redaction([])
    monkeypatch.setattr("secrets.token_urlsafe", lambda _bytes: "drawn-by-lot-2f6c")
    pushed_to(tmp_path, redaction)
    assert redaction.redact("403 for drawn-by-lot-2f6c") == f"403 for {HIDDEN}"
