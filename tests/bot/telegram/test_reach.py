"""Whether Telegram can be reached, and whether what people write comes in: two facts, neither the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pytest

from bot.telegram.application import TelegramService
from bot.telegram.ear import Patience
from bot.telegram.reach import Reach
from tests.bot.telegram.pushed import Hook, live_pushed
from tests.bot.telegram.service import live, until
from tests.servers.telegram import TelegramServer

CHAT = 1001
SEND, POLL = "https://api.telegram.org/bot1:a/sendMessage", "https://api.telegram.org/bot1:a/getUpdates"


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        running.knows(CHAT)
        yield running


async def sends(service: TelegramService) -> str:
    """One message; the name of how that ended."""
    return type(await service.channel.send(str(CHAT), "an alert")).__name__


def polls_conflict(server: TelegramServer) -> None:
    """A second process polls with the same token."""
    server.fails_with(409, "Conflict: terminated by other getUpdates request", method="getUpdates", times=math.inf)


def polls_fail(server: TelegramServer) -> None:
    """Telegram's servers for updates are in trouble."""
    server.fails_with(502, method="getUpdates", times=math.inf)


@pytest.mark.parametrize("breaks", [polls_conflict, polls_fail])
def test_who_does_not_hear_from_telegram_may_well_send(
    server: TelegramServer, breaks: Callable[[TelegramServer], None]
) -> None:
    """It was not ready, and its pager was told that Telegram is down, while messages went out."""

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        breaks(server)
        await until(lambda: service.trouble() != "" and service.trouble_age() > 0.5)
        assert await sends(service) == "Sent"
        assert service.down_age() == 0.0
        server.recovers()
        await until(lambda: service.trouble() == "" and service.trouble_age() < 0.5)

    live(server, story)


def test_a_webhook_that_is_not_reached_keeps_no_message_from_going_out(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await until(lambda: hook.service.state == "webhook")
        server.proxies.clear()
        server.hears("/lost on the way")
        await until(lambda: hook.service.trouble() != "" and hook.service.trouble_age() > 0.5)
        assert await sends(hook.service) == "Sent"
        assert hook.service.down_age() == 0.0

    live_pushed(server, story)


def test_a_telegram_that_is_gone_is_one_trouble_not_two(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.goes_down()
        await until(lambda: service.down_age() > 0.5)
        assert service.down().startswith("connecting: ")
        assert service.trouble_age() == 0.0
        server.comes_back()
        await until(lambda: service.down_age() == 0.0)

    live(server, story)


def test_it_is_the_sending_that_finds_a_telegram_gone_while_a_webhook_waits(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await until(lambda: hook.service.state == "webhook")
        server.goes_down()
        await sends(hook.service)
        assert hook.service.down_age() > 0.0
        assert hook.service.down() == "it does not answer"
        server.comes_back()
        assert await sends(hook.service) == "Sent"
        assert hook.service.down_age() == 0.0

    live_pushed(server, story, patience=Patience(look=60.0))


def test_who_is_unknown_to_telegram_can_neither_hear_nor_send(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: service.down_age() > 0.2)
        assert service.down().startswith("token rejected")
        assert await sends(service) == "TokenRejected"
        assert service.down_age() > 0.2

    live(server, story, token="4711:rejected")


@pytest.mark.parametrize(
    ("url", "code", "payload", "lost"),
    [
        pytest.param(SEND, 200, b'{"ok":true}', False, id="accepted"),
        pytest.param(SEND, 400, b'{"ok":false}', False, id="refused, for a reason"),
        pytest.param(SEND, 403, b'{"ok":false}', False, id="the chat is gone"),
        pytest.param(SEND, 429, b' {"ok":false}', False, id="too many"),
        pytest.param(POLL, 409, b'{"ok":false}', False, id="another one polls"),
        pytest.param(SEND, 500, b'{"ok":false}', True, id="no message is taken"),
        pytest.param(POLL, 401, b'{"ok":false}', True, id="unknown"),
        pytest.param(POLL, 502, b"<html>", None, id="updates alone are in trouble"),
        pytest.param(POLL, 200, b"<html>", None, id="a hotel asks for the room's number"),
        pytest.param(SEND, 429, b"<html>", None, id="a proxy has enough"),
    ],
)
def test_only_what_the_api_says_shows_that_it_is_there(url: str, code: int, payload: bytes, lost: bool | None) -> None:
    """`None`: that says neither, and what was known holds."""
    seconds = iter(range(1, 9))
    there, gone = Reach(seconds.__next__), Reach(seconds.__next__)
    gone.is_lost()
    for reach in (there, gone):
        reach.answered(url, code, payload)
    there_now, gone_now = there.age == 0.0, gone.age == 0.0
    assert (there_now, gone_now) == (lost is not True, lost is False)
