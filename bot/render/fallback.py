"""What is said where Telegram does not take what it is owed: the line above an alert, and the notice of it."""

from __future__ import annotations

from bot.render.numbers import instant
from rules.model import Instant


def in_place_of(since: Instant, html: str) -> str:
    """An alert for those who are told in Telegram's place."""
    return f"{_why(since)}\n{html}"


def unreachable(since: Instant, least: str) -> str:
    """Told once when it begins."""
    return "\n".join(
        [
            f"⚠ <b>{_why(since)}</b>",
            f"Alerts from {least} on come here until it is back;",
            "the chats in Telegram get theirs then.",
        ]
    )


def _why(since: Instant) -> str:
    return f"Telegram has not been reachable since {instant(since)}"
