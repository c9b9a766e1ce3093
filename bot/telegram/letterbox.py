"""Where lines lie until they are answered: kept before Telegram hears that they came, so that a kill loses none.

What a tapped button stands for is looked up where its line is kept: from then on it is a line like any other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol, cast

from bot.answers.buttons import Keyboard, Place
from bot.store.chats import known_chat, retire
from bot.store.database import Connection, Database
from bot.store.handover import readdress
from bot.store.inbox import Line, answered, keep, move_lines, unanswered
from bot.store.outbox import abandon
from bot.store.people import let_follow
from bot.store.taps import show, tapped
from bot.telegram.incoming import Departure, Incoming, Kind, Move, Tap
from bot.telegram.keyboards import TELEGRAM as CHANNEL
from rules.model import Instant


class Letterbox(Protocol):
    """What the bot needs of it. Each may raise StoreError."""

    async def keep(
        self, lines: Sequence[Incoming], moves: Sequence[Move] = (), left: Sequence[Departure] = ()
    ) -> Sequence[Incoming]:
        """Write lines down for good, where chats have moved to, and where the bot is no more. Returns the lines without
        an answer, of taps what they stand for: Telegram may hand out one twice.
        """
        ...

    async def shown(self, address: str, keyboard: Keyboard) -> None:
        """Buttons are about to be shown in a chat: from now on a tap of one is understood there."""
        ...

    async def unanswered(self) -> Sequence[Incoming]:
        """What an earlier process has kept and not answered, in the order it was written."""
        ...

    async def answered(self, line: Incoming) -> None:
        """A line has its answer: what it said is forgotten."""
        ...


async def _nobody_else() -> None:
    """Who is let in is nobody's business."""


class StoredLetters:
    """Lines in the database. `now` is the wall clock. `let_in` are the chats that the configuration lets in, wherever
    they move to; `moved` is called when others may be let in than before.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], Instant],
        let_in: Iterable[int] = (),
        moved: Callable[[], Awaitable[None]] = _nobody_else,
    ) -> None:
        self._database, self._now = database, now
        self._let_in, self._moved = frozenset(map(str, let_in)), moved

    async def keep(
        self, lines: Sequence[Incoming], moves: Sequence[Move] = (), left: Sequence[Departure] = ()
    ) -> Sequence[Incoming]:
        """One transaction for all of them."""
        now = self._now()
        async with self._database.write() as connection:
            for each in moves:
                if each.old in self._let_in:
                    await let_follow(connection, CHANNEL, each.old, each.new, now)
                await readdress(connection, CHANNEL, each.old, each.new)
                await move_lines(connection, CHANNEL, each.old, each.new)
            for departure in left:
                await _leave(connection, departure, now)
            read = {each.number: await _looked_up(connection, each) for each in lines}
            waiting = await keep(connection, CHANNEL, [_line(each, now) for each in read.values()], now)
        if moves:
            await self._moved()
        return [read[line.id] for line in waiting]

    async def shown(self, address: str, keyboard: Keyboard) -> None:
        """In a transaction of its own, before the message goes out."""
        async with self._database.write() as connection:
            await show(connection, CHANNEL, address, chain(*keyboard), self._now())

    async def unanswered(self) -> Sequence[Incoming]:
        """As they were written."""
        async with self._database.read() as connection:
            return [_incoming(line, self._now()) for line in await unanswered(connection, CHANNEL)]

    async def answered(self, line: Incoming) -> None:
        """In a transaction of its own: the answer has gone."""
        async with self._database.write() as connection:
            await answered(connection, CHANNEL, [line.number], self._now())


async def _looked_up(connection: Connection, line: Incoming) -> Incoming:
    """A line as it was written, or as the tapped button has it; nothing is said by one that was never shown there."""
    if line.tap is None:
        return line
    button = await tapped(connection, CHANNEL, line.address, line.tap.token)
    text, place = ("", None) if button is None else (button.line, button.place)
    return replace(line, text=text, tap=replace(line.tap, token="", place=place))


async def _leave(connection: Connection, departure: Departure, now: Instant) -> None:
    """A chat is told nothing any more, unless it has asked to be since."""
    known = await known_chat(connection, CHANNEL, departure.address)
    if known is not None and await retire(connection, known.chat, departure.why, departure.at):
        await abandon(connection, known.chat, departure.why, now)


def _line(incoming: Incoming, now: Instant) -> Line:
    who, tap = str(incoming.user), incoming.tap
    noted = None if tap is None else [tap.query, tap.message, tap.has_picture, tap.place]
    return Line(incoming.number, incoming.address, incoming.kind, who, incoming.text, incoming.thread, now, noted)


def _incoming(line: Line, now: Instant) -> Incoming:
    kind, tap = cast(Kind, line.kind), None
    if line.tap is not None:
        query, message, has_picture, place = line.tap
        tap = Tap(query, message, has_picture, place=None if place is None else Place(place))
    waited = max(0, now - line.received_at)
    return Incoming(line.address, kind, int(line.user), line.text, line.thread, line.id, waited, tap=tap)
