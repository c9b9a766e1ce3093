"""How the process of a service ends that was told to: by itself within a bound, and at once when it is told again.

A thread that hangs in a library can be neither cancelled nor killed, and Python waits for it at the end. So a second
thread, which nobody waits for, ends the process when the time is up, and says what had not ended by then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

WHOLE, THREADS = 25.0, 2.0
"""Seconds for everything, and for threads when nothing else is left."""

SAME = 1.0
"""Seconds within which a second signal is the first one, handed on twice."""

FAILURE = 1
"""The exit code when more than threads had to be left behind by a process that was to end well."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Departure:
    """From the first signal, or from `begin`, to the end of the process. `end` ends it at once."""

    def __init__(
        self,
        whole: float = WHOLE,
        threads: float = THREADS,
        same: float = SAME,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._whole, self._threads, self._same, self._end = whole, threads, same, end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deadline = 0.0
        self._code = FAILURE
        self._sooner = threading.Event()
        self._begun = False

    @contextmanager
    def on_signal(self, stop: Callable[[], None]) -> Iterator[None]:
        """Meanwhile the first SIGTERM or SIGINT begins the departure and calls `stop` in the running loop; a later one
        ends the process as the system does it. At the same moment it is the same one: a terminal, and whatever has
        started us, may both hand on a Ctrl-C.

        It is no handler of the loop's own: the loop may be what hangs.
        """
        self._loop = loop = asyncio.get_running_loop()
        told_at: list[float] = []

        def told(number: int, frame: FrameType | None) -> None:
            del frame
            told_at.append(time.monotonic())
            if len(told_at) == 1:
                self.begin()
                loop.call_soon_threadsafe(stop)
            elif told_at[-1] - told_at[0] > self._same:
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)

        before = {each: signal.signal(each, told) for each in _SIGNALS}
        try:
            yield
        finally:
            if not self._begun:
                for each, handler in before.items():
                    signal.signal(each, handler)

    def begin(self, code: int = 0) -> None:
        """From now on the time is counted. `code` is the exit code, known already when a failure is why it ends: what
        then hangs as well does not change what the supervisor has to know.
        """
        if not self._begun:
            self._code = code or FAILURE
            self._begun, self._deadline = True, time.monotonic() + self._whole
            threading.Thread(target=self._watch, name="departure", daemon=True).start()

    def only_threads_are_left(self, code: int) -> None:
        """All else has ended, in good order; if the departure has begun, threads have little time left."""
        self._loop, self._code = None, code
        self._deadline = min(self._deadline, time.monotonic() + self._threads)
        self._sooner.set()

    def _watch(self) -> None:
        while (left := self._deadline - time.monotonic()) > 0:
            self._sooner.wait(left)
            self._sooner.clear()
        names = ", ".join([*self._unfinished_tasks(), *_unfinished_threads()]) or "Python itself"
        line = f"bellwether: still busy when the process had to end: {names}\n"
        try:
            os.write(sys.stderr.fileno(), line.encode())
        finally:
            self._end(self._code)

    def _unfinished_tasks(self) -> list[str]:
        tasks = asyncio.all_tasks(self._loop) if self._loop is not None else set()
        return sorted(f"task {task.get_name()}" for task in tasks)


def _unfinished_threads() -> list[str]:
    """Those that Python would wait for."""
    main = threading.main_thread()
    return sorted(f"thread {each.name}" for each in threading.enumerate() if each is not main and not each.daemon)
