"""What sends through one channel: a worker in a task of its own, and who looks whether what is owed there moves.

Each channel has its own, so that one that hangs holds up no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.delivery.channel import Channel
from bot.delivery.measured import Measured
from bot.delivery.settle import Ended
from bot.delivery.worker import Worker
from bot.parts import Parts
from bot.probe import Excuse, StoreProbe
from bot.store.outbox import Owed
from bot.watchdog.kept import Kept

FINISHING = 4.0
"""Seconds that what is being sent is waited for before a new worker goes on."""


class Sending:
    """From `start` to `stop`. `new_worker` makes a worker for each start; tasks are known by `outbox` and `look`."""

    def __init__(self, outbox: str, look: str, new_worker: Callable[[], Worker], probe: StoreProbe) -> None:
        self._new_worker, self.probe = new_worker, probe
        self._worker: Worker | None = None
        self._outbox = Kept(outbox, self._deliver)
        self.looking = Kept(look, probe.run)

    def start(self) -> None:
        """Begin."""
        self._outbox.start()
        self.looking.start()

    def wake(self) -> None:
        """Something may be owed."""
        if self._worker is not None:
            self._worker.wake()

    async def end(self) -> None:
        """Send nothing more; what is being sent goes on."""
        if self._worker is not None:
            await self._worker.stop()

    async def finish(self, seconds: float) -> None:
        """Wait for what is being sent, for so long at most."""
        await asyncio.gather(self._outbox.wait(seconds), self.looking.stop())
        await self._outbox.stop()

    def silence(self) -> float:
        """Seconds for which something has been due and nothing has changed; infinite when the worker ended."""
        return max(self._outbox.age(), self.probe.outbox_age())

    async def anew(self) -> None:
        """Send with another worker. Raises TimeoutError where the last one does not end."""
        await self.end()
        await self._outbox.wait(FINISHING)
        await self._outbox.restart()

    async def _deliver(self) -> None:
        self._worker = self._new_worker()
        await self._worker.run()


def open_sending(
    parts: Parts,
    channel: Channel,
    names: tuple[str, str],
    owner: str,
    may_send: Callable[[], bool],
    excuse: Excuse,
    pace: float,
    *,
    apart: bool = False,
) -> Sending:
    """What sends through a channel, tasks by `names`. The store is looked at every `pace` seconds; what `excuse` and
    `apart` are, `StoreProbe` says.
    """
    database, now = parts.database, parts.now
    measured = Measured(parts.meters, parts.available, now)
    probe = StoreProbe(database, channel.name, now, excuse, pace, apart=apart)

    def told(name: str, owed: Owed, ended: Ended) -> None:
        measured(name, owed, ended)
        probe.hears(owed.address, ended)

    return Sending(*names, lambda: Worker(database, channel, owner, now, may_send=may_send, told=told), probe)
