"""Serves an ASGI application inside the loop that is there already: no signals, no log and no thread of its own.

Nothing here is ever a reason for alerts to stop. An address that cannot be had is told in one sentence and tried again;
clients that are slow, many or talk nonsense are let go (`_connection`); the end waits for nobody longer than a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from functools import partial
from typing import cast

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.settings.operations import host_and_port
from bot.watchdog.kept import Kept
from bot.web._connection import Connection
from bot.web._connection import Limits as Limits

FIRST_TRY = 5.0
"""Seconds that a start waits until it is known whether the address could be had: a name may have to be looked up."""

BACKLOG = 128

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Signals are left to whoever runs the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield


class Listener:
    """Serves `app` at `listen`, a `host:port`; port 0 is one that is free."""

    def __init__(self, app: ASGIApp, listen: str, limits: Limits | None = None) -> None:
        self._app, self._listen, self.limits = _forgiving(app), listen, limits or Limits()
        self._serving = Kept(f"the web server at {listen}", self._serve_for_ever, cancelling=self.limits.finishing)
        self._tried = asyncio.Event()
        self._server: _Server | None = None
        self._ending = False
        self.address = ""
        """Where it listens, with the port that was found; empty while it does not."""

    async def start(self) -> None:
        """Begin. Returns within a bound, whether it listens or has to try again."""
        self._ending = False
        self._tried.clear()
        self._serving.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_TRY):
                await self._tried.wait()

    async def stop(self) -> None:
        """Finish the answers that are under way and close, within a bound."""
        self._ending = True
        if self._server is not None:
            self._server.should_exit = True
            await self._serving.wait(self.limits.finishing + 1.0)
        await self._serving.stop()

    async def _serve_for_ever(self) -> None:
        said = ""
        while not self._ending:
            try:
                listening = await _bound(*host_and_port(self._listen))
                said = ""
                await self._serve(listening)
            except OSError as error:
                if said != (said := _why(error)):
                    log.warning("nothing is served at %s: %s; it is tried again", self._listen, said)
            except Exception:  # a fault of ours, or of the server: alerts go on, and so does this
                log.exception("the web server at %s failed", self._listen)
            self._tried.set()
            if not self._ending:
                await asyncio.sleep(self.limits.again)

    async def _serve(self, listening: socket.socket) -> None:
        """Until the end."""
        server = self._server = _Server(_configured(self._app, self.limits))
        self.address = _address(listening)
        log.info("listening at %s", self.address)
        self._tried.set()
        try:
            await server.serve(sockets=[listening])
        finally:
            self.address, self._server = "", None
            for each in getattr(server, "servers", ()):
                each.close()
            listening.close()
            for connection in list(server.server_state.connections):
                if isinstance(connection, Connection):
                    connection.let_go()


def _forgiving(app: ASGIApp) -> ASGIApp:
    """The same; that a client goes away in the middle of a request is no fault of the application."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientDisconnect):
            await app(scope, receive, send)

    return served


def _configured(app: ASGIApp, limits: Limits) -> uvicorn.Config:
    """Everything that uvicorn would do beside serving is off; of its log only faults are left."""
    return uvicorn.Config(
        app,
        http=cast(type[asyncio.Protocol], partial(Connection, limits=limits)),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        workers=1,
        limit_concurrency=2 * limits.at_a_time,
        backlog=BACKLOG,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=limits.finishing,
        h11_max_incomplete_event_size=limits.headers,
    )


async def _bound(host: str, port: int) -> socket.socket:
    """A socket at the first address of a host that can be had. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    failed: OSError | None = None
    for family, kind, protocol, _, address in found:
        # By name TCP, or asyncio would not have it send at once: each answer would wait 40 ms for an acknowledgement.
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
            return listening
        except OSError as error:
            listening.close()
            failed = failed or error
    raise failed or OSError(f"{host} has no address")


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _why(error: OSError) -> str:
    """Without the address, which is told anyway, and may be long."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else error.strerror or str(error)
