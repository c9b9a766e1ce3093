"""Channels: their administrators post commands and tap; whoever only reads them does nothing there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.delivery.channel import Answer, Frame
from bot.telegram.access import Access
from bot.telegram.application import TelegramService
from bot.telegram.asking import NOT_IN_A_CHANNEL
from bot.telegram.incoming import Incoming
from tests.bot.telegram.kept import KEYS, live_kept
from tests.bot.telegram.service import arrives, live, until
from tests.servers.telegram import TelegramServer

CHANNEL, ADMIN, READER = -1_000_042, 1001, 1002


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        running.knows(CHANNEL, "channel")
        running.promotes(ADMIN, chat=CHANNEL)
        yield running


class Asked:
    """Notes what it was asked."""

    def __init__(self) -> None:
        self.lines: list[Incoming] = []

    async def __call__(self, incoming: Incoming) -> Answer:
        self.lines.append(incoming)
        return Answer(f"told {incoming.text}")


def test_a_command_that_a_channel_posts_is_answered_there(server: TelegramServer) -> None:
    asked = Asked()

    async def story(_service: TelegramService) -> None:
        server.posts("/corr@bellwether_test_bot RUT SOL", chat=CHANNEL)
        server.posts("good morning", chat=CHANNEL)
        await arrives(server, "told /corr RUT SOL")

    live(server, story, answer=asked, access=Access(frozenset({CHANNEL})), configures=lambda _line: True)
    [line] = asked.lines
    assert (line.kind, line.user, line.configures) == ("channel", 0, True)
    assert [each.chat_id for each in server.sent] == [CHANNEL]


def test_a_channel_is_let_in_by_its_own_id_alone(server: TelegramServer) -> None:
    asked = Asked()

    async def story(_service: TelegramService) -> None:
        server.posts("/corr", chat=CHANNEL)
        await arrives(server, f"This chat's id is {CHANNEL}")

    live(server, story, answer=asked, access=Access(frozenset({ADMIN, READER})))
    assert asked.lines == []


def test_whoever_reads_a_channel_cannot_make_it_publish_answers(server: TelegramServer, tmp_path: Path) -> None:
    """Anybody may read a public one, and the answer to a tap is a post."""
    asked = Asked()

    async def story(service: TelegramService) -> None:
        await service.channel.send(str(CHANNEL), "RUT at a record", frame=Frame(KEYS))
        server.taps("Why", chat=CHANNEL, user=READER)
        await asyncio.to_thread(server.waits_for_flash, NOT_IN_A_CHANNEL)
        server.taps("Why", chat=CHANNEL, user=ADMIN)
        await arrives(server, "told /why 7")

    live_kept(server, story, tmp_path, answer=asked, access=Access(frozenset({CHANNEL})))
    assert [(each.user, each.configures) for each in asked.lines] == [(ADMIN, True)]
    assert len(server.sent) == 2


def test_many_who_tap_in_a_channel_get_no_message_each(server: TelegramServer, tmp_path: Path) -> None:
    async def story(service: TelegramService) -> None:
        await service.channel.send(str(CHANNEL), "RUT at a record", frame=Frame(KEYS))
        for user in range(2_000, 2_008):
            server.taps("Mute", chat=CHANNEL, user=user)
        await until(lambda: len(server.flashes) == 8)

    live_kept(server, story, tmp_path, answer=Asked(), access=Access(frozenset({CHANNEL})))
    assert len(server.sent) == 1
