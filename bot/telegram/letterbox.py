"""Where lines lie until they are answered: kept before Telegram hears that they came, so that a kill loses none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, cast

from bot.store.chats import readdress
from bot.store.database import Database
from bot.store.inbox import Line, answered, keep, move_lines, unanswered
from bot.telegram.incoming import Incoming, Move
from rules.model import Instant

CHANNEL = "telegram"


class Letterbox(Protocol):
    """What the bot needs of it. Each may raise StoreError."""

    async def keep(self, lines: Sequence[Incoming], moves: Sequence[Move] = ()) -> Sequence[Incoming]:
        """Write lines down for good, and where chats have moved to. Returns the lines without an answer: Telegram may
        hand out one twice.
        """
        ...

    async def unanswered(self) -> Sequence[Incoming]:
        """What an earlier process has kept and not answered, in the order it was written."""
        ...

    async def answered(self, line: Incoming) -> None:
        """A line has its answer: what it said is forgotten."""
        ...


class StoredLetters:
    """Lines in the database. `now` is the wall clock."""

    def __init__(self, database: Database, now: Callable[[], Instant]) -> None:
        self._database, self._now = database, now

    async def keep(self, lines: Sequence[Incoming], moves: Sequence[Move] = ()) -> Sequence[Incoming]:
        """One transaction for all of them."""
        now, by_number = self._now(), {each.number: each for each in lines}
        async with self._database.write() as connection:
            for each in moves:
                await readdress(connection, CHANNEL, each.old, each.new)
                await move_lines(connection, CHANNEL, each.old, each.new)
            waiting = await keep(connection, CHANNEL, [_line(each, now) for each in by_number.values()], now)
        return [by_number[line.id] for line in waiting]

    async def unanswered(self) -> Sequence[Incoming]:
        """As they were written."""
        async with self._database.read() as connection:
            return [_incoming(line, self._now()) for line in await unanswered(connection, CHANNEL)]

    async def answered(self, line: Incoming) -> None:
        """In a transaction of its own: the answer has gone."""
        async with self._database.write() as connection:
            await answered(connection, CHANNEL, [line.number], self._now())


def _line(incoming: Incoming, now: Instant) -> Line:
    who = str(incoming.user)
    return Line(incoming.number, incoming.address, incoming.kind, who, incoming.text, incoming.thread, now)


def _incoming(line: Line, now: Instant) -> Incoming:
    kind = cast(Literal["private", "group"], line.kind)
    waited = max(0, now - line.received_at)
    return Incoming(line.address, kind, int(line.user), line.text, line.thread, line.id, waited)
