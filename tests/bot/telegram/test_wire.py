"""The HTTP under the library: what comes in can be read, a flood is one error, a closed wire opens again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from telegram.error import TelegramError

from bot.telegram.reach import Reach
from bot.telegram.wire import Flooded, Unsent, Wire, open_bot
from tests.bot.telegram.service import IMPATIENT
from tests.servers.telegram import TOKEN, TelegramServer


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


def updates(server: TelegramServer) -> list[tuple[int, str | None]]:
    """The number of each update that comes in, and its text."""

    async def story() -> list[tuple[int, str | None]]:
        bot, polling, sending = open_bot(TOKEN, server.url, IMPATIENT)
        try:
            found = await bot.get_updates()
        finally:
            await polling.shutdown()
            await sending.shutdown()
        return [(each.update_id, each.message.text if each.message else None) for each in found]

    return asyncio.run(story())


def test_an_update_that_cannot_be_read_keeps_its_number_and_the_others_their_words(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.hears("/one")
    server.poisons()
    server.hears("/two")
    assert updates(server) == [(880_001, "/one"), (880_002, None), (880_003, "/two")]
    assert "update 880002 cannot be read (TypeError) and is left out" in caplog.text


@pytest.mark.parametrize(
    "content", [b"{}", b"no json", b'{"ok": true, "result": [17]}', b'{"ok": true, "result": [{}]}']
)
def test_an_answer_that_is_no_list_of_updates_is_an_error_of_the_library(
    server: TelegramServer, content: bytes
) -> None:
    server.answers_with(content, method="getUpdates")
    with pytest.raises((TelegramError, LookupError, TypeError, AttributeError)):
        updates(server)


def test_a_flood_says_how_long_to_wait(server: TelegramServer) -> None:
    server.fails_with(429, retry_after=11, method="getUpdates")
    with pytest.raises(Flooded) as told:
        updates(server)
    assert told.value.seconds == 11


def test_a_closed_wire_sends_nothing_and_opens_again(server: TelegramServer) -> None:
    async def story() -> None:
        wire = Wire(IMPATIENT, Reach())
        await wire.shutdown()
        with pytest.raises(Unsent):
            await wire.do_request(f"{server.url}/bot{TOKEN}/getMe", "POST")
        await wire.initialize()
        code, _ = await wire.do_request(f"{server.url}/bot{TOKEN}/getMe", "POST")
        assert code == 200
        await wire.shutdown()

    asyncio.run(story())
    assert server.calls == ["getMe"]
