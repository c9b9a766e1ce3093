"""Memory of a process that runs for months: what the C library keeps of what Python gave back, and what Python's
collector looks through. Linux's glibc keeps a lot unless told otherwise; others are left alone.

Measured with 36 years of prices: without these the service stays 20 to 50 MB larger after its history was filled,
because glibc raises its thresholds after large blocks came and went.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import platform
from concurrent.futures import Executor
from contextlib import suppress

_MMAP_THRESHOLD = -3
_LARGE = 1 << 20
"""Blocks from this many bytes on are mapped on their own, and go back to the system when they are freed."""


def keep_little() -> None:
    """Fix the threshold, once at the start; glibc would raise it as blocks come and go."""
    if (library := _glibc()) is not None:
        library.mallopt(_MMAP_THRESHOLD, _LARGE)


def settle() -> None:
    """After the work of a start: hand free memory back to the system, and look through what is left no more.

    What lives now lives long. A full collection of it held up the loop for 150 to 190 ms, amid the first picture.
    """
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """Hand back what is free by now: after much was worked out, tens of megabytes in pieces between what is kept. It
    takes one to three milliseconds, and any thread may do it.
    """
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


class Rest:
    """Gives memory back, in a thread of `pool`, once nothing has been done for some seconds."""

    def __init__(self, pool: Executor, seconds: float = 1.0) -> None:
        self._pool, self._seconds = pool, seconds
        self._timer: asyncio.TimerHandle | None = None

    def begins(self) -> None:
        """Something was done; it may be the last for a while."""
        self.ends()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._gives_back)

    def ends(self) -> None:
        """Nothing is given back before the next begins."""
        if self._timer is not None:
            self._timer.cancel()

    def _gives_back(self) -> None:
        with suppress(RuntimeError):  # the pool is closed: so is the process, soon
            self._pool.submit(give_back)


def thaw() -> None:
    """Part of what lived long lives no longer: the next `settle` looks through all of it again."""
    gc.unfreeze()


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
