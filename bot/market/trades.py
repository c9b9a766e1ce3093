"""Latest trades for answers: asked for once for all who ask within a while, and never waited for long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from rules.bars import Tick
from rules.model import Instant

Ask = Callable[[tuple[str, ...], Instant], Awaitable[Mapping[str, Tick]]]

PATIENCE = 2.0
"""Seconds that an answer waits for trades; then it is given without them, and they serve the next one."""

log = logging.getLogger(__name__)


class LatestTrades:
    """What `ask` said last, for `keep` seconds. Of one event loop."""

    def __init__(self, ask: Ask, keep: int, patience: float = PATIENCE) -> None:
        self._ask, self._keep, self._patience = ask, keep, patience
        self._asked: dict[tuple[str, ...], _Asked] = {}
        self._closed = False

    async def of(self, names: tuple[str, ...], now: Instant) -> Mapping[str, Tick]:
        """The latest trades of instruments, of those that have one; none while the sources keep us waiting."""
        if self._closed:
            return {}
        asked = self._asked.get(names)
        if asked is None or (asked.answer.done() and not 0 <= now - asked.at < self._keep):
            asked = self._asked[names] = _Asked(now, asyncio.ensure_future(self._ask(names, now)))
            asked.answer.add_done_callback(_write_down)
        await asyncio.wait([asked.answer], timeout=self._patience)
        return asked.said

    def close(self) -> None:
        """Ask nothing more."""
        self._closed = True
        for asked in self._asked.values():
            asked.answer.cancel()


@dataclass(frozen=True)
class _Asked:
    """A question to the sources; while it is not answered no other is asked."""

    at: Instant
    answer: asyncio.Future[Mapping[str, Tick]]

    @property
    def said(self) -> Mapping[str, Tick]:
        """What is known of it by now."""
        answered = self.answer.done() and not self.answer.cancelled() and self.answer.exception() is None
        return self.answer.result() if answered else {}


def _write_down(asked: asyncio.Future[Mapping[str, Tick]]) -> None:
    """Sources that are down give no trade; whatever raises is a fault of ours, and answers go on without it."""
    if not asked.cancelled() and (error := asked.exception()) is not None:
        log.error("latest trades could not be asked for", exc_info=error)
