"""Answers to lines that people write: the market, the chat and the service's state on a desk, a command, a reply.

What a command wants changed is stored before its reply is given. Commands compute in threads: a slow answer holds up
neither another one nor the watch. Pictures are drawn in one thread of their own: a slow one holds up no text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from bot.answers import Chat, Picture, Status
from bot.answers.changes import Change
from bot.answers.health import Vitals
from bot.answers.kept import Kept
from bot.answers.outbox import Outbox
from bot.answers.reload import Reading
from bot.clerk import Where, carry_out, kept_of
from bot.commands.registry import TERMINAL, Desk, Reply, answer, trades_for, wants_outbox, wants_reading
from bot.delivery.channel import Answer
from bot.delivery.measured import Available, nothing_known
from bot.market.intake import Intake
from bot.market.trades import LatestTrades
from bot.meters import Meters
from bot.queries.view import View
from bot.reload import Reloads
from bot.render import charts
from bot.store.alerts import recorded_events
from bot.store.chats import count_subscribed
from bot.store.database import Connection, Database
from bot.store.errors import Fenced, StoreError
from bot.store.further import APPRISE, names
from bot.store.owed import debt, outbox
from bot.store.sizes import rows_by_table
from bot.watch import Watch
from rules.bars import DAY, Tick
from rules.engine import Outcome
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule
from rules.model import XNYS, AlertEvent, Instant

RECENT = 200
"""Recorded events that answers are given."""

AT_ONCE = 4
"""Answers computed side by side."""

DRAWING_LIMIT = 10.0
"""Seconds that a text waits for its picture, in the line for it and while it is drawn; then it goes alone. The first
picture loads the library, which may have to look at every font of the machine."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """A line somebody wrote, or tapped, and where. `configures` is whether they may say how that chat is told."""

    channel: str
    address: str
    kind: str
    user: str
    text: str
    thread: int | None = None
    configures: bool = True


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of. `now` is the wall clock; `told` hears how far each history has come.

    `grace` is how long after a close an answer waits for its bars, in seconds. `admins` are users by their ids; whoever
    sits at the terminal is one. `reloads` reads the configuration anew; None where that cannot be. `available` says
    when what an alert tells could be known.
    """

    database: Database
    intake: Intake
    watch: Watch
    rules: Sequence[CompiledRule]
    scope: Scope
    now: Callable[[], Instant]
    poll_seconds: int
    grace: int
    told: Callable[[str, float], None]
    admins: frozenset[str] = frozenset()
    reloads: Reloads | None = None
    meters: Meters = field(default_factory=Meters)
    available: Available = nothing_known


class Easel:
    """Draws one picture at a time, beside everything else. `limit` in seconds."""

    def __init__(self, draw: Callable[[Picture], bytes], limit: float) -> None:
        self._draw, self._limit = draw, limit
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="draw")
        self._overdue: Future[bytes] | None = None

    def close(self) -> None:
        """Draw nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def draw(self, picture: Picture) -> bytes | None:
        """The picture as PNG; None if it cannot be drawn in time. While one is overdue no other waits behind it."""
        if self._overdue is not None and not self._overdue.done():
            log.warning("a picture was left out: the one before it is not ready")
            return None
        try:
            drawing = self._thread.submit(self._draw, picture)
        except RuntimeError:
            log.warning("a picture was left out: the service stops")
            return None
        try:
            async with asyncio.timeout(self._limit):
                return await asyncio.wrap_future(drawing)
        except TimeoutError:
            self._overdue = drawing if drawing.running() else self._overdue
            log.warning("a picture was left out: it was not ready within %g s", self._limit)
        except Exception:  # whatever a drawing library may raise: the text is complete without it
            log.exception("a picture could not be drawn")
        return None


class Reception:
    """Takes questions. `front_state` says how the way to readers is; `draw` makes a PNG of a picture, in a thread."""

    def __init__(
        self, parts: Parts, draw: Callable[[Picture], bytes] = charts.draw, drawing_limit: float = DRAWING_LIMIT
    ) -> None:
        self._parts = parts
        self._started = parts.now()
        self._thinking = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answer")
        self._easel = Easel(draw, drawing_limit)
        self._trades = LatestTrades(parts.intake.ticks, parts.poll_seconds)
        self._view: tuple[object, View] | None = None
        self.front_state: Callable[[], str] = lambda: "not started"
        self.vitals: Callable[[], Vitals | None] = lambda: None

    def close(self) -> None:
        """Answer nothing more."""
        self._thinking.shutdown(wait=False, cancel_futures=True)
        self._easel.close()
        self._trades.close()

    async def answer(self, question: Question) -> Answer:
        """The reply to a line; what it changes is stored before it is given, and its picture is drawn if it can be.

        Raises Fenced where another process works: that one answers.
        """
        begun = False
        try:
            kept, status, told = await self._known_of(question)
            admin = question.kind == TERMINAL or question.user in self._parts.admins
            since, may = kept.subscribed_since, admin or question.configures
            chat = Chat(question.channel, question.address, question.kind, since, question.user, admin, may)
            view = self._current_view(told)
            trades = await self._trades_for(question.text, view, status.now)
            outbox_now, reading = await self._outbox_for(question), await self._reading_for(question.text, chat)
            desk = Desk(view, chat, status, status.now, trades, outbox_now, reading, kept)
            work = asyncio.get_running_loop().run_in_executor
            reply = await work(self._thinking, answer, desk, question.text)
            if begun := bool(reply.changes):
                await self._carry_out(reply.changes, question)
        except Fenced:
            raise
        except StoreError as error:
            log.error("a question of %s could not be answered: %s", question.address, error)
            changed = "it is not known whether that was done" if begun else "nothing was changed"
            return Answer(f"The database does not answer; {changed}. Please try again later.")
        picture = None if reply.picture is None else await self._easel.draw(reply.picture)
        return Answer(reply.html, picture, self._adoption_of(reply), reply.buttons, reply.notice)

    def _adoption_of(self, reply: Reply) -> Callable[[], None] | None:
        """To take what a reply says is taken, once it has gone: who asked reads that it is, whatever follows."""
        reloads, reading = self._parts.reloads, reply.adopts
        return partial(reloads.adopt, reading) if reloads is not None and reading is not None else None

    async def _known_of(self, question: Question) -> tuple[Kept, Status, tuple[AlertEvent, ...]]:
        async with self._parts.database.read() as connection:
            kept = await kept_of(connection, question.channel, question.address)
            told = await recorded_events(connection, None, RECENT)
            return kept, await self._status(connection, question), tuple(told)

    async def _outbox_for(self, question: Question) -> Outbox | None:
        """What is owed, for a command that wants to be told."""
        if not wants_outbox(question.text):
            return None
        async with self._parts.database.read() as connection:
            return await outbox(connection, question.channel, self._parts.now() - DAY, APPRISE)

    async def _reading_for(self, line: str, chat: Chat) -> Reading | None:
        """What the configuration says now, for a command that wants to be told."""
        if self._parts.reloads is None or not (chat.admin and wants_reading(line)):
            return None
        return await self._parts.reloads.look()

    async def _trades_for(self, line: str, view: View, now: Instant) -> Mapping[str, Tick]:
        """The latest trades that a command wants to be told, while an exchange is open."""
        names = trades_for(line)
        if not names or view.history.sessions.in_progress(XNYS, now) is None:
            return {}
        return await self._trades.of(names, now)

    async def _carry_out(self, wanted: Sequence[Change], question: Question) -> None:
        where = Where(question.channel, question.address, question.kind, question.thread)
        async with self._parts.database.write() as connection:
            await carry_out(connection, wanted, where, self._parts.now())

    def _current_view(self, told: tuple[AlertEvent, ...]) -> View:
        """The market as of now; the same object as long as nothing has come in, so that its panels are made once."""
        intake, watch, now = self._parts.intake, self._parts.watch, self._parts.now()
        state = (intake.version, now // self._parts.poll_seconds, watch.judged_at)
        if self._view is None or self._view[0] != state:
            live = Outcome(watch.book, told)
            snapshot, parts = intake.snapshot(now), self._parts
            awaited = intake.awaited(now, self._started)
            view = View(snapshot, parts.scope, parts.rules, live=live, grace=parts.grace, awaited=awaited)
            self._view = (state, view)
        return self._view[1]

    async def _status(self, connection: Connection, question: Question) -> Status:
        now, intake, watch, channel = self._parts.now(), self._parts.intake, self._parts.watch, question.channel
        owed = await debt(connection, channel, now - DAY, APPRISE)
        ready = len(watch.ready_rules)
        return Status(
            started=self._started,
            now=now,
            sources=intake.sources,
            waiting=intake.waiting(),
            rules=len(self._parts.rules),
            rules_waiting=len(self._parts.rules) - ready,
            owed=owed.owed,
            oldest_owed=owed.oldest,
            failed=owed.failed,
            chats=await count_subscribed(connection, channel),
            further=tuple(await names(connection)),
            last_judged=watch.judged_at,
            telegram=self.front_state(),
            database=self._parts.database.name,
            size=await self._parts.database.size(connection),
            free=self._parts.database.free,
            rows=await rows_by_table(connection) if wants_outbox(question.text) else {},
            lost=self._parts.database.is_lost,
            faults=intake.faults,
            tallies=dict(intake.ledger.tallies),
            clocks=intake.clocks,
            vitals=self.vitals(),
        )
