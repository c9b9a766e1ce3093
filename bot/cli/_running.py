"""The process of a service: what it takes once, and a service for each configuration that it is given meanwhile.

A configuration is taken whole or not at all: where the service cannot be started with it, the one before goes on.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

from tqdm import tqdm

from bot.allocator import thaw
from bot.around import Around, open_process
from bot.clock import now
from bot.hold import Hold, take_hold
from bot.live import Told, open_service
from bot.redaction import Redaction
from bot.reload import Reloads
from bot.service import Service
from bot.settings import Settings, warnings
from bot.store.errors import StoreError
from bot.watchdog.lag import GAVE_UP, Sentry

SWAP = 60.0
"""Seconds that a service has to end in favour of the next; one that hangs is left to the supervisor."""

LOOK = 5.0
"""Seconds between two looks whether the database takes what is written, before a service is ended for the next."""

PAUSES = (1.0, 5.0, 15.0, 30.0)
"""Seconds until the next service is tried again where the database does not take it; then a supervisor has to help."""

log = logging.getLogger("bot.run")


class Process:
    """Serves by the configuration of `reloads`, from one to the next. What is a secret in any of them is hidden."""

    def __init__(self, reloads: Reloads, redaction: Redaction) -> None:
        self._reloads, self._redaction = reloads, redaction

    async def serve(self, stack: AsyncExitStack) -> int:
        """Until a watchdog gives up; returns the exit code. `stack` stops what is begun here."""
        stack.enter_context(self._read_on_hangup())
        around = await open_process(self._reloads, stack, self._redaction.learn, now)
        hold = await take_hold(self._reloads.current, stack, around.presence.stands_by)
        stack.push_async_callback(around.attendance.signs_off, hold.database)
        return await _Succession(hold, around, self._reloads, self._redaction).run(stack)

    @contextmanager
    def _read_on_hangup(self) -> Iterator[None]:
        """Meanwhile SIGHUP has the configuration read anew, and taken if it can be; but where it says that the terminal
        was closed in which we run, it ends us.
        """
        loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        at_a_terminal = _is_at_a_terminal()

        def hung_up() -> None:
            if at_a_terminal and not _is_at_a_terminal():
                signal.raise_signal(signal.SIGTERM)
                return
            task = loop.create_task(self._reloads.look_and_adopt(), name="reading the configuration")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        loop.add_signal_handler(signal.SIGHUP, hung_up)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            for task in tasks:
                task.cancel()


@dataclass(frozen=True, slots=True)
class _Succession:
    """One service after the other, on what the process holds. `swap` and `look` are seconds."""

    hold: Hold
    around: Around
    reloads: Reloads
    redaction: Redaction
    swap: float = SWAP
    look: float = LOOK

    async def run(self, stack: AsyncExitStack) -> int:
        """Until one is given up; returns the exit code."""
        works: Settings | None = None
        complaint = ""
        while True:
            settings, part = self.reloads.take(), await stack.enter_async_context(AsyncExitStack())
            try:
                why = await self._serve(settings, part, complaint, PAUSES if works else ())
                works, complaint = settings, ""
            except Exception as error:
                if works is None:
                    raise
                log.exception("the service cannot be started with the new configuration")
                complaint = self.redaction.redact(f"{type(error).__name__}: {error}")
                why = complaint if isinstance(error, StoreError) or settings is works else ""
                self.reloads.revert(settings, works)
            if why or not await self._has_ended(part):
                log.critical("%s; the process ends, start it anew", why or "the service does not end")
                self.around.attendance.gave_up = True
                return GAVE_UP
            thaw()

    async def _serve(self, settings: Settings, part: AsyncExitStack, complaint: str, pauses: Sequence[float]) -> str:
        """Why the process has to end; empty when another configuration is to be taken."""
        self.around.attendance.changing = False
        self.redaction.learn(settings.secrets)
        for warning in warnings(settings):
            log.warning("%s", warning)
        service = await self._begin(settings, part, complaint, pauses)
        where = "Telegram" if settings.telegram.given else "this terminal, because there is no Telegram token"
        log.info("watching %d rules on %s; alerts go to %s", len(settings.compiled), settings.store.place, where)
        return await self._given_up(service)

    async def _begin(
        self, settings: Settings, part: AsyncExitStack, complaint: str, pauses: Sequence[float]
    ) -> Service:
        """A started service. A database that does not take it says nothing against the configuration: it is waited for,
        but not for ever. Raises StoreError.
        """
        left = list(pauses)
        while True:
            self.around.presence.starts()
            try:
                service = await open_service(
                    settings, self.hold, part, _progress(settings, part), self.around, complaint
                )
            except StoreError as error:
                if not left:
                    raise
                log.error("the service cannot begin yet: %s", error)
                if not await _is_closed(part, self.swap):
                    raise
                await asyncio.sleep(left.pop(0))
            else:
                part.callback(self.around.presence.stops)
                sentry = Sentry(service.pulse, sys.stderr)
                part.callback(sentry.stop)
                sentry.start()
                return service

    async def _given_up(self, service: Service) -> str:
        """Why the process has to end; empty when another configuration is to be taken, and can be. Where it fails to
        see whether one can, the service that works goes on, and it looks again.
        """
        gives_up = asyncio.create_task(service.gives_up(), name="end")
        told = ""
        try:
            while True:
                error = await self._sees_another(gives_up)
                if gives_up.done():
                    return gives_up.result()
                if error is None:
                    return ""
                if told != (told := repr(error)):
                    log.error("another configuration cannot be taken yet; the service goes on", exc_info=error)
                await asyncio.wait([gives_up], timeout=self.look)
        finally:
            gives_up.cancel()

    async def _sees_another(self, gives_up: asyncio.Task[str]) -> BaseException | None:
        """Wait until another configuration can be taken, or the process has to end; what went wrong with the wait."""
        another = asyncio.create_task(self._another(), name="another configuration")
        try:
            await asyncio.wait([gives_up, another], return_when=asyncio.FIRST_COMPLETED)
            return another.exception() if another.done() else None
        finally:
            another.cancel()

    async def _another(self) -> None:
        """Wait until another configuration is to be taken, and the database would take its service."""
        await self.reloads.wanted()
        told = ""
        while trouble := await self.hold.trouble(now()):
            if trouble != told:
                log.warning("the new configuration waits for the database: %s", trouble)
            told = trouble
            await asyncio.sleep(self.look)

    async def _has_ended(self, part: AsyncExitStack) -> bool:
        """Whether a service has ended within its time, well or not."""
        self.around.attendance.changing = True
        return await _is_closed(part, self.swap)


async def _is_closed(part: AsyncExitStack, seconds: float) -> bool:
    """Whether what was begun has ended within so long, well or not. Where it has not, nothing more is waited for."""
    ending = asyncio.create_task(part.aclose(), name="the end of a service")
    try:
        await asyncio.wait([ending], timeout=seconds)
    finally:
        ending.cancel()
    if not ending.done():
        return False
    if (error := ending.exception()) is not None:
        log.error("the service did not end well", exc_info=error)
    return True


def _is_at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _progress(settings: Settings, stack: AsyncExitStack) -> Told:
    """A bar of how much history is there, where somebody looks on; a line an instrument elsewhere."""
    shares = dict.fromkeys(settings.instrument_map, 0.0)
    if not sys.stderr.isatty():
        return lambda name, share: _note(shares, name, share)
    bar = stack.enter_context(tqdm(total=100, desc="history", unit="%", leave=False, file=sys.stderr))

    def told(name: str, share: float) -> None:
        shares[name] = max(shares[name], share)
        bar.update(100 * sum(shares.values()) / len(shares) - bar.n)

    return told


def _note(shares: dict[str, float], name: str, share: float) -> None:
    if share >= 1.0 > shares[name]:
        done = sum(each >= 1.0 for each in shares.values()) + 1
        logging.getLogger("bot.history").info("%s: history is there (%d of %d)", name, done, len(shares))
    shares[name] = share
