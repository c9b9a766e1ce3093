"""Answers to lines that people write or tap: the market, the chat and the service's state on a desk, a command,
a reply.

What a command wants changed is stored before its reply is given. Commands compute in threads: a slow answer holds up
neither another one nor the watch. Pictures are drawn in one thread of their own: a slow one holds up no text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bot.allocator import Rest
from bot.answers import Chat, Picture
from bot.answers.changes import Change
from bot.answers.kept import Kept
from bot.briefing import Briefing
from bot.chats import CONCERNS_OTHERS, Where, carry_out, kept_of
from bot.commands.registry import TERMINAL, Desk, Reply, Wants, answer, command_of, trades_for
from bot.delivery.channel import Answer
from bot.drawing import DRAWING_LIMIT, Drawing
from bot.market.trades import LatestTrades
from bot.outlook import Outlook
from bot.parts import Parts, Question
from bot.people import roster
from bot.queries.view import View
from bot.render import charts
from bot.store.errors import Fenced, StoreError
from bot.store.further import APPRISE
from bot.store.owed import outbox
from bot.store.tellings import tellings_of
from rules.bars import DAY, Tick
from rules.model import Instant

AT_ONCE = 4
"""Answers computed side by side."""

log = logging.getLogger(__name__)


async def _nobody_listens() -> None:
    """Who is let in is nobody's business."""


class Reception:
    """Takes questions. `draw` makes a PNG of a picture, in a thread.

    `owed` is called when a change owes somebody else a message, `people_changed` when others are let in than before.
    """

    def __init__(
        self, parts: Parts, draw: Callable[[Picture], bytes] = charts.draw, drawing_limit: float = DRAWING_LIMIT
    ) -> None:
        self._parts = parts
        self._thinking = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answer")
        self._rest = Rest(self._thinking)
        self._drawing = Drawing(draw, drawing_limit)
        self._trades = LatestTrades(parts.intake.ticks, parts.poll_seconds)
        self.outlook = Outlook(parts)
        self.owed: Callable[[], None] = lambda: None
        self.people_changed: Callable[[], Awaitable[None]] = _nobody_listens

    def briefing(self) -> Briefing:
        """Who makes briefs of what is answered of."""
        return Briefing(self._parts.database, self.outlook.view, self._drawing.draw, self._thinking)

    def close(self) -> None:
        """Answer nothing more."""
        self._rest.ends()
        self._thinking.shutdown(wait=False, cancel_futures=True)
        self._drawing.close()
        self._trades.close()

    async def answer(self, question: Question) -> Answer:
        """The reply to a line; what it changes is stored before it is given, and its picture is drawn if it can be.

        Raises Fenced where another process works: that one answers.
        """
        begun = False
        try:
            desk = await self._desk(question)
            work = asyncio.get_running_loop().run_in_executor
            reply = await work(self._thinking, answer, desk, question.text)
            if begun := bool(reply.changes):
                await self._carry_out(reply.changes, question)
                await self._concern_others(reply.changes)
        except Fenced:
            raise
        except StoreError as error:
            log.error("a question of %s could not be answered: %s", question.address, error)
            changed = "it is not known whether that was done" if begun else "nothing was changed"
            return Answer(f"The database does not answer; {changed}. Please try again later.")
        picture = None if reply.picture is None else await self._drawing.draw(reply.picture)
        self._rest.begins()
        return Answer(reply.html, picture, self._adoption_of(reply), reply.buttons, reply.notice)

    async def _desk(self, question: Question) -> Desk:
        """All that a command works on; what it costs something to fetch, for those that want it."""
        known = command_of(question.text)
        wants, parts, where = known.wants if known else Wants.NOTHING, self._parts, question.channel
        async with parts.database.read() as connection:
            kept = await kept_of(connection, where, question.address, parts.alerts_per_chat)
            told = await self.outlook.told(connection)
            status = await self.outlook.status(connection, where, sizes=Wants.OUTBOX in wants)
            owed = await outbox(connection, where, status.now - DAY, APPRISE) if Wants.OUTBOX in wants else None
            people = await roster(connection, parts.door) if parts.door and Wants.ROSTER in wants else None
            asked = Wants.TELLINGS in wants and kept.chat is not None
            tellings = await tellings_of(connection, kept.chat) if asked and kept.chat is not None else {}
        chat, view = self._chat(question, kept), self.outlook.seen(told)
        reads = parts.reloads is not None and chat.admin and Wants.READING in wants
        return Desk(
            view,
            chat,
            status,
            status.now,
            trades=await self._trades_for(question.text, view, status.now),
            outbox=owed,
            reading=await parts.reloads.look() if reads and parts.reloads is not None else None,
            kept=kept,
            roster=people,
            told=tellings,
        )

    def _chat(self, question: Question, kept: Kept) -> Chat:
        door = self._parts.door
        admin = question.kind == TERMINAL or (door is not None and question.user in door.admins)
        return Chat(
            question.channel,
            question.address,
            question.kind,
            kept.subscribed_since,
            question.user,
            admin=admin,
            configures=admin or question.configures,
            name=question.name,
            stranger=question.stranger,
        )

    async def _trades_for(self, line: str, view: View, now: Instant) -> Mapping[str, Tick]:
        """The latest trades that a command wants to be told, of what is traded now; where it names nothing that is
        known, of everything.
        """
        asked, known, sessions = trades_for(line), view.scope.instruments, view.history.sessions
        named = [known[name] for name in asked if name in known] or (list(known.values()) if asked else [])
        names = [each.id for each in named if sessions.in_progress(each.calendar, now) is not None]
        return await self._trades.of(tuple(names), now)

    async def _carry_out(self, wanted: Sequence[Change], question: Question) -> None:
        at = question.channel, question.address, question.kind, question.thread, question.user
        async with self._parts.database.write() as connection:
            await carry_out(connection, wanted, Where(*at, door=self._parts.door), self._parts.now())

    async def _concern_others(self, wanted: Sequence[Change]) -> None:
        """Who is let in now is answered from now on, and what others are owed is on its way."""
        if any(isinstance(each, CONCERNS_OTHERS) for each in wanted):
            await self.people_changed()
            self.owed()

    def _adoption_of(self, reply: Reply) -> Callable[[], None] | None:
        """To take what a reply says is taken, once it has gone: who asked reads that it is, whatever follows."""
        reloads, reading = self._parts.reloads, reply.adopts
        return partial(reloads.adopt, reading) if reloads is not None and reading is not None else None
