"""What the address that Telegram pushes to says to Telegram, and to everybody else: over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus

import httpx
import pytest

from bot.web import webhook
from bot.web.listener import Listener
from bot.web.webhook import LARGEST, SECRET, webhook_app

URL = "https://bot.example.org/telegram/in"
PATH = "/telegram/in"
RIGHT = {SECRET: "right"}


class Taker:
    """Knows one secret, and keeps what it is given."""

    def __init__(self, answers: HTTPStatus = HTTPStatus.OK) -> None:
        self.answers = answers
        self.taken: list[bytes] = []
        self.asked: list[str] = []

    def knows(self, secret: str) -> bool:
        self.asked.append(secret)
        return secret == "right"

    async def take(self, body: bytes) -> HTTPStatus:
        self.taken.append(body)
        return self.answers


def asked(
    taker: Taker, story: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]], url: str = URL
) -> httpx.Response:
    """What a client is answered that asks the served webhook."""

    async def told() -> httpx.Response:
        listener = Listener(webhook_app(url, taker), "127.0.0.1:0")
        await listener.start()
        try:
            async with httpx.AsyncClient(base_url=f"http://{listener.address}") as client:
                return await story(client)
        finally:
            await listener.stop()

    return asyncio.run(told())


def test_a_push_with_the_secret_is_taken_and_answered_without_words() -> None:
    taker = Taker()
    answer = asked(taker, lambda client: client.post(PATH, content=b'{"update_id": 1}', headers=RIGHT))
    assert (answer.status_code, answer.content, taker.taken) == (200, b"", [b'{"update_id": 1}'])


@pytest.mark.parametrize("status", [HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_REQUEST])
def test_what_the_taker_says_is_what_telegram_hears(status: HTTPStatus) -> None:
    answer = asked(Taker(status), lambda client: client.post(PATH, content=b"{}", headers=RIGHT))
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/", "/telegram", "/telegram/in/", "/telegram/in/x", "/TELEGRAM/IN", "//telegram/in"])
def test_only_the_path_of_the_url_is_there(path: str) -> None:
    taker = Taker()
    answer = asked(taker, lambda client: client.post(path, content=b"{}", headers=RIGHT))
    assert (answer.status_code, taker.asked, taker.taken) == (404, [], [])


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("https://bot.example.org", "/", id="no path"),
        pytest.param("https://bot.example.org/{any}/in", "/{any}/in", id="braces"),
        pytest.param("https://bot.example.org/a%20b", "/a%20b", id="escapes"),
    ],
)
def test_a_path_means_itself(url: str, path: str) -> None:
    taker = Taker()
    answer = asked(taker, lambda client: client.post(path, content=b"{}", headers=RIGHT), url)
    assert (answer.status_code, taker.taken) == (200, [b"{}"])
    assert asked(taker, lambda client: client.post("/x/in", content=b"{}", headers=RIGHT), url).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_only_posts_are_taken(method: str) -> None:
    taker = Taker()
    answer = asked(taker, lambda client: client.request(method, PATH, headers=RIGHT))
    assert (answer.status_code, answer.headers["allow"], taker.asked) == (405, "POST", [])


@pytest.mark.parametrize("headers", [{}, {SECRET: ""}, {SECRET: "wrong"}, {SECRET: "righ\xff".encode("latin-1")}])
def test_who_does_not_know_the_secret_is_sent_away(headers: dict[str, str]) -> None:
    taker = Taker()
    answer = asked(taker, lambda client: client.post(PATH, content=b"{}", headers=headers))
    assert (answer.status_code, answer.content, taker.taken) == (403, b"", [])
    assert answer.headers["connection"] == "close"


async def begins(client: httpx.AsyncClient, *lines: str) -> httpx.Response:
    """What is answered to the beginning of a request, of which no more comes."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write("\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", *lines, "", "{"]).encode())
    status = await reader.readline()
    writer.close()
    return httpx.Response(int(status.split()[1]))


def test_without_the_secret_not_a_byte_of_the_body_is_waited_for() -> None:
    """Who reads it before looking at the secret hangs here."""
    assert asked(Taker(), lambda client: begins(client, "Content-Length: 1000")).status_code == 403


def test_a_body_that_says_it_is_huge_is_not_waited_for() -> None:
    lines = f"{SECRET}: right", f"Content-Length: {LARGEST + 1}"
    assert asked(Taker(), lambda client: begins(client, *lines)).status_code == 413


def test_a_body_that_does_not_say_how_huge_it_is_is_not_kept() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LARGEST // 2**16 + 1):
            yield bytes(2**16)

    async def story(client: httpx.AsyncClient) -> httpx.Response:
        try:
            return await client.post(PATH, content=pieces(), headers=RIGHT)
        except (httpx.WriteError, httpx.ReadError):  # it was refused while it was being sent
            return httpx.Response(413)

    taker = Taker()
    assert (asked(taker, story).status_code, taker.taken) == (413, [])


def test_the_largest_body_is_taken() -> None:
    taker = Taker()
    answer = asked(taker, lambda client: client.post(PATH, content=bytes(LARGEST), headers=RIGHT))
    assert (answer.status_code, len(taker.taken[0])) == (200, LARGEST)


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "READING", 0.05)

    lines = f"{SECRET}: right", "Content-Length: 2"
    taker = Taker()
    assert (asked(taker, lambda client: begins(client, *lines)).status_code, taker.taken) == (408, [])


def test_a_client_that_goes_away_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    taker = Taker()

    async def story(client: httpx.AsyncClient) -> httpx.Response:
        _, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{SECRET}: right\r\nContent-Length: 9\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()
        return await client.post(PATH, content=b"{}", headers=RIGHT)

    assert asked(taker, story).status_code == 200
    assert taker.taken == [b"{}"]
    assert "Traceback" not in caplog.text
