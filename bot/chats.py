"""What is stored of the chat that asks: read for an answer, and changed by one. Whatever the channel; nothing is sent.

Everything that a reply says was done is done in one transaction, before the reply is given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.answers import changes
from bot.answers.changes import Change
from bot.answers.kept import MOST_ALERTS, NOTHING, Kept
from bot.answers.personal import rule_id
from bot.delivery.briefs import rearrange
from bot.people import Door, asked, broadcast, decided
from bot.store.alerts import events_of_rules
from bot.store.chats import forget, known_chat, prefer, settle_in, subscribe, unsubscribe
from bot.store.database import Connection
from bot.store.people import forget_request
from bot.store.personal import alerts_of, count_alerts, forget_events, remove_alert, save_alert
from bot.store.taps import forget_taps
from rules.model import Instant

MOST_IN_ALL = 1_000
"""Own alerts of all chats together: where a bar has come in all are judged, and at a start all are compiled."""

OWN_EVENTS = 50
"""Events of a chat's own alerts that its answers are given."""


@dataclass(frozen=True, slots=True)
class Where:
    """The chat that changes are of: its channel, its address and kind there, the topic it was written in, and by whom;
    and who decides who is let in there.
    """

    channel: str
    address: str
    kind: str
    thread: int | None = None
    user: str = ""
    door: Door | None = None


async def kept_of(connection: Connection, channel: str, address: str, most: int = MOST_ALERTS) -> Kept:
    """What is stored of a chat, which may have so many alerts of its own at `most`."""
    full = await count_alerts(connection) >= MOST_IN_ALL
    known = await known_chat(connection, channel, address)
    if known is None:
        return replace(NOTHING, most_alerts=most, none_left=full)
    alerts = await alerts_of(connection, known.chat)
    ids = [rule_id(known.chat, each.number) for each in alerts]
    events = await events_of_rules(connection, ids, OWN_EVENTS)
    made = known.alerts_made, tuple(events)
    return Kept(known.chat, known.subscribed_since, known.preferences, alerts, *made, most, full)


async def carry_out(connection: Connection, wanted: Iterable[Change], where: Where, now: Instant) -> None:
    """Store what a command wants changed."""
    for each in wanted:
        await _BY_KIND[type(each)](connection, each, where, now)


async def _subscribe(connection: Connection, _change: changes.Subscribe, where: Where, now: Instant) -> None:
    await subscribe(connection, where.channel, where.address, where.kind, now, thread=where.thread)


async def _unsubscribe(connection: Connection, _change: changes.Unsubscribe, where: Where, _now: Instant) -> None:
    await unsubscribe(connection, where.channel, where.address)


async def _forget(connection: Connection, _change: changes.Forget, where: Where, _now: Instant) -> None:
    known = await known_chat(connection, where.channel, where.address)
    if known is not None:
        await forget_events(connection, known.chat)
    await forget(connection, where.channel, where.address)
    await forget_taps(connection, where.channel, where.address)
    await forget_request(connection, where.channel, where.address)


async def _prefer(connection: Connection, change: changes.Prefer, where: Where, now: Instant) -> None:
    chat, chosen = await settle_in(connection, *_of(where, now)), change.preferences
    before = await known_chat(connection, where.channel, where.address)
    if chosen.digests and before is not None and before.preferences.zone != chosen.zone:
        chosen = replace(chosen, digests_since=now)  # by the new clock the brief of today may be due once more
    await prefer(connection, chat, chosen)
    await rearrange(connection, chat, chosen, now)


async def _save(connection: Connection, change: changes.SaveAlert, where: Where, now: Instant) -> None:
    chat = await settle_in(connection, *_of(where, now))
    await save_alert(connection, chat, change.alert)


async def _remove(connection: Connection, change: changes.RemoveAlert, where: Where, _now: Instant) -> None:
    known = await known_chat(connection, where.channel, where.address)
    if known is not None:
        await remove_alert(connection, known.chat, change.number)


async def _ask(connection: Connection, change: changes.AskToBeLetIn, where: Where, now: Instant) -> None:
    await asked(connection, _door(where), change, now)


async def _decide(connection: Connection, change: changes.Decide, where: Where, now: Instant) -> None:
    await decided(connection, _door(where), change, where.user, now)


async def _broadcast(connection: Connection, change: changes.Broadcast, where: Where, now: Instant) -> None:
    await broadcast(connection, _door(where), change, now)


def _door(where: Where) -> Door:
    return where.door or Door(where.channel)


def _of(where: Where, now: Instant) -> tuple[str, str, str, Instant, int | None]:
    return where.channel, where.address, where.kind, now, where.thread


_BY_KIND: dict[type[Change], Callable[[Connection, Any, Where, Instant], Awaitable[None]]] = {
    changes.Subscribe: _subscribe,
    changes.Unsubscribe: _unsubscribe,
    changes.Forget: _forget,
    changes.Prefer: _prefer,
    changes.SaveAlert: _save,
    changes.RemoveAlert: _remove,
    changes.AskToBeLetIn: _ask,
    changes.Decide: _decide,
    changes.Broadcast: _broadcast,
}
CONCERNS_OTHERS = (changes.AskToBeLetIn, changes.Decide, changes.Broadcast)
"""Changes after which somebody else is owed a message."""
