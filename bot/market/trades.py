"""Latest trades for answers: asked for once for all who ask within a while, and never waited for long.

What is fresh is known by instrument, so that whoever asks for others shares it; and those who ask at once are asked
for together, because a source is asked for many in one request. So a burst of questions costs each source one request a
poll.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

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
        self._asked: dict[str, _Asked] = {}
        self._gathering: _Asked | None = None
        self._closed = False

    async def of(self, names: tuple[str, ...], now: Instant) -> Mapping[str, Tick]:
        """The latest trades of instruments, of those that have one; none while the sources keep us waiting."""
        if self._closed or not names:
            return {}
        if stale := [name for name in names if self._is_stale(name, now)]:
            gathering = self._gathering = self._gathering or self._gather(now)
            gathering.names.extend(stale)
            self._asked |= dict.fromkeys(stale, gathering)
        asked = {name: self._asked[name] for name in names}
        await asyncio.wait({each.answer for each in asked.values()}, timeout=self._patience)
        return {name: each.said[name] for name, each in asked.items() if name in each.said}

    def close(self) -> None:
        """Ask nothing more."""
        self._closed = True
        for asked in self._asked.values():
            asked.answer.cancel()

    def _is_stale(self, name: str, now: Instant) -> bool:
        """Whether it is to be asked for; while its question is not answered no other is asked."""
        asked = self._asked.get(name)
        return asked is None or (asked.answer.done() and not 0 <= now - asked.at < self._keep)

    def _gather(self, now: Instant) -> _Asked:
        """A question that goes out in a moment."""
        names: list[str] = []
        asked = _Asked(now, names, asyncio.ensure_future(self._sent(names, now)))
        asked.answer.add_done_callback(_write_down)
        return asked

    async def _sent(self, names: list[str], now: Instant) -> Mapping[str, Tick]:
        await asyncio.sleep(0)  # whoever asks in the same round of the loop is joined
        self._gathering = None
        return await self._ask(tuple(names), now)


@dataclass(frozen=True, eq=False)
class _Asked:
    """A question to the sources, for `names`, which may grow until it goes out."""

    at: Instant
    names: list[str] = field(repr=False)
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
