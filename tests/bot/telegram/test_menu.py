"""The menu of commands: one for everybody, a longer one for administrators."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.telegram.application import TelegramService
from bot.telegram.menu import Menu
from tests.bot.telegram.service import live, until
from tests.servers.telegram import TelegramServer

MENU = Menu({"corr": "how two move together"}, {"corr": "how two move together", "users": "who is let in"}, (1001, 7))


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        running.knows(1001)
        yield running


def names(menu: list[dict[str, str]]) -> list[str]:
    return [each["command"] for each in menu]


def test_administrators_see_more_commands_than_others(server: TelegramServer) -> None:
    async def story(_service: TelegramService) -> None:
        await until(lambda: 1001 in server.menus)

    live(server, story, menu=MENU)
    assert (names(server.menu), names(server.menus[1001])) == (["corr"], ["corr", "users"])


def test_an_administrator_who_has_never_written_costs_a_line_in_the_log(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def story(_service: TelegramService) -> None:
        await until(lambda: "the menu of administrator 7 could not be set" in caplog.text)

    live(server, story, menu=MENU)
    assert list(server.menus) == [1001]


def test_a_menu_that_cannot_be_set_keeps_nothing_from_working(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.fails_with(500, method="setMyCommands")

    async def story(service: TelegramService) -> None:
        await until(lambda: "the menu of commands could not be set" in caplog.text)
        await until(lambda: service.state == "polling")

    live(server, story, menu=MENU)
    assert server.menus == {}
