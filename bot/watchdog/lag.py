"""The event loop's pulse: how late it is, and a thread beside it that ends the process when it stands still.

Nothing in a loop that is blocked could end it. The thread counts only seconds in which it could run itself: a process
that was stopped as a whole and continued was not blocked.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

GAVE_UP = 75
"""The exit code of a process that a watchdog gave up (EX_TEMPFAIL): start it anew."""

BEAT = 0.5
"""Seconds between two beats of the loop, and between two looks of the thread."""

MINUTE = 60.0

BLOCKED = 60.0
"""Seconds without a beat that are too many."""


class Pulse:
    """Beats in the loop while `run` does."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lags: deque[tuple[float, float]] = deque()
        self.beats = 0

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            began = self._clock()
            await asyncio.sleep(BEAT)
            self.beat(self._clock() - began - BEAT)

    def beat(self, late: float) -> None:
        """The loop runs, and was `late` by so many seconds."""
        now = self._clock()
        self.beats += 1
        while self._lags and (now - self._lags[0][0] > MINUTE or self._lags[0][1] <= late):
            self._lags.popleft()
        while self._lags and self._lags[-1][1] <= late:
            self._lags.pop()
        self._lags.append((now, max(late, 0.0)))

    @property
    def lag(self) -> float:
        """By how many seconds the loop was late at worst, in the last minute."""
        now = self._clock()
        return max((late for at, late in self._lags if now - at <= MINUTE), default=0.0)


class Sentry:
    """A thread that ends the process when `pulse` has stood still for `limit` seconds.

    It writes one line and where every thread stands to `stream`: lines of code and no values, so no secrets. `end` ends
    the process at once.
    """

    def __init__(
        self, pulse: Pulse, stream: TextIO, limit: float = BLOCKED, end: Callable[[int], object] = os._exit
    ) -> None:
        self._pulse, self._stream, self._limit, self._end = pulse, stream, limit, end
        self._off = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sentry", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._off.set()

    def _watch(self) -> None:
        seen, still = self._pulse.beats, 0.0
        before = time.monotonic()
        while not self._off.wait(BEAT):
            now = time.monotonic()
            still += min(now - before, BEAT)
            before = now
            if self._pulse.beats != seen:
                seen, still = self._pulse.beats, 0.0
            elif still > self._limit:
                self._tell(still)
                self._end(GAVE_UP)
                return

    def _tell(self, still: float) -> None:
        """Past the log: its lock may be held by what is blocked."""
        number = self._stream.fileno()
        line = f"bellwether: the event loop has been blocked for {still:.0f} s; the process ends. Where it stands:\n"
        os.write(number, line.encode())
        faulthandler.dump_traceback(number, all_threads=True)
