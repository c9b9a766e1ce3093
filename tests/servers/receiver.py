"""Whoever stands behind a further channel: takes what Apprise posts as `json://` or `ntfy://`, or fails as told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from tests.servers.loopback import Loopback


@dataclass(frozen=True)
class Received:
    """One message, and the path that it was posted to."""

    path: str
    title: str
    body: str


class Receiver(Loopback):
    """Keeps what it has taken in `received`, in order, and what it was asked, taken or not, in `asked`."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Received] = []
        self.asked = 0
        self._faults: deque[str] = deque()
        self._always = ""
        self._lock = threading.Lock()
        self._goes_on = threading.Event()

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{path:.*}", self._take)]

    def apprise(self, path: str = "pager", scheme: str = "json") -> str:
        """The URL of a channel that ends here."""
        return f"{self.url.replace('http', scheme)}/{path}"

    def fails(self, *faults: str) -> None:
        """How the next ones end: `500`, `401`, `reset`, `hang` (until `goes_on`), `lost` (taken, and reset)."""
        with self._lock:
            self._faults.extend(faults)

    def always(self, fault: str) -> None:
        """From now on; empty for taken."""
        self._always = fault

    def goes_on(self) -> None:
        """Whatever hangs is answered."""
        self._goes_on.set()

    def titles(self, path: str = "pager") -> list[str]:
        """Of what was posted there."""
        return [each.title for each in self.received if each.path == path]

    def waits_for(self, holds: Callable[[], object], seconds: float = 10) -> None:
        """Until something holds of what was received."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"received only {self.received}"
            time.sleep(0.02)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        with self._lock:
            fault = self._faults.popleft() if self._faults else self._always
        self.asked += 1
        posted = json.loads(await request.read())
        if fault == "hang":
            await asyncio.to_thread(self._goes_on.wait, 60)
        elif fault.isdigit():
            return web.Response(status=int(fault), text="no")
        if fault in ("", "lost"):
            self.received.append(_received(request.match_info["path"], posted))
        if fault in ("reset", "lost", "hang") and request.transport is not None:
            request.transport.abort()
        return web.json_response({"id": "1"})


def _received(path: str, posted: dict[str, str]) -> Received:
    """ntfy is told the topic beside the message, at the root."""
    return Received(path or posted.get("topic", ""), posted.get("title", ""), posted["message"])
