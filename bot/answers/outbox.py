"""The outbox as people look at it: what is owed to chats and why, and what could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass

from rules.model import Instant

NOT_TRIED, UNDER_WAY, BEHIND = "not tried yet", "being sent", "behind another of its chat"
"""Why a message is owed that no attempt has failed of."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is owed now, for which reasons and since when; when the next attempt is due; and of the last day, what was
    given up and why. Reasons are counted, the most frequent first. `lapsed` were no news any more when they could be
    sent, and are in no summary yet; of the last day too.
    """

    owed: int
    oldest: Instant | None
    due: Instant | None
    reasons: tuple[tuple[str, int], ...]
    lapsed: int
    failures: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one chat. `why` it is owed, or how it ended; `due` is when it is tried next, None when it ended.

    `repeat`: an earlier attempt may have arrived.
    """

    id: int
    channel: str
    address: str
    event: str
    state: str
    why: str
    attempts: int
    repeat: bool
    since: Instant
    due: Instant | None
    expires: Instant
