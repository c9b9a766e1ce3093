"""What the store holds of the chat that asks: whether alerts come, how it wants to be told, the alerts made there."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers.personal import PersonalAlert
from bot.answers.preferences import NEW_CHAT, Preferences
from rules.model import AlertEvent, Instant

MOST_ALERTS = 20
"""Own alerts of a chat, unless the configuration says otherwise."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`chat` is its number in the store, None where nothing is stored. `subscribed_since` is None where no alerts come.

    `alerts` are its own, by number; `alerts_made` numbers were used, the newest being that one. `events` are the last
    of what happened to its own alerts, oldest first. It may have `most_alerts`, but for now no more where there are
    `none_left` for anybody.
    """

    chat: int | None = None
    subscribed_since: Instant | None = None
    preferences: Preferences = NEW_CHAT
    alerts: tuple[PersonalAlert, ...] = ()
    alerts_made: int = 0
    events: tuple[AlertEvent, ...] = ()
    most_alerts: int = MOST_ALERTS
    none_left: bool = False


NOTHING = Kept()
"""Of a chat that the store does not know."""
