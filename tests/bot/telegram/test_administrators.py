"""Who administers a group: what Telegram said holds for a minute, and not for longer."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

from telegram import Bot, ChatMember

from bot.telegram.administrators import MINUTE, Administrators
from bot.telegram.incoming import Incoming
from tests.bot.watchdog.things import Clock


class Group:
    """A group in Telegram: who administers it by now, and how often that was asked."""

    def __init__(self, *administrators: int) -> None:
        self.administrators, self.asked = {*administrators}, 0

    async def get_chat_member(self, _address: str, user: int) -> SimpleNamespace:
        """As the library's bot answers."""
        self.asked += 1
        status = ChatMember.ADMINISTRATOR if user in self.administrators else ChatMember.MEMBER
        return SimpleNamespace(status=status)


def of_group(group: Group, clock: Clock) -> Administrators:
    """Every line configures the chat."""
    return Administrators(cast(Bot, group), lambda _line: True, clock)


def may(administrators: Administrators, user: int) -> bool:
    """Whether somebody may say in the group how it is told."""
    return asyncio.run(administrators.may(Incoming("-5", "group", user, "/mute vix-25", None, 1)))


def test_who_is_an_administrator_no_more_may_nothing_a_minute_later() -> None:
    group, clock = Group(7), Clock()
    administrators = of_group(group, clock)
    assert may(administrators, 7)
    group.administrators.clear()
    clock.now += MINUTE - 1
    assert may(administrators, 7)
    clock.now += 1
    assert not may(administrators, 7)


def test_telegram_is_asked_once_a_minute_for_each_who_wants_to_configure() -> None:
    group, clock = Group(7), Clock()
    administrators = of_group(group, clock)
    for _ in range(3):
        assert may(administrators, 7)
        assert not may(administrators, 8)
    assert group.asked == 2
    clock.now += MINUTE
    assert not may(administrators, 8)
    assert group.asked == 3
