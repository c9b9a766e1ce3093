"""A chat that lives at another address from now on. Where another one is known there, the two are one: what is owed,
chosen and made in the one goes on in the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from bot.answers.preferences import NEW_CHAT, Preferences, dump, load
from bot.store.chats import EVERYTHING, OWN
from bot.store.database import Connection
from bot.store.people import move_decision
from bot.store.schema import alerts, chats, deliveries, subscriptions
from bot.store.states import GONE, is_open
from bot.store.taps import move_taps


async def readdress(connection: Connection, channel: str, old: str, new: str) -> None:
    """A chat lives at another address now, as `move` has it; of one that we do not know only the buttons matter, and
    what was decided of it.
    """
    known = (await connection.execute(_at(channel, old))).first()
    if known is None:
        await _move_what_is_addressed(connection, channel, old, new)
    else:
        await move(connection, known.id, new)


async def move(connection: Connection, chat: int, address: str) -> None:
    """The chat lives at another address, with its buttons and what was decided of it. If that one is known already, it
    takes over what is owed, chosen and made here, and this one ends.

    What the other was told or is owed already it does not get again; what was given up there and is still owed here it
    does. Its own wish to be told or not stands, unless it was given up: then this one's wish holds. One that has only
    chosen something, and was never asked about what is everybody's, is told that if this one was.
    """
    here = (await connection.execute(sa.select(chats.c.channel, chats.c.address).where(chats.c.id == chat))).first()
    if here is None or here.address == address:
        return
    await _move_what_is_addressed(connection, here.channel, here.address, address)
    there = (await connection.execute(_at(here.channel, address))).first()
    if there is None:
        await connection.execute(sa.update(chats).where(chats.c.id == chat).values(address=address))
        return
    await _take_wish(connection, chat, there.id, was_given_up=there.gone is not None)
    await _take_owed(connection, chat, there.id)
    await _take_choices(connection, chat, there.id)
    await connection.execute(sa.delete(chats).where(chats.c.id == chat))


async def _move_what_is_addressed(connection: Connection, channel: str, old: str, new: str) -> None:
    """What is stored by a chat's address and not by its number."""
    await move_taps(connection, channel, old, new)
    await move_decision(connection, channel, old, new)


async def _take_wish(connection: Connection, chat: int, to: int, was_given_up: bool) -> None:
    """Whether `to` is told what is everybody's."""
    theirs = subscriptions.c.chat == chat
    if was_given_up:
        await connection.execute(sa.update(chats).where(chats.c.id == to).values(gone=None))
        await connection.execute(sa.update(subscriptions).where(theirs).values(chat=to))
    elif await _topics(connection, to) == {OWN}:
        wish = theirs, subscriptions.c.topic == EVERYTHING
        await connection.execute(sa.update(subscriptions).where(*wish).values(chat=to))


async def _take_owed(connection: Connection, chat: int, to: int) -> None:
    """What `chat` is owed is owed to `to`, unless that was told it or is owed it."""
    owed = sa.select(deliveries.c.event).where(deliveries.c.chat == chat, is_open(deliveries))
    given_up = deliveries.c.chat == to, deliveries.c.state == GONE, deliveries.c.event.in_(owed)
    await connection.execute(sa.delete(deliveries).where(*given_up))
    known = sa.select(deliveries.c.event).where(deliveries.c.chat == to)
    moved = sa.update(deliveries).where(deliveries.c.chat == chat, deliveries.c.event.not_in(known))
    await connection.execute(moved.values(chat=to))


async def _take_choices(connection: Connection, chat: int, to: int) -> None:
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


async def _topics(connection: Connection, chat: int) -> set[str]:
    query = sa.select(subscriptions.c.topic).where(subscriptions.c.chat == chat)
    return set((await connection.execute(query)).scalars())


def _at(channel: str, address: str) -> sa.Select[tuple[int, str | None]]:
    return sa.select(chats.c.id, chats.c.gone).where(chats.c.channel == channel, chats.c.address == address)
