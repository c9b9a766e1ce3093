"""Further channels as chats: the address of one is the name it has in the configuration. Its URL is a secret, and never
comes here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.store.chats import EVERYTHING, Subscriber, subscribe
from bot.store.database import Connection
from bot.store.outbox import abandon
from bot.store.schema import chats, subscriptions
from rules.model import Instant, Severity

APPRISE = "apprise"
"""The channel that all of them are chats of, and their kind."""

UNTAKEN = "untaken"
"""The topic of a subscription to what Telegram does not take."""

NOT_CONFIGURED = "no longer in the configuration"


@dataclass(frozen=True, slots=True)
class Roll:
    """The names of further channels, with the least severe that each is told: of `subscribers`, who are told every
    alert, and of `fallback`, who are told what Telegram does not take.
    """

    subscribers: Mapping[str, Severity] = field(default_factory=dict)
    fallback: Mapping[str, Severity] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.subscribers or self.fallback)


NOBODY = Roll()


async def enrol(connection: Connection, roll: Roll, now: Instant) -> None:
    """Make chats of the channels in `roll`, each with its one subscription; what the others are owed is closed.

    One that had the same role already keeps the instant since when it is told.
    """
    await _strike(connection, {*roll.subscribers, *roll.fallback}, now)
    for name in roll.subscribers:
        await subscribe(connection, APPRISE, name, APPRISE, now)
    for name in roll.fallback:
        await subscribe(connection, APPRISE, name, APPRISE, now, topic=UNTAKEN)
    for theirs, other in ((roll.subscribers, UNTAKEN), (roll.fallback, EVERYTHING)):
        changed = sa.delete(subscriptions).where(subscriptions.c.chat.in_(_numbers(theirs)))
        await connection.execute(changed.where(subscriptions.c.topic == other))


async def _strike(connection: Connection, kept: Collection[str], now: Instant) -> None:
    """Tell those nothing more that are not `kept`."""
    gone = sa.select(chats.c.id).where(chats.c.channel == APPRISE, chats.c.address.not_in(kept))
    for chat in (await connection.execute(gone)).scalars().all():
        await connection.execute(sa.delete(subscriptions).where(subscriptions.c.chat == chat))
        await abandon(connection, chat, NOT_CONFIGURED, now)


async def enrolled(connection: Connection, least: Mapping[str, Severity], topic: str = EVERYTHING) -> list[Subscriber]:
    """Those named in `least` that are subscribed to `topic` and can be told."""
    if not least:
        return []
    query = (
        sa.select(chats.c.id, chats.c.address, subscriptions.c.since)
        .join(subscriptions, subscriptions.c.chat == chats.c.id)
        .where(chats.c.id.in_(_numbers(least)), chats.c.gone.is_(None), subscriptions.c.topic == topic)
        .order_by(chats.c.id)
    )
    return [Subscriber(row.id, row.since, least[row.address]) for row in await connection.execute(query)]


async def names(connection: Connection) -> list[str]:
    """Of those that are told, whatever their role."""
    told = sa.exists().where(subscriptions.c.chat == chats.c.id)
    query = sa.select(chats.c.address).where(chats.c.channel == APPRISE, told).order_by(chats.c.address)
    return list((await connection.execute(query)).scalars())


def _numbers(addresses: Collection[str]) -> sa.Select[tuple[int]]:
    return sa.select(chats.c.id).where(chats.c.channel == APPRISE, chats.c.address.in_(tuple(addresses)))
