"""What is to be told, as messages, and to whom: owed in the transaction that writes the event that led to them. How
they are sent is in `bot.store.outbox`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from bot.answers.buttons import NO_BUTTONS, Keyboard, dump
from bot.store.chats import Subscriber
from bot.store.conflict import insert_new
from bot.store.database import Connection
from bot.store.schema import deliveries, parts, services
from bot.store.severity import grave_enough
from bot.store.states import OWED, WITHHELD
from rules.model import Delivery, Instant, Severity

RESTORED = "restored"
"""The name of the row of `services` that says when the database was put back from a backup last."""

_OWE = insert_new(deliveries)
_BESIDE = insert_new(parts)
_RESTORED_AT = sa.select(services.c.started_at).where(services.c.name == RESTORED)


@dataclass(frozen=True, slots=True)
class Message:
    """What happened at an instant, in words, for whoever is to be told. `event` is the key of what it tells.

    `parts` are the keys of other events of the same close that are told by it too: whoever may see the one may see the
    others. `only` are the chats that it is meant for; None: all that are told what is as severe, and those in `also`. A
    `digest` goes after all that is news. `severity` is that of the gravest event it tells; `oldest` is the instant of
    the first, where that is not `at`. `buttons` stand beneath it; `answers` is the key of the event whose message it is
    shown as an answer to; `picture` is a PNG to be shown with it.
    """

    event: str
    at: Instant
    html: str
    policy: Delivery
    silent: bool
    late_after: Instant
    expires_at: Instant
    parts: tuple[str, ...] = ()
    only: frozenset[int] | None = None
    also: frozenset[int] = frozenset()
    digest: bool = False
    severity: Severity = Severity.NOTICE
    oldest: Instant | None = None
    buttons: Keyboard = NO_BUTTONS
    answers: str | None = None
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message in a chat: its state, since when that is over or due, whether it makes a sound, and why
    it is not sent at once, where it is not.
    """

    state: str
    due: Instant
    silent: bool
    reason: str = ""


Judge = Callable[[Message, Subscriber], Fate | None]
"""Says what becomes of a message in a chat; None: it is sent at once, as it says itself."""


def at_once(_message: Message, _subscriber: Subscriber) -> Fate | None:
    """Whatever it is, to whomever."""
    return None


async def owe(
    connection: Connection,
    messages: Iterable[Message],
    to: Sequence[Subscriber],
    now: Instant,
    judge: Judge = at_once,
) -> int:
    """Write a delivery for every subscriber who may see the event, as `judge` has it. Returns how many are new and to
    be sent.

    What happened before the database was put back from a backup may have been sent by then: it is a possible repeat.
    """
    messages = tuple(messages)
    told_beside = [{"event": part, "head": message.event} for message in messages for part in message.parts]
    if told_beside:
        await connection.execute(_BESIDE, told_beside)
    restored = await connection.scalar(_RESTORED_AT)
    rows = [
        _row(message, subscriber, now, judge, repeat=_may_have_been_sent(message, restored))
        for message in messages
        for subscriber in to
        if is_for(message, subscriber)
    ]
    count = 0
    for is_owed, some in groupby(rows, key=lambda row: row["state"] == OWED):  # each chat's in their order
        new = (await connection.execute(_OWE, list(some))).rowcount
        count += new if is_owed else 0
    return count


def is_for(message: Message, subscriber: Subscriber) -> bool:
    """Whether somebody may see it, and is to."""
    return subscriber.since <= message.at and _is_meant_for(message, subscriber)


def _may_have_been_sent(message: Message, restored: Instant | None) -> bool:
    """A summary is new, but of what it lists some may have been."""
    first = message.at if message.oldest is None else message.oldest
    return restored is not None and first <= restored


def _is_meant_for(message: Message, subscriber: Subscriber) -> bool:
    """A correction is for whoever was told of what it takes back, however severe that is."""
    if message.only is not None:
        return subscriber.chat in message.only
    if subscriber.chat in message.also:
        return True
    return subscriber.least is not None and grave_enough(message.severity, subscriber.least)


def _row(message: Message, subscriber: Subscriber, now: Instant, judge: Judge, *, repeat: bool) -> dict[str, Any]:
    fate = judge(message, subscriber) or Fate(OWED, now, message.silent)
    is_over = fate.state == WITHHELD
    return {
        "event": message.event,
        "chat": subscriber.chat,
        "html": "" if is_over else message.html,
        "at": message.at,
        "late_after": message.late_after,
        "expires_at": message.expires_at,
        "at_most_once": message.policy is Delivery.AT_MOST_ONCE,
        "silent": fate.silent,
        "digest": message.digest,
        "severity": message.severity.value,
        "created_at": now,
        "state": fate.state,
        "reason": fate.reason,
        "due_at": fate.due,
        "settled_at": now if is_over else None,
        "attempts": 0,
        "plain": False,
        "repeat": repeat,
        "aside": False,
        "message": "",
        "buttons": dump(message.buttons) if message.buttons else None,
        "answers": message.answers,
        "picture": None if is_over else message.picture,
    }
