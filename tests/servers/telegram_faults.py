"""What goes wrong on the way to Telegram, as verbs: each breaks the next `times` calls of a method."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

_DESCRIPTIONS = {
    400: "Bad Request: something",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    429: "Too Many Requests: retry later",
    500: "Internal Server Error",
}

Act = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""Answers instead of the method; or returns None, and the method answers."""


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, description: str = "", **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description or _DESCRIPTIONS.get(status, "Something")
        self.parameters = parameters

    def answer(self) -> web.Response:
        """As Telegram words it."""
        body = {"ok": False, "error_code": self.status, "description": self.description}
        parameters = {"parameters": self.parameters} if self.parameters else {}
        return web.json_response({**body, **parameters}, status=self.status)


@dataclass(slots=True)
class _Fault:
    method: str
    times: float
    act: Act


class Faults:
    """A queue of faults, by method. Tests add from their thread, handlers take from the server's."""

    def __init__(self) -> None:
        self._faults: list[_Fault] = []
        self._guard = threading.Lock()

    def breaks(self, method: str, times: float, act: Act) -> None:
        """The next `times` calls of `method` go to `act`."""
        with self._guard:
            self._faults.append(_Fault(method, times, act))

    def recovers(self) -> None:
        """No fault is left."""
        with self._guard:
            self._faults.clear()

    def next_fault(self, method: str) -> Act | None:
        """What happens to this call."""
        with self._guard:
            fault = next((each for each in self._faults if each.method == method and each.times > 0), None)
            if fault is None:
                return None
            fault.times -= 1
            return fault.act

    def fails_with(
        self,
        status: int,
        description: str = "",
        *,
        retry_after: int | None = None,
        method: str = "sendMessage",
        times: float = 1,
    ) -> None:
        """Refused, in JSON."""
        parameters = {} if retry_after is None else {"retry_after": retry_after}

        async def act(request: web.Request) -> web.StreamResponse | None:
            raise Refused(status, description, **parameters)

        self.breaks(method, times, act)

    def answers_html(self, status: int, *, method: str = "sendMessage", times: float = 1) -> None:
        """A proxy in front answers, and quotes the address it was asked for."""

        async def act(request: web.Request) -> web.StreamResponse | None:
            page = f"<html><body><h1>{status}</h1>{request.url}</body></html>"
            return web.Response(status=status, text=page, content_type="text/html")

        self.breaks(method, times, act)

    def answers_with(self, content: bytes, *, method: str, times: float = 1) -> None:
        """Success, and something else in it than what was asked for."""

        async def act(request: web.Request) -> web.StreamResponse | None:
            return web.Response(body=content, content_type="application/json")

        self.breaks(method, times, act)

    def hangs(self, seconds: float, *, method: str = "sendMessage", times: float = 1) -> None:
        """Nothing happens for so long."""

        async def act(request: web.Request) -> web.StreamResponse | None:
            await asyncio.sleep(seconds)
            return None

        self.breaks(method, times, act)

    def resets(self, *, method: str = "sendMessage", times: float = 1) -> None:
        """The connection is lost before the call is looked at."""

        async def act(request: web.Request) -> web.StreamResponse | None:
            return reset(request)

        self.breaks(method, times, act)

    def lets_pass(self, times: float, *, method: str = "sendMessage") -> None:
        """The next ones are well, and the fault after this comes after them."""

        async def act(request: web.Request) -> web.StreamResponse | None:
            return None

        self.breaks(method, times, act)

    def conflicts(self, times: float = 1) -> None:
        """Another process polls too."""
        self.fails_with(409, method="getUpdates", times=times)


def reset(request: web.Request) -> web.StreamResponse:
    """Cut the connection of a request."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
