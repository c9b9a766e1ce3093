"""Two chats that turn out to be one: what was chosen in the one, and made, goes on in the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from bot.answers.preferences import NEW_CHAT, Preferences, dump, load
from bot.store.database import Connection
from bot.store.schema import alerts, chats, deliveries


async def hand_over(connection: Connection, chat: int, to: int) -> None:
    """What `chat` has chosen and made is now of chat `to`, unless that has chosen something itself.

    Its alerts get the next numbers there, and with them other rules, which begin anew where the market stands: nothing
    that was told is told again.
    """
    rows = await connection.execute(sa.select(chats).where(chats.c.id.in_([chat, to])))
    both = {row.id: row for row in rows}
    ours, theirs = both[chat], both[to]
    moved = sa.update(alerts).where(alerts.c.chat == chat)
    await connection.execute(moved.values(chat=to, number=alerts.c.number + theirs.alerts_made))
    has_chosen = load(theirs.preferences) != NEW_CHAT
    taken = {
        "alerts_made": theirs.alerts_made + ours.alerts_made,
        "preferences": theirs.preferences if has_chosen else dump(await _without_past(connection, ours, to)),
        "thread": ours.thread if theirs.thread is None else theirs.thread,
    }
    await connection.execute(sa.update(chats).where(chats.c.id == to).values(taken))


async def _without_past(connection: Connection, ours: sa.Row[Any], to: int) -> Preferences:
    """What was chosen in the row of a chat whose messages are of chat `to` now. Briefs that it was owed are not due
    there anew, under other keys.
    """
    chosen = load(ours.preferences)
    briefs = deliveries.c.chat == to, deliveries.c.event.startswith(f"digest/{ours.id}/")
    last = await connection.scalar(sa.select(sa.func.max(deliveries.c.created_at)).where(*briefs))
    return chosen if last is None else replace(chosen, digests_since=max(chosen.digests_since, last + 1))
