"""The running service: what it starts, what it answers, how it ends. It is handed its parts; `bot.app` builds them.

Three things run beside each other and never wait for one another: the scheduler's ticks, the outbox worker, and the
front (Telegram or a terminal) that takes questions and carries messages.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.answers import Chat, SourceStatus, Status
from bot.commands.registry import Change, Desk, answer
from bot.delivery.channel import Channel
from bot.delivery.worker import Worker
from bot.market.intake import Intake
from bot.market.sources import Health, SourceId
from bot.queries.view import View
from bot.store.alerts import recorded_events
from bot.store.chats import count_subscribed, forget, subscribe, subscribed_since, unsubscribe
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.outbox import debt
from bot.watch import Watch
from rules.bars import DAY
from rules.engine import Outcome
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Instant

TICK_LIMIT = 300.0
"""Seconds after which a tick is given up: a hung source must not stop the watch."""

PULSE, SLIP = 1.0, 2.0
"""How often the two clocks are compared, and by how many seconds they may drift apart unnoticed."""

STOP_LIMIT = 10.0
"""Seconds that messages being sent are waited for at the end."""

RECENT = 200
"""Recorded events that answers are given."""

log = logging.getLogger(__name__)


class Front(Protocol):
    """Where people meet the bot."""

    @property
    def channel(self) -> Channel:
        """The way to readers."""
        ...

    @property
    def state(self) -> str:
        """Whether it is up, in words."""
        ...

    async def start(self) -> None:
        """Begin; returns at once, whatever the network does."""
        ...

    async def stop(self) -> None:
        """End within a bound."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A line somebody wrote, and where."""

    channel: str
    address: str
    kind: str
    user: str
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of. `now` is the wall clock; `told` hears how far each history has come."""

    database: Database
    intake: Intake
    watch: Watch
    rules: Sequence[CompiledRule]
    scope: Scope
    now: Callable[[], Instant]
    poll_seconds: int
    told: Callable[[str, float], None]


class Service:
    """From `start` to `stop`. Everything it knows beyond a restart is in the store."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._started = parts.now()
        self._front: Front | None = None
        self._worker: Worker | None = None
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._ticking = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._thinking = ThreadPoolExecutor(4, thread_name_prefix="answer")
        self._view: tuple[object, View] | None = None

    async def start(self, front: Front, owner: str) -> None:
        """Take up where the store says we were, and begin. `owner` names this process in the outbox."""
        self._front = front
        await self._parts.intake.restore()
        await self._parts.watch.restore()
        await front.start()
        self._worker = Worker(self._parts.database, front.channel, owner, self._parts.now)
        work = {"outbox": self._worker.run(), "history": self._fill(), "pulse": self._pulse()}
        self._scheduler.add_job(
            self._tick, IntervalTrigger(seconds=self._parts.poll_seconds, timezone=dt.UTC), id="tick",
            next_run_time=dt.datetime.fromtimestamp(self._parts.now(), dt.UTC), misfire_grace_time=None, coalesce=True,
        )  # fmt: skip
        self._scheduler.start()
        self._tasks = [asyncio.create_task(each, name=name) for name, each in work.items()]

    async def stop(self) -> None:
        """Take no more questions, finish what is being sent; the store and the sources are left to who opened them."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._worker is not None:
            await self._worker.stop()
        outbox = [task for task in self._tasks if task.get_name() == "outbox"]
        for task in self._tasks:
            if task not in outbox:
                task.cancel()
        if outbox:
            await asyncio.wait(outbox, timeout=STOP_LIMIT)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._front is not None:
            await self._front.stop()
        self._thinking.shutdown(wait=False, cancel_futures=True)

    # The watch

    async def _tick(self) -> None:
        """One tick; whatever goes wrong in it, there will be another."""
        try:
            async with self._ticking, asyncio.timeout(TICK_LIMIT):
                known = self._parts.watch.book.records.keys()
                done = await self._parts.watch.tick(self._parts.now())
        except TimeoutError:
            log.error("a tick took longer than %.0f s and was given up", TICK_LIMIT)
        except StoreError as error:
            log.error("nothing was judged: %s", error)
        except Exception:
            log.exception("a tick failed")
        else:
            adopted = self._parts.watch.book.records.keys()
            if adopted - known:
                log.info("%d of %d rules adopted: from now on they tell", len(adopted), len(self._parts.rules))
            if done.bars or done.events:
                log.info("%d bars, %d events, %d messages owed", done.bars, len(done.events), done.owed)
            if done.owed and self._worker is not None:
                self._worker.wake()

    async def _fill(self) -> None:
        """Fill history until it is complete; sources may be down for days. A deeper one is asked for at a start."""
        while True:
            try:
                await self._parts.intake.backfill(self._parts.now(), self._parts.told)
            except StoreError as error:
                log.error("history cannot be written: %s", error)
            except Exception:
                log.exception("history could not be filled")
            if not self._parts.intake.waiting():
                break
            await asyncio.sleep(self._parts.poll_seconds)
        log.info("history is complete: %d rules are watched", len(self._parts.watch.ready_rules))
        await self._tick()

    async def _pulse(self) -> None:
        """Wake the scheduler when the wall clock jumps: it sleeps by the other clock, which does not."""
        loop = asyncio.get_running_loop()
        apart = self._parts.now() - loop.time()
        while True:
            await asyncio.sleep(PULSE)
            if abs(self._parts.now() - loop.time() - apart) > SLIP:
                apart = self._parts.now() - loop.time()
                self._scheduler.wakeup()

    # Questions

    async def answer(self, question: Question) -> str:
        """The reply to a line; what it changes is stored before it is given."""
        try:
            since, status, told = await self._known_of(question)
            chat = Chat(question.channel, question.address, question.kind, since, question.user)
            desk = Desk(self._current_view(told), chat, status, status.now)
            work = asyncio.get_running_loop().run_in_executor
            reply = await work(self._thinking, answer, desk, question.text)
            if reply.change is not None:
                await self._carry_out(reply.change, question)
        except StoreError as error:
            log.error("a question of %s could not be answered: %s", question.address, error)
            return "The database does not answer; nothing was changed. Please try again later."
        return reply.html

    async def _known_of(self, question: Question) -> tuple[Instant | None, Status, tuple[AlertEvent, ...]]:
        async with self._parts.database.read() as connection:
            since = await subscribed_since(connection, question.channel, question.address)
            told = await recorded_events(connection, None, RECENT)
            return since, await self._status(connection), tuple(told)

    async def _carry_out(self, change: Change, question: Question) -> None:
        async with self._parts.database.write() as connection:
            if change is Change.SUBSCRIBE:
                now = self._parts.now()
                await subscribe(connection, question.channel, question.address, question.kind, now)
            elif change is Change.UNSUBSCRIBE:
                await unsubscribe(connection, question.channel, question.address)
            else:
                await forget(connection, question.channel, question.address)

    def _current_view(self, told: tuple[AlertEvent, ...]) -> View:
        """The market as of now; the same object as long as nothing has come in, so that its panels are made once."""
        intake, watch, now = self._parts.intake, self._parts.watch, self._parts.now()
        state = (intake.version, now // self._parts.poll_seconds, watch.judged_at)
        if self._view is None or self._view[0] != state:
            live = Outcome(watch.book, told)
            self._view = (state, View(intake.snapshot(now), self._parts.scope, self._parts.rules, live=live))
        return self._view[1]

    async def _status(self, connection: Connection) -> Status:
        now, intake, watch = self._parts.now(), self._parts.intake, self._parts.watch
        owed = await debt(connection, now - DAY)
        ready = len(watch.ready_rules)
        return Status(
            started=self._started,
            now=now,
            sources=_sources(intake.health),
            waiting=intake.waiting(),
            rules=len(self._parts.rules),
            rules_waiting=len(self._parts.rules) - ready,
            owed=owed.owed,
            oldest_owed=owed.oldest,
            failed=owed.failed,
            chats=await count_subscribed(connection),
            last_judged=watch.judged_at,
            telegram=self._front.state if self._front else "not started",
            database=self._parts.database.path.name,
            size=self._parts.database.size,
        )


def _sources(health: Mapping[SourceId, Health]) -> tuple[SourceStatus, ...]:
    return tuple(
        SourceStatus(str(name), each.last_answer, each.failing_since, each.reason) for name, each in health.items()
    )
