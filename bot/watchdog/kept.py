"""A task that must go on, as a thing that can be guarded: once it has ended it shows no life, and is started anew by
whoever guards it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine

Work = Callable[[], Coroutine[object, object, None]]

log = logging.getLogger(__name__)


class Kept:
    """`work` makes the coroutine, anew for each start. `may_end` is whether it may be done some day. Cancelled it is
    waited for `cancelling` seconds.
    """

    def __init__(self, name: str, work: Work, *, may_end: bool = False, cancelling: float = 5.0) -> None:
        self.name = name
        self._work, self._may_end, self._cancelling = work, may_end, cancelling
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._work(), name=self.name)
        self._task.add_done_callback(self._ended)

    @property
    def runs(self) -> bool:
        """Whether it is under way."""
        return self._task is not None and not self._task.done()

    def age(self) -> float:
        """0 while it runs or rightly ended; else infinite."""
        task = self._task
        if task is None:
            return math.inf
        if not task.done():
            return 0.0
        return 0.0 if self._may_end and not task.cancelled() and task.exception() is None else math.inf

    async def restart(self) -> None:
        """End it if it still runs, and begin anew. Raises TimeoutError where it does not end: two would be too many."""
        if not await self.stop():
            raise TimeoutError(f"{self.name} does not end")
        self.start()

    async def stop(self) -> bool:
        """Cancel it and wait for its end; whether it ended."""
        if self._task is None or self._task.done():
            return True
        self._task.cancel()
        await asyncio.wait([self._task], timeout=self._cancelling)
        return self._task.done()

    async def wait(self, seconds: float) -> None:
        """Wait for its end, for so long at most."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", self.name, exc_info=error)
