"""The web server among clients that mean no good, on ports that it cannot have, and at its end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.web.listener import Limits, Listener

QUICK = Limits(at_a_time=8, exchange=0.4, finishing=1, again=0.1)


class Hall:
    """An application that greets, waits, fails and takes bodies."""

    def __init__(self) -> None:
        self.waiting, self.cancelled, self.taken = asyncio.Event(), False, 0

    @property
    def app(self) -> Starlette:
        routes = [Route("/", self._greets), Route("/waits", self._waits), Route("/fails", self._fails)]
        routes += [Route("/slowly", self._greets_slowly), Route("/takes", self._takes, methods=["POST"])]
        return Starlette(routes=routes)

    async def _greets(self, _request: Request) -> Response:
        return PlainTextResponse("hello")

    async def _greets_slowly(self, _request: Request) -> Response:
        await asyncio.sleep(0.75 * QUICK.exchange)
        return PlainTextResponse("hello")

    async def _waits(self, _request: Request) -> Response:
        self.waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return Response()

    async def _fails(self, _request: Request) -> Response:
        raise ZeroDivisionError("a fault of ours")

    async def _takes(self, request: Request) -> Response:
        async for chunk in request.stream():
            self.taken += len(chunk)
        return Response()


@asynccontextmanager
async def listening(limits: Limits = QUICK) -> AsyncIterator[tuple[Listener, Hall]]:
    hall = Hall()
    listener = Listener(hall.app, "127.0.0.1:0", limits)
    await listener.start()
    try:
        yield listener, hall
    finally:
        await listener.stop()


def plays(story: Callable[[Listener, Hall], Awaitable[None]], limits: Limits = QUICK) -> None:
    async def run() -> None:
        async with asyncio.timeout(30), listening(limits) as (listener, hall):
            await story(listener, hall)

    asyncio.run(run())


async def connects(listener: Listener) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = listener.address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def says(listener: Listener, sent: bytes) -> bytes:
    """Everything that is answered until the connection is closed; nothing where it is cut off."""
    reader, writer = await connects(listener)
    try:
        writer.write(sent)
        await writer.drain()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def drips(writer: asyncio.StreamWriter, sent: bytes) -> None:
    """A byte at a time."""
    for letter in sent:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def is_cut_off(reader: asyncio.StreamReader) -> bool:
    """Whether the server closes without an answer, in the one way or the other."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def greets(listener: Listener) -> str:
    """What a well-behaved client is told."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{listener.address}/")).text


def test_a_client_is_answered_and_told_nothing_of_the_server() -> None:
    async def story(listener: Listener, _hall: Hall) -> None:
        told = await says(listener, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _, body = told.partition(b"\r\n\r\n")
        assert body == b"hello"
        assert b"server:" not in head.lower()
        assert b"uvicorn" not in head.lower()

    plays(story)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 5_000,
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /takes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /takes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"nonsense\r\n" * 10,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: close, upgrade\r\n\r\n",
    ],
    ids=[
        "tls", "zeros", "no version", "another version", "no host", "two hosts", "headers without end",
        "a path without end", "a length below nothing", "no chunk", "no chunk behind an answer", "http 2",
        "a websocket",
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_leaves_no_line_in_the_log(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def story(listener: Listener, _hall: Hall) -> None:
        caplog.clear()
        told = await says(listener, sent)
        assert told == b"" or told.startswith(b"HTTP/1.1 ")
        assert await greets(listener) == "hello"

    with caplog.at_level(logging.WARNING):
        plays(story)
    assert caplog.messages == []


def test_who_says_nothing_or_too_slowly_is_let_go() -> None:
    async def story(listener: Listener, _hall: Hall) -> None:
        _, writer = await connects(listener)
        with pytest.raises(ConnectionError):
            await drips(writer, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Slow: y\r\n" * 100)
        reader, silent = await connects(listener)
        assert await is_cut_off(reader)
        writer.close()
        silent.close()

    plays(story)


def test_who_has_been_idle_has_as_long_as_anybody_for_the_next_request() -> None:
    """Seconds of idling counted: a push that needed eight was cut off after six, and came again."""

    async def story(listener: Listener, _hall: Hall) -> None:
        reader, writer = await connects(listener)
        for _ in range(3):
            writer.write(b"GET /slowly HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.75 * QUICK.exchange)
        writer.close()

    plays(story)


def test_what_drips_into_one_request_makes_it_no_longer() -> None:
    async def story(listener: Listener, hall: Hall) -> None:
        reader, writer = await connects(listener)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"hello")
        writer.write(b"POST /takes HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n")
        with pytest.raises(ConnectionError):
            await drips(writer, b"x" * 900)
        assert 0 < hall.taken < 900

    plays(story)


def test_a_body_that_does_not_end_is_let_go() -> None:
    async def story(listener: Listener, hall: Hall) -> None:
        reader, writer = await connects(listener)
        writer.write(b"POST /takes HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
        assert await is_cut_off(reader)
        assert hall.taken == 3
        writer.close()

    plays(story)


def test_a_thousand_connections_keep_nobody_out() -> None:
    """Each that comes makes the one before it that has waited for longest go."""

    async def story(listener: Listener, _hall: Hall) -> None:
        held = [await connects(listener) for _ in range(1_000)]
        assert await greets(listener) == "hello"
        for _ in range(100):
            held.append(await connects(listener))
            held[-1][1].write(b"GET / HTTP/1.1\r\n")
        assert await greets(listener) == "hello"
        for _, writer in held:
            writer.close()

    plays(story, Limits(at_a_time=8, exchange=20.0, finishing=1))


def test_who_waits_for_an_answer_stays_when_others_crowd_in() -> None:
    async def story(listener: Listener, hall: Hall) -> None:
        reader, writer = await connects(listener)
        writer.write(b"GET /waits HTTP/1.1\r\nHost: x\r\n\r\n")
        await hall.waiting.wait()
        crowd = [await connects(listener) for _ in range(50)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read()
        for _, each in (*crowd, (reader, writer)):
            each.close()

    plays(story, Limits(at_a_time=8, exchange=20.0, finishing=1))


def test_a_fault_of_the_application_is_answered_and_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def story(listener: Listener, _hall: Hall) -> None:
        told = await says(listener, b"GET /fails HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 500 ")
        assert b"ZeroDivisionError" not in told
        assert await greets(listener) == "hello"

    plays(story)
    assert "Exception in ASGI application" in caplog.text


def test_a_port_that_is_taken_is_told_once_and_had_when_it_is_free(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            listener = Listener(Hall().app, where, QUICK)
            await listener.start()
            assert listener.address == ""
            await asyncio.sleep(4 * QUICK.again)
        async with asyncio.timeout(10):
            while not listener.address:
                await asyncio.sleep(0.02)
        assert await greets(listener) == "hello"
        await listener.stop()
        warned = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
        assert warned == [f"nothing is served at {where}: Address already in use; it is tried again"]

    asyncio.run(run())


@pytest.mark.parametrize("where", ["192.0.2.1:8719", "no-such-host.invalid:8719"])
def test_an_address_that_is_not_ours_is_told_in_a_sentence(where: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        listener = Listener(Hall().app, where, QUICK)
        await listener.start()
        assert listener.address == ""
        await listener.stop()

    asyncio.run(run())
    assert caplog.messages[0].startswith(f"nothing is served at {where}: ")
    assert "Traceback" not in caplog.text


def test_it_ends_within_a_bound_though_clients_hang() -> None:
    """One has said nothing, one half a request, one waits for an answer that does not come."""

    async def run() -> None:
        async with listening() as (listener, hall):
            clients = [await connects(listener) for _ in range(3)]
            clients[1][1].write(b"GET / HTTP/1.1\r\nHo")
            clients[2][1].write(b"GET /waits HTTP/1.1\r\nHost: x\r\n\r\n")
            await hall.waiting.wait()
            async with asyncio.timeout(QUICK.finishing + 4):
                await listener.stop()
            assert (listener.address, hall.cancelled) == ("", True)
            for reader, writer in clients:
                assert await is_cut_off(reader)
                writer.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert [each.get_name() for each in others if not each.done()] == []

    asyncio.run(run())


def test_a_second_start_listens_again() -> None:
    async def story(listener: Listener, _hall: Hall) -> None:
        await listener.stop()
        await listener.start()
        assert await greets(listener) == "hello"

    plays(story)


def test_signals_are_left_to_whoever_runs_the_process() -> None:
    def handlers() -> list[object]:
        return [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]

    async def run() -> None:
        before = handlers()
        async with listening():
            assert handlers() == before
        assert handlers() == before

    asyncio.run(run())
