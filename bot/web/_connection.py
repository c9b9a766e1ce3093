"""One client's connection, bounded: uvicorn waits without end for a request that has begun, and for one that has not.

An exchange has a few seconds from its first byte to the last of its answer, and whoever begins none has as long. Of
more clients than are served at a time the one is let go that waits for no answer and has been here for longest: nobody
who is slow keeps out who asks next.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections are open at a time, and how many bytes a request may have before its body.

    Seconds: `exchange` from the first byte of a request until its answer is out, and so many at most nothing is asked;
    `finishing` for the answers under way at the end; `again` until an address that could not be had is tried again.
    """

    at_a_time: int = 64
    headers: int = 16 * 1024
    exchange: float = 10.0
    finishing: int = 2
    again: float = 60.0


class Connection(H11Protocol):
    """HTTP/1.1 with an end."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._ends: asyncio.TimerHandle | None = None
        self._idles = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has come; it may be one too many."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._begin()
        if len(self.connections) > self._limits.at_a_time:
            open_ones = [each for each in self.connections if isinstance(each, Connection)]
            min(open_ones, key=Connection._patience).let_go()

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody has gone."""
        self._cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request; with the first one its time begins."""
        if self._idles:
            self._idles = False
            self._begin()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """An answer is out: another request may follow."""
        self._idles = True
        self._begin()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP. Behind a request that is being answered there can be no other answer."""
        if self._under_way is None and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.let_go()

    def let_go(self) -> None:
        """Close it at once, whatever is under way."""
        self.connections.discard(self)
        self._cancel()
        if self._under_way is not None:
            self._under_way.disconnected = True  # or what is still answered would meet a connection that is no more
        self.transport.abort()

    def _patience(self) -> tuple[bool, float]:
        """The least is let go first: who waits for no answer, then who has been here for longest."""
        return self._under_way is not None, self._ends.when() if self._ends is not None else 0.0

    @property
    def _under_way(self) -> RequestResponseCycle | None:
        """A request whose answer is not out."""
        cycle = cast(RequestResponseCycle | None, self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    def _begin(self) -> None:
        self._cancel()
        self._ends = self.loop.call_later(self._limits.exchange, self.let_go)

    def _cancel(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None
