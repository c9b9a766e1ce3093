"""The session in progress as one more row of a panel, made of trades that are fresh enough to speak of it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.market.sessions import Sessions
from rules.bars import Tick
from rules.model import Instant
from rules.panel import Panel
from rules.provisional import with_provisional

STALE = 20 * 60
"""Seconds from now beyond which a latest trade says nothing of it."""


def in_progress(closed: Panel, trades: Mapping[str, Tick], sessions: Sessions, now: Instant) -> Panel | None:
    """`closed` and the session in progress at `now`, of its trades that are fresh; None where there are none."""
    calendar = closed.clock.calendar
    session = sessions.in_progress(calendar, now)
    after = int(closed.clock.closes[-1]) if len(closed) else 0
    fresh = {
        name: tick
        for name, tick in trades.items()
        if name in closed.columns
        and after < tick.at
        and abs(now - tick.at) <= STALE
        and sessions.in_progress(calendar, tick.at) == session
    }
    return with_provisional(closed, session, fresh) if session is not None and fresh else None
