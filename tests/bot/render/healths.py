"""What /health shows, with fixed numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.answers.health import GuardReport, Health, Storage, Vitals
from bot.answers.outbox import BEHIND, NOT_TRIED, UNDER_WAY, Outbox
from bot.render.health import health_answer
from tests.bot.markets import at

NOW = at("2025-12-10T21:45Z")
NAMES = ("Telegram polling", "ticks", "outbox", "history")
WELL = Vitals(tuple(GuardReport(name, Health.WELL) for name in NAMES), 0.0123)
SICK = Vitals(
    (
        GuardReport("Telegram polling", Health.SILENT, 200, 1, "no answer to <getUpdates> since the proxy was changed"),
        GuardReport("ticks", Health.GIVEN_UP, 4_000, 3),
        GuardReport("outbox", Health.WELL),
    ),
    2.5,
)
NOTHING = Outbox(0, None, None, (), 0, ())
SOME = Outbox(3, NOW - 65, NOW + 30, (("Too many requests: wait 30 s", 2), (UNDER_WAY, 1)), 0, ())
MUCH = Outbox(
    5_012,
    NOW - 3_600,
    NOW - 5,
    (
        (NOT_TRIED, 4_000),
        (BEHIND, 1_000),
        ("httpx.ConnectError: All connection <attempts> failed", 8),
        ("the chat has moved", 2),
        ("a", 2),
    ),
    17,
    (("Bad Request: message is too long", 2), ("it was being sent when the process ended", 1)),
)
STORED = Storage(31_234_567, 4_123_456_789, {"bars": 120_123, "revisions": 3, "events": 12, "messages": 40, "chats": 2})

HEALTHS: Mapping[str, Callable[[], str]] = {
    "health": lambda: health_answer(WELL, NOTHING, NOW, STORED),
    "health-owed": lambda: health_answer(WELL, SOME, NOW),
    "health-trouble": lambda: health_answer(SICK, MUCH, NOW),
    "health-started": lambda: health_answer(None, NOTHING, NOW),
}
