"""What the people who run the service are told: what stopped, that it is back, that the process ends."""

from __future__ import annotations

from html import escape

from bot.render.numbers import duration, instant
from rules.language.errors import short
from rules.model import Instant

LONGEST_REASON = 160


def stopped(name: str, since: Instant, now: Instant, why: str = "", restarts: int = 0) -> str:
    """Something shows no sign of life; `why` in its own words, `restarts` within the last hour."""
    return "\n".join(
        [
            f"⚠ <b>Not well: {escape(name)}</b>",
            f"No sign of life since {instant(since)}, {duration(now - since)}.",
            *_reason(why),
            *([f"{_restarted(restarts)}; that has not helped yet."] if restarts else []),
            "You are told when it is back; /health shows all.",
        ]
    )


def back(name: str, since: Instant, now: Instant, restarts: int = 0) -> str:
    """It is well again."""
    return "\n".join(
        [
            f"✅ <b>Well again: {escape(name)}</b>",
            f"It was not from {instant(since)}",
            f"to {instant(now)}, {duration(now - since)}.",
            *([f"{_restarted(restarts)}."] if restarts else []),
        ]
    )


def ending(name: str, since: Instant, now: Instant, why: str = "", restarts: int = 0) -> str:
    """Nothing helped: the process ends, and what is owed is sent by the next."""
    return "\n".join(
        [
            f"🛑 <b>The process ends: {escape(name)}</b>",
            f"No sign of life since {instant(since)}, {duration(now - since)}.",
            *_reason(why),
            *([f"{_restarted(restarts)}; that did not help."] if restarts else []),
            "A supervisor starts it anew; nothing that is owed is lost.",
        ]
    )


def _reason(why: str) -> list[str]:
    """Often another program's words: on one line, and of bounded length."""
    return [escape(short(" ".join(why.split()), LONGEST_REASON), quote=False)] if why else []


def _restarted(times: int) -> str:
    return "Restarted once" if times == 1 else f"Restarted {times} times"
