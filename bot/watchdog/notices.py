"""Which reports the people who run the service are told: one message when something has stopped, one when it is back.

Not a flood: what is over within a minute is not told, and of one thing at most one stop an hour; the keys hold that
also over processes that end and begin anew. A notice that cannot be written down, because the database is what stopped,
is kept and tried again; after a minute it is told past the database, once. What an earlier process told of and never
called back is taken up: the keys say that too.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from bot.answers.health import GuardReport, Health
from bot.render import notices
from rules.model import Instant

WORTH = 60
"""Seconds of silence that are worth a message."""

SELDOM = 3_600
"""Seconds between two messages that the same thing has stopped."""

AGAIN = 10.0
"""Seconds until a notice that could not be written is tried again."""

SETTLED = 900.0
"""Seconds for which what an earlier process left open has to be well, at least."""

UNHEARD = 60.0
"""Seconds for which a notice cannot be written until it is told past the database."""

_KEY = re.compile(r"notice/(?P<name>.+)/(?P<what>stopped|ending|back)/\d+")

log = logging.getLogger(__name__)

Post = Callable[[str, str], Awaitable[None]]
"""Owes the administrators a message: its key, which makes it one however often it is written, and its HTML."""

Posted = Callable[[], Awaitable[Sequence[tuple[str, Instant]]]]
"""The keys that were owed in the last days, with when each was, the oldest first."""


Shout = Callable[[str], Awaitable[bool]]
"""Tells the administrators at once, past the database; whether that worked."""


async def nobody_hears(html: str) -> bool:
    """There is no way past the database."""
    del html
    return False


async def nothing_posted() -> Sequence[tuple[str, Instant]]:
    """Nobody was told anything."""
    return ()


class Notices:
    """Hears every report, writes few. `now` is the wall clock: a notice may be read an hour later. What an earlier
    process left open is back when it has been well for `settled` seconds: longer than any guard takes to notice.
    """

    def __init__(
        self,
        post: Post,
        now: Callable[[], Instant],
        clock: Callable[[], float] = time.monotonic,
        posted: Posted = nothing_posted,
        settled: float = SETTLED,
        shout: Shout = nobody_hears,
    ) -> None:
        self._post, self._now, self._clock, self._posted = post, now, clock, posted
        self._settled, self._shout = settled, shout
        self._open: dict[str, Instant] = {}
        self._left: dict[str, Instant] = {}
        self._has_taken_up = False
        self._well_since: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._ending: set[str] = set()
        self._owed: deque[tuple[str, str]] = deque()
        self._more = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()  # who ends the process flushes while the task of `run` still writes
        self._failing = False
        self._unheard_since: float | None = None

    def hear(self, report: GuardReport) -> None:
        """Take note of how a guarded thing is; what is worth a message is owed."""
        if report.health is Health.WELL:
            self._well(report)
        elif report.health is Health.GIVEN_UP:
            self._ends(report)
        else:
            self._silent(report)

    def _well(self, report: GuardReport) -> None:
        """Back, if it was told of. A process that has just begun finds everything well: of what another one left open
        it says so only after a while.
        """
        name, now = report.name, self._clock()
        if (since := self._open.pop(name, None)) is not None:
            self._owe(report, "back", since, notices.back(name, since, self._now(), report.restarts))
        elif (since := self._left.get(name)) is not None:
            well = now - self._well_since.setdefault(name, now)
            if well >= self._settled:
                del self._left[name]
                self._owe(report, "back", since, notices.back(name, since, self._now() - round(well)))

    def _ends(self, report: GuardReport) -> None:
        if report.name not in self._ending:
            self._ending.add(report.name)
            since = self._open.get(report.name, self._now() - report.silent_for)
            words = notices.ending(report.name, since, self._now(), report.why, report.restarts)
            self._owe(report, "ending", since, words)

    def _silent(self, report: GuardReport) -> None:
        name = report.name
        self._well_since.pop(name, None)
        if name not in self._open and report.silent_for >= WORTH and self._is_seldom(name):
            self._left.pop(name, None)
            since = self._open[name] = self._now() - report.silent_for
            self._told[name] = self._clock()
            words = notices.stopped(name, since, self._now(), report.why, report.restarts)
            self._owe(report, "stopped", since, words)

    async def run(self) -> None:
        """Write what is owed until cancelled."""
        while not (self._has_taken_up or await self._take_up()):
            await asyncio.sleep(AGAIN)
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

    async def _take_up(self) -> bool:
        """What an earlier process left open; whether that is known now."""
        try:
            left = _left_open(await self._posted())
        except Exception as error:  # as below
            self._fails("what administrators were told cannot be read yet", error)
            return False
        self._left = {name: since for name, since in left.items() if name not in self._open}
        self._has_taken_up, self._failing = True, False
        return True

    def _is_seldom(self, name: str) -> bool:
        return name not in self._told or self._clock() - self._told[name] >= SELDOM

    def _owe(self, report: GuardReport, what: str, since: Instant, html: str) -> None:
        when = since if what == "back" else self._now() // SELDOM
        self._owed.append((f"notice/{report.name}/{what}/{when}", html))
        self._more.set()

    async def _write(self) -> bool:
        """The oldest, if any; whether it worked."""
        async with self._one_at_a_time:
            return not self._owed or await self._write_oldest()

    async def _write_oldest(self) -> bool:
        key, html = self._owed[0]
        try:
            await self._post(key, html)
        except Exception as error:  # the database is down, most likely: it may be what the notice tells of
            self._fails("a notice to the administrators cannot be written yet", error)
            await self._shout_it()
            return False
        self._failing, self._unheard_since = False, None
        self._owed.popleft()
        return True

    async def _shout_it(self) -> None:
        """What cannot be written for a while is told all the same. That something is back can wait."""
        if self._unheard_since is None:
            self._unheard_since = self._clock()
        if self._clock() - self._unheard_since < UNHEARD:
            return
        for each in [each for each in self._owed if _is_alarm(each[0])]:
            try:
                if await self._shout(notices.directly(each[1])):
                    self._owed.remove(each)
            except Exception:  # a channel that breaks its promise: it is tried again
                log.exception("a notice to the administrators could not be told past the database")

    def _fails(self, what: str, error: Exception) -> None:
        if not self._failing:
            log.error("%s: %s", what, error)
        self._failing = True


def _is_alarm(key: str) -> bool:
    return key.rsplit("/", 2)[1] != "back"


def _left_open(posted: Sequence[tuple[str, Instant]]) -> dict[str, Instant]:
    """What was said to have stopped, or to end its process, and not to be back since; and when that was said first."""
    found: dict[str, Instant] = {}
    for key, at in posted:
        if (told := _KEY.fullmatch(key)) is None:  # an alert of a rule with the id `notice`, in an administrator's chat
            continue
        if told["what"] == "back":
            found.pop(told["name"], None)
        else:
            found.setdefault(told["name"], at)
    return found
