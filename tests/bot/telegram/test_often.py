"""Somebody who asks too often, as he and others meet it, whichever way lines come in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.telegram.answering import Limits
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from tests.bot.telegram.pushed import Hook, live_pushed
from tests.bot.telegram.service import Pile, arrives, live, until
from tests.servers.telegram import TelegramServer

THREE = Limits(a_minute=3, retry=0.05, stop=2.0)
BEYOND = "3 lines a minute; go on in "


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


def polled(server: TelegramServer, story: Callable[[], Any], **parts: Any) -> None:
    async def told(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        await story()

    live(server, told, **parts)


def pushed(server: TelegramServer, story: Callable[[], Any], **parts: Any) -> None:
    async def told(hook: Hook) -> None:
        await until(lambda: hook.service.state == "webhook")
        await story()

    live_pushed(server, told, **parts)


both_ways = pytest.mark.parametrize("way", [polled, pushed])


async def written(server: TelegramServer, *lines: str, **who: Any) -> None:
    """Each is answered before the next is written: it is how often, not how much at once."""
    for line in lines:
        server.hears(line, **who)
        await arrives(server, line)


@both_ways
def test_beyond_so_many_a_line_is_neither_kept_nor_answered_and_that_is_said_once(
    server: TelegramServer, way: Callable[..., None]
) -> None:
    letters = Pile()

    async def story() -> None:
        await written(server, "/one", "/two", "/three")
        for number in range(5):
            server.hears(f"/beyond {number}")
        await arrives(server, BEYOND)
        await written(server, "/bob", chat=2_002, user=2_002)

    way(server, story, limits=THREE, letters=letters)
    assert [each.plain for each in server.sent if "beyond" in each.plain] == []
    assert sum(BEYOND in each.plain for each in server.sent) == 1
    assert {each.text for each in letters.done} | {each.text for each in letters.kept.values()} == {
        "/one",
        "/two",
        "/three",
        "/bob",
    }


@both_ways
def test_a_person_is_counted_wherever_he_writes_and_the_others_of_a_group_are_not(
    server: TelegramServer, way: Callable[..., None]
) -> None:
    async def story() -> None:
        await written(server, "/one", "/two")
        await written(server, "/three", chat=-4242, user=1001, kind="group")
        server.hears("/beyond", chat=-4242, user=1001, kind="group")
        await arrives(server, BEYOND)
        await written(server, "/another", chat=-4242, user=2_002, kind="group")

    way(server, story, limits=THREE)
    assert server.waits_for(BEYOND).chat_id == -4242


@both_ways
def test_what_changes_something_always_passes(server: TelegramServer, way: Callable[..., None]) -> None:
    async def story() -> None:
        await written(server, "/one", "/two", "/three", "/stop 1", "/stop 2", "/start 3", "/stop 4")

    way(server, story, limits=THREE, always=lambda line: line.startswith(("/stop", "/start")))
    assert len(server.sent) == 7


@both_ways
def test_what_an_earlier_process_left_is_answered_however_much_it_is(
    server: TelegramServer, way: Callable[..., None]
) -> None:
    left = [Incoming("1001", "private", 1001, f"/left {number}", number=number) for number in range(1, 7)]
    server.knows(1001)

    async def story() -> None:
        await arrives(server, "/left 6")
        await written(server, "/one", "/two", "/three")

    way(server, story, limits=THREE, letters=Pile(*left))
    assert len(server.sent) == 9


@both_ways
def test_a_line_that_could_not_be_kept_is_not_counted_again(server: TelegramServer, way: Callable[..., None]) -> None:
    letters = Pile()

    async def story() -> None:
        await asyncio.sleep(0.1)
        letters.breaks(times=10)
        await written(server, "/one", "/two", "/three")

    way(server, story, limits=THREE, letters=letters)
    assert len(server.sent) == 3
