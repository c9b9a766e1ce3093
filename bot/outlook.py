"""What is known now: the market as answers and briefs see it, and how the service is."""

from __future__ import annotations

from collections.abc import Callable

from bot.answers import Status
from bot.answers.health import Vitals
from bot.parts import Parts
from bot.queries.casebook import Casebook
from bot.queries.view import View
from bot.store.alerts import recorded_events
from bot.store.chats import count_subscribed
from bot.store.database import Connection
from bot.store.further import APPRISE, names
from bot.store.owed import debt
from bot.store.sizes import rows_by_table
from rules.bars import DAY
from rules.engine import Outcome
from rules.model import AlertEvent

RECENT = 200
"""Recorded events that answers are given."""


class Outlook:
    """Of one service, from its start on. `front_state` says how the way to readers is, `vitals` what shows life."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._started = parts.now()
        self._view: tuple[object, View] | None = None
        self._casebook = Casebook()
        self.front_state: Callable[[], str] = lambda: "not started"
        self.vitals: Callable[[], Vitals | None] = lambda: None

    async def view(self) -> View:
        """The market as of now. Raises StoreError."""
        async with self._parts.database.read() as connection:
            return self.seen(await self.told(connection))

    async def told(self, connection: Connection) -> tuple[AlertEvent, ...]:
        """What has happened to everybody's alerts lately."""
        return tuple(await recorded_events(connection, None, RECENT))

    def seen(self, told: tuple[AlertEvent, ...]) -> View:
        """The market as of now; the same object as long as nothing has come in, so that its panels are made once."""
        intake, watch, now = self._parts.intake, self._parts.watch, self._parts.now()
        state = (intake.version, now // self._parts.poll_seconds, watch.judged_at)
        if self._view is None or self._view[0] != state:
            live = Outcome(watch.book, told)
            snapshot, parts = intake.snapshot(now), self._parts
            awaited = intake.awaited(now, self._started)
            view = View(
                snapshot,
                parts.scope,
                parts.rules,
                live=live,
                grace=parts.grace,
                awaited=awaited,
                follow=parts.follow,
                casebook=self._casebook,
            )
            self._view = (state, view)
        return self._view[1]

    async def status(self, connection: Connection, channel: str, *, sizes: bool) -> Status:
        """How the service is, as far as `channel` is concerned; with the size of each table, where that is wanted."""
        now, intake, watch = self._parts.now(), self._parts.intake, self._parts.watch
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
            rows=await rows_by_table(connection) if sizes else {},
            lost=self._parts.database.is_lost,
            faults=intake.faults,
            tallies=dict(intake.ledger.tallies),
            clocks=intake.clocks,
            vitals=self.vitals(),
        )
