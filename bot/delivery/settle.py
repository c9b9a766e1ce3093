"""What becomes of a delivery, by how its sending ended: one small function for each way.

At least once: a delivery that may have arrived or not is sent again and says that it may be a repeat. A rule may ask
for at most once: then it is closed as unsure instead.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    NotUnderstood,
    Outcome,
    Rejected,
    Resting,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.store.chats import retire
from bot.store.database import Connection
from bot.store.handover import move
from bot.store.outbox import Owed, abandon, give_back, postpone
from bot.store.outbox import settle as close
from bot.store.states import EXPIRED
from rules.model import Delivery, Instant

FIRST_PAUSE, LONGEST_PAUSE = 2, 300
"""Seconds until a failed delivery is tried again, doubling, where the channel does not say."""

LONGEST_UNSENT = 30
"""The same for what surely never left: trying costs nothing, and waiting is lateness once the network is back."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Not sent, and not to be sent."""

    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotTried:
    """We are stopping: as if it had not been claimed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The channel broke its promise not to raise. It may have sent this message; it may well send the chat's next."""

    reason: str


Ended = Outcome | Closed | NotTried | Fault


def pause_after(attempts: int) -> int:
    """Seconds until the next try."""
    return min(FIRST_PAUSE << min(attempts - 1, 10), LONGEST_PAUSE)


def before_sending(owed: Owed, now: Instant) -> Closed | None:
    """Why a delivery is not even tried; None when it is."""
    if now >= owed.expires_at:
        return Closed(EXPIRED, "no longer news")
    if owed.repeat and owed.policy is Delivery.AT_MOST_ONCE:
        return Closed("unsure", "it was being sent when the process ended")
    return None


async def settle(connection: Connection, owed: Owed, ended: Ended, now: Instant) -> None:
    """Write down how a sending ended, and what follows."""
    await _SETTLE[type(ended)](connection, owed, ended, now)


async def _sent(connection: Connection, owed: Owed, ended: Sent, now: Instant) -> None:
    await close(connection, owed, now, "sent", message=ended.message)


async def _later(connection: Connection, owed: Owed, ended: RetryLater, now: Instant) -> None:
    own = min(pause_after(owed.attempts), LONGEST_UNSENT)
    seconds = own if ended.seconds is None else max(1, round(ended.seconds))
    await postpone(connection, owed, now + seconds, ended.reason)


async def _resting(connection: Connection, owed: Owed, ended: Resting, now: Instant) -> None:
    await give_back(connection, owed, now + max(1, math.ceil(ended.seconds)))


async def _ambiguous(connection: Connection, owed: Owed, ended: Ambiguous, now: Instant) -> None:
    if owed.policy is Delivery.AT_MOST_ONCE:
        await close(connection, owed, now, "unsure", ended.reason)
    else:
        await postpone(connection, owed, now + pause_after(owed.attempts), ended.reason, repeat=True)


async def _fault(connection: Connection, owed: Owed, ended: Fault, now: Instant) -> None:
    if owed.policy is Delivery.AT_MOST_ONCE:
        await close(connection, owed, now, "unsure", ended.reason)
    else:
        await postpone(connection, owed, now + pause_after(owed.attempts), ended.reason, repeat=True, aside=True)


async def _gone(connection: Connection, owed: Owed, ended: ChatGone, now: Instant) -> None:
    if await retire(connection, owed.chat, ended.reason, owed.claimed_at):
        await abandon(connection, owed.chat, ended.reason, now)
    else:
        await postpone(connection, owed, now + pause_after(owed.attempts), ended.reason)


async def _moved(connection: Connection, owed: Owed, ended: ChatMoved, now: Instant) -> None:
    await postpone(connection, owed, now + pause_after(owed.attempts), "the chat has moved")
    await move(connection, owed.chat, ended.address)


async def _not_understood(connection: Connection, owed: Owed, ended: NotUnderstood, now: Instant) -> None:
    if owed.plain:
        await close(connection, owed, now, "rejected", ended.reason)
    else:
        await postpone(connection, owed, now, ended.reason, plain=True)


async def _rejected(connection: Connection, owed: Owed, ended: Rejected, now: Instant) -> None:
    await close(connection, owed, now, "rejected", ended.reason)


async def _token_rejected(connection: Connection, owed: Owed, ended: TokenRejected, now: Instant) -> None:
    await postpone(connection, owed, now + LONGEST_PAUSE, ended.reason)


async def _closed(connection: Connection, owed: Owed, ended: Closed, now: Instant) -> None:
    await close(connection, owed, now, ended.state, ended.reason)


async def _not_tried(connection: Connection, owed: Owed, _ended: NotTried, now: Instant) -> None:
    await give_back(connection, owed, now)


_SETTLE: dict[type[Ended], Callable[..., Awaitable[None]]] = {
    Sent: _sent,
    RetryLater: _later,
    Resting: _resting,
    Ambiguous: _ambiguous,
    ChatGone: _gone,
    ChatMoved: _moved,
    NotUnderstood: _not_understood,
    Rejected: _rejected,
    TokenRejected: _token_rejected,
    Fault: _fault,
    Closed: _closed,
    NotTried: _not_tried,
}
