"""Each tap is answered once: with words that come soon, else with none; and nothing of it is remembered for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator

import pytest

from bot.telegram.flashes import AT_ONCE, Flashes
from bot.telegram.wire import open_bot
from tests.bot.telegram.service import IMPATIENT, until
from tests.servers.telegram import TOKEN, TelegramServer


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        running.knows(1001)
        running.taps_data("f00d")
        yield running


QUERY = "770001"
"""What the server calls the first tap."""


def told(server: TelegramServer, story: Callable[[Flashes], Awaitable[None]], patience: float = 60.0) -> None:
    """On a bot without a service; whatever runs beside the story ends with it."""

    async def run() -> None:
        bot, polling, sending = open_bot(TOKEN, server.url, IMPATIENT)
        tasks: set[asyncio.Task[None]] = set()

        def spawn(work: Coroutine[None, None, None]) -> None:
            tasks.add(asyncio.create_task(work))

        flashes = Flashes(bot, spawn, patience, longest=0.3)
        try:
            await story(flashes)
            await asyncio.gather(*tasks)
        finally:
            flashes.end()
            await polling.shutdown()
            await sending.shutdown()

    asyncio.run(run())


def test_words_are_read_once_whoever_says_them_again(server: TelegramServer) -> None:
    async def story(flashes: Flashes) -> None:
        flashes.expect(QUERY)
        assert await flashes.show(QUERY, "Muted")
        assert await flashes.show(QUERY, "Muted")
        assert not await flashes.show(QUERY, "Snoozed")

    told(server, story)
    assert [each.text for each in server.flashes] == ["Muted"]


def test_a_tap_that_nobody_answers_is_busy_no_longer_than_patience_lasts(server: TelegramServer) -> None:
    async def story(flashes: Flashes) -> None:
        flashes.expect(QUERY)
        await until(lambda: len(server.flashes) == 1)
        assert not await flashes.show(QUERY, "too late")

    told(server, story, patience=0.05)
    assert [each.text for each in server.flashes] == [""]


def test_a_tap_that_is_expected_again_is_answered_once(server: TelegramServer) -> None:
    async def story(flashes: Flashes) -> None:
        flashes.expect(QUERY)
        flashes.expect(QUERY)
        flashes.begin(QUERY)
        flashes.expect(QUERY)

    told(server, story)
    assert server.calls.count("answerCallbackQuery") == 1


def test_what_is_forgotten_was_answered_and_takes_no_room(server: TelegramServer) -> None:
    async def story(flashes: Flashes) -> None:
        flashes.expect(QUERY)
        assert len(flashes) == 1
        flashes.forget(QUERY)
        assert len(flashes) == 0

    told(server, story)
    assert [each.text for each in server.flashes] == [""]


@pytest.mark.parametrize("fault", ["too old", "no answer", "500"])
def test_words_that_did_not_get_through_were_not_read(server: TelegramServer, fault: str) -> None:
    if fault == "too old":
        server.forgets_taps()
    elif fault == "500":
        server.fails_with(500, method="answerCallbackQuery")
    else:
        server.hangs(1, method="answerCallbackQuery")

    async def story(flashes: Flashes) -> None:
        assert not await flashes.show(QUERY, "Muted")
        assert not await flashes.show(QUERY, "Muted")

    told(server, story)
    assert server.calls.count("answerCallbackQuery") == 1


def test_at_the_end_nothing_is_said_by_itself_any_more(server: TelegramServer) -> None:
    async def story(flashes: Flashes) -> None:
        flashes.expect(QUERY)
        flashes.end()
        await asyncio.sleep(0.1)
        assert len(flashes) == 0

    told(server, story, patience=0.02)
    assert server.flashes == []


def test_however_many_tap_while_telegram_hangs_few_connections_are_taken(server: TelegramServer) -> None:
    """Forty hanging answers filled the pool of thirty-two connections: an alert behind them found none."""
    server.hangs(1, method="answerCallbackQuery", times=1e9)

    async def story(flashes: Flashes) -> None:
        for tap in range(40):
            flashes.begin(f"{QUERY}{tap}")
        await until(lambda: server.calls.count("answerCallbackQuery") >= AT_ONCE)
        await asyncio.sleep(0.1)
        assert server.calls.count("answerCallbackQuery") == AT_ONCE

    told(server, story)
