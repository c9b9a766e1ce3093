"""The configuration of a running service read anew: taken whole, or not at all.

To read it changes nothing; `adopt` hands what was read to whoever runs the service, which begins anew with it on the
same database and keeps the right to work. What only a new process can take is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable, Mapping

from bot.answers.reload import Changes, Faulty, Reading, Reloaded
from bot.render.reload import log_line
from bot.settings import ConfigurationError, Settings

log = logging.getLogger(__name__)

_OF_THE_PROCESS = (("store", "url"), ("web", "listen"), ("log", "format"))
"""What a process takes once."""

_READ = 8
"""How many readings may still be adopted: several administrators may ask at once."""

_TOLD_BY_NAME = ("rules", "instruments")


class Reloads:
    """Reads by `read`, which raises ConfigurationError, and compares with `current`, what holds or is to hold next."""

    def __init__(self, current: Settings, read: Callable[[], Settings]) -> None:
        self.current = current
        self._read = read
        self._reading = asyncio.Lock()
        self._found: deque[tuple[Reading, Settings]] = deque(maxlen=_READ)
        self._adopted = asyncio.Event()

    async def look(self) -> Reading:
        """What the configuration says now, told to the log as well. Changes nothing."""
        async with self._reading:
            return await self._look()

    async def look_and_adopt(self) -> None:
        """Take what the configuration says now, if it can be taken; one after the other, in the order of the calls."""
        async with self._reading:
            self.adopt(await self._look())

    async def _look(self) -> Reading:
        reading, found = await asyncio.to_thread(self._read_whole)
        log.log(logging.WARNING if reading.refused else logging.INFO, "%s", log_line(reading))
        if found is not None and reading.taken:
            self._found.append((reading, found))
        return reading

    def _read_whole(self) -> tuple[Reading, Settings | None]:
        try:
            found = self._read()
        except ConfigurationError as error:
            return Faulty(tuple(str(each) for each in error.problems)), None
        except Exception as error:  # whatever a file may hold: the service goes on
            log.exception("the configuration could not be read")
            return Faulty((f"it could not be read: {type(error).__name__}; the log has more",)), None
        return compared(self.current, found), found

    def adopt(self, reading: Reading) -> None:
        """Take what `look` read, if it can be taken. What was read earlier than what has been taken since is not."""
        for index, (read, settings) in enumerate(self._found):
            if read is reading:
                self.current = settings
                self._adopted.set()
                for _ in range(index + 1):
                    self._found.popleft()
                return

    async def wanted(self) -> None:
        """Wait until another configuration is to be taken."""
        await self._adopted.wait()

    def take(self) -> Settings:
        """The configuration that holds now; from here on `wanted` waits for the next."""
        self._adopted.clear()
        return self.current

    def revert(self, failed: Settings, before: Settings) -> None:
        """One that was taken does not work: the one before holds again, unless another was adopted meanwhile."""
        if self.current is failed:
            self.current = before


def compared(before: Settings, after: Settings) -> Reloaded:
    """What `after` would change."""
    others = [name for name in Settings.model_fields if name not in _TOLD_BY_NAME]
    return Reloaded(
        _changes(_by_id(before), _by_id(after)),
        _changes(before.instrument_map, after.instrument_map),
        tuple(name for name in others if getattr(before, name) != getattr(after, name)),
        tuple(
            f"{section}.{key}"
            for section, key in _OF_THE_PROCESS
            if getattr(getattr(before, section), key) != getattr(getattr(after, section), key)
        ),
    )


def _by_id(settings: Settings) -> Mapping[str, Hashable]:
    return {rule.id: rule for rule in settings.rules}


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> Changes:
    return Changes(
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        tuple(name for name in after if name in before and after[name] != before[name]),
    )
