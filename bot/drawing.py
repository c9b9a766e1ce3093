"""Pictures beside answers, drawn one at a time in a thread of their own. A text goes alone rather than late."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from bot.answers import Picture

DRAWING_LIMIT = 10.0
"""Seconds that a text waits for its picture, in the line for it and while it is drawn; then it goes alone. The first
picture loads the library, which may have to look at every font of the machine."""

log = logging.getLogger(__name__)


class Drawing:
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
