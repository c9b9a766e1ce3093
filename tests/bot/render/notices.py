"""What administrators are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.render.notices import back, ending, stopped
from tests.bot.markets import at

SINCE, NOW = at("2025-12-10T21:30Z"), at("2025-12-10T21:34Z")
REJECTED = "token rejected: Telegram does not know <the> bot's token"

NOTICES: Mapping[str, Callable[[], str]] = {
    "notice-stopped": lambda: stopped("the scheduler", SINCE, NOW, restarts=1),
    "notice-stopped-why": lambda: stopped("Telegram", SINCE, NOW, REJECTED),
    "notice-back": lambda: back("the scheduler", SINCE, NOW, restarts=2),
    "notice-back-unaided": lambda: back("Telegram", SINCE, NOW),
    "notice-ending": lambda: ending("the scheduler", SINCE, NOW, restarts=3),
}
