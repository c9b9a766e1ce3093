"""Two chats that turn out to be one: what was chosen in the one, and made, goes on in the other."""

from __future__ import annotations

import sqlalchemy as sa

from bot.answers.preferences import NEW_CHAT, load
from bot.store.database import Connection
from bot.store.schema import alerts, chats


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
        "preferences": theirs.preferences if has_chosen else ours.preferences,
        "thread": ours.thread if theirs.thread is None else theirs.thread,
    }
    await connection.execute(sa.update(chats).where(chats.c.id == to).values(taken))
