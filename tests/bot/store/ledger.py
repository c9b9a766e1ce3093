"""What the outbox promises, as simply as it can be said: lists in memory, no database, no SQL.

The state machine in test_machine.py holds the store against it, row by row. It knows besides what the database does
not: what readers were truly shown.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    NotUnderstood,
    Rejected,
    Resting,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.delivery.settle import LONGEST_PAUSE, LONGEST_UNSENT, Closed, Ended, Fault, NotTried, pause_after
from bot.store.messages import Message
from bot.store.outbox import Owed
from rules.model import Delivery, Instant

TOLD = ("owed", "sent", "unsure")


@dataclass(eq=False)
class Chat:
    """A chat: where it is, since when it is told, whether it is gone, and when it last asked to be told. One that was
    forgotten is in no list.
    """

    id: int
    address: str
    since: Instant | None = None
    gone: bool = False
    heard: Instant = 0


@dataclass(eq=False)
class Row:
    """A delivery. `shown` are the times that readers saw it, by whether it said that it may be a repeat. `loose`: it
    stands in no order with the chat's others, because it came with one that moved, or was put aside once."""

    id: int
    chat: Chat
    message: Message
    due: Instant
    state: str = "owed"
    owner: str | None = None
    attempts: int = 0
    plain: bool = False
    repeat: bool = False
    aside: bool = False
    loose: bool = False
    shown: list[bool] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Still to be sent."""
        return self.state == "owed"

    def closes(self, state: str) -> None:
        """For good."""
        self.state, self.owner = state, None

    def waits(self, due: Instant, *, repeat: bool, plain: bool = False, aside: bool = False) -> None:
        """Given back until `due`."""
        self.due, self.owner = min(due, self.message.expires_at), None
        self.repeat, self.plain, self.aside = self.repeat or repeat, self.plain or plain, aside
        self.loose = self.loose or aside


class Ledger:
    """All chats and all deliveries that there are."""

    def __init__(self) -> None:
        self.chats: list[Chat] = []
        self.rows: list[Row] = []

    def at(self, address: str) -> Chat | None:
        """The chat there."""
        return next((chat for chat in self.chats if chat.address == address), None)

    def of(self, chat: int) -> Chat | None:
        """The chat with this id, if it is still known."""
        return next((each for each in self.chats if each.id == chat), None)

    def row(self, number: int) -> Row | None:
        """The delivery with this id, if it is still known."""
        return next((row for row in self.rows if row.id == number), None)

    # Who is told

    def unsubscribes(self, address: str) -> None:
        """What is owed is not wanted any more."""
        if (chat := self.at(address)) is not None:
            chat.since = None
            self.rows = [row for row in self.rows if row.chat is not chat or not row.is_open]

    def forgets(self, address: str) -> None:
        """Everything of it."""
        if (chat := self.at(address)) is not None:
            self._drops(chat)

    def retires(self, chat: Chat) -> None:
        """Nothing can be sent there."""
        chat.gone, chat.since = True, None
        for row in self.rows:
            if row.chat is chat and row.is_open:
                row.closes("gone")

    def moves(self, chat: Chat, address: str) -> None:
        """To a free place, or onto another chat, which takes over what its readers have not been told."""
        there = self.at(address)
        if there is None or there is chat:
            chat.address = address
            return
        if there.gone:
            there.gone, there.since = False, chat.since
        for row in [row for row in self.rows if row.chat is chat]:
            known = self._known(there, row.message.event)
            if known is not None and known.state == "gone" and row.is_open:
                self.rows.remove(known)  # nobody was told: the chat was not there
                known = None
            if known is None:
                row.chat, row.loose = there, True
        self._drops(chat)

    def _known(self, chat: Chat, event: str) -> Row | None:
        return next((row for row in self.rows if row.chat is chat and row.message.event == event), None)

    def _drops(self, chat: Chat) -> None:
        self.chats.remove(chat)
        self.rows = [row for row in self.rows if row.chat is not chat]

    # What is owed

    def wants(self, message: Message) -> list[Chat]:
        """The chats for which a message is new."""
        return [
            chat
            for chat in self.chats
            if chat.since is not None
            and chat.since <= message.at
            and (message.only is None or chat.id in message.only)
            and self._known(chat, message.event) is None
        ]

    def line(self, without: Collection[int] = ()) -> list[Row]:
        """Of each chat what may be sent next, digests last, in the order in which it falls due."""
        open_ones = [row for row in self.rows if row.is_open]
        heads = [row for row in open_ones if row.id not in without and not self.before(row)]
        return sorted(heads, key=lambda row: (row.message.digest, row.due, row.id))

    def before(self, row: Row) -> list[Row]:
        """What must have gone before it."""
        theirs = [each for each in self.rows if each.chat is row.chat and each.is_open]
        of_its_kind = [each for each in theirs if each.message.digest <= row.message.digest]
        return [each for each in of_its_kind if each.id < row.id and not each.aside]

    def claims(
        self, owner: str, now: Instant, lease: int, most: int, without: Collection[int]
    ) -> list[tuple[int, bool]]:
        """Which are taken, and whether each may be a repeat."""
        taken = [row for row in self.line(without) if row.due <= now][:most]
        found = [(row.id, row.repeat or row.owner is not None) for row in taken]
        for row in taken:
            row.owner, row.due, row.attempts = owner, now + lease, row.attempts + 1
        return found

    def settles(self, owed: Owed, ended: Ended, now: Instant) -> None:
        """How a sending ended. What is told of a chat holds in any case, of a delivery only if the claim still does."""
        row, chat = self.row(owed.id), self.of(owed.chat)
        if isinstance(ended, ChatGone) and (chat is None or chat.heard < owed.claimed_at):
            if chat is not None:
                self.retires(chat)
            return
        if row is not None and row.is_open and (row.owner, row.attempts) == (owed.owner, owed.attempts):
            _settles(row, owed, ended, now)
        if isinstance(ended, ChatMoved) and chat is not None:
            self.moves(chat, ended.address)

    def takes_back(self, event: str) -> frozenset[int]:
        """What has surely not arrived is withdrawn; the chats of the rest that were told, or may be."""
        telling = [row for row in self.rows if row.message.event == event]
        unsent = [row for row in telling if row.is_open and not row.repeat and row.owner is None]
        for row in unsent:
            row.closes("withdrawn")
        return frozenset(row.chat.id for row in telling if row not in unsent and row.state in TOLD)

    def lapses(self) -> list[tuple[int, str]]:
        """What was no news any more, of chats that are told and that nothing is owed to; each once."""
        waiting = {row.chat.id for row in self.rows if row.is_open}
        found = [
            row
            for row in sorted(self.rows, key=lambda row: row.id)
            if row.state == "expired"
            and row.chat.id not in waiting
            and row.chat.since is not None
            and row.chat.since <= row.message.at
        ]
        for row in found:
            row.closes("listed")
        return [(row.chat.id, row.message.event) for row in found]


def _settles(row: Row, owed: Owed, ended: Ended, now: Instant) -> None:
    """What the holder of a claim has to say of it."""
    pause, unsure = now + pause_after(owed.attempts), is_once(row)
    match ended:
        case Sent():
            row.closes("sent")
        case Closed():
            row.closes(ended.state)
        case Rejected():
            row.closes("rejected")
        case NotUnderstood() if owed.plain:
            row.closes("rejected")
        case NotUnderstood():
            row.waits(now, repeat=owed.repeat, plain=True)
        case Ambiguous() | Fault() if unsure:
            row.closes("unsure")
        case Ambiguous() | Fault():
            row.waits(pause, repeat=True, aside=isinstance(ended, Fault))
        case RetryLater(seconds=None):
            row.waits(now + min(pause_after(owed.attempts), LONGEST_UNSENT), repeat=owed.repeat)
        case RetryLater(seconds=seconds):
            row.waits(now + round(seconds or 0), repeat=owed.repeat)
        case TokenRejected():
            row.waits(now + LONGEST_PAUSE, repeat=owed.repeat)
        case ChatMoved() | ChatGone():
            row.waits(pause, repeat=owed.repeat)
        case NotTried() | Resting():
            due = now + (math.ceil(ended.seconds) if isinstance(ended, Resting) else 0)
            row.attempts, row.owner, row.repeat = owed.attempts - 1, None, owed.repeat
            row.due = min(due, row.message.expires_at)


def is_once(row: Row) -> bool:
    """Whether its rule would rather lose it than repeat it."""
    return row.message.policy is Delivery.AT_MOST_ONCE
