"""What of a process outlives a configuration, beside what it holds: what is told of it over HTTP, what administrators
hear of it, and who reads another configuration.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from bot.attendance import Attendance, Self
from bot.delivery.fallback import Awake
from bot.reload import Reloads
from bot.web.presence import Presence
from rules.model import Instant

Hide = Callable[[Iterable[str]], None]
"""Learns what is a secret from now on."""


@dataclass(frozen=True, slots=True)
class Around:
    """`presence` is what is told of the process over HTTP, `attendance` what administrators hear of it; `hide` learns
    what is hidden in the log; `awake` is since when the process has tried to send.
    """

    presence: Presence
    attendance: Attendance
    reloads: Reloads
    hide: Hide
    awake: Awake = field(default_factory=Awake)


async def open_process(reloads: Reloads, stack: AsyncExitStack, hide: Hide, now: Callable[[], Instant]) -> Around:
    """What is told of this process, over HTTP until `stack` ends where `web.listen` says so."""
    presence, listen = Presence(version_here(), now), reloads.current.web.listen
    if listen:
        from bot.web.listener import Listener  # what serves is loaded only where it is wanted
        from bot.web.site import site

        listener = Listener(site(presence), listen)
        stack.push_async_callback(listener.stop)
        await listener.start()
    who = Self(version_here(), socket.gethostname(), os.getpid())
    return Around(presence, Attendance(who, now), reloads, hide)


def version_here() -> str:
    """The installed version of this project."""
    try:
        return version("bellwether-bot")
    except PackageNotFoundError:
        return "not installed"
