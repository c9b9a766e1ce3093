"""The network between the bot and a server on loopback, and what it is known for: holes, dead lines, closed ports.

A `Relay` is a piece of wire, with TLS at its near end if it has a certificate; a `Proxy` is an HTTP proxy, for CONNECT
and for plain requests. Both break with verbs. What was swallowed stays so: when the network comes back, old connections
are as dead as before, and nobody says so.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from tests.servers.loopback import Loopback

PIECE = 65_536
LONGEST_HEAD = 65_536


class Relay(Loopback):
    """Bytes from here to `target` and back. `tls` is what it shows to who comes."""

    def __init__(self, target: str, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.connections = 0
        self._target = urlsplit(target)
        self._tls = tls
        self._listening: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._swallows = False
        self._refuses = False

    def routes(self) -> list[web.RouteDef]:
        """None: it reads nothing of what it carries."""
        return []

    # What breaks

    def swallows(self) -> None:
        """Who comes is let in and never answered; what is open stays open, and nothing comes through any more."""
        self._swallows = True

    def freezes(self) -> None:
        """The same, and nobody is even let in: the system shakes hands, and that is all."""
        self._swallows = True
        self._in_loop(self._stops_accepting())

    def refuses(self) -> None:
        """What is open is cut; a proxy says that it cannot reach the other side, a wire is cut again."""
        self._refuses = True
        self._in_loop(self._cuts())

    def goes_down(self) -> None:
        """The port is closed, and all that is open is cut."""
        self.stop()

    def comes_back(self) -> None:
        """All is well for who comes from now on."""
        self._swallows = self._refuses = False
        if self._loop is None:
            self.start()
        self._in_loop(self._accepts())

    def _in_loop(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None, "it is down"
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # Connections

    async def _serve(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self._port), backlog=128)
        self._listening.setblocking(False)
        self._port = self._listening.getsockname()[1]
        self.url = f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self._port}"
        await self._accepts()

    async def _accepts(self) -> None:
        if self._accepting is None:
            self._accepting = asyncio.create_task(self._lets_in())

    async def _stops_accepting(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            self._accepting = None

    async def _lets_in(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._listening is not None
        while True:
            connection, _ = await loop.sock_accept(self._listening)
            self.connections += 1
            self._spawn(self._greets(connection))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greets(self, connection: socket.socket) -> None:
        if self._swallows:
            await self._hangs(connection)
        protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader(), self._meets)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, connection, ssl=self._tls)
        except OSError:  # of a handshake that was broken off, too
            connection.close()

    async def _hangs(self, *held: object) -> None:
        """For as long as this is up; what is held stays open."""
        await asyncio.Event().wait()

    def _meets(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._spawn(self._carries(reader, writer))

    async def _carries(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways, until either side ends it."""
        self._open.add(writer)
        try:
            far_reader, far_writer = await self._connects(reader, writer)
            self._open.add(far_writer)
            ways = [self._pumps(reader, far_writer), self._pumps(far_reader, writer)]
            await asyncio.gather(*ways)
        except (OSError, EOFError, ValueError):
            pass
        finally:
            self._closes(writer)

    async def _connects(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._refuses:
            raise ConnectionRefusedError
        return await asyncio.open_connection(self._target.hostname, self._target.port)

    async def _pumps(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(PIECE):
                if self._swallows:
                    await self._hangs()
                writer.write(piece)
                await writer.drain()
            if self._swallows:
                await self._hangs()
        except OSError:
            pass
        finally:
            self._closes(writer)

    def _closes(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.close()

    async def _cuts(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _close(self) -> None:
        await self._stops_accepting()
        await self._cuts()
        if self._listening is not None:
            self._listening.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class Proxy(Relay):
    """An HTTP proxy: CONNECT for a tunnel, and plain requests by their whole address. `asked` are the hosts it is asked
    for."""

    def __init__(self) -> None:
        super().__init__("")
        self.asked: list[str] = []

    async def _connects(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        head = await reader.readuntil(b"\r\n\r\n")
        method, address, _ = head.split(b" ", 2)
        tunnel = method == b"CONNECT"
        place = urlsplit(f"//{address.decode()}" if tunnel else address.decode())
        self.asked.append(f"{place.hostname}:{place.port}")
        if self._refuses:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            raise ConnectionRefusedError
        far_reader, far_writer = await asyncio.open_connection(place.hostname, place.port)
        if tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far_writer.write(head)  # a server takes whole addresses too, so that what follows needs no reading
        return far_reader, far_writer
