"""One look at a bot from the command line: who writes what only one screen shows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.telegram.trial import PAGE, NoBot, Trial, Writer
from tests.servers.telegram import TOKEN, TelegramServer

CODE = "482913"


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def writer(telegram: TelegramServer, seconds: float = 20.0) -> Writer | None:
    """Who writes the code, waited for for so long."""

    async def story() -> Writer | None:
        async with Trial(TOKEN, telegram.url) as bot:
            return await bot.who_writes(CODE, seconds)

    return asyncio.run(story())


def test_who_wrote_first_is_not_taken_for_who_was_asked(telegram: TelegramServer) -> None:
    """A stranger's line lay waiting, and its writer was offered as the operator."""
    telegram.hears("hello", chat=2002, user=2002)
    telegram.hears(f"is it {CODE}?", chat=2002, user=2002)
    assert writer(telegram, 0.2) is None
    telegram.hears(f" {CODE}", chat=1001, user=1001, first_name="Ann")
    assert writer(telegram) == Writer(1001, "Ann")


def test_in_a_group_many_may_read_it_and_some_write_under_one_id(telegram: TelegramServer) -> None:
    telegram.hears(CODE, chat=-5, user=1_087_968_824, kind="supergroup")
    assert writer(telegram, 0.2) is None


def test_what_others_write_is_left_to_the_service(telegram: TelegramServer) -> None:
    numbers = [telegram.hears("/start", chat=7, user=7), telegram.hears(CODE)]
    writer(telegram)
    assert [each["update_id"] for each in telegram._updates] == numbers


def test_behind_more_than_are_shown_at_once_nobody_is_seen(telegram: TelegramServer) -> None:
    for _ in range(PAGE):
        telegram.hears("hello", chat=2002, user=2002)
    telegram.hears(CODE)
    with pytest.raises(NoBot, match=r"^100 messages wait already"):
        writer(telegram)


def test_a_service_that_polls_already_is_named(telegram: TelegramServer) -> None:
    telegram.fails_with(409, method="getUpdates")
    with pytest.raises(NoBot, match=r"^a service that runs already takes what people write"):
        writer(telegram)
