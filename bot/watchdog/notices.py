"""Which reports the people who run the service are told: one message when something has stopped, one when it is back.

Not a flood: what is over within a minute is not told, and of one thing at most one stop an hour; the keys hold that
also over processes that end and begin anew. A notice that cannot be written down, because the database is what stopped,
is kept and tried again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

from bot.answers.health import GuardReport, Health
from bot.render import notices
from rules.model import Instant

WORTH = 60
"""Seconds of silence that are worth a message."""

SELDOM = 3_600
"""Seconds between two messages that the same thing has stopped."""

AGAIN = 10.0
"""Seconds until a notice that could not be written is tried again."""

log = logging.getLogger(__name__)

Post = Callable[[str, str], Awaitable[None]]
"""Owes the administrators a message: its key, which makes it one however often it is written, and its HTML."""


class Notices:
    """Hears every report, writes few. `now` is the wall clock: a notice may be read an hour later."""

    def __init__(self, post: Post, now: Callable[[], Instant], clock: Callable[[], float] = time.monotonic) -> None:
        self._post, self._now, self._clock = post, now, clock
        self._open: dict[str, Instant] = {}
        self._told: dict[str, float] = {}
        self._ending: set[str] = set()
        self._owed: deque[tuple[str, str]] = deque()
        self._more = asyncio.Event()
        self._failing = False

    def hear(self, report: GuardReport) -> None:
        """Take note of how a guarded thing is; what is worth a message is owed."""
        since = self._open.get(report.name)
        if report.health is Health.WELL:
            if since is not None:
                del self._open[report.name]
                self._owe(report, "back", since, notices.back(report.name, since, self._now(), report.restarts))
        elif report.health is Health.GIVEN_UP:
            if report.name in self._ending:
                return
            self._ending.add(report.name)
            since = self._now() - report.silent_for if since is None else since
            words = notices.ending(report.name, since, self._now(), report.why, report.restarts)
            self._owe(report, "ending", since, words)
        elif since is None and report.silent_for >= WORTH and self._is_seldom(report.name):
            since = self._open[report.name] = self._now() - report.silent_for
            self._told[report.name] = self._clock()
            words = notices.stopped(report.name, since, self._now(), report.why, report.restarts)
            self._owe(report, "stopped", since, words)

    async def run(self) -> None:
        """Write what is owed until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._owed:
                if not await self._write():
                    await asyncio.sleep(AGAIN)

    async def flush(self) -> None:
        """Write what is owed now, once each at most."""
        while self._owed and await self._write():
            pass

    def _is_seldom(self, name: str) -> bool:
        return name not in self._told or self._clock() - self._told[name] >= SELDOM

    def _owe(self, report: GuardReport, what: str, since: Instant, html: str) -> None:
        when = since if what == "back" else self._now() // SELDOM
        self._owed.append((f"notice/{report.name}/{what}/{when}", html))
        self._more.set()

    async def _write(self) -> bool:
        """The oldest; whether it worked."""
        key, html = self._owed[0]
        try:
            await self._post(key, html)
        except Exception as error:  # the database is down, most likely: it may be what the notice tells of
            if not self._failing:
                log.error("a notice to the administrators cannot be written yet: %s", error)
            self._failing = True
            return False
        self._failing = False
        if self._owed and self._owed[0][0] == key:
            self._owed.popleft()
        return True
