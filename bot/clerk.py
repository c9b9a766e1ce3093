"""What is stored of a chat, read for an answer and changed by one. Whatever the channel; nothing is sent here.

Everything that a reply says was done is done in one transaction, before the reply is given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.answers import changes
from bot.answers.changes import Change
from bot.answers.kept import NOTHING, Kept
from bot.answers.personal import rule_id
from bot.store.alerts import events_of_rules
from bot.store.chats import forget, known_chat, prefer, settle_in, subscribe, unsubscribe
from bot.store.database import Connection
from bot.store.personal import alerts_of, remove_alert, save_alert
from bot.store.taps import forget_taps
from rules.model import Instant

OWN_EVENTS = 50
"""Events of a chat's own alerts that its answers are given."""


@dataclass(frozen=True, slots=True)
class Where:
    """The chat that changes are of: its channel, its address and kind there, and the topic it was written in."""

    channel: str
    address: str
    kind: str
    thread: int | None = None


async def kept_of(connection: Connection, channel: str, address: str) -> Kept:
    """What is stored of a chat."""
    known = await known_chat(connection, channel, address)
    if known is None:
        return NOTHING
    alerts = await alerts_of(connection, known.chat)
    ids = [rule_id(known.chat, each.number) for each in alerts]
    events = await events_of_rules(connection, ids, OWN_EVENTS)
    return Kept(known.chat, known.subscribed_since, known.preferences, alerts, known.alerts_made, tuple(events))


async def carry_out(connection: Connection, wanted: Iterable[Change], where: Where, now: Instant) -> None:
    """Store what a command wants changed."""
    for each in wanted:
        await _BY_KIND[type(each)](connection, each, where, now)


async def _subscribe(connection: Connection, _change: changes.Subscribe, where: Where, now: Instant) -> None:
    await subscribe(connection, where.channel, where.address, where.kind, now, thread=where.thread)


async def _unsubscribe(connection: Connection, _change: changes.Unsubscribe, where: Where, _now: Instant) -> None:
    await unsubscribe(connection, where.channel, where.address)


async def _forget(connection: Connection, _change: changes.Forget, where: Where, _now: Instant) -> None:
    await forget(connection, where.channel, where.address)
    await forget_taps(connection, where.channel, where.address)


async def _prefer(connection: Connection, change: changes.Prefer, where: Where, now: Instant) -> None:
    chat = await settle_in(connection, *_of(where, now))
    await prefer(connection, chat, change.preferences)


async def _save(connection: Connection, change: changes.SaveAlert, where: Where, now: Instant) -> None:
    chat = await settle_in(connection, *_of(where, now))
    await save_alert(connection, chat, change.alert)


async def _remove(connection: Connection, change: changes.RemoveAlert, where: Where, _now: Instant) -> None:
    known = await known_chat(connection, where.channel, where.address)
    if known is not None:
        await remove_alert(connection, known.chat, change.number)


def _of(where: Where, now: Instant) -> tuple[str, str, str, Instant, int | None]:
    return where.channel, where.address, where.kind, now, where.thread


_BY_KIND: dict[type[Change], Callable[[Connection, Any, Where, Instant], Awaitable[None]]] = {
    changes.Subscribe: _subscribe,
    changes.Unsubscribe: _unsubscribe,
    changes.Forget: _forget,
    changes.Prefer: _prefer,
    changes.SaveAlert: _save,
    changes.RemoveAlert: _remove,
}
