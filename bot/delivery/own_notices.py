"""What the owner of an alert hears of it beside that it fired: that its time is over, or that it cannot be judged."""

from __future__ import annotations

from bot.answers.personal import PersonalAlert, rule_id
from bot.delivery.announce import LASTING, MARGIN
from bot.render.personal import broken_notice, ended_notice, notice_buttons
from bot.store.messages import Message
from rules.model import Delivery, Instant

OWN = "own"
"""What the key of a notice about a chat's own alert begins with."""


def is_own_notice(key: str) -> bool:
    """Whether a message tells of a chat's own alert and of nothing that happened to it."""
    return key.startswith(f"{OWN}/")


def ended(chat: int, alert: PersonalAlert, now: Instant) -> Message:
    """The time of an alert is over."""
    return _notice("ended", chat, alert, ended_notice(alert), now)


def broken(chat: int, alert: PersonalAlert, now: Instant) -> Message:
    """An alert cannot be judged, and is not tried again."""
    return _notice("broken", chat, alert, broken_notice(alert), now)


def _notice(what: str, chat: int, alert: PersonalAlert, html: str, now: Instant) -> Message:
    return Message(
        event=f"{OWN}/{what}/{rule_id(chat, alert.number)}/{now}",
        at=now,
        html=html,
        policy=Delivery.AT_LEAST_ONCE,
        silent=True,
        late_after=now + MARGIN,
        expires_at=now + LASTING,
        only=frozenset({chat}),
        digest=True,
        buttons=notice_buttons(alert),
    )
